"""Several processes on the same books: what a writer and a tailing reader do, each in a process of its own."""

from __future__ import annotations

import time
from multiprocessing.connection import Connection

from ledger.core.events import Event
from ledger.store.engine import Store
from ledger.store.log import Draft

Said = tuple[int, str]
"""A commit as a reader finds it: its position, and the reason that its writer gave."""


def open_deals(store: Store, deals: list[str]) -> None:
    """Each deal with the one commit that opens it."""
    for deal in deals:
        with store.writing(deal) as writer:
            writer.open_deal()
            writer.append(Draft([Event(1, "interest", interest=0)], None, store.user() or "tester", "open"))


def write(url: str, number: int, deals: list[str], commits: int, parent: Connection) -> None:
    """Append so many commits, to the deals in turn; each says which writer's it is and the how-manieth. Tells the positions that were acknowledged."""
    store = Store(url)
    said: list[tuple[str, int, str]] = []
    for count in range(commits):
        deal, reason = deals[(number + count) % len(deals)], f"writer {number}, commit {count}"
        with store.writing(deal) as writer:
            receipt = writer.append(Draft([Event(line, "interest", interest=count) for line in (1, 2)], None, store.user() or "tester", reason))
        said.append((deal, receipt.position, reason))
    store.close()
    parent.send(said)


def tail(url: str, deal: str, until: int, parent: Connection) -> None:
    """Follow a deal's log to a position as somebody does who asks again and again for what is new."""
    store = Store(url)
    found: list[Said] = []
    while not found or found[-1][0] < until:
        with store.reading() as reader:
            found += [(commit.position, commit.reason) for commit in reader.commits(deal, after=found[-1][0] if found else 0)]
        time.sleep(0.001)
    store.close()
    parent.send(found)
