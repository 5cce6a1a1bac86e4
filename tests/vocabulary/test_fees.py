"""What others than the classes earn, and when they are paid."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.core.deals import Books

DEAL = """
pool: {original_balance: 1_200_000}
reported: {loans: {type: number, missing: 1_000}, prepayment_interest_shortfall: {type: money, missing: 0}}
accounts: {funds: {collects: [interest, scheduled_principal, recovery, fee_retained]}}
amounts: {per_loan: 1.25}
tranches:
  A: {original_balance: 1_000_000, rate: 3%}
  B: {original_balance: 200_000, rate: 6%}
  R: {kind: residual}
"""
EVERY_FEE = "  - {pay: fees, to: fee, from: funds}\n  - {pay: rest, to: R, from: funds}\n"


def books(fee: str, steps: str = EVERY_FEE, further: str = "") -> Books:
    return Books(f"{DEAL}fees: {{fee: {fee}}}\n{further}\nwaterfall:\n{steps}")


@pytest.mark.parametrize(
    ("fee", "expected"),
    [
        ("{rate: 0.50%, of: pool.opening_balance}", "500"),  # 1,200,000 x 0.5 % / 12
        ("{rate: 0.50%, of: pool.balance}", "475"),  # 1,140,000
        ("{rate: 0.50%, of: (pool.opening_balance + pool.balance) / 2}", "487.50"),
        ("{rate: 0.03%, of: B.opening_balance}", "5"),  # of one class
        ("{rate: 0.03%, of: tranches.opening_balance}", "30"),
        ("{rate: 6%, of: pool.interest}", "25"),  # 5,000 x 6 % / 12
        ("{amount: 2% * pool.recovery}", "6"),  # of what was recovered
        ("{amount: 1_250}", "1250"),
        ("{amount: loans * per_loan}", "1250"),  # per loan and month
        ("{amount: if period == 1 then 4_000 else 1_000}", "4000"),  # more at first
        ("{rate: 0.365%, of: pool.opening_balance, day_count: act/365, accrual: payment}", "372"),  # 31 days of 12
        ("{rate: 1.20%, of: pool.opening_balance, accrual: {period: scheduled, from: 2025-01-25}}", "800"),  # 20 days of 30/360
    ],
)
def test_a_fee_is_a_rate_of_any_base_or_an_amount_by_any_formula(fee: str, expected: str) -> None:
    month = books(fee).month(interest=5_000, scheduled_principal=60_000, recovery=300)

    assert month["fee.paid"] == Decimal(expected)


def test_a_fee_of_each_class_stands_before_that_classs_interest() -> None:
    deal = (
        DEAL
        + """
fees: {fee_A: {rate: 0.06%, of: A.opening_balance}, fee_B: {rate: 0.60%, of: B.opening_balance}}
waterfall:
  - {pay: fees, to: fee_A, from: funds}
  - {pay: interest, to: A, from: funds}
  - {pay: fees, to: fee_B, from: funds}
  - {pay: interest, to: B, from: funds}
"""
    )
    month = Books(deal).month(interest=2_700)

    assert (month["fee_A.paid"], month["A.interest_paid"]) == (50, 2_500)
    assert (month["fee_B.paid"], month["B.interest_paid"]) == (100, 50)


def test_fees_are_shared_pro_rata_by_what_each_is_owed() -> None:
    deal = DEAL + "fees: {x: {amount: 300}, y: {amount: 100}}\nwaterfall: [{pay: fees, to: {pro_rata: [x, y]}, from: funds}]"

    month = Books(deal).month(interest=100)

    assert (month["x.paid"], month["y.paid"]) == (75, 25)
    assert (month["x.unpaid"], month["y.unpaid"]) == (225, 75)


@pytest.mark.parametrize(("unpaid", "second"), [("carried", 900), ("lost", 500)])
def test_an_unpaid_fee_is_carried_or_lost(unpaid: str, second: int) -> None:
    deal = books(f"{{amount: 500, unpaid: {unpaid}}}")

    assert deal.month(interest=100)["fee.paid"] == 100
    assert deal.month(interest=5_000)["fee.paid"] == second


CAPPED = """
  - {pay: fees, to: fee, from: funds, limit: 1_000 - in_year, adds_to: in_year}
  - {pay: interest, to: A, from: funds}
  - {pay: fees, name: above the cap, to: fee, from: funds}
  - {pay: rest, to: R, from: funds}
"""


def test_a_yearly_cap_holds_back_what_is_above_it_until_later_in_the_waterfall() -> None:
    deal = books("{amount: 600}", CAPPED, "ledgers: {in_year: {resets: yearly}}")

    months = [deal.month(interest=amount) for amount in (3_100, *[3_000] * 11)]

    assert [month["fee.paid"] for month in months[:3]] == [600, 500, 500]  # 400 within the cap, then what A leaves: 100; then all of 500 after A
    assert [month["in_year"] for month in months[:3]] == [600, 1_000, 1_000]
    assert [month["fee.unpaid"] for month in months[:3]] == [0, 100, 200]
    january = months[11]  # a new year: 1,000 of what was held back come before A's interest
    assert (january.distribution.dates.scheduled.isoformat(), january["fee.opening_unpaid"], january["in_year"]) == ("2026-01-15", 1_000, 1_000)
    assert (months[10]["A.interest_paid"], january["A.interest_paid"]) == (2_500, 2_000)


def test_a_fee_year_may_begin_in_another_month_than_january() -> None:
    deal = books(
        "{amount: 600}",
        "  - {record: 0 - in_year, as: in_year, when: months_into_fee_year == 0}" + CAPPED,
        """
ledgers: {in_year: {}}
ratios:
  months: months_between(2024-04-01, distribution_date)
  months_into_fee_year: months - floor(months, 12)
""",
    )

    months = [deal.month(interest=amount) for amount in (3_100, 3_100, 3_100)]

    assert [month["in_year"] for month in months] == [600, 1_000, 600]  # February, March, and April, where the new year begins


def test_a_fee_netted_before_the_wire_never_reaches_the_waterfall() -> None:
    month = books("{}", "  - {pay: interest, to: A, from: funds}\n  - {pay: rest, to: R, from: funds}\n").month(interest=3_100, fee_retained=500)

    assert (month["funds.collected"], month["A.interest_paid"], month["R.interest_paid"]) == (2_600, 2_500, 100)
    assert month["pool.fee_retained"] == 500


def test_a_fee_may_be_kept_in_part_before_the_wire_and_paid_in_part_inside() -> None:
    month = books("{rate: 1%, of: pool.opening_balance, owed_by: fee_retained}").month(interest=3_000, fee_retained=600)

    assert (month["fee.due"], month["fee.paid"], month["fee.unpaid"]) == (400, 400, 0)  # 1,000 less what was kept


def test_compensating_interest_lowers_the_servicers_fee() -> None:
    deal = books('{amount: "max(0, 1% * pool.opening_balance / 12 - prepayment_interest_shortfall)"}')

    assert deal.month(interest=3_000, prepayment_interest_shortfall=300)["fee.paid"] == 700
