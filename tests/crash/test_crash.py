"""Killed at any moment, the books hold every acknowledged commit, nothing of any other but at most one that is whole, and the command run again completes."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from ledger import service
from ledger.store.engine import Store
from tests.crash import work
from tests.crash.conftest import PATIENCE, Processes

MONTHS = 3


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> tuple[object, object]:
    """The books of a run that nobody killed."""
    store = Store(f"sqlite:///{tmp_path_factory.mktemp('whole') / 'books.db'}")
    store.upgrade()
    work.run(store, MONTHS)
    found = work.contents(store)
    store.close()
    return found


class Killed:
    """A child that was killed: how many commands it had acknowledged, and the last thing that it said."""

    def __init__(self, told: list[str]) -> None:
        self.acknowledged = told.count("done")
        self.last = told[-1] if told else "started"

    @property
    def fell(self) -> str:
        """Where the kill fell, by what the child said last."""
        if self.last == "before commit":
            return "within the commit"
        return {"after commit": "after the commit, before the answer", "finished": "after the end"}.get(self.last, "before the commit")


def start(processes: Processes, url: str, point: str | None = None, occurrence: int = 0) -> Any:
    ours, theirs = processes.Pipe()
    process = processes.Process(target=work.child, args=(url, MONTHS, point, occurrence, theirs))
    process.start()
    theirs.close()
    return process, ours


def listen(parent: Connection, until: str, times: int = 1) -> list[str]:
    """What a child says until it has said one thing so many times; a silent one fails the test."""
    told: list[str] = []
    while told.count(until) < times:
        assert parent.poll(PATIENCE), f"the child is silent after {told}"
        told.append(parent.recv())
    return told


def rest(parent: Connection) -> Iterator[str]:
    """What was said before the kill and not yet heard."""
    while True:
        try:
            yield parent.recv()
        except EOFError:
            return


def kill(process: Any, parent: Connection, told: list[str], store: Store) -> Killed:
    process.kill()
    process.join(PATIENCE)
    told = [*told, *rest(parent)]
    parent.close()
    process.close()
    wait_for_server(store)
    return Killed([word for word in told if word != "waiting"])


def wait_for_server(store: Store) -> None:
    """Until PostgreSQL has noticed that its client is gone, a commit may still be under way; SQLite has nobody to wait for."""
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    deadline = time.monotonic() + PATIENCE
    while store.is_postgresql:
        with store.engine.connect() as connection:
            if connection.exec_driver_sql(others).scalar_one() == 0:
                return
        assert time.monotonic() < deadline, "the server still serves a client that is dead"
        time.sleep(0.002)


def check_books(store: Store, killed: Killed, uninterrupted: object) -> None:
    """Acknowledged commits are there, at most one more; everything verifies; running the same commands again completes the books."""
    stored = work.commits(store)
    assert killed.acknowledged <= stored <= killed.acknowledged + 1
    assert not stored or service.verify(store, work.DEAL).problems == ()

    work.run(store, MONTHS)

    assert work.contents(store) == uninterrupted
    assert service.verify(store, work.DEAL).problems == ()


def kill_at(processes: Processes, store: Store, point: str, occurrence: int) -> Killed:
    process, parent = start(processes, store.url.render_as_string(hide_password=False), point, occurrence)
    return kill(process, parent, listen(parent, "waiting"), store)


@pytest.mark.parametrize("point", work.POINTS)
def test_killed_at_a_write_point(processes: Processes, store: Store, uninterrupted: object, point: str) -> None:
    killed = kill_at(processes, store, point, 2)  # in the first remittance, or the first distribution after opening

    assert killed.last == point
    assert work.commits(store) == killed.acknowledged + (point == "after commit")
    check_books(store, killed, uninterrupted)


@pytest.mark.long
@pytest.mark.parametrize("occurrence", [1, 3, 4])
@pytest.mark.parametrize("point", work.POINTS)
def test_killed_at_every_write_point_of_opening_and_of_later_months(
    processes: Processes, store: Store, uninterrupted: object, point: str, occurrence: int
) -> None:
    killed = kill_at(processes, store, point, occurrence)

    assert work.commits(store) == killed.acknowledged + (point == "after commit")
    check_books(store, killed, uninterrupted)


def kill_at_random(processes: Processes, store: Store, chance: random.Random) -> Killed:
    """Kill some moment after a write point chosen by chance, while the child runs on."""
    process, parent = start(processes, store.url.render_as_string(hide_password=False))
    told = listen(parent, chance.choice(work.POINTS[:4] + work.POINTS[6:7]), chance.randint(1, 2 * MONTHS))
    moment = time.perf_counter() + chance.uniform(0, 0.004)
    while time.perf_counter() < moment:
        pass
    return kill(process, parent, told, store)


@pytest.mark.parametrize("seed", range(3))
def test_killed_at_a_random_moment(processes: Processes, store: Store, uninterrupted: object, seed: int) -> None:
    check_books(store, kill_at_random(processes, store, random.Random(seed)), uninterrupted)  # noqa: S311 - a sample that can be repeated


@pytest.mark.long
def test_killed_at_fifty_random_moments(
    processes: Processes, database: str, tmp_path: Path, request: pytest.FixtureRequest, uninterrupted: object, record_property: Any
) -> None:
    fell: Counter[str] = Counter()
    for seed, url in enumerate(fresh_databases(database, tmp_path, 50), 1000):
        store = Store(url)
        store.upgrade()
        killed = kill_at_random(processes, store, random.Random(seed))  # noqa: S311 - as above
        fell[killed.fell] += 1
        check_books(store, killed, uninterrupted)
        store.close()

    record_property("kills", dict(fell))
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        request.config.get_terminal_writer().line(f"\n{database.partition(':')[0]}: {dict(fell)}")
    assert fell["before the commit"] > 0


def fresh_databases(database: str, folder: Path, count: int) -> Iterator[str]:
    """Empty databases beside the given one."""
    for number in range(count):
        if database.startswith("sqlite"):
            yield f"sqlite:///{folder / f'{number}.db'}"
            continue
        given = Store(database)
        name = f"crash_{number}_{folder.name[-20:].lower().replace('-', '_')}"
        with given.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        yield given.url.set(database=name).render_as_string(hide_password=False)
        with given.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
        given.close()


def test_the_write_points_are_those_that_the_store_passes(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    passed: list[str] = []
    monkeypatch.setattr("ledger.store.log.write_point", passed.append)

    work.run(store, 1)

    assert set(passed) == set(work.POINTS)
