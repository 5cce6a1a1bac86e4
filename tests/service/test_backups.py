"""Backup and restore: a copy is a set of books by itself, is the same from either database, and is kept only where it holds up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger import service
from ledger.core.problems import ProblemsFound
from ledger.reports.json import to_json
from ledger.service import backups
from ledger.store.engine import Store
from tests.service import trust
from tests.store.owner import as_owner


@pytest.fixture
def books(store: Store) -> Store:
    """A published month, and a second one that waits."""
    trust.open_trust(store)
    trust.remit(store, "2025-02-25")
    trust.distribute(store)
    service.publish(store, "COVE-1", "2025-02-25", actor=store.user() or "tester")
    trust.remit(store, "2025-03-25")
    return store


@pytest.fixture
def empty(postgresql: str) -> Iterator[Store]:
    store = Store(postgresql)
    yield store
    store.close()


def test_backup_opens_as_books_and_says_what_the_original_says(books: Store, tmp_path: Path) -> None:
    copied = service.backup(books, tmp_path / "backup.db")

    backup = Store(f"sqlite:///{tmp_path / 'backup.db'}")
    assert copied.deals == 1
    assert to_json(service.statement(backup, "COVE-1")) == to_json(service.statement(books, "COVE-1"))
    assert service.verify(backup, "COVE-1").problems == ()
    backup.close()


def test_backup_is_one_file(books: Store, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()

    service.backup(books, folder / "backup.db")

    assert [path.name for path in folder.iterdir()] == ["backup.db"]


def test_books_go_on_after_a_restore(sqlite: str, empty: Store, tmp_path: Path) -> None:
    original = Store(sqlite)
    trust.open_trust(original)
    trust.remit(original, "2025-02-25")
    service.backup(original, tmp_path / "backup.db")
    service.restore(empty, tmp_path / "backup.db")

    trust.distribute(empty)
    second = trust.open_trust(empty, called="COVE-2")

    assert service.verify(empty, "COVE-1").periods == 1
    assert service.verify(empty, second).problems == ()
    original.close()


def test_backup_of_either_database_is_the_same_file(sqlite: str, empty: Store, tmp_path: Path) -> None:
    original = Store(sqlite)
    trust.open_trust(original)
    trust.remit(original, "2025-02-25")
    first = service.backup(original, tmp_path / "first.db")
    service.restore(empty, tmp_path / "first.db")

    second = service.backup(empty, tmp_path / "second.db")

    assert second == first
    assert (tmp_path / "second.db").read_bytes() == (tmp_path / "first.db").read_bytes()
    original.close()


def test_triggers_stand_again_after_a_restore(sqlite: str, empty: Store, tmp_path: Path) -> None:
    original = Store(sqlite)
    trust.open_trust(original)
    service.backup(original, tmp_path / "backup.db")

    service.restore(empty, tmp_path / "backup.db")

    assert empty.check() == []
    original.close()


def test_backup_never_replaces_a_file(books: Store, tmp_path: Path) -> None:
    (tmp_path / "backup.db").write_text("kept", encoding="utf-8")

    with pytest.raises(ProblemsFound, match="a backup never replaces one"):
        service.backup(books, tmp_path / "backup.db")

    assert (tmp_path / "backup.db").read_text(encoding="utf-8") == "kept"


def test_restore_mixes_no_actor_list_with_another(books: Store, tmp_path: Path) -> None:
    service.backup(books, tmp_path / "backup.db")
    other = Store(f"sqlite:///{tmp_path / 'other.db'}")
    other.upgrade()
    service.set_approval(other, asked=True, actor="root")

    with pytest.raises(ProblemsFound, match="holds deals already, or an actor list; restore into an empty one"):
        service.restore(other, tmp_path / "backup.db")
    assert len(service.acts(other)) == 1
    other.close()


def test_restore_fills_only_an_empty_database(books: Store, tmp_path: Path) -> None:
    service.backup(books, tmp_path / "backup.db")

    with pytest.raises(ProblemsFound, match="holds deals already"):
        service.restore(books, tmp_path / "backup.db")

    assert service.verify(books, "COVE-1").problems == ()


def test_backup_of_altered_books_is_not_kept(books: Store, tmp_path: Path) -> None:
    with as_owner(books) as connection:
        connection.exec_driver_sql("UPDATE event SET interest = interest + 1 WHERE interest IS NOT NULL")

    with pytest.raises(ProblemsFound):
        service.backup(books, tmp_path / "backup.db")

    assert [path.name for path in tmp_path.iterdir() if "backup" in path.name] == []


def test_backup_that_dies_leaves_the_name_free(books: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(backups, "copy_rows", dies)
    with pytest.raises(KeyboardInterrupt):
        service.backup(books, tmp_path / "backup.db")

    assert [path.name for path in tmp_path.iterdir() if "backup" in path.name] == []


def test_restore_of_what_is_no_backup_is_a_problem(store: Store, tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("no database, but long enough to be read as one" * 100, encoding="utf-8")

    with pytest.raises(ProblemsFound, match="file is not a database"):
        service.restore(store, tmp_path / "text.db")
    with pytest.raises(ProblemsFound, match="there is no such backup"):
        service.restore(store, tmp_path / "absent.db")


def test_advice_on_a_file_that_others_may_write(sqlite: str) -> None:
    store = Store(sqlite)
    assert store.url.database
    Path(store.url.database).chmod(0o666)

    said = [problem.fact for problem in store.advice()]

    assert said == ["others than its owner may write to the file, and whoever can write to it can change the books"]
    store.close()
