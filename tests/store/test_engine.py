"""Opening a database: addresses, files that are missing or are no database, settings of every connection, writers that wait."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from ledger.core.problems import ProblemsFound
from ledger.store import engine
from ledger.store.engine import Store
from tests.store import sample


@pytest.mark.parametrize("url", ["mysql://root@localhost/books", "books.db", "", "sqlite+aiosqlite:///books.db"])
def test_an_address_that_is_none_of_ours_is_refused_with_a_remedy(url: str) -> None:
    with pytest.raises(ProblemsFound, match="write sqlite:///FILE or postgresql://USER@HOST/NAME"):
        Store(url)


def test_postgresql_may_be_written_as_libpq_writes_it() -> None:
    assert Store("postgresql://trustee@db/books").url.drivername == "postgresql+psycopg"
    assert Store("postgres://trustee@db/books").url.drivername == "postgresql+psycopg"


def test_reading_writing_and_checking_never_create_a_database(tmp_path: Path) -> None:
    file = tmp_path / "none.db"
    store = Store(f"sqlite:///{file}")
    says = f"there is no database {file}; create it with `tranche database upgrade`"

    with pytest.raises(ProblemsFound, match=says), store.reading():
        pass
    with pytest.raises(ProblemsFound, match=says), store.writing("X"):
        pass
    assert [str(problem)[: len(says)] for problem in store.check()] == [says]
    assert not file.exists()


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("not a database, but long enough to be looked at " * 30)

    with pytest.raises(ProblemsFound, match=r"notes\.txt cannot be used: file is not a database"):
        Store(f"sqlite:///{file}").upgrade()


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProblemsFound, match="cannot be used: unable to open database file"):
        Store(f"sqlite:///{tmp_path / 'no' / 'books.db'}").upgrade()


def test_a_server_that_does_not_answer_is_named_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(ProblemsFound) as found:
        Store(f"postgresql://trustee:hunter2@/books?host={tmp_path}").check()

    (problem,) = found.value.problems
    assert problem.fact.startswith("the database postgresql+psycopg://trustee:***@")
    assert "hunter2" not in str(problem)


def test_every_connection_to_sqlite_waits_for_the_disk_and_keeps_the_rules(sqlite: str) -> None:
    store = Store(sqlite)
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "recursive_triggers": 1, "busy_timeout": engine.BUSY_SECONDS * 1000}

    for _ in range(2):
        with store.engine.connect() as connection:
            assert {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in wanted} == wanted
        store.engine.dispose()


class CarelessConnection:
    """What a PostgreSQL server says that does not wait for its disk."""

    def execute(self, statement: Any) -> Any:
        self.value = "off" if statement == "SHOW fsync" else "on"
        return self

    def fetchone(self) -> Any:
        return (self.value,)

    def rollback(self) -> None:
        pass


def test_a_postgresql_server_that_does_not_wait_for_its_disk_is_refused() -> None:
    with pytest.raises(ProblemsFound, match=r"fsync off; set fsync = on in postgresql\.conf"):
        engine._refuse_careless_postgresql(CarelessConnection(), None)


def test_a_writer_locks_before_it_reads_so_that_it_can_wait(sqlite: str) -> None:
    store = Store(sqlite)
    sample.open_deal(store)
    other = sqlite3.connect(str(store.url.database), timeout=0, isolation_level=None)

    with store.writing(sample.DEAL), pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("BEGIN IMMEDIATE")

    other.execute("BEGIN IMMEDIATE")
    other.close()
    store.close()


def test_a_reader_does_not_stop_a_writer(sqlite: str) -> None:
    store = Store(sqlite)
    sample.open_deal(store)

    with store.reading() as reader:
        assert reader.head(sample.DEAL).position == 1
        with store.writing(sample.DEAL) as writer:
            writer.append(sample.draft([]))
    store.close()


def test_waiting_too_long_for_another_writer_is_said_plainly(sqlite: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_PRAGMAS", ["busy_timeout = 1"])
    store = Store(sqlite)
    other = sqlite3.connect(str(Path(str(store.url.database))), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(ProblemsFound, match=r"another process has been writing to .* run the command again"):
        sample.open_deal(store)

    other.close()
    store.close()


def test_deals_of_one_database_are_written_at_the_same_time_on_postgresql(postgresql: str) -> None:
    store = Store(postgresql)
    for name in ("ONE", "TWO"):
        sample.open_deal(store, name)

    with store.writing("ONE") as one, store.writing("TWO") as two:
        positions = [writer.append(sample.draft([])).position for writer in (one, two)]

    store.close()
    assert positions == [2, 2]
