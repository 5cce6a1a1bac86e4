"""What the servicer reports, as postings: kinds, liquidations, adjustments, wires, pools."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from ledger.core.deal import Reported
from ledger.core.events import Event
from ledger.core.problems import ProblemsFound
from ledger.core.receipts import adjusted_accounts, post_flows, receive, reported_value
from tests.core.deals import Books, Month, fact

DEAL = """
pool: {original_balance: 1_000}
tranches: {A: {original_balance: 900, rate: 12%}}
fees: {servicing: {amount: 1}}
ledgers: {arrears: {}, pdl: {of: [A]}}
accounts:
  funds:
    collects: [interest, scheduled_principal, prepayment, liquidation_proceeds, liquidation_expense, recovery, repurchase_principal, repurchase_interest,
      advance_principal, advance_interest, advance, advance_repaid_by_borrower, advance_reimbursement, payahead_applied, fee_retained, deposit, withdrawal]
  buffer: {opening: 50, collects: [payahead, purchase]}
waterfall: [{pay: interest, to: A, from: funds}]
"""


def month(*facts: tuple, deal: str = DEAL, **reported: int | str) -> Month:  # type: ignore[type-arg]  # a fact of tests.core.deals
    return Books(deal).month(*facts, **reported)


@pytest.mark.parametrize(
    ("kind", "transfers"),
    [
        ("interest", [("excess", "due.funds")]),
        ("scheduled_principal", [("pool", "due.funds")]),
        ("curtailment", [("pool", "due.funds")]),
        ("payoff", [("pool", "due.funds")]),
        ("prepayment", [("pool", "due.funds")]),
        ("capitalized_interest", [("excess", "pool")]),
        ("pool_adjustment", [("excess", "pool")]),
        ("default", [("pool", "defaulted")]),
        ("liquidation_expense", [("due.funds", "loss")]),
        ("charge_off", [("pool", "loss")]),
        ("modification_loss", [("pool", "loss")]),
        ("forgiveness", [("pool", "loss")]),
        ("recovery", [("loss", "due.funds")]),
        ("repurchase_principal", [("pool", "due.funds")]),
        ("repurchase_interest", [("excess", "due.funds")]),
        ("advance_principal", [("pool", "due.borrowers"), ("servicer.advances", "due.funds")]),
        ("advance_interest", [("excess", "due.borrowers"), ("servicer.advances", "due.funds")]),
        ("advance", [("servicer.advances", "due.funds")]),
        ("advance_repaid_by_borrower", [("due.borrowers", "due.funds")]),
        ("advance_reimbursement", [("due.funds", "servicer.advances")]),
        ("payahead", [("borrowers.payahead", "due.buffer")]),
        ("payahead_applied", [("cash.buffer", "due.funds"), ("pool", "borrowers.payahead")]),
        ("fee_retained", [("servicer.fee", "excess"), ("due.funds", "servicer.fee")]),
        ("deposit", [("excess", "due.funds")]),
        ("withdrawal", [("due.funds", "excess")]),
        ("purchase", [("cash.buffer", "pool")]),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_a_kind_posts_as_the_chart_of_accounts_says_and_a_negative_one_is_turned_round(kind: str, transfers: list[tuple[str, str]], turned: bool) -> None:
    run = Books(DEAL).running(**{kind: -10 if turned else 10})
    post_flows(run)

    posted = [(posting.source, posting.destination) for posting in run.postings]
    assert posted == [(destination, source) if turned else (source, destination) for source, destination in transfers]
    assert {posting.amount for posting in run.postings} == {1_000}


def test_a_liquidation_after_its_default_leaves_the_pool_once() -> None:
    books = Books(DEAL)

    first = books.month(default=100)
    second = books.month(liquidation_proceeds=70, liquidation_expense=5, realized_loss=35)

    assert (first["pool.balance"], first.account("pool"), first.account("defaulted")) == (1_000, 900, 100)
    assert (second["pool.balance"], second.account("pool"), second.account("defaulted")) == (900, 900, 0)
    assert second["pool.loss"] == 35
    assert second["funds.collected"] == 65


def test_a_deal_may_take_defaulted_loans_out_of_its_pool_at_once() -> None:
    books = Books(DEAL.replace("original_balance: 1_000}", "original_balance: 1_000, defaulted: excluded}"))

    months = [books.month(default=100), books.month(liquidation_proceeds=70, realized_loss=30)]

    assert [each["pool.balance"] for each in months] == [900, 900]


@pytest.mark.parametrize("defaulted", [0, 100])
def test_a_liquidation_at_a_gain_takes_the_loans_balance_and_no_more(defaulted: int) -> None:
    liquidated = month(default=defaulted, liquidation_proceeds=120, realized_loss=-20)

    assert (liquidated.account("pool"), liquidated.account("defaulted")) == (900, 0)
    assert liquidated["pool.loss"] == -20


def test_a_liquidation_without_a_default_passes_through_the_defaulted_loans() -> None:
    liquidated = month(liquidation_proceeds=70, liquidation_expense=5, realized_loss=35)

    assert (liquidated.account("pool"), liquidated.account("defaulted")) == (900, 0)
    assert liquidated.moved("pool", "defaulted") == 100
    assert liquidated.moved("defaulted", "loss") == 30


def test_a_correction_of_an_earlier_month_is_summed_with_the_rest_and_keeps_its_origin() -> None:
    corrected = month(fact("interest", None, -4, origin=date(2025, 1, 15)), interest=20)

    assert corrected["funds.collected"] == 16
    assert [posting.amount for posting in corrected.distribution.postings if posting.origin_period] == [400]


def test_a_liquidation_of_a_single_cent_passes_through_the_defaulted_loans_too() -> None:
    liquidated = month(liquidation_proceeds="0.01")

    assert liquidated.moved("pool", "defaulted") == Decimal("0.01")
    assert liquidated.account("defaulted") == 0


def test_a_component_is_posted_in_the_order_of_pools_and_of_the_periods_it_is_booked_for() -> None:
    pools = """
        pools: {one: {original_balance: 600}, two: {original_balance: 400}}
        tranches: {A: {original_balance: 900, rate: 12%}}
        accounts: {funds: {collects: [interest]}}
        waterfall: [{pay: interest, to: A, from: funds}]
    """
    earlier, later = date(2025, 1, 15), date(2025, 2, 15)
    interest = [fact("interest", pool, 1, origin=origin) for pool in ("two", "one") for origin in (later, None, earlier)]
    run = Books(pools).running(*interest)

    post_flows(run)

    assert [posting.item for posting in run.postings] == ["one.interest"] * 3 + ["two.interest"] * 3
    assert [posting.origin_period for posting in run.postings] == [None, earlier, later] * 2


def test_cash_that_no_account_collects_is_refused_by_name() -> None:
    with pytest.raises(ProblemsFound, match="no account collects `subsequent_recovery`; add subsequent_recovery to the `collects` of an account"):
        month(subsequent_recovery=5)


# Adjustments ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("subject", "amount", "read", "expected"),
    [
        ("A", "0.01", "A.opening_balance", "900.01"),
        ("A", "-0.01", "A.balance", "899.99"),
        ("A.unpaid_interest", "2.50", "A.opening_unpaid_interest", "2.50"),
        ("servicing", "3", "servicing.opening_unpaid", "3"),
        ("buffer", "-10", "buffer.opening_balance", "40"),
        ("arrears", "7", "arrears", "7"),
        ("A.pdl", "7", "A.pdl", "7"),
    ],
)
def test_an_adjustment_corrects_what_its_subject_names(subject: str, amount: str, read: str, expected: str) -> None:
    assert month(fact("adjustment", subject, amount))[read] == Decimal(expected)


@pytest.mark.parametrize(
    ("subject", "source", "destination"),
    [
        ("A.principal_paid", "misapplied.A", "A.principal"),
        ("A.other_paid", "misapplied.A", "excess"),
        ("A.realized_loss", "excess", "A.principal"),
        ("A.unpaid_interest", "A.shortfall", "excess"),
    ],
)
def test_an_adjustment_of_what_a_class_was_paid_or_bore_stands_between_the_accounts_of_the_chart(subject: str, source: str, destination: str) -> None:
    assert adjusted_accounts(Books(DEAL).terms, subject) == (source, destination)


def test_an_adjustment_by_nothing_posts_nothing() -> None:
    assert [posting for posting in month(fact("adjustment", "A", 0)).distribution.postings if posting.step == "adjustment"] == []


@pytest.mark.parametrize(("corrects_position", "origin"), [(7, date(2025, 1, 15)), (None, None)])
def test_an_adjustment_is_booked_for_an_earlier_period_where_it_corrects_one(corrects_position: int | None, origin: date | None) -> None:
    adjusted = month(fact("adjustment", "A", 1, corrects_position=corrects_position, effective_on=date(2025, 1, 15)))

    assert [posting.origin_period for posting in adjusted.distribution.postings if posting.step == "adjustment"] == [origin]


def test_an_adjusted_balance_is_what_interest_accrues_on() -> None:
    assert month(fact("adjustment", "A", "100"))["A.interest_accrued"] == 10


def test_interest_that_was_overpaid_is_taken_from_the_next() -> None:
    books = Books(DEAL)

    first = books.month(fact("adjustment", "A.unpaid_interest", -12), interest=20)
    second = books.month(interest=20)

    assert (first["A.interest_due"], first["A.interest_paid"]) == (-3, 0)
    assert (second["A.opening_unpaid_interest"], second["A.interest_due"], second["A.interest_paid"]) == (-3, 6, 6)


def test_overpaid_interest_is_owed_back_also_where_unpaid_interest_is_lost() -> None:
    books = Books(DEAL.replace("rate: 12%", "rate: 12%, unpaid_interest: lost"))

    first = books.month(fact("adjustment", "A.unpaid_interest", -12))
    second, third = books.month(interest=4), books.month(interest=20)

    assert first["A.interest_paid"] == 0
    assert second["A.interest_paid"] == 4  # 9 - 3 due, 2 lost
    assert third["A.interest_paid"] == 9


def test_an_adjustment_of_nothing_in_the_deal_is_refused() -> None:
    with pytest.raises(ProblemsFound, match="an adjustment names `Q`"):
        month(fact("adjustment", "Q", 5))


# Reported values --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [
        ("money", {"amount": 0}, 0),  # nothing is a value, and no missing one
        ("money", {"amount": 7}, 7),
        ("money", {}, 0),
        ("date", {"effective_on": date(2025, 3, 31)}, date(2025, 3, 31)),
        ("flag", {"code": "yes"}, True),
        ("flag", {"code": "no"}, False),
        ("rate", {"rate": "0.05"}, Fraction(1, 20)),
        ("rate", {}, 0),
    ],
)
def test_a_reported_value_is_read_from_the_column_of_its_type(kind: Any, given: dict[str, Any], expected: object) -> None:
    assert reported_value(Reported(type=kind), Event(0, "reported", "x", **given)) == expected


def test_a_fixing_that_is_missing_is_awaited_and_says_where_it_may_come_from() -> None:
    deal = DEAL.replace("ledgers:", "reported: {libor: {type: rate, index: USD-LIBOR-1M}, cap: rate}\nledgers:")

    with pytest.raises(ProblemsFound) as stopped:
        month(deal=deal)

    remedy = "add a `reported` row for {0}, or give it `missing` in the deal file"
    assert [problem.remedy for problem in stopped.value.problems] == [
        "state the fixing of USD-LIBOR-1M with `tranche rates`, " + remedy.format("libor"),
        remedy.format("cap"),
    ]
    assert all(problem.is_awaited for problem in stopped.value.problems)


# Cash -----------------------------------------------------------------------------------------------------------------------

WIRED = DEAL.replace("pool:", "deal: WIRED-1\nclosing_date: 2025-01-15\nsettlement: wired\ndates: {distribution: {day: 15}, accrual: month}\npool:")


def test_what_is_due_becomes_cash_where_settlement_is_assumed() -> None:
    assumed = month(interest=5)

    assert (assumed["funds.collected"], assumed["A.interest_paid"]) == (5, 5)


def test_what_is_wired_short_waits_for_the_next_wire() -> None:
    books = Books(WIRED)

    first = books.month(fact("wire", "funds", 6), interest=10)
    second = books.month(fact("wire", "funds", 14), interest=10)

    assert (first["funds.collected"], first["A.interest_paid"], first.account("due.funds")) == (10, 6, 4)
    assert (second["A.interest_paid"], second.account("due.funds")) == (12, 0)


def test_a_missing_wire_is_refused_where_something_is_due() -> None:
    with pytest.raises(ProblemsFound, match="something is due to account funds and no wire was reported; append a `wire` row for funds, of 0 if nothing came"):
        Books(WIRED).month(interest=10)


def test_wires_to_one_account_are_summed_and_one_of_nothing_says_that_nothing_came() -> None:
    books = Books(WIRED)

    first = books.month(fact("wire", "funds", 4), fact("wire", "funds", 3), interest=10)
    second = books.month(fact("wire", "funds", 0))

    assert (first["A.interest_paid"], first.account("due.funds")) == (7, 3)
    assert (second.account("due.funds"), second.account("cash.funds")) == (3, 0)


def test_a_wire_is_awaited_for_a_single_cent_and_not_for_nothing_or_for_an_account_without_cash() -> None:
    books = Books(WIRED.replace("  buffer:", "  reference: {cash: false, collects: [subsequent_recovery]}\n  buffer:"))

    assert books.month(subsequent_recovery=5)["reference.balance"] == 5
    with pytest.raises(ProblemsFound) as stopped:
        books.month(interest="0.01")
    assert [(problem.fact, problem.is_awaited) for problem in stopped.value.problems] == [("something is due to account funds and no wire was reported", True)]


def test_a_due_below_zero_is_not_wired_and_is_netted_from_the_next() -> None:
    books = Books(DEAL)

    first, second = books.month(interest=-5), books.month(interest=12)

    assert (first.account("due.funds"), first["funds.balance"]) == (-5, 0)
    assert (second.account("due.funds"), second["A.interest_paid"]) == (0, 7)


def test_a_settlement_of_nothing_posts_nothing() -> None:
    assert month(fact("settlement", "A", 0)).moved("misapplied.A", "cash.settlement") == 0


def test_account_earnings_of_nothing_post_nothing() -> None:
    earned = month(fact("account_earnings", "buffer", 0))

    assert (earned["buffer.balance"], earned.moved("excess", "cash.buffer")) == (50, 0)


def test_account_earnings_are_cash_of_the_account_that_they_name() -> None:
    assert month(fact("account_earnings", "buffer", 2))["buffer.balance"] == 52
    with pytest.raises(ProblemsFound, match="`account_earnings` names `vault`, which is no account"):
        month(fact("account_earnings", "vault", 2))


def test_a_call_is_refused_where_the_deal_has_none_and_accepted_where_it_is_allowed() -> None:
    with pytest.raises(ProblemsFound, match="the call is not allowed now"):
        month(fact("call"))
    run = Books(DEAL.replace("ledgers:", "call: {allowed_when: pool.factor > 50%}\nledgers:")).running(fact("call"))

    receive(run)

    assert run.called is True


# Pools ------------------------------------------------------------------------------------------------------------------------


def test_a_pool_that_is_stated_rather_than_moved_leaves_the_rest_to_excess() -> None:
    stated = DEAL.replace("original_balance: 1_000}", "original_balance: 1_000, balance: closing_pool}\nreported: {closing_pool: money}")

    restated = month(deal=stated, closing_pool=870, scheduled_principal=100)

    assert restated["pool.balance"] == 870
    assert restated.moved("pool", "excess") == 30


def test_named_amounts_that_an_account_collects_see_the_closing_pool() -> None:
    deal = DEAL.replace("original_balance: 1_000}", "original_balance: 1_000, balance: closing_pool}\nreported: {closing_pool: money, extra: money}")
    deal = deal.replace("payahead, purchase]", "payahead, purchase, extra, fall]").replace(
        "waterfall:", "amounts: {fall: pool.opening_balance - pool.balance}\nwaterfall:"
    )

    collected = month(deal=deal, closing_pool=870, extra=3)

    assert collected["buffer.balance"] == 183


def test_several_pools_are_kept_apart_and_summed() -> None:
    deal = """
        reported: {one.rate: rate, two.rate: rate}
        pools: {one: {original_balance: 600}, two: {original_balance: 400}}
        tranches: {A: {original_balance: 900, rate: (one.rate * one.opening_balance + two.rate * two.opening_balance) / pool.opening_balance}}
        accounts: {funds: {collects: [interest, one.scheduled_principal]}, other: {collects: [two.scheduled_principal]}}
        waterfall: [{pay: interest, to: A, from: funds}]
    """

    pools = Books(deal).month(
        one__interest=5, two__interest=4, one__scheduled_principal=60, two__scheduled_principal=40, two__charge_off=10, one__rate="10%", two__rate="5%"
    )

    assert (pools["one.balance"], pools["two.balance"], pools["pool.balance"]) == (540, 350, 890)
    assert (pools["pool.interest"], pools["two.interest"], pools["two.loss"]) == (9, 4, 10)
    assert (pools["other.balance"], pools["A.rate"]) == (40, Decimal("0.08"))
