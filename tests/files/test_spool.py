"""Rows come back as they went in, in order, and in shares that are disjoint and whole, whether they were held or written."""

from __future__ import annotations

import pickle
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.events import Event
from ledger.core.problems import ProblemsFound
from ledger.files import remittance, spool
from ledger.files.remittance import spooled
from ledger.files.spool import ALL, HELD, SHARES, Share, shares


@pytest.fixture(scope="module", autouse=True)
def _few_are_held() -> object:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(remittance, "HELD", 7)
        yield patched.setattr(spool, "HELD", 7)


def event(line: int, subject: str | None) -> Event:
    return Event(line, "payment", subject, principal=10**18, rate="0.05", effective_on=date(2030, 1, line % 28 + 1))


subjects = st.lists(st.none() | st.sampled_from([f"L-{number}" for number in range(20)]), max_size=40)


@given(subjects)
def test_rows_come_back_in_order(names: list[str | None]) -> None:
    rows = [event(line, name) for line, name in enumerate(names, 1)]

    kept = spooled(rows)

    assert len(kept) == len(rows)
    assert list(kept) == list(kept) == rows
    assert all(type(row) is Event for row in kept)


@given(subjects)
def test_shares_have_all_rows_of_their_subjects_in_order_and_no_others(names: list[str | None]) -> None:
    rows = [event(line, name) for line, name in enumerate(names, 1)]
    kept = spooled(rows)

    for share in (Share(number, SHARES) for number in range(SHARES)):
        assert kept.share(share) == [row for row in rows if share.holds(row.subject)]
    assert kept.share(ALL) == rows
    assert sum(len(kept.share(Share(number, SHARES))) for number in range(SHARES)) == len(rows)


def test_rows_may_be_added_after_some_were_read() -> None:
    kept = spooled(event(line, "L-1") for line in range(1, 16))
    first = list(kept)

    kept.extend(event(line, "L-2") for line in range(16, 31))

    assert [row.line for row in kept] == list(range(1, 31))
    assert list(kept)[:15] == first


def test_no_room_for_the_file_is_a_problem_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pickle, "dump", full)

    with pytest.raises(ProblemsFound, match=r"temporary file: No space left on device; make room there, or name another folder in TMPDIR"):
        spooled(event(line, "L-1") for line in range(1, 30))


def test_many_months_together_hold_no_more_rows_than_one() -> None:
    months = remittance._Months()
    for line in range(1, 40):
        months[date(2025, 1, line % 20 + 1)].events.append(event(line, f"L-{line}"))
        months.let_go()

        assert sum(month.events.held for month in months.values()) <= spool.HELD

    assert sorted(row.line for month in months.values() for row in month.events) == list(range(1, 40))


def test_what_fits_into_memory_is_gone_through_at_once() -> None:
    assert shares(0) == [ALL]
    assert len(shares(HELD + 1)) == SHARES
