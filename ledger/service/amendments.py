"""Amending a deal: terms that count from a period on. The periods before keep theirs for ever."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from ledger.core import schedule
from ledger.core.amendment import check_amendment
from ledger.core.events import Event
from ledger.core.problems import Problem, ProblemsFound, stop_on
from ledger.core.terms import Terms
from ledger.files import deal_file
from ledger.service.books import last_closed
from ledger.service.terms import Versions, named
from ledger.store import seal
from ledger.store.engine import Store
from ledger.store.log import Draft, Receipt, Writer
from ledger.store.projections import Reader


@dataclass(frozen=True, slots=True)
class Amended:
    """An amendment: the first period that it counts for, the first that another version takes over again (None: none does), where it stands in the log.

    `receipt` is None where the same terms were in force already, and nothing was written.
    """

    deal: str
    effective: date
    until: date | None
    receipt: Receipt | None


def amend(store: Store, deal: str, source: bytes, name: str, *, effective: str, actor: str, reason: str = "") -> Amended:
    """Let the terms of a deal file count from a period on (`effective`: its key, or the beginning of it). Raises ProblemsFound; then nothing was written."""
    terms = deal_file.load(source, name)
    with store.writing(deal) as writer:
        versions = Versions(writer, deal)
        key = schedule.named(versions.at()[0].deal, effective)
        until = min((event.effective_on for _, event in versions.events if event.effective_on and event.effective_on > key), default=None)
        digest = seal.digest(source.decode())
        if versions.event(key).code == digest:
            return Amended(deal, key, until, None)
        stop_on(deal_file.placed(_problems(writer, versions, terms, key), source, name))
        writer.add_document(digest, source.decode())
        event = Event(1, "terms", "deal", code=digest, effective_on=key)
        receipt = writer.append(Draft([event], None, actor, reason or f"terms from {key} on"))
        return Amended(deal, key, until, receipt)


def _problems(writer: Writer, versions: Versions, terms: Terms, key: date) -> Iterator[Problem]:
    """Everything that keeps the terms from counting from that period on."""
    deal = versions.deal
    opening, _ = versions.at(date.min)
    last = last_closed(writer, deal).state
    number = schedule.number_of(opening.deal, key)
    if number is None:
        before = max(1, schedule.number_before(opening.deal, key))
        near = f"{schedule.key_of(opening.deal, before)} or {schedule.key_of(opening.deal, before + 1)}"
        raise ProblemsFound([Problem(f"{key} is not a period of {deal}", f"name a scheduled distribution date: {near}", place=deal)])
    if number <= last.number:
        remedy = f"where the file was wrong, use `tranche correct {deal} FILE --effective {key} --reason TEXT`"
        raise ProblemsFound([Problem(f"the period {key} is already distributed under its terms", remedy, place=deal)])
    before_it, _ = versions.at(schedule.key_of(opening.deal, number - 1))
    same_trust = named(terms, deal) if terms.deal.deal == versions.own_id else terms
    yield from check_amendment(before_it, same_trust, number, last)
    yield from _kinds_reported(writer, before_it, same_trust, key)


def _kinds_reported(reader: Reader, before: Terms, after: Terms, key: date) -> Iterator[Problem]:
    """Kinds of the deal's own that are gone, and that a month already remitted reports: their cash would not be seen."""
    gone = set(before.deal.events) - set(after.deal.events)
    for row in reader.periods(before.deal.deal) if gone else ():
        for position, event in reader.events(before.deal.deal, period=row.period, kinds=gone) if row.period >= key else ():
            fact = f"`{event.kind}` is reported for {row.period} (position {position}, line {event.line}), and the amended file does not know it"
            yield Problem(fact, "keep it under `events`", path=("events",))
