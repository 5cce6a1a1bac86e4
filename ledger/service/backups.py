"""Backup and restore. A backup is a SQLite file that is a set of books by itself, whatever database it was taken from: every command opens it.

Both end with a check of the copy: its schema, the head of every deal against the original's, and `verify` of every deal, which recomputes each hash and
runs each distribution again. A copy that does not hold up is not kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import select

from ledger.core.problems import Problem, ProblemsFound, stop_on
from ledger.files import sources
from ledger.service.verification import verify_in
from ledger.store import schema, tables
from ledger.store.copying import Progress, copy_rows, damage
from ledger.store.engine import Store
from ledger.store.evidence_key import EvidenceKey
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
            deals, rows = _copied(store, copy, progress)
        unfinished.replace(path)
    finally:
        for file in (unfinished, *(unfinished.with_name(f"{unfinished.name}{ending}") for ending in ("-wal", "-shm"))):
            file.unlink(missing_ok=True)
    return Copied(deals, rows, sources.digest(path))


def restore(store: Store, path: Path, progress: Progress = lambda _table, _rows: None) -> Copied:
    """Fill an empty database from a backup, which may be any file at all: nothing in its schema runs. Raises ProblemsFound; then the database is as it was."""
    if not path.is_file():
        raise ProblemsFound([Problem("there is no such backup", "check the path", place=str(path))])
    with _sqlite(path) as source:
        stop_on(problem.at(str(path)) for problem in source.check())
        with source.reading() as reader:
            stop_on(problem.at(str(path)) for problem in damage(reader.connection))
        deals, rows = _copied(source, store, progress)
    return Copied(deals, rows, sources.digest(path))


@contextmanager
def _sqlite(path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{path}")
    try:
        yield store
    finally:
        store.close()


def _copied(source: Store, target: Store, progress: Progress) -> tuple[int, int]:
    """How many deals and rows were copied, in one transaction that ends only where the copy holds up. Raises ProblemsFound."""
    with target.filling() as connection:
        with source.reading() as reader:
            rows, heads = copy_rows(reader.connection, connection, progress), _heads(reader)
        return _hold_up(Reader(connection), heads, target.evidence_key), rows


def _heads(reader: Reader) -> dict[str, str]:
    return {row.name: row.hash for row in reader.deals()}


def _hold_up(copy: Reader, heads: dict[str, str], evidence_key: EvidenceKey | None) -> int:
    """How many deals the copy holds, once its tables, its heads and all that its deals say are shown to be whole. Raises ProblemsFound."""
    stop_on(schema.check(copy.connection))
    found = _heads(copy)
    remedy = "run the command again, and look at the disk"
    stop_on(Problem("the copy does not end where the original ends", remedy, place=deal) for deal in heads if found.get(deal) != heads[deal])
    deals = copy.connection.execute(select(tables.deal.c.name).order_by(tables.deal.c.name)).scalars().all()
    stop_on(problem for deal in deals for problem in verify_in(copy, deal, (), evidence_key=evidence_key, all_evidence=True).problems)
    return len(deals)
