"""Five worked deals, their last statements drawn once for all tests that read a format back."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.core.statement import Statement
from ledger.store.engine import Store
from tests.reports.worked import worked

FIVE = ("sequoia-4", "lantern-2024-1", "dart-2000-1", "cas-2015-c02", "hart-2010-a")


@pytest.fixture(scope="session")
def five_deals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Statement]:
    """The last statement of the first run of each, by the name of its folder."""
    url = f"sqlite:///{Path(tmp_path_factory.mktemp('worked')) / 'books.db'}"
    store = Store(url)
    store.upgrade()
    store.close()
    return {folder: worked(url, folder) for folder in FIVE}


@pytest.fixture(params=FIVE)
def worked_deal(request: pytest.FixtureRequest, five_deals: dict[str, Statement]) -> Statement:
    """Each of the five in turn."""
    return five_deals[request.param]
