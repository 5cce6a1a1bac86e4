"""The queries of the loan ledger: what they read, and that they agree with the core's own folding."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import pytest
from sqlalchemy import event

from ledger.core.events import COMPONENTS, FACTS, KINDS, Event
from ledger.core.loan_ledger import loan_row, rules
from ledger.core.loan_listing import Roll
from ledger.store.engine import Store
from ledger.store.loans import MOVING
from ledger.store.tapes import Loans
from tests.store.sample import DEAL, draft, period

APRIL, MAY, JUNE = (period(month) for month in (4, 5, 6))
LOANS = Loans((*KINDS, *FACTS), ("pool", "reserve"), False, ())
RULES = rules(COMPONENTS, (), MOVING, by_pool=False)
EVERYTHING = 10_000


def payment(loan: str, principal: int, balance: int) -> Event:
    return Event(0, "payment", loan, principal=principal, interest=1, balance=balance)


@pytest.fixture
def opened(store: Store) -> Store:
    """April sets up three loans, of which May moves two in all sorts of ways and forgets the third; June says nothing."""
    with store.writing(DEAL) as writer:
        writer.open_deal()
    set_up = [Event(0, "loan_setup", f"L-{number}", balance=100 * number, rate="0.06", effective_on=date(2050, 1, 1)) for number in (1, 2, 3)]
    april = [*set_up, *(payment(f"L-{number}", 10, 100 * number - 10) for number in (1, 2, 3))]
    may = [
        payment("L-1", 5, 88), Event(0, "capitalized_interest", "L-1", amount=3),
        Event(0, "liquidation_proceeds", "L-2", amount=150), Event(0, "liquidation_expense", "L-2", amount=20), Event(0, "realized_loss", "L-2", amount=60),
        Event(0, "purchase", "L-4", amount=70), Event(0, "closing_balance", balance=158), Event(0, "closing_balance", "reserve", balance=5),
    ]  # fmt: skip
    for events, month in ((april, APRIL), (may, MAY), ([Event(0, "nil_month")], JUNE)):
        with store.writing(DEAL) as writer:
            writer.append(draft(events, month))
    return store


@contextmanager
def statements(store: Store) -> Iterator[list[tuple[str, object]]]:
    """What is executed, with its parameters."""
    found: list[tuple[str, object]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        found.append((statement, parameters))

    event.listen(store.engine, "before_cursor_execute", note)
    yield found
    event.remove(store.engine, "before_cursor_execute", note)


def plan(store: Store, statement: tuple[str, object]) -> str:
    with store.engine.connect() as connection:
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement[0]}", statement[1])  # type: ignore[arg-type]  # as it was executed
        return "\n".join(row[-1] for row in rows)


def test_loans_that_roll_and_those_that_do_not_are_told_apart(opened: Store) -> None:
    with opened.reading() as reader:
        span = reader.loan_span(DEAL, MAY, EVERYTHING, LOANS)
        assert span is not None
        missed = list(reader.loans_that_do_not_roll(DEAL, span, LOANS, RULES, 0))
        within = list(reader.loans_that_do_not_roll(DEAL, span, LOANS, RULES, 290))
        pools = reader.pools_rolled(DEAL, span, LOANS, RULES)

    # L-1: 90 - 5 + 3 = 88. L-2: 190 - (150 - 20) - 60 = 0. L-4 came for 70. L-3 had 290 and is not told of.
    assert missed == [Roll("L-3", 290, 0, 0, 0, 0)]
    assert within == []
    assert pools == [Roll("pool", 570, 135, 60, 73, 158)]
    assert pools[0].rolled == 448


@pytest.mark.parametrize("month", [APRIL, MAY, JUNE])
def test_sql_and_the_core_roll_alike(opened: Store, month: date) -> None:
    with opened.reading() as reader:
        span = reader.loan_span(DEAL, month, EVERYTHING, LOANS)
        assert span is not None
        found = [loan_row(*one, span, RULES) for one in reader.loan_lines(DEAL, month, EVERYTHING, LOANS, span)]
        (pool,) = reader.pools_rolled(DEAL, span, LOANS, RULES)
        missed = {roll.subject for roll in reader.loans_that_do_not_roll(DEAL, span, LOANS, RULES, 0)}

    rows = [(row.opening_balance, row.principal, row.loss, row.adjustment, row.closing_balance) for row in found]
    assert [sum(column) for column in zip(*rows, strict=True)] == list(pool[1:])
    assert {row.loan for row in found if row.difference} == missed


def test_deal_in_totals_has_no_span(opened: Store) -> None:
    with opened.reading() as reader:
        assert reader.loan_span(DEAL, period(3), EVERYTHING, LOANS) is None


def test_loans_come_in_the_order_of_their_bytes(store: Store) -> None:
    names = ["L-10", "L-2", "Zebra", "a_b", "ab", "l-1", "ä", "𝒜"]  # no language orders them so
    with store.writing(DEAL) as writer:
        writer.open_deal()
    with store.writing(DEAL) as writer:
        writer.append(draft([Event(0, "loan_setup", name, balance=2) for name in reversed(names)] + [payment(name, 1, 1) for name in names], APRIL))
    with store.reading() as reader:
        span = reader.loan_span(DEAL, APRIL, EVERYTHING, LOANS)
        assert span is not None
        found = [(one.loan, len(one.lines), len(one.life)) for one in reader.loan_lines(DEAL, APRIL, EVERYTHING, LOANS, span)]

    assert found == [(name, 2, 1) for name in names]


def test_months_are_read_by_their_positions_and_lives_by_their_index(sqlite: str) -> None:
    store = Store(sqlite)
    with store.writing(DEAL) as writer:
        writer.open_deal()
        writer.append(draft([Event(0, "loan_setup", "L-1", balance=2), payment("L-1", 1, 1)], APRIL))
    with statements(store) as executed, store.reading() as reader:
        span = reader.loan_span(DEAL, APRIL, EVERYTHING, LOANS)
        assert span is not None
        list(reader.loan_lines(DEAL, APRIL, EVERYTHING, LOANS, span))
        list(reader.loans_that_do_not_roll(DEAL, span, LOANS, RULES, 0))
        reader.loans_known(DEAL, ["L-1"])
        reader.loans_known(DEAL, ["L-1"], 1)
        reader.loans_at(DEAL, APRIL, EVERYTHING, LOANS, (0, 30))
    plans = [(statement[0], plan(store, statement)) for statement in executed if "FROM event" in statement[0]]
    store.close()

    of_lives = [shown for text, shown in plans if "'subsequent_recovery'" in text]
    assert len(of_lives) == 5
    assert [shown for shown in of_lives if "event_by_loan (deal_id=?" not in shown] == []
    searches = [line for _, shown in plans for line in shown.splitlines() if "event" in line]
    assert [line for line in searches if "event_by_loan" not in line and "position=?" not in line and "position<?" not in line] == []
