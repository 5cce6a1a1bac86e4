"""Backup and restore. A backup is a SQLite file that is a set of books by itself, whatever database it was taken from: every command opens it.

Both end with a check of the copy: its schema, the head of every deal against the original's, and `verify` of every deal, which recomputes each hash and
runs each distribution again. A copy that does not hold up is not kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import file_digest
from pathlib import Path
from typing import NamedTuple

from ledger.core.problems import Problem, ProblemsFound, stop_on
from ledger.service.verification import verify
from ledger.store.copying import Progress, copy_rows
from ledger.store.engine import Store
from ledger.store.projections import Reader


class Copied(NamedTuple):
    """A verified copy: how many deals and rows it holds, and the SHA-256 of the backup file in hex."""

    deals: int
    rows: int
    digest: str


def backup(store: Store, path: Path, progress: Progress = lambda _table, _rows: None) -> Copied:
    """Write a backup of the whole database, as it stands at one moment, to a new file. Raises ProblemsFound; then there is no such file."""
    if path.exists():
        raise ProblemsFound([Problem("the file is there already, and a backup never replaces one", "name another file", place=str(path))])
    unfinished = path.with_name(f"{path.name}.unfinished")
    try:
        with _sqlite(unfinished) as copy:
            copy.upgrade()
            rows, heads = _copied(store, copy, progress)
            deals = _hold_up(copy, heads)
        unfinished.replace(path)
    finally:
        for file in (unfinished, *(unfinished.with_name(f"{unfinished.name}{ending}") for ending in ("-wal", "-shm"))):
            file.unlink(missing_ok=True)
    return Copied(deals, rows, _digest(path))


def restore(store: Store, path: Path, progress: Progress = lambda _table, _rows: None) -> Copied:
    """Fill an empty database from a backup. Raises ProblemsFound; then the database is as it was.

    Copy and check are one transaction's work and the checks that follow it: a database that does not hold up afterwards is named, and not to be used.
    """
    if not path.is_file():
        raise ProblemsFound([Problem("there is no such backup", "check the path", place=str(path))])
    with _sqlite(path) as source:
        stop_on(problem.at(str(path)) for problem in source.check())
        rows, heads = _copied(source, store, progress)
        deals = _hold_up(store, heads)
    return Copied(deals, rows, _digest(path))


@contextmanager
def _sqlite(path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{path}")
    try:
        yield store
    finally:
        store.close()


def _copied(source: Store, target: Store, progress: Progress) -> tuple[int, dict[str, str]]:
    """How many rows were copied, and the head of each deal in the snapshot that was copied."""
    with source.reading() as reader, target.filling() as connection:
        return copy_rows(reader.connection, connection, progress), _heads(reader)


def _heads(reader: Reader) -> dict[str, str]:
    return {row.name: row.hash for row in reader.deals()}


def _hold_up(copy: Store, heads: dict[str, str]) -> int:
    """How many deals the copy holds, once its tables, its heads and all that its deals say are shown to be whole. Raises ProblemsFound."""
    stop_on(copy.check())
    with copy.reading() as reader:
        found = _heads(reader)
    remedy = "run the command again, and look at the disk"
    stop_on(Problem("the copy does not end where the original ends", remedy, place=deal) for deal in heads if found.get(deal) != heads[deal])
    stop_on(problem for deal in found for problem in verify(copy, deal).problems)
    return len(found)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
