"""Where every deal stands: how far each period has come, what is late, and what it waits for."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from ledger.core import posting, schedule
from ledger.core.names import pool_balance
from ledger.core.problems import Problem, ProblemsFound
from ledger.core.schedule import PeriodDates
from ledger.core.state import State
from ledger.core.terms import Terms
from ledger.files import calendars
from ledger.service.actors import Proof, proof_of
from ledger.service.books import last_closed, recorded_dates
from ledger.service.distributions import Run, pending, upcoming
from ledger.service.reopening import proposed_reopening
from ledger.service.terms import Versions
from ledger.store.books import DistributionRow, VersionRow
from ledger.store.engine import Store
from ledger.store.projections import Reader

PeriodState = Literal["missing", "received", "blocked", "checked", "proposed", "approved", "distributed", "published", "revised", "reopening"]
"""How far a period has come; docs/statements.md says what each word means."""
STATES: tuple[PeriodState, ...] = get_args(PeriodState)
UNREADY: frozenset[PeriodState] = frozenset(("missing", "received", "blocked"))
"""States in which a period cannot be run."""
Deadline = Literal["determination", "distribution"]
"""A date by which something must be done: all that a period needs be there and right, and the period be distributed."""


@dataclass(frozen=True, slots=True)
class PeriodStatus:
    """One period of one deal. `late` names each deadline that passed before it was met; `problems` say why the period cannot be run."""

    deal: str
    period: date
    pays_on: date
    determination: date
    state: PeriodState
    late: tuple[Deadline, ...]
    problems: tuple[Problem, ...] = ()
    further: int = 0
    """How many periods after this one are missing too."""


@dataclass(frozen=True, slots=True)
class DealStatus:
    """A deal on a day: the last period that was distributed, earlier ones that are to be published anew or reopened, and every one since whose
    collections are over. `problems` where it cannot be read.

    `proof` says how far its commits prove who made them.
    """

    deal: str
    position: int
    periods: tuple[PeriodStatus, ...]
    problems: tuple[Problem, ...] = ()
    proof: Proof = Proof()


def status(store: Store, on: date | None = None) -> list[DealStatus]:
    """Every deal as it stands, judged on a day (by default today where the deal is). One that cannot be read does not stop the rest."""
    with store.reading() as reader:
        names = [(row.name, row.position) for row in reader.deals()]
    return [_deal_status(store, name, position, on) for name, position in names]


def undistributed(store: Store, deal: str, day: date) -> list[PeriodStatus]:
    """Each period of a deal that pays on or before a day and is not distributed, the earliest first, judged on that day. Raises ProblemsFound."""
    with store.reading() as reader:
        versions = Versions(reader, deal)
        return [period for period in _unpaid(reader, versions, last_closed(reader, deal).state, day) if period.pays_on <= day]


def _deal_status(store: Store, deal: str, position: int, on: date | None) -> DealStatus:
    try:
        with store.reading() as reader:
            versions = Versions(reader, deal)
            day = on or store.clock().astimezone(ZoneInfo(versions.at()[0].deal.time_zone)).date()
            return DealStatus(deal, position, tuple(_periods(reader, versions, day)), proof=proof_of(reader, deal))
    except ProblemsFound as found:
        return DealStatus(deal, position, (), found.problems)


def _periods(reader: Reader, versions: Versions, day: date) -> Iterator[PeriodStatus]:
    """Distributed periods that something is to be done for, the last one, each after it that was remitted, and the first whose collections alone are over."""
    last = last_closed(reader, versions.deal)
    yield from _closed(reader, versions.deal, last.row)
    unpaid = list(_unpaid(reader, versions, last.state, day))
    missing = [period for period in unpaid if period.state == "missing"]
    yield from (period for period in unpaid if period.state != "missing")
    if missing:
        yield replace(missing[0], further=len(missing) - 1)


def _unpaid(reader: Reader, versions: Versions, last: State, day: date) -> Iterator[PeriodStatus]:
    """Each period after the last distributed one that was remitted, and each that was not and whose collection period ended before the day."""
    terms, _ = versions.at()
    if _is_over(terms, last):
        return
    runs, problems = _runs(reader, versions.deal)
    proposed = _proposed(reader, versions.deal)
    number, paid = last.number + 1, last.last_distribution
    while (dates := recorded_dates(reader, versions.deal, schedule.key_of(terms.deal, number))) is not None:
        state = _open_state(runs.get(dates.scheduled), problems, dates.scheduled == proposed)
        yield _open(versions, dates, state, day, problems if state in UNREADY else ())
        number, paid = number + 1, dates.distribution
    for dates in itertools.takewhile(lambda dates: dates.collection_end < day, _unopened(terms, number, paid)):
        yield _open(versions, dates, "missing", day)


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


def _open(versions: Versions, dates: PeriodDates, state: PeriodState, day: date, problems: tuple[Problem, ...] = ()) -> PeriodStatus:
    """A period that is not distributed: its distribution is late after that day, and what it needs after the determination date."""
    passed: tuple[tuple[Deadline, bool], ...] = (
        ("determination", state in UNREADY and day > dates.determination),
        ("distribution", day > dates.distribution),
    )
    late = tuple(deadline for deadline, is_late in passed if is_late)
    return PeriodStatus(versions.deal, dates.scheduled, dates.distribution, dates.determination, state, late, problems)


def _runs(reader: Reader, deal: str) -> tuple[dict[date, Run], tuple[Problem, ...]]:
    """Each period that could be distributed now, and what stops the next."""
    runs: dict[date, Run] = {}
    try:
        for run in upcoming(reader, deal):
            runs[run.key] = run
    except ProblemsFound as found:
        return runs, found.problems
    return runs, ()


def _proposed(reader: Reader, deal: str) -> date | None:
    """The period that another actor could approve now: one that was proposed, with nothing appended since."""
    proposal = pending(reader, deal)
    return proposal.period if proposal is not None and proposal.position == reader.head(deal).position else None


def _open_state(run: Run | None, problems: tuple[Problem, ...], is_proposed: bool) -> PeriodState:
    """A period that cannot be run waits, or is blocked by what is wrong; so is each one after it, by the same problems."""
    if run is None:
        return "received" if all(problem.is_awaited for problem in problems) else "blocked"
    return "proposed" if is_proposed else "checked"


def _closed(reader: Reader, deal: str, last: DistributionRow) -> Iterator[PeriodStatus]:
    """The last distributed period, after each earlier one that was published, reopened and not published anew, or that is proposed to be reopened."""
    found, standing = dict[date, PeriodState](), dict[date, VersionRow]()
    for row in reader.versions(deal):
        before, standing[row.period] = standing.get(row.period), row
        was_published = before is not None and (before.is_published or before.period in found)
        if was_published and not row.is_published:
            found[row.period] = "revised"
        else:
            found.pop(row.period, None)
    if last.previous is not None:
        found[last.period] = _closed_state(reader, deal, last, standing[last.period])
    reopening = proposed_reopening(reader, deal)
    if reopening is not None:
        found[reopening] = "reopening"
    for period, state in sorted(found.items()):
        dates = recorded_dates(reader, deal, period)
        assert dates is not None  # it was distributed, so it is open
        yield PeriodStatus(deal, period, dates.distribution, dates.determination, state, ())


def _closed_state(reader: Reader, deal: str, last: DistributionRow, standing: VersionRow) -> PeriodState:
    """The furthest that the standing version of a distributed period has come."""
    if standing.is_published:
        return "published"
    if standing.version > 1:
        return "revised"
    return "approved" if any(reader.events(deal, position=last.known_at, kinds=["approval"])) else "distributed"
