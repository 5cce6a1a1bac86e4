"""The limit of appending, and what SQLAlchemy does: the same rows into the same table and indexes, without triggers, hashes and guards."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeAlias

from sqlalchemy import insert
from sqlalchemy.orm import Session, registry

from ledger.core.commit import CommitHeader
from ledger.core.events import Event
from ledger.service.books import in_order
from ledger.store import seal, tables
from ledger.store.driver import together
from ledger.store.engine import Store
from tests.bench.figure import seconds
from tests.bench.setting import POSTGRESQL, Setting
from tests.store import sample

Row: TypeAlias = tuple[Any, ...]
NAMES = [column.name for column in tables.event.columns]
DAY = NAMES.index("effective_on")


@contextmanager
def without_triggers(setting: Setting) -> Iterator[Store]:
    """A fresh database that takes any row; its connections are set as those of the program."""
    store = Store(setting.fresh())
    with store.engine.begin() as connection:
        if store.is_postgresql:
            connection.exec_driver_sql("ALTER TABLE event DISABLE TRIGGER USER")
        else:
            for (name,) in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").all():
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
    yield store
    store.close()


def rows_of(months: list[list[Event]]) -> list[list[Row]]:
    """The rows that the commits of some months become."""
    return [[(1, position, *event) for event in in_order(events)] for position, events in enumerate(months, 1)]


def raw(setting: Setting, months: list[list[Event]]) -> float:
    """Seconds for the driver alone, a transaction a month. The rows are ready."""
    return insert_rows(setting, [database_dates_of(setting, rows) for rows in rows_of(months)])


def insert_rows(setting: Setting, transactions: Iterable[Iterable[Row]]) -> float:
    """Seconds for the driver alone: `executemany`, or COPY. What the rows take to be made is counted where they come one by one."""
    with without_triggers(setting) as store, store.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        insert_all = _copy if store.is_postgresql else _executemany
        return seconds(lambda: [insert_all(driver, rows) for rows in transactions])


def database_dates_of(setting: Setting, rows: Iterable[Row]) -> list[Row]:
    """The rows with dates as the driver wants them: as text on SQLite."""
    if setting.database == POSTGRESQL:
        return list(rows)
    return [(*row[:DAY], row[DAY] and row[DAY].isoformat(), *row[DAY + 1 :]) for row in rows]


def _executemany(driver: Any, rows: Iterable[Row]) -> None:
    driver.execute("BEGIN IMMEDIATE")
    driver.executemany(f"INSERT INTO event ({', '.join(NAMES)}) VALUES ({', '.join('?' * len(NAMES))})", rows)
    driver.execute("COMMIT")


def _copy(driver: Any, rows: Iterable[Row]) -> None:
    with driver.cursor() as cursor, cursor.copy(f"COPY event ({', '.join(NAMES)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
    driver.commit()


def raw_single(setting: Setting, events: list[Event]) -> float:
    """Seconds for one row a transaction by the driver alone."""
    with without_triggers(setting) as store, store.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        mark, begin = ("%s", "BEGIN") if store.is_postgresql else ("?", "BEGIN IMMEDIATE")
        statement = f"INSERT INTO event ({', '.join(NAMES)}) VALUES ({', '.join([mark] * len(NAMES))})"

        def insert_each() -> None:
            for position, event in enumerate(events, 1):
                driver.execute(begin)
                driver.execute(statement, (1, position, *event))
                driver.execute("COMMIT")

        connection.rollback()
        if store.is_postgresql:
            driver.autocommit = True
        return seconds(insert_each)


def guarded_single(store: Store, name: str, events: list[Event]) -> float:
    """Seconds for the least that our commits of one event are, by the driver alone: the head locked and read, event and commit chained, the head moved."""
    with store.engine.connect() as connection:
        connection.rollback()
        driver: Any = connection.connection.driver_connection
        mark, begin, lock = ("%s", "BEGIN", " FOR UPDATE OF head") if store.is_postgresql else ("?", "BEGIN IMMEDIATE", "")
        if store.is_postgresql:
            driver.autocommit = True
        read = f"SELECT deal_id, position, hash, event_count FROM head JOIN deal USING (deal_id) WHERE name = {mark}{lock}"
        write_event, write_commit = (
            f"INSERT INTO {table.name} VALUES ({', '.join([mark] * len(table.columns))})" for table in (tables.event, tables.log_commit)
        )
        move = f"UPDATE head SET position = {mark}, hash = {mark}, event_count = {mark}, recorded_at = {mark} WHERE deal_id = {mark}"

        def commit_each() -> None:
            for event in events:
                driver.execute(begin)
                deal_id, position, previous, count = driver.execute(read, (name,)).fetchone()
                header, root = _header(name, position + 1, previous, event)
                hashed = seal.commit_hash(header)
                with together(connection):
                    driver.execute(write_event, (deal_id, header.position, 1, *event[1:]))
                    said = (None, header.treatment, header.recorded_at, header.actor, header.reason, None, None, None, None, 1)
                    driver.execute(write_commit, (deal_id, header.position, *said, root, previous, hashed))
                    driver.execute(move, (header.position, hashed, count + 1, header.recorded_at, deal_id))
                driver.execute("COMMIT")

        return seconds(commit_each)


def _header(name: str, position: int, previous: bytes, event: Event) -> tuple[CommitHeader, bytes]:
    root, recorded_at = seal.leaf(event._replace(line=1)), tables.instant_text(datetime.now(UTC))
    return CommitHeader(name, position, previous.hex(), None, "original", recorded_at, sample.ACTOR, "a reason", None, None, 1, root.hex()), root


def sqlalchemy_core(setting: Setting, months: list[list[Event]]) -> float:
    """Seconds for `insert()` with a list of dictionaries, a transaction a month."""
    ready = [[dict(zip(NAMES, row, strict=True)) for row in rows] for rows in rows_of(months)]
    return _each_month(setting, ready, lambda session, rows: session.execute(insert(tables.event), rows))


def sqlalchemy_orm(setting: Setting, months: list[list[Event]]) -> float:
    """Seconds for `add_all()` with mapped objects, a transaction a month."""
    mapped = _mapped()
    ready = [[mapped(**dict(zip(NAMES, row, strict=True))) for row in rows] for rows in rows_of(months)]
    return _each_month(setting, ready, lambda session, rows: session.add_all(rows))


def _each_month(setting: Setting, months: list[Any], add: Callable[[Session, Any], object]) -> float:
    def insert_all() -> None:
        for rows in months:
            with Session(store.engine) as session:
                add(session, rows)
                session.commit()

    with without_triggers(setting) as store:
        return seconds(insert_all)


@cache
def _mapped() -> Any:
    class Mapped:
        """A row of the event table."""

    registry().map_imperatively(Mapped, tables.event)
    return Mapped
