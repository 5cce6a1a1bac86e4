"""The loans of a period's end in sums: what is read of them, and what is not."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import event

from ledger.core.events import COMPONENTS, KINDS, LOAN_FACTS, Event, loan_movements
from ledger.core.loans import Bucket, Weight
from ledger.store.engine import Store
from ledger.store.log import CommitTreatment
from ledger.store.tapes import Loans, Pools
from tests.store.sample import DEAL, draft, period

APRIL, MAY = period(4), period(5)
MOVEMENTS = [(kind, column, sign) for kind, layout in KINDS.items() for column, sign in loan_movements(kind, layout, COMPONENTS)]
EVERYTHING = 10_000
EARLY, LATE = date(2040, 1, 1), date(2050, 1, 1)


def set_up(loan: str, balance: int, maturity: date | None = None) -> Event:
    return Event(0, "loan_setup", loan, balance=balance, rate="0.06", effective_on=maturity)


def payment(loan: str, principal: int, balance: int, days: int = 0) -> Event:
    return Event(0, "payment", loan, principal=principal, interest=1, balance=balance, rate="0.05", delinquency=days)


def append(store: Store, events: list[Event], month: date, treatment: CommitTreatment = "original") -> None:
    with store.writing(DEAL) as writer:
        writer.append(draft(events, month, treatment=treatment))


def pools(store: Store, month: date, *, by_pool: bool = False) -> Pools:
    with store.reading() as reader:
        found = reader.loans_at(DEAL, month, EVERYTHING, Loans((*KINDS, *LOAN_FACTS), ("pool", "reserve"), by_pool, MOVEMENTS), (0, 30, 60))
    assert found is not None
    return found


@pytest.fixture
def opened(store: Store) -> Store:
    with store.writing(DEAL) as writer:
        writer.open_deal()
    return store


def test_maturities_of_a_pool_are_added_up_though_another_pool_tells_none(opened: Store) -> None:
    told = [set_up("A/1", 100, EARLY), set_up("A/2", 100, LATE), set_up("B/1", 100), set_up("C/1", 100, LATE)]
    append(opened, [*told, *(payment(loan.subject or "", 10, 90) for loan in told)], APRIL)

    assert pools(opened, APRIL, by_pool=True).maturities == [Weight("A", EARLY, 90), Weight("A", LATE, 90), Weight("B", None, 90), Weight("C", LATE, 90)]


def test_a_modification_says_the_maturity_anew(opened: Store) -> None:
    append(opened, [set_up("L-1", 100, EARLY), set_up("L-2", 50, EARLY), payment("L-1", 10, 90), payment("L-2", 10, 40)], APRIL)
    append(opened, [payment("L-1", 10, 80), payment("L-2", 10, 30), Event(0, "modification", "L-2", effective_on=LATE)], MAY)

    assert pools(opened, MAY).maturities == [Weight("pool", EARLY, 80), Weight("pool", LATE, 30)]
    assert pools(opened, APRIL).maturities == [Weight("pool", EARLY, 130)]


def test_the_maturities_of_a_pool_that_tells_none_are_not_looked_for_loan_by_loan(opened: Store) -> None:
    append(opened, [set_up("L-1", 100), set_up("L-2", 50), payment("L-1", 10, 90), payment("L-2", 10, 40)], APRIL)
    executed: list[str] = []
    event.listen(opened.engine, "before_cursor_execute", lambda _connection, _cursor, statement, *_: executed.append(statement))

    assert pools(opened, APRIL).maturities == []
    assert [statement for statement in executed if "row_number" in statement] == []


def test_a_line_that_is_taken_back_says_nothing_of_how_a_loan_stands(opened: Store) -> None:
    append(opened, [set_up("L-1", 100), set_up("L-2", 50), payment("L-1", 10, 90, days=61), payment("L-2", 10, 40)], APRIL)
    wrong = Event(0, "payment", "L-1", principal=-10, interest=-1, balance=-90, rate="0.05", delinquency=61, effect=-1, corrects_position=1, corrects_line=3)
    append(opened, [wrong, payment("L-1", 20, 80, days=31)], APRIL, "supersede")

    found = pools(opened, APRIL)
    assert [bucket for bucket in found.buckets if bucket.loans] == [Bucket("pool", 0, None, 1, 40), Bucket("pool", 30, None, 1, 80)]
    assert (found.opening, found.closing) == ({"pool": 2}, {"pool": 2})


def test_a_loan_that_is_moved_and_states_no_balance_has_ended_unless_an_adjustment_moves_it(opened: Store) -> None:
    append(opened, [set_up("L-1", 100), set_up("L-2", 50), set_up("L-3", 30), Event(0, "charge_off", "L-2", amount=50), payment("L-3", 10, 20)], APRIL)
    append(opened, [Event(0, "curtailment", "L-1", principal=5)], APRIL, "adjust")

    found = pools(opened, APRIL)
    assert (found.opening, found.closing) == ({"pool": 3}, {"pool": 2})
    assert sum(weight.balance for weight in found.rates) == 120
