"""docs/remittance.md is the reference of the file: it knows every column, kind, type and warning, and its examples can be appended."""

from __future__ import annotations

import re
from datetime import date

import pytest

from ledger import service
from ledger.core.distribution import Distribution
from ledger.core.events import ALIASES, COMPONENTS, FACTS, KINDS, OF_BUCKETS, SIGNED
from ledger.files import csv_text, remittance
from ledger.files.remittance_shapes import REPORTED
from ledger.service.remittances import WARNINGS
from ledger.store.engine import Store
from tests.conftest import ROOT

TEXT = (ROOT / "docs" / "remittance.md").read_text(encoding="utf-8")
QUOTED = set(re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", TEXT, flags=re.DOTALL)))
EXAMPLES = re.findall(r"```csv\n(.*?)```", TEXT, re.DOTALL)
DEAL = """\
deal: ALDER-2025-1
closing_date: 2025-01-15
settlement: SETTLEMENT
dates: {distribution: {day: 25, first: 2025-02-25}, accrual: month, day_count: 30/360}
reported: {index: {type: rate, missing: 3%}}
pool: {original_balance: 1_000_000}
tranches: {A: {original_balance: 900_000, rate: index}, B: {original_balance: 100_000, rate: index}, R: {kind: residual}}
accounts: {funds: {collects: [interest, scheduled_principal, prepayment, liquidation_proceeds, liquidation_expense, fee_retained]}}
waterfall:
  - {pay: interest, to: {sequential: [A, B]}, from: funds}
  - {pay: principal, to: {sequential: [A, B]}, from: funds, limit: pool.scheduled_principal + pool.prepayment + pool.liquidation_proceeds}
  - {write_down: tranches.balance - pool.balance, to: {sequential: [B, A]}}
  - {pay: rest, to: R, from: funds}
"""


def rows(heading: str) -> dict[str, list[str]]:
    """The cells of the tables below a heading, by their first cell."""
    section = TEXT.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if re.match("[|] `?[a-z]", line)]
    return {line[0]: line[1:] for line in cells}


def test_every_column_kind_and_warning_is_described() -> None:
    columns = {word for cell in rows("Columns") for word in re.findall("`([^`]+)`", cell)}

    assert columns == set(remittance.COLUMNS)
    assert {*KINDS, *ALIASES, *FACTS, *COMPONENTS} <= QUOTED | {"payment"}
    assert {f"`{warning}`" for warning in WARNINGS} == rows("The same file, another file, several files").keys()
    assert REPORTED.keys() <= rows("Reported values").keys()


@pytest.mark.parametrize("kind", KINDS)
def test_table_says_which_column_and_which_signs_a_kind_has(kind: str) -> None:
    (cells,) = [cells for name, cells in rows("Kinds").items() if re.match(f"`{kind}`", name)]

    assert cells[0].startswith(f"`{KINDS[kind].value}`")
    assert cells[-1] == ("yes" if kind in SIGNED else "no")


@pytest.mark.parametrize("kind", [kind for kind in KINDS if len(KINDS[kind].components) == 1])
def test_table_says_what_a_kind_does(kind: str) -> None:
    component = COMPONENTS[kind]

    assert rows("Kinds")[f"`{kind}`"][1:4] == [component.cash or "", component.pool or "", component.loss or ""]


def test_limits_are_those_of_the_reader() -> None:
    assert f"{csv_text.MOST_BYTES // 1_000_000} MB" in TEXT
    for limit in (csv_text.MOST_CHARACTERS, remittance.MOST_OF_LOAN, remittance.MOST_LISTED):
        assert re.search(rf"at most {limit:,}\b", TEXT, re.IGNORECASE), limit


def remitted(store: Store, settlement: str, *months: str) -> list[Distribution]:
    """What the months of a new deal come to."""
    service.open_deal(store, DEAL.replace("SETTLEMENT", settlement).encode(), "deal.yaml", actor="trustee")
    for month in months:
        service.remit(store, "ALDER-2025-1", month.encode(), "month.csv", source_name="servicer", actor="trustee")
    distributed = service.distribute(store, "ALDER-2025-1", actor="trustee")
    assert not distributed.problems
    return distributed.distributions


def test_month_in_totals_and_one_in_which_nothing_came(store: Store) -> None:
    totals, _, _, nil, _ = EXAMPLES

    first, second = remitted(store, "wired", totals, nil)

    assert first.closing.balances["pool"] == 995_000_00
    assert [posting.amount for posting in first.postings if posting.item == "funds.wired"] == [8854_17]
    assert second.closing.balances["pool"] == 995_000_00


def test_month_of_loans(store: Store) -> None:
    (distribution,) = remitted(store, "assumed", EXAMPLES[1])

    assert distribution.closing.balances["pool"] == 898_000_00
    assert sum(posting.amount for posting in distribution.postings if posting.destination == "loss") == 10_500_00


def test_correction_that_is_booked_in_the_month_after(store: Store) -> None:
    february = "".join(line for line in EXAMPLES[0].splitlines(keepends=True) if "wire" not in line)

    _, march = remitted(store, "assumed", february, EXAMPLES[4])

    assert [(posting.item, posting.amount) for posting in march.postings if posting.origin_period == date(2025, 2, 25)] == [("-pool.interest", 12_00)]


def test_buckets_of_a_month_in_totals(store: Store) -> None:
    header, *rows = EXAMPLES[2].splitlines()
    february = "".join(line for line in EXAMPLES[0].splitlines(keepends=True) if "wire" not in line)
    march = [f"{header},subject", *(f"{row}," for row in rows), "2025-03-25,reported,4.31%,,,index", "2025-03-25,interest,4982.14,,,"]
    remitted(store, "assumed", february, "".join(f"{row}\n" for row in march))

    with store.reading() as reader:
        facts = [fact for _, fact in reader.facts("ALDER-2025-1", date(2025, 3, 25), OF_BUCKETS)]

    assert [(fact.rate, fact.amount, fact.delinquency, fact.code) for fact in facts] == [
        ("1204", None, None, None), ("31", None, 30, None), (None, 4_120_000_00, 30, None), ("4", None, None, "foreclosure"),
        (None, 612_500_00, None, "foreclosure"),
    ]  # fmt: skip
