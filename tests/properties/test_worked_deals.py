"""What must hold of every deal that ships with the product, real or invented: read back from the books, month by month."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ledger import service
from ledger.core.distribution import Distribution
from ledger.core.terms import Terms
from ledger.store.engine import Store
from tests.properties.test_books import the_books_read_back, what_leaves_the_accounts_in_a_step_is_what_its_payees_get


def worked(store: Store, folder: Path) -> Iterator[tuple[Terms, list[Distribution]]]:
    """Every run of a worked deal, distributed, as the store gives its months back."""
    for run in service.worked_deals(folder):
        deal = service.board(store, run, actor="trustee").deal
        for path in run.remittances:
            service.remit(store, deal, path.read_bytes(), path.name, actor="trustee")
        count = len(service.distribute(store, deal, actor="trustee").distributions)
        with store.reading() as reader:
            terms, _ = service.terms_of(reader, deal)
            yield terms, [service.stored(reader, terms, number).distribution for number in range(count + 1)]


@pytest.mark.parametrize("folder", service.worked_folders(), ids=lambda folder: folder.name)
def test_money_out_of_each_step_is_money_in_and_the_postings_give_the_balances(folder: Path, sqlite: str) -> None:
    with closing(Store(sqlite)) as store:
        runs = list(worked(store, folder))

    assert runs
    for terms, books in runs:
        assert len(books) > 1
        what_leaves_the_accounts_in_a_step_is_what_its_payees_get(books)
        the_books_read_back(books)
        assert sum(books[-1].closing.balances.values()) == 0
        assert all(books[-1].closing.balances.get(account, 0) >= 0 for account in terms.cash_accounts.values())
