"""Forty-four months of 2,171 car loans as their trust reported them to the public, loan by loan: payments, charge-offs, recoveries of both signs."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import closing
from decimal import Decimal

import pytest

from ledger import service
from ledger.core.problems import ProblemsFound
from ledger.store.engine import Store
from tests.conftest import shared

DEAL = """\
deal: CARS-2017-3
closing_date: 2017-05-15
dates: {distribution: {day: 15, first: 2017-06-15}, accrual: month, day_count: 30/360}
pool: {original_balance: 31_633_644.93}
tranches: {A: {original_balance: 31_633_644.93, rate: 1%}, R: {kind: residual}}
accounts: {funds: {collects: [interest, scheduled_principal, recovery]}}
waterfall:
  - {pay: interest, to: A, from: funds}
  - {pay: principal, to: A, from: funds, limit: tranches.balance - pool.balance}
  - {write_down: tranches.balance - pool.balance, to: A}
  - {pay: rest, to: R, from: funds}
"""
HEADER = ("distribution_date", "kind", "loan", "value", "principal", "interest", "balance", "note")
Row = dict[str, str]


@pytest.fixture(scope="module")
def loan_months() -> dict[str, list[Row]]:
    """The public file's rows by month."""
    months: dict[str, list[Row]] = defaultdict(list)
    with shared("realdata/auto-aart-2017-3/loan_months_73m.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            months[row["period"]].append(row)
    return dict(sorted(months.items()))


def amount(row: Row, *columns: str) -> Decimal:
    return sum((Decimal(row[column] or 0) for column in columns), Decimal(0))


def remittance(month: str, rows: Iterable[Row], live: dict[str, str], skipped: Iterable[str] = (), vanished: Iterable[str] = ()) -> bytes:
    """A month in the canonical form, paid on the 15th of the next; `live` are the loans that have a balance, before it and afterwards.

    Of the loans that the public file leaves out while they have a balance, those that are only `skipped` paid nothing, and those that `vanished` for good
    are charged off.
    """
    year, number = map(int, month.split("-"))
    given = {"distribution_date": f"{year + number // 12}-{number % 12 + 1:02d}-15", "note": "payment reversed or interest capitalized"}
    lines = [",".join(HEADER)]
    found = [(row["loan_id"], fact) for row in rows for fact in facts(row, live)]
    found += [(loan, {"kind": "payment", "balance": live[loan]}) for loan in skipped]
    found += [(loan, {"kind": "charge_off", "value": live.pop(loan)}) for loan in vanished]
    lines += [",".join(str((given | {"loan": loan} | fact).get(column, "")) for column in HEADER) for loan, fact in found]
    return ("\n".join(lines) + "\n").encode()


def facts(row: Row, live: dict[str, str]) -> Iterator[dict[str, object]]:
    """What a row of the public file says, fact by fact."""
    if row["period"] == "2017-05":
        yield {"kind": "loan_setup", "value": row["beginning_balance"]}
    if row["period"] == "2017-05" or row["loan_id"] in live:
        interest = amount(row, "derived_interest_and_other")
        yield {"kind": "payment", "principal": amount(row, "principal_collected"), "interest": interest, "balance": row["ending_balance"]}
    for kind, columns in (
        ("charge_off", ["derived_chargeoff"]),
        ("pool_adjustment", ["derived_other_balance_change"]),
        ("recovery", ["recovered_amount", "repossession_proceeds"]),
    ):
        if amount(row, *columns):
            yield {"kind": kind, "value": amount(row, *columns)}
    live[row["loan_id"]] = row["ending_balance"]
    if not Decimal(row["ending_balance"]):
        del live[row["loan_id"]]


def left_out(store: Store, month: str, source: bytes) -> list[str]:
    """The loans for which a month is refused because they have a balance and no row."""
    try:
        service.remit(store, "CARS-2017-3", source, f"{month}.csv", actor="trustee")
    except ProblemsFound as found:
        return [re.sub("loan ([0-9]+), with a balance of .*, is not reported for .*", r"\1", problem.fact) for problem in found.problems]
    return []


def test_every_month_of_real_loans_rolls_forward_and_those_that_vanish_are_missed(loan_months: dict[str, list[Row]], sqlite: str) -> None:
    last_month = {row["loan_id"]: month for month, rows in loan_months.items() for row in rows}
    live, skipped, vanished = dict[str, str](), list[str](), dict[str, str]()
    with closing(Store(sqlite)) as store:
        service.open_deal(store, DEAL.encode(), "deal.yaml", actor="trustee")
        for month, rows in loan_months.items():
            before = dict(live)
            missing = left_out(store, month, remittance(month, rows, live))
            if missing:
                gone = {loan: before[loan] for loan in missing if last_month[loan] < month}
                back = [loan for loan in missing if loan not in gone]
                live, skipped, vanished = before, [*skipped, *back], vanished | gone
                assert left_out(store, month, remittance(month, rows, live, back, gone)) == []
        distributed = service.distribute(store, "CARS-2017-3", actor="trustee")
        with store.reading() as reader:
            left = reader.loan_balances("CARS-2017-3", not_loans={"pool", "funds"})

    assert (len(skipped), len(vanished)) == (43, 12)  # counted in the public file
    assert distributed.problems == ()
    assert len(distributed.distributions) == len(loan_months) == 44
    closing_balances = distributed.distributions[-1].closing.balances
    assert left == {loan: int(Decimal(balance) * 100) for loan, balance in live.items()}
    assert closing_balances["pool"] == sum(left.values())
    posted = [posting for one in distributed.distributions for posting in one.postings]
    charged_off = sum(posting.amount for posting in posted if posting.item == "pool.charge_off")
    assert sum(posting.amount for posting in posted if posting.item == "pool.scheduled_principal") == 25_902_909_68
    assert charged_off == 697_592_19 + sum(int(Decimal(balance) * 100) for balance in vanished.values())
