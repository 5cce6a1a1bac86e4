"""What is unsafe about how a database is kept, though nothing is wrong with it: settings, rights, and the room on its disk."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection

from ledger.core.problems import Problem
from ledger.store.roles import unsafe_rights

LEAST_FREE_BYTES = 2**30
"""Below this much room, or below the size of the database itself, a month-end may not find place."""

OLDEST_SERVER = 15
"""The oldest PostgreSQL that is supported, by its major version."""


def advice(connection: Connection) -> Iterator[Problem]:
    """Each unsafe circumstance with what to do about it."""
    if connection.dialect.name == "sqlite":
        yield from _of_file(Path(connection.engine.url.database or ":memory:"))
        return
    yield from unsafe_rights(connection)
    yield from of_server(int(connection.exec_driver_sql("SHOW server_version_num").scalar_one()))
    if connection.exec_driver_sql("SHOW data_checksums").scalar_one() != "on":
        yield Problem("the PostgreSQL server writes no checksums of its pages", "enable them with pg_checksums, while the server is stopped")


def of_server(version: int) -> Iterator[Problem]:
    """What there is to say of a PostgreSQL server's version, such as 150018."""
    if version // 10_000 < OLDEST_SERVER:
        yield Problem(f"the PostgreSQL server is of version {version // 10_000}", f"upgrade it: versions from {OLDEST_SERVER} on are supported")


def _of_file(path: Path) -> Iterator[Problem]:
    if not path.exists():
        return
    if path.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        yield Problem("others than its owner may write to the file, and whoever can write to it can change the books", f"chmod go-w {path}", place=str(path))
    free, size = shutil.disk_usage(path.resolve().parent).free, path.stat().st_size
    if free < max(LEAST_FREE_BYTES, size):
        remedy = "make room before the next month is appended"
        yield Problem(f"the disk has {free // 2**20} MiB left, the database has {size // 2**20} MiB", remedy, place=str(path))
