"""A deal file that was wrong from a closed period on: the difference booked in the open one, or the closed ones reopened."""

from __future__ import annotations

import pytest

from ledger import service
from ledger.core.correction import Treatment
from ledger.core.problems import ProblemsFound
from ledger.store.engine import Store
from tests.core.test_worked_example import DEAL
from tests.service.example import MONTHS, NAME, accounts, bank, closing, distribute, figure, months, remit, statement, units

ONE, TWO, THREE, FOUR, FIVE = MONTHS
FEE_350 = DEAL.replace("amount: 400", "amount: 350")


def correct_terms(store: Store, text: str, effective: str, treatment: Treatment | None = None) -> service.CorrectedTerms:
    return service.correct_terms(
        store, NAME, text.encode(), "deal.yaml", effective=effective, reason="the fee letter", treatment=treatment, actor="checker"
    )  # fmt: skip


def test_a_fee_that_was_too_high_is_taken_from_the_next_one(store: Store) -> None:
    months(store, 1)

    done = correct_terms(store, FEE_350, ONE)
    remit(store, TWO)
    distribute(store)

    assert [(str(one.period), found.subject, found.amount) for one in done.periods for found in one.booked] == [(ONE, "servicing", -50_00)]
    shown = statement(store, TWO)
    assert [figure(shown, "servicing", item) for item in ("accrued", "due", "paid")] == ["350.00", "300.00", "300.00"]
    assert [figure(statement(store, ONE), "servicing", f"paid{ending}") for ending in ("", "_adjustments", "_restated")] == ["400.00", "-50.00", "350.00"]
    assert service.verify(store, NAME).problems == ()


def test_a_fee_that_took_the_spread_of_a_loss_gives_the_loss_back(store: Store) -> None:
    """50 of fee too much were 50 of turbo too little, and so 50 of write-down too much."""
    months(store, 2)

    done = correct_terms(store, FEE_350, TWO)
    remit(store, THREE)
    distribute(store)

    assert [(found.subject, found.amount) for found in done.periods[0].booked] == [("servicing", -50_00), ("B.realized_loss", -50_00)]
    assert figure(statement(store, THREE), "B", "opening_balance") == "120450.00"
    ((moved,),) = (part.parts for part in service.explain(store, NAME, "B", item="realized_loss", on=THREE).figures["realized_loss"].parts)
    assert (moved.label, moved.value) == ("adjustment: B.realized_loss", -50_00)
    assert [figure(statement(store, TWO), "B", f"realized_loss{ending}") for ending in ("", "_restated")] == ["29600.00", "29550.00"]
    assert service.verify(store, NAME).problems == ()


def test_a_rate_that_was_wrong_is_made_good_class_by_class(store: Store) -> None:
    months(store, 1)

    done = correct_terms(store, DEAL.replace("rate: 6%", "rate: 6.06%"), ONE)

    booked = [(str(one.period), found.subject, found.amount) for one in done.periods for found in one.booked]
    assert booked == [(ONE, "A.unpaid_interest", 40_00)]  # 800,000 at 0.06 % over a month


def test_a_second_correction_books_only_what_the_first_left(store: Store) -> None:
    months(store, 2)
    correct_terms(store, FEE_350, ONE)
    remit(store, THREE)
    distribute(store)

    done = correct_terms(store, DEAL.replace("amount: 400", "amount: 340"), ONE)

    booked = [(str(one.period), found.amount) for one in done.periods for found in one.booked if found.subject == "servicing"]
    assert booked == [(ONE, -10_00), (TWO, -10_00)]
    assert str(done.until) == THREE  # from there on the file of the first correction counts


def test_the_worked_example_reopened_for_its_fee(store: Store) -> None:
    """Month 3 of the example reopened: fee 350, refill 299, and the servicer owes 50."""
    months(store, 3)
    held = bank(store)

    done = correct_terms(store, FEE_350, THREE, "reopen")

    assert [str(run.key) for run in done.reopened] == [THREE]
    assert closing(store)[:5] == (842_000, -719_600, -122_400, 0, 9_399)
    found = units(store)
    assert (found["cash.settlement"], found["owed.servicing"]) == (-50_00, 50_00)
    assert bank(store) == held
    assert statement(store, THREE).owed == {"servicing": -50_00}
    assert service.verify(store, NAME).problems == ()


def test_losses_that_should_have_fallen_on_another_class_are_moved(store: Store) -> None:
    months(store, 2)

    done = correct_terms(store, DEAL.replace("pool.balance, to: {sequential: [B, A]}", "pool.balance, to: {sequential: [A, B]}"), TWO)

    assert [(found.subject, found.amount) for found in done.periods[0].booked] == [("A.realized_loss", 29_600_00), ("B.realized_loss", -29_600_00)]


def test_an_open_period_is_amended_and_not_corrected(store: Store) -> None:
    months(store, 1)

    with pytest.raises(ProblemsFound, match="use `tranche deal amend"):
        correct_terms(store, FEE_350, TWO)
    assert "owed.servicing" not in accounts(store)
