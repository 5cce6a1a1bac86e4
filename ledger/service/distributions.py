"""Running the waterfall for the months that were remitted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from ledger.core import schedule
from ledger.core.amendment import nothing_held_is_gone
from ledger.core.distribution import Distribution
from ledger.core.problems import Problem, ProblemsFound, stop_on
from ledger.core.processor import distribute as run_period
from ledger.core.statement import Statement, draw
from ledger.core.terms import Terms
from ledger.service.books import Months, latest, record
from ledger.service.terms import Versions, terms_stated
from ledger.store.engine import Store
from ledger.store.projections import Reader

Progress = Callable[[date], None]


@dataclass(frozen=True, slots=True)
class Distributed:
    """The periods that were distributed, each with the terms it ran under, and what stopped the next one, if anything did."""

    runs: list[tuple[Terms, Distribution]]
    problems: tuple[Problem, ...]

    @property
    def distributions(self) -> list[Distribution]:
        return [distribution for _, distribution in self.runs]

    def statements(self) -> list[Statement]:
        """What each of them gave whom."""
        return [draw(terms, distribution) for terms, distribution in self.runs]


def distribute(
    store: Store, deal: str, *, through: date | None = None, draft: bool = False, actor: str, reason: str = "", progress: Progress = lambda _key: None
) -> Distributed:
    """Run the waterfall for each period that was remitted and not yet distributed, in order. A draft records nothing.

    `progress` is told the key of each period that is done. What went well before a problem is kept: each period is whole by itself.
    """
    if draft:
        with store.reading() as reader:
            return _distribute(reader, deal, through, lambda _terms, _digest, distribution, _previous: progress(distribution.dates.scheduled))
    with store.writing(deal) as writer:
        head: list[int] = []

        def close(terms: Terms, digest: str, distribution: Distribution, previous: int) -> None:
            number = head[-1] + 1 if head else previous + 1
            head.append(number)
            record(writer, terms, distribution, number, number - 1, [], actor, reason or "distribution", digest)
            progress(distribution.dates.scheduled)

        return _distribute(writer, deal, through, close)


def _distribute(reader: Reader, deal: str, through: date | None, close: Callable[[Terms, str, Distribution, int], None]) -> Distributed:
    versions = Versions(reader, deal)
    schedule_of = versions.at()[0].deal
    last = latest(reader, versions.at()[0])
    before = terms_stated(reader, deal, last.header.terms_digest)
    months = Months(reader)
    state, done = last.distribution.closing, list[tuple[Terms, Distribution]]()
    while through is None or schedule.key_of(schedule_of, state.number + 1) <= through:
        key = schedule.key_of(schedule_of, state.number + 1)
        terms, digest = versions.at(key)
        recorded = months.at(terms, key)
        if recorded is None:
            break
        try:
            stop_on(nothing_held_is_gone(before, terms, state) if terms is not before else ())
            distribution = run_period(terms, state, *recorded)
        except ProblemsFound as found:
            return Distributed(done, found.problems)
        close(terms, digest, distribution, last.row)
        done.append((terms, distribution))
        state, before = distribution.closing, terms
    return Distributed(done, ())
