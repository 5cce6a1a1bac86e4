"""Tests of the deal, what they change, how they are cured; calls and step-down dates."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ledger.core.problems import ProblemsFound
from tests.core.deals import Books, fact

FRAME = """
pool: {original_balance: 1_000}
reported: {delinquent: {type: money, missing: 0}, enforced: {type: flag, missing: false}}
accounts: {funds: {collects: [interest, scheduled_principal, prepayment, recovery]}}
tranches:
  A: {original_balance: 700, rate: 6%}
  B: {original_balance: 200, rate: 12%}
  R: {kind: residual}
"""
PAY = """
waterfall:
  - {pay: interest, to: A, from: funds}
  - {pay: rest, name: diversion, to: A, from: funds, as: principal, when: failing}
  - {pay: interest, to: B, from: funds}
  - {pay: rest, to: R, from: funds}
"""


def failing(fails_when: str, *months: dict[str, object], further: str = "", trigger: str = "") -> list[bool]:
    """Whether a test has failed, month after month."""
    books = Books(f"{FRAME}{further}\ntriggers:\n{trigger}  failing: {{fails_when: {fails_when}}}\n{PAY}")
    return [books.month(**month)["failing"] for month in months]


# What is tested ---------------------------------------------------------------------------------------------------------------


def test_an_overcollateralization_test_compares_the_pool_with_the_notes() -> None:
    assert failing("pool.balance / A.balance < 140%", {}, {"charge_off": 20}, {"charge_off": 1}) == [False, False, True]  # 1000, 980, 979 of 700


def test_an_interest_coverage_test_compares_what_came_in_with_what_is_due() -> None:
    months: list[dict[str, object]] = [{"interest": "6.60"}, {"interest": "6.59"}]

    assert failing("funds.collected < 120% * (A.interest_due + B.interest_accrued)", *months) == [False, True]  # 120 % of 3.50 and 2.00


def test_a_failed_coverage_test_diverts_cash_from_junior_interest_to_senior_principal() -> None:
    books = Books(f"{FRAME}triggers: {{failing: {{fails_when: pool.balance / A.balance < 140%}}}}\n{PAY}")

    passed, failed = books.month(interest=10), books.month(interest=10, charge_off=30)

    assert (passed["A.principal_paid"], passed["B.interest_paid"], passed["R.interest_paid"]) == (0, 2, Decimal("4.50"))
    assert (failed["A.principal_paid"], failed["B.interest_paid"], failed["B.unpaid_interest"]) == (Decimal("6.50"), 0, 2)


def test_cumulative_losses_are_tested_against_a_table_of_months() -> None:
    further = "tables: {allowed: {by: period, 1: 1%, 3: 2%}}"
    losses: list[dict[str, object]] = [{"charge_off": 10}, {"charge_off": 1}, {}, {"charge_off": 10}]

    # 10 of 10 are allowed; 11 are not; from the third month 20 are; 21 are not.
    assert failing("pool.cumulative_loss > allowed * pool.original_balance", *losses, further=further) == [False, True, False, True]


def test_cumulative_losses_net_of_recoveries_are_tested() -> None:
    assert failing("pool.cumulative_loss > 10", {"charge_off": 12}, {"recovery": 3}) == [True, False]


def test_delinquencies_are_averaged_over_the_months_that_there_are_up_to_three() -> None:
    months: list[dict[str, object]] = [{"delinquent": late} for late in (30, 60, 90, 0)]

    # The average is 30, 45, 60 and 50.
    assert failing('"average(delinquent, 3) >= 5% * pool.original_balance"', *months) == [False, False, True, True]


def test_a_test_may_be_of_dates() -> None:
    assert failing("distribution_date >= 2025-03-15", {}, {}, {}) == [False, True, True]
    assert failing('"months_between(closing_date, distribution_date) > 2"', {}, {}, {}) == [False, False, True]


def test_a_test_may_be_of_what_a_class_was_left_owing() -> None:
    further = "  shortfall: {fails_when: A.opening_unpaid_interest > 0}\n"

    assert failing("shortfall", {"interest": 3}, {"interest": 10}, {"interest": 10}, trigger=further) == [False, True, False]


# Cures ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("curable", "third"), [("true", False), ("false", True)])
def test_a_failed_test_is_cured_by_passing_or_never(curable: str, third: bool) -> None:
    books = Books(f"{FRAME}triggers: {{failing: {{fails_when: delinquent > 50, curable: {curable}}}}}\n{PAY}")

    assert [books.month(delinquent=late)["failing"] for late in (0, 60, 0)] == [False, True, third]


def test_a_failed_test_is_cured_after_three_clean_months() -> None:
    further = "ratios: {clean: if late then 0 else (if period == 1 then 3 else previous(clean) + 1)}"
    months: list[dict[str, object]] = [{"delinquent": late} for late in (0, 60, 0, 0, 0, 60, 0)]

    found = failing("clean < 3", *months, further=further, trigger="  late: {fails_when: delinquent > 50}\n")

    assert found == [False, True, True, True, False, True, True]


def test_a_test_that_must_fail_twice_running() -> None:
    further = "ratios: {late: if delinquent > 50 then 1 else 0}"
    months: list[dict[str, object]] = [{"delinquent": late} for late in (60, 0, 60, 60)]

    assert failing("period > 1 and late + previous(late) == 2", *months, further=further) == [False, False, False, True]


def test_a_cross_trigger_fails_with_any_of_those_above_it() -> None:
    above = "  losses: {fails_when: pool.cumulative_loss > 10, curable: false}\n  late: {fails_when: delinquent > 50}\n"
    months: list[dict[str, object]] = [{}, {"delinquent": 60}, {"charge_off": 11}, {}]

    assert failing("losses or late", *months, trigger=above) == [False, True, True, True]


def test_a_test_at_the_close_counts_from_the_next_period() -> None:
    books = Books(f"{FRAME}triggers: {{failing: {{fails_when: A.unpaid_interest > 0, tested: closing}}}}\n{PAY}")

    months = [books.month(interest=amount) for amount in (3, 10, 10)]

    assert [month["A.principal_paid"] for month in months] == [0, Decimal("6.00"), 0]  # 10 less 3.50 and the 0.50 that was owed


# Waterfalls by state ----------------------------------------------------------------------------------------------------------

BY_STATE = f"""{FRAME}
triggers:
  enforcement: {{fails_when: enforced or A.opening_unpaid_interest > 0, curable: false}}
  post_trigger: {{fails_when: pool.cumulative_loss > 10}}
waterfall:
  - {{pay: interest, to: A, from: funds}}
  - when: not enforcement
    steps:
      - {{pay: interest, to: B, from: funds}}
      - when: not post_trigger
        steps:
          - {{pay: principal, to: {{pro_rata: [A, B]}}, from: funds, limit: pool.scheduled_principal}}
      - when: post_trigger
        steps:
          - {{pay: principal, to: {{sequential: [A, B]}}, from: funds, limit: pool.scheduled_principal}}
      - {{pay: rest, to: R, from: funds}}
  - when: enforcement
    steps:
      - {{pay: principal, name: accelerated, to: A, from: funds}}
      - {{pay: interest, to: B, from: funds}}
      - {{pay: principal, to: B, from: funds}}
      - {{pay: rest, to: R, from: funds}}
"""


@pytest.mark.parametrize(
    ("events", "paid"),
    [
        ({}, {"A.principal_paid": "70", "B.principal_paid": "20", "B.interest_paid": "2", "R.interest_paid": "4.50"}),
        ({"charge_off": 11}, {"A.principal_paid": "90", "B.principal_paid": "0", "B.interest_paid": "2", "R.interest_paid": "4.50"}),
        ({"enforced": True}, {"A.principal_paid": "96.50", "B.principal_paid": "0", "B.interest_paid": "0", "R.interest_paid": "0"}),
    ],
)
def test_the_waterfall_is_normal_post_trigger_or_accelerated(events: dict[str, object], paid: dict[str, str]) -> None:
    month = Books(BY_STATE).month(interest=10, scheduled_principal=90, **events)

    assert {item: month[item] for item in paid} == {item: Decimal(amount) for item, amount in paid.items()}


def test_an_event_of_default_stays() -> None:
    books = Books(BY_STATE)
    books.month(interest=3)  # half a unit of A's interest stays unpaid

    defaulted, later = books.month(interest=10), books.month(interest=10)

    assert (defaulted["A.interest_paid"], defaulted["A.principal_paid"]) == (4, 6)
    assert (later["A.principal_paid"], later["B.interest_paid"]) == (Decimal("6.53"), 0)  # 694 at 6 % is 3.47


# Calls and step-downs ---------------------------------------------------------------------------------------------------------

CALLABLE = f"""{FRAME}
waterfall:
  - {{pay: interest, to: {{sequential: [A, B]}}, from: funds}}
  - {{pay: principal, to: {{sequential: [A, B]}}, from: funds, limit: if called then tranches.balance else pool.scheduled_principal}}
  - {{pay: rest, to: R, from: funds}}
call: {{allowed_when: pool.factor < 10% or distribution_date >= 2025-03-15}}
"""


def test_a_clean_up_call_pays_every_class_when_it_is_allowed() -> None:
    books = Books(CALLABLE.replace("pool.factor < 10% or distribution_date >= 2025-03-15", "pool.factor < 10%"))
    with pytest.raises(ProblemsFound, match="the call is not allowed now"):
        books.month(fact("call"), scheduled_principal=900)
    before = books.month(interest=10, scheduled_principal=800)
    called = books.month(fact("call"), interest=1, scheduled_principal=200)

    assert (before["tranches.balance"], before["called"]) == (100, False)
    assert (called["tranches.balance"], called["called"]) == (0, True)
    assert called["R.interest_paid"] == 100  # 201 less B's 1.00 of interest and the 100


def test_an_optional_call_is_allowed_from_its_date() -> None:
    books = Books(CALLABLE)
    with pytest.raises(ProblemsFound, match="the call is not allowed now"):
        books.month(fact("call"))
    books.month()

    assert books.month(fact("call"), interest=20, prepayment=950)["tranches.balance"] == 0


def test_a_step_down_waits_for_its_date_and_its_tests() -> None:
    books = Books(f"""{FRAME}
ratios:
  stepped_down: if period >= 2 and B.opening_balance / pool.opening_balance >= 20% and not late then 1 else 0
triggers: {{late: {{fails_when: delinquent > 50}}}}
waterfall:
  - {{pay: principal, name: before the step-down, to: {{sequential: [A, B]}}, from: funds, when: stepped_down == 0}}
  - {{pay: principal, name: after it, to: {{pro_rata: [A, B], by: opening_balance}}, from: funds}}
""")

    months = [books.month(scheduled_principal=amount, delinquent=late) for amount, late in ((100, 0), (90, 60), (80, 0))]

    assert [(month["A.principal_paid"], month["B.principal_paid"]) for month in months] == [(100, 0), (90, 0), (Decimal("57.46"), Decimal("22.54"))]
