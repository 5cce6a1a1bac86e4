"""Appending what a servicer reports: read, checked against the deal and the log, and then a commit for each month, all or none."""

from __future__ import annotations

import gc
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from itertools import chain

from ledger.core import schedule
from ledger.core.events import KINDS, Event
from ledger.core.mapping_report import MappingReport
from ledger.core.names import pool_balance
from ledger.core.problems import Problem, ProblemsFound, nearest, stop_on
from ledger.core.state import State
from ledger.core.terms import Terms
from ledger.files import calendars, csv_text, parquet, remittance, remittance_checks, sources, spool
from ledger.files.importers import CANONICAL, PARQUET, Importer, detected, importer_of, mapping_of
from ledger.files.remittance import RemittedMonth
from ledger.files.remittance_month import INCOMPLETE, Group, Loans, Month
from ledger.files.sources import Source
from ledger.files.spool import Share, Spool
from ledger.service import evidence
from ledger.service.books import closed_with, in_order, last_closed, opened_at, recorded_dates
from ledger.service.imports import ACCEPTABLE, Import, Refused
from ledger.service.ledgers import Opening, not_loans, pools_adjusted, spooled_loans
from ledger.service.terms import Versions
from ledger.store.engine import Store
from ledger.store.loans import LoanBalance, added
from ledger.store.log import Conflict, Draft, Receipt, Writer, conflict
from ledger.store.projections import Reader

SAME_FILE = "same-file"
WARNINGS = (INCOMPLETE, SAME_FILE, *ACCEPTABLE)
"""Warnings that stop a file unless they are accepted by name."""


@dataclass(frozen=True, slots=True)
class Remitted:
    """A period of a file: what became of it, and the events it brought; the mapping report where it came in a format of the servicer's own."""

    period: date
    receipt: Receipt | None
    events: int
    report: MappingReport | None = None


def remit(
    store: Store, deal: str, source: Source, name: str, *, format_: str | None = None, source_name: str | None = None, period: str | None = None,
    pool: str | None = None, accept: Iterable[str] = (), actor: str, reason: str = "", dry_run: bool = False,
) -> list[Remitted]:  # fmt: skip
    """Append the months of a remittance file: a commit each, in order, all or none. Raises ProblemsFound with everything that is wrong.

    Without a format, the one that the file's first bytes name beyond doubt, else the canonical CSV. `period` and `pool` say what a servicer's own file is of,
    where it does not say so itself. Raises Refused, with the mapping report, where such a file can be read and is not accepted.
    """
    chosen = format_ or detected(sources.head(source)) or CANONICAL
    digest = sources.digest(source)
    arriving = evidence.Arriving(digest, name, mapping_of(chosen), actor)
    with evidence.kept_if_refused(store, deal, source, arriving, dry_run=dry_run), without_searching_for_cycles(), store.reading() as reader:
        incoming = _Incoming(reader, Versions(reader, deal), source, name, chosen, source_name or chosen, digest, frozenset(accept), period, pool)
        months, position = incoming.checked(), reader.head(deal).position
    if dry_run:
        return [Remitted(month.period, None, len(month.events), incoming.reports.get(month.period)) for month in months]
    with evidence.kept_if_refused(store, deal, source, arriving), without_searching_for_cycles(), store.writing(deal) as writer:
        versions = Versions(writer, deal)
        opening = closed_with(writer, deal, 0)
        done = [_append_month(writer, versions, month, opening, incoming, position + index, actor, reason) for index, month in enumerate(months)]
        evidence.keep(store, writer, source, arriving, {month.period: month.receipt for month in done if month.receipt})
        return done


@contextmanager
def without_searching_for_cycles() -> Iterator[None]:
    """A million events are no garbage: looking through them for cycles, again and again as they grow, takes a quarter of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@dataclass(frozen=True, slots=True)
class _Incoming:
    """A file that is to be appended to a deal, and what the books know of it. `accept` are the names of the warnings that are known and meant."""

    reader: Reader
    versions: Versions
    body: Source
    name: str
    format: str
    source: str
    digest: str
    accept: frozenset[str]
    period: str | None = None
    pool: str | None = None
    reports: dict[date, MappingReport] = field(default_factory=dict)

    def checked(self) -> list[RemittedMonth]:
        """The file's months; a file that was appended before needs no second look. Raises ProblemsFound."""
        stop_on(_unknown_warnings(self.accept))
        importer = None if self.format in (CANONICAL, PARQUET) else importer_of(self.format)
        asked = None if self.period is None else schedule.named(self.versions.at()[0].deal, self.period)
        known = {period for other, period, _ in self.reader.digest_seen(self.digest) if other == self.versions.deal and period is not None}
        if known and (asked is None or asked in known):
            return [RemittedMonth(period) for period in sorted(known) if asked in (None, period)]
        months = self._canonical() if importer is None else [self._imported(importer, asked)]
        self._stop_on_conflict(months)
        stop_on(problem.at(self.name) for problem in [*self._order_problems(months), *self._seen_problems(months)])
        try:
            remittance.stop_on_listed(self._month_problems(months))
        except ProblemsFound as found:
            raise Refused(found.problems, self.reports.get(months[0].period)) from None
        return months

    def _canonical(self) -> list[RemittedMonth]:
        stop_on([] if self.pool is None else [Problem("the canonical file names its pools itself", "leave out --pool", place="--pool")])
        stop_on([] if self.period is None else [Problem("the canonical file names its periods itself", "leave out --period", place="--period")])
        blocks = parquet.read_blocks if self.format == PARQUET else csv_text.read_blocks
        return remittance.read(self.body, self.name, lambda day: self.versions.at(day)[0], blocks)

    def _imported(self, importer: Importer, asked: date | None) -> RemittedMonth:
        month, report = Import(self.reader, self.versions, importer, self.body, self.name, asked, self.pool, self.accept).month()
        self.reports[month.period] = report
        return month

    def acceptances(self, period: date) -> Iterator[Event]:
        """The warnings that were accepted, as part of the record; how many loans they are about and by how much, where that was counted."""
        report = self.reports.get(period)
        counted = {warned.name: warned for warned in report.warnings} if report else {}
        for name in sorted(self.accept):
            if name in counted:
                yield Event(0, "acceptance", name, amount=counted[name].total, rate=str(counted[name].loans))
            elif name not in ACCEPTABLE:
                yield Event(0, "acceptance", name)

    def _stop_on_conflict(self, months: list[RemittedMonth]) -> None:
        """Before anything is compared: a second file of a source is a correction, and is not the month that follows. Raises Conflict."""
        deal = self.versions.deal
        appended = [(month.period, row) for month in months for row in self.reader.remitted(deal, month.period) if row.source == self.source]
        attempts = {period: row.attempt for period, row in appended}
        if attempts:
            raise Conflict(conflict(deal, self.source, period, attempt).at(self.name) for period, attempt in attempts.items())

    def _order_problems(self, months: list[RemittedMonth]) -> Iterator[Problem]:
        """A month may follow the last one remitted, or add another source to one not yet distributed; nothing may be jumped over."""
        terms, deal = self.versions.at()[0], self.versions.deal
        last = last_closed(self.reader, deal).state.number
        known = [number for key in opened_at(self.reader, deal) if (number := schedule.number_of(terms.deal, key)) is not None]
        expected = max([last, *known]) + 1
        for month in months:
            number = schedule.number_of(terms.deal, month.period) or 0
            if number <= last:
                fact = f"the period {month.period} is already distributed (the next is {schedule.key_of(terms.deal, last + 1)})"
                yield Problem(fact, f"correct it with `tranche correct {deal} FILE --reason TEXT`")
            elif number > expected:
                missing = schedule.key_of(terms.deal, expected)
                remedy = f"append {missing} first; where nothing came, a `nil_month` or `missing_month` row says so"
                yield Problem(f"{month.period} leaves out {missing}", remedy)
            expected = max(expected, number + 1)

    def _seen_problems(self, months: list[RemittedMonth]) -> Iterator[Problem]:
        """The same file for another period or deal is a mistake, unless it is accepted by name."""
        deal, periods = self.versions.deal, {month.period for month in months}
        for other, period, position in self.reader.digest_seen(self.digest) if SAME_FILE not in self.accept else ():
            if other != deal or period not in periods:
                fact = f"this very file was appended to {other} for {period} (position {position})"
                yield Problem(fact, f"if that is meant, repeat with --accept {SAME_FILE}")

    def _month_problems(self, months: list[RemittedMonth]) -> Iterator[Problem]:
        """What does not agree in each month; its loans and pools open as the month before left them, in the log or in the same file."""
        first, others = months[0].period, not_loans(self.versions.at(months[0].period)[0])
        opening = Opening(self.reader, self.versions, first)
        came = _spooled(self.reader.loans_set_up(self.versions.deal, first, not_loans=others))

        def loans_before(share: Share) -> Loans:
            """The loans that a period opens with, and those that other files of the period brought."""
            return opening.of(share) | added(came.share(share))

        judged = [self._judged(month) for month in months]
        shares = spool.shares(len(opening) + len(came) + sum(len(month.events) for month in months))
        for row, problem in remittance_checks.check(judged, loans_before, self._pools_before(first), shares):
            yield problem.at(f"{self.name}:{row}")

    def _judged(self, month: RemittedMonth) -> Month:
        deal, terms = self.versions.deal, self.versions.at(month.period)[0]
        stated = _spooled(self.reader.loans_stated(deal, month.period, not_loans=not_loans(terms)))
        return Month(
            month, terms,
            stated=lambda share: added(stated.share(share)),
            reported=self.reader.facts(deal, month.period, ["reported"]),
            elsewhere=self._levels(terms, month.period),
            known=partial(self.reader.loans_known, deal),
            is_whole=INCOMPLETE not in self.accept,
        )  # fmt: skip

    def _levels(self, terms: Terms, period: date) -> set[Group]:
        kinds = (*KINDS, *terms.deal.events)
        levels = self.reader.levels(terms.deal.deal, period, kinds, by_pool=bool(terms.deal.pools), not_loans=not_loans(terms))
        return {Group(*level) for level in levels}

    def _pools_before(self, period: date) -> Mapping[str, int]:
        """The pools whose balance before a period the books know: where the one before it is distributed, and nothing has come for it yet.

        A pool whose closing balance is itself a figure of the remittance moves by more than its events, and one that leaves defaulted loans out by less.
        """
        deal, terms = self.versions.deal, self.versions.at(period)[0]
        last = last_closed(self.reader, deal).state
        if schedule.number_of(terms.deal, period) != last.number + 1 or period in opened_at(self.reader, deal):
            return {}
        moved_by_events = [name for name, pool in terms.deal.all_pools.items() if pool.balance is None and pool.defaulted == "included"]
        adjusted = pools_adjusted(self.reader, terms, period)
        return {name: pool_balance(last.balances, terms, name) + adjusted[name] for name in moved_by_events}


def _spooled(balances: Iterable[LoanBalance]) -> Spool[LoanBalance]:
    return spooled_loans(LoanBalance._make, balances)


def _unknown_warnings(accept: Collection[str]) -> Iterator[Problem]:
    for warning in sorted(set(accept) - set(WARNINGS)):
        yield Problem(f"`{warning}` is not a warning", nearest(warning, WARNINGS) or f"the warnings are {', '.join(WARNINGS)}", place="--accept")


def _append_month(
    writer: Writer, versions: Versions, month: RemittedMonth, opening: State, incoming: _Incoming, position: int, actor: str, reason: str
) -> Remitted:
    """One month as one commit: what was received, the period's dates where it is new, then the file's events.

    It is appended after `position`, where the month was checked: whoever wrote in between is found out.
    """
    terms, name, source = versions.at(month.period)[0], incoming.name, incoming.source
    number = schedule.number_of(terms.deal, month.period) or 0
    received = Event(0, "received", source, amount=1, code=mapping_of(incoming.format))
    opened = _dates_to_record(writer, terms, month.period, number, opening)
    events = in_order(chain([received], incoming.acceptances(month.period), opened, _with_origins(writer, terms, month)))
    draft = Draft(events, month.period, actor, reason or f"remittance {name}", source=source, attempt=1, source_name=name, source_digest=incoming.digest)
    return Remitted(month.period, writer.append(draft, expected_position=position), len(month.events), incoming.reports.get(month.period))


def _with_origins(reader: Reader, terms: Terms, month: RemittedMonth) -> Iterable[Event]:
    """The file's events; one that applies to an earlier period names that period's first commit (the first of the log, before boarding)."""
    if not month.applies_to:
        return month.events
    first = {row.period: row.first_position for row in reader.periods(terms.deal.deal)}
    origins = ((event, month.applies_to.get(event.line)) for event in month.events)
    return (event if origin is None else event._replace(corrects_position=first.get(origin, 1), effective_on=origin) for event, origin in origins)


def _dates_to_record(reader: Reader, terms: Terms, key: date, number: int, opening: State) -> list[Event]:
    """The events that record a period's dates, where it is new; the previous distribution is the one on record."""
    deal = terms.deal
    if recorded_dates(reader, deal.deal, key) is not None:
        return []
    if number == opening.number + 1:
        previous = opening.last_distribution
    else:
        before = recorded_dates(reader, deal.deal, schedule.key_of(deal, number - 1))
        assert before is not None  # no month is left out, so the one before is open
        previous = before.distribution
    dates = schedule.resolve(deal, number, calendars.is_open(deal.dates.distribution.calendar), previous)
    return [Event(0, "period_date", name, effective_on=day) for name, day in dates.by_name().items()]
