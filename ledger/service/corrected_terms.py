"""A deal file that was wrong from a period on: the closed periods run again under the corrected one, aside or as new versions.

*Adjust* (the default) books what each payee should have had in the open period, with the period that it belongs to, and lets the corrected file count
from there on. *Reopen* lets it count from the period on that it was wrong from, and replaces the closed ones by new versions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from ledger.core import schedule
from ledger.core.amendment import check_amendment
from ledger.core.collections import Collections
from ledger.core.correction import Treatment
from ledger.core.events import Event
from ledger.core.misapplied import Difference, Payments, claimed, differences, unbookable
from ledger.core.problems import Problem, ProblemsFound, stop_on
from ledger.core.processor import distribute as run_period
from ledger.core.state import Running
from ledger.core.terms import Terms
from ledger.files import deal_file
from ledger.service.books import Months, closed_with, last_closed, numbered, stored
from ledger.service.distributions import Run
from ledger.service.reopening import History, approved_or_proposed, asks_for_approval, replay
from ledger.service.terms import Versions, named, terms_stated
from ledger.store import seal
from ledger.store.engine import Store
from ledger.store.log import Draft, Receipt, Writer


@dataclass(frozen=True, slots=True)
class Misapplied:
    """One closed period under the corrected terms: what is booked for it. An entitlement is a claim; what was paid is owed by one payee to another."""

    period: date
    booked: Sequence[Difference]


@dataclass(frozen=True, slots=True)
class CorrectedTerms:
    """What became of a corrected deal file: from when it was wrong, by period what differs, the commit that books it, and the periods that were reopened.

    `until` is the first period that another version takes over (None: none does). `receipt` is None where nothing differs, or where the periods were
    reopened. `proposal` is a reopening that waits for another actor.
    """

    deal: str
    treatment: Treatment
    effective: date
    until: date | None = None
    periods: Sequence[Misapplied] = ()
    receipt: Receipt | None = None
    reopened: Sequence[Run] = ()
    proposal: Receipt | None = None


def correct_terms(
    store: Store, deal: str, source: bytes, name: str, *, effective: str, reason: str, treatment: Treatment | None = None, actor: str
) -> CorrectedTerms:
    """Let a deal file stand that should have counted from a closed period on. Raises ProblemsFound; then nothing was written."""
    terms = deal_file.load(source, name)
    stop_on([] if reason.strip() else [Problem("a correction has no reason", "say why with --reason: it is part of the record", place=name)])
    with store.writing(deal) as writer:
        incoming = Incoming(writer, Versions(writer, deal), terms, source, name, effective, actor, reason)
        stop_on(deal_file.placed(incoming.problems(treatment), source, name))
        return incoming.reopen() if treatment == "reopen" else incoming.adjust()


@dataclass
class Incoming:
    """A corrected deal file beside the books that it corrects."""

    writer: Writer
    versions: Versions
    given: Terms
    source: bytes
    name: str
    effective: str
    actor: str
    reason: str
    key: date = field(init=False)
    terms: Terms = field(init=False)
    opening_terms: Terms = field(init=False)

    def __post_init__(self) -> None:
        self.opening_terms = self.versions.at(date.min)[0]
        self.key = schedule.named(self.opening_terms.deal, self.effective)
        self.terms = named(self.given, self.versions.deal) if self.given.deal.deal == self.versions.own_id else self.given
        self.history = History.of(self.writer, self.versions.deal)
        last = last_closed(self.writer, self.versions.deal).state
        self.next_key = schedule.key_of(self.opening_terms.deal, last.number + 1)
        later = [event.effective_on for _, event in self.versions.events if event.effective_on and event.effective_on > self.key]
        self.until = min(later, default=None)

    def problems(self, treatment: Treatment | None) -> Iterator[Problem]:
        """Everything that keeps the file from standing in the place of the one that was wrong."""
        deal = self.versions.deal
        if self.key not in self.history.from_period(self.key):
            remedy = f"use `tranche deal amend {deal} FILE --effective {self.key}`" if self.key >= self.next_key else "name a period that is distributed"
            raise ProblemsFound([Problem(f"the period {self.key} of {deal} is not distributed: nothing was wrong in it yet", remedy, place=self.name)])
        if treatment == "supersede":
            yield Problem(f"the period {self.key} is distributed: it cannot be superseded", "choose adjust or reopen", place=self.name)
        if self.versions.event(self.key).code == self.digest:
            yield Problem(f"this file is in force for {self.key} already", "there is nothing to correct", place=self.name)
        before = self.history.before(self.key)
        state = closed_with(self.writer, deal, before.number)
        yield from check_amendment(terms_stated(self.writer, deal, before.terms_digest), self.terms, state.number + 1, state)

    @property
    def digest(self) -> str:
        return seal.digest(self.source.decode())

    def _append_terms(self, effective: date, treatment: Treatment) -> None:
        self.writer.add_document(self.digest, self.source.decode())
        event = Event(1, "terms", "deal", code=self.digest, effective_on=effective)
        self.writer.append(Draft([event], None, self.actor, self.reason, treatment))

    # Reopen -------------------------------------------------------------------------------------------------------------

    def reopen(self) -> CorrectedTerms:
        done = CorrectedTerms(self.versions.deal, "reopen", self.key, self.until)
        if asks_for_approval(self.writer, self.versions):
            digest = seal.file_digest(self.source)
            proposal = approved_or_proposed(self.writer, self.versions.deal, self.key, digest, self.actor, self.reason)
            if proposal is not None:
                return replace(done, proposal=proposal)
        self._append_terms(self.key, "reopen")
        runs = replay(self.writer, Versions(self.writer, self.versions.deal), self.key, self.actor, self.reason)
        return replace(done, reopened=runs)

    # Adjust -------------------------------------------------------------------------------------------------------------

    def adjust(self) -> CorrectedTerms:
        periods = list(self._aside())
        if self.until is None or self.until > self.next_key:
            self._append_terms(self.next_key, "adjust")
        first = {row.period: row.first_position for row in self.writer.periods(self.versions.deal)}
        events = [
            Event(0, "adjustment", found.subject, amount=found.amount, code=self.reason, effective_on=one.period, corrects_position=first[one.period])
            for one in periods
            for found in one.booked
        ]
        draft = Draft(numbered(events), self.next_key, self.actor, self.reason, "adjust", source_name=self.name)
        receipt = self.writer.append(draft) if events else None
        return CorrectedTerms(self.versions.deal, "adjust", self.key, self.until, periods, receipt)

    def _aside(self) -> Iterator[Misapplied]:
        """Each closed period that the corrected terms count for, under them, beside what the books have and have adjusted since."""
        state = closed_with(self.writer, self.versions.deal, self.history.before(self.key).number)
        months, payments, problems = Months(self.writer), Payments(self.terms), list[Problem]()
        for key in self.history.from_period(self.key):
            if self.until is not None and key >= self.until:
                break  # the file of another version counts there, and what was corrected of that one stands
            recorded = months.at(self.terms, key)
            assert recorded is not None  # it was distributed, so it is open
            dates, known = recorded
            run = run_period(self.terms, state, dates, _without_adjustments(known, self.key))
            state, right, wrong = run.closing, run.running(self.terms), self._as_booked(key)
            problems += unbookable(right, wrong)
            yield Misapplied(key, [*differences(right, wrong), *payments.add(right, wrong)])
        stop_on(problem.at(self.name) for problem in problems)

    def _as_booked(self, key: date) -> Running:
        """A closed period as the books have it, with what earlier corrections of terms booked for it since: they come from no row of a file."""
        row = self.history.standing[key]
        run = stored(self.writer, self.opening_terms, row.number).distribution.running(terms_stated(self.writer, self.versions.deal, row.terms_digest))
        for _, origin, event in self.writer.booked_for(self.versions.deal, key, self.writer.tip.position):
            if origin == key and event.kind == "adjustment" and event.source_row is None and event.effect > 0:
                run.figures[claimed(run.terms, event.subject or "")] += event.amount or 0
        return run


def _without_adjustments(known: Collections, since: date) -> Collections:
    """A period's collections without what it booked for periods that are run again aside: there it is in its own place."""
    kept = (
        fact for fact in known.facts if fact.kind != "adjustment" or fact.corrects_position is None or fact.effective_on is None or fact.effective_on < since
    )
    return replace(known, facts=tuple(kept))
