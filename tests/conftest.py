"""What all tests share: the two databases, and where the reference data lies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from ledger.store.engine import Store
from tests import servers

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


def pytest_configure(config: pytest.Config) -> None:
    """What runs on every change runs the same each time; a long run looks where nobody looked before, and prints what it found."""
    if config.option.markexpr != "long":
        settings.register_profile("fixed", derandomize=True, deadline=None)
        settings.load_profile("fixed")


def shared(path: str) -> Path:
    """A file of reference data beside the checkout; a test that needs it is skipped where it is absent, and for no other reason."""
    if not SHARED.is_dir():
        pytest.skip("shared data absent")
    return SHARED / path


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """A PostgreSQL server for the whole run: its URL, as libpq reads it, of a database to connect to first."""
    with servers.serve_postgresql() as server:
        yield server


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: str) -> str:
    """The name of a database with the tables in place, to copy from."""
    return servers.create_template(postgresql_server)


@pytest.fixture
def postgresql(postgresql_server: str, postgresql_template: str) -> Iterator[str]:
    """The URL of a fresh PostgreSQL database with the tables in place."""
    name = servers.create_database(postgresql_server, "test", postgresql_template)
    yield servers.address(postgresql_server, name)
    servers.drop_database(postgresql_server, name)


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
