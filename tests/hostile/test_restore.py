"""Files that are handed in as a backup and hold more than books: nothing in them runs, and what is not whole is not restored, not even in part."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ledger import service
from ledger.core.problems import ProblemsFound
from ledger.store.engine import Store
from tests.fuzz.database_files import ENDLESS, PAGE, as_file, in_memory
from tests.fuzz.desk import Books, in_time
from tests.service import example


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A backup of a published month."""
    folder = tmp_path_factory.mktemp("good")
    with closing(Store(f"sqlite:///{folder / 'books.db'}")) as store:
        store.upgrade()
        example.months(store, 1)
        service.publish(store, example.NAME, example.MONTHS[0], actor="t")
        service.backup(store, folder / "backup.db")
    return (folder / "backup.db").read_bytes()


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Books]:
    books = Books(tmp_path, lambda _store: None)
    yield books
    books.store.close()


def altered(source: bytes, *statements: str) -> bytes:
    with closing(in_memory(source)) as connection:
        for statement in statements:
            connection.execute(statement)
        return as_file(connection)


def without_triggers(source: bytes, *statements: str) -> bytes:
    """What an owner can do who puts the triggers aside and back."""
    with closing(in_memory(source)) as connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY rowid").fetchall()
        aside = [f"DROP TRIGGER {name}" for name, _ in triggers]
    return altered(source, *aside, *statements, *(statement for _, statement in triggers))


def refused(books: Books, source: bytes) -> str:
    """What is said of a file that is refused in time; the books are byte for byte what they were."""
    path = books.path.with_name("given.db")
    path.write_bytes(source)
    with in_time(), pytest.raises(ProblemsFound) as found:
        service.restore(books.store, path)
    assert books.contents() == books.bytes
    return str(found.value)


SCHEMAS: dict[str, tuple[tuple[str, ...], str]] = {
    "versions that are a view without end": (
        ("DROP TABLE alembic_version", f"CREATE VIEW alembic_version AS SELECT x AS version_num FROM ({ENDLESS.replace('count(*)', 'count(*) AS x')})"),
        "the database has no tables yet",
    ),
    "versions that are computed": (
        ("DROP TABLE alembic_version", "CREATE TABLE alembic_version (x, version_num AS (hex(zeroblob(400000000))))", "INSERT INTO alembic_version VALUES (1)"),
        "the database has no tables yet",
    ),
    "two versions": (("INSERT INTO alembic_version VALUES ('0001')",), " and 0001, this program knows only "),
    "a version that is a number": (
        ("DROP TABLE alembic_version", "CREATE TABLE alembic_version (version_num)", "INSERT INTO alembic_version VALUES (9)"),
        "the database is at version 9, this program knows only",
    ),
    "a version that steers a terminal": (
        ("UPDATE alembic_version SET version_num = 'x' || char(27) || '[2J'",), r"the database is at version 'x\x1b[2J', this program ",
    ),
    "deals that are a view without end": (("DROP TABLE deal", f"CREATE VIEW deal AS {ENDLESS}"), "the table deal is missing"),
    "a computed column": (("ALTER TABLE event ADD COLUMN trap INTEGER AS (1)",), "the table event is not as it was created"),
    "a trigger": (("CREATE TRIGGER trap AFTER INSERT ON event BEGIN DELETE FROM event; END",), "the trigger trap is not one of ours"),
    "no posting": (("DROP TABLE posting",), "the table posting is missing"),
}  # fmt: skip


@pytest.mark.parametrize(("statements", "said"), SCHEMAS.values(), ids=SCHEMAS)
def test_a_backup_with_another_schema_is_refused_before_it_is_read(statements: tuple[str, ...], said: str, good: bytes, empty: Books) -> None:
    assert said in refused(empty, altered(good, *statements))


def test_a_schema_that_is_no_text_is_refused_in_words(good: bytes, empty: Books) -> None:
    assert "malformed database schema, which is no text" in refused(empty, good.replace(b"CREATE TABLE deal", b"CREATE TABL\xff deal"))


def test_what_stands_beside_the_books_is_neither_run_nor_restored(good: bytes, empty: Books) -> None:
    path = empty.path.with_name("given.db")
    path.write_bytes(altered(good, f"CREATE VIEW beside AS {ENDLESS}", "CREATE TABLE more (x CHECK (x > 0))", "INSERT INTO more VALUES (1)"))

    with in_time():
        service.restore(empty.store, path)

    assert empty.store.check() == []
    with closing(sqlite3.connect(empty.path)) as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name IN ('beside', 'more')").fetchone() == (0,)


ROWS: dict[str, tuple[tuple[str, ...], str]] = {
    "an amount": (("UPDATE event SET interest = interest + 1 WHERE interest IS NOT NULL",), "the events do not give the commit's root"),
    "a day that is none": (("UPDATE log_commit SET period = '2025-02-30' WHERE position = 2",), "a row of log_commit cannot be read: day is out of range"),
    "a time that is none": (("UPDATE log_commit SET recorded_at = 'noon' WHERE position = 2",), "a row of log_commit cannot be read: Invalid isoformat"),
    "bytes that are no text": (("UPDATE event SET kind = CAST(x'1BC328' AS TEXT)",), "a row of event cannot be read: "),
    "a row of nothing": (("DELETE FROM deal",), "cannot stand in a set of books: FOREIGN KEY constraint failed"),
    "a deal without a head": (("DELETE FROM head",), "the deal has no head"),
}


@pytest.mark.parametrize(("statements", "said"), ROWS.values(), ids=ROWS)
def test_a_backup_whose_rows_are_not_as_they_were_leaves_the_database_empty(statements: tuple[str, ...], said: str, good: bytes, empty: Books) -> None:
    told = refused(empty, without_triggers(good, *statements))

    assert said in told
    assert told.isprintable()


def test_a_backup_of_altered_books_leaves_postgresql_empty(good: bytes, postgresql: str, tmp_path: Path) -> None:
    (tmp_path / "given.db").write_bytes(without_triggers(good, "UPDATE event SET interest = interest + 1 WHERE interest IS NOT NULL"))

    with closing(Store(postgresql)) as store:
        with pytest.raises(ProblemsFound, match="the events do not give the commit's root"):
            service.restore(store, tmp_path / "given.db")

        with store.reading() as reader:
            assert reader.deals() == []
        assert store.check() == []


def test_pages_that_lead_to_each_other_again_and_again_are_not_followed(good: bytes, empty: Books) -> None:
    """Eighteen pages, of which each names the next one fifty times: a reader that follows them meets their one leaf 50 to the power of 18 times."""
    assert "the table deal is damaged" in refused(empty, folded(good, "deal", levels=18, times=50))


def folded(source: bytes, table: str, levels: int, times: int) -> bytes:
    with closing(in_memory(source)) as connection:
        (root,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", [table]).fetchone()
    first = len(source) // PAGE + 1
    page_of: Callable[[int], bytes] = lambda number: source[(number - 1) * PAGE : number * PAGE]  # noqa: E731  # short, and used twice
    pages = [interior(first + level + 1, times) for level in range(levels)]
    spoilt = bytearray(source + b"".join(pages) + page_of(root))
    spoilt[(root - 1) * PAGE : root * PAGE] = interior(first, times)
    spoilt[28:32] = struct.pack(">I", len(spoilt) // PAGE)
    return bytes(spoilt)


def interior(child: int, times: int) -> bytes:
    """A page of a table's tree (https://www.sqlite.org/fileformat2.html, 1.6) whose cells all lead to one child."""
    cells = [struct.pack(">I", child) + bytes([number + 1]) for number in range(times)]
    starts = [PAGE - 5 * (number + 1) for number in range(times)]
    head = struct.pack(">BHHHBI", 5, 0, times, starts[-1], 0, child) + b"".join(struct.pack(">H", start) for start in starts)
    return head + bytes(starts[-1] - len(head)) + b"".join(reversed(cells))
