"""Reopening: a closed period and all later ones run again from the corrected log, as new versions beside the old ones.

The versions that were paid stay in the books, and their statements can be read as known before. What a new version gives a payee more or less than it was
paid is posted to `owed.PAYEE` (`ledger.core.settlement`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from ledger.core.events import Event
from ledger.core.problems import Problem, ProblemsFound, stop_on
from ledger.core.settlement import settled
from ledger.service.actors import approver_problems
from ledger.service.books import Months, closed_with, header_of, recording
from ledger.service.distributions import Run, run_after
from ledger.service.terms import Versions, terms_stated
from ledger.store.books import DistributionRow
from ledger.store.log import Draft, Receipt, Writer
from ledger.store.projections import Reader


@dataclass(frozen=True, slots=True)
class History:
    """The distributions of a deal by period: the version that was paid, and the one that stands."""

    paid: dict[date, DistributionRow]
    standing: dict[date, DistributionRow]
    last_number: int

    @classmethod
    def of(cls, reader: Reader, deal: str) -> History:
        rows = reader.distributions(deal)
        paid: dict[date, DistributionRow] = {}
        for row in rows:
            paid.setdefault(row.period, row)
        return cls(paid, {row.period: row for row in rows}, rows[-1].number)

    def from_period(self, first: date) -> list[date]:
        """The closed periods from one on, in order."""
        return sorted(period for period, row in self.standing.items() if period >= first and row.previous is not None)

    def before(self, first: date) -> DistributionRow:
        """The standing distribution that a period opens with."""
        return self.standing[max(period for period, row in self.standing.items() if period < first or row.previous is None)]


def replay(writer: Writer, versions: Versions, first: date, actor: str, reason: str) -> list[Run]:
    """Run the closed periods from `first` on again, and record them as new versions. Raises ProblemsFound; then nothing of it counts."""
    history, runs = History.of(writer, versions.deal), list[Run]()
    with recording(writer) as books:
        for number, run in enumerate(_again(writer, versions, history, first), history.last_number + 1):
            version = history.standing[run.key].version + 1
            header = header_of(run.distribution, number, number - 1 if runs else run.previous, run.terms_digest, version)
            books.add(header, run.distribution, [], actor, reason, "reopen")
            runs.append(run)
    return runs


def _again(reader: Reader, versions: Versions, history: History, first: date) -> Iterator[Run]:
    opens = history.before(first)
    state = closed_with(reader, versions.deal, opens.number)
    before, months = terms_stated(reader, versions.deal, opens.terms_digest), Months(reader)
    for key in history.from_period(first):
        terms, digest = versions.at(key)
        recorded = months.at(terms, key)
        assert recorded is not None  # it was distributed, so it is open
        distribution = settled(run_after(before, terms, state, recorded), reader.postings(versions.deal, history.paid[key].number))
        yield Run(terms, digest, distribution, opens.number)
        state, before = distribution.closing, terms


# Maker and checker ----------------------------------------------------------------------------------------------------------

REOPENING = "reopen"
"""The subject of a proposal to reopen; one to distribute has none."""


def asks_for_approval(reader: Reader, versions: Versions) -> bool:
    """Whether the database, or the deal's terms as they now stand, ask for another actor before closed periods are replaced."""
    return reader.standing.asks_for_approval or versions.at()[0].deal.approval


def _proposals(reader: Reader, deal: str) -> list[tuple[int, Event]]:
    """The proposal to reopen after which nothing was appended, if there is one."""
    last = reader.events(deal, kinds=["proposal"], position=reader.head(deal).position)
    return [(position, event) for position, event in last if event.subject == REOPENING]


def proposed_reopening(reader: Reader, deal: str) -> date | None:
    """The first period that another actor could let be reopened now."""
    for position, _ in _proposals(reader, deal):
        return reader.commit(deal, position).period
    return None


def approved_or_proposed(writer: Writer, deal: str, first: date, digest: str, actor: str, reason: str) -> Receipt | None:
    """None where another actor proposed the very same correction and nothing was appended since; else the commit that proposes it.

    Raises ProblemsFound where the same actor asks twice, or the other may not approve.
    """
    for position, event in _proposals(writer, deal):
        commit = writer.commit(deal, position)
        if event.code == digest and commit.actor != actor:
            stop_on(problem.at(deal) for problem in approver_problems(writer, actor))
            return None
        if event.code == digest:
            remedy = "let another actor run the same command with the same file: --actor NAME"
            raise ProblemsFound([Problem(f"{actor} proposed this at position {position} and cannot approve it too", remedy, place=deal)])
    event = Event(1, "proposal", REOPENING, code=digest)
    return writer.append(Draft([event], first, actor, reason, "reopen"))
