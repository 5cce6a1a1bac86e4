"""Books that earlier releases wrote: migrated, they are whole, end in the same hash, and say what was published then."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest

from ledger import service
from ledger.core.events import Event
from ledger.core.mapping_report import MISSING_LOANS, RESTATED_OPENINGS
from ledger.core.performance import decode_lives
from ledger.core.problems import ProblemsFound
from ledger.core.statement import Statement
from ledger.service.evidence import arrived
from ledger.store.copying import copy_rows
from ledger.store.engine import Store
from ledger.store.schema import migrations_folder
from tests.golden import make
from tests.importers import test_absee_auto as wheels
from tests.importers.ex102 import exhibit

FOLDER = Path(__file__).parent
HEADS = {
    "0.1": "73c604bd6ef65d2d4646146a4d726d034154b6ba20fff9d41e19033175c0f321",
    "0.5": "809a5907adc9f8cb47868a3749f8070799109709896bcf24e3a73323e54499f4",
    "0.6": "10dbba80846c2fb901b8b2761ed7a556de08f1372caa13ec51fcae88ce25fe1a",
    "0.7": "10dbba80846c2fb901b8b2761ed7a556de08f1372caa13ec51fcae88ce25fe1a",
}
"""Where the golden books of each release end: this never changes. 0.7 wrote the same log as 0.6."""
HEAD_OF_LOANS = "ae04bd123fc3960abfcba66e0d865604626a2f8bb7855101752317a2f03277ea"
"""The same of the deal that 0.6 keeps loan by loan."""
HEAD_OF_A_YEAR = "62eae4a45258f9b7f6b2d6e6db9c25d1c9b29c43d97017cca2387565b1035390"
"""The same of the deal of which 0.7 keeps what the life of its pool comes to."""
SAID_BY_ALL = {
    ("2025-02-25", "A", "closing_balance"): "790000.00",
    ("2025-03-25", "R", "interest_paid"): "1450.00",
    ("2025-04-25", "A", "interest_paid"): "3900.00",
}
FIGURES = {
    "0.1": SAID_BY_ALL | {("2025-03-25", "B", "realized_loss"): "5000.00", ("2025-04-25", "B", "interest_paid"): "1462.50"},
    "0.5": SAID_BY_ALL | {("2025-03-25", "B", "realized_loss"): "4000.00", ("2025-04-25", "B", "interest_paid"): "1470.00"},
}
FIGURES["0.7"] = FIGURES["0.6"] = FIGURES["0.5"]
"""Some of what they say, by hand: A is paid 10,000 of principal a month at 6 %, R has 7,000 - 100 - 3,950 - 1,500 in March, and B bears its charge-off.
From 0.5 on March was reopened: the charge-off is 4,000, and April's interest of B a twelfth of 9 % of 196,000."""
DISTRIBUTIONS = {"0.1": 3, "0.5": 5, "0.6": 5, "0.7": 5}
"""How many distributions there are: from 0.5 on March and April have two versions."""
READ_AS = {"0.1": {"csv"}, "0.5": {"csv"}, "0.6": {"csv/1"}, "0.7": {"csv/1"}}
"""How each release recorded what a file was read as."""
MAY = "distribution_date,kind,value\n2025-05-25,interest,6800.00\n2025-05-25,scheduled_principal,10000.00\n"
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
    "0004_lives.py": "d2357119c52d8460690f007220a88edf23e25933b5ff1b44a40b590868307fa4",
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
    assert verified.periods == DISTRIBUTIONS[release]


def test_golden_books_say_what_they_said(books: Store, release: str) -> None:
    said = {(period, subject, item): figure(service.statement(books, "COVE-1", on=period), subject, item) for period, subject, item in FIGURES[release]}

    assert said == FIGURES[release]


@pytest.mark.parametrize("release", ["0.1"])
def test_golden_books_without_keys_go_on(books: Store) -> None:
    service.remit(books, "COVE-1", MAY.encode(), "may.csv", actor="x")
    service.distribute(books, "COVE-1", actor="x")

    assert service.verify(books, "COVE-1").periods == 4


@pytest.mark.parametrize("release", ["0.5", "0.6", "0.7"])
def test_golden_books_with_keys_go_on_with_them(books: Store, release: str) -> None:
    with pytest.raises(ProblemsFound, match=r"m\.okafor"):
        service.remit(books, "COVE-1", MAY.encode(), "may.csv", actor=make.MAKER)
    make.remit(books, "2025-05", MAY)
    make.distribute(books, "2025-05")

    verified = service.verify(books, "COVE-1")
    assert (verified.problems, verified.periods) == ((), DISTRIBUTIONS[release] + 1)
    with books.reading() as reader:
        assert reader.signed_count("COVE-1") == reader.head("COVE-1").position


def received(books: Store) -> tuple[set[str | None], set[str | None]]:
    """How files were read: as whoever reads events is told, and as it was recorded."""
    with books.reading() as reader:
        read = [event for _, event in reader.events("COVE-1", kinds=["received"])]
        stored = [event for commit in reader.commits("COVE-1") for event in reader.as_recorded("COVE-1", commit.position) if event.kind == "received"]
    assert len(read) == len(stored) == 3
    return {event.code for event in read}, {event.code for event in stored}


def test_golden_books_are_read_as_the_present_versions_of_events_and_kept_as_they_were(books: Store, release: str) -> None:
    assert received(books) == ({"csv/1"}, READ_AS[release])


def test_golden_books_exported_and_imported_keep_every_hash(books: Store, release: str, database: str) -> None:
    other, bundle = Store(database), BytesIO()
    service.export_bundle(books, "COVE-1", bundle)
    bundle.seek(0)
    service.import_bundle(other, bundle, "COVE-1.bundle")

    verified = service.verify(other, "COVE-1")
    assert (verified.problems, verified.head, received(other)) == ((), HEADS[release], ({"csv/1"}, READ_AS[release]))
    other.close()


@pytest.mark.parametrize("release", ["0.6", "0.7"])
def test_golden_books_of_loans_are_whole_and_go_on(books: Store) -> None:
    verified = service.verify(books, "WHEELS", all_evidence=True)
    with make.signing(books, make.MAKER):
        service.remit(books, "WHEELS", exhibit("autoloan", wheels.MARCH), "march.xml", accept=[MISSING_LOANS, RESTATED_OPENINGS], actor=make.MAKER)
    with books.reading() as reader:
        accepted = [(event.subject, event.amount) for _, event in reader.events("WHEELS", kinds=["acceptance"])]

    assert (verified.problems, verified.head, verified.periods) == ((), HEAD_OF_LOANS, 2)
    assert accepted == [("balance-differences", 100), ("missing-loans", 101000), ("restated-openings", 100)]
    assert [one.size is not None for one in arrived(books, "WHEELS")] == [False, True, True, True]


@pytest.mark.parametrize("release", ["0.7"])
def test_golden_books_of_a_year_are_whole_and_go_on_from_the_life_that_is_kept(books: Store) -> None:
    verified = service.verify(books, "COVE-2")
    for month in ("2026-03", "2026-04"):
        make.remit(books, month, f"distribution_date,kind,value\n{month}-25,interest,6500.00\n", "COVE-2")
        make.distribute(books, month, "COVE-2")
    with books.reading() as reader:
        kept = reader.kept_lives("COVE-2")
        life = decode_lives(kept[0].lives)["pool"]

    assert (verified.problems, verified.head, verified.periods) == ((), HEAD_OF_A_YEAR, 13)
    assert ([one.distribution for one in kept], life.periods, life.loss) == ([12], 12, 12 * 500_00)
    assert service.verify(books, "COVE-2").problems == ()


def test_a_line_of_an_earlier_version_is_proven_as_it_was_recorded(books: Store, release: str) -> None:
    made = service.check_proof(json.dumps(service.prove(books, "COVE-1", 2, 1)), "proof.json")

    assert (made.event[1], made.event[Event._fields.index("code")]) == ("received", *READ_AS[release])


def test_the_golden_books_of_this_release_are_made_the_same_each_time(tmp_path: Path) -> None:
    heads = set()
    for name in ("one", "other"):
        store = Store(f"sqlite:///{tmp_path / name}.db", clock=make.Ticking())
        store.upgrade()
        make.keep(store)
        verified = service.verify(store, "COVE-1")
        heads.add(verified.head)
        store.close()
        assert verified.problems == ()

    assert len(heads) == 1


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
