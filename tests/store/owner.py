"""What the owner of a database can do that its user cannot: put the triggers aside, change rows, put the triggers back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from ledger.store.engine import Store


@contextmanager
def as_owner(store: Store) -> Iterator[Connection]:
    """A transaction without triggers and foreign keys, after which the database looks as it did before."""
    if store.is_postgresql:
        with store.engine.begin() as connection:
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")  # foreign keys are triggers, too
            tables = _column(connection, "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace")
            triggers = _rows(connection, "SELECT tgname, relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid WHERE NOT tgisinternal")
            for table in tables:
                connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            yield connection
            for name, table in triggers:
                connection.exec_driver_sql(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")
        return
    with store.engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        raw.execute("PRAGMA foreign_keys = OFF")
        triggers = raw.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY rowid").fetchall()
        with connection.begin():
            for name, _ in triggers:
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
            yield connection
            for _, statement in triggers:
                connection.exec_driver_sql(statement)
        raw.execute("PRAGMA foreign_keys = ON")


def _rows(connection: Connection, query: str) -> list[tuple[str, ...]]:
    return [tuple(row) for row in connection.exec_driver_sql(query)]


def _column(connection: Connection, query: str) -> list[str]:
    return [row[0] for row in _rows(connection, query)]
