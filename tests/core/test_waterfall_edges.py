"""Edges of the waterfall that a small mistake in its code would move, and that no larger story shows: found by `python -m tests.mutation`."""

from __future__ import annotations

from decimal import Decimal

from ledger.core import posting
from tests.core.test_waterfall import INTEREST, REST, books


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
