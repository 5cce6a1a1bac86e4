"""Every way in which a remittance is wrong, with its message: the catalogue in tests/errors/remittance.

A folder is a trust: its deal file, `history.csv` with the months that are in the books, and files that are wrong, each the smallest of its sort.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ledger import service
from ledger.core.problems import ProblemsFound
from ledger.store.engine import Store
from tests.conftest import ROOT

CATALOGUE = ROOT / "tests" / "errors" / "remittance"
ENTRIES = sorted(path for path in CATALOGUE.glob("*/*.csv") if path.name != "history.csv")


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, dict[str, str]]]:
    """The trusts of the catalogue with their history, in one database; by folder, the deal."""
    with closing(Store(f"sqlite:///{tmp_path_factory.mktemp('books')}/books.db")) as store:
        store.upgrade()
        yield store, {folder.name: opened(store, folder) for folder in CATALOGUE.iterdir()}


def opened(store: Store, folder: Path) -> str:
    deal = service.open_deal(store, (folder / "deal.yaml").read_bytes(), "deal.yaml", actor="trustee").deal
    history = folder / "history.csv"
    if history.exists():
        service.remit(store, deal, history.read_bytes(), history.name, source_name="history", actor="trustee")
        assert not service.distribute(store, deal, actor="trustee").problems
    return deal


@pytest.mark.parametrize("path", ENTRIES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_wrong_file_is_refused_with_its_message(path: Path, books: tuple[Store, dict[str, str]]) -> None:
    store, deals = books

    with pytest.raises(ProblemsFound) as caught:
        service.remit(store, deals[path.parent.name], path.read_bytes(), path.name, actor="trustee", dry_run=True)

    assert f"{caught.value}\n" == path.with_suffix(".txt").read_text(encoding="utf-8")


def test_every_entry_has_a_message_of_its_own() -> None:
    messages = Counter(path.with_suffix(".txt").read_text(encoding="utf-8").replace(path.name, "") for path in ENTRIES)

    assert len(ENTRIES) >= 100
    assert [message for message, count in messages.items() if count > 1] == []


def test_every_message_says_what_to_do() -> None:
    for path in ENTRIES:
        for line in path.with_suffix(".txt").read_text(encoding="utf-8").splitlines():
            place, _, message = line.partition(": ")
            fact, _, remedy = message.partition("; ")

            assert place.startswith(path.name), line
            assert fact, line
            assert remedy, line
