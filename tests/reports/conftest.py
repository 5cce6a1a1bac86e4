"""Five worked deals, their last statements drawn once for all tests that read a format back."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from ledger import service
from ledger.core.history import History
from ledger.core.statement import Statement
from ledger.store.engine import Store
from tests.reports.worked import worked

FIVE = ("sequoia-4", "lantern-2024-1", "dart-2000-1", "cas-2015-c02", "hart-2010-a")


@pytest.fixture(scope="session")
def books_of_five(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a database for them."""
    url = f"sqlite:///{Path(tmp_path_factory.mktemp('worked')) / 'books.db'}"
    with closing(Store(url)) as store:
        store.upgrade()
    return url


@pytest.fixture(scope="session")
def five_deals(books_of_five: str) -> dict[str, Statement]:
    """The last statement of the first run of each, by the name of its folder."""
    return {folder: worked(books_of_five, folder) for folder in FIVE}


@pytest.fixture(scope="session")
def life(books_of_five: str, five_deals: dict[str, Statement]) -> History:
    """The life of one of them: a real trust of two classes and eleven months."""
    with closing(Store(books_of_five)) as store:
        return service.history(store, five_deals["sequoia-4"].deal)


@pytest.fixture(params=FIVE)
def worked_deal(request: pytest.FixtureRequest, five_deals: dict[str, Statement]) -> Statement:
    """Each of the five in turn."""
    return five_deals[request.param]
