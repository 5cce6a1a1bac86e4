"""Explanations of worked deals: every figure adds up, to the last digit, and its leaves are the rows of the remittance files."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from fractions import Fraction

import pytest

from ledger import service
from ledger.core.evidence import Evidence
from ledger.core.explain_figures import Explainer
from ledger.core.explanation import Explanation, disagreements
from ledger.core.statement import Statement, draw
from ledger.service.books import stored
from ledger.service.explanations import evidence
from ledger.service.terms import Versions
from ledger.service.worked import WorkedDeal
from ledger.store.engine import Store

TRUSTS = ("lantern-2024-1", "vanderbilt-2000a", "dart-2000-1")
COLUMNS = {"interest": "interest", "scheduled_principal": "principal", "fee_retained": "fee", "payoff": "principal", "repurchase_principal": "principal",
           "repurchase_interest": "interest"}  # fmt: skip
"""Where a component stands in a row that has several columns; any other is its row's `value`."""

Month = tuple[Evidence, Statement]


def runs(trust: str) -> list[WorkedDeal]:
    return [run for folder in service.worked_folders() if folder.name == trust for run in service.worked_deals(folder)]


def kept(store: Store, run: WorkedDeal) -> str:
    """The books of one run, all its months distributed."""
    deal = service.board(store, run, actor="trustee").deal
    for path in run.remittances:
        service.remit(store, deal, path.read_bytes(), path.name, actor="trustee")
    assert service.distribute(store, deal, actor="trustee").problems == ()
    return deal


def months(store: Store, deal: str) -> Iterator[Month]:
    """Every distribution, with the statement that is drawn of it."""
    with store.reading() as reader:
        versions = Versions(reader, deal)
        for row in reader.distributions(deal):
            one = stored(reader, versions.at()[0], row.number)
            terms, _ = versions.at(one.period, one.position)
            yield evidence(reader, deal, one), draw(terms, one.distribution)


def figures(month: Month) -> Iterator[tuple[str, Explanation | None, object]]:
    """Each figure of a statement by its name: its explanation, and the value that is printed."""
    explainer = Explainer(month[0])
    for subjects in month[1].sections.values():
        for subject, items in subjects.items():
            for item, figure in items.items():
                yield f"{subject}.{item}", explainer.explain(subject, item), figure.value


def rows(run: WorkedDeal) -> dict[tuple[str, int], dict[str, str]]:
    """The rows of the remittance files by name and row number, read by the csv module alone."""
    return {(path.name, number): row for path in run.remittances for number, row in enumerate(csv.DictReader(path.read_text().splitlines()), 2)}


def printed(row: dict[str, str], label: str) -> Decimal:
    """The cell of a row that a leaf of this label was read from."""
    component = label.partition(":")[0].partition(" of ")[0]
    text = row.get(COLUMNS.get(component, ""), "") or row["value"]
    return Decimal(text.removesuffix("%")) / (100 if text.endswith("%") else 1)


@pytest.mark.parametrize("trust", TRUSTS)
def test_every_figure_is_explained_and_adds_up_to_the_last_digit(trust: str, sqlite: str) -> None:
    wrong: list[str] = []
    explained = 0

    with closing(Store(sqlite)) as store:
        for run in runs(trust):
            known = rows(run)
            for month in months(store, kept(store, run)):
                terms = month[0].terms
                for name, found, value in figures(month):
                    explained += 1
                    if found is None or found.value != value:
                        wrong.append(f"{month[1].dates['scheduled']} {name}: {found and found.value} for {value}")
                        continue
                    wrong += [f"{name}: {line}" for line in disagreements(found, terms.scale, terms.deal.rounding.amounts)]
                    wrong += list(leaves_unlike_the_file(found, known, terms.scale))

    assert wrong == []
    assert explained > 300


def leaves_unlike_the_file(found: Explanation, known: dict[tuple[str, int], dict[str, str]], scale: int) -> Iterator[str]:
    """Leaves of numbers whose value is not that of the row that they name."""
    for node in found.every():
        if node.source is None or node.type.kind != "number":
            continue
        assert node.source.file is not None
        assert node.source.row is not None
        said = printed(known[node.source.file, node.source.row], node.label)
        if node.number != Fraction(said) * (10**scale if node.type.power == 1 else 1):
            yield f"{node.label} is {node.value}, row {node.source.row} of {node.source.file} says {said}"


def test_lines_behind_a_pool_are_the_rows_that_move_it_each_once(sqlite: str) -> None:
    (run,) = runs("lantern-2024-1")
    with closing(Store(sqlite)) as store:
        deal = kept(store, run)
        statement = service.statement(store, deal, on="2025-02")
        found = [service.explain(store, deal, "pool", item=item, on="2025-02").figures[item] for item in MOVES if statement.figure("pool", item)]

    named = sorted(node.source.row for one in found for node in one.every() if node.source and node.source.row)
    path = next(path for path in run.remittances if path.name == "2025-02.csv")
    expected = sorted(number for number, row in enumerate(csv.DictReader(path.read_text().splitlines()), 2) for _ in range(parts(row)))
    assert named == expected


MOVES = ("interest", "scheduled_principal", "curtailment", "payoff", "liquidation_proceeds", "liquidation_expense", "subsequent_recovery", "default")


def parts(row: dict[str, str]) -> int:
    """How many components of the pool a row of the invented trust holds."""
    if row["kind"] in ("payment", "payoff"):
        return sum(bool(row[column]) and Decimal(row[column]) != 0 for column in ("principal", "interest"))
    return row["kind"] in MOVES
