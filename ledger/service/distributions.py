"""Running the waterfall for the months that were remitted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from ledger.core import schedule
from ledger.core.distribution import Distribution
from ledger.core.problems import Problem, ProblemsFound
from ledger.core.processor import distribute as run_period
from ledger.core.terms import Terms
from ledger.service.books import collections, latest, record, recorded_dates
from ledger.service.terms import terms_of
from ledger.store.engine import Store
from ledger.store.projections import Reader

Progress = Callable[[date], None]


@dataclass(frozen=True, slots=True)
class Distributed:
    """The periods that were distributed, and what stopped the next one, if anything did."""

    terms: Terms
    distributions: list[Distribution]
    problems: tuple[Problem, ...]


def distribute(
    store: Store, deal: str, *, through: date | None = None, draft: bool = False, actor: str, reason: str = "", progress: Progress = lambda _key: None
) -> Distributed:
    """Run the waterfall for each period that was remitted and not yet distributed, in order. A draft records nothing.

    `progress` is told the key of each period that is done. What went well before a problem is kept: each period is whole by itself.
    """
    if draft:
        with store.reading() as reader:
            return _distribute(reader, deal, through, lambda _terms, distribution, _previous: progress(distribution.dates.scheduled))
    with store.writing(deal) as writer:
        head: list[int] = []

        def close(terms: Terms, distribution: Distribution, previous: int) -> None:
            number = head[-1] + 1 if head else previous + 1
            head.append(number)
            record(writer, terms, distribution, number, number - 1, [], actor, reason or "distribution", terms_of(writer, deal)[1])
            progress(distribution.dates.scheduled)

        return _distribute(writer, deal, through, close)


def _distribute(reader: Reader, deal: str, through: date | None, close: Callable[[Terms, Distribution, int], None]) -> Distributed:
    terms, _ = terms_of(reader, deal)
    last = latest(reader, terms)
    state, done = last.distribution.closing, list[Distribution]()
    while through is None or schedule.key_of(terms.deal, state.number + 1) <= through:
        key = schedule.key_of(terms.deal, state.number + 1)
        dates = recorded_dates(reader, deal, key)
        if dates is None:
            break
        try:
            distribution = run_period(terms, state, dates, collections(reader, terms, key))
        except ProblemsFound as found:
            return Distributed(terms, done, found.problems)
        close(terms, distribution, last.row)
        done.append(distribution)
        state = distribution.closing
    return Distributed(terms, done, ())
