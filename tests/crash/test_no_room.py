"""The disk is full, or the connection breaks while rows are under way: a problem in words, nothing half-written, and the same command completes later."""

from __future__ import annotations

import random
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, make_url

from ledger.core.problems import ProblemsFound
from ledger.store.engine import Store
from ledger.store.log import Draft
from ledger.store.verify import verify
from tests.store import sample

LOANS = 3_000


def month(number: int) -> Draft:
    return sample.remittance(sample.month_events(number, LOANS), sample.period(number))


def opened(url: str) -> Store:
    """A deal with its first month in the books."""
    store = Store(url)
    with store.writing("ROOM-1") as writer:
        writer.open_deal()
        writer.append(month(1))
    return store


def append(store: Store, number: int) -> int:
    with store.writing("ROOM-1") as writer:
        return writer.append(month(number)).position


def position(store: Store) -> int:
    with store.reading() as reader:
        assert list(verify(reader, "ROOM-1")) == []
        return reader.head("ROOM-1").position


# No room --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("room", [0, 1, 7, 40])
def test_full_disk_leaves_nothing_of_a_commit(sqlite: str, room: int) -> None:
    """SQLite is allowed so many more pages than the file has, as on a disk that has no more."""
    store = opened(sqlite)

    def few_pages(connection: Any, _: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + room}")

    store.close()
    event.listen(store.engine, "connect", few_pages)
    with pytest.raises(ProblemsFound, match="cannot be used: database or disk is full; look at its address, its rights and its disk"):
        append(store, 2)
    store.close()
    event.remove(store.engine, "connect", few_pages)

    assert position(store) == 1
    assert append(store, 2) == 2
    store.close()


@pytest.mark.parametrize("table", ["event", "log_commit", "head"])
def test_full_disk_of_a_server_leaves_nothing_of_a_commit(postgresql: str, table: str) -> None:
    """The server refuses a row in the words, and with the code, with which it reports a disk without room: a trigger stands in for the disk."""
    store = opened(postgresql)
    with store.engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " RAISE EXCEPTION 'could not extend file \"base/1/2\": No space left on device' USING ERRCODE = 'disk_full'; END $$"
        )
        connection.exec_driver_sql(f"CREATE TRIGGER no_room BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION no_room()")

    with pytest.raises(ProblemsFound, match=r"cannot be used: could not extend file .*: No space left on device"):
        append(store, 2)

    with store.engine.begin() as connection:
        connection.exec_driver_sql("DROP FUNCTION no_room CASCADE")
    assert position(store) == 1
    assert append(store, 2) == 2
    store.close()


# A connection that breaks ---------------------------------------------------------------------------------------------


class Proxy:
    """A socket between the client and its server that breaks after `most` bytes from the client; below zero it lets everything through."""

    def __init__(self, folder: Path, server: str) -> None:
        self._server, self.passed, self.most = server, 0, -1
        self.name = ".s.PGSQL.5432"
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(folder / self.name))
        self._listening.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._server)
            for source, target, counts in ((client, server, True), (server, client, False)):
                threading.Thread(target=self._pass_on, args=(source, target, counts), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, counts: bool) -> None:
        try:
            while data := source.recv(4096):
                if counts:
                    self.passed += len(data)
                    if 0 <= self.most < self.passed:
                        break
                target.sendall(data)
        except OSError:  # the other thread has shut it
            pass
        for end in (source, target):
            with_nothing_left(end)

    def close(self) -> None:
        self._listening.close()


def with_nothing_left(end: socket.socket) -> None:
    """Shut both ways, so that whoever waits at the other end hears of it."""
    with suppress(OSError):  # it may be shut already
        end.shutdown(socket.SHUT_RDWR)
    end.close()


@contextmanager
def through_a_proxy(url: str) -> Iterator[tuple[Store, Proxy]]:
    address = make_url(url)
    real = Path(str(address.query["host"]))
    with tempfile.TemporaryDirectory(prefix="tranche-proxy-") as folder:
        proxy = Proxy(Path(folder), str(next(real.glob(".s.PGSQL.*[0-9]"))))
        store = Store(address.update_query_dict({"host": folder}).render_as_string(hide_password=False))
        try:
            yield store, proxy
        finally:
            store.close()
            proxy.close()


def cut_at(url: str, chance: random.Random, times: int) -> None:
    """A month is sent again and again over a connection that breaks somewhere on the way, then over one that does not."""
    direct = opened(url)
    with through_a_proxy(url) as (store, proxy):
        append(store, 2)
        whole = proxy.passed
        for _ in range(times):
            store.close()
            proxy.passed, proxy.most = 0, chance.randrange(whole // 10, whole * 9 // 10)
            with pytest.raises(ProblemsFound, match="cannot be used"):
                append(store, 3)
            assert position(direct) == 2
        store.close()
        proxy.most = -1
        assert append(store, 3) == 3
    assert position(direct) == 3
    direct.close()


def test_connection_that_breaks_in_the_middle_of_a_copy_leaves_nothing(postgresql: str) -> None:
    cut_at(postgresql, random.Random(1), 3)  # noqa: S311 - a sample that can be repeated


@pytest.mark.long
def test_connection_that_breaks_anywhere_leaves_nothing(postgresql: str) -> None:
    cut_at(postgresql, random.Random(2), 60)  # noqa: S311 - as above
