"""Whatever the deal and its history: sources equal uses, and the lines of a figure by step sum to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from hypothesis import given, settings

from ledger.core.collections import Collections
from ledger.core.statement import Statement, draw
from tests.properties.test_books import QUICK, cases, load, replay


def value(statement: Statement, subject: str, item: str) -> object:
    figure = statement.figure(subject, item)
    return figure and figure.value


def wrong(statement: Statement) -> Iterator[str]:
    """Figures by step that do not sum to the figure, and sections of funds that differ."""
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for line in statement.by_step:
        sums[line.subject, line.item] += line.amount
    for (subject, item), amount in sums.items():
        if value(statement, subject, item) != amount:
            yield f"{subject} {item} is {value(statement, subject, item)}, by step {amount}"
    sources, uses = (
        sum(figure.value for figure in statement.sections[name][f"deal.{name}"].values())  # type: ignore[misc]  # all are money
        for name in ("sources", "uses")
    )
    if sources != uses:
        yield f"sources {sources}, uses {uses}"


@settings(parent=QUICK, max_examples=40)
@given(cases())
def test_what_is_told_apart_adds_up_again(case: tuple[str, list[Collections]]) -> None:
    text, months = case
    terms = load(text)

    assert [line for distribution in replay(terms, months)[1:] for line in wrong(draw(terms, distribution))] == []
