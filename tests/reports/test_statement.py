"""What a statement carries, beyond what a class is paid."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from ledger.core.collections import Flow
from ledger.core.statement import Statement, draw, received
from tests.core.deals import Books, fact
from tests.reports.statements import statement


def drawn(books: Books, month: int = -1) -> Statement:
    return draw(books.terms, books.months[month].distribution)


def amount(found: Statement, subject: str, item: str) -> Decimal:
    figure = found.figure(subject, item)
    assert figure is not None, f"{subject} has no {item}"
    return Decimal(found.text(figure))


def test_balance_is_another_word_for_the_closing_balance() -> None:
    assert statement(2).figure("A", "balance") == statement(2).figure("A", "closing_balance") is not None


def test_several_pools_stand_each_alone_and_together() -> None:
    books = Books(
        """
        pools: {one: {original_balance: 600}, two: {original_balance: 400}}
        tranches: {A: {original_balance: 1_000}}
        accounts: {funds: {collects: [interest, scheduled_principal]}}
        waterfall: [{pay: principal, to: A, from: funds}]
        """
    )
    books.month(fact("scheduled_principal", "one", 30), fact("scheduled_principal", "two", 20), fact("charge_off", "two", 8))
    found = drawn(books)

    assert [amount(found, pool, "closing_balance") for pool in ("one", "two", "pool")] == [570, 372, 942]
    assert [amount(found, pool, "scheduled_principal") for pool in ("one", "two", "pool")] == [30, 20, 50]
    assert [amount(found, pool, "cumulative_loss") for pool in ("one", "two", "pool")] == [0, 8, 8]
    assert [amount(found, pool, "factor") for pool in ("one", "two", "pool")] == [Decimal("0.95"), Decimal("0.93"), Decimal("0.942")]


def test_value_reported_by_pool_is_an_item_of_the_pool() -> None:
    books = Books(
        """
        reported: {one.net_wac: rate, two.net_wac: rate}
        pools: {one: {original_balance: 600}, two: {original_balance: 400}}
        tranches: {A: {original_balance: 1_000}}
        accounts: {funds: {collects: [scheduled_principal]}}
        waterfall: [{pay: principal, to: A, from: funds}]
        """
    )
    books.month(one__net_wac="6.5%", two__net_wac="7%")
    found = drawn(books)

    assert (amount(found, "one", "net_wac"), amount(found, "deal", "two.net_wac")) == (Decimal("0.065"), Decimal("0.07"))


def test_group_is_the_sum_of_its_classes() -> None:
    found = statement(2)

    for item in ("original_balance", "closing_balance", "interest_paid", "realized_loss", "total_paid", "pdl"):
        assert amount(found, "notes", item) == amount(found, "A", item) + amount(found, "B", item)


def test_ratio_that_cannot_be_read_is_left_out() -> None:
    books = Books(
        """
        pool: {original_balance: 100}
        tranches: {A: {original_balance: 100}}
        accounts: {funds: {collects: [scheduled_principal]}}
        ratios: {share: pool.balance / A.balance}
        waterfall: [{pay: principal, to: A, from: funds}]
        """
    )
    books.month(scheduled_principal=100)

    assert drawn(books).figure("deal", "share") is None
    assert amount(drawn(books), "A", "factor") == 0


def test_unpaid_interest_is_brought_forward_with_interest_on_it() -> None:
    books = Books(
        """
        tranches: {A: {original_balance: 1_200, rate: 10%, interest_on_unpaid: 12%}}
        accounts: {funds: {collects: [interest]}}
        waterfall: [{pay: interest, to: A, from: funds}]
        """
    )
    books.month(interest=4)
    books.month(interest=12)
    first, second = drawn(books, 1), drawn(books, 2)

    assert [amount(first, "A", item) for item in ("interest_due", "interest_paid", "unpaid_interest")] == [10, 4, 6]
    # 10.00 accrued, 6.00 brought forward, and 6.00 x 12 % / 12 on it
    assert [amount(second, "A", item) for item in ("interest_accrued", "opening_unpaid_interest", "interest_on_unpaid")] == [10, 6, Decimal("0.06")]
    assert [amount(second, "A", item) for item in ("interest_due", "interest_paid", "unpaid_interest")] == [Decimal("16.06"), 12, Decimal("4.06")]


def test_interest_that_is_lost_is_said_so() -> None:
    books = Books(
        """
        tranches: {A: {original_balance: 1_200, rate: 10%, unpaid_interest: lost}}
        accounts: {funds: {collects: [interest]}}
        waterfall: [{pay: interest, to: A, from: funds}]
        """
    )
    books.month(interest=4)

    assert [amount(drawn(books), "A", item) for item in ("interest_lost", "unpaid_interest")] == [6, 0]


def test_position_as_boarded_has_balances_losses_and_no_movement() -> None:
    books = Books(
        """
        pool: {original_balance: 1_000}
        tranches: {A: {original_balance: 900, rate: 6%}}
        accounts: {funds: {collects: [interest]}, reserve: {}}
        waterfall: [{pay: interest, to: A, from: funds}]
        """,
        """
        last_distribution: 2025-06-15
        period: 5
        pool: {balance: 700, cumulative_loss: 40}
        tranches: {A: {balance: 650, unpaid_interest: 3, cumulative_loss: 10}}
        accounts: {funds: 0, reserve: 25}
        """,
    )
    found = drawn(books, 0)

    assert (found.kind, found.number) == ("position", 5)
    assert [amount(found, "A", item) for item in ("closing_balance", "unpaid_interest", "cumulative_loss")] == [650, 3, 10]
    assert [amount(found, "pool", item) for item in ("closing_balance", "cumulative_loss")] == [700, 40]
    assert amount(found, "reserve", "closing_balance") == 25
    assert found.figure("A", "interest_paid") is None
    assert found.flow_of_funds == ()


def test_month_without_any_movement_is_a_distribution_all_the_same() -> None:
    books = Books(
        """
        tranches: {A: {original_balance: 100}}
        accounts: {funds: {collects: [interest]}}
        waterfall: [{pay: principal, to: A, from: funds}]
        """
    )
    books.month()

    assert drawn(books).kind == "distribution"


def test_flow_of_funds_says_what_each_source_holds_afterwards() -> None:
    lines = [(line.number, line.source, line.payee, line.amount, line.left) for line in statement(2).flow_of_funds]

    assert lines[:2] == [(1, "cash.funds", "trustee.fee", 10_000, 990_000), (2, "cash.funds", "A.interest", 395_000, 595_000)]
    assert lines[-1] == (5, "loss", "B.principal", 787_916, None)


def test_fee_that_is_owed_by_being_paid_is_one_movement() -> None:
    books = Books(
        """
        tranches: {A: {original_balance: 100}}
        fees: {insurer: {}}
        accounts: {funds: {collects: [interest]}}
        waterfall: [{pay: 5, to: insurer, from: funds}]
        """
    )
    books.month(interest=20)

    assert [(line.payee, line.amount, line.left) for line in drawn(books).flow_of_funds] == [("insurer.fee", 500, 1_500)]
    assert [amount(drawn(books), "insurer", item) for item in ("accrued", "due", "paid", "unpaid")] == [5, 5, 5, 0]


def test_what_was_received_is_summed_by_pool_and_kind() -> None:
    flows = [Flow("interest", "two", 5), Flow("interest", "one", 7), Flow("interest", "one", -2), Flow("payoff", None, 1)]

    assert [(item.pool, item.kind, item.amount) for item in received(date(2025, 3, 25), flows)] == [
        (None, "payoff", 1),
        ("one", "interest", 5),
        ("two", "interest", 5),
    ]
