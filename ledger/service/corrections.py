"""Correcting what was appended: lines reversed and restated, and facts that came late, in the period they belong to or in the earliest open one.

The treatment decides where. *Supersede*: the period is not distributed yet, and reads its lines as corrected. *Adjust*: the period is distributed; its
books and its statement stay, and the difference is booked in the earliest open period, with its origin. *Reopen*: `ledger.service.reopening`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property

from ledger.core import correction as corrected
from ledger.core import schedule
from ledger.core.correction import ADJUSTABLE_FACTS, LoggedLine, Treatment, is_correctable, moves_money
from ledger.core.events import FACTS, Event
from ledger.core.mapping_report import MappingReport
from ledger.core.problems import Problem, stop_on
from ledger.files import correction, sources
from ledger.files.correction import Correction
from ledger.files.importers import CANONICAL, importer_of, mapping_of
from ledger.files.sources import Source
from ledger.service import evidence
from ledger.service.books import last_closed, numbered
from ledger.service.distributions import Run
from ledger.service.ledgers import month_problems
from ledger.service.refilings import Refiling
from ledger.service.reopening import History, approved_or_proposed, asks_for_approval, replay
from ledger.service.terms import Versions
from ledger.store.engine import Store
from ledger.store.log import Draft, Receipt, Writer


@dataclass(frozen=True, slots=True)
class Corrected:
    """What became of a correction: its treatment, and by the period in which it is booked, the commit and the periods that it belongs to.

    `reopened` are the periods that were run again. `proposal` is the commit of a reopening that waits for another actor; then nothing else was written.
    Of a month that was filed again, `report` is what the file comes to, and `left_out` how many lines move no money and were not booked in another month.
    """

    deal: str
    treatment: Treatment
    booked: Mapping[date, Receipt] = field(default_factory=dict)
    origins: Mapping[date, Sequence[date]] = field(default_factory=dict)
    reopened: Sequence[Run] = ()
    proposal: Receipt | None = None
    report: MappingReport | None = None
    left_out: int = 0


def correct(
    store: Store, deal: str, source: Source, name: str, *, reason: str, treatment: Treatment | None = None, format_: str | None = None,
    period: str | None = None, pool: str | None = None, accept: Iterable[str] = (), actor: str,
) -> Corrected:  # fmt: skip
    """Append the corrections of a file: a commit for each period that they are booked in, all or none. The same file again adds nothing.

    Without a `treatment`, lines of an open period are superseded, and those of a distributed one adjusted. With a format of the servicer's own the file is the
    month filed again: what it says otherwise than the books is the correction (`period`, `pool` and `accept` as for `remit`). Raises ProblemsFound with all
    that is wrong.
    """
    stop_on([] if reason.strip() else [Problem("a correction has no reason", "say why with --reason: it is part of the record", place=name)])
    importer = None if format_ in (None, CANONICAL) else importer_of(format_ or CANONICAL)
    arriving = evidence.Arriving(sources.digest(source), name, mapping_of(format_ or CANONICAL), actor)
    with evidence.kept_if_refused(store, deal, source, arriving), store.writing(deal) as writer:
        asked = None if period is None else schedule.named(Versions(writer, deal).at()[0].deal, period)
        refiling = None if importer is None else Refiling(importer, asked, pool, frozenset(accept))
        done = _corrected(Incoming(writer, deal, source, name, arriving.digest, treatment, refiling), reason, actor)
        evidence.keep(store, writer, source, arriving, done.booked)
        return done


def _corrected(incoming: Incoming, reason: str, actor: str) -> Corrected:
    known = incoming.appended_before()
    if known is not None:
        return known
    stop_on(incoming.problems())
    chosen = incoming.treatment
    if chosen == "reopen" and (proposal := incoming.proposed(actor, reason)):
        return Corrected(incoming.deal, chosen, proposal=proposal)
    done = incoming.append(chosen, actor, reason)
    if incoming.refiling is not None:
        done = replace(done, report=incoming.refiling.report, left_out=incoming.refiling.left_out)
    return replace(done, reopened=replay(incoming.writer, incoming.versions, min(done.booked), actor, reason)) if chosen == "reopen" else done


@dataclass
class Incoming:
    """A correction file beside the books that it corrects; with a `refiling`, a month that was filed again. `wanted` is the treatment that was asked for."""

    writer: Writer
    deal: str
    source: Source
    name: str
    digest: str
    wanted: Treatment | None = None
    refiling: Refiling | None = None
    versions: Versions = field(init=False)

    def __post_init__(self) -> None:
        self.versions = Versions(self.writer, self.deal)

    @cached_property
    def corrections(self) -> list[Correction]:
        if self.refiling is not None:
            found = self.refiling.corrections(self.writer, self.versions, self.source, self.name)
            return self.refiling.that_move_money(found) if self._treatment_of(found) == "adjust" else found
        return correction.read(self.source, self.name, lambda day: self.versions.at(day)[0], self.find)

    @cached_property
    def last_distributed(self) -> int:
        """The number of the last period that is distributed."""
        return last_closed(self.writer, self.versions.deal).state.number

    @cached_property
    def earliest_open(self) -> date:
        return schedule.key_of(self.versions.at()[0].deal, self.last_distributed + 1)

    def is_closed(self, period: date) -> bool:
        return period < self.earliest_open

    def appended_before(self) -> Corrected | None:
        """What this very file did when it was appended. Raises ProblemsFound where it was no correction then."""
        seen = [(period, position) for deal, period, position in self.writer.digest_seen(self.digest) if deal == self.deal]
        commits = [self.writer.commit(self.deal, position) for _, position in seen]
        for commit in commits:
            if commit.treatment == "original":
                fact = f"this very file was appended as a remittance (position {commit.position})"
                stop_on([Problem(fact, "a correction is a file of its own: name the lines in `corrects`", place=self.name)])
        if not commits:
            return None
        booked = {commit.period: Receipt("already appended", commit.position, commit.hash, 0) for commit in commits if commit.period}
        return Corrected(self.deal, commits[0].treatment, booked, {})  # type: ignore[arg-type]  # a treatment by its word

    # Lines --------------------------------------------------------------------------------------------------------------

    def find(self, position: int, number: int) -> LoggedLine | Problem:
        """The line that a row names, or why it cannot be corrected."""
        name, listed = f"{position}:{number}", f"see `tranche events {self.deal} --position {position}`"
        event = self.writer.line(self.deal, position, number)
        if event is None:
            return Problem(f"the log has no line {name}", "write POSITION:LINE as `tranche events` lists them")
        by = self.writer.corrected_by(self.deal, position, number)
        if -1 in by:
            place = "{}:{}".format(*by[1]) if 1 in by else None
            remedy = f"correct {place}, which restates it" if place else "a fact that was taken back comes again as a row without `corrects`"
            return Problem(f"line {name} was corrected at position {by[-1][0]}", remedy)
        if event.effect < 0:
            return Problem(f"line {name} takes back {event.corrects_position}:{event.corrects_line}", "a reversal is never reversed: state the fact again")
        commit = self.writer.commit(self.deal, position)
        if not is_correctable(event) or commit.period is None:
            return Problem(f"line {name} is `{event.kind}`, which the ledger itself appended", f"correct a fact of the servicer's; {listed}")
        is_adjustment = event.corrects_position is not None and (event.corrects_line is None or commit.treatment == "adjust")
        origin = event.effective_on if is_adjustment and event.effective_on else commit.period
        return LoggedLine(position, event, origin, commit.period)

    # Treatment ----------------------------------------------------------------------------------------------------------

    @cached_property
    def treatment(self) -> Treatment:
        """The one that was asked for, else the usual one."""
        return self._treatment_of(self.corrections)

    def _treatment_of(self, corrections: Sequence[Correction]) -> Treatment:
        closed = any(self.is_closed(one.period) for one in corrections)
        return self.wanted or ("adjust" if closed else "supersede")

    def problems(self) -> Iterator[Problem]:
        """Everything that keeps the corrections from being booked."""
        treatment = self.treatment
        for one in self.corrections:
            for problem in self._treated_problems(one, treatment):
                yield problem.at(f"{self.name}:{one.row}")
        if treatment != "adjust":
            for row, problem in month_problems(self.writer, self.versions, self.corrections):
                yield problem.at(f"{self.name}:{row}")

    def _treated_problems(self, one: Correction, treatment: Treatment) -> Iterator[Problem]:
        if treatment == "supersede" and self.is_closed(one.period):
            yield Problem(f"the period {one.period} is distributed: it cannot be superseded", "leave out --treatment, or choose adjust or reopen")
        elif treatment != "supersede" and not self.is_closed(one.period):
            remedy = "leave out --treatment; correct open and distributed periods in files of their own"
            yield Problem(f"the period {one.period} is not distributed: there is nothing to {treatment}", remedy)
        elif treatment == "adjust":
            yield from self._adjusted_problems(one)
        elif treatment == "reopen":
            yield from self._reopened_problems(one)

    def _adjusted_problems(self, one: Correction) -> Iterator[Problem]:
        """What a later month cannot book: states of the month that they were reported for."""
        events = [event for event in (one.line.event if one.line else None, one.event) if event is not None]
        for event in events:
            if event.kind in FACTS and event.kind not in ADJUSTABLE_FACTS:
                fact = f"`{event.kind}` of {one.period} was read in its own month: another month cannot book it"
                yield Problem(fact, "use --treatment reopen, or book what follows from it as an `adjustment`")
                return
        if not any(map(moves_money, events)):
            yield Problem(f"the correction of {one.period} moves no money: a later month cannot book it", "use --treatment reopen")

    def _reopened_problems(self, one: Correction) -> Iterator[Problem]:
        if one.line is not None and one.line.booked != one.line.origin:
            fact = f"line {one.line.name} was booked in {one.line.booked} for {one.period}: reopening {one.period} would not read it"
            yield Problem(fact, "leave out --treatment, and it is adjusted again")
        elif one.period not in self._history.from_period(one.period):
            yield Problem(f"the period {one.period} lies before the books begin: it cannot be reopened", "leave out --treatment, and it is adjusted")

    @cached_property
    def _history(self) -> History:
        return History.of(self.writer, self.deal)

    def proposed(self, actor: str, reason: str) -> Receipt | None:
        """The commit that proposes a reopening, where deal or database ask for approval and this actor gives none; None where it may go ahead."""
        if not asks_for_approval(self.writer, self.versions):
            return None
        return approved_or_proposed(self.writer, self.deal, min(one.period for one in self.corrections), self.digest, actor, reason)

    # Appending ----------------------------------------------------------------------------------------------------------

    def booked_in(self, one: Correction, treatment: Treatment) -> date:
        """The period whose commit takes a correction."""
        if treatment != "adjust":
            return one.period
        booked = one.line.booked if one.line else self.earliest_open
        return self.earliest_open if self.is_closed(booked) else booked

    def append(self, treatment: Treatment, actor: str, reason: str) -> Corrected:
        """A commit for each period that corrections are booked in."""
        by_period: dict[date, list[Correction]] = defaultdict(list)
        for one in self.corrections:
            by_period[self.booked_in(one, treatment)].append(one)
        booked, origins = {}, {}
        for period, found in sorted(by_period.items()):
            events = numbered(event for one in found for event in self._events(one, treatment))
            draft = Draft(events, period, actor, reason, treatment, source_name=self.name, source_digest=self.digest)
            booked[period], origins[period] = self.writer.append(draft), sorted({one.period for one in found})
        return Corrected(self.deal, treatment, booked, origins)

    def _events(self, one: Correction, treatment: Treatment) -> Iterator[Event]:
        adjusted = one.period if treatment == "adjust" else None
        if one.line is not None:
            yield corrected.reversal(one.line, adjusted)
            if one.event is not None:
                yield corrected.restatement(one.line, one.event, adjusted)
        elif one.event is not None:
            yield corrected.late(one.event, adjusted, self._first_positions.get(one.period, 1))

    @cached_property
    def _first_positions(self) -> Mapping[date, int]:
        return {row.period: row.first_position for row in self.writer.periods(self.deal)}
