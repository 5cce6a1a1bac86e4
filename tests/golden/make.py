"""The golden books of a release: `python -m tests.golden.make FILE.sql`, run with that release's own code, writes them as SQL.

They are kept for ever. Each later release migrates them and must still find every hash, signature, posting and published statement as it was.
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ledger import service
from ledger.core.correction import Treatment
from ledger.core.mapping_report import DIFFERENCES
from ledger.core.problems import ProblemsFound
from ledger.service import evidence
from ledger.store.engine import Store
from ledger.store.keys import Signer
from tests.cli.conftest import DEAL, FEBRUARY, MARCH
from tests.importers import test_absee_auto as wheels
from tests.importers.ex102 import exhibit

MAKER, CHECKER, LEFT = "m.okafor", "a.lindqvist", "j.silva"
SEEDS = {MAKER: 1, CHECKER: 2, LEFT: 3}
APRIL = """\
distribution_date,kind,value,applies_to,note
2025-04-25,interest,6500.00,,
2025-04-25,scheduled_principal,10000.00,,
2025-04-25,interest,-12.00,2025-03-25,L-204 was counted twice
"""
INTEREST_OF_APRIL = "corrects,value\n{}:{},6900.00\n"
CHARGE_OFF_OF_MARCH = "corrects,value\n{}:{},4000.00\n"
YEAR = [date(2025 + month // 12, month % 12 + 1, 25) for month in range(1, 14)]


class Ticking:
    """A clock that moves on by four days each time it is read."""

    now = datetime(2025, 1, 15, 14, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(days=4)
        return self.now


def key_of(actor: str) -> Ed25519PrivateKey:
    """The same on every run; a key of tests and of nobody."""
    return Ed25519PrivateKey.from_private_bytes(bytes([SEEDS[actor]]) * 32)


@contextmanager
def signing(store: Store, actor: str) -> Iterator[None]:
    """Sign as an actor what is written in the block."""
    key = key_of(actor)
    store.signer = Signer(key.public_key().public_bytes_raw().hex(), key.sign)
    yield
    store.signer = None


def list_actor(store: Store, name: str, *, actor: str) -> None:
    service.add_actor(store, name, key_of(name).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), actor=actor)


def list_actors(store: Store) -> None:
    """Three keys, one of which is taken back, and a database that asks for approval of every distribution."""
    list_actor(store, MAKER, actor="root")
    with signing(store, MAKER):
        list_actor(store, CHECKER, actor=MAKER)
        list_actor(store, LEFT, actor=MAKER)
        service.revoke_actor(store, LEFT, actor=MAKER)
        service.set_approval(store, asked=True, actor=MAKER)


def remit(store: Store, month: str, text: str, deal: str = "COVE-1") -> None:
    with signing(store, MAKER):
        service.remit(store, deal, text.encode(), f"{month}.csv", actor=MAKER)


def distribute(store: Store, month: str, deal: str = "COVE-1") -> None:
    """One proposes, another approves."""
    with signing(store, MAKER):
        service.distribute(store, deal, actor=MAKER)
    with signing(store, CHECKER):
        service.approve(store, deal, month, actor=CHECKER)


def publish(store: Store, month: str) -> None:
    with signing(store, MAKER):
        service.publish(store, "COVE-1", month, actor=MAKER)


def line_of(store: Store, month: str, kind: str) -> tuple[int, int]:
    """(position, line) of the first line of a kind that a month has."""
    with store.reading() as reader:
        return next((position, event.line) for position, event in reader.events("COVE-1", period=date.fromisoformat(f"{month}-25"), kinds=[kind]))


def correct(store: Store, text: str, name: str, treatment: Treatment, actor: str) -> None:
    with signing(store, actor):
        service.correct(store, "COVE-1", text.encode(), name, reason="the servicer found it", treatment=treatment, actor=actor)


def keep(store: Store) -> None:
    """Three months, all signed, proposed and approved. April is superseded before it is distributed; then March is reopened, and April with it."""
    list_actors(store)
    with signing(store, MAKER):
        service.open_deal(store, DEAL.encode(), "deal.yaml", actor=MAKER)
    for month, text in {"2025-02": FEBRUARY, "2025-03": MARCH}.items():
        remit(store, month, text)
        distribute(store, month)
        publish(store, month)
    remit(store, "2025-04", APRIL)
    correct(store, INTEREST_OF_APRIL.format(*line_of(store, "2025-04", "interest")), "april.csv", "supersede", MAKER)
    distribute(store, "2025-04")
    reopened = CHARGE_OFF_OF_MARCH.format(*line_of(store, "2025-03", "charge_off"))
    for actor in (MAKER, CHECKER):
        correct(store, reopened, "march.csv", "reopen", actor)
    publish(store, "2025-03")
    keep_loans(store)
    keep_year(store)


def keep_loans(store: Store) -> None:
    """Two months of loans from filings, with a difference that was refused and then accepted by name, and one of the files erased."""
    with signing(store, MAKER):
        service.open_deal(store, wheels.DEAL.encode(), "wheels.yaml", actor=MAKER)
    differs = {**wheels.FEBRUARY[0], "reportingPeriodActualEndBalanceAmount": "779.00"}
    for month, assets in {"2025-02": wheels.JANUARY, "2025-03": [differs, *wheels.FEBRUARY[1:]]}.items():
        file = exhibit("autoloan", assets)
        with signing(store, MAKER):
            try:
                service.remit(store, "WHEELS", file, f"{month}.xml", actor=MAKER)
            except ProblemsFound:
                service.remit(store, "WHEELS", file, f"{month}.xml", accept=[DIFFERENCES], actor=MAKER)
            service.distribute(store, "WHEELS", actor=MAKER)
        with signing(store, CHECKER):
            service.approve(store, "WHEELS", month, actor=CHECKER)
    with signing(store, MAKER):
        evidence.erase(store, "WHEELS", sha256(exhibit("autoloan", wheels.JANUARY)).hexdigest(), reason="held too long", actor=MAKER)


def keep_year(store: Store) -> None:
    """Thirteen months of a second trust, in one file, so that what the life of its pool comes to is kept."""
    with signing(store, MAKER):
        service.open_deal(store, DEAL.encode(), "deal.yaml", called="COVE-2", actor=MAKER)
    rows = [f"{day},interest,6500.00\n{day},scheduled_principal,{1_000 * day.month}.00\n{day},charge_off,500.00\n" for day in YEAR]
    remit(store, "year", f"distribution_date,kind,value\n{''.join(rows)}", "COVE-2")
    for day in YEAR:
        distribute(store, str(day), "COVE-2")


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
