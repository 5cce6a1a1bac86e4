"""A real month of commercial mortgages: the servicer's loan file in, the Bond Level file out, field by field beside the administrator's own."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from ledger import service
from ledger.core.statement import Statement
from ledger.reports.crefc import COLUMNS, file_name, to_crefc
from ledger.store.engine import Store
from tests.conftest import shared

FOLDER = Path(__file__).parent / "cgcmt-2015-gc33"
DEAL = "CCMT15GC33"
REAL = "realdata/cmbs-cgcmt-2015-gc33-2018-01"
CENT = Decimal("0.01")

EXCEPTIONS = {
    ("Class H", "total interest distribution"): "two cents less: its loans' special servicing fee is 20,821.16, what it is short in the report 20,821.18",
    ("Class H", "ending unpaid interest"): "two cents more, for the same reason",
    ("Class PEZ", "notional flag"): "the report calls it no notional class, though it receives nothing: the balances are those of A-S, B and C",
    ("Class R", "accrual days"): "the report shows 30 days for a class that accrues nothing",
}
"""The fields that differ, each with its reason."""
STATIC = {f"column {number}" for number in range(33, 51)}
"""Ratings and the words of rating agencies: no figures of the month, and not kept by the ledger."""


def loans() -> list[dict[str, str]]:
    with shared(f"{REAL}/loan_periodic_update.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def total(rows: list[dict[str, str]], column: str) -> Decimal:
    return sum((Decimal(row[column] or 0) for row in rows), Decimal(0))


def january(rows: list[dict[str, str]]) -> bytes:
    """The month's totals by the loan file: fees are interest x (gross - net rate) / gross, and one day of net interest is withheld."""
    interest = [(Decimal(row["scheduled_interest"]), Decimal(row["note_rate"]), Decimal(row["net_rate"])) for row in rows]
    fees = sum((amount * (gross - net) / gross for amount, gross, net in interest), Decimal(0)).quantize(CENT)
    a_day = sum((Decimal(row["beginning_scheduled_balance"]) * Decimal(row["net_rate"]) / 360 for row in rows), Decimal(0)).quantize(CENT)
    month = {
        "reported,withheld_interest": a_day,
        "reported,special_servicing_fee": total(rows, "special_servicing_fee_plus_adj"),
        "interest,": total(rows, "scheduled_interest"),
        "fee_retained,": fees,
        "scheduled_principal,": total(rows, "scheduled_principal"),
        "closing_balance,": total(rows, "ending_scheduled_balance"),
    }
    return ("distribution_date,kind,subject,value\n" + "".join(f"2018-01-06,{what},{amount}\n" for what, amount in month.items())).encode()


@pytest.fixture
def statement(sqlite: str) -> Iterator[Statement]:
    """The month as the books give it from the loan file's totals."""
    store = Store(sqlite)
    text = {name: (FOLDER / f"{name}.yaml").read_bytes() for name in ("deal", "boarding")}
    service.open_deal(store, text["deal"], "deal.yaml", boarding=(text["boarding"], "boarding.yaml"), actor="tester")
    service.remit(store, DEAL, january(loans()), "january.csv", actor="tester")
    service.distribute(store, DEAL, actor="tester")
    yield service.statement(store, DEAL)
    store.close()


def by_class(rows: Iterator[list[str]]) -> dict[str, dict[str, str]]:
    return {row[3]: dict(zip(COLUMNS, row, strict=True)) for row in rows}


def same(ours: str, theirs: str) -> bool:
    """Figures by their value, everything else by its text."""
    try:
        return Decimal(ours) == Decimal(theirs)
    except ArithmeticError:
        return ours == theirs


def test_bond_level_file_is_the_administrators_own(statement: Statement) -> None:
    ours = by_class(csv.reader(io.StringIO(to_crefc(statement).decode())))
    with shared(f"{REAL}/bond_level.csv").open(encoding="utf-8", newline="") as file:
        theirs = by_class(iter(list(csv.reader(file))[1:]))

    differing = {(name, column) for name, row in theirs.items() for column in COLUMNS if column not in STATIC and not same(ours[name][column], row[column])}
    assert ours.keys() == theirs.keys()
    assert differing == EXCEPTIONS.keys()


def test_totals_of_the_loan_file_are_what_the_report_says_of_them(statement: Statement) -> None:
    assert statement.text(statement.items("pool")["scheduled_principal"]) == "508486.85"
    assert statement.text(statement.items("interest_reserve")["closing_balance"]) == "120358.95"
    assert statement.text(statement.items("deal")["net_interest"]) == "3610768.49"


def test_file_has_the_usual_name_and_no_header(statement: Statement) -> None:
    assert file_name(statement) == "CCMT15GC33_201801_BOND.csv"
    assert to_crefc(statement).startswith(b"CCMT15GC33,20180112,20171229,Class A-1,29425AAA1,31785000,N,")


def test_bond_level_file_reconciles_but_for_the_two_cents(sqlite: str, statement: Statement) -> None:
    lines = shared(f"{REAL}/bond_level.csv").read_bytes().partition(b"\n")[2]
    store = Store(sqlite)

    found = service.reconcile(store, DEAL, (lines, "bond_level.csv"))

    assert found.counts == {"ties": 166, "derived": 0, "tolerated": 0, "differs": 2, "not compared": 0}
    store.close()
