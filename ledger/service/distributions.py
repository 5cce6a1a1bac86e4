"""Running the waterfall for the months that were remitted."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from ledger.core import schedule
from ledger.core.amendment import nothing_held_is_gone
from ledger.core.collections import Collections
from ledger.core.distribution import Distribution
from ledger.core.events import Event
from ledger.core.problems import Problem, ProblemsFound, stop_on
from ledger.core.processor import distribute as run_period
from ledger.core.schedule import PeriodDates
from ledger.core.state import State
from ledger.core.statement import Statement, draw
from ledger.core.terms import Terms
from ledger.service.actors import approver_problems
from ledger.service.books import Months, header_of, last_closed, numbered, recording
from ledger.service.terms import Versions, terms_stated
from ledger.store import seal
from ledger.store.engine import Store
from ledger.store.log import Draft, Writer
from ledger.store.projections import Reader

Progress = Callable[[date], None]


@dataclass(frozen=True, slots=True)
class Run:
    """A period that was run: under which terms, stated by the file of which digest, and the row of the distribution that it opens with."""

    terms: Terms
    terms_digest: str
    distribution: Distribution
    previous: int

    @property
    def key(self) -> date:
        return self.distribution.dates.scheduled

    @property
    def header(self) -> seal.DistributionHeader:
        """What is sealed of it beside its postings."""
        return header_of(self.distribution, self.previous + 1, self.previous, self.terms_digest)


@dataclass(frozen=True, slots=True)
class Distributed:
    """The periods that were run, what stopped the next one if anything did, and the proposal that waits for approval where deal or database ask for one."""

    runs: list[Run]
    problems: tuple[Problem, ...] = ()
    proposal: Proposal | None = None

    @property
    def distributions(self) -> list[Distribution]:
        return [run.distribution for run in self.runs]

    def statements(self) -> list[Statement]:
        """What each of them gave whom."""
        return [draw(run.terms, run.distribution) for run in self.runs]


def distribute(
    store: Store, deal: str, *, through: date | None = None, draft: bool = False, actor: str, reason: str = "", progress: Progress = lambda _key: None
) -> Distributed:
    """Run the waterfall for each period that was remitted and not yet distributed, in order. A draft records nothing.

    `progress` is told the key of each period that is done. What went well before a problem is kept: each period is whole by itself. Where deal or database
    ask for approval, the first period is proposed, and closes when another actor approves it.
    """
    if draft:
        with store.reading() as reader:
            return _all(upcoming(reader, deal, through), lambda run: progress(run.key))
    with store.writing(deal) as writer, recording(writer) as books:
        asking = list[Run]()

        def is_free(run: Run) -> bool:
            """Whether no other actor's approval is asked for."""
            if writer.standing.asks_for_approval or run.terms.deal.approval:
                asking.append(run)
            return not asking

        def close(run: Run) -> None:
            books.add(run.header, run.distribution, [], actor, reason or "distribution")
            progress(run.key)

        done = _all(itertools.takewhile(is_free, upcoming(writer, deal, through)), close)
        if done.runs or not asking:
            return done
        return Distributed(asking, proposal=propose(writer, asking[0], actor, reason))


def _all(runs: Iterator[Run], close: Callable[[Run], None]) -> Distributed:
    """Run and close period after period, up to one that cannot be run."""
    done = list[Run]()
    try:
        for run in runs:
            close(run)
            done.append(run)
    except ProblemsFound as found:
        return Distributed(done, found.problems)
    return Distributed(done)


def upcoming(reader: Reader, deal: str, through: date | None = None) -> Iterator[Run]:
    """Each period that was remitted and not yet distributed, run. Raises ProblemsFound at the first that cannot be."""
    versions = Versions(reader, deal)
    schedule_of = versions.at()[0].deal
    last, state = last_closed(reader, deal)
    before, months, row = terms_stated(reader, deal, last.terms_digest), Months(reader), last.number
    while through is None or schedule.key_of(schedule_of, state.number + 1) <= through:
        key = schedule.key_of(schedule_of, state.number + 1)
        terms, digest = versions.at(key)
        recorded = months.at(terms, key)
        if recorded is None:
            return
        distribution = run_after(before, terms, state, recorded)
        yield Run(terms, digest, distribution, row)
        state, row, before = distribution.closing, row + 1, terms


def run_after(before: Terms, terms: Terms, state: State, recorded: tuple[PeriodDates, Collections]) -> Distribution:
    """Run the period that follows a closing `state` of the terms `before`. Raises ProblemsFound: also where new terms have no place for what is held."""
    gone = nothing_held_is_gone(before, terms, state) if terms is not before else ()
    stop_on(problem.at(f"{terms.deal.deal} {recorded[0].scheduled}") for problem in gone)
    return run_period(terms, state, *recorded)


# Maker and checker ---------------------------------------------------------------------------------------------------------


class Proposal(NamedTuple):
    """A run that waits for approval: its period, the digest of what it would record, who proposed it, and at which position."""

    period: date
    digest: str
    actor: str
    position: int


def propose(writer: Writer, run: Run, actor: str, reason: str) -> Proposal:
    """Record what a run would give whom, by its digest; the same again, with nothing appended since, adds nothing."""
    digest = seal.distribution_digest(run.header, run.distribution.postings)
    standing = pending(writer, run.terms.deal.deal)
    if standing is not None and (standing.digest, standing.position) == (digest, writer.tip.position):
        return standing
    event = Event(0, "proposal", code=digest, amount=run.previous + 1)
    receipt = writer.append(Draft(numbered([event]), run.key, actor, reason or "proposed"))
    return Proposal(run.key, digest, actor, receipt.position)


def pending(reader: Reader, deal: str) -> Proposal | None:
    """The last proposal, where no distribution followed it."""
    said = [(position, event) for position, event in reader.events(deal, kinds=["proposal", "distribution"]) if event.subject is None]
    if not said or said[-1][1].kind != "proposal":
        return None
    position, event = said[-1]
    commit = reader.commit(deal, position)
    assert commit.period is not None
    return Proposal(commit.period, event.code or "", commit.actor, position)


def approve(store: Store, deal: str, period: str, *, actor: str, reason: str = "") -> Run:
    """Close the period that was proposed, as it was proposed. Raises ProblemsFound.

    Another actor than the one that proposed it approves exactly the digest that was proposed; where anything was appended since, it must be proposed anew.
    """
    with store.writing(deal) as writer:
        proposal = pending(writer, deal)
        key = schedule.named(Versions(writer, deal).at()[0].deal, period)
        problems = [*_approval_problems(proposal, key, actor, writer.tip.position), *approver_problems(writer, actor)]
        stop_on(problem.at(deal) for problem in problems)
        assert proposal is not None
        run = next(upcoming(writer, deal, key))
        approval = Event(0, "approval", proposal.actor, code=proposal.digest, amount=run.previous + 1)
        with recording(writer) as books:
            books.add(run.header, run.distribution, [approval], actor, reason or "approved")
        return run


def _approval_problems(proposal: Proposal | None, key: date, actor: str, position: int) -> Iterator[Problem]:
    if proposal is None or proposal.period != key:
        yield Problem(f"nothing is proposed for {key}", "run `tranche distribute` first; it records a proposal where deal or database ask for approval")
        return
    if actor == proposal.actor:
        yield Problem(f"{actor} proposed {key} and cannot approve it too", "let another actor approve it: --actor NAME")
    if position != proposal.position:
        yield Problem(f"something was appended since {key} was proposed at position {proposal.position}", "look at it, then run `tranche distribute` again")
