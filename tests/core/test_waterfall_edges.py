"""Edges of the waterfall that a small mistake in its code would move, and that no larger story shows: found by `python -m tests.mutation`."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ledger.core import posting
from ledger.core.problems import ProblemsFound
from tests.core.deals import Books
from tests.core.test_waterfall import CLASSES, INTEREST, REST, books


def test_a_second_shortfall_cuts_only_what_the_first_one_left() -> None:
    month = books("{shortfall: 4, to: A}", "{shortfall: 4, to: A}", INTEREST).month(interest=20)

    assert month["A.interest_accrued"] == 6
    assert month["A.interest_shortfall"] == 6
    assert month["A.interest_paid"] == 0


def test_a_ledger_up_to_the_balance_takes_no_more_once_it_is_full() -> None:
    deal = books("{record: 400, as: pdl, to: A}", sections="ledgers: {pdl: {of: [A], up_to: balance}}\n")

    first, second = deal.month(), deal.month()

    assert (first["A.pdl"], second["A.pdl"]) == (400, 600)


def test_what_is_left_goes_to_the_residuals_own_account() -> None:
    month = books(INTEREST, REST).month(interest=30)

    assert month.moved("cash.funds", posting.residual("R")) == 21
    assert month.moved("cash.funds", posting.interest("R")) == 0


def test_an_income_of_a_class_that_is_no_principal_may_be_more_than_its_balance() -> None:
    month = books("{pay: 700, to: A, from: funds, as: interest}").month(scheduled_principal=900)

    assert month["funds.balance"] == 200
    assert month["A.balance"] == 600


def test_a_full_ledger_does_not_keep_the_next_class_from_its_own() -> None:
    deal = books("{record: 400, as: pdl, to: {sequential: [B, A]}}", sections="ledgers: {pdl: {of: [A, B], up_to: balance}}\n")

    first, second = deal.month(), deal.month()

    assert (first["B.pdl"], first["A.pdl"]) == (300, 100)
    assert (second["B.pdl"], second["A.pdl"]) == (300, 500)


def test_an_empty_account_settles_nothing() -> None:
    deal = books(
        "{record: 10, as: arrears}",
        "{pay: 4, to: R, from: [spare, funds], settles: arrears}",
        sections="ledgers: {arrears: {}}\n",
        accounts="accounts:\n  spare: {}\n  funds: {collects: [interest, scheduled_principal]}\n",
    )

    assert deal.month(interest=20)["arrears"] == 6


def test_a_single_cent_is_paid_and_recorded_as_any_amount_is() -> None:
    deal = books("{record: 0.01, as: pdl, to: A}", INTEREST, sections="ledgers: {pdl: {of: [A]}}\n")

    month = deal.month(interest="0.01")

    assert month["A.interest_paid"] == Decimal("0.01")
    assert month["A.pdl"] == Decimal("0.01")


def test_entitlements_move_to_the_last_place_also_where_their_number_is_odd() -> None:
    deal = Books("""
        events: {stated_principal: {cash: in, pool: down}}
        pool: {original_balance: 1_000}
        tranches: {H: {original_balance: 1_000, kind: reference}}
        accounts: {reference: {cash: false, collects: [stated_principal]}}
        waterfall: [{pay: principal, to: H, from: reference}]
    """)

    assert deal.month(stated_principal="0.03")["H.balance"] == Decimal("999.97")


ROUNDED_WHEN_DUE = "rounding: {interest_rounded: due}\n"


@pytest.mark.parametrize("sections", ["", ROUNDED_WHEN_DUE])
def test_a_shortfall_passes_over_a_class_that_accrued_nothing(sections: str) -> None:
    classes = CLASSES.replace("B: {original_balance: 300, rate: 12%}", "B: {original_balance: 300, rate: 0%}")

    month = books("{shortfall: 4, to: {sequential: [B, A]}}", INTEREST, sections=sections, classes=classes).month(interest=20)

    assert (month["B.interest_shortfall"], month["A.interest_shortfall"]) == (0, 4)
    assert (month["B.interest_paid"], month["A.interest_paid"]) == (0, 2)


@pytest.mark.parametrize("sections", ["", ROUNDED_WHEN_DUE])
def test_a_shortfall_is_not_read_where_there_is_nothing_to_cut(sections: str) -> None:
    """Else a formula that divides by what is paid off would stop every later month."""
    step = "{shortfall: pool.balance * pool.balance / B.balance, to: B}"
    classes = CLASSES.replace("B: {original_balance: 300, rate: 12%}", "B: {original_balance: 0, rate: 12%}")

    assert books(step, INTEREST, sections=sections, classes=classes).month(interest=20)["B.interest_shortfall"] == 0


@pytest.mark.parametrize("sections", ["", ROUNDED_WHEN_DUE])
@pytest.mark.parametrize("step", ["{shortfall: 0, to: A}", "{shortfall: 0 - 5, to: A}", "{shortfall: 4, to: A, limit: 0}"])
def test_a_shortfall_of_nothing_cuts_nothing(sections: str, step: str) -> None:
    month = books(step, INTEREST, sections=sections).month(interest=20)

    assert (month["A.interest_shortfall"], month["A.interest_paid"]) == (0, 6)


def test_a_single_unpaid_cent_bears_interest_where_its_rate_is_high_enough() -> None:
    deal = books(
        INTEREST, classes=CLASSES.replace("A: {original_balance: 600, rate: 12%}", "A: {original_balance: 600, rate: 12%, interest_on_unpaid: 1_200%}")
    )

    second = [deal.month(interest="5.99"), deal.month(interest=0)][1]

    assert second["A.opening_unpaid_interest"] == Decimal("0.01")
    assert second.account("A.interest_on_unpaid") == Decimal("-0.01")  # 1,200 % of it for a month


def test_an_exact_shortfall_passes_over_a_class_that_is_retired() -> None:
    deal = books(
        "{shortfall: if period == 1 then 0 else 4, to: {sequential: [B, A]}}", INTEREST, "{pay: principal, to: B, from: funds}", sections=ROUNDED_WHEN_DUE
    )

    second = [deal.month(interest=20, scheduled_principal=300), deal.month(interest=20)][1]

    assert (second["B.balance"], second["B.interest_shortfall"], second["A.interest_shortfall"]) == (0, 0, 4)


def test_a_loss_that_finds_no_balance_is_refused_whole() -> None:
    with pytest.raises(ProblemsFound, match=r"5\.00 of loss cannot be written down: no class of the step has a balance left"):
        books("{pay: principal, to: A, from: funds}", "{write_down: 5, to: A}").month(scheduled_principal=600)
