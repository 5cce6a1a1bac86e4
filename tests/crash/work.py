"""A trustee's months as commands, to be run in a process that is killed at any moment, and run again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from multiprocessing.connection import Connection
from pathlib import Path

import ledger
from ledger import service
from ledger.core.events import Event
from ledger.core.posting import Posting
from ledger.core.problems import ProblemsFound
from ledger.store import log
from ledger.store.engine import Store
from ledger.store.log import Receipt

FOLDER = Path(ledger.__file__).parent / "deals" / "sequoia-4"
DEAL = "SMT-2000-4"
ACTOR = "m.okafor"
POINTS = ["begun", "events written", "commit written", "head moved", "postings written", "distribution written", "before commit", "after commit"]


def is_open(store: Store) -> bool:
    with store.reading() as reader:
        return DEAL in [deal.name for deal in reader.deals()]


def run(store: Store, months: int, done: Callable[[], object] = lambda: None) -> None:
    """Open the deal, then remit, correct and distribute month by month: a transaction each. What was done before is found done. `done` is called after each.

    The second month is corrected before it is distributed, the first one after: a fact that supersedes, and one that is booked as an adjustment.
    """
    (worked,) = service.worked_deals(FOLDER)
    if not is_open(store):
        service.board(store, worked, actor=ACTOR)
        done()
    for number, file in enumerate(worked.remittances[:months], 1):
        if appended(service.remit(store, DEAL, file.read_bytes(), file.name, actor=ACTOR)[0].receipt):
            done()
        if number == 2 and appended(correct(store, file.stem, 25)):
            done()
        if service.distribute(store, DEAL, through=date.fromisoformat(file.stem), actor=ACTOR).distributions:
            done()
        if number == 2 and appended(correct(store, worked.remittances[0].stem, 12)):
            done()


def appended(receipt: Receipt | None) -> bool:
    return receipt is not None and receipt.outcome == "appended"


def correct(store: Store, key: str, amount: int) -> Receipt:
    """Interest of a month that was found late: it supersedes where the month is open, and is adjusted where it is distributed."""
    file = f"corrects,distribution_date,kind,value,note\n,{key},interest,{amount}.00,found late\n".encode()
    (receipt,) = service.correct(store, DEAL, file, f"{key}-late.csv", reason="found late", actor=ACTOR).booked.values()
    return receipt


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


def client_of_a_server(url: str, months: int, point: str, occurrence: int, parent: Connection) -> None:
    """Run while the server dies: at one occurrence of one point, wait until that has happened. Tells what became of it: `finished`, or the problem in words."""
    reached = 0

    def write_point(name: str) -> None:
        nonlocal reached
        reached += name == point
        if name == point and reached == occurrence:
            parent.send("waiting")
            parent.recv()

    log.write_point = write_point
    try:
        run(Store(url), months, lambda: parent.send("done"))
    except ProblemsFound as found:
        parent.send(f"problem: {found.problems[0]}")
        return
    parent.send("finished")
