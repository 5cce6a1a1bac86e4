"""The peer `eventsourcing`: the best-known event store of Python, used as its documentation does, an aggregate a month of loans."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from typing import Any

from psycopg.conninfo import conninfo_to_dict

from ledger.core.events import Event
from tests.bench.figure import seconds
from tests.bench.setting import SQLITE, Setting

PEER = "eventsourcing"


@cache
def _aggregate() -> Any:
    """A month whose loans' rows are events; it sums the principal, as replaying ours does."""
    domain: Any = import_module("eventsourcing.domain")

    class Month(domain.Aggregate):  # type: ignore[misc]  # the package need not be installed
        @domain.event("Opened")  # type: ignore[untyped-decorator]  # as above
        def __init__(self, deal: str) -> None:
            self.deal, self.principal = deal, 0

        @domain.event("Paid")  # type: ignore[untyped-decorator]  # as above
        def pay(self, loan: str, principal: int, interest: int, fee: int, balance: int, rate: str, row: int) -> None:
            self.principal += principal

    return Month


def _environment(setting: Setting) -> dict[str, str]:
    if setting.database == SQLITE:
        return {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": setting.fresh().removeprefix("sqlite:///")}
    server = conninfo_to_dict(setting.fresh())
    names = {"dbname": "", "host": "localhost", "port": "5432", "user": "postgres", "password": "none"}
    return {"PERSISTENCE_MODULE": "eventsourcing.postgres"} | {f"POSTGRES_{name.upper()}": str(server.get(name) or usual) for name, usual in names.items()}


@contextmanager
def application(setting: Setting) -> Iterator[Any]:
    """The library's application on a fresh database, its tables made."""
    made = import_module("eventsourcing.application").Application(env=_environment(setting))
    try:
        yield made
    finally:
        made.close()


def _pay(month: Any, event: Event) -> None:
    month.pay(event.subject, event.principal, event.interest, event.fee, event.balance, event.rate, event.source_row)


def append(setting: Setting, events: list[Event]) -> float:
    """Seconds for a month in one save, from the figures of its loans to the commit."""
    with application(setting) as made:

        def save() -> None:
            month = _aggregate()("deal")
            for event in events:
                _pay(month, event)
            made.save(month)

        return seconds(save)


def append_single(setting: Setting, events: list[Event]) -> float:
    """Seconds for a save after every event."""
    with application(setting) as made:
        month = _aggregate()("deal")
        made.save(month)

        def save() -> None:
            for event in events:
                _pay(month, event)
                made.save(month)

        return seconds(save)


def replay(setting: Setting, events: list[Event]) -> float:
    """Seconds for the stored month as an aggregate again."""
    with application(setting) as made:
        month = _aggregate()("deal")
        for event in events:
            _pay(month, event)
        made.save(month)
        return seconds(lambda: made.repository.get(month.id))
