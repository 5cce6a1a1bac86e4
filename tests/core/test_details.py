"""What a statement says behind its figures: accrual periods with their days and reported rates, per 1,000, and figures by step."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from ledger.core.disclosures import Accrual, ReportedRate
from ledger.core.statement import draw
from tests.core.deals import Books

DEAL = """
reported: {sofr: {type: rate, index: SOFR-30D-AVG}, spread: rate, unused: rate}
pool: {original_balance: 1_000}
tranches:
  A: {original_balance: 800, rate: coupon, day_count: act/360, accrual: payment}
  B: {original_balance: 200, rate: 6%}
  R: {kind: residual}
fees: {servicer: {rate: 0.5%, of: pool.opening_balance}}
accounts:
  funds: {collects: [interest, scheduled_principal]}
  reserve: {opening: 30, target: 20}
ratios: {coupon: "min(sofr + spread, 9%)"}
waterfall:
  - {pay: interest, name: interest of A, to: A, from: [funds, reserve]}
  - {pay: principal, name: principal, to: A, from: funds, limit: 40}
  - {pay: principal, name: turbo, to: A, from: funds}
  - {pay: reserve.excess, to: R, from: reserve}
"""


def test_each_accrual_names_its_days_its_convention_and_the_rates_it_was_reported() -> None:
    drawn = draw((books := Books(DEAL)).terms, books.month(interest=5, sofr="4.25%", spread="1.5%", unused="1%").distribution)
    rates = (ReportedRate("sofr", "SOFR-30D-AVG", Fraction("0.0425")), ReportedRate("spread", "", Fraction("0.015")))

    # from closing on 15 January to the distribution on 15 February; the month of January
    assert drawn.accruals == (
        Accrual("A", date(2025, 1, 15), date(2025, 2, 15), 31, 30, "ACT/360", rates),
        Accrual("B", date(2025, 1, 1), date(2025, 2, 1), 31, 30, "30/360"),
        Accrual("servicer", date(2025, 1, 1), date(2025, 2, 1), 31, 30, "30/360"),
    )
    assert drawn.key_dates == {"closing": date(2025, 1, 15), "next_scheduled": date(2025, 3, 15)}


def test_principal_is_told_apart_by_step_and_an_account_by_what_came_and_went() -> None:
    drawn = draw((books := Books(DEAL)).terms, books.month(interest=1, scheduled_principal=100, sofr="4%", spread="0%", unused="1%").distribution)
    lines = [(line.subject, line.item, line.number, line.label, line.amount) for line in drawn.by_step]

    # interest of A: 800 x 4 % x 31 / 360 = 2.76
    assert lines == [
        ("A", "interest_paid", 1, "interest of A", 276),
        ("A", "principal_paid", 2, "principal", 4_000),
        ("A", "principal_paid", 3, "turbo", 5_824),
        ("R", "interest_paid", 4, "pay reserve.excess to R", 1_000),
        ("funds", "deposits", None, "wire", 10_100),
        ("funds", "draws", 1, "interest of A", 276),
        ("funds", "draws", 2, "principal", 4_000),
        ("funds", "draws", 3, "turbo", 5_824),
        ("reserve", "draws", 4, "pay reserve.excess to R", 1_000),
    ]


def test_balances_and_losses_stand_per_1000_of_original_balance() -> None:
    drawn = draw((books := Books(DEAL)).terms, books.month(interest=1, scheduled_principal=100, sofr="4%", spread="0%", unused="1%").distribution)
    per_1000 = {item: drawn.exact(figure) for item, figure in drawn.items("A").items() if item.endswith("_per_1000")}

    assert per_1000 == {
        "opening_per_1000": 1_000, "interest_per_1000": Fraction("3.45"), "principal_per_1000": Fraction("122.8"), "loss_per_1000": 0,
        "closing_per_1000": Fraction("877.2"),
    }  # fmt: skip
