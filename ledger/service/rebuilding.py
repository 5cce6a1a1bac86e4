"""Distributions made again from a log that arrives commit by commit: each must come out as its commit sealed it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from ledger.core.distribution import Distribution
from ledger.core.events import Event
from ledger.core.opening import open_books
from ledger.core.problems import Problem, ProblemsFound
from ledger.core.processor import distribute as run_period
from ledger.core.settlement import settled
from ledger.core.state import State
from ledger.files import deal_file
from ledger.service.books import closed_with, collections, header_of, recorded_dates
from ledger.service.lives import Recorded, keep_lives
from ledger.service.reopening import History
from ledger.service.terms import Versions
from ledger.store import seal
from ledger.store.books import DistributionRow
from ledger.store.log import Writer


class Rebuilder:
    """Follows a deal's log: of each distribution that the log records, it makes the postings and balances again and keeps them."""

    def __init__(self, writer: Writer, deal: str) -> None:
        self._writer, self._deal = writer, deal
        self._history = History.of(writer, deal) if writer.distributions(deal) else History({}, {}, -1)
        self._versions: Versions | None = None
        self._closing: tuple[int, State] | None = None

    def learn(self) -> None:
        """Another version of the terms was appended: look at them again."""
        self._versions = None

    def open(self, documents: Mapping[str, str], event: Event) -> None:
        """Open the books as the deal file and, where there is one, the boarding file state. Raises ProblemsFound."""
        place = f"{self._deal} deal file"
        terms = deal_file.load(documents["deal"].encode(), place, self._deal)
        boarding = deal_file.load_boarding(documents["boarding"].encode(), f"{self._deal} boarding file") if "boarding" in documents else None
        opening = open_books(terms, boarding)
        self._record(header_of(opening, 0, None, seal.digest(documents["deal"])), opening, event)

    def distribute(self, key: date, event: Event) -> None:
        """Run a period again, a version above the one that stands where it is distributed already. Raises ProblemsFound where it differs."""
        versions, history = self._terms(), self._history
        terms, digest = versions.at(key)
        dates = recorded_dates(self._writer, self._deal, key)
        if dates is None:
            raise ProblemsFound([Problem(f"the period {key} was distributed and never opened", "trust nothing of it")])
        before, standing = history.before(key), history.standing.get(key)
        distribution = run_period(terms, self._state_after(before.number), dates, collections(self._writer, terms, key))
        if standing is not None:
            distribution = settled(distribution, self._writer.postings(self._deal, history.paid[key].number))
        version = standing.version + 1 if standing else 1
        self._record(header_of(distribution, history.last_number + 1, before.number, digest, version), distribution, event)

    def _terms(self) -> Versions:
        if self._versions is None:
            self._versions = Versions(self._writer, self._deal)
        return self._versions

    def _state_after(self, number: int) -> State:
        """What a period opens with: as a rule the distribution that was made last."""
        if self._closing is None or self._closing[0] != number:
            return closed_with(self._writer, self._deal, number)
        return self._closing[1]

    def _record(self, header: seal.DistributionHeader, distribution: Distribution, event: Event) -> None:
        """Keep a distribution, where its digest is the one that the log names."""
        digest, position = seal.distribution_digest(header, distribution.postings), self._writer.tip.position
        if (header.number, digest) != (event.amount, event.code):
            fact = f"distribution {event.amount} does not come out as it was recorded: the log names {event.code}, its events give {header.number}, {digest}"
            raise ProblemsFound([Problem(fact, "import it with the release that made it; else the log was written by another hand")])
        self._writer.record_distribution(header, position, distribution.postings, distribution.balance_rows())
        keep_lives(self._writer, [Recorded(header, distribution)])
        row = DistributionRow(*header, known_at=position, digest=digest)
        self._history.paid.setdefault(row.period, row)
        self._history.standing[row.period] = row
        self._history = replace(self._history, last_number=row.number)
        self._closing = header.number, distribution.closing
