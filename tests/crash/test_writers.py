"""Several writers at once: no commit is lost, doubled or out of order, a reader who follows the log misses none, and deals do not wait for each other."""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import Any

import pytest

from ledger.core.events import Event
from ledger.store.engine import Store
from ledger.store.log import Draft
from ledger.store.verify import verify
from tests.crash import writers
from tests.crash.conftest import PATIENCE, Processes

DEALS = ["NORTH-1", "SOUTH-1", "WEST-1"]


def test_writers_on_the_same_and_on_other_deals(processes: Processes, store: Store) -> None:
    hold_together(processes, store, count=3, commits=30)


@pytest.mark.long
def test_eight_writers_append_twenty_thousand_commits(processes: Processes, postgresql: str) -> None:
    store = Store(postgresql)
    hold_together(processes, store, count=8, commits=2_500)
    store.close()


def hold_together(processes: Processes, store: Store, count: int, commits: int) -> None:
    """So many writers append so many commits each, while a reader follows every deal."""
    writers.open_deals(store, DEALS)
    url = store.url.render_as_string(hide_password=False)
    expected = {deal: 1 + sum((number + each) % len(DEALS) == DEALS.index(deal) for number in range(count) for each in range(commits)) for deal in DEALS}
    tails = {deal: start(processes, writers.tail, url, deal, expected[deal]) for deal in DEALS}
    said = [child.recv() for child in [start(processes, writers.write, url, number, DEALS, commits) for number in range(count)]]

    logs = {deal: child.recv() for deal, child in tails.items()}

    for deal, log in logs.items():
        assert [position for position, _ in log] == list(range(1, expected[deal] + 1))
        assert [problem.fact for problem in verified(store, deal)] == []
    acknowledged = sorted(each for writer in said for each in writer)
    assert acknowledged == sorted((deal, position, reason) for deal, log in logs.items() for position, reason in log[1:])
    for deal, log in logs.items():
        assert in_turn([reason for _, reason in log[1:]]), deal


def start(processes: Processes, target: Any, *arguments: Any) -> Any:
    """A process whose one answer is received from what this returns."""
    ours, theirs = processes.Pipe()
    processes.Process(target=target, args=(*arguments, theirs), daemon=True).start()
    theirs.close()
    return ours


def verified(store: Store, deal: str) -> list[Any]:
    with store.reading() as reader:
        return list(verify(reader, deal))


def in_turn(reasons: list[str]) -> bool:
    """Whether each writer's commits stand in the order in which it made them."""
    counts: dict[str, list[int]] = defaultdict(list)
    for reason in reasons:
        writer, _, commit = reason.partition(", commit ")
        counts[writer].append(int(commit))
    return all(commits == sorted(commits) for commits in counts.values())


def test_deals_do_not_wait_for_each_other(postgresql: str) -> None:
    store = Store(postgresql)
    writers.open_deals(store, DEALS[:2])
    done = threading.Event()

    def other_deal() -> None:
        with store.writing(DEALS[1]) as writer:
            writer.append(Draft([Event(1, "interest", interest=1)], None, store.user() or "", "meanwhile"))
        done.set()

    with store.writing(DEALS[0]) as held:
        other = threading.Thread(target=other_deal)
        other.start()
        appended_meanwhile = done.wait(PATIENCE)
        held.append(Draft([Event(1, "interest", interest=1)], None, store.user() or "", "at last"))
    other.join()

    assert appended_meanwhile
    store.close()


def test_second_writer_of_a_deal_waits_for_the_first(postgresql: str) -> None:
    store = Store(postgresql)
    writers.open_deals(store, DEALS[:1])
    order: list[str] = []

    def second() -> None:
        with store.writing(DEALS[0]):
            order.append("second has the lock")

    with store.writing(DEALS[0]):
        waiting = threading.Thread(target=second)
        waiting.start()
        waiting.join(0.2)
        order.append("first lets go")
    waiting.join(PATIENCE)

    assert order == ["first lets go", "second has the lock"]
    store.close()
