"""Single loans in the log: which of them it knows, what a period brought, and what it stated."""

from __future__ import annotations

import pytest

from ledger.core.events import Event
from ledger.store.engine import Store
from ledger.store.log import Draft
from tests.store.sample import DEAL, draft, period

APRIL, MAY = period(4), period(5)


@pytest.fixture
def opened(store: Store) -> Store:
    with store.writing(DEAL) as writer:
        writer.open_deal()
    return store


def append(store: Store, draft: Draft) -> None:
    with store.writing(DEAL) as writer:
        writer.append(draft)


def set_up(loan: str, balance: int) -> Event:
    return Event(0, "loan_setup", loan, balance=balance)


def test_loans_are_known_however_many_are_asked_for(opened: Store) -> None:
    many = [f"L-{number}" for number in range(1200)]
    with opened.reading() as reader:
        assert reader.loans_known(DEAL, many) == set()
    append(opened, draft([set_up(loan, 1) for loan in many[::2]], APRIL))

    with opened.reading() as reader:
        assert reader.loans_known(DEAL, many) == set(many[::2])
        assert reader.loans_known(DEAL, ["L-1", "L-2"]) == {"L-2"}
        assert reader.loans_known(DEAL, []) == set()


def test_period_says_which_loans_it_brought_and_which_balances_it_stated(opened: Store) -> None:
    append(opened, draft([set_up("L-1", 100), set_up("L-2", 200), Event(0, "payment", "L-1", principal=1, balance=99)], APRIL))
    append(opened, draft([Event(0, "payoff", "L-1", principal=99, balance=0), Event(0, "purchase", "L-3", amount=50)], MAY))
    append(opened, draft([Event(0, "closing_balance", "reserve", balance=7), Event(0, "closing_balance", balance=250)], MAY))

    with opened.reading() as reader:
        assert [dict(reader.loans_set_up(DEAL, month)) for month in (APRIL, MAY)] == [{"L-1": 100, "L-2": 200}, {"L-3": 50}]
        assert [dict(reader.loans_stated(DEAL, month, not_loans=["reserve"])) for month in (APRIL, MAY)] == [{"L-1": 99}, {"L-1": 0}]


def test_loans_that_all_ended_without_a_balance_are_gone(opened: Store) -> None:
    append(opened, draft([set_up("L-1", 100), Event(0, "payment", "L-1", principal=1, balance=99)], APRIL))
    append(opened, draft([Event(0, "payoff", "L-1", principal=99)], MAY))

    with opened.reading() as reader:
        assert reader.loan_balances(DEAL) == {}


def test_loan_of_which_only_the_status_is_told_goes_on(opened: Store) -> None:
    append(opened, draft([set_up("L-1", 100), Event(0, "payment", "L-1", principal=1, balance=99)], APRIL))
    append(opened, draft([Event(0, "status", "L-1", delinquency=30), Event(0, "nil_month")], MAY))

    with opened.reading() as reader:
        assert reader.loan_balances(DEAL) == {"L-1": 99}
