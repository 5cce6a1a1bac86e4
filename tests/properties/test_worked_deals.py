"""What must hold of every deal that ships with the product, real or invented, month by month."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ledger import service
from ledger.store.engine import Store
from tests.properties.test_books import the_books_read_back, what_leaves_the_accounts_in_a_step_is_what_its_payees_get


def worked(store: Store, folder: Path) -> Iterator[service.Distributed]:
    """Every run of a worked deal, remitted and distributed."""
    for run in service.worked_deals(folder):
        deal = service.board(store, run, actor="trustee").deal
        for path in run.remittances:
            service.remit(store, deal, path.read_bytes(), path.name, actor="trustee")
        yield service.distribute(store, deal, actor="trustee")


@pytest.mark.parametrize("folder", service.worked_folders(), ids=lambda folder: folder.name)
def test_money_out_of_each_step_is_money_in_and_the_postings_give_the_balances(folder: Path, sqlite: str) -> None:
    with closing(Store(sqlite)) as store:
        runs = list(worked(store, folder))

    assert runs
    for run in runs:
        assert run.distributions
        what_leaves_the_accounts_in_a_step_is_what_its_payees_get(run.distributions)
        for distribution in run.distributions:
            balances = distribution.closing.balances
            the_books_read_back(distribution)
            assert sum(balances.values()) == 0
            assert all(balance >= 0 for account, balance in balances.items() if account.startswith(("cash.", "entitlement.")))
