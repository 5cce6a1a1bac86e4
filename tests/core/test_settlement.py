"""What a new version of a period leaves owed: what each payee was paid, less what it should have been paid."""

from __future__ import annotations

import pytest

from ledger.core.posting import Posting
from ledger.core.settlement import paid_out, payee_of, settled
from tests.core.deals import Books

DEAL = """
pool: {original_balance: 1_000}
tranches: {A: {original_balance: 900, rate: 12%}}
accounts: {funds: {collects: [interest]}}
waterfall: [{pay: interest, to: A, from: funds}]
"""


def moved(source: str, destination: str, amount: int) -> Posting:
    return Posting("step", "", "step", source, destination, amount)


@pytest.mark.parametrize(
    ("account", "payee"),
    [
        ("A.interest", "A"),
        ("A.principal", "A"),
        ("servicing.fee", "servicing"),
        ("misapplied.A", "A"),
        ("servicer.advances", "servicer"),
        ("due.interest", "servicer"),  # an account may have any name
        ("cash.fee", "servicer"),
        ("borrowers.payahead", "servicer"),
        ("excess", "servicer"),
    ],
)
def test_an_account_is_the_claim_of_a_payee_or_stands_for_the_servicer(account: str, payee: str) -> None:
    assert payee_of(account) == payee


def test_a_payee_was_paid_what_it_received_less_what_it_gave_back() -> None:
    postings = [moved("due.funds", "cash.funds", 20), moved("cash.funds", "A.interest", 9), moved("A.principal", "cash.funds", 4)]

    assert paid_out(postings) == {"servicer": -20, "A": 5}


def test_what_moves_between_accounts_of_cash_or_outside_of_them_is_paid_to_nobody() -> None:
    postings = [
        moved("cash.funds", "cash.reserve", 1),
        moved("A.interest", "excess", 2),
        moved("cash.settlement", "owed.A", 4),
        moved("cash.funds", "A.interest", 8),
        moved("A.interest", "cash.funds", 8),
    ]

    assert paid_out(postings) == {}


def test_what_rounds_a_payment_belongs_to_who_was_paid() -> None:
    rounded = [
        moved("cash.funds", "A.interest", 33),
        moved("rounding", "cash.funds", 3),
        moved("cash.funds", "B.interest", 37),
        moved("cash.funds", "rounding", 3),
    ]

    assert paid_out(rounded) == {"A": 30, "B": 40}
    assert paid_out([moved("cash.funds", "rounding", 3)]) == {"servicer": 3}


def test_what_was_paid_beyond_the_new_version_is_owed_by_the_payee_and_what_was_brought_to_the_servicer() -> None:
    first, second = (Books(DEAL).month(interest=amount).distribution for amount in (7, 5))

    found = settled(second, first.postings)

    assert found.postings[: len(second.postings)] == second.postings
    assert [(posting.source, posting.destination, posting.amount) for posting in found.postings[len(second.postings) :]] == [
        ("cash.settlement", "owed.A", 200),
        ("owed.servicer", "cash.settlement", 200),
    ]
    assert {name: found.closing.balances.get(name) for name in ("owed.A", "owed.servicer", "cash.settlement")} == {
        "owed.A": 200,
        "owed.servicer": -200,
        "cash.settlement": None,
    }


def test_a_payee_of_one_version_only_is_owed_all_of_it_down_to_a_cent() -> None:
    nothing = Books(DEAL).month().distribution
    cent = Books(DEAL).month(interest="0.01").distribution

    assert settled(cent, nothing.postings).closing.balances["owed.A"] == -1
    assert settled(nothing, cent.postings).closing.balances["owed.A"] == 1


def test_a_version_that_pays_the_same_leaves_nothing() -> None:
    month = Books(DEAL).month(interest=7).distribution

    assert settled(month, month.postings).postings == month.postings
