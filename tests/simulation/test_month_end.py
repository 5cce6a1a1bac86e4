"""A month-end of many deals in which processes die, commands come twice and clocks go back ends as one in which nothing went wrong: in the same hashes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger import service
from ledger.store.engine import Store
from tests import servers
from tests.simulation.month_end import carry_through, end_state, standing_still

FEW, MANY = 6, 200
SEEDS = (11, 12)
LONG_SEEDS = (1, 2, 3)


@pytest.fixture(scope="module")
def in_peace(tmp_path_factory: pytest.TempPathFactory) -> object:
    """The end of a run of a few deals without faults."""
    return run(f"sqlite:///{tmp_path_factory.mktemp('peace') / 'books.db'}", FEW, None)


def run(url: str, deals: int, seed: int | None) -> object:
    store = Store(url, clock=standing_still(seed))
    store.upgrade()
    happened = carry_through(store, deals, seed)
    assert seed is None or all(happened.values()), happened
    found = end_state(store)
    for deal in found:
        assert service.verify(store, deal).problems == ()
    store.close()
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_faults_leave_no_trace(sqlite: str, in_peace: object, seed: int) -> None:
    assert run(sqlite, FEW, seed) == in_peace


def test_the_other_database_ends_in_the_same_hashes(postgresql: str, in_peace: object) -> None:
    assert run(postgresql, FEW, SEEDS[0]) == in_peace


@pytest.mark.long
def test_two_hundred_deals_end_alike_whatever_the_seed(tmp_path: Path, databases: Iterator[str]) -> None:
    peace = run(f"sqlite:///{tmp_path / 'peace.db'}", MANY, None)

    for seed, url in zip(LONG_SEEDS, databases, strict=False):
        assert run(url, MANY, seed) == peace, seed


@pytest.fixture
def databases(tmp_path: Path, postgresql_server: str, postgresql_template: str) -> Iterator[Iterator[str]]:
    """Fresh databases, of each kind in turn."""
    name = servers.create_database(postgresql_server, "simulation", postgresql_template)
    yield iter([f"sqlite:///{tmp_path / 'first.db'}", servers.address(postgresql_server, name), f"sqlite:///{tmp_path / 'third.db'}"])
    servers.drop_database(postgresql_server, name)
