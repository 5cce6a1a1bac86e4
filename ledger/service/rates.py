"""Index fixings: one file, a reported value in every deal that names the index, for each open period that is fixed on that day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from ledger.core import schedule
from ledger.core.deal import Reported
from ledger.core.events import Event
from ledger.core.problems import Problem, ProblemsFound, stop_on
from ledger.core.receipts import reported_value
from ledger.core.terms import Terms
from ledger.files import calendars, index_rates, sources
from ledger.files.importers import CANONICAL, mapping_of
from ledger.files.index_rates import FixingRow
from ledger.service import evidence
from ledger.service.books import last_closed, numbered, recorded_dates
from ledger.service.terms import Versions
from ledger.store.engine import Store
from ledger.store.log import Draft, Receipt, Writer
from ledger.store.projections import Reader

SOURCE = "rates"
MONTHS_AHEAD = 12
"""How far beyond the next period fixings are looked for: none is published earlier."""

Rates = Mapping[tuple[str, date], FixingRow]


@dataclass(frozen=True, slots=True)
class Fixed:
    """A period of a deal whose indices are fixed: reported names with their rates; `receipt` is None where all of them were stated already."""

    deal: str
    period: date
    rates: Mapping[str, str]
    receipt: Receipt | None


@dataclass(slots=True)
class Fixings:
    """What became of a file of fixings: the periods it fixed, the rows that no open period waits for, and what is wrong, deal by deal."""

    fixed: list[Fixed] = field(default_factory=list)
    unmatched: list[FixingRow] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def fix_rates(store: Store, source: bytes, name: str, *, actor: str, reason: str = "") -> Fixings:
    """State the fixings of a file in every deal that names their index. One deal that fails never stops the rest.

    Raises ProblemsFound where the file itself is wrong; then nothing was written.
    """
    rates: Rates = {(row.index, row.day): row for row in index_rates.read(source, name)}
    arriving = evidence.Arriving(sources.digest(source), name, mapping_of(CANONICAL), actor)
    draft = Draft([], None, actor, reason or f"rates {name}", source=SOURCE, attempt=1, source_name=name, source_digest=arriving.digest)
    with store.reading() as reader:
        deals = [row.name for row in reader.deals()]
    found, matched = Fixings(), set[FixingRow]()
    for deal in deals:
        try:
            with store.reading() as reader:
                matched.update(row for due in _due(reader, deal, rates) for row in due.rows.values())
            found.fixed += _fix(store, deal, rates, draft, source, arriving)
        except ProblemsFound as problems:
            found.problems += [problem.at(deal) for problem in problems.problems]
    found.unmatched = [row for row in rates.values() if row not in matched]
    return found


# What a deal waits for --------------------------------------------------------------------------------------------------


class Due(NamedTuple):
    """An open period of a deal with the fixings that are for it, by reported name."""

    period: date
    terms: Terms
    rows: Mapping[str, FixingRow]


def _due(reader: Reader, deal: str, rates: Rates) -> Iterator[Due]:
    """The open periods of a deal, the next ones of its schedule, that a fixing is for."""
    versions = Versions(reader, deal)
    last = last_closed(reader, deal).state
    begins, months = last.last_distribution, versions.at()[0].deal.dates.distribution.months
    for number in range(last.number + 1, last.number + 2 + MONTHS_AHEAD // months):
        key = schedule.key_of(versions.at()[0].deal, number)
        terms, _ = versions.at(key)
        recorded = recorded_dates(reader, deal, key)
        begins = recorded.previous_distribution if recorded else begins
        days = {name: (value.index, _fixing_date(terms, value, key, begins)) for name, value in terms.deal.reported.items() if value.index}
        rows = {name: rates[day] for name, day in days.items() if day in rates}
        if rows:
            yield Due(key, terms, rows)
        begins = recorded.distribution if recorded else schedule.resolve(terms.deal, number, _calendar(terms, ""), begins).distribution


def _fixing_date(terms: Terms, reported: Reported, key: date, begins: date) -> date:
    """The day whose fixing counts for a period that begins to accrue on `begins`, the previous distribution date as paid."""
    fixing = reported.fixing
    return key if fixing is None else schedule.business_days_before(begins, fixing.business_days_before, _calendar(terms, fixing.calendar))


def _calendar(terms: Terms, names: str) -> schedule.IsOpen:
    return calendars.is_open(names or terms.deal.dates.distribution.calendar)


# Stating it -------------------------------------------------------------------------------------------------------------


def _fix(store: Store, deal: str, rates: Rates, draft: Draft, source: bytes, arriving: evidence.Arriving) -> list[Fixed]:
    """State what a deal waits for, a commit a period, all or none, and keep the file; a deal that waits for nothing is not locked."""
    with store.reading() as reader:
        if not any(True for _ in _due(reader, deal, rates)):
            return []
    with store.writing(deal) as writer:
        waiting = [(due, _stated(writer, deal, due.period)) for due in _due(writer, deal, rates)]
        stop_on(problem for due, stated in waiting for problem in _stated_otherwise(deal, due, stated))
        done = [_append(writer, due, stated, draft) for due, stated in waiting]
        receipts = {fixed.period: fixed.receipt for fixed in done if fixed.receipt}
        if receipts:
            evidence.keep(store, writer, source, arriving, receipts)
        return done


Stated = Mapping[str | None, tuple[int, Event]]
"""(position, event) of what is reported for a period, by name."""


def _stated(reader: Reader, deal: str, period: date) -> Stated:
    return {event.subject: (position, event) for position, event in reader.facts(deal, period, ["reported"])}


def _stated_otherwise(deal: str, due: Due, stated: Stated) -> Iterator[Problem]:
    for name, row in due.rows.items():
        position, event = stated.get(name, (0, None))
        if event is not None and reported_value(due.terms.deal.reported[name], event) != Fraction(row.rate):
            fact = f"`{name}` of {due.period} is {row.rate} by {row.index} of {row.day} (row {row.row}), position {position} states {event.rate}"
            yield Problem(fact, f"find out which is right; to replace what the log has, use `tranche correct {deal} FILE --reason TEXT`", place=deal)


def _append(writer: Writer, due: Due, stated: Stated, draft: Draft) -> Fixed:
    """One period as one commit: what was received, then the rates that are new. The period's dates are recorded when its first remittance opens it."""
    rates = {name: row.rate for name, row in due.rows.items()}
    new = [Event(0, "reported", name, rate=row.rate, source_row=row.row) for name, row in due.rows.items() if name not in stated]
    if not new:
        return Fixed(writer.deal, due.period, rates, None)
    attempt = writer.next_attempt(due.period, SOURCE)
    events = numbered([Event(0, "received", SOURCE, amount=attempt, code=mapping_of(CANONICAL)), *new])
    receipt = writer.append(replace(draft, events=events, period=due.period, attempt=attempt))
    if receipt.outcome != "appended":
        fact = (
            f"this very file was appended for {due.period} before (position {receipt.position}), when {due.terms.deal.deal} did not wait for {new[0].subject}"
        )
        raise ProblemsFound([Problem(fact, "put the row of that index in a file of its own", place=writer.deal)])
    return Fixed(writer.deal, due.period, rates, receipt)
