"""Principal and residual income that a wrong deal file gave the wrong payee: owed by the one to the other, and netted."""

from __future__ import annotations

from collections.abc import Mapping

from ledger import service
from ledger.core.statement import Statement
from ledger.store.engine import Store
from tests.service.example import bank, figure, units

NAME = "ORDER-1"
ONE, TWO, THREE, FOUR = "2025-02-15", "2025-03-15", "2025-04-15", "2025-05-15"
PRINCIPAL = {ONE: 20_000, TWO: 30_000, THREE: 40_000, FOUR: 760_000}
RIGHT = """
deal: ORDER-1
closing_date: 2025-01-15
dates: {distribution: {day: 15}, accrual: month, day_count: 30/360}
pool: {original_balance: 1_000_000}
tranches:
  A: {original_balance: 800_000, rate: 6%}
  B: {original_balance: 150_000, rate: 12%}
  R: {kind: residual}
accounts:
  interest_funds: {collects: [interest]}
  principal_funds: {collects: [scheduled_principal]}
waterfall:
  - {pay: interest, to: {sequential: [A, B]}, from: interest_funds}
  - {pay: principal, to: {sequential: [A, B]}, from: principal_funds}
  - {pay: rest, to: R, from: interest_funds}
"""
B_FIRST = RIGHT.replace("{pay: principal, to: {sequential: [A, B]}", "{pay: principal, to: {sequential: [B, A]}")
TURBO = RIGHT.replace("  - {pay: rest", "  - {pay: principal, name: turbo, to: A, from: interest_funds, limit: 500}\n  - {pay: rest")


def month(store: Store, key: str, *rows: str) -> None:
    """10,000 of interest and the month's principal."""
    lines = ("distribution_date,kind,subject,value", f"{key},interest,,10000.00", f"{key},scheduled_principal,,{PRINCIPAL[key]}.00", *rows, "")
    service.remit(store, NAME, "\n".join(lines).encode(), f"{key}.csv", actor="tester")
    assert service.distribute(store, NAME, actor="tester").problems == ()


def run(store: Store, text: str, *keys: str) -> None:
    service.open_deal(store, text.encode(), "deal.yaml", actor="tester")
    for key in keys:
        month(store, key)


def correct(store: Store, text: str, effective: str = ONE) -> service.CorrectedTerms:
    return service.correct_terms(store, NAME, text.encode(), "deal.yaml", effective=effective, reason="the indenture", actor="checker")


def booked(done: service.CorrectedTerms) -> list[tuple[str, str, int]]:
    return [(str(one.period), found.subject, found.amount) for one in done.periods for found in one.booked]


def statement(store: Store, key: str) -> Statement:
    return service.statement(store, NAME, on=key)


def held(store: Store) -> Mapping[str, int]:
    return {account: balance for account, balance in units(store, NAME).items() if balance}


def figures(store: Store, key: str, subject: str, *items: str) -> list[str]:
    shown = statement(store, key)
    return [figure(shown, subject, item) for item in items]


def test_principal_that_another_class_was_paid_is_owed_and_netted_from_its_next_payments(store: Store) -> None:
    """B was paid 20,000 and 30,000 that were A's. On A's 20,000 less, A was due 100 less of interest in the second month, and B 200 more."""
    run(store, B_FIRST, ONE, TWO)

    done = correct(store, RIGHT)
    month(store, THREE)

    assert booked(done) == [
        (ONE, "A.principal_paid", 20_000_00), (ONE, "B.principal_paid", -20_000_00),
        (TWO, "A.unpaid_interest", -100_00), (TWO, "B.unpaid_interest", 200_00),
        (TWO, "A.principal_paid", 30_000_00), (TWO, "B.principal_paid", -30_000_00),
    ]  # fmt: skip
    # The balances that the right file gives: A 800,000 - 50,000, B 150,000. A is paid 3,750 - 100 and all principal, B 1,500 + 200, which A keeps.
    assert figures(store, THREE, "A", "opening_balance", "interest_paid", "principal_paid", "closing_balance") == [
        "750000.00",
        "3650.00",
        "40000.00",
        "710000.00",
    ]
    assert figures(store, THREE, "B", "opening_balance", "interest_paid", "principal_paid", "closing_balance") == ["150000.00", "1700.00", "0.00", "150000.00"]
    assert figures(store, THREE, "R", "interest_paid") == ["4650.00"]
    assert statement(store, THREE).owed == {"A": 48_300_00, "B": -48_300_00}
    assert bank(store, NAME) == 0
    assert service.verify(store, NAME).problems == ()


def test_the_month_that_books_it_shows_it_with_the_period_that_it_belongs_to(store: Store) -> None:
    run(store, B_FIRST, ONE)
    correct(store, RIGHT)
    month(store, TWO)

    shown = statement(store, TWO)
    assert [(found.subject, str(found.origin), found.amount) for found in shown.adjustments] == [
        ("A.principal_paid", ONE, 20_000_00), ("B.principal_paid", ONE, -20_000_00),
    ]  # fmt: skip
    flows = [(line.source, line.payee, line.amount) for line in shown.flow_of_funds if "misapplied" in f"{line.source} {line.payee}"]
    assert flows == [("misapplied.B", "cash.interest_funds", 1_500_00), ("cash.interest_funds", "misapplied.A", 1_500_00)]


def test_the_closed_months_are_restated_and_once_all_is_netted_the_books_are_those_of_the_right_file_from_the_start(store: Store) -> None:
    """In the fourth month A is retired and B is paid 50,000: of that, and of its interest, A takes the 48,300 that are left."""
    run(store, B_FIRST, ONE, TWO)
    correct(store, RIGHT)
    month(store, THREE)
    month(store, FOUR)

    assert held(store) == {"pool": 150_000_00, "B.principal": -100_000_00, "excess": -50_000_00}
    assert statement(store, FOUR).owed == {}
    three = ("", "_adjustments", "_restated")
    paid, balance = ([f"{item}{ending}" for ending in three] for item in ("principal_paid", "closing_balance"))
    assert figures(store, ONE, "A", *paid) == ["0.00", "20000.00", "20000.00"]
    assert figures(store, ONE, "B", *paid) == ["20000.00", "-20000.00", "0.00"]
    assert figures(store, ONE, "A", *balance) == ["800000.00", "-20000.00", "780000.00"]
    assert figures(store, TWO, "A", *paid) == ["0.00", "30000.00", "30000.00"]
    assert figures(store, TWO, "B", *balance) == ["100000.00", "50000.00", "150000.00"]
    assert figures(store, TWO, "A", "opening_balance_restated") == ["780000.00"]


def test_a_residual_that_got_what_was_principal_gives_it_back(store: Store) -> None:
    """500 a month of turbo were left out, and R had them. Of the second month's interest A was due 2.50 less on 500 less, which flow to R."""
    run(store, RIGHT, ONE, TWO)

    done = correct(store, TURBO)
    month(store, THREE)

    assert booked(done) == [
        (ONE, "A.principal_paid", 500_00), (ONE, "R.interest_paid", -500_00),
        (TWO, "A.unpaid_interest", -2_50), (TWO, "A.principal_paid", 500_00), (TWO, "R.interest_paid", -500_00),
    ]  # fmt: skip
    # A: 800,000 - 50,000 - 1,000 opens; 3,745 - 2.50 of interest; 40,500 of principal. R: 10,000 - 3,742.50 - 1,500 - 500, of which A takes 1,000.
    assert figures(store, THREE, "A", "opening_balance", "interest_paid", "principal_paid", "closing_balance") == [
        "749000.00",
        "3742.50",
        "40500.00",
        "708500.00",
    ]
    assert figures(store, THREE, "R", "interest_paid") == ["4257.50"]
    assert statement(store, THREE).owed == {}
    assert figures(store, ONE, "R", "interest_paid", "interest_paid_adjustments", "interest_paid_restated") == ["4500.00", "-500.00", "4000.00"]
    assert service.verify(store, NAME).problems == ()


def test_a_second_correction_of_what_is_right_already_books_nothing_more(store: Store) -> None:
    run(store, B_FIRST, ONE, TWO)
    correct(store, RIGHT)

    again = correct(store, RIGHT + "# the same, with a note\n")

    assert booked(again) == []
