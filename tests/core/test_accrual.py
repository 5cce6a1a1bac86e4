"""Accrual: several conventions in one deal, first periods, rates that name each other, rounding."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from ledger.core.problems import ProblemsFound
from tests.core.deals import Books, problems_of

DEAL = """
deal: ACCRUAL-1
closing_date: 2025-01-10
dates: {distribution: {day: 25, roll: following}, accrual: month, day_count: 30/360}
tranches:
  month:     {original_balance: 36_000, rate: 10%}
  payment:   {original_balance: 36_000, rate: 10%, accrual: payment, day_count: act/360}
  scheduled: {original_balance: 36_000, rate: 10%, accrual: scheduled}
  dated:     {original_balance: 36_000, rate: 10%, accrual: {period: payment, from: 2025-01-20}, day_count: act/360}
  strip:     {of: month.opening_balance, rate: 1%}
  floater:   {original_balance: 36_000, rate: month.rate - strip.rate}
fees: {servicing: {rate: 0.50%, of: tranches.opening_balance}}
accounts: {funds: {collects: [interest]}}
waterfall:
  - {pay: fees, to: servicing, from: funds}
  - {pay: interest, to: {sequential: [month, payment, scheduled, dated, strip, floater]}, from: funds}
"""


def test_one_deal_accrues_by_several_conventions_from_its_first_period_on() -> None:
    month = Books(DEAL).month(interest=10_000)

    accrued = {name: month[f"{name}.interest_accrued"] for name in ("month", "payment", "scheduled", "dated", "strip", "floater")}

    assert accrued == {
        "month": 300,  # January, whole
        "payment": 460,  # 46 days from closing to 25 February
        "scheduled": 450,  # 45 days of 30/360
        "dated": 360,  # 36 days from 20 January
        "strip": 30,
        "floater": 270,
    }
    assert month["servicing.due"] == 75  # 0.5% / 12 of 180,000


def test_later_periods_run_from_the_day_that_was_paid_or_from_the_unrolled_day() -> None:
    books = Books(DEAL)
    for _ in range(3):
        books.month(interest=10_000)
    april, may, june = books.months[3], books.month(interest=10_000), books.month(interest=10_000)

    assert [month["distribution_date"].isoformat() for month in (april, may, june)] == ["2025-04-25", "2025-05-26", "2025-06-25"]
    assert [month["payment.interest_accrued"] for month in (may, june)] == [310, 300]  # 31 and 30 days, since May is paid on the 26th
    assert [month["scheduled.interest_accrued"] for month in (may, june)] == [300, 300]
    assert [month["dated.interest_accrued"] for month in (may, june)] == [310, 300]


def test_a_quarterly_deal_accrues_three_whole_months() -> None:
    quarterly = DEAL.replace("day: 25", "day: 25, months: 3")

    month = Books(quarterly).month(interest=10_000)

    assert month["month.interest_accrued"] == 900
    assert month["month.year_fraction"] == Decimal("0.25")


@pytest.mark.parametrize(("mode", "accrued"), [("half_up", "0.83"), ("half_down", "0.83"), ("half_even", "0.83"), ("down", "0.83"), ("up", "0.84")])
def test_interest_is_one_exact_product_and_one_rounding(mode: str, accrued: str) -> None:
    deal = f"""
        rounding: {{interest: {mode}}}
        tranches: {{A: {{original_balance: 100, rate: 10%}}}}
        accounts: {{funds: {{}}}}
        waterfall: [{{pay: interest, to: A, from: funds}}]
    """

    assert Books(deal).month()["A.interest_accrued"] == Decimal(accrued)  # 0.8333...


@pytest.mark.parametrize(("mode", "fee"), [("half_up", "0.13"), ("down", "0.12"), ("half_even", "0.12")])
def test_fees_round_as_amounts_do(mode: str, fee: str) -> None:
    deal = f"""
        rounding: {{amounts: {mode}, interest: up}}
        pool: {{original_balance: 150}}
        tranches: {{A: {{original_balance: 100, rate: 1%}}}}
        fees: {{servicing: {{rate: 1%, of: pool.opening_balance}}}}
        accounts: {{funds: {{}}}}
        waterfall: [{{pay: fees, to: servicing, from: funds}}]
    """

    assert Books(deal).month()["servicing.due"] == Decimal(fee)  # 0.125


def test_rates_that_name_each_other_in_a_circle_are_refused() -> None:
    found = problems_of(DEAL.replace("strip:     {of: month.opening_balance, rate: 1%}", "strip:     {of: month.opening_balance, rate: floater.rate}"))

    assert any("floater.rate" in problem and "is defined by itself" in problem for problem in found)


def test_a_negative_rate_stops_the_period_and_names_the_remedy() -> None:
    with pytest.raises(ProblemsFound, match=r"the rate of floater is negative; if interest cannot be negative, write `max\(0%, ...\)`"):
        Books(DEAL.replace("month.rate - strip.rate", "month.rate - 11%")).month(interest=10)


def test_the_spread_over_a_cap_uses_another_class_day_count() -> None:
    # A floater of 46 days whose cap is a rate of 30/360: what the cap allows for 30 days, as a rate over 46.
    capped = DEAL.replace(
        "payment:   {original_balance: 36_000, rate: 10%", "payment:   {original_balance: 36_000, rate: 10% * month.year_fraction / payment.year_fraction"
    )

    month = Books(capped).month(interest=10_000)

    assert month["payment.interest_accrued"] == 300
    assert month["payment.rate"] == Fraction(10, 100) * Fraction(1, 12) / Fraction(46, 360)


def test_the_rate_of_a_class_that_has_none_is_refused() -> None:
    found = problems_of(DEAL.replace("{of: month.opening_balance, rate: 1%}", "{kind: residual}"))

    assert any("class strip accrues no interest" in problem for problem in found)
