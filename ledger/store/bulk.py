"""Rows in bulk past SQLAlchemy's per-row work: tuples into SQLite, COPY into PostgreSQL, plain tuples out of either."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Select, Table

from ledger.store.driver import DriverErrors, driver_connection, run

Row = tuple[Any, ...]
Insert = Callable[[Sequence[Row]], None]
"""Inserts some rows."""
FEW = 4
"""So many rows are inserted one by one: a COPY costs as much as several statements that are prepared already."""


def inserting(connection: Connection, table: Table, key: tuple[int, ...] = (), *, few: bool = False) -> AbstractContextManager[Insert]:
    """Inserts full rows, in column order, less the first columns, `key`, that all of them share. Dates are as `database_dates` makes them.

    Until the block ends no other statement may be given, except where the rows are `few`: on PostgreSQL all of them are one COPY, which a statement trigger
    sees together, and of which the server stores some while the next are made. Raises DBAPIError, also at the end of the block.
    """
    if few:
        return nullcontext(_one_by_one(connection, table, key))
    if connection.dialect.name == "sqlite":
        return nullcontext(_many(connection, table, key))
    return _copying(connection, table, key)


def insert_rows(connection: Connection, table: Table, rows: Sequence[Row], key: tuple[int, ...] = ()) -> None:
    """Insert rows that are all there: see `inserting`."""
    if rows:
        with inserting(connection, table, key) as insert:
            insert(rows)


def database_dates(connection: Connection, rows: Iterable[Row], column: int) -> list[Row]:
    """The rows with the date at index `column` as the driver wants it: `date` on PostgreSQL, ISO text on SQLite."""
    if connection.dialect.name != "sqlite":
        return list(rows)
    after = column + 1
    return [row if row[column] is None else (*row[:column], row[column].isoformat(), *row[after:]) for row in rows]


def fetch_rows(connection: Connection, query: Select[Any]) -> list[Row]:
    """The plain driver tuples of a query whose parameters are integers; dates come as ISO text on SQLite and as `date` on PostgreSQL."""
    statement = str(query.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True}))
    with DriverErrors(connection):
        rows: list[Row] = run(connection, statement).fetchall()
    return rows


def _one_by_one(connection: Connection, table: Table, key: tuple[int, ...]) -> Insert:
    """By a statement that is the same for every key, so that the driver keeps it prepared."""
    statement = _insert_statement(table, "?" if connection.dialect.name == "sqlite" else "%s")

    def insert(rows: Sequence[Row]) -> None:
        for row in rows:
            run(connection, statement, key + row)

    return insert


def _many(connection: Connection, table: Table, key: tuple[int, ...]) -> Insert:
    """By a statement in which the shared columns stand as the numbers that they are: a row need not be copied to put them before it."""
    statement = _insert_statement(table, "?").replace("?", "{}", len(key)).format(*key)

    def insert(rows: Sequence[Row]) -> None:
        with DriverErrors(connection):
            driver_connection(connection).executemany(statement, rows)

    return insert


@contextmanager
def _copying(connection: Connection, table: Table, key: tuple[int, ...]) -> Iterator[Insert]:
    with DriverErrors(connection), driver_connection(connection).cursor() as cursor, cursor.copy(f"COPY {table.name} ({_names(table)}) FROM STDIN") as copy:

        def insert(rows: Sequence[Row]) -> None:
            write_row = copy.write_row
            for row in rows:
                write_row(key + row)

        yield insert


@lru_cache
def _insert_statement(table: Table, mark: str) -> str:
    return f"INSERT INTO {table.name} ({_names(table)}) VALUES ({', '.join([mark] * len(table.columns))})"


@lru_cache
def _names(table: Table) -> str:
    return ", ".join(column.name for column in table.columns)
