"""Damage to a database file: to its bytes and pages, to what its tables say, and to its schema, where a stranger can put what a reader would run."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from hashlib import sha256
from typing import Any

from hypothesis import strategies as st

Draw = Callable[[st.SearchStrategy[Any]], Any]

PAGE = 4096
WRITE_AHEAD, ROLLBACK = b"\x02\x02", b"\x01\x01"
"""What bytes 18 and 19 of a file say of its journal; a database in memory knows the second only."""
ENDLESS = "WITH RECURSIVE turn(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM turn) SELECT count(*) FROM turn"
"""What whoever runs it never comes back from."""
VALUES: tuple[Any, ...] = (
    None, 0, -1, 1, 2, 2**31, 2**63 - 1, -(2**63), 0.5, "", "x", "A", "2025-02-15", "2025-02-30", "9999-12-31T00:00:00.000000Z", "2025-02-15T00:00:00", "end",
    "a\x00b", "\u202e", "{", "{}", "[" * 400, "0001_books", "0001", "9999", "y" * 20_000, b"", b"\x00", b"\xff" * 32, b"{}", b"z" * 40_000,
)  # fmt: skip


class DatabaseFile(bytes):
    """A file that is told by its digest where a test fails: its bytes would fill the screen, and the seed makes it again."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{len(self):,} bytes, SHA-256 {sha256(self).hexdigest()}>"


def in_memory(source: bytes) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.deserialize(source[:18] + ROLLBACK + source[20:])
    return connection


def as_file(connection: sqlite3.Connection) -> bytes:
    source = connection.serialize()
    return DatabaseFile(source[:18] + WRITE_AHEAD + source[20:])


# Bytes ------------------------------------------------------------------------------------------------------------------


@st.composite
def with_other_bytes(draw: Draw, source: bytes) -> bytes:
    """One to five bytes, or whole pages, that are others; a file that was cut or grew."""
    spoilt = bytearray(source)
    for _ in range(draw(st.integers(1, 5))):
        pages = max(1, len(spoilt) // PAGE)
        page, other = draw(st.integers(0, pages - 1)) * PAGE, draw(st.integers(0, pages - 1)) * PAGE
        match draw(st.sampled_from(("header", "byte", "byte", "page", "blank", "cut", "grown"))):
            case "header":  # of the file or of a page: what leads on to other pages
                at = page + draw(st.integers(0, 107 if page == 0 else 40))
                spoilt[at : at + 1] = bytes([draw(st.integers(0, 255))])
            case "byte":
                at = page + draw(st.integers(0, PAGE - 1))
                spoilt[at : at + 1] = bytes([draw(st.integers(0, 255))])
            case "page":
                spoilt[page : page + PAGE] = spoilt[other : other + PAGE]
            case "blank":
                spoilt[page : page + PAGE] = bytes(PAGE)
            case "cut":
                del spoilt[page + draw(st.integers(0, PAGE)) :]
            case _:
                spoilt += draw(st.binary(max_size=100))
    return DatabaseFile(spoilt)


# Rows -------------------------------------------------------------------------------------------------------------------


@st.composite
def with_other_rows(draw: Draw, source: bytes) -> bytes:
    """One to three rows that say something else, are gone, or stand twice, in tables whose triggers were put aside and are back in place."""
    with closing(in_memory(source)) as connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY rowid").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(f"PRAGMA ignore_check_constraints = {draw(st.sampled_from(('ON', 'OFF')))}")
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name")]
        for _ in range(draw(st.integers(1, 3))):
            with suppress(sqlite3.Error):  # what the tables themselves refuse
                _change(draw, connection, draw(st.sampled_from(tables)))
        for _, statement in triggers:
            connection.execute(statement)
        return as_file(connection)


def _change(draw: Draw, connection: sqlite3.Connection, table: str) -> None:
    columns = connection.execute(f"PRAGMA table_info({table})").fetchall()
    keys = [name for _, name, _, _, _, place in columns if place]
    rows = connection.execute(f"SELECT * FROM {table}").fetchall()
    if not rows:
        return
    row = dict(zip([column[1] for column in columns], draw(st.sampled_from(rows)), strict=True))
    where, given = " AND ".join(f"{key} IS ?" for key in keys) or "true", [row[key] for key in keys]
    column = draw(st.sampled_from(list(row)))
    match draw(st.sampled_from(("other", "other", "other", "text", "gone", "twice"))):
        case "other":
            connection.execute(f"UPDATE {table} SET {column} = ? WHERE {where}", [draw(st.sampled_from(VALUES)), *given])
        case "text":  # which is none: SQLite takes bytes for text, whatever they are
            connection.execute(f"UPDATE {table} SET {column} = CAST(x'C3FF28' AS TEXT) WHERE {where}", given)
        case "gone":
            connection.execute(f"DELETE FROM {table} WHERE {where}", given)
        case _:
            said = {**row, column: draw(st.sampled_from(VALUES))}
            connection.execute(f"INSERT INTO {table} ({', '.join(said)}) VALUES ({', '.join('?' * len(said))})", list(said.values()))


# Schema -----------------------------------------------------------------------------------------------------------------


def hostile_schemas(source: bytes) -> list[bytes]:
    """The file with something in its schema that runs when it is read or written, one for each table and each sort."""
    with closing(in_memory(source)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name")]
    found = [_with(source, statements) for table in tables for statements in _traps(table)]
    return [*found, *(_with(source, statements) for statements in _OTHER)]


_OTHER: Sequence[Sequence[str]] = (
    ["DROP TABLE alembic_version"],
    ["UPDATE alembic_version SET version_num = '9999'"],
    ["UPDATE alembic_version SET version_num = '0000'"],
    ["UPDATE alembic_version SET version_num = ''"],
    ["DELETE FROM alembic_version"],
    ["INSERT INTO alembic_version VALUES ('0002')", "INSERT INTO alembic_version VALUES ('0003')"],
    ["DROP TABLE alembic_version", "CREATE TABLE alembic_version (version_num)", "INSERT INTO alembic_version VALUES (2)"],
    ["DROP TABLE alembic_version", "CREATE TABLE alembic_version (version_num)", "INSERT INTO alembic_version VALUES (x'00ff')"],
    ["DROP TABLE alembic_version", "CREATE TABLE alembic_version (other)", "INSERT INTO alembic_version VALUES ('0002')"],
    ["DROP TABLE alembic_version", "CREATE VIRTUAL TABLE alembic_version USING fts5(version_num)", "INSERT INTO alembic_version VALUES ('0002')"],
    ["DROP TABLE alembic_version", "CREATE TABLE alembic_version (x, version_num AS (hex(zeroblob(400000000))))", "INSERT INTO alembic_version(x) VALUES (1)"],
    [f"CREATE VIEW harmless AS {ENDLESS}"],
    ["CREATE TABLE more (x, y AS (x), CHECK (x > 0))", "INSERT INTO more VALUES (1)"],
    ["PRAGMA journal_mode = DELETE"],
    ["PRAGMA user_version = 7", "PRAGMA application_id = 7"],
)


def _traps(table: str) -> list[list[str]]:
    """A table that is a view without end, one with a trigger, one with a check or a column of its own, one that is gone."""
    return [
        [f"DROP TABLE {table}", f"CREATE VIEW {table} AS {ENDLESS}"],
        [f"CREATE TRIGGER trap_{table} BEFORE INSERT ON {table} BEGIN DELETE FROM deal; END"],
        [f"CREATE TRIGGER 'sqlite-{table}' AFTER INSERT ON {table} BEGIN SELECT ({ENDLESS}); END"],
        [f"ALTER TABLE {table} ADD COLUMN trap INTEGER AS (1)"],
        [f"DROP TABLE {table}"],
    ]


def _with(source: bytes, statements: Sequence[str]) -> bytes:
    with closing(in_memory(source)) as connection:
        for statement in statements:
            with suppress(sqlite3.Error):
                connection.executescript(statement)
        return as_file(connection)
