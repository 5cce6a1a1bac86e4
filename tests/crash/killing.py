"""Killing a process at a moment, named or random, and saying where in its command the kill fell."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

from ledger.store.engine import Store
from tests.crash import work
from tests.crash.conftest import PATIENCE, Processes
from tests.crash.work import Rehearsed, Step

LONGEST = 0.004
"""Seconds that pass at most between the moment that a child tells and a random kill: most commits are over by then."""
AFTER = ("after commit", "acknowledged", "closed")


class Killed(NamedTuple):
    """A child that was killed, and what it had told by then."""

    step: Step
    told: list[str]

    @property
    def phase(self) -> str:
        """Where the kill fell, by what the child told last: `within` is between the last statement of the transaction and the return of its commit."""
        if self.told[-1] in AFTER:
            return "after"
        return "within" if self.told[-1] == "before commit" else "before"

    @property
    def is_acknowledged(self) -> bool:
        return "acknowledged" in self.told


def start(processes: Processes, store: Store, steps: Sequence[Step], stop: int | None = None) -> Any:
    """A process that carries out commands, and the connection over which it tells its moments."""
    ours, theirs = processes.Pipe()
    # Where nobody else has a file of SQLite open, a crash leaves it to be recovered by whoever opens it next.
    store.close()
    process = processes.Process(target=work.child, args=(store.url.render_as_string(hide_password=False), steps, stop, theirs))
    process.start()
    theirs.close()
    return process, ours


def hear(parent: Connection, count: int) -> list[str]:
    """The first so many words of a child; a silent one fails the test."""
    told: list[str] = []
    while len(told) < count:
        assert parent.poll(PATIENCE), f"the child is silent after {told}"
        told.append(parent.recv())
    return told


def kill(process: Any, parent: Connection, told: list[str], store: Store, step: Step) -> Killed:
    process.kill()
    process.join(PATIENCE)
    killed = Killed(step, [*told, *_rest(parent)])
    assert process.exitcode == -9, killed
    parent.close()
    process.close()
    _wait_for_server(store)
    return killed


def _rest(parent: Connection) -> Iterator[str]:
    """What was said before the kill and not yet heard."""
    while True:
        try:
            yield parent.recv()
        except EOFError:
            return


def _wait_for_server(store: Store) -> None:
    """Until PostgreSQL has noticed that its client is gone, a commit may still be under way; SQLite has nobody to wait for."""
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    deadline = time.monotonic() + PATIENCE
    while store.is_postgresql:
        with store.engine.connect() as connection:
            if connection.exec_driver_sql(others).scalar_one() == 0:
                return
        assert time.monotonic() < deadline, "the server still serves a client that is dead"
        time.sleep(0.002)


def kill_at(processes: Processes, store: Store, step: Step, moment: int) -> Killed:
    """Kill a command that waits at the given moment, by its number from 1."""
    process, parent = start(processes, store, [step], stop=moment)
    return kill(process, parent, hear(parent, moment), store, step)


def kill_at_random(processes: Processes, store: Store, rehearsed: Rehearsed, chance: random.Random) -> Killed:
    """Kill a command that runs on, some time after one of its moments.

    Before, within and after the commit are equally likely to be aimed at, and every order of magnitude of the time that then passes, from microseconds.
    """
    moments: dict[str, list[int]] = {}
    for number in range(1, len(rehearsed.told) + 1):
        moments.setdefault(Killed(rehearsed.step, rehearsed.told[:number]).phase, []).append(number)
    moment = chance.choice(moments[chance.choice(["before", "within", "after"])])
    passes = LONGEST * 10 ** -chance.uniform(0, 3)
    process, parent = start(processes, store, [rehearsed.step])
    told = hear(parent, moment)
    until = time.perf_counter() + passes
    while time.perf_counter() < until:  # a sleep would take longer than most of these times
        pass
    return kill(process, parent, told, store, rehearsed.step)
