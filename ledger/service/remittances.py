"""Appending what a servicer reports: read, checked against the deal and the log, and then a commit for each month, all or none."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from ledger.core import schedule
from ledger.core.events import Event
from ledger.core.money import format_money
from ledger.core.names import pool_balance
from ledger.core.problems import Problem, ProblemsFound, stop_on
from ledger.core.receipts import reported_value
from ledger.core.terms import Terms
from ledger.files import calendars, remittance, remittance_checks
from ledger.service.books import PERIOD_DATES, Stored, latest, numbered, opened_at, recorded_dates, stored
from ledger.service.terms import Versions
from ledger.store.engine import Store
from ledger.store.log import Draft, Receipt, Writer
from ledger.store.projections import Reader


@dataclass(frozen=True, slots=True)
class Remitted:
    """A period of a file: what became of it, and the events it brought."""

    period: date
    receipt: Receipt | None
    events: int


def remit(
    store: Store, deal: str, source: bytes, name: str, *, format_: str = "csv", source_name: str | None = None, accept: Iterable[str] = (), actor: str,
    reason: str = "", dry_run: bool = False,
) -> list[Remitted]:  # fmt: skip
    """Append the months of a remittance file: a commit each, in order, all or none. Raises ProblemsFound with everything that is wrong."""
    digest = hashlib.sha256(source).hexdigest()
    with store.reading() as reader:
        versions = Versions(reader, deal)
        terms = _terms_for(versions, source, name)
        months = _read_months(reader, terms, source, name, digest, frozenset(accept))
    if dry_run:
        return [Remitted(month.period, None, len(month.events)) for month in months]
    with store.writing(deal) as writer:
        opening = stored(writer, terms, 0)
        return [_append_month(writer, terms, month, opening, format_, source_name or format_, name, digest, actor, reason) for month in months]


def _terms_for(versions: Versions, source: bytes, name: str) -> Terms:
    """The terms of the periods that a file reports. Raises ProblemsFound where an amendment lies between them."""
    if len(versions.events) == 1:
        return versions.at()[0]
    first_keys = {versions.at(key)[1]: key for key in reversed(remittance.periods(source, name))}
    if len(first_keys) > 1:
        keys = sorted(first_keys.values())
        fact = f"the terms change between the file's periods: those of {keys[0]} count until {keys[1]}"
        raise ProblemsFound([Problem(fact, f"put the rows from {keys[1]} on in a file of their own", place=name)])
    return versions.at(next(iter(first_keys.values()), None))[0]


def _read_months(reader: Reader, terms: Terms, source: bytes, name: str, digest: str, accept: frozenset[str]) -> list[remittance.Month]:
    """The file's months, each checked against the one before it; a file that was appended before needs no second look."""
    deal = terms.deal
    months = remittance.read(source, name, terms)
    known = {period for other, period, _ in reader.digest_seen(digest) if other == deal.deal}
    if known >= {month.period for month in months}:
        return months
    stop_on(problem.at(name) for problem in [*_order_problems(reader, terms, months), *_seen_problems(reader, deal.deal, digest, months, accept)])
    remittance.stop_on_listed(_month_problems(reader, terms, months, name))
    return months


def _month_problems(reader: Reader, terms: Terms, months: list[remittance.Month], name: str) -> Iterator[Problem]:
    """What does not agree in each month; its loans open as the month before left them, in the log or in the same file."""
    deal = terms.deal
    opened = opened_at(reader, deal.deal)
    before = opened.get(months[0].period)
    loans = reader.loan_balances(deal.deal, None if before is None else before - 1, not_loans={"pool", *deal.pools, *deal.accounts})
    closing = latest(reader, terms).distribution.closing.balances
    pools = {pool: pool_balance(closing, terms, pool) for pool in deal.all_pools}
    arrived = set[str]()
    for month in months:
        is_first = month.period not in opened
        context = remittance_checks.Context(month, terms, loans, lambda loan: loan in arrived or reader.loan_known(deal.deal, loan), pools, is_first)
        for row, problem in [*remittance_checks.check(context), *_stated_elsewhere(reader, terms, month)]:
            yield problem.at(f"{name}:{row}")
        loans = remittance_checks.closing_loans(context)
        arrived.update(context.by_loan)


def _stated_elsewhere(reader: Reader, terms: Terms, month: remittance.Month) -> Iterator[tuple[int, Problem]]:
    """(row, problem) of each reported value that the log has with another figure for the same period: an index fixing, or another source's."""
    reported = [event for event in month.events if event.kind == "reported"]
    known = [(event.subject, position, event) for position, event in reader.facts(terms.deal.deal, month.period, ["reported"])] if reported else []
    for event in reported:
        value = terms.deal.reported[event.subject or ""]
        for subject, position, other in known:
            if subject == event.subject and reported_value(value, other) != reported_value(value, event):
                ours, theirs = (_shown(terms, fact) for fact in (event, other))
                remedy = f"find out which is right: take the row out, or use `tranche correct {terms.deal.deal} FILE --reason TEXT`"
                yield event.source_row or 1, Problem(f"`{subject}` is {ours}, position {position} states {theirs} for {month.period}", remedy)


def _shown(terms: Terms, fact: Event) -> str:
    """A reported fact's figure as a file would write it."""
    if fact.amount is not None:
        return format_money(fact.amount, terms.scale)
    return str(fact.rate or fact.code or fact.effective_on)


def _order_problems(reader: Reader, terms: Terms, months: list[remittance.Month]) -> Iterator[Problem]:
    """A month may follow the last one remitted, or add another source to one not yet distributed; nothing may be jumped over."""
    deal = terms.deal
    last = latest(reader, terms)
    known = [number for key in opened_at(reader, deal.deal) if (number := schedule.number_of(deal, key)) is not None]
    expected = max([last.distribution.number, *known]) + 1
    for month in months:
        number = schedule.number_of(deal, month.period) or 0
        if number <= last.distribution.number:
            remedy = f"correct it with `tranche correct {deal.deal} FILE --reason TEXT`"
            yield Problem(f"the period {month.period} is already distributed (the next is {schedule.key_of(deal, last.distribution.number + 1)})", remedy)
        elif number > expected:
            missing = schedule.key_of(deal, expected)
            yield Problem(f"{month.period} leaves out {missing}", f"append {missing} first; where nothing came, a `nil_month` or `missing_month` row says so")
        expected = max(expected, number + 1)


def _seen_problems(reader: Reader, deal: str, digest: str, months: list[remittance.Month], accept: frozenset[str]) -> Iterator[Problem]:
    """The same file for another period or deal is a mistake, unless it is accepted by name."""
    periods = {month.period for month in months}
    for other, period, position in reader.digest_seen(digest):
        if (other != deal or period not in periods) and "same-file" not in accept:
            yield Problem(f"this very file was appended to {other} for {period} (position {position})", "if that is meant, repeat with --accept same-file")


def _append_month(
    writer: Writer, terms: Terms, month: remittance.Month, opening: Stored, format_: str, source: str, name: str, digest: str, actor: str, reason: str
) -> Remitted:
    """One month as one commit: what was received, the period's dates where it is new, then the file's events."""
    number = schedule.number_of(terms.deal, month.period) or 0
    received = Event(0, "received", source, amount=1, code=format_)
    events = [received, *_dates_to_record(writer, terms, month.period, number, opening), *_with_origins(writer, terms, month)]
    draft = Draft(numbered(events), month.period, actor, reason or f"remittance {name}", source=source, attempt=1, source_name=name, source_digest=digest)
    return Remitted(month.period, writer.append(draft), len(month.events))


def _with_origins(reader: Reader, terms: Terms, month: remittance.Month) -> Iterator[Event]:
    """The file's events; one that applies to an earlier period names that period's first commit (the first of the log, before boarding)."""
    if not month.applies_to:
        yield from month.events
        return
    first = {row.period: row.first_position for row in reader.periods(terms.deal.deal)}
    for event in month.events:
        origin = month.applies_to.get(event.line)
        yield event if origin is None else event._replace(corrects_position=first.get(origin, 1), effective_on=origin)


def _dates_to_record(reader: Reader, terms: Terms, key: date, number: int, opening: Stored) -> list[Event]:
    """The events that record a period's dates, where it is new; the previous distribution is the one on record."""
    deal = terms.deal
    if recorded_dates(reader, deal.deal, key) is not None:
        return []
    if number == opening.distribution.number + 1:
        previous = opening.distribution.closing.last_distribution
    else:
        before = recorded_dates(reader, deal.deal, schedule.key_of(deal, number - 1))
        assert before is not None  # no month is left out, so the one before is open
        previous = before.distribution
    dates = schedule.resolve(deal, number, calendars.is_open(deal.dates.distribution.calendar), previous)
    return [Event(0, "period_date", name, effective_on=getattr(dates, name)) for name in PERIOD_DATES]
