"""Databases to be copied, one for each life or migration that is killed: new ones, and old ones that wait for a migration."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Engine, create_engine, select

from ledger.store import schema, tables
from ledger.store.bulk import insert_rows
from ledger.store.copying import triggers_aside
from ledger.store.engine import Store
from tests import servers

GOLDEN = Path(__file__).parents[1] / "golden" / "0.1.sql"
OLD_DEAL = "COVE-1"
OLD_VERSION = "0001"
OLD_TABLES = {"deal", "log_commit", "event", "head", "document", "distribution", "posting", "balance", "statement"}


class Template(NamedTuple):
    """A database to copy: the name of one on a server, or a file of SQLite."""

    server: str | None
    name: str

    @contextmanager
    def copy(self) -> Iterator[Store]:
        """A copy of it, until the block ends."""
        if self.server is None:
            with tempfile.TemporaryDirectory(prefix="tranche-crash-") as folder, _opened(f"sqlite:///{folder}/books.db") as store:
                shutil.copy(self.name, f"{folder}/books.db")
                yield store
            return
        name = servers.create_database(self.server, "crash", self.name)
        try:
            with _opened(servers.address(self.server, name)) as store:
                yield store
        finally:
            servers.drop_database(self.server, name)

    @property
    def database(self) -> str:
        return "SQLite" if self.server is None else "PostgreSQL"


@contextmanager
def _opened(url: str) -> Iterator[Store]:
    store = Store(url)
    try:
        yield store
    finally:
        store.close()


def new_template(server: str | None, folder: Path) -> Template:
    """The tables of this version, and no deal."""
    if server is not None:
        return Template(server, servers.create_template(server))
    file = folder / "new.db"
    store = Store(f"sqlite:///{file}")
    store.upgrade()
    store.close()
    return Template(None, str(file))


def old_template(server: str | None, folder: Path) -> Template:
    """The golden books of release 0.1, in the tables of that release."""
    file = folder / "old.db"
    connection = sqlite3.connect(file)
    connection.executescript(GOLDEN.read_text(encoding="utf-8"))
    connection.close()
    if server is None:
        return Template(None, str(file))
    name = servers.create_database(server, "old")
    source, target = create_engine(f"sqlite:///{file}"), Store(servers.address(server, name))
    _upgrade_to(target.engine, OLD_VERSION)
    _copy_old_rows(source, target.engine)
    source.dispose()
    target.close()
    return Template(server, name)


def _upgrade_to(engine: Engine, version: str) -> None:
    from alembic import command
    from alembic.config import Config

    configuration = Config()
    configuration.set_main_option("script_location", str(schema.migrations_folder()).replace("%", "%%"))
    with engine.begin() as connection:
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, version)


def _copy_old_rows(source: Engine, target: Engine) -> None:
    """What `copying.copy_rows` does, for the tables that there were then."""
    with source.connect() as reading, target.begin() as writing, triggers_aside(writing):
        for table in tables.metadata.sorted_tables:
            if table.name in OLD_TABLES:
                rows = reading.execute(select(table).order_by(*table.primary_key.columns))
                insert_rows(writing, table, [tuple(row) for row in rows])
