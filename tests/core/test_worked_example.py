"""The worked example of the books: four claims, three months, every closing figure."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.core.deals import Books, Month, fact

DEAL = """
deal: EXAMPLE-1
closing_date: 2025-01-15
dates: {distribution: {day: 15}, accrual: month, day_count: 30/360}
pool: {original_balance: 1_000_000}
tranches:
  A: {original_balance: 800_000, rate: 6%}
  B: {original_balance: 150_000, rate: 9%}
fees: {servicing: {amount: 400}}
accounts:
  interest_funds: {collects: [interest]}
  principal_funds: {collects: [scheduled_principal, prepayment, liquidation_proceeds, liquidation_expense, recovery]}
  reserve: {opening: 10_000, target: 10_000}
waterfall:
  - {pay: fees, to: servicing, from: interest_funds}
  - {pay: interest, to: A, from: interest_funds}
  - {pay: interest, to: B, from: interest_funds}
  - {pay: interest, name: draw, to: B, from: reserve, limit: reserve.balance - 9_100}
  - {pay: principal, to: {sequential: [A, B]}, from: principal_funds}
  - {pay: principal, name: turbo, to: A, from: interest_funds, limit: tranches.balance - pool.balance}
  - {write_down: tranches.balance - pool.balance, to: {sequential: [B, A]}}
  - {write_up: pool.recovery, to: {sequential: [A, B]}}
  - {pay: reserve.shortfall, to: reserve, from: interest_funds}
"""
CLOSING = ("pool", "A.principal", "B.principal", "B.shortfall", "cash.reserve", "excess")


def closing(month: Month) -> Any:
    """The closing figures of the example's table, in its order."""
    return tuple(month.account(name) for name in CLOSING)


def first_two_months(books: Books) -> None:
    books.month(interest=4_600, scheduled_principal=6_000, prepayment=14_000)
    books.month(interest=5_850, scheduled_principal=10_000, default=120_000, liquidation_proceeds=45_000, liquidation_expense=5_000, realized_loss=80_000)


def test_the_books_open_with_overcollateralization_and_reserve_in_excess() -> None:
    opening = Books(DEAL).opening

    assert closing(opening) == (1_000_000, -800_000, -150_000, 0, 10_000, -60_000)


def test_a_month_that_is_short_pays_b_from_the_reserve_and_carries_the_rest() -> None:
    month = Books(DEAL).month(interest=4_600, scheduled_principal=6_000, prepayment=14_000)

    assert closing(month) == (980_000, -780_000, -150_000, -25, 9_100, -59_075)
    assert month["A.interest_accrued"] == 4_000
    assert month["B.interest_paid"] == 1_100
    assert month["reserve.opening_balance - reserve.balance"] == 900


def test_a_month_of_loss_writes_down_b_after_the_turbo() -> None:
    books = Books(DEAL)
    first_two_months(books)

    month = books.months[2]
    assert closing(month) == (850_000, -729_600, -120_400, 0, 9_100, -9_100)
    assert month["B.interest_paid"] == 1_150
    assert month["A.principal_paid"] == 50_400
    assert month["B.realized_loss"] == 29_600
    assert month["pool.loss"] == 80_000
    assert month.moved("loss", "excess") == 50_400


def test_a_month_of_recovery_books_last_months_correction_and_writes_up_b() -> None:
    books = Books(DEAL)
    first_two_months(books)
    too_high = fact("scheduled_principal", None, -1_000, origin=date(2025, 3, 15))

    month = books.month(too_high, interest=5_200, scheduled_principal=8_000, recovery=2_000)

    assert closing(month) == (843_000, -720_600, -122_400, 0, 9_349, -9_349)
    assert month["A.interest_paid"] == 3_648
    assert month["B.interest_paid"] == 903
    assert month["A.principal_paid"] == 9_000
    assert month["B.written_up"] == 2_000
    assert [posting.amount for posting in month.distribution.postings if posting.origin_period == date(2025, 3, 15)] == [100_000]
    assert month.moved("cash.interest_funds", "cash.reserve") == 249
