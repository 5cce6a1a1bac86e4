"""The limit of appending, and what SQLAlchemy does: the same rows into the same table and indexes, without triggers, hashes and guards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeAlias

from sqlalchemy import insert
from sqlalchemy.orm import Session, registry

from ledger.core.events import Event
from ledger.service.books import in_order
from ledger.store import tables
from ledger.store.bulk import database_dates
from ledger.store.engine import Store
from tests.bench.figure import seconds
from tests.bench.setting import Setting

Row: TypeAlias = tuple[Any, ...]
NAMES = [column.name for column in tables.event.columns]


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
    """Seconds for the driver alone: `executemany`, or COPY, a transaction a month. The rows are ready."""
    with without_triggers(setting) as store, store.engine.connect() as connection:
        ready = [database_dates(connection, rows, NAMES.index("effective_on")) for rows in rows_of(months)]
        connection.rollback()
        driver: Any = connection.connection.driver_connection
        insert_month = _copy if store.is_postgresql else _executemany
        return seconds(lambda: [insert_month(driver, rows) for rows in ready])


def _executemany(driver: Any, rows: list[Row]) -> None:
    driver.execute("BEGIN IMMEDIATE")
    driver.executemany(f"INSERT INTO event ({', '.join(NAMES)}) VALUES ({', '.join('?' * len(NAMES))})", rows)
    driver.execute("COMMIT")


def _copy(driver: Any, rows: list[Row]) -> None:
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
