"""Whatever the deal and its history: every figure of every statement is explained, and every explanation adds up to the last digit."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given, settings

from ledger.core.collections import Collections, Flow
from ledger.core.events import KINDS, Event
from ledger.core.evidence import Line, Log, rerun
from ledger.core.explain_figures import Explainer
from ledger.core.explanation import disagreements
from ledger.core.statement import draw
from tests.properties.test_books import QUICK, cases, load, replay

COLUMNS = {component: (kind, column) for kind, columns in reversed(list(KINDS.items())) for column, component in columns.components.items()}
"""A kind and its column that report a component."""


def lines(collections: Collections) -> Log:
    """A history's totals as lines of a log: each total as two, so that something is summed."""
    halves = [flow._replace(amount=amount) for flow in collections.flows for amount in (flow.amount // 3, flow.amount - flow.amount // 3)]
    summed = [Line(1, _event(number, flow), "month.csv", "", flow.origin) for number, flow in enumerate(halves, 1)]
    return Log(tuple(summed), tuple(Line(2, event, "month.csv", "") for event in collections.facts))


def _event(number: int, flow: Flow) -> Event:
    kind, column = COLUMNS[flow.component]
    return Event(**(Event(number, kind, flow.pool, source_row=number + 1)._asdict() | {column: flow.amount}))


def wrong(text: str, months: list[Collections]) -> Iterator[str]:
    terms = load(text)
    for distribution, collections in zip(replay(terms, months)[1:], months, strict=True):
        explainer = Explainer(rerun(terms.deal, distribution, collections, lines(collections)))
        for subjects in draw(terms, distribution).sections.values():
            for subject, items in subjects.items():
                for item, figure in items.items():
                    found = explainer.explain(subject, item)
                    if found is None or found.value != figure.value:
                        yield f"{subject} {item}: {found and found.value} for {figure.value}"
                    else:
                        yield from disagreements(found, terms.scale, terms.deal.rounding.amounts)


@settings(parent=QUICK, max_examples=12)  # each takes apart some thousand figures
@given(cases())
def test_every_figure_of_every_deal_is_explained_and_adds_up(case: tuple[str, list[Collections]]) -> None:
    found = list(wrong(*case))

    assert found == []
