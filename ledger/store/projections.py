"""Reading the log: heads, commits, events, and what a period collected, as known at a position.

"Known at K" is a prefix of positions, so every question is a sum over `position <= K`; corrections are signed rows and need no lookup.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Integer, Select, and_, bindparam, func, select

from ledger.core.collections import Total
from ledger.core.events import Event
from ledger.core.problems import Problem, ProblemsFound
from ledger.core.upcasts import present
from ledger.store import tables
from ledger.store.actors import ActReader
from ledger.store.books import BookReader
from ledger.store.lines import LineReader
from ledger.store.lives import LifeReader
from ledger.store.loan_ledger import LoanLedgerReader
from ledger.store.loan_states import LoanStateReader
from ledger.store.months import MonthReader, standing, sums

_EVENT_COLUMNS = [tables.event.c[name] for name in Event._fields]
_EVENTS_AT_ONCE = 10_000

# Put together once: a month-end asks each deal for these.
_DEAL, _EVENTS, _COMMITS = bindparam("deal", type_=Integer), tables.event.c, tables.log_commit.c
_DOCUMENT = select(tables.document.c.body).where(tables.document.c.deal_id == _DEAL, tables.document.c.digest == bindparam("digest"))
_WITHOUT_PERIOD = select(_COMMITS.position).where(_COMMITS.deal_id == _DEAL, _COMMITS.period.is_(None))
_TERMS = (
    select(_EVENTS.position, *_EVENT_COLUMNS)
    .where(_EVENTS.deal_id == _DEAL, _EVENTS.position.in_(_WITHOUT_PERIOD), _EVENTS.kind == "terms")
    .order_by(_EVENTS.position, _EVENTS.line)
)


class Head(NamedTuple):
    """Where a deal's log ends. `hash` is hex; position 0 is a deal without commits, whose hash is made from its name."""

    position: int
    hash: str
    event_count: int
    recorded_at: datetime | None


class DealRow(NamedTuple):
    """A deal and where its log ends. `opened_at` is when its first commit was recorded; None where it has none yet. `hash` is hex."""

    name: str
    opened_at: datetime | None
    position: int
    hash: str


@dataclass(frozen=True, slots=True)
class Commit:
    """Who appended what, when and why; hashes in hex. `period` is its scheduled distribution date, None for terms and the like."""

    position: int
    period: date | None
    treatment: str
    recorded_at: datetime
    actor: str
    reason: str
    source: str | None
    attempt: int | None
    source_name: str | None
    source_digest: str | None
    event_count: int
    merkle_root: str
    previous_hash: str
    hash: str


class PeriodRow(NamedTuple):
    """A period that commits name, with the first and the last of them."""

    period: date
    first_position: int
    last_position: int
    commits: int


class RemittanceRow(NamedTuple):
    """A remittance of a period: which file of which source, and where it stands."""

    source: str
    attempt: int
    digest: str | None
    position: int


class Seen(NamedTuple):
    """Where a file of a certain digest was appended before."""

    deal: str
    period: date | None
    position: int


class Reader(BookReader, LifeReader, LoanLedgerReader, LoanStateReader, MonthReader, LineReader, ActReader):
    """Reads within one transaction, so that all answers agree. Every method raises ProblemsFound for a deal that does not exist.

    `known_at` is a position; None means everything.
    """

    def deals(self) -> list[DealRow]:
        """Every deal of the database, by name."""
        deals, heads, first = tables.deal, tables.head, tables.log_commit
        joined = deals.join(heads).outerjoin(first, and_(first.c.deal_id == deals.c.deal_id, first.c.position == 1))
        chosen = select(deals.c.name, first.c.recorded_at, heads.c.position, heads.c.hash).select_from(joined).order_by(deals.c.name)
        return [DealRow(name, opened_at, position, hashed.hex()) for name, opened_at, position, hashed in self.connection.execute(chosen)]

    def head(self, deal: str) -> Head:
        row = self.connection.execute(select(tables.head).where(tables.head.c.deal_id == self.deal_id(deal))).one_or_none()
        if row is None:
            raise ProblemsFound([Problem(f"{deal} has no head", "the books were altered: see `tranche verify`", place=deal)])
        return Head(row.position, row.hash.hex(), row.event_count, row.recorded_at)

    def position_at(self, deal: str, time: datetime) -> int:
        """The last position recorded at or before `time` (which has an offset); 0 where there is none."""
        commits = tables.log_commit.c
        chosen = select(func.max(commits.position)).where(commits.deal_id == self.deal_id(deal), commits.recorded_at <= time)
        return self.connection.execute(chosen).scalar_one() or 0

    def document(self, deal: str, digest: str) -> str:
        """The text of a deal or boarding file. Raises ProblemsFound where no such document was kept."""
        body: str | None = self.connection.execute(_DOCUMENT, {"deal": self.deal_id(deal), "digest": digest}).scalar_one_or_none()
        if body is None:
            raise ProblemsFound([Problem(f"no document {digest} is kept", "the books were altered: see `tranche verify`", place=deal)])
        return body

    def commit(self, deal: str, position: int) -> Commit:
        """The commit at a position that the deal has."""
        (found,) = self.commits(deal, after=position - 1, up_to=position)
        return found

    def commits(self, deal: str, after: int = 0, up_to: int | None = None) -> Iterator[Commit]:
        """The commits with `after` < position <= `up_to`, in order."""
        commits = tables.log_commit.c
        chosen = select(tables.log_commit).where(commits.deal_id == self.deal_id(deal), commits.position > after).order_by(commits.position)
        if up_to is not None:
            chosen = chosen.where(commits.position <= up_to)
        for row in self.connection.execute(chosen).all():
            columns = row._asdict() | {name: row._mapping[name].hex() for name in ("merkle_root", "previous_hash", "hash")}
            yield Commit(**{name: columns[name] for name in Commit.__slots__})

    def events(
        self,
        deal: str,
        *,
        period: date | None = None,
        position: int | None = None,
        kinds: Collection[str] | None = None,
        subject: str | None = None,
        known_at: int | None = None,
    ) -> Iterator[tuple[int, Event]]:
        """(position, event) in the order of the log, in the present version of its kind, with whichever conditions are given."""
        chosen = self._chosen(deal, period, position, kinds, subject, known_at).execution_options(yield_per=_EVENTS_AT_ONCE)
        with self.connection.execute(chosen) as rows:  # closed also where the reader stops early
            for row in rows:
                yield row[0], present(Event(*row[1:]))

    def _chosen(
        self, deal: str, period: date | None, position: int | None, kinds: Collection[str] | None, subject: str | None, known_at: int | None
    ) -> Select[Any]:
        deal_id, columns = self.deal_id(deal), tables.event.c
        chosen = select(columns.position, *_EVENT_COLUMNS).where(columns.deal_id == deal_id).order_by(columns.position, columns.line)
        if position is not None:
            chosen = chosen.where(columns.position == position)
        elif period is not None or subject is not None or known_at is not None:
            # Naming the positions lets the index (deal_id, position, subject) find one loan in each month.
            chosen = chosen.where(columns.position.in_(self.positions(deal_id, period, known_at)))
        if kinds is not None:
            chosen = chosen.where(columns.kind.in_(sorted(kinds)))
        if subject is not None:
            chosen = chosen.where(columns.subject == subject)
        return chosen

    def terms(self, deal: str) -> list[tuple[int, Event]]:
        """(position, event) of every document that the log names: deal and boarding files. Their commits belong to no period, so few are looked at."""
        return [(position, present(Event(*event))) for position, *event in self.connection.execute(_TERMS, {"deal": self.deal_id(deal)})]

    def collections(self, deal: str, period: date, kinds: Collection[str], by_pool: bool, known_at: int | None = None) -> list[Total]:
        """The sums of a period by kind, by pool where the deal has several, and by what a line corrects; units at carry scale."""
        deal_id = self.deal_id(deal)
        query = sums(deal_id, self.positions(deal_id, period, known_at), kinds, by_pool, self.connection.dialect.name)
        return [Total._make(row) for row in self.connection.execute(query)]

    def facts(self, deal: str, period: date, kinds: Collection[str], known_at: int | None = None) -> list[tuple[int, Event]]:
        """The events of kinds that are read one by one, in order; a line reversed within the period and its reversal are both left out."""
        rows = self.connection.execute(self._chosen(deal, period, None, kinds, None, known_at)).all()  # few, and a cursor of the server costs three questions
        return standing((row[0], present(Event(*row[1:]))) for row in rows)

    def periods(self, deal: str, known_at: int | None = None, *, after: date = date.min) -> list[PeriodRow]:
        """The periods after a day that commits name, in order of date."""
        commits = tables.log_commit.c
        chosen = (
            select(commits.period, func.min(commits.position), func.max(commits.position), func.count())
            .where(commits.deal_id == self.deal_id(deal), commits.period > after)
            .group_by(commits.period)
            .order_by(commits.period)
        )
        if known_at is not None:
            chosen = chosen.where(commits.position <= known_at)
        return [PeriodRow(*row) for row in self.connection.execute(chosen)]

    def remitted(self, deal: str, period: date) -> list[RemittanceRow]:
        """The files that were appended for a period, in order."""
        commits = tables.log_commit.c
        chosen = select(commits.source, commits.attempt, commits.source_digest, commits.position)
        of_period = (commits.deal_id == self.deal_id(deal), commits.period == period, commits.source.is_not(None))
        return [RemittanceRow(*row) for row in self.connection.execute(chosen.where(*of_period).order_by(commits.position))]

    def digest_seen(self, digest: str) -> list[Seen]:
        """Every commit, of any deal, that came from a file of this digest."""
        commits = tables.log_commit.c
        chosen = select(tables.deal.c.name, commits.period, commits.position).join_from(tables.log_commit, tables.deal)
        ordered = chosen.where(commits.source_digest == digest).order_by(tables.deal.c.name, commits.position)
        return [Seen(*row) for row in self.connection.execute(ordered)]
