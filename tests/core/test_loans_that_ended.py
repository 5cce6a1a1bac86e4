"""What a servicer's file still says of loans that ended: cash that comes late, and a balance that stands again."""

from __future__ import annotations

from ledger.core.loan_months import REINSTATED, LoanMonth, LoansBefore, changes

BEFORE = LoansBefore({"live": 500_00}, has_ended={"live", "gone"}.__contains__)


def said_of(month: LoanMonth) -> list[tuple[str, int | None]]:
    return [(event.kind, event.amount if event.principal is None else event.principal) for event in changes(month, BEFORE).events]


def test_total_that_leaves_nothing_is_a_payoff_where_nothing_says_what_was_due() -> None:
    month = LoanMonth(1, "live", opening_balance=500_00, closing_balance=0, principal=500_00)

    assert said_of(month) == [("payment", 0), ("payoff", 500_00)]


def test_total_is_parted_by_what_was_due_of_it() -> None:
    month = LoanMonth(1, "live", opening_balance=500_00, closing_balance=0, principal=500_00, scheduled_principal=20_00)

    assert said_of(month) == [("payment", 20_00), ("payoff", 480_00)]


def test_total_before_a_charge_off_is_scheduled() -> None:
    month = LoanMonth(1, "live", opening_balance=500_00, closing_balance=0, principal=100_00, charge_off=400_00)

    assert said_of(month) == [("payment", 100_00), ("charge_off", 400_00)]


def test_what_is_collected_on_a_loan_that_ended_is_a_recovery() -> None:
    month = LoanMonth(1, "gone", opening_balance=0, closing_balance=0, principal=-9_58, interest=29_58, recovery=5_00)

    assert said_of(month) == [("recovery", 25_00)]


def test_excess_of_a_payoff_that_was_interest_after_all_is_no_cash() -> None:
    month = LoanMonth(1, "gone", opening_balance=-103_44, closing_balance=0, principal=-103_44, interest=103_44)

    assert said_of(month) == []


def test_loan_that_ended_comes_back_by_an_adjustment_that_says_so() -> None:
    change = changes(LoanMonth(1, "gone", opening_balance=0, closing_balance=4_387_68, principal=0, interest=79_74), BEFORE)

    assert (change.outcome, change.difference) == ("changed", 4_387_68)
    payment, adjustment = change.events
    assert (payment.kind, payment.principal, payment.interest, payment.balance) == ("payment", 0, 79_74, 4_387_68)
    assert (adjustment.kind, adjustment.amount, adjustment.code) == ("pool_adjustment", 4_387_68, REINSTATED)
