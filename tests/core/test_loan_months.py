"""What a row of a servicer's file comes to: events on change, cent by cent, and what it cannot explain as a difference."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from ledger.core.events import Event
from ledger.core.loan_months import (
    DIFFERENCE,
    LOSS_TAKEN_BACK,
    REPORTED_ADJUSTMENT,
    RESTATED,
    LoanMonth,
    LoansBefore,
    changes,
    days_past_due,
    not_reported,
    purchase,
)

BOOKS = LoansBefore({"L": 1_000_00}, {"gone": 40_00}, {"L", "gone", "paid"}.__contains__)
EMPTY = LoansBefore({}, is_empty=True)


def said(loan: str = "L", opening: int | None = 1_000_00, closing: int | None = 1_000_00, **columns: object) -> LoanMonth:
    return LoanMonth(7, loan, opening_balance=opening, closing_balance=closing, **columns)  # type: ignore[arg-type]  # by name


def amounts(events: tuple[Event, ...]) -> dict[str, int]:
    """The money of each event, by its kind and, where it has a reason, the reason."""
    return {
        event.code if event.kind == "pool_adjustment" and event.code else event.kind: event.amount if event.amount is not None else event.principal or 0
        for event in events
    }


def test_usual_month_is_one_payment() -> None:
    paid = date(2025, 2, 1)
    change = changes(said(closing=990_00, scheduled_principal=10_00, interest=5_00, fee=25, rate="0.06", delinquency=30, state="reo", paid_through=paid), BOOKS)

    assert change.outcome == "changed"
    usual = Event(
        0, "payment", "L", principal=10_00, interest=5_00, fee=25, balance=990_00, rate="0.06", delinquency=30, code="reo", effective_on=paid, source_row=7
    )
    assert change.events == (usual,)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (said(closing=940_00, scheduled_principal=10_00, unscheduled_principal=50_00), {"payment": 10_00, "curtailment": 50_00}),
        (said(closing=0, scheduled_principal=10_00, unscheduled_principal=990_00), {"payment": 10_00, "payoff": 990_00}),
        (said(closing=940_00, principal=60_00, scheduled_principal=10_00), {"payment": 10_00, "curtailment": 50_00}),  # due first, the rest came ahead
        (said(closing=994_00, principal=6_00, scheduled_principal=10_00), {"payment": 6_00}),
        (said(closing=1_006_00, principal=-6_00, scheduled_principal=10_00), {"payment": -6_00}),  # a payment that was reversed
        (said(closing=940_00), {"payment": 60_00}),  # nothing stated: by what the balance fell
        (said(closing=940_00, capitalized_interest=4_00, adjustment=1_00), {"payment": 65_00, "capitalized_interest": 4_00, REPORTED_ADJUSTMENT: 1_00}),
        (said(closing=940_00, realized_loss=45_00), {"payment": 15_00, "modification_loss": 45_00}),  # what was lost was not paid
        (said(closing=0, realized_loss=45_00, end="paid_off"), {"payment": 0, "payoff": 955_00, "modification_loss": 45_00}),
        (said(closing=0, loss=700_00, unscheduled_principal=300_00), {"payment": 0, "liquidation_proceeds": 300_00, "realized_loss": 700_00}),
        (
            said(closing=0, loss=-5_00, unscheduled_principal=1_005_00, end="liquidated"),  # a gain
            {"payment": 0, "liquidation_proceeds": 1_005_00, "realized_loss": -5_00},
        ),
        (said(closing=999_00, scheduled_principal=1_00, prepayment_premium=50_00), {"payment": 1_00, "prepayment_premium": 50_00}),
        (said(closing=0), {"payment": 0, "payoff": 1_000_00}),
        (said(closing=0, unscheduled_principal=1_000_00, end="repurchased"), {"payment": 0, "repurchase": 1_000_00}),
        (
            said(closing=0, unscheduled_principal=300_00, realized_loss=700_00, end="liquidated"),
            {"payment": 0, "liquidation_proceeds": 300_00, "realized_loss": 700_00},
        ),
        (
            said(closing=0, proceeds=300_00, expense=20_00, end="liquidated"),  # balance and expenses less proceeds
            {"payment": 0, "liquidation_expense": 20_00, "liquidation_proceeds": 300_00, "realized_loss": 720_00},
        ),
        (said(closing=0, principal=100_00, charge_off=900_00), {"payment": 100_00, "charge_off": 900_00}),
        (said(closing=0, end="charged_off"), {"payment": 0, "charge_off": 1_000_00}),
        (said(closing=960_00, charge_off=40_00), {"payment": 0, "charge_off": 40_00}),
        (said(closing=960_00, scheduled_principal=0, realized_loss=40_00), {"payment": 0, "modification_loss": 40_00}),  # lost while the loan goes on
        (said(closing=1_003_00, scheduled_principal=0, adjustment=3_00), {"payment": 0, REPORTED_ADJUSTMENT: 3_00}),
        (said(scheduled_principal=0, recovery=5_00), {"payment": 0, "recovery": 5_00}),
    ],
)
def test_movements_of_a_live_loan(row: LoanMonth, expected: dict[str, int]) -> None:
    change = changes(row, BOOKS)

    assert amounts(change.events) == expected
    assert (change.restated, change.difference) == (0, 0)


def test_balance_that_its_movements_do_not_lead_to_is_a_difference() -> None:
    change = changes(said(closing=993_00, scheduled_principal=10_00), BOOKS)

    assert change.difference == 3_00
    assert amounts(change.events) == {"payment": 10_00, DIFFERENCE: 3_00}


def test_opening_balance_that_is_not_the_last_closing_one_was_restated() -> None:
    change = changes(said(opening=1_002_00, closing=992_00, scheduled_principal=10_00), BOOKS)

    assert (change.restated, change.difference) == (2_00, 0)
    assert amounts(change.events) == {"payment": 10_00, RESTATED: 2_00}


def test_negative_closing_balance_is_an_end_with_a_difference() -> None:
    change = changes(said(closing=-6_30, principal=1_006_30), BOOKS)

    assert change.outcome == "ended"
    assert change.events[0].balance == 0
    assert change.difference == 6_30


def test_loss_that_was_booked_is_no_news_and_one_taken_back_raises_the_balance() -> None:
    books = LoansBefore({"L": 960_00}, {"L": 40_00}, {"L"}.__contains__)

    assert amounts(changes(said(opening=960_00, closing=960_00, scheduled_principal=0, realized_loss=40_00), books).events) == {"payment": 0}
    assert amounts(changes(said(opening=960_00, closing=970_00, scheduled_principal=0, realized_loss=30_00), books).events) == {
        "payment": 0,
        LOSS_TAKEN_BACK: 10_00,
    }


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (said("gone", 0, 0, realized_loss=40_00), {}),  # every later file repeats it
        (said("gone", 0, 0), {}),
        (said("gone", None, None, recovery=-50_50), {"recovery": -50_50}),  # a stub, and a recovery of the other sign
        (said("gone", 0, 0, charge_off=1_000_00, end="charged_off"), {}),
        (said("gone", 0, 0, realized_loss=45_00), {"liquidation_expense": 5_00, "realized_loss": 5_00}),  # an expense that came late
        (said("gone", 0, 0, realized_loss=38_00), {"subsequent_recovery": 2_00}),
        (said("gone", 0, 0, realized_loss=0), {}),  # the field was cleared
        (said("gone", 0, 0, loss=40_00), {}),  # a loss of the month that is the one booked, said again
        (said("gone", 0, 0, loss=5_00), {"liquidation_expense": 5_00, "realized_loss": 5_00}),
        (said("gone", 0, 0, loss=-2_00), {"recovery": 2_00}),
        (said("paid", 0, 0, realized_loss=9_00), {}),  # no loss was ever booked of it: nothing that it could restate
    ],
)
def test_loan_that_ended_says_only_what_is_new(row: LoanMonth, expected: dict[str, int]) -> None:
    change = changes(row, BOOKS)

    assert change.outcome == "ended before"
    assert amounts(change.events) == expected


def test_first_file_sets_its_loans_up() -> None:
    maturity = date(2050, 1, 1)
    change = changes(said(closing=990_00, scheduled_principal=10_00, rate="0.06", maturity=maturity), EMPTY)

    assert change.outcome == "new"
    assert change.events[0] == Event(0, "loan_setup", "L", balance=1_000_00, rate="0.06", effective_on=maturity, source_row=7)
    assert change.events[1].balance == 990_00


def test_stub_of_a_live_loan_says_nothing_of_its_balance() -> None:
    assert changes(said(opening=None, closing=None), BOOKS) == ("without figures", (), 0, 0)


@pytest.mark.parametrize(("opening", "closing"), [(0, 0), (None, 0), (0, None)])
def test_loan_that_never_was_and_has_nothing_is_left_alone(opening: int | None, closing: int | None) -> None:
    assert changes(said("other", opening, closing), BOOKS) == ("unknown", (), 0, 0)


def test_loan_that_comes_later_is_bought_at_its_opening_balance() -> None:
    row = said("other", 500_00, 490_00, scheduled_principal=10_00)

    assert changes(row, BOOKS).outcome == "unknown"
    assert purchase(row) == Event(0, "purchase", "other", amount=500_00, source_row=7)
    assert amounts(changes(row, BOOKS).events) == {"payment": 10_00}


def test_loan_of_a_format_without_opening_balances_comes_at_its_closing_one() -> None:
    row = said("other", None, 490_00)

    assert amounts(changes(row, EMPTY).events) == {"loan_setup": 0, "payment": 0}
    assert changes(row, EMPTY).events[0].balance == 490_00
    assert purchase(row).amount == 490_00
    assert changes(row, BOOKS)[2:] == (0, 0)


@pytest.mark.parametrize(
    ("next_due", "mba", "ots"),
    [
        (date(2025, 2, 1), 0, 0),
        (date(2025, 1, 1), 30, 0),  # the next one is due tomorrow
        (date(2024, 12, 1), 60, 30),
        (date(2025, 1, 15), 0, 0),
        (date(2024, 12, 31), 30, 30),
        (date(2023, 12, 1), 420, 390),
        (date(2025, 8, 1), 0, 0),  # paid ahead
    ],
)
def test_days_past_due_are_counted_by_either_method(next_due: date, mba: int, ots: int) -> None:
    assert days_past_due(next_due, date(2025, 1, 31), "MBA") == mba
    assert days_past_due(next_due, date(2025, 1, 31), "OTS") == ots


def test_loan_that_is_left_out_stands_as_it_stood() -> None:
    assert not_reported("L", 5_00) == Event(0, "payment", "L", balance=5_00, code="not_reported")


@pytest.mark.parametrize(
    ("columns", "fee"),
    [
        ({"fee": 1_23, "rate": "0.06", "fee_rate": "0.01"}, 1_23),  # what is stated goes before what follows from a rate
        ({"rate": "0.06", "fee_rate": "0.0025"}, 21),  # 5.00 x 0.25 / 6 = 0.2083
        ({"rate": "0.06", "net_rate": "0.0575"}, 21),
        ({"rate": "0.06", "net_rate": "0.06"}, None),
        ({"rate": "0.06"}, None),
        ({"rate": "0", "fee_rate": "0.0025"}, None),
        ({"fee_rate": "0.0025"}, None),
    ],
)
def test_fee_is_stated_or_the_part_of_the_interest_that_its_rate_is(columns: dict[str, Any], fee: int | None) -> None:
    assert changes(said(interest=5_00, scheduled_principal=0, **columns), BOOKS).events[0].fee == fee


def test_fee_of_an_interest_of_whole_days_is_what_its_net_interest_leaves() -> None:
    row = said(opening=1_000_10, closing=1_000_10, scheduled_principal=0, interest=5_17, rate="0.06", net_rate="0.0588")

    assert changes(row, BOOKS).events[0].fee == 11  # 31 days: 5.17 less 1,000.10 x 5.88 % x 31 / 360 = 5.0638, where 5.17 x 0.12 / 6 is 0.1034
