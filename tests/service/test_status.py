"""The month-end of a book of deals: each state, and what makes a period late."""

from __future__ import annotations

from datetime import date

import pytest

from ledger import service
from ledger.core.problems import Problem, ProblemsFound
from ledger.service.status import PeriodStatus, status
from ledger.store.engine import Store
from tests.cli.conftest import DEAL, FEBRUARY, MARCH

DATED = DEAL.replace("dates: {", "dates: {determination: {business_days_before: 3}, ")


def books(store: Store, *months: str, deal: str = DATED) -> Store:
    """COVE-1 with some months remitted."""
    service.open_deal(store, deal.encode(), "deal.yaml", actor="tester")
    for text in months:
        service.remit(store, "COVE-1", text.encode(), "month.csv", actor="tester")
    return store


def periods(store: Store, on: str) -> list[PeriodStatus]:
    (deal,) = status(store, date.fromisoformat(on))
    assert deal.problems == ()
    return list(deal.periods)


def states(store: Store, on: str) -> list[tuple[str, str, bool]]:
    return [(f"{period.period:%m}", period.state, period.is_late) for period in periods(store, on)]


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        ("2025-01-31", []),  # its collection period is not over
        ("2025-02-01", [("02", "missing", False)]),
        ("2025-02-20", [("02", "missing", False)]),  # the determination date, three business days before the 25th
        ("2025-02-21", [("02", "missing", True)]),
    ],
)
def test_a_month_is_missing_once_its_collections_are_over_and_late_after_its_determination_date(store: Store, on: str, expected: list[object]) -> None:
    assert states(books(store), on) == expected


def test_months_that_are_missing_after_the_first_are_counted(store: Store) -> None:
    (period,) = periods(books(store), "2025-06-10")

    assert (period.period, period.further) == (date(2025, 2, 25), 4)


def test_months_are_missing_as_far_as_a_schedule_goes_and_no_further(store: Store) -> None:
    found = periods(books(store), "9999-12-31")

    assert (found[0].state, found[0].further) == ("missing", 1199)  # of the 1,200 periods of a hundred years the first is named


def test_a_month_goes_from_checked_to_distributed_to_published(store: Store) -> None:
    books(store, FEBRUARY)
    seen = [states(store, "2025-02-25")]
    service.distribute(store, "COVE-1", actor="tester")
    seen.append(states(store, "2025-02-26"))
    service.publish(store, "COVE-1", "2025-02", actor="tester")
    seen.append(states(store, "2025-02-26"))

    assert seen == [[("02", "checked", False)], [("02", "distributed", False)], [("02", "published", False)]]


def test_a_month_that_was_remitted_and_not_paid_on_its_day_is_late(store: Store) -> None:
    assert states(books(store, FEBRUARY, MARCH), "2025-03-02") == [("02", "checked", True), ("03", "checked", False)]


def test_a_month_that_cannot_be_distributed_is_blocked_with_the_reason_and_so_are_those_after_it(store: Store) -> None:
    wrong = FEBRUARY.replace("\n", ",\n").replace("value,", "value,subject") + "2025-02-25,closing_balance,5.00,funds\n"
    february, march = periods(books(store, wrong, MARCH), "2025-03-02")

    assert (february.state, march.state) == ("blocked", "blocked")
    assert "funds closes at 0.00, reported is 5.00" in february.problems[0].fact


def test_what_waits_for_approval_is_proposed(store: Store) -> None:
    books(store, FEBRUARY, deal=DATED.replace("title:", "approval: true\ntitle:"))
    service.distribute(store, "COVE-1", actor="maker")

    assert states(store, "2025-02-25") == [("02", "proposed", False)]


def test_a_trust_that_has_paid_everybody_misses_nothing(store: Store) -> None:
    books(store, FEBRUARY.replace("10000.00", "1000000.00").replace("8000.00", "9000.00"))
    service.distribute(store, "COVE-1", actor="tester")

    assert states(store, "2026-02-25") == [("02", "distributed", False)]


def test_a_deal_that_cannot_be_read_does_not_stop_the_rest(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    books(store)
    service.open_deal(store, DATED.replace("COVE-1", "DELTA-1").encode(), "deal.yaml", actor="tester")
    whole = service.terms.terms_stated

    def one_is_broken(reader: object, deal: str, digest: str) -> object:
        if deal == "COVE-1":
            raise ProblemsFound([Problem("the document is gone", place=deal)])
        return whole(reader, deal, digest)  # type: ignore[arg-type]  # the reader as it came

    monkeypatch.setattr(service.terms, "terms_stated", one_is_broken)
    cove, delta = status(store, date(2025, 2, 1))

    assert [str(problem) for problem in cove.problems] == ["COVE-1: the document is gone"]
    assert [period.state for period in delta.periods] == ["missing"]
