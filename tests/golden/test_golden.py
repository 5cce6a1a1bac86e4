"""Books that earlier releases wrote: migrated, they are whole, end in the same hash, and say what was published then."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from ledger import service
from ledger.core.statement import Statement
from ledger.store.copying import copy_rows
from ledger.store.engine import Store
from ledger.store.schema import migrations_folder

FOLDER = Path(__file__).parent
HEADS = {"0.1": "73c604bd6ef65d2d4646146a4d726d034154b6ba20fff9d41e19033175c0f321"}
"""Where the golden books of each release end: this never changes."""
FIGURES = {
    ("2025-02-25", "A", "closing_balance"): "790000.00",
    ("2025-03-25", "B", "realized_loss"): "5000.00",
    ("2025-03-25", "R", "interest_paid"): "1450.00",
    ("2025-04-25", "A", "interest_paid"): "3900.00",
}
"""Some of what they say, by hand: A is paid 10,000 of principal a month at 6 %, B bears the charge-off of March, R has 7,000 - 100 - 3,950 - 1,500."""
MIGRATIONS = {
    "0001_books.py": "c32ee13d3b1654fb64287d67454ebc09be24f16f940003054f8b38c36c81b5cc",
    "0001_postgresql.sql": "1aa45c31a9cdaf66a3beee776cabd0881b6cd942fbd4724d96e5211b9273fc42",
    "0001_sqlite.sql": "6e5797bc90a47d97244fd3d9f79da8e31baa6b12258632f7ec0a6409ed90c639",
    "0002_actors.py": "2363973d083b16160a6d0d4e83542a134f007d5e812898f6d8a7be4cca76b768",
    "0002_postgresql.sql": "b5304aa0217cbb2af1942a47afd33faec6966ed917447659006f54fc0098c156",
    "0002_sqlite.sql": "b9fe4b1d989178f4b28e2c508abf050916e52a6870dc01cf45e59b697abab27e",
    "0003_evidence.py": "6baa6e6d5df9683cc0119fdd604948de4f97caceeda20a53aafa42f941640056",
    "0003_postgresql.sql": "1a76061807d0b5a169e59d9ff071ba0ebfd4cb6569b207ed5fa2dc11e973e71b",
    "0003_sqlite.sql": "342571c47cd19c52a58bbf8980d927657df4c7e5fb154741afa8a79ccb6ccea7",
}
"""SHA-256 of each migration. A released one is never edited: whoever migrated before the edit would have another database than whoever did after."""


@pytest.fixture(params=HEADS)
def release(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def books(release: str, tmp_path: Path) -> Iterator[Store]:
    """The golden books of a release in a database of its schema, then migrated to the newest."""
    file = tmp_path / "books.db"
    connection = sqlite3.connect(file)
    connection.executescript((FOLDER / f"{release}.sql").read_text(encoding="utf-8"))
    connection.close()
    store = Store(f"sqlite:///{file}")
    store.upgrade()
    yield store
    store.close()


def figure(statement: Statement, subject: str, item: str) -> str:
    found = statement.figure(subject, item)
    assert found is not None
    return statement.text(found)


def test_golden_books_are_whole_after_the_migrations(books: Store, release: str) -> None:
    verified = service.verify(books, "COVE-1")

    assert verified.problems == ()
    assert verified.head == HEADS[release]
    assert verified.periods == 3


@pytest.mark.parametrize(("period", "subject", "item"), FIGURES)
def test_golden_books_say_what_they_said(books: Store, period: str, subject: str, item: str) -> None:
    assert figure(service.statement(books, "COVE-1", on=period), subject, item) == FIGURES[period, subject, item]


def test_golden_books_go_on(books: Store) -> None:
    service.remit(
        books, "COVE-1", b"distribution_date,kind,value\n2025-05-25,interest,6800.00\n2025-05-25,scheduled_principal,10000.00\n", "may.csv", actor="x"
    )
    service.distribute(books, "COVE-1", actor="x")

    assert service.verify(books, "COVE-1").periods == 4


def test_golden_books_move_to_the_other_database(books: Store, release: str, postgresql: str) -> None:
    other = Store(postgresql)
    with books.reading() as reader, other.filling() as connection:
        copy_rows(reader.connection, connection)

    verified = service.verify(other, "COVE-1")

    assert (verified.problems, verified.head) == ((), HEADS[release])
    other.close()


def test_no_migration_was_edited() -> None:
    found = {path.name: sha256(path.read_bytes()).hexdigest() for path in sorted((migrations_folder() / "versions").glob("[0-9]*"))}

    assert found == MIGRATIONS
