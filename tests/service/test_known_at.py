"""As known when: positions, times and days, in the deal's own zone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from ledger import service
from ledger.core.problems import ProblemsFound
from ledger.store.engine import Store
from tests.cli.conftest import DEAL, FEBRUARY, MARCH

NOW = datetime(2025, 4, 1, 12, tzinfo=UTC)


class Clock:
    """Stands at a time until it is set to another."""

    def __init__(self) -> None:
        self.now = NOW

    def set(self, time: str) -> None:
        self.now = datetime.fromisoformat(time)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def books(sqlite: str) -> Iterator[Store]:
    """Opened on 2 January, February remitted late on the 26th in New York, when it is the 27th in UTC, March remitted on 26 March."""
    clock = Clock()
    store = Store(sqlite, clock=clock)
    clock.set("2025-01-02T09:00-05:00")
    service.open_deal(store, DEAL.replace("title:", "time_zone: America/New_York\ntitle:").encode(), "deal.yaml", actor="tester")
    for name, text, time in (("2025-02.csv", FEBRUARY, "2025-02-26T22:30-05:00"), ("2025-03.csv", MARCH, "2025-03-26T09:00-04:00")):
        clock.set(time)
        service.remit(store, "COVE-1", text.encode(), name, actor="tester")
    clock.set(NOW.isoformat())
    yield store
    store.close()


def position(store: Store, known_at: str | int | None) -> int:
    with store.reading() as reader:
        return service.position_of(reader, "COVE-1", known_at, NOW)


@pytest.mark.parametrize(
    ("known_at", "expected"),
    [
        (None, 3),
        (2, 2),
        ("2", 2),
        ("2025-02-26", 2),  # half past ten in the evening there
        ("2025-02-25", 1),
        ("2025-02-27T03:29+00:00", 1),
        ("2025-02-27T03:30Z", 2),
        ("2025-03-26T13:00:00+00:00", 3),
        ("2025-03-31", 3),
    ],
)
def test_a_time_or_a_day_of_the_deal_is_the_last_position_known_then(books: Store, known_at: str | int | None, expected: int) -> None:
    assert position(books, known_at) == expected


@pytest.mark.parametrize(
    ("known_at", "message"),
    [
        ("2025-02-27T03:30", "COVE-1: `2025-02-27T03:30` has no offset; write it as 2025-02-27T03:30+00:00 if it is UTC, or with the offset that it has"),
        (
            "2025-04-01",
            "COVE-1: `2025-04-01` is not over yet: it is 2025-04-01T12:00+0000; leave out --known-at for all that is known now, or name an earlier time",
        ),
        ("2025-04-01T13:00+00:00", "is not over yet"),
        ("2025-01-01", "COVE-1: nothing was known at 2025-01-01: the deal was opened later; see `tranche events`"),
        ("4", "COVE-1 has positions 1 to 3, not 4"),
        ("0", "COVE-1 has positions 1 to 3, not 0"),
        ("yesterday", "COVE-1: `yesterday` is no time of the log; write a position, a date, or a time with its offset such as 2025-05-15T14:00-04:00"),
        ("2025-02-30", "is no time of the log"),
        ("9999-12-31", "is no time of the log"),  # in New York it ends when no calendar in Greenwich has a day left
        ("0001-01-01T00:00+14:00", "is no time of the log"),
    ],
)
def test_what_is_no_time_or_still_to_come_is_refused(books: Store, known_at: str, message: str) -> None:
    with pytest.raises(ProblemsFound) as found:
        position(books, known_at)

    assert message in str(found.value)


def test_a_statement_of_a_past_day_does_not_know_what_came_later(books: Store) -> None:
    before = service.statement(books, "COVE-1", known_at="2025-03-01")
    service.distribute(books, "COVE-1", actor="tester")

    assert service.statement(books, "COVE-1", known_at="2025-03-01") == before
    assert service.statement(books, "COVE-1").number == 2
