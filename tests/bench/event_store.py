"""The peer `eventsourcing`: the best-known event store of Python, used as its documentation does, an aggregate for some loans."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import cache
from importlib import import_module
from typing import Any, TypeAlias

from psycopg.conninfo import conninfo_to_dict

from ledger.core.events import Event
from tests.bench.figure import seconds
from tests.bench.setting import SQLITE, Setting

PEER, PEER_IN_CENTS = "eventsourcing", "eventsourcing, amounts as whole cents"
AT_ONCE = 250
"""Events of an aggregate, and of a save: on PostgreSQL one of 5,000 waits for ever (9.5.6 with psycopg 3.3.9), one of 1,000 does on a busy machine."""
Arguments: TypeAlias = tuple[Any, ...]


@cache
def _aggregate() -> Any:
    """A month whose loans' rows are events; it sums the principal, as replaying ours does."""
    domain: Any = import_module("eventsourcing.domain")

    class Month(domain.Aggregate):  # type: ignore[misc]  # the package need not be installed
        @domain.event("Opened")  # type: ignore[untyped-decorator]  # as above
        def __init__(self, deal: str) -> None:
            self.deal, self.principal = deal, 0

        @domain.event("Paid")  # type: ignore[untyped-decorator]  # as above
        def pay(self, loan: str, principal: Any, interest: Any, fee: Any, balance: Any, rate: str, row: int) -> None:
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


def in_cents(events: list[Event]) -> list[Arguments]:
    """The figures of some loans, as ours has them."""
    return [(event.subject, event.principal, event.interest, event.fee, event.balance, event.rate, event.source_row) for event in events]


def in_decimals(events: list[Event]) -> list[Arguments]:
    """The same with amounts as its documentation writes them."""
    return [(loan, *(Decimal(cents).scaleb(-2) for cents in amounts), rate, row) for loan, *amounts, rate, row in in_cents(events)]


def append(setting: Setting, loans: list[Arguments]) -> float:
    """Seconds from the figures of the loans to the last commit."""
    with application(setting) as made:
        return seconds(lambda: _save(made, loans))


def _save(made: Any, loans: list[Arguments]) -> list[Any]:
    """The ids of what was saved: an aggregate and a save for some of the loans each."""
    ids = []
    for first in range(0, len(loans), AT_ONCE):
        month = _aggregate()("deal")
        for loan in loans[first : first + AT_ONCE]:
            month.pay(*loan)
        made.save(month)
        ids.append(month.id)
    return ids


def append_single(setting: Setting, loans: list[Arguments]) -> float:
    """Seconds for a save after every event."""
    with application(setting) as made:
        month = _aggregate()("deal")
        made.save(month)

        def save() -> None:
            for loan in loans:
                month.pay(*loan)
                made.save(month)

        return seconds(save)


def replay(setting: Setting, loans: list[Arguments]) -> float:
    """Seconds for what was stored as aggregates again."""
    with application(setting) as made:
        ids = _save(made, loans)
        return seconds(lambda: [made.repository.get(one) for one in ids])
