"""Appending loan-level months, in bulk and one by one; then reading them again, and verifying their chain."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import cache, partial
from multiprocessing import get_context

from ledger.core.events import Event
from ledger.service.books import in_order
from ledger.store import seal
from ledger.store.bulk import fetch_rows
from ledger.store.engine import Store
from ledger.store.log import Draft
from ledger.store.tables import event as event_table
from ledger.store.verify import verify
from tests.bench import event_store, rows
from tests.bench.event_store import PEER, PEER_IN_CENTS, in_cents, in_decimals
from tests.bench.figure import LIMIT, Figure, at_least, seconds
from tests.bench.setting import Setting
from tests.store import sample

CORE, ORM = "SQLAlchemy Core", "SQLAlchemy ORM"
GUARDED = "the same statements by the bare driver"
Seconds = Callable[[Setting, list[Event]], float]


@cache
def month(number: int, loans: int) -> list[Event]:
    """What a servicer reports of each loan; the first event says what was received, as the log wants it."""
    return [Event(0, "received", "csv", amount=1, code="csv"), *sample.month_events(number, loans)]


def months(setting: Setting) -> list[list[Event]]:
    return [month(number, setting.sizes.loans) for number in range(1, setting.sizes.loan_months + 1)]


def draft(events: Iterable[Event], number: int) -> Draft:
    return Draft(in_order(events), sample.period(number), sample.ACTOR, "a month", source="csv", attempt=1, source_digest=f"{number:064x}")


def opened(setting: Setting, name: str = sample.DEAL) -> Store:
    store = setting.store()
    with store.writing(name) as writer:
        writer.open_deal()
    return store


def append_to(store: Store, months: list[list[Event]], name: str = sample.DEAL) -> None:
    """Guarded, hashed, chained; a transaction a month."""
    for number, events in enumerate(months, 1):
        with store.writing(name) as writer:
            writer.append(draft(events, number))


# Events a second, all months ------------------------------------------------------------------------------------------


def append(setting: Setting) -> float:
    store, all_months = opened(setting), months(setting)
    return _count(all_months) / seconds(lambda: append_to(store, all_months))


def raw_insert(setting: Setting) -> float:
    return _count(months(setting)) / rows.raw(setting, months(setting))


def of_one_month(measure: Seconds) -> Callable[[Setting], float]:
    """Events a second of a peer that is given a month: it takes as long for the next."""

    def measured(setting: Setting) -> float:
        loans = sample.month_events(1, setting.sizes.loans)[:-1]
        return len(loans) / measure(setting, loans)

    return measured


def _count(months: list[list[Event]]) -> int:
    return sum(map(len, months))


# Commits a second -----------------------------------------------------------------------------------------------------


def _single_events(setting: Setting) -> list[Event]:
    return sample.month_events(1, setting.sizes.small_commits)[:-1]


def append_single(setting: Setting) -> float:
    store, events = opened(setting), _single_events(setting)

    def append_each() -> None:
        for event in events:
            with store.writing(sample.DEAL) as writer:
                writer.append(Draft(in_order([event]), None, sample.ACTOR, "a reason"))

    return len(events) / seconds(append_each)


def raw_single(setting: Setting) -> float:
    events = _single_events(setting)
    return len(events) / rows.raw_single(setting, events)


def guarded_single(setting: Setting) -> float:
    events = _single_events(setting)
    return len(events) / rows.guarded_single(opened(setting), sample.DEAL, events)


def peer_single(setting: Setting) -> float:
    events = _single_events(setting)
    return len(events) / event_store.append_single(setting, in_decimals(events))


# Read again -----------------------------------------------------------------------------------------------------------


def appended(setting: Setting) -> Store:
    """Two deals with the same months."""
    store = opened(setting)
    append_to(store, months(setting))
    with store.writing("OTHER") as writer:
        writer.open_deal()
    append_to(store, months(setting), "OTHER")
    return store


def replay(setting: Setting) -> float:
    """Stored events as values in order, and their principal summed."""
    with setting.once(appended).reading() as reader:
        taken = seconds(lambda: sum(event.principal or 0 for _, event in reader.events(sample.DEAL)))
    return _count(months(setting)) / taken


def raw_read(setting: Setting) -> float:
    """The same rows as the driver's own tuples."""
    columns = event_table.c
    with setting.once(appended).reading() as reader:
        query = event_table.select().where(columns.deal_id == reader.deal_id(sample.DEAL)).order_by(columns.position, columns.line)
        taken = seconds(lambda: fetch_rows(reader.connection, query))
    return _count(months(setting)) / taken


def verify_chain(setting: Setting) -> float:
    store = setting.once(appended)
    return _count(months(setting)) / seconds(lambda: _verify(store, sample.DEAL))


def hash_alone(setting: Setting) -> float:
    """Leaves and roots of the same months, without a database."""
    ready = [list(in_order(events)) for events in months(setting)]
    taken = seconds(lambda: [seal.root(seal.leaves(event[:] for event in events)) for events in ready])
    return _count(ready) / taken


def verify_in_two(setting: Setting) -> float:
    """Two deals, each by a process of its own, which is there already."""
    pool = ThreadPoolExecutor(2) if setting.sizes.is_small else _two_processes()
    url = setting.once(appended).url.render_as_string(hide_password=False)
    taken = seconds(lambda: list(pool.map(partial(_verify_there, url), (sample.DEAL, "OTHER"))))
    return 2 * _count(months(setting)) / taken


@cache
def _two_processes() -> ProcessPoolExecutor:
    """They have imported what they need, and wait."""
    pool = ProcessPoolExecutor(2, get_context("spawn"))
    list(pool.map(_be_there, range(8)))
    return pool


def _be_there(_: int) -> None:
    """To be asked for it, a process imports this module."""


def _verify_there(url: str, name: str) -> None:
    store = Store(url)
    _verify(store, name)
    store.close()


def _verify(store: Store, name: str) -> None:
    with store.reading() as reader:
        assert not verify(reader, name)


PEERS = {
    PEER: of_one_month(lambda setting, events: event_store.append(setting, in_decimals(events))),
    PEER_IN_CENTS: of_one_month(lambda setting, events: event_store.append(setting, in_cents(events))),
    CORE: of_one_month(lambda setting, events: rows.sqlalchemy_core(setting, [events])),
    ORM: of_one_month(lambda setting, events: rows.sqlalchemy_orm(setting, [events])),
}
REPLAYED = of_one_month(lambda setting, events: event_store.replay(setting, in_decimals(events)))

FIGURES = (
    Figure("append of loan-level months, hashed and chained", "events/s", append, raw_insert, PEERS, (at_least(0.6, of=LIMIT), at_least(5, of=PEER))),
    Figure("one event a commit, durable", "commits/s", append_single, raw_single, {GUARDED: guarded_single, PEER: peer_single}, (at_least(0.7, of=LIMIT),)),
    Figure("replay of stored events as values", "events/s", replay, raw_read, {PEER: REPLAYED}),
    Figure("verification of the chain", "events/s", verify_chain, hash_alone, goals=(at_least(300_000),)),
    Figure("verification of two chains in two processes", "events/s", verify_in_two, goals=(at_least(550_000),)),
)
