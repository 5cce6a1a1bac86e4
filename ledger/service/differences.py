"""What changed between two positions of a log: each figure that a statement gives otherwise, with the commits that came between and touched it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from ledger.core.explain_figures import Explainer
from ledger.core.problems import Problem, ProblemsFound
from ledger.core.statement import Statement, draw
from ledger.service.books import Stored, stored
from ledger.service.explanations import evidence
from ledger.service.known_at import KnownAt, position_of
from ledger.service.statements import day_of
from ledger.service.terms import Versions, terms_stated
from ledger.store.books import DistributionRow
from ledger.store.engine import Store
from ledger.store.projections import Commit, Reader


@dataclass(frozen=True, slots=True)
class Change:
    """One figure of one period as text, before and after; None where it was not there. `positions` are the commits that touched it."""

    period: date
    subject: str
    item: str
    before: str | None
    after: str | None
    positions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Differences:
    """What the commits after `first` and up to `second` changed: figures of periods that were distributed before, and periods distributed since.

    `commits` are those that corrected something or changed terms, and those that any change names.
    """

    deal: str
    first: int
    second: int
    changes: tuple[Change, ...]
    distributed: tuple[date, ...]
    commits: tuple[Commit, ...]


def diff(store: Store, deal: str, known_at: KnownAt, later: KnownAt, *, on: str | None = None) -> Differences:
    """Compare what was known at two moments, of one distribution (`on`, as `statement` takes it) or of all. Raises ProblemsFound."""
    with store.reading() as reader:
        versions = Versions(reader, deal)
        first, second = (position_of(reader, deal, known, store.clock()) for known in (known_at, later))
        if first > second:
            remedy = "name the earlier one first"
            raise ProblemsFound([Problem(f"position {first} comes after position {second}", remedy, place=deal)])
        old, new = (_standing(reader, deal, position) for position in (first, second))
        wanted = _periods_on(reader, versions, new, second, on)
        between = list(reader.commits(deal, after=first, up_to=second))
        comparison = _Comparison(reader, versions, between)
        altered = [period for period in wanted if period in old and old[period].number != new[period].number]
        changes = [change for period in altered for change in comparison.changes(period, old[period], new[period])]
        named = {position for change in changes for position in change.positions}
        commits = [commit for commit in between if commit.position in named or _corrects(commit)]
        since = tuple(period for period in wanted if period not in old)
        return Differences(deal, first, second, tuple(changes), since, tuple(commits))


def _standing(reader: Reader, deal: str, position: int) -> dict[date, DistributionRow]:
    """The version of each period that stood at a position."""
    return {row.period: row for row in reader.distributions(deal) if row.known_at <= position}


def _periods_on(reader: Reader, versions: Versions, standing: dict[date, DistributionRow], position: int, on: str | None) -> list[date]:
    """The periods to compare, in order: all, or the last one paid on or before a day."""
    if on is None:
        return sorted(standing)
    day = day_of(reader, versions.at()[0], on, position)
    paid = [period for period, row in standing.items() if row.distribution_date <= day]
    return [max(paid)] if paid else []


def _corrects(commit: Commit) -> bool:
    """Whether a commit is a correction, or states terms or rates: what may change a figure that no line of its own stands behind."""
    return commit.source_digest is not None and (commit.treatment != "original" or commit.period is None)


class _Comparison:
    """Compares two versions of a period, and finds which of the commits between them stand behind a figure."""

    def __init__(self, reader: Reader, versions: Versions, between: list[Commit]) -> None:
        self.reader, self.versions, self.between = reader, versions, between
        self.positions = {commit.position for commit in between}

    def changes(self, period: date, old: DistributionRow, new: DistributionRow) -> Iterator[Change]:
        """Each figure that differs, in the order of the statement."""
        before, after = (self._stored(row) for row in (old, new))
        first, second = (self._drawn(kept) for kept in (before, after))
        # Only lines from between can name a commit from between: the many that were known before need not be looked at.
        explainer = Explainer(evidence(self.reader, self.versions.deal, after, after=self.between[0].position - 1))
        inherited = tuple(commit.position for commit in self.between if _corrects(commit) and (commit.period is None or commit.period < period))
        for section, subject, item in _names(first, second):
            was, now = (_text(one, section, subject, item) for one in (first, second))
            if was != now:
                yield Change(period, subject, item, was, now, self._behind(explainer, subject, item) or inherited)

    def _stored(self, row: DistributionRow) -> Stored:
        return stored(self.reader, self.versions.at()[0], row.number)

    def _drawn(self, kept: Stored) -> Statement:
        return draw(terms_stated(self.reader, self.versions.deal, kept.header.terms_digest), kept.distribution)

    def _behind(self, explainer: Explainer, subject: str, item: str) -> tuple[int, ...]:
        """The commits between whose lines stand behind a figure."""
        found = explainer.explain(subject, item)
        named = {node.source.position for node in found.every() if node.source is not None} if found else set()
        return tuple(sorted(named & self.positions))


def _names(first: Statement, second: Statement) -> Iterator[tuple[str, str, str]]:
    """(section, subject, item) of every figure of either statement, in their order."""
    seen = dict.fromkeys(
        (section, subject, item)
        for statement in (second, first)
        for section, subjects in statement.sections.items()
        for subject, items in subjects.items()
        for item in items
    )
    yield from seen


def _text(statement: Statement, section: str, subject: str, item: str) -> str | None:
    figure = statement.sections.get(section, {}).get(subject, {}).get(item)
    return None if figure is None else statement.text(figure)
