"""Rows in bulk past SQLAlchemy's per-row work: tuples into SQLite, COPY into PostgreSQL, plain tuples out of either."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Select, Table
from sqlalchemy.exc import DBAPIError

Row = tuple[Any, ...]


def insert_rows(connection: Connection, table: Table, rows: Sequence[Row], key: tuple[int, ...] = ()) -> None:
    """Insert full rows, in column order, less the first columns, `key`, that all of them share.

    Dates are `date` on PostgreSQL and ISO text on SQLite: see `database_dates`.
    """
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(_insert_statement(table, key), list(rows))
        return
    # One COPY for all rows: a statement trigger sees them together.
    with driver_cursor(connection) as cursor, cursor.copy(_copy_statement(table)) as copy:
        write_row = copy.write_row
        for row in rows:
            write_row(key + row)


def database_dates(connection: Connection, rows: Iterable[Row], column: int) -> list[Row]:
    """The rows with the date at index `column` as the driver wants it."""
    if connection.dialect.name != "sqlite":
        return list(rows)
    after = column + 1
    return [row if row[column] is None else (*row[:column], row[column].isoformat(), *row[after:]) for row in rows]


def fetch_rows(connection: Connection, query: Select[Any]) -> list[Row]:
    """The plain driver tuples of a query whose parameters are integers; dates come as ISO text on SQLite and as `date` on PostgreSQL."""
    with driver_cursor(connection) as cursor:
        cursor.execute(str(query.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})))
        rows: list[Row] = cursor.fetchall()
    return rows


@contextmanager
def driver_cursor(connection: Connection) -> Iterator[Any]:
    """A cursor of the database's own driver, inside SQLAlchemy's transaction; its errors come out as SQLAlchemy's, as everywhere else."""
    cursor: Any = connection.connection.cursor()
    driver: Any = connection.dialect.dbapi
    try:
        yield cursor
    except driver.Error as error:
        raise DBAPIError.instance("", None, error, driver.Error, dialect=connection.dialect) from error
    finally:
        cursor.close()


def _insert_statement(table: Table, key: tuple[int, ...]) -> str:
    """The shared columns stand in the statement as the numbers that they are: a row need not be copied to put them before it."""
    names = [column.name for column in table.columns]
    values = [*map(str, key), *"?" * (len(names) - len(key))]
    return f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join(values)})"


@lru_cache
def _copy_statement(table: Table) -> str:
    return f"COPY {table.name} ({', '.join(column.name for column in table.columns)}) FROM STDIN"
