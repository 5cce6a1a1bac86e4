"""Reading the books of a deal through the core's values, and recording a distribution in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from ledger.core.collections import Collections, Total, collect
from ledger.core.distribution import RULES, Distribution, Readings, decode_state, encode_state
from ledger.core.events import FACTS, KINDS, OF_ONE_LOAN, Event
from ledger.core.schedule import PeriodDates
from ledger.core.state import State
from ledger.core.terms import Terms
from ledger.service.lives import Recorded, keep_lives
from ledger.store import seal
from ledger.store.books import DistributionRow
from ledger.store.log import CommitTreatment, Draft, Receipt, SealedDistribution, Writer
from ledger.store.months import RecordedMonth
from ledger.store.projections import Reader

PERIOD_DATES: tuple[str, ...] = tuple(PeriodDates.__slots__)
SUMMED = (*KINDS,)
READ_ONE_BY_ONE = tuple(kind for kind in FACTS if kind not in OF_ONE_LOAN)
"""Facts of single loans are for the loan ledger: a pool has a million of them, and the waterfall asks for none."""
WRITTEN_AT_ONCE = 24
"""Distributions whose postings are written together: a database takes a few long statements sooner than many short ones."""


def recorded_dates(reader: Reader, deal: str, key: date, known_at: int | None = None) -> PeriodDates | None:
    """The dates of a period as they were recorded when it opened; None where it has not."""
    return _dates((event.subject, event.effective_on) for _, event in reader.facts(deal, key, ["period_date"], known_at))


def _dates(named: Iterable[tuple[Any, Any]]) -> PeriodDates | None:
    """Dates by their names, each of which was recorded with its day."""
    days = dict(named)
    return PeriodDates(*[days[name] for name in PERIOD_DATES]) if days else None


class Months:
    """The periods of a deal as recorded, read ahead by ten years: each costs little beside the queries that find it."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._read: dict[date, RecordedMonth] = {}
        self._terms: Terms | None = None

    def at(self, terms: Terms, key: date, known_at: int | None = None) -> tuple[PeriodDates, Collections] | None:
        """A period's dates and what is known of it at a position, under these terms; None where it has not opened."""
        if key not in self._read or terms is not self._terms:  # other terms may have events of their own
            deal, self._terms = terms.deal, terms
            self._read = self._reader.months(deal.deal, key, (*SUMMED, *deal.events), READ_ONE_BY_ONE, bool(deal.pools))
        month = self._read.get(key, RecordedMonth([], [], []))
        known = month if known_at is None else month.known_at(known_at)
        dates = _dates((name, day) for _, name, day in known.dates)
        return None if dates is None else (dates, _collected(terms, known.totals, (event for _, event in known.facts)))


def opened_at(reader: Reader, deal: str) -> dict[date, int]:
    """The periods that are open or distributed, by key, with the position of the commit that opened each: its first remittance.

    An index fixing that came before does not open a period: until something is remitted there is nothing to distribute.
    """
    opened = reader.events(deal, kinds=["period_date"], subject="scheduled")
    return {event.effective_on: position for position, event in opened if event.effective_on is not None}


@dataclass(frozen=True, slots=True)
class Stored:
    """A distribution as the books hold it: its number in the store, the position of its commit, and what that commit sealed of it."""

    row: int
    position: int
    distribution: Distribution
    header: seal.DistributionHeader
    digest: str

    @property
    def period(self) -> date:
        """The period's key."""
        return self.header.period


def stored(reader: Reader, terms: Terms, number: int) -> Stored:
    """A distribution by its number in the store."""
    deal = terms.deal.deal
    row = reader.distribution(deal, number)
    opening = State(0, terms.deal.closing_date, {})
    if row.previous is not None:
        opening = closed_with(reader, deal, row.previous)
    state, dates, readings = _decoded(reader, deal, row)
    distribution = Distribution(state.number, dates, opening, state, tuple(reader.postings(deal, number)), readings)
    return Stored(number, row.known_at, distribution, row.header, row.digest)


def closings(reader: Reader, deal: str, rows: Iterable[DistributionRow]) -> dict[int, State]:
    """The state that each of some distributions closed with, by its number in the store."""
    balances = reader.closing_balances(deal)
    return {row.number: decode_state(row.state, balances.get(row.number, {}))[0] for row in rows}


def _decoded(reader: Reader, deal: str, row: DistributionRow) -> tuple[State, PeriodDates, Readings]:
    return decode_state(row.state, reader.closing_of(deal, row.number))


def closed_with(reader: Reader, deal: str, number: int) -> State:
    """The state that a distribution closed with, by its number in the store; what it posted is not read."""
    return _decoded(reader, deal, reader.distribution(deal, number))[0]


class Closed(NamedTuple):
    """A distribution as the next one needs it: its row, and the state that it closed with. What it posted is not read."""

    row: DistributionRow
    state: State


def last_closed(reader: Reader, deal: str) -> Closed:
    """The last distribution of a deal; before the first, the position at closing or boarding."""
    row = reader.latest_distribution(deal) or reader.distribution(deal, 0)
    return Closed(row, _decoded(reader, deal, row)[0])


def latest(reader: Reader, terms: Terms, on: date | None = None, known_at: int | None = None) -> Stored:
    """The last distribution on or before a day, as known at a position; before the first, the position at closing or boarding."""
    row = reader.latest_distribution(terms.deal.deal, on_or_before=on, known_at=known_at)
    return stored(reader, terms, row.number if row is not None else 0)


def collections(reader: Reader, terms: Terms, key: date, known_at: int | None = None) -> Collections:
    """What is known of a period at a position."""
    deal = terms.deal
    kinds = (*SUMMED, *deal.events)
    totals = reader.collections(deal.deal, key, kinds, by_pool=bool(deal.pools), known_at=known_at)
    return _collected(terms, totals, [event for _, event in reader.facts(deal.deal, key, READ_ONE_BY_ONE, known_at)])


def _collected(terms: Terms, totals: Iterable[Total], facts: Iterable[Event]) -> Collections:
    return collect(totals, facts, {name: terms.components[name] for name in terms.deal.events})


def numbered(events: Iterable[Event]) -> list[Event]:
    """Events in their order, as the lines 1, 2, 3 ... of a commit."""
    return list(in_order(events))


def in_order(events: Iterable[Event]) -> Iterator[Event]:
    """The same one by one: a month of a million loans is not copied to be numbered."""
    return (Event._make((line, *event[1:])) for line, event in enumerate(events, 1))


def header_of(distribution: Distribution, number: int, previous: int | None, terms_digest: str, version: int = 1) -> seal.DistributionHeader:
    """What is sealed of a distribution beside its postings; a version above 1 is that of a reopened period."""
    dates = distribution.dates
    return seal.DistributionHeader(number, previous, dates.scheduled, dates.distribution, version, terms_digest, RULES, encode_state(distribution))


class Recording:
    """Distributions that are recorded in one transaction: the commit of each at once, postings and balances many distributions at a time."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._unwritten: list[SealedDistribution] = []
        self._recorded: list[Recorded] = []

    def add(
        self,
        header: seal.DistributionHeader,
        distribution: Distribution,
        events: list[Event],
        actor: str,
        reason: str,
        treatment: CommitTreatment = "original",
    ) -> Receipt:
        """Append the commit that says what was distributed, after some events."""
        number = header.number
        digest = seal.distribution_digest(header, distribution.postings)
        events = numbered([*events, Event(0, "distribution", code=digest, amount=number)])
        receipt = self._writer.append(Draft(events, header.period if number else None, actor, reason, treatment))
        self._unwritten.append(SealedDistribution(header, receipt.position, digest, distribution.postings, distribution.balance_rows()))
        self._recorded.append(Recorded(header, distribution))
        if len(self._unwritten) == WRITTEN_AT_ONCE:
            self.write()
        return receipt

    def write(self) -> None:
        """Write the postings and balances that are not written yet, sealed by the database."""
        self._writer.record_distributions(self._unwritten)
        self._unwritten.clear()

    def close(self) -> None:
        """Write what is not written yet, and keep the lives of the pools where it is time to."""
        self.write()
        keep_lives(self._writer, self._recorded)


@contextmanager
def recording(writer: Writer) -> Iterator[Recording]:
    """What is added in the block is written by its end; after an exception nothing is, since the transaction counts for nothing then."""
    books = Recording(writer)
    yield books
    books.close()
