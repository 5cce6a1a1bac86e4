"""Copying a whole database, row for row, into one that has the tables and no deal: what a backup and a restore are made of.

Rows are copied and not appended, so the triggers that forbid late rows are put aside for the one transaction; the owner of a database can do that and
nobody else. The copy proves itself afterwards, by `verify`, as any set of books does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Row, Table, TypeDecorator, func, select, text
from sqlalchemy.exc import DatabaseError, DataError, IntegrityError

from ledger.core.problems import Problem, ProblemsFound
from ledger.store import tables
from ledger.store.bulk import insert_rows

ROWS_AT_ONCE = 10_000
PARTS_AT_ONCE = 20
"""Of files: each may be a million bytes."""
Progress = Callable[[str, int], None]
"""Told the table and how many of its rows are copied."""
_ANOTHER = "restore another backup, and compare its SHA-256 with the one that `tranche database backup` gave"


def copy_rows(source: Connection, target: Connection, progress: Progress = lambda _table, _rows: None) -> int:
    """Copy every row of every table; how many there were. Raises ProblemsFound where the target holds deals, or an actor list, already."""
    if any(target.execute(select(func.count()).select_from(table)).scalar_one() for table in (tables.deal, tables.act)):
        raise ProblemsFound([Problem("the database holds deals already, or an actor list", "restore into an empty one, made by `tranche database upgrade`")])
    with triggers_aside(target):
        copied = sum(_copy_table(source, target, table, progress) for table in tables.metadata.sorted_tables)
    if target.dialect.name == "postgresql":
        _continue_numbers(target)
    return copied


def _copy_table(source: Connection, target: Connection, table: Table, progress: Progress) -> int:
    """One table in the order of its key, so that what a row rests on is there before it."""
    stored = [_as_stored(column.type, target) for column in table.columns]
    copied = 0
    for rows in _read(source, table):
        try:
            insert_rows(target, table, [_converted(row, stored) for row in rows])
        except (IntegrityError, DataError, ValueError, TypeError) as error:
            raise ProblemsFound([Problem(f"the rows of {table.name} cannot stand in a set of books: {_reason(error)}", _ANOTHER)]) from error
        copied += len(rows)
        progress(table.name, copied)
    return copied


def _read(source: Connection, table: Table) -> Iterator[Sequence[Row[Any]]]:
    """The rows of a table in the order of its key, many at a time. Raises ProblemsFound for what cannot be read, or is not what its column holds."""
    at_once = PARTS_AT_ONCE if table is tables.evidence_part else ROWS_AT_ONCE
    try:
        with source.execute(select(table).order_by(*table.primary_key.columns).execution_options(yield_per=at_once)) as found:
            yield from found.partitions()
    except (DatabaseError, ValueError, TypeError, AttributeError) as error:
        raise ProblemsFound([Problem(f"a row of {table.name} cannot be read: {_reason(error)}", _ANOTHER)]) from error


def _reason(error: Exception) -> str:
    """What the driver or a column said, short, and with nothing in it that does not print: it may quote the file."""
    said = str(error.orig if isinstance(error, DatabaseError) else error).partition("\n")[0][:200]
    return said if said.isprintable() else ascii(said)


def damage(source: Connection) -> Iterator[Problem]:
    """What is wrong with the pages of a SQLite file, a table at a time. Pages that lead to each other in circles would be read for ever otherwise."""
    for table in tables.metadata.sorted_tables:
        said = " ".join(str(source.exec_driver_sql(f"PRAGMA quick_check({table.name})").scalars().first()).split())
        if said != "ok":
            yield Problem(f"the table {table.name} is damaged: {said[:200]}", _ANOTHER)


def _as_stored(kind: Any, target: Connection) -> Callable[[Any], Any]:
    """How a value of a column is handed to the target's driver: days and times as text on SQLite, everything else as it is."""
    if isinstance(kind, TypeDecorator):
        return lambda value: kind.process_bind_param(value, target.dialect)
    return lambda value: value


def _converted(row: Row[Any], stored: Sequence[Callable[[Any], Any]]) -> tuple[Any, ...]:
    return tuple(convert(value) for convert, value in zip(stored, row, strict=True))


@contextmanager
def triggers_aside(target: Connection) -> Iterator[None]:
    """Without the triggers of ours until the block ends; foreign keys and checks stay."""
    if target.dialect.name == "sqlite":
        triggers = target.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY rowid").all()
        aside, back = [f"DROP TRIGGER {name}" for name, _ in triggers], [statement for _, statement in triggers]
    else:
        triggers = target.exec_driver_sql(_OWN_TRIGGERS).all()
        aside = [f"ALTER TABLE {table} DISABLE TRIGGER {name}" for table, name in triggers]
        back = [f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}" for table, name in triggers]
    for statement in aside:
        target.exec_driver_sql(statement)
    yield
    for statement in back:
        target.exec_driver_sql(statement)


_OWN_TRIGGERS = (
    "SELECT relname, tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid WHERE NOT tgisinternal AND relnamespace = current_schema()::regnamespace"
)


def _continue_numbers(target: Connection) -> None:
    """The next deal takes the number after those that were copied."""
    highest = target.execute(select(func.coalesce(func.max(tables.deal.c.deal_id), 0))).scalar_one()
    target.execute(text(f"ALTER TABLE deal ALTER COLUMN deal_id RESTART WITH {int(highest) + 1}"))
