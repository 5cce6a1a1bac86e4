"""What a class earns, what cuts it, what is carried; over which days."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from tests.core.deals import Books, Month

FUNDS = "pool: {original_balance: 2_000_000}\naccounts: {funds: {collects: [interest, scheduled_principal]}}\n"
PAY = "waterfall:\n  - {pay: interest, to: {sequential: classes}, from: funds}\n"


def deal(tranches: str, further: str = "", waterfall: str = PAY) -> Books:
    """A deal of these classes, all of them in the group `classes`."""
    names = ", ".join(line.strip().split(":")[0] for line in tranches.strip().splitlines())
    return Books(f"{FUNDS}tranches:\n{tranches}\ngroups: {{classes: [{names}]}}\n{further}\n{waterfall}")


def accrued(month: Month, *names: str) -> tuple[Any, ...]:
    return tuple(month[f"{name}.interest_accrued"] for name in names)


# Rates ------------------------------------------------------------------------------------------------------------------------


def test_a_floating_rate_has_its_margin_floor_and_cap() -> None:
    books = deal('  F: {original_balance: 1_200_000, rate: "min(max(index, 1%) + 0.50%, 9%)"}', "reported: {index: rate}")

    months = [books.month(index=index) for index in ("4.25%", "0.20%", "9.75%")]

    assert [month["F.rate"] for month in months] == [Decimal("0.0475"), Decimal("0.015"), Decimal("0.09")]
    assert [accrued(month, "F") for month in months] == [(4750,), (1500,), (9000,)]


def test_an_inverse_floater_falls_as_the_index_rises_and_the_pair_costs_what_the_collateral_pays() -> None:
    tranches = """
  F: {original_balance: 900_000, rate: "min(index + 0.50%, 10%)"}
  S: {original_balance: 300_000, rate: "max(0%, 28.50% - 3 * index)"}
"""
    books = deal(tranches, "reported: {index: rate}")

    low, high = books.month(index="5%"), books.month(index="9.50%")

    assert accrued(low, "F", "S") == (4125, 3375)  # 5.5 % of 900,000 and 13.5 % of 300,000: 7.5 % of 1,200,000
    assert accrued(high, "F", "S") == (7500, 0)


def test_a_coupon_of_the_pools_net_rate_keeps_every_digit() -> None:
    books = deal("  A: {original_balance: 1_200_000, rate: pool.net_wac}", "reported: {pool.net_wac: rate}")

    month = books.month(pool__net_wac="6.1234567890123456%")

    assert month["A.rate"] == Decimal("0.061234567890123456")
    assert accrued(month, "A") == (Decimal("6123.46"),)  # 6,123.4567...


def test_a_coupon_steps_up_after_the_call_date() -> None:
    books = deal('  A: {original_balance: 1_200_000, rate: "index + (if distribution_date > 2025-03-01 then 2% else 1%)"}', "reported: {index: rate}")

    assert [accrued(books.month(index="3%"), "A") for _ in range(2)] == [(4000,), (5000,)]


def test_a_coupon_may_follow_a_table_of_dates() -> None:
    books = deal("  A: {original_balance: 1_200_000, rate: coupon}", "tables: {coupon: {by: date, 2025-01-01: 3%, 2025-03-15: 3.60%}}")

    assert [accrued(books.month(), "A") for _ in range(2)] == [(3000,), (3600,)]


CAPPED = """
pool: {original_balance: 2_000_000}
reported: {index: rate, pool.net_wac: rate}
accounts: {funds: {collects: [interest]}}
tranches: {A: {original_balance: 1_200_000, rate: "min(uncapped, pool.net_wac)"}, R: {kind: residual}}
ratios: {uncapped: index + 1%}
ledgers: {carryover: {of: A}}
waterfall:
  - {record: "interest(A, uncapped) - A.interest_accrued + interest(A, uncapped, A.carryover)", as: carryover, to: A}
  - {pay: interest, to: A, from: funds}
  - {pay: carryover, to: A, from: funds}
  - {pay: rest, to: R, from: funds}
"""


def test_interest_above_the_net_rate_is_carried_forward_with_interest_and_paid_from_spread() -> None:
    books = Books(CAPPED)

    capped = books.month(interest=5_000, index="5%", pool__net_wac="5%")
    repaid = books.month(interest=8_000, index="3%", pool__net_wac="5%")

    assert (capped["A.interest_paid"], capped["A.carryover"]) == (5000, 1000)  # 6 % would be 6,000
    assert repaid["A.interest_paid"] == 4000
    assert repaid.moved("cash.funds", "A.other") == Decimal("1003.33")  # 1,000 and a month at 4 % on it
    assert (repaid["A.carryover"], repaid["R.interest_paid"]) == (0, Decimal("2996.67"))


# Strips -----------------------------------------------------------------------------------------------------------------------


def test_interest_only_classes_accrue_on_notionals_of_balances_components_and_pools() -> None:
    tranches = """
  A: {original_balance: 1_200_000, rate: 5%}
  B: {original_balance: 600_000, rate: 6%}
  of_balances: {of: A.opening_balance + B.opening_balance, rate: 0.50%}
  of_component: {of: A.opening_balance * (7% - 5%) / 7%, rate: 7%}
  of_pool: {of: pool.opening_balance, rate: 0.30%}
  excess_coupon: {of: pool.opening_balance, rate: "max(0%, pool.net_wac - 5.50%)"}
"""
    month = deal(tranches, "reported: {pool.net_wac: rate}").month(pool__net_wac="6.10%")

    # 1,800,000 at 0.5 %; 342,857.14 at 7 %, which is 2 % of 1,200,000; 2,000,000 at 0.3 %; 2,000,000 at 0.6 %.
    assert accrued(month, "of_balances", "of_component", "of_pool", "excess_coupon") == (750, 2000, 500, 1000)
    assert month["tranches.balance"] == 1_800_000


def test_a_principal_only_class_earns_nothing() -> None:
    waterfall = "waterfall:\n  - {pay: interest, to: A, from: funds}\n  - {pay: principal, to: {pro_rata: classes}, from: funds}\n"
    month = deal("  A: {original_balance: 900, rate: 6%}\n  PO: {original_balance: 100}\n", "", waterfall).month(interest="4.50", scheduled_principal=10)

    assert (month["PO.interest_paid"], month["PO.interest_accrued"], month["PO.principal_paid"]) == (0, 0, 1)


# Unpaid interest --------------------------------------------------------------------------------------------------------------


def test_interest_on_unpaid_interest_has_its_own_bucket_is_paid_first_and_bears_none() -> None:
    books = deal("  A: {original_balance: 120_000, rate: 6%, interest_on_unpaid: 12%}")

    first = books.month()
    second = books.month(interest=2)
    third = books.month(interest=0)

    assert first["A.unpaid_interest"] == 600
    assert second["A.interest_due"] == 1206  # 600, 600 brought forward, and 1 % of the latter
    assert (second.account("A.interest_on_unpaid"), second.account("A.shortfall")) == (-4, -1200)  # the 2 went to the bucket of 6
    assert third["A.interest_due"] == Decimal(600 + 1204 + 12)  # 1 % of 1,200, not of the 4


def test_unpaid_interest_may_be_lost() -> None:
    books = deal("  A: {original_balance: 120_000, rate: 6%, unpaid_interest: lost}")

    first, second = books.month(interest=100), books.month(interest=1_000)

    assert (first["A.interest_paid"], first["A.unpaid_interest"]) == (100, 0)
    assert second["A.interest_paid"] == 600


def test_deferrable_interest_that_cannot_be_paid_is_added_to_the_balance() -> None:
    waterfall = "waterfall:\n  - {pay: interest, to: A, from: funds}\n  - {accrete: interest, to: A}\n"
    books = deal("  A: {original_balance: 120_000, rate: 10%}", "", waterfall)

    first, second = books.month(interest=400), books.month(interest=2_000)

    assert (first["A.interest_paid"], first["A.accreted"], first["A.balance"], first["A.unpaid_interest"]) == (400, 600, 120_600, 0)
    assert (second["A.interest_accrued"], second["A.interest_paid"], second["A.accreted"]) == (1005, 1005, 0)


def test_interest_that_borrowers_defer_is_added_to_balances_by_what_each_class_earns() -> None:
    further = "reported: {deferred: money}\n"
    waterfall = """waterfall:
  - {accrete: interest, to: {pro_rata: classes, by: interest_accrued}, limit: deferred}
  - {pay: interest, to: {pro_rata: classes}, from: funds}
"""
    books = deal("  A: {original_balance: 120_000, rate: 9%}\n  B: {original_balance: 30_000, rate: 12%}", further, waterfall)

    month = books.month(interest=1_000, capitalized_interest=200, deferred=200)

    assert (month["A.accreted"], month["B.accreted"], month["pool.balance"]) == (150, 50, 2_000_200)  # 900 : 300
    assert (month["A.interest_paid"], month["B.interest_paid"], month["funds.balance"]) == (750, 250, 0)


def test_prepayment_premiums_go_to_a_class_that_owns_them() -> None:
    further = "events: {premium: {cash: in}}\n"
    waterfall = "waterfall:\n  - {pay: interest, to: A, from: funds}\n  - {pay: pool.premium, to: P, from: premiums, as: interest}\n"
    text = FUNDS.replace("accounts: {", "accounts: {premiums: {collects: [premium]}, ")
    books = Books(text + "tranches: {A: {original_balance: 1_200, rate: 5%}, P: {original_balance: 100}}\n" + further + waterfall)

    month = books.month(interest=5, premium="7.25")

    assert (month["A.interest_paid"], month["P.interest_paid"], month["P.balance"]) == (5, Decimal("7.25"), 100)


# Shortfalls -------------------------------------------------------------------------------------------------------------------

CUT = """waterfall:
  - {shortfall: "max(0, prepayment_interest_shortfall - compensating) + relief_act", to: {pro_rata: classes, by: interest_accrued}}
  - {pay: interest, to: {sequential: classes}, from: funds}
"""
SHORT = """
reported: {prepayment_interest_shortfall: money, relief_act: {type: money, missing: 0}}
amounts: {compensating: 0.125% / 12 * pool.opening_balance}
"""


def test_what_compensating_interest_does_not_cover_is_spread_by_accrued_interest_and_never_owed_again() -> None:
    books = deal("  A: {original_balance: 1_200_000, rate: 5%}\n  B: {original_balance: 120_000, rate: 10%}\n", SHORT, CUT)

    first = books.month(interest=6_000, prepayment_interest_shortfall="268.33", relief_act=1)
    second = books.month(interest=6_000, prepayment_interest_shortfall=100)

    # Compensating interest is 208.33; 60 and the 1 of the Relief Act are split 5,000 : 1,000.
    assert (first["A.interest_shortfall"], first["B.interest_shortfall"]) == (Decimal("50.83"), Decimal("10.17"))
    assert (first["A.interest_paid"], first["B.interest_paid"]) == (Decimal("4949.17"), Decimal("989.83"))
    assert second["tranches.interest_shortfall"] == 0
    assert (second["A.interest_due"], second["B.interest_due"]) == (5000, 1000)


def test_a_shortfall_that_the_deal_repays_is_recorded_too() -> None:
    further = "reported: {relief_act: money}\nledgers: {relief: {of: A}}\n"
    waterfall = """waterfall:
  - {shortfall: relief_act, to: A}
  - {record: relief_act, as: relief, to: A}
  - {pay: interest, to: A, from: funds}
  - {pay: relief, to: A, from: funds}
"""
    month = deal("  A: {original_balance: 1_200_000, rate: 5%}", further, waterfall).month(interest=4_990, relief_act=30)

    assert (month["A.interest_paid"], month.moved("cash.funds", "A.other"), month["A.relief"]) == (4970, 20, 10)


# Days -------------------------------------------------------------------------------------------------------------------------

DATED = """
deal: TEST-1
closing_date: 2025-01-28
dates: {distribution: {day: 15, first: 2025-03-15, roll: following, calendar: US-FED}, accrual: payment, day_count: act/360}
pool: {original_balance: 4_000_000}
accounts: {funds: {collects: [interest]}}
tranches:
  actual: {original_balance: 360_000, rate: 10%}
  scheduled: {original_balance: 360_000, rate: 10%, accrual: scheduled}
  month: {original_balance: 360_000, rate: 10%, accrual: month}
  delayed: {original_balance: 360_000, rate: 10%, accrual: {period: scheduled, from: 2025-02-01}}
  bond: {original_balance: 360_000, rate: 10%, accrual: scheduled, day_count: 30/360}
waterfall: [{pay: interest, to: {sequential: tranches}, from: funds}]
"""


def test_first_periods_differ_by_class_and_later_ones_run_from_and_to_actual_or_scheduled_dates() -> None:
    books = Books(DATED)
    classes = ("actual", "scheduled", "month", "delayed", "bond")

    first, second = books.month(), books.month()

    # 15 March 2025 is a Saturday and is paid on the 17th; 360,000 at 10 % earn 100 a day. 30/360 counts 47 days from the 28th to the 15th.
    assert accrued(first, *classes) == (4800, 4600, 2800, 4200, 4700)
    assert accrued(second, *classes) == (2900, 3100, 3100, 3100, 3000)


@pytest.mark.parametrize(
    ("name", "fraction"),
    [
        ("30/360 ISDA", Fraction(30, 360)), ("30/360 PSA", Fraction(30, 360)), ("30U/360 (EOM roll)", Fraction(30, 360)), ("30E/360", Fraction(30, 360)),
        ("30E+/360", Fraction(30, 360)), ("30E/360 ISDA", Fraction(30, 360)), ("ACT/360", Fraction(31, 360)), ("ACT/364", Fraction(31, 364)),
        ("ACT/365", Fraction(31, 365)), ("ACT/365F", Fraction(31, 365)), ("ACT/365.25", Fraction(31 * 4, 1461)), ("ACT/365A", Fraction(31, 365)),
        ("ACT/ACT ISDA", Fraction(31, 365)), ("ACT/ACT AFB", Fraction(31, 365)), ("ACT/ACT ICMA", Fraction(1, 12)), ("NL/360", Fraction(31, 360)),
        ("NL/365", Fraction(31, 365)),
    ],
)  # fmt: skip
def test_a_class_may_use_any_day_count(name: str, fraction: Fraction) -> None:
    month = deal(f'  A: {{original_balance: 1_200_000, rate: 6%, day_count: "{name}"}}').month()

    assert Fraction(month["A.year_fraction"]).limit_denominator(10**6) == fraction  # January 2025
    assert accrued(month, "A") == (round(Decimal(72_000 * fraction.numerator) / fraction.denominator, 2),)


def test_a_capped_floater_may_measure_its_cap_over_the_days_of_another_class() -> None:
    tranches = """
  F: {original_balance: 1_200_000, rate: "min(index, cap)", day_count: act/360}
  A: {original_balance: 1_200_000, rate: 6%}
"""
    books = deal(tranches, "reported: {index: rate}\nratios: {cap: 6% * A.year_fraction / F.year_fraction}")

    assert accrued(books.month(index="7%"), "F", "A") == (6000, 6000)  # the cap is 6 % of 30 days for 31
