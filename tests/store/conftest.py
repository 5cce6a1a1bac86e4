"""Stores whose clock ticks, so that what they record is the same on every run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ledger.store.engine import Store
from tests.store import sample


@pytest.fixture
def empty(database: str) -> Iterator[Store]:
    """Tables and nothing in them."""
    store = Store(database, clock=sample.Ticking())
    yield store
    store.close()


@pytest.fixture
def books(empty: Store) -> Store:
    """The sample's three months: thirteen commits, signed with a listed key."""
    sample.list_actors(empty)
    sample.build(empty)
    return empty
