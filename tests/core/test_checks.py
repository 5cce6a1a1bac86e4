"""Each check has a month in which it fires; where the program itself would have to be wrong, the month is tampered with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from ledger.core import checks
from ledger.core.collections import Collections
from ledger.core.distribution import Distribution
from ledger.core.events import Event
from ledger.core.money import LIMIT
from ledger.core.problems import ProblemsFound
from ledger.core.state import Running
from tests.core.deals import Books, fact

DEAL = """
pool: {original_balance: 1_000}
tranches:
  A: {original_balance: 600, rate: 12%}
  B: {original_balance: 300, rate: 12%}
accounts:
  funds: {collects: [interest, scheduled_principal, purchase, withdrawal, recovery]}
  reserve: {opening: 50}
waterfall:
  - {pay: interest, to: {sequential: [A, B]}, from: [funds, reserve]}
  - {pay: principal, to: {sequential: [A, B]}, from: funds}
  - {write_down: tranches.balance - pool.balance, to: {sequential: [B, A]}}
  - {write_up: pool.recovery, to: {sequential: [A, B]}}
"""


def problems(*facts: tuple, **reported: int) -> str:  # type: ignore[type-arg]  # a fact of tests.core.deals
    with pytest.raises(ProblemsFound) as stopped:
        Books(DEAL).month(*facts, **reported)
    return str(stopped.value)


def test_a_purchase_beyond_the_cash_is_refused() -> None:
    assert "cash.funds would be -25.00" in problems(interest=5, purchase=30)


def test_more_principal_than_the_pool_holds_is_refused() -> None:
    assert "pool would be -100.00; more principal is reported than the pool holds" in problems(scheduled_principal=1_100)


def test_a_class_below_zero_is_refused() -> None:
    assert "A.principal would be overpaid by 100.00" in problems(fact("adjustment", "A", -700), interest=9)


def test_a_closing_balance_that_the_servicer_states_otherwise_is_refused() -> None:
    said = problems(fact("closing_balance", "pool", balance=905), fact("closing_balance", "reserve", balance=49), interest=9, scheduled_principal=100)

    assert "pool closes at 900.00, reported is 905.00" in said
    assert "reserve closes at 50.00, reported is 49.00" in said


def test_money_that_one_payee_should_have_had_and_no_other_had_is_refused() -> None:
    said = problems(fact("adjustment", "A.principal_paid", 5), fact("adjustment", "B.principal_paid", -3), interest=9)

    assert "2.00 stands on one side only; adjust what the other payee was paid by as much" in said


def test_closing_balances_that_agree_pass() -> None:
    month = Books(DEAL).month(fact("closing_balance", "pool", balance=900), fact("closing_balance", "reserve", balance=50), interest=9, scheduled_principal=100)

    assert month["pool.balance"] == 900


Tamper = Callable[[Running, Distribution], Distribution]


def _balance(account: str, change: int) -> Tamper:
    def tamper(run: Running, distribution: Distribution) -> Distribution:
        run.balances[account] += change
        return distribution

    return tamper


def _figure(item: str, change: int) -> Tamper:
    def tamper(run: Running, distribution: Distribution) -> Distribution:
        run.figures[item] += change
        return distribution

    return tamper


def _posting(index: int, **changed: object) -> Tamper:
    def tamper(_run: Running, distribution: Distribution) -> Distribution:
        postings = list(distribution.postings)
        postings[index] = postings[index]._replace(**changed)  # type: ignore[arg-type]  # the names of a posting's fields
        return replace(distribution, postings=tuple(postings))

    return tamper


def _unclosed(account: str, change: int) -> Tamper:
    def tamper(_run: Running, distribution: Distribution) -> Distribution:
        closing = {**distribution.closing.balances, account: distribution.closing.balances.get(account, 0) + change}
        return replace(distribution, closing=replace(distribution.closing, balances=closing))

    return tamper


@pytest.mark.parametrize(
    ("check", "tamper", "fact"),
    [
        (checks.no_cash_below_zero, _balance("cash.reserve", -5_001), "cash.reserve would be -0.01"),
        (checks.no_class_is_overpaid, _balance("A.interest", 1), "A.interest would be overpaid by 0.01"),
        (checks.loss_is_allocated, _balance("loss", 7), "a loss of 0.07 is left unallocated"),
        (checks.written_down_losses_match_the_balances, _figure("B.written_up", 1), "class B is written up beyond the loss it bore, by 0.01"),
        (checks.written_down_losses_match_the_balances, _balance("A.principal", -1), "class A opens at 600.00, moves by -96.00 and closes at 504.01"),
        (checks.sources_equal_uses_by_step, _posting(-1, item=""), "step 2 took 96.00 out of accounts and gave 0.00 to payees"),
        (checks.sources_equal_uses, _posting(-1, source="excess"), "sources of funds are 155.00, uses and what is left 59.00"),
        (checks.sources_equal_uses, _unclosed("due.funds", 1), "sources of funds are 155.00, uses and what is left 155.01"),
        (checks.rounding_is_below_half_a_cent_a_payment, _posting(-1, destination="rounding", amount=6), "rounds by 0.06"),
        (checks.opening_and_postings_give_closing, _unclosed("cash.reserve", 1), "cash.reserve opens at 50.00, receives 0.00, pays 0.00 and closes at 50.01"),
        (
            checks.amounts_can_be_held,
            _balance("borrowers.payahead", 2**63),
            "borrowers.payahead would hold 92,233,720,368,547,758.08, more than the books' 92,233,720,368,547,758.07",
        ),
        (checks.what_closed_periods_left_is_matched, _balance("owed.A", -3), "0.03 stands on one side only"),
        (checks.what_closed_periods_left_is_matched, _balance("misapplied.A", 3), "0.03 stands on one side only"),
        (checks.books_sum_to_zero, _balance("excess", 1), "the books sum to 0.01"),
    ],
)
def test_a_tampered_month_is_found_out(check: checks.Check, tamper: Tamper, fact: str) -> None:
    month = Books(DEAL).month(interest=5, scheduled_principal=100)
    run = month.distribution.running(month.terms)
    assert list(check(run, month.distribution)) == []

    tampered = tamper(run, month.distribution)

    assert fact in " ".join(problem.fact for problem in check(run, tampered))


def test_an_account_that_does_not_close_where_it_should_is_named_and_no_other() -> None:
    month = Books(DEAL).month(interest=5, scheduled_principal=100)
    tampered = _unclosed("cash.funds", 1)(month.distribution.running(month.terms), month.distribution)

    found = [problem.fact for problem in checks.opening_and_postings_give_closing(tampered.running(month.terms), tampered)]

    assert found == ["cash.funds opens at 0.00, receives 105.00, pays 105.00 and closes at 0.01"]


@pytest.mark.parametrize(("amount", "found"), [(50, []), (51, ["pay principal rounds by 0.0051, which is more than half a cent"])])
def test_rounding_may_be_half_a_cent_and_no_more(amount: int, found: list[str]) -> None:
    month = Books("rounding: {carry: 0.0001}" + DEAL).month(interest=5, scheduled_principal=100)
    run = month.distribution.running(month.terms)
    tampered = _posting(-1, step="pay principal", destination="rounding", amount=amount)(run, month.distribution)

    assert [problem.fact for problem in checks.rounding_is_below_half_a_cent_a_payment(run, tampered)] == found


def test_an_account_may_hold_the_largest_amount_of_the_books() -> None:
    month = Books(DEAL).month(interest=5)
    run = month.distribution.running(month.terms)
    _balance("borrowers.payahead", LIMIT)(run, month.distribution)

    assert list(checks.amounts_can_be_held(run, month.distribution)) == []


@pytest.mark.parametrize(
    ("is_stated", "remedy"), [(False, "append the month's remittance"), (True, checks.MOVEMENT_IS_WRONG)], ids=["before the month", "with the month"]
)
def test_a_closing_balance_that_came_before_its_month_awaits_the_month(is_stated: bool, remedy: str) -> None:
    month = Books(DEAL).month()
    run = month.distribution.running(month.terms)
    run.collections = Collections((), (Event(0, "closing_balance", "pool", balance=90_500),), is_stated)

    [problem] = checks.servicer_agrees(run, month.distribution)

    assert problem.fact == "pool closes at 1,000.00, reported is 905.00"
    assert (problem.remedy, problem.is_awaited) == (remedy, not is_stated)


def test_every_check_of_the_list_has_its_test_above() -> None:
    named = {
        checks.servicer_agrees, checks.no_cash_below_zero, checks.no_class_is_overpaid, checks.loss_is_allocated,
        checks.written_down_losses_match_the_balances, checks.sources_equal_uses_by_step, checks.sources_equal_uses, checks.what_closed_periods_left_is_matched,
        checks.rounding_is_below_half_a_cent_a_payment, checks.opening_and_postings_give_closing, checks.amounts_can_be_held, checks.books_sum_to_zero,
    }  # fmt: skip

    assert set(checks.CHECKS) == named


def test_a_problem_names_the_deal_and_the_period() -> None:
    assert problems(scheduled_principal=1_100).startswith("TEST-1 2025-02-15: pool would be")
