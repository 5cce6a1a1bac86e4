"""Appending loan-level months beside the raw insert of the same rows, hashing alone, small commits, and verifying."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import psycopg

from ledger.core.events import Event
from ledger.store import seal, tables
from ledger.store.bulk import database_dates
from ledger.store.engine import Store
from ledger.store.log import Draft
from ledger.store.verify import verify
from tests.bench.timing import Figure, interleave, ratio, seconds
from tests.store import sample

LOANS, MONTHS, SMALL = 20_000, 5, 200
Databases = Callable[[], str]
"""Makes a fresh, migrated database and returns its URL."""


def raw_insert(url: str, drafts: list[Draft]) -> float:
    """The same rows into the same table with the same indexes by the driver alone: no triggers, no hashes, a transaction a month. Seconds."""
    store = Store(url)
    names = [column.name for column in tables.event.columns]
    with store.engine.connect() as connection:
        rows = [[(1, position, *event) for event in draft.events] for position, draft in enumerate(drafts, 1)]
        months = [database_dates(connection, month, names.index("effective_on")) for month in rows]
    _drop_triggers(store)
    address = store.url.set(drivername="postgresql").render_as_string(hide_password=False) if store.is_postgresql else str(store.url.database)
    store.close()
    return _copy(address, names, months) if store.is_postgresql else _executemany(address, names, months)


def _drop_triggers(store: Store) -> None:
    if store.is_postgresql:
        with store.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE event DISABLE TRIGGER USER")
        return
    with store.engine.begin() as connection:
        for (name,) in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").all():
            connection.exec_driver_sql(f"DROP TRIGGER {name}")


def _executemany(file: str, names: list[str], months: list[list[Any]]) -> float:
    connection = sqlite3.connect(file, isolation_level=None)
    for pragma in ("journal_mode = WAL", "synchronous = FULL"):
        connection.execute(f"PRAGMA {pragma}")
    statement = f"INSERT INTO event ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"

    def insert() -> None:
        for rows in months:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(statement, rows)
            connection.execute("COMMIT")

    taken = seconds(insert)
    connection.close()
    return taken


def _copy(address: str, names: list[str], months: list[list[Any]]) -> float:
    with psycopg.connect(address) as connection, connection.cursor() as cursor:

        def insert() -> None:
            for rows in months:
                with cursor.copy(f"COPY event ({', '.join(names)}) FROM STDIN") as copy:
                    for row in rows:
                        copy.write_row(row)
                connection.commit()

        return seconds(insert)


def logged_append(url: str, drafts: list[Draft]) -> float:
    """Seconds for the months through `Store.writing`: guarded, hashed, chained, a transaction each."""
    store = Store(url)
    with store.writing(sample.DEAL) as writer:
        writer.open_deal()

    def append() -> None:
        for draft in drafts:
            with store.writing(sample.DEAL) as writer:
                writer.append(draft)

    taken = seconds(append)
    store.close()
    return taken


def months() -> list[Draft]:
    return [sample.remittance(sample.month_events(month, LOANS), sample.period(month)) for month in range(1, MONTHS + 1)]


def bulk(name: str, fresh: Databases) -> Iterator[Figure]:
    """Append against raw insert, then the verification of what was appended."""
    drafts = months()
    events = sum(len(list(draft.events)) for draft in drafts)
    raw, logged = interleave(lambda: raw_insert(fresh(), drafts), lambda: logged_append(fresh(), drafts))
    yield Figure(f"{name}: raw insert of loan-level rows", [events / run for run in raw], "events/s")
    yield Figure(f"{name}: append of the same, hashed and chained", [events / run for run in logged], "events/s")
    yield ratio(f"{name}: append against raw insert", raw, logged, ">= 0.60")
    url = fresh()
    logged_append(url, drafts)
    store = Store(url)
    with store.reading() as reader:
        (runs,) = interleave(lambda: seconds(lambda: verify(reader, sample.DEAL)))
    store.close()
    yield Figure(f"{name}: verification of the chain", [events / run for run in runs], "events/s", ">= 300 k")


def hashing() -> Iterator[Figure]:
    """Leaves and root of a month, without a database."""
    draft = months()[0]
    (runs,) = interleave(lambda: seconds(lambda: seal.root(seal.leaves(event[:] for event in draft.events))))
    yield Figure("hashing alone: leaves and root", [len(list(draft.events)) / run for run in runs], "events/s")


def small_commits(name: str, fresh: Databases) -> Iterator[Figure]:
    """One event a commit, each durable before the next."""
    store = Store(fresh())
    sample.open_deal(store)
    numbers = count()

    def append() -> None:
        for _ in range(SMALL):
            with store.writing(sample.DEAL) as writer:
                writer.append(sample.draft([Event(0, "interest", interest=next(numbers))]))

    (runs,) = interleave(lambda: seconds(append))
    store.close()
    yield Figure(f"{name}: one event a commit, durable", [SMALL / run for run in runs], "commits/s")
