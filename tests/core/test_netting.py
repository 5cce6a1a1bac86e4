"""What one payee was paid of another's: booked, kept back, paid on, settled; and the part of a difference that is owed between payees."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.amendment import nothing_held_is_gone
from ledger.core.misapplied import Payments, differences, matched
from ledger.core.money import format_money
from ledger.core.netting import outstanding, towards
from ledger.core.problems import ProblemsFound
from tests.core.deals import Books, Fact, Month, fact, terms

DEAL = """
pool: {original_balance: 1_000}
tranches:
  A: {original_balance: 500, rate: 12%}
  B: {original_balance: 400, rate: 12%}
  R: {kind: residual}
accounts:
  income: {collects: [interest]}
  principal_funds: {collects: [scheduled_principal]}
waterfall:
  - {pay: interest, to: {sequential: [A, B]}, from: income}
  - {pay: principal, to: {sequential: [A, B]}, from: principal_funds}
  - {pay: rest, to: R, from: income}
"""
THREE = DEAL.replace("  R:", "  C: {original_balance: 50, rate: 12%}\n  R:").replace("[A, B]", "[A, B, C]")
ONE = date(2025, 2, 15)


def booked(subject: str, amount: int | str) -> Fact:
    return fact("adjustment", subject, amount, effective_on=ONE, corrects_position=1)


def swapped(books: Books, amount: int | str, *facts: Fact, **reported: int) -> Month:
    """A month that books an amount which B was paid of A's principal."""
    return books.month(booked("A.principal_paid", amount), booked("B.principal_paid", f"-{amount}"), *facts, **reported)


def left(month: Month) -> dict[str, int]:
    return {payee: amount // 100 for payee, amount in outstanding(month.distribution.closing.balances).items()}


def test_a_class_keeps_nothing_of_its_payments_until_it_has_given_back_what_was_anothers() -> None:
    books = Books(DEAL)

    first, second = swapped(books, 7, interest=20), books.month(interest=20)

    # B is due 1 % of 407 and keeps nothing of it; of the second month's 4.07 it gives back 2.93.
    assert (first["A.balance"], first["B.balance"], first["B.interest_paid"], str(first.account("misapplied.A"))) == (493, 407, first["4.07"], "-2.93")
    assert (second.moved("misapplied.B", "cash.income"), second.moved("cash.income", "misapplied.A")) == (first["2.93"], first["2.93"])
    assert left(second) == {}
    assert second["income.balance"] == 0


def test_principal_is_kept_back_as_interest_is_and_a_residual_gives_back_too() -> None:
    books = Books(DEAL)

    month = books.month(booked("A.principal_paid", 6), booked("R.interest_paid", -6), interest=20)

    assert (month["A.balance"], month.moved("cash.income", "misapplied.A"), left(month)) == (494, 6, {})
    assert month["R.interest_paid"] == month["20 - 4.94 - 4"]  # what the waterfall gave it; 6 of that it gave on


def test_what_is_kept_back_goes_to_the_class_named_first() -> None:
    moved = booked("A.principal_paid", 10), booked("B.principal_paid", 30), booked("C.principal_paid", -40)

    month = Books(THREE).month(*moved, interest=20, scheduled_principal=490 + 370 + 15)

    # Of C it keeps 0.90 of interest and 15 of principal back: 10 for A, 5.90 for B.
    assert (month["C.interest_paid"], month["C.principal_paid"]) == (month["0.90"], 15)
    assert (month.account("misapplied.A"), month.account("misapplied.B"), month.account("misapplied.C")) == (0, month["0 - 24.10"], month["24.10"])


def test_what_a_payee_pays_back_by_itself_is_no_longer_netted() -> None:
    month = swapped(Books(DEAL), 100, fact("settlement", "B", 100), fact("settlement", "A", -100), interest=20)

    assert left(month) == {}
    assert month.account("cash.settlement") == 0


def test_what_is_kept_back_for_a_class_that_was_paid_already_is_held_apart() -> None:
    month = swapped(Books(DEAL), 4, fact("settlement", "A", -4), interest=20)

    assert (month.moved("cash.income", "cash.settlement"), month.account("cash.settlement"), left(month)) == (4, 0, {})


@pytest.mark.parametrize(
    ("payee", "amount", "problem"),
    [
        ("B", "101", "`settlement` of B is 101.00, it owes 100.00 because closed periods were corrected"),
        ("B", "100.01", "`settlement` of B is 100.01, it owes 100.00 because closed periods were corrected"),
        ("B", "-0.01", "`settlement` of B is -0.01, it owes 100.00 because closed periods were corrected"),
        ("A", "0.01", "`settlement` of A is 0.01, it owes -100.00 because closed periods were corrected"),
        ("A", "-100.01", "`settlement` of A is -100.01, it owes -100.00 because closed periods were corrected"),
    ],
)
def test_nobody_settles_more_than_is_left(payee: str, amount: str, problem: str) -> None:
    with pytest.raises(ProblemsFound, match=re.escape(problem)):
        swapped(Books(DEAL), 100, fact("settlement", payee, amount))


def test_a_single_cent_is_kept_back_and_paid_on() -> None:
    month = swapped(Books(DEAL), "0.01", interest=20)

    assert month.moved("misapplied.B", "cash.income") == Decimal("0.01")
    assert month.moved("cash.income", "misapplied.A") == Decimal("0.01")
    assert left(month) == {}


def test_what_is_kept_back_of_balances_finer_than_the_cent_is_whole_cents() -> None:
    month = swapped(Books("rounding: {carry: 0.0001}" + DEAL), "2.0050", interest=20)

    assert month.moved("misapplied.B", "cash.income") == 2  # the half cent stays owed
    assert month.account("misapplied.B") == Decimal("0.0050")


@pytest.mark.parametrize(
    ("amount", "limit", "expected"),
    [(7, 5, 5), (5, 7, 5), (1, 5, 1), (5, 0, 0), (5, -3, 0), (0, 5, 0), (0, -5, 0), (-1, -5, -1), (-7, -5, -5), (-5, 0, 0), (-5, 3, 0)],
)
def test_an_amount_goes_towards_another_of_its_own_sign_and_no_further(amount: int, limit: int, expected: int) -> None:
    assert towards(amount, limit) == expected


def test_a_class_that_owes_keeps_its_place_in_new_terms() -> None:
    books = Books(DEAL)
    month = swapped(books, 100, interest=20)
    without = DEAL.replace("  B: {original_balance: 400, rate: 12%}\n", "").replace("{sequential: [A, B]}", "A")

    problems = [problem.fact for problem in nothing_held_is_gone(books.terms, terms(without), month.distribution.closing)]

    assert "class B stands in the books with 95.00 (`misapplied.B`), and the new terms have no place for it" in problems  # 100 less the interest on 500


# What is owed between payees -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("due", "paid", "expected"),
    [
        ({"A.principal_paid": 100}, {"B.principal_paid": 100}, {"A.principal_paid": 100, "B.principal_paid": -100}),
        ({"A.principal_paid": 50}, {}, {}),  # a fee had it: it will come by the next, lower one
        ({}, {"R.interest_paid": 40}, {}),  # a class's interest: it is paid from the next residual
        ({"A.principal_paid": 100, "B.principal_paid": 20}, {"C.principal_paid": 50}, {"A.principal_paid": 50, "C.principal_paid": -50}),
        # 500 of turbo that R had, while 2.50 less of interest is due to A: those flow to R, as 502.50 less the 500 would
        ({"A.principal_paid": 500_00, "R.interest_paid": 1_002_50}, {"R.interest_paid": 1_500_00}, {"A.principal_paid": 500_00, "R.interest_paid": -500_00}),
        # a fee 50 too high and 50 of turbo too little: R had nothing, and owes nothing
        ({"A.principal_paid": 50, "R.interest_paid": 0}, {"R.interest_paid": 0}, {}),
    ],
)  # fmt: skip
def test_only_what_one_payee_has_of_anothers_is_owed(due: dict[str, int], paid: dict[str, int], expected: dict[str, int]) -> None:
    subjects = ("A.principal_paid", "B.principal_paid", "C.principal_paid", "R.interest_paid")

    found = matched(terms(THREE), {name: due.get(name, 0) for name in subjects}, {name: paid.get(name, 0) for name in subjects})

    assert {name: amount for name, amount in found.items() if amount} == expected


def test_what_an_account_kept_and_paid_to_another_a_month_later_is_owed_too() -> None:
    """The right file pays A 5 in the first month; the wrong one keeps them, and pays them to B in the second."""
    books, payments = Books(DEAL), Payments(terms(DEAL))
    runs = [books.running() for _ in range(4)]
    runs[0].figures["A.principal_paid"] = runs[3].figures["B.principal_paid"] = 5_00

    found = [list(payments.add(right, wrong)) for right, wrong in (runs[:2], runs[2:])]

    assert found == [[], [("A.principal_paid", 5_00), ("B.principal_paid", -5_00)]]


ORDERS = ["{sequential: [A, B, C]}", "{sequential: [C, A, B]}", "{pro_rata: [A, B, C]}", "{sequential: [{pro_rata: [B, C]}, A]}"]
ORDERED = """
pool: {original_balance: 1_500}
tranches:
  A: {original_balance: 500, rate: 12%}
  B: {original_balance: 400, rate: 18%}
  C: {original_balance: 450, rate: 24%}
  R: {kind: residual}
fees: {trustee: {amount: FEE}}
accounts:
  income: {collects: [interest]}
  principal_funds: {collects: [scheduled_principal]}
waterfall:
  - {pay: fees, to: trustee, from: income}
  - {pay: interest, to: {sequential: [A, B, C]}, from: income}
  - {pay: principal, to: ORDER, from: principal_funds}
  - {pay: principal, name: turbo, to: A, from: income, limit: TURBO}
  - {pay: rest, to: R, from: income}
"""


def ordered(order: str, turbo: int, fee: int) -> Books:
    return Books(ORDERED.replace("ORDER", order).replace("TURBO", str(turbo)).replace("FEE", str(fee)))


def text(amount: int) -> str:
    return format_money(amount, 2, thousands=False)


def corrections(right: Books, wrong: Books) -> Iterator[Fact]:
    """What the months of the wrong books gave whom otherwise than those of the right ones, as the month that follows books it."""
    payments = Payments(right.terms)
    for good, bad in zip(right.months[1:], wrong.months[1:], strict=True):
        runs = good.distribution.running(right.terms), bad.distribution.running(wrong.terms)
        for subject, amount in (*differences(*runs), *payments.add(*runs)):
            yield fact("adjustment", subject, text(amount), effective_on=good.distribution.dates.scheduled, corrects_position=1)


@given(
    orders=st.tuples(*[st.sampled_from(ORDERS)] * 2), turbos=st.tuples(*[st.integers(0, 9)] * 2), fees=st.tuples(*[st.integers(20, 24)] * 2),
    principal=st.lists(st.integers(0, 40), min_size=1, max_size=4),
)  # fmt: skip
@settings(max_examples=40, deadline=None, derandomize=True)
def test_once_all_is_settled_the_books_are_those_of_the_right_terms_from_the_start(
    orders: Sequence[str], turbos: Sequence[int], fees: Sequence[int], principal: Sequence[int]
) -> None:
    right, wrong = (ordered(*case) for case in zip(orders, turbos, fees, strict=True))
    for amount in principal:
        for books in (right, wrong):
            books.month(interest=100, scheduled_principal=amount)

    corrected = Books(right.terms)
    corrected.months = [*wrong.months]
    booking = corrected.month(*corrections(right, wrong), interest=100, scheduled_principal=10)
    owed = outstanding(booking.distribution.closing.balances)
    settling = corrected.month(*(fact("settlement", payee, text(-amount)) for payee, amount in owed.items()), interest=100)

    right.month(interest=100, scheduled_principal=10)
    assert settling.distribution.closing.balances == right.month(interest=100).distribution.closing.balances
