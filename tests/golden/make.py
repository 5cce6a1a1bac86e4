"""The golden books of a release: `python -m tests.golden.make FILE.sql`, run with that release's own code, writes them as SQL.

They are kept for ever. Each later release migrates them and must still find every hash, posting and published statement as it was.
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ledger import service
from ledger.store.engine import Store
from tests.cli.conftest import DEAL, FEBRUARY, MARCH

ACTOR = "m.okafor"
APRIL = """\
distribution_date,kind,value,applies_to,note
2025-04-25,interest,6900.00,,
2025-04-25,scheduled_principal,10000.00,,
2025-04-25,interest,-12.00,2025-03-25,L-204 was counted twice
"""


class Ticking:
    """A clock that moves on by four days each time it is read."""

    now = datetime(2025, 1, 15, 14, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(days=4)
        return self.now


def keep(store: Store) -> None:
    """Three months, the first two published, the third with a correction of the second."""
    service.open_deal(store, DEAL.encode(), "deal.yaml", actor=ACTOR)
    for month, text in {"2025-02": FEBRUARY, "2025-03": MARCH, "2025-04": APRIL}.items():
        service.remit(store, "COVE-1", text.encode(), f"{month}.csv", actor=ACTOR)
        service.distribute(store, "COVE-1", actor=ACTOR)
        if text is not APRIL:
            service.publish(store, "COVE-1", month, actor=ACTOR)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "books.db"
        store = Store(f"sqlite:///{file}", clock=Ticking())
        store.upgrade()
        keep(store)
        store.close()
        lines = sqlite3.connect(file).iterdump()
        Path(sys.argv[1]).write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
