"""A trustee's months as commands, to be run in a process that is killed at any moment, and run again."""

from __future__ import annotations

from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import ledger
from ledger import service
from ledger.core.events import Event
from ledger.core.posting import Posting
from ledger.store import log
from ledger.store.engine import Store

FOLDER = Path(ledger.__file__).parent / "deals" / "sequoia-4"
DEAL = "SMT-2000-4"
ACTOR = "m.okafor"
POINTS = ["begun", "events written", "commit written", "head moved", "postings written", "distribution written", "before commit", "after commit"]


def is_open(store: Store) -> bool:
    with store.reading() as reader:
        return DEAL in [deal.name for deal in reader.deals()]


def run(store: Store, months: int, done: Callable[[], object] = lambda: None) -> None:
    """Open the deal, then remit and distribute month by month: a transaction each. What was done before is found done. `done` is called after each."""
    (worked,) = service.worked_deals(FOLDER)
    if not is_open(store):
        service.board(store, worked, actor=ACTOR)
        done()
    for file in worked.remittances[:months]:
        receipt = service.remit(store, DEAL, file.read_bytes(), file.name, actor=ACTOR)[0].receipt
        if receipt is not None and receipt.outcome == "appended":
            done()
        if service.distribute(store, DEAL, actor=ACTOR).distributions:
            done()


def child(url: str, months: int, point: str | None, occurrence: int, parent: Connection) -> None:
    """Run, telling the parent every write point and `done`; at one occurrence of one point, wait to be killed."""
    reached = 0

    def write_point(name: str) -> None:
        nonlocal reached
        parent.send(name)
        reached += name == point
        if name == point and reached == occurrence:
            parent.send("waiting")
            parent.recv()

    log.write_point = write_point
    run(Store(url), months, lambda: parent.send("done"))
    parent.send("finished")


def contents(store: Store) -> tuple[list[tuple[int, Event]], list[list[Posting]]]:
    """What the books say, without when it was recorded."""
    with store.reading() as reader:
        rows = reader.distributions(DEAL)
        return list(reader.events(DEAL)), [reader.postings(DEAL, row.number) for row in rows]


def commits(store: Store) -> int:
    """How many transactions are in the books: each appends one commit."""
    if not is_open(store):
        return 0
    with store.reading() as reader:
        return reader.head(DEAL).position
