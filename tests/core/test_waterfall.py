"""Each verb of the waterfall and each rule of its steps, on deals small enough to check by hand."""

from __future__ import annotations

from decimal import Decimal
from textwrap import indent

import pytest

from ledger.core.problems import ProblemsFound
from tests.core.deals import Books, fact

CLASSES = """
pool: {original_balance: 1_000}
tranches:
  A: {original_balance: 600, rate: 12%}
  B: {original_balance: 300, rate: 12%}
  R: {kind: residual}
groups: {notes: [A, B]}
"""
FUNDS = "accounts: {funds: {collects: [interest, scheduled_principal, prepayment, recovery]}}\n"


def waterfall(*steps: str) -> str:
    return "waterfall:\n" + indent("\n".join(f"- {step}" for step in steps), "  ")


def books(*steps: str, sections: str = "", classes: str = CLASSES, accounts: str = FUNDS) -> Books:
    """A deal of two classes (monthly interest of A is 6, of B is 3) and a residual, with these steps."""
    return Books(classes + accounts + sections + "\n" + waterfall(*steps))


INTEREST = "{pay: interest, to: {sequential: notes}, from: funds}"
PRINCIPAL = "{pay: principal, to: {sequential: notes}, from: funds}"
REST = "{pay: rest, to: R, from: funds}"


# pay --------------------------------------------------------------------------------------------------------------------


def test_steps_run_in_the_files_order_and_each_takes_what_the_one_before_left() -> None:
    month = books(INTEREST, PRINCIPAL, REST).month(interest=30, scheduled_principal=100)

    assert month["notes.interest_paid"] == 9
    assert month["A.principal_paid"] == 121
    assert month["R.interest_paid"] == 0

    other_order = books(INTEREST, REST, PRINCIPAL).month(interest=30, scheduled_principal=100)

    assert other_order["R.interest_paid"] == 121
    assert other_order["A.principal_paid"] == 0


def test_a_payment_is_never_more_than_the_payees_are_owed() -> None:
    month = books(INTEREST, PRINCIPAL).month(scheduled_principal=1_000)

    assert month["notes.balance"] == 0
    assert month["funds.balance"] == 91


def test_a_limit_caps_a_step_and_one_below_zero_is_zero() -> None:
    limited = "{pay: principal, to: A, from: funds, limit: pool.scheduled_principal - 20}"

    assert books(limited).month(interest=50, scheduled_principal=60)["A.principal_paid"] == 40
    assert books(limited).month(interest=50, scheduled_principal=10)["A.principal_paid"] == 0


def test_a_step_whose_condition_does_not_hold_is_passed_over() -> None:
    step = "{pay: principal, to: A, from: funds, when: period > 1}"
    deal = books(step)

    assert deal.month(interest=5)["A.principal_paid"] == 0
    assert deal.month()["A.principal_paid"] == 5


def test_a_blocks_condition_is_read_once_on_entry() -> None:
    # The first step of the block makes its own condition false; the second runs all the same.
    deal = books("{when: funds.balance > 50, steps: [{pay: principal, to: A, from: funds, limit: 40}, {pay: principal, to: B, from: funds}]}")

    month = deal.month(interest=60)

    assert (month["A.principal_paid"], month["B.principal_paid"]) == (40, 20)


def test_sources_are_tried_in_order() -> None:
    two = "accounts: {funds: {collects: [interest]}, reserve: {opening: 100}}\n"
    deal = books("{pay: interest, to: {sequential: notes}, from: [funds, reserve]}", accounts=two)

    month = deal.month(interest=7)

    assert month["notes.interest_paid"] == 9
    assert (month["funds.balance"], month["reserve.balance"]) == (0, 98)


def test_the_reserve_pays_senior_interest_before_junior_interest() -> None:
    two = "accounts: {funds: {collects: [interest]}, reserve: {opening: 7}}\n"
    month = books("{pay: interest, to: {sequential: notes}, from: [funds, reserve]}", accounts=two).month()

    assert (month["A.interest_paid"], month["B.interest_paid"]) == (6, 1)


def test_a_reserve_is_filled_to_its_target_and_what_is_above_it_released() -> None:
    reserve = "accounts: {funds: {collects: [interest]}, reserve: {opening: 20, target: 10% * notes.balance}}\n"
    deal = books("{pay: reserve.shortfall, to: reserve, from: funds}", "{pay: reserve.excess, to: R, from: reserve}", REST, accounts=reserve)

    filled = deal.month(interest=50)

    assert (filled["reserve.target"], filled["reserve.balance"], filled["reserve.shortfall"]) == (90, 70, 20)
    assert filled["R.interest_paid"] == 0

    full = deal.month(interest=25)

    assert (full["reserve.balance"], full["R.interest_paid"]) == (90, 5)


def test_what_is_above_the_target_goes_to_the_residual() -> None:
    reserve = "accounts: {funds: {collects: [interest, scheduled_principal]}, reserve: {opening: 90, target: 10% * notes.balance}}\n"
    month = books(PRINCIPAL, "{pay: reserve.excess, to: R, from: reserve}", accounts=reserve).month(scheduled_principal=100)

    assert (month["reserve.balance"], month["R.interest_paid"]) == (80, 10)


def test_an_amount_to_a_class_needs_a_word_for_what_it_is() -> None:
    as_principal = books("{pay: 50, to: A, from: funds, as: principal}").month(interest=80)
    as_interest = books("{pay: 50, to: A, from: funds, as: interest}").month(interest=80)

    assert (as_principal["A.principal_paid"], as_principal["A.interest_paid"], as_principal["A.unpaid_interest"]) == (50, 0, 6)
    # An amount paid as interest settles no entitlement: the 6 that accrued are still owed.
    assert (as_interest["A.principal_paid"], as_interest["A.interest_paid"], as_interest["A.unpaid_interest"]) == (0, 50, 6)
    with pytest.raises(ProblemsFound, match="write `as: interest`, `as: principal` or `as: LEDGER`"):
        books("{pay: 50, to: A, from: funds}")


def test_rest_as_principal_stops_at_the_balance() -> None:
    month = books("{pay: rest, to: {sequential: notes}, from: funds, as: principal}").month(scheduled_principal=950)

    assert month["notes.balance"] == 0
    assert month["funds.balance"] == 50


def test_turbo_pays_principal_from_interest_until_the_target_is_reached() -> None:
    deal = books(INTEREST, "{pay: principal, name: turbo, to: A, from: funds, limit: notes.balance - (pool.balance - 120)}", REST)

    months = [deal.month(interest=24), deal.month(interest=24)]

    assert [month["A.principal_paid"] for month in months] == [15, 5]  # 24 - 9; then the 20 of the target are complete
    assert months[1]["R.interest_paid"] == Decimal("10.15")  # 24 - 5.85 - 3 - 5


def test_interest_of_a_group_is_shared_by_what_each_is_owed() -> None:
    month = books("{pay: interest, to: {pro_rata: notes}, from: funds}").month(interest=6)

    assert (month["A.interest_paid"], month["B.interest_paid"]) == (4, 2)


def test_a_step_whose_payees_can_take_nothing_does_not_read_its_limit() -> None:
    deal = books("{pay: principal, to: A, from: funds, limit: pool.scheduled_principal * A.opening_balance / A.opening_balance}")

    retired, after = deal.month(scheduled_principal=600), deal.month(scheduled_principal=10)

    assert (retired["A.principal_paid"], retired["A.balance"]) == (600, 0)
    assert (after["A.principal_paid"], after["funds.balance"]) == (0, 10)


# Fees ---------------------------------------------------------------------------------------------------------------------


def test_a_fee_accrues_on_its_base_and_what_is_unpaid_is_carried() -> None:
    fees = "fees: {servicing: {rate: 12%, of: pool.opening_balance}}\n"
    deal = books("{pay: fees, to: servicing, from: funds}", sections=fees)

    first, second = deal.month(interest=4), deal.month(interest=20)

    assert (first["servicing.due"], first["servicing.paid"], first["servicing.unpaid"]) == (10, 4, 6)
    assert (second["servicing.opening_unpaid"], second["servicing.due"], second["servicing.paid"]) == (6, 16, 16)


def test_a_fee_that_is_lost_is_forgotten_at_the_close() -> None:
    fees = "fees: {trustee: {amount: 10, unpaid: lost}}\n"
    deal = books("{pay: fees, to: trustee, from: funds}", sections=fees)

    deal.month(interest=4)
    second = deal.month(interest=20)

    assert (second["trustee.opening_unpaid"], second["trustee.paid"]) == (0, 10)


def test_fees_share_by_what_each_is_owed() -> None:
    fees = "fees: {trustee: {amount: 10}, servicer: {amount: 30}}\n"
    month = books("{pay: fees, to: {pro_rata: [trustee, servicer]}, from: funds}", sections=fees).month(interest=20)

    assert (month["trustee.paid"], month["servicer.paid"]) == (5, 15)


def test_a_yearly_fee_cap_holds_back_the_rest_until_the_end_and_begins_anew_each_year() -> None:
    fees = "fees: {trustee: {amount: 60}}\nledgers: {paid_in_year: {resets: yearly}}\n"
    capped = "{pay: fees, to: trustee, from: funds, limit: 100 - paid_in_year, adds_to: paid_in_year}"
    overflow = "{pay: fees, name: overflow, to: trustee, from: funds}"
    deal = Books(
        CLASSES.replace("pool:", "deal: CAP-1\nclosing_date: 2025-09-20\ndates: {distribution: {day: 15}, accrual: month}\npool:")
        + FUNDS
        + fees
        + waterfall(capped, "{pay: interest, to: A, from: funds}", overflow)
    )

    october, november, december, january = (deal.month(interest=66) for _ in range(4))

    assert [month["paid_in_year"] for month in (october, november, december, january)] == [60, 100, 100, 60]
    assert [month["A.interest_paid"] for month in (october, november, december, january)] == [6, 6, 6, 6]
    assert [month["trustee.paid"] for month in (october, november, december, january)] == [60, 60, 60, 60]
    assert [month.moved("cash.funds", "trustee.fee") for month in (october, november)] == [60, 60]


def test_a_capped_fee_is_paid_after_interest_only_where_cash_is_left() -> None:
    fees = "fees: {trustee: {amount: 60}}\nledgers: {paid_in_year: {resets: yearly}}\n"
    deal = books(
        "{pay: fees, to: trustee, from: funds, limit: 50 - paid_in_year, adds_to: paid_in_year}",
        INTEREST,
        "{pay: fees, to: trustee, from: funds}",
        sections=fees,
    )

    month = deal.month(interest=62)

    assert (month["trustee.paid"], month["notes.interest_paid"], month["trustee.unpaid"]) == (53, 9, 7)


def test_a_payee_without_terms_is_paid_by_formula_only() -> None:
    month = books("{pay: 5% * pool.recovery, to: collector, from: funds}", sections="fees: {collector: {}}\n").month(recovery=200)

    assert (month["collector.paid"], month["collector.unpaid"]) == (10, 0)


# Interest: shortfall, carry, interest on unpaid ----------------------------------------------------------------------------


def test_unpaid_interest_is_carried_and_paid_before_this_months() -> None:
    deal = books(INTEREST)

    first, second = deal.month(interest=8), deal.month(interest=8)

    assert (first["B.interest_paid"], first["B.unpaid_interest"]) == (2, 1)
    assert (second["B.opening_unpaid_interest"], second["B.interest_due"], second["B.interest_paid"], second["B.unpaid_interest"]) == (1, 4, 2, 2)
    assert second.moved("cash.funds", "B.shortfall") == 1


def test_interest_that_is_lost_is_not_brought_forward() -> None:
    deal = books(INTEREST, classes=CLASSES.replace("B: {original_balance: 300, rate: 12%}", "B: {original_balance: 300, rate: 12%, unpaid_interest: lost}"))

    first, second = deal.month(interest=8), deal.month(interest=20)

    assert first["B.interest_paid"] == 2
    assert (second["B.opening_unpaid_interest"], second["B.interest_paid"]) == (0, 3)


def test_interest_on_unpaid_interest_is_kept_apart_paid_first_and_bears_none_itself() -> None:
    classes = CLASSES.replace("rate: 12%}", "rate: 12%, interest_on_unpaid: 24%}")
    deal = books("{pay: interest, to: A, from: funds}", classes=classes)

    deal.month()
    second = deal.month()
    third = deal.month(interest="0.13")

    assert (second["A.interest_due"], second["A.unpaid_interest"]) == (Decimal("12.12"), Decimal("12.12"))  # 6 + 6 + 2% of 6
    assert third["A.interest_due"] == Decimal("18.36")  # 12.12 + 6 + 2% of 12; not of 12.12
    assert third.account("A.interest_on_unpaid") == Decimal("-0.23")  # 0.12 + 0.24 - 0.13
    assert third.account("A.shortfall") == -18


def test_a_shortfall_cuts_the_entitlement_for_good() -> None:
    deal = books("{shortfall: relief, to: {pro_rata: notes, by: interest_accrued}}", INTEREST, sections="reported: {relief: {type: money, missing: 0}}\n")

    first, second = deal.month(interest=20, relief=3), deal.month(interest=20)

    assert (first["A.interest_shortfall"], first["B.interest_shortfall"]) == (2, 1)
    assert (first["A.interest_paid"], first["A.unpaid_interest"]) == (4, 0)
    assert second["A.interest_due"] == 6


def test_a_shortfall_is_at_most_what_accrued() -> None:
    month = books("{shortfall: 100, to: A}", INTEREST).month(interest=20)

    assert (month["A.interest_shortfall"], month["A.interest_paid"]) == (6, 0)


def test_a_shortfall_that_a_deal_repays_is_recorded_in_a_ledger() -> None:
    deal = books(
        "{shortfall: relief, to: A}",
        "{record: relief, as: relief_owed, to: A}",
        INTEREST,
        "{pay: relief_owed, to: A, from: funds}",
        sections="reported: {relief: {type: money, missing: 0}}\nledgers: {relief_owed: {of: [A]}}\n",
    )

    first, second = deal.month(interest=7, relief=2), deal.month(interest=20)

    assert (first["A.interest_paid"], first["A.relief_owed"]) == (4, 2)
    assert (second["A.interest_paid"], second["A.relief_owed"]) == (6, 0)
    assert second.moved("cash.funds", "A.other") == 2


ROUNDED_WHEN_DUE = """
rounding: {interest_rounded: WHEN}
tranches:
  A: {original_balance: 100.50, rate: 12%}
  B: {original_balance: 100.50, rate: 12%}
"""


@pytest.mark.parametrize(
    ("when", "paid", "shortfall"),
    [
        # Accrued is 1.005 each. At once: 1.01 each, and the cent of shortfall goes to the first. When due: 1.005 less 0.005 is 1.00 each.
        ("accrual", ("1.00", "1.01"), ("0.01", "0.00")),
        ("due", ("1.00", "1.00"), ("0.01", "0.01")),
    ],
)
def test_interest_is_rounded_when_it_accrues_or_when_it_is_due(when: str, paid: tuple[str, str], shortfall: tuple[str, str]) -> None:
    deal = books(
        "{shortfall: 0.01, to: {pro_rata: [A, B], by: interest_accrued}}",
        "{pay: interest, to: {sequential: [A, B]}, from: funds}",
        classes=ROUNDED_WHEN_DUE.replace("WHEN", when),
    )

    month = deal.month(interest=5)

    assert (month["A.interest_accrued"], month["B.interest_accrued"]) == (Decimal("1.01"), Decimal("1.01"))
    assert (month["A.interest_paid"], month["B.interest_paid"]) == tuple(map(Decimal, paid))
    assert (month["A.interest_shortfall"], month["B.interest_shortfall"]) == tuple(map(Decimal, shortfall))


def test_a_shortfall_below_a_cent_turns_half_cents_down_where_interest_is_rounded_when_due() -> None:
    deal = books(
        "{shortfall: 0.005, to: {pro_rata: [A, B], by: interest_accrued}}",
        "{pay: interest, to: {sequential: [A, B]}, from: funds}",
        classes=ROUNDED_WHEN_DUE.replace("WHEN", "due"),
    )

    month = deal.month(interest=5)

    assert (month["A.interest_paid"], month["B.interest_paid"]) == (1, 1)  # 1.005 - 0.0025 = 1.0025


def test_an_exact_shortfall_may_be_limited_and_is_at_most_what_accrued() -> None:
    steps = ("{shortfall: 5, to: A, limit: 0.25}", "{shortfall: 5, to: B}", "{shortfall: 5, to: B}")
    month = books(*steps, classes=ROUNDED_WHEN_DUE.replace("WHEN", "due")).month()

    assert (month["A.interest_shortfall"], month["B.interest_shortfall"]) == (Decimal("0.25"), Decimal("1.01"))  # 1.005 - 0.25 = 0.755, which is 0.76


# Losses -----------------------------------------------------------------------------------------------------------------------

LOSSES = (
    "{write_down: notes.balance - pool.balance, to: {sequential: [B, A]}}",
    "{write_up: pool.recovery, to: {sequential: [A, B]}}",
)
AT_PAR = CLASSES.replace("1_000", "900")


def test_a_loss_goes_to_the_most_junior_class_first_and_to_the_next_when_that_is_gone() -> None:
    deal = books(*LOSSES, classes=AT_PAR)

    first, second = deal.month(charge_off=200), deal.month(charge_off=250)

    assert (first["B.realized_loss"], first["A.realized_loss"], first["B.balance"]) == (200, 0, 100)
    assert (second["B.realized_loss"], second["A.realized_loss"]) == (100, 150)
    assert (second["A.balance"], second["B.balance"], second["pool.balance"]) == (450, 0, 450)
    assert second["pool.cumulative_loss"] == 450


def test_a_loss_that_spread_and_overcollateralization_bear_reaches_no_class() -> None:
    month = books(*LOSSES).month(charge_off=100)

    assert month["notes.realized_loss"] == 0
    assert month.moved("loss", "excess") == 100


def test_a_write_up_is_at_most_the_loss_borne() -> None:
    deal = books(*LOSSES, classes=AT_PAR)
    deal.month(charge_off=50)

    month = deal.month(recovery=80)

    assert (month["B.written_up"], month["B.balance"], month["B.cumulative_loss"]) == (50, 300, 0)
    assert month["A.written_up"] == 0


def test_a_write_up_follows_its_own_order() -> None:
    deal = books(*LOSSES, classes=AT_PAR)
    deal.month(charge_off=350)

    month = deal.month(recovery=60)

    assert (month["A.written_up"], month["B.written_up"]) == (50, 10)


def test_a_loss_that_no_class_can_bear_is_a_problem_with_its_figure() -> None:
    with pytest.raises(ProblemsFound, match=r"step 1.*: 20\.00 of loss cannot be written down"):
        books("{write_down: pool.charge_off, to: B}").month(charge_off=320)


def test_a_write_down_may_be_limited() -> None:
    month = books("{write_down: pool.charge_off, to: B, limit: 25}").month(charge_off=100)

    assert month["B.realized_loss"] == 25


# Accretion -----------------------------------------------------------------------------------------------------------------------

WITH_Z = """
tranches:
  A: {original_balance: 600, rate: 12%}
  Z: {original_balance: 300, rate: 12%}
"""


def test_an_accrual_class_adds_its_interest_to_its_balance_and_the_cash_pays_down_the_others() -> None:
    deal = books(
        "{accrete: interest, to: Z, when: A.balance > 0}",
        "{pay: interest, to: {sequential: [A, Z]}, from: funds}",
        "{pay: principal, to: A, from: funds, limit: Z.accreted}",
        classes=WITH_Z,
    )

    first, second = deal.month(interest=9), deal.month(interest=9)

    assert (first["Z.accreted"], first["Z.balance"], first["Z.interest_paid"], first["Z.unpaid_interest"]) == (3, 303, 0, 0)
    assert (first["A.interest_paid"], first["A.principal_paid"]) == (6, 3)
    assert (second["Z.accreted"], second["A.principal_paid"]) == (Decimal("3.03"), Decimal("3.03"))


def test_a_class_accretes_only_the_interest_of_this_period() -> None:
    deal = books("{accrete: interest, to: Z, when: period > 1}", classes=WITH_Z)

    deal.month()
    second = deal.month()

    assert (second["Z.accreted"], second["Z.unpaid_interest"]) == (3, 3)


def test_a_planned_class_is_paid_to_its_schedule_then_support_then_the_planned_class_again() -> None:
    tables = "tables: {planned: {by: period, 1: 590, 2: 580}}\n"
    tree = "{sequential: [{to: A, limit: A.balance - planned}, B, A]}"
    deal = books(f"{{pay: principal, to: {tree}, from: funds}}", sections=tables)

    first, second = deal.month(scheduled_principal=110), deal.month(scheduled_principal=300)

    assert (first["A.balance"], first["B.balance"]) == (590, 200)
    assert (second["A.balance"], second["B.balance"]) == (490, 0)


# Ledgers ---------------------------------------------------------------------------------------------------------------------------

PDL = """
ledgers: {pdl: {of: [A, B], up_to: balance}}
accounts:
  revenue: {collects: [interest]}
  principal: {collects: [scheduled_principal]}
"""


def test_a_principal_deficiency_is_recorded_bottom_up_and_cured_from_revenue_top_down() -> None:
    deal = Books(
        AT_PAR
        + PDL
        + waterfall(
            "{record: pool.charge_off, as: pdl, to: {sequential: [B, A]}}",
            "{pay: A.pdl, to: principal, from: revenue, settles: A.pdl}",
            "{pay: B.pdl, to: principal, from: revenue, settles: B.pdl}",
            "{pay: principal, to: {sequential: notes}, from: principal}",
        )
    )

    first, second = deal.month(charge_off=320, interest=15), deal.month(interest=100)

    assert (first["A.pdl"], first["B.pdl"]) == (5, 300)  # 20 above B's balance go to A; 15 of them are cured
    assert first["A.principal_paid"] == 15
    assert (second["A.pdl"], second["B.pdl"]) == (0, 205)
    # Notes are the pool, the deficiency, and the principal cash not yet paid.
    assert second["notes.balance"] == second["pool.balance + notes.pdl + principal.balance"]


def test_a_negative_record_lowers_and_a_ledger_never_falls_below_zero() -> None:
    deal = books("{record: 30, as: arrears, when: period == 1}", "{record: 0 - 50, as: arrears, when: period == 2}", sections="ledgers: {arrears: {}}\n")

    assert [deal.month()["arrears"] for _ in range(3)] == [30, 0, 0]


def test_a_negative_record_of_a_class_ledger_is_shared_in_the_trees_order() -> None:
    deal = books(
        "{record: 50, as: arrears, to: {sequential: [A, B]}, limit: 40, when: period == 1}",
        "{record: 5, as: arrears, to: B, when: period == 1}",
        "{record: 0 - 43, as: arrears, to: {sequential: [A, B]}, when: period == 2}",
        sections="ledgers: {arrears: {of: notes}}\n",
    )

    first, second = deal.month(), deal.month()

    assert (first["A.arrears"], first["B.arrears"]) == (40, 5)
    assert (second["A.arrears"], second["B.arrears"]) == (0, 2)


@pytest.mark.parametrize(("ledger", "read"), [("{}", "arrears"), ("{of: [A]}", "A.arrears")])
def test_an_amount_paid_for_a_ledger_lowers_it_whether_the_deals_or_the_classs(ledger: str, read: str) -> None:
    to = ", to: A" if "of" in ledger else ""
    deal = books(f"{{record: 30, as: arrears{to}}}", "{pay: 20, to: A, from: funds, as: arrears}", sections=f"ledgers: {{arrears: {ledger}}}\n")

    month = deal.month(interest=50)

    assert (month[read], month.moved("cash.funds", "A.other"), month["A.interest_paid"]) == (10, 20, 0)


def test_a_ledger_that_resets_each_period_begins_at_zero() -> None:
    deal = books("{pay: principal, to: A, from: funds, adds_to: moved}", sections="ledgers: {moved: {resets: period}}\n")

    assert [deal.month(interest=amount)["moved"] for amount in (20, 5)] == [20, 5]


def test_basis_risk_is_what_an_uncapped_rate_would_have_accrued_and_is_paid_later() -> None:
    deal = books(
        "{record: 'interest(A, uncapped) - A.interest_accrued + interest(A, uncapped, A.basis_risk)', as: basis_risk, to: A}",
        "{pay: interest, to: A, from: funds}",
        "{pay: basis_risk, to: A, from: funds}",
        sections="ledgers: {basis_risk: {of: [A]}}\nratios: {uncapped: 24%}\n",
    )

    first, second = deal.month(interest=6), deal.month(interest="20.06")

    assert first["A.basis_risk"] == 6
    assert second["A.basis_risk"] == 0
    assert second.moved("cash.funds", "A.other") == Decimal("12.12")  # 6 + 6 + 2% of 6
    assert second["funds.balance"] == Decimal("1.94")


# Triggers and the call -------------------------------------------------------------------------------------------------------------------

TRIGGERS = """
triggers:
  cured: {fails_when: pool.charge_off > 10}
  for_good: {fails_when: pool.charge_off > 10, curable: false}
  later: {fails_when: pool.charge_off > 10, tested: closing}
  either: {fails_when: cured or later}
"""


def test_a_trigger_holds_for_the_period_is_cured_or_not_and_counts_later_where_tested_at_closing() -> None:
    deal = books(
        "{pay: principal, to: A, from: funds, limit: 1, when: cured}",
        "{pay: principal, to: A, from: funds, limit: 10, when: for_good}",
        "{pay: principal, to: A, from: funds, limit: 100, when: later}",
        "{pay: principal, to: B, from: funds, limit: 1, when: either}",
        sections=TRIGGERS,
    )

    months = [deal.month(scheduled_principal=120, charge_off=loss) for loss in (0, 20, 0, 0)]

    assert [month["A.principal_paid"] for month in months] == [0, 11, 110, 10]
    assert [month["B.principal_paid"] for month in months] == [0, 1, 1, 0]


def test_a_trigger_is_judged_before_the_first_step() -> None:
    deal = books(PRINCIPAL, "{pay: rest, to: R, from: funds, when: thick}", sections="triggers: {thick: {fails_when: A.balance > 550}}\n")

    month = deal.month(scheduled_principal=600)

    assert month["thick"] is True
    assert month["A.balance"] == 0


def test_a_call_is_refused_until_the_deal_allows_it() -> None:
    called = "{pay: principal, to: {sequential: notes}, from: funds, limit: if called then tranches.balance else 10}"
    deal = books(called, sections="call: {allowed_when: pool.factor < 50%}\n")
    with pytest.raises(ProblemsFound, match="the call is not allowed now"):
        deal.month(fact("call"), scheduled_principal=100)

    deal.month(scheduled_principal=100)
    month = deal.month(fact("call"), scheduled_principal=800)

    assert month["called"] is True
    assert month["notes.balance"] == 0


# Balances finer than the cent ----------------------------------------------------------------------------------------------------------------


def test_a_balance_carried_finer_than_the_cent_is_paid_in_cents_and_rounding_keeps_the_rest() -> None:
    deal = Books(
        "rounding: {carry: 0.0001}\n"
        "tranches: {A: {original_balance: 100, rate: 10%}}\n"
        + FUNDS
        + waterfall("{pay: interest, to: A, from: funds}", "{pay: principal, to: A, from: funds, limit: 33.3333}")
    )

    first, second = deal.month(interest=50), deal.month(interest=50)

    assert (first["A.interest_paid"], first["A.principal_paid"], first["A.balance"]) == (Decimal("0.8333"), Decimal("33.3333"), Decimal("66.6667"))
    assert first.account("cash.funds") == Decimal("15.84")  # 50 - 0.83 - 33.33: cash moves in cents
    assert first.account("rounding") == Decimal("-0.0066")  # -0.0033 and -0.0033
    assert second.account("cash.funds") == Decimal("31.95")  # + 50 - 0.56 - 33.33
    assert second.account("rounding") == Decimal("-0.0066") + Decimal("0.0044") - Decimal("0.0033")  # 0.5556 is paid as 0.56


# Accounts without cash --------------------------------------------------------------------------------------------------------------------------


def test_a_reference_class_is_paid_from_an_account_of_entitlement_and_no_cash_moves() -> None:
    deal = Books("""
        events: {stated_principal: {cash: in, pool: down}}
        pool: {original_balance: 1_000}
        tranches: {H: {original_balance: 900, kind: reference}, M: {original_balance: 100, rate: 12%}}
        accounts: {issuer: {collects: [deposit]}, reference: {cash: false, collects: [stated_principal]}}
        waterfall:
          - {pay: interest, to: M, from: issuer}
          - {pay: principal, to: {pro_rata: [H, M]}, from: reference}
    """)

    month = deal.month(stated_principal=50, deposit=10)

    assert (month["H.balance"], month["M.balance"]) == (855, 95)
    assert month["issuer.balance"] == 9
    assert month.moved("entitlement.reference", "H.principal") == 45
    assert month.account("entitlement.reference") == 0
