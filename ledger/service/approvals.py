"""Maker and checker, proven: every distribution that deal or database asked approval for has the word of another actor on exactly its digest."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

from ledger.core.problems import Problem
from ledger.service.terms import Versions
from ledger.store.actors import Standing
from ledger.store.books import DistributionRow
from ledger.store.projections import Reader
from ledger.store.tables import instant_text


def approval_problems(reader: Reader, versions: Versions) -> Iterator[Problem]:
    """Each distribution that was to be approved when it was recorded, and was not; what was asked for later is no reproach to it."""
    rows = [row for row in reader.distributions(versions.deal) if row.previous is not None]
    history = _History(reader, versions)
    for row in rows:
        place = f"{versions.deal} {row.period}, distribution {row.number}"
        yield from (Problem(fact, "ask who recorded it: `tranche events`", place=place) for fact in history.facts(row))


class _History:
    """A deal's commits, proposals and signatures, and the acts of the database, read once."""

    def __init__(self, reader: Reader, versions: Versions) -> None:
        deal = versions.deal
        self.versions, self.acts, self.signed = versions, reader.acts(), reader.signatures(deal)
        self.commits = {commit.position: commit for commit in reader.commits(deal)}
        self.proposals = {position: event.code for position, event in reader.events(deal, kinds=["proposal"])}

    def facts(self, row: DistributionRow) -> Iterator[str]:
        """What is wrong with the approval of a distribution."""
        checker, proposed = self.commits[row.known_at], self._proposed(row)
        standing = self._standing(row.known_at)
        if not (standing.asks_for_approval or self._deal_asks(row, proposed)):
            return
        digest = self.proposals.get(proposed)
        if digest is None or (row.version == 1 and digest != row.digest):
            yield "approval was asked for, and nobody proposed what was recorded"
        elif self.commits[proposed].actor == checker.actor:
            yield f"approval was asked for, and {checker.actor} both proposed and approved it"
        elif standing.live and row.known_at not in self.signed:
            yield f"{checker.actor} approved it without a key, though keys were in use"

    def _proposed(self, row: DistributionRow) -> int:
        """Where the proposal of a distribution stands, if there is one: before the commit that records it; of a reopening, before all of its commits."""
        position = row.known_at - 1
        while row.version > 1 and position not in self.proposals and self.commits[position].treatment == "reopen":
            position -= 1
        return position

    def _deal_asks(self, row: DistributionRow, known_at: int) -> bool:
        """Whether the deal's terms did: those of the period; for a new version of it, those that were known last."""
        return self.versions.at(row.period if row.version == 1 else None, known_at)[0].deal.approval

    def _standing(self, position: int) -> Standing:
        """What the acts had come to before a commit."""
        recorded_at = instant_text(self.commits[position].recorded_at)
        return Standing.of(takewhile(lambda act: act.recorded_at < recorded_at, self.acts))
