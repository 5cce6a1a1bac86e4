"""What must hold of books after a kill."""

from __future__ import annotations

from sqlalchemy import inspect

from ledger import service
from ledger.store import schema, tables
from ledger.store.engine import Store
from tests.crash import work
from tests.crash.databases import OLD_DEAL, OLD_TABLES, OLD_VERSION
from tests.crash.killing import Killed
from tests.crash.work import Rehearsed
from tests.golden.test_golden import HEADS


def check_wholeness(killed: Killed, is_there: bool) -> None:
    """What was acknowledged, or returned from its commit, is there; what had not begun to commit is not; in between, either may be."""
    if killed.phase == "after":
        assert is_there, killed
    if killed.phase == "before":
        assert not is_there, killed


def check_books(store: Store, killed: Killed, rehearsed: Rehearsed) -> bool:
    """The books are those before the command or those after it, and verify; the command run again completes. Whether it was there after the kill."""
    found = work.contents(store)
    assert found in (rehearsed.before, rehearsed.after), killed
    is_there = found == rehearsed.after
    check_wholeness(killed, is_there)
    assert found == ([], []) or service.verify(store, work.DEAL).problems == (), killed

    work.carry_out(store, rehearsed.step)

    assert work.contents(store) == rehearsed.after, killed
    assert service.verify(store, work.DEAL).problems == (), killed
    return is_there


def check_migration(store: Store, killed: Killed, rehearsed: Rehearsed) -> bool:
    """The tables are all of the old version or all of the new one; the migration run again completes, and the books are as they were."""
    with store.engine.connect() as connection:
        version, names = schema.version(connection), set(inspect(connection).get_table_names())
    is_there = version == schema.newest_version()
    assert is_there or version == OLD_VERSION, killed
    assert names - {"alembic_version"} == (set(tables.metadata.tables) if is_there else OLD_TABLES), killed
    assert not is_there or store.check() == [], killed
    check_wholeness(killed, is_there)

    work.carry_out(store, rehearsed.step)

    verified = service.verify(store, OLD_DEAL)  # looks at every table, trigger and constraint, too
    assert (verified.problems, verified.head) == ((), HEADS["0.1"]), killed
    assert work.contents(store, OLD_DEAL) == rehearsed.after, killed
    return is_there
