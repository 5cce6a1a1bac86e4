"""Every way in which a correction is wrong, with its message: the catalogue in tests/errors/correction.

The trust has two distributed months and an open one; in the first, a line was corrected and another taken back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ledger import service
from ledger.core.problems import ProblemsFound
from ledger.store.engine import Store
from tests.conftest import ROOT

CATALOGUE = ROOT / "tests" / "errors" / "correction"
ENTRIES = sorted(CATALOGUE.glob("*.csv"))
NAME = "CORRECTED-1"
HEADER = "distribution_date,kind,loan,principal,interest,balance,value"


def remit(store: Store, *rows: str) -> None:
    service.remit(store, NAME, "\n".join([HEADER, *rows, ""]).encode(), "month.csv", actor="trustee")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Positions: 1 opened, 2 February (lines 10 to 15), 3 distributed, 4 March, 5 distributed, 6 the corrections of February, 7 April, which is open."""
    with closing(Store(f"sqlite:///{tmp_path_factory.mktemp('books')}/books.db")) as store:
        store.upgrade()
        service.open_deal(store, (CATALOGUE / "deal.yaml").read_bytes(), "deal.yaml", actor="trustee")
        loans = ("2025-02-15,loan_setup,L-1,,,,1000.00", "2025-02-15,loan_setup,L-2,,,,600.00")
        interest = ("2025-02-15,curtailment,L-1,,,,20.00", "2025-02-15,interest,L-1,,,,1.00")
        remit(store, *loans, "2025-02-15,payment,L-1,80.00,4.00,900.00,", *interest, "2025-02-15,payment,L-2,0,3.00,600.00,")
        service.distribute(store, NAME, actor="trustee")
        remit(store, "2025-03-15,payment,L-1,100.00,4.00,800.00,", "2025-03-15,payment,L-2,0,3.00,600.00,")
        service.distribute(store, NAME, actor="trustee")
        rows = b"corrects,value\n2:13,30.00\n2:14,\n"
        service.correct(store, NAME, rows, "before.csv", reason="wrong", actor="trustee")
        remit(store, "2025-04-15,payment,L-1,110.00,4.00,680.00,", "2025-04-15,payment,L-2,0,3.00,600.00,")
        yield store


@pytest.mark.parametrize("path", ENTRIES, ids=lambda path: path.stem)
def test_wrong_correction_is_refused_with_its_message(store: Store, path: Path) -> None:
    with pytest.raises(ProblemsFound) as caught:
        service.correct(store, NAME, path.read_bytes(), path.name, reason="wrong", actor="trustee")

    assert f"{caught.value}\n" == path.with_suffix(".txt").read_text(encoding="utf-8")


def test_every_message_is_of_its_own_and_says_what_to_do() -> None:
    messages = [path.with_suffix(".txt").read_text(encoding="utf-8").replace(path.name, "") for path in ENTRIES]

    assert len(set(messages)) == len(ENTRIES) >= 15
    assert all("; " in line for message in messages for line in message.splitlines())
