"""Statements given to the database's own driver, inside SQLAlchemy's transaction: over a small one SQLAlchemy takes longer than the database."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from sqlalchemy import Connection, Executable
from sqlalchemy.exc import DBAPIError

# What psycopg would print of a pipeline that was refused is raised, as a problem or as an error.
logging.getLogger("psycopg").addHandler(logging.NullHandler())

_NAMED = {"sqlite": "named", "postgresql": "pyformat"}
"""How each driver takes values by name."""


class Prepared:
    """A statement of the path that every commit takes: put into each database's words once, and kept prepared by its driver.

    Values are given by name, perhaps more than it asks for; dates and times as ISO text, which either database takes for a column of them.
    """

    def __init__(self, statement: Executable) -> None:
        self._statement = statement
        self._texts: dict[str, str] = {}

    def run(self, connection: Connection, **values: Any) -> Any:
        """The driver's cursor over what is found. Raises DBAPIError, inside of `together` perhaps only at its end."""
        name = connection.dialect.name
        if name not in self._texts:
            dialect: Any = type(connection.dialect)
            self._texts[name] = str(self._statement.compile(dialect=dialect(paramstyle=_NAMED[name])))  # type: ignore[attr-defined]
        return run(connection, self._texts[name], values)


def run(connection: Connection, statement: str, *values: Any) -> Any:
    """The driver's cursor over what a statement in its own words finds, with its values, if any, as one argument. Raises DBAPIError."""
    with DriverErrors(connection):
        return driver_connection(connection).execute(statement, *values)


def together(connection: Connection) -> AbstractContextManager[None]:
    """Statements of which none waits for another's answer: PostgreSQL is sent them all, and asked once what became of them. COPY cannot be among them.

    Raises DBAPIError for the first that is refused, at the end of the block if not before.
    """
    return nullcontext() if connection.dialect.name == "sqlite" else _pipeline(connection)


@contextmanager
def _pipeline(connection: Connection) -> Iterator[None]:
    with DriverErrors(connection), driver_connection(connection).pipeline():
        yield


class DriverErrors:
    """The driver's errors come out of the block as SQLAlchemy's, as everywhere else. A class, since `contextmanager` takes longer than a small statement."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None: ...

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if error is None:
            return
        dialect: Any = self._connection.dialect
        if isinstance(error, dialect.dbapi.Error):
            if dialect.is_disconnect(error, driver_connection(self._connection), None):
                # There is nothing to roll back any more; and a server that ended one connection has most often ended all that are kept.
                self._connection.invalidate(error)
                self._connection.engine.dispose()
            raise DBAPIError.instance("", None, error, dialect.dbapi.Error, dialect=dialect) from error


def driver_connection(connection: Connection) -> Any:
    return connection.connection.driver_connection
