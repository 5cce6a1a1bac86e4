"""Where every deal stands: what pays next, and what is missing, late, blocked or waiting for somebody."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal
from zoneinfo import ZoneInfo

from ledger.core import posting, schedule
from ledger.core.names import pool_balance
from ledger.core.problems import Problem, ProblemsFound
from ledger.core.schedule import PeriodDates
from ledger.core.state import State
from ledger.core.terms import Terms
from ledger.files import calendars
from ledger.service.books import Stored, latest, recorded_dates
from ledger.service.distributions import Run, pending, upcoming
from ledger.service.terms import Versions
from ledger.store.engine import Store
from ledger.store.projections import Reader

PeriodState = Literal["missing", "blocked", "checked", "proposed", "distributed", "published", "revised"]
"""Missing: nothing was remitted. Blocked: it was, and cannot be distributed. Checked: it can. Proposed: waits for approval. Revised: distributed anew since it
was published."""


@dataclass(frozen=True, slots=True)
class PeriodStatus:
    """One period of one deal. It is late once its deadline has passed: the determination date to be remitted, the distribution date to be paid."""

    deal: str
    period: date
    pays_on: date
    determination: date
    state: PeriodState
    is_late: bool
    problems: tuple[Problem, ...] = ()
    further: int = 0
    """How many periods after this one are missing too."""


@dataclass(frozen=True, slots=True)
class DealStatus:
    """A deal on a day: the last period that was distributed, and every one since whose collections are over. `problems` where it cannot be read."""

    deal: str
    position: int
    periods: tuple[PeriodStatus, ...]
    problems: tuple[Problem, ...] = ()


def status(store: Store, on: date | None = None) -> list[DealStatus]:
    """Every deal as it stands, judged on a day (by default today where the deal is). One that cannot be read does not stop the rest."""
    with store.reading() as reader:
        names = [(row.name, row.position) for row in reader.deals()]
    return [_deal_status(store, name, position, on) for name, position in names]


def _deal_status(store: Store, deal: str, position: int, on: date | None) -> DealStatus:
    try:
        with store.reading() as reader:
            versions = Versions(reader, deal)
            day = on or store.clock().astimezone(ZoneInfo(versions.at()[0].deal.time_zone)).date()
            return DealStatus(deal, position, tuple(_periods(reader, versions, day)))
    except ProblemsFound as found:
        return DealStatus(deal, position, (), found.problems)


def _periods(reader: Reader, versions: Versions, day: date) -> Iterator[PeriodStatus]:
    """The last distributed period, each one after it that was remitted, and the first that is not and whose collection period ended before the day."""
    terms, _ = versions.at()
    last = latest(reader, terms)
    if last.header.previous is not None:
        yield _closed(reader, versions, last)
    if _is_over(terms, last.distribution.closing):
        return
    runs, problems = _runs(reader, versions.deal)
    proposal = pending(reader, versions.deal)
    number, paid = last.distribution.number + 1, last.distribution.closing.last_distribution
    while (dates := recorded_dates(reader, versions.deal, schedule.key_of(terms.deal, number))) is not None:
        state = _open_state(runs.get(dates.scheduled), proposal is not None and proposal.period == dates.scheduled)
        yield _status(versions, dates, state, day > dates.distribution, problems if state == "blocked" else ())
        number, paid = number + 1, dates.distribution
    missing = list(itertools.takewhile(lambda dates: dates.collection_end < day, _unopened(terms, number, paid)))
    if missing:
        yield replace(_status(versions, missing[0], "missing", day > missing[0].determination, ()), further=len(missing) - 1)


def _is_over(terms: Terms, state: State) -> bool:
    """Whether there is nothing left to collect and nobody left to pay."""
    pools = sum(pool_balance(state.balances, terms, pool) for pool in terms.deal.all_pools)
    return not pools and not any(state.balances.get(posting.principal(name)) for name in terms.deal.tranches)


def _unopened(terms: Terms, number: int, paid: date) -> Iterator[PeriodDates]:
    """The periods from a number on, as far as a schedule goes, with the holidays as they are known now."""
    is_open = calendars.is_open(terms.deal.dates.distribution.calendar)
    while number <= schedule.MOST_PERIODS:
        dates = schedule.resolve(terms.deal, number, is_open, paid)
        yield dates
        number, paid = number + 1, dates.distribution


def _status(versions: Versions, dates: PeriodDates, state: PeriodState, is_late: bool, problems: tuple[Problem, ...]) -> PeriodStatus:
    return PeriodStatus(versions.deal, dates.scheduled, dates.distribution, dates.determination, state, is_late, problems)


def _runs(reader: Reader, deal: str) -> tuple[dict[date, Run], tuple[Problem, ...]]:
    """Each period that could be distributed now, and what stops the next."""
    runs: dict[date, Run] = {}
    try:
        for run in upcoming(reader, deal):
            runs[run.key] = run
    except ProblemsFound as found:
        return runs, found.problems
    return runs, ()


def _open_state(run: Run | None, is_proposed: bool) -> PeriodState:
    if run is None:
        return "blocked"
    return "proposed" if is_proposed else "checked"


def _closed(reader: Reader, versions: Versions, last: Stored) -> PeriodStatus:
    is_published = bool(reader.statements(versions.deal, last.row))
    state: PeriodState = "published" if is_published else "revised" if last.header.version > 1 else "distributed"
    return _status(versions, last.distribution.dates, state, False, ())
