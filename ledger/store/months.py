"""Reading many periods at once: ten years of a trust cost four queries, not four a month."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, ColumnElement, Integer, Select, and_, bindparam, case, func, literal, null, or_, select

from ledger.core.collections import Total
from ledger.core.events import AMOUNTS, Event
from ledger.core.upcasts import present
from ledger.store import tables
from ledger.store.deals import DealReader

_COLUMNS = tables.event.c
_EVENT_COLUMNS = [_COLUMNS[name] for name in Event._fields]
_COMMITS = tables.log_commit.c

# The queries of many periods, put together once: SQLAlchemy takes longer to build one than a database to answer it.
_DEAL = bindparam("deal", type_=Integer)
_KINDS: BindParameter[Any] = bindparam("kinds", expanding=True)
_FROM_FIRST = (_COMMITS.deal_id == _DEAL, _COMMITS.period >= bindparam("first"))
_PERIODS = select(_COMMITS.period).where(*_FROM_FIRST).distinct().order_by(_COMMITS.period).limit(bindparam("most", type_=Integer)).subquery()
_LAST = select(func.max(_PERIODS.c.period)).scalar_subquery()
_PLACES = select(_COMMITS.position, _COMMITS.period).where(*_FROM_FIRST, _COMMITS.period <= _LAST).order_by(_COMMITS.period)
# By the last period, now known: PostgreSQL would look for the periods anew at every commit of the deal.
_POSITIONS = select(_COMMITS.position).where(*_FROM_FIRST, _COMMITS.period <= bindparam("last"))
_DATES = select(_COLUMNS.position, _COLUMNS.subject, _COLUMNS.effective_on).where(
    _COLUMNS.deal_id == _DEAL, _COLUMNS.position.in_(_POSITIONS), _COLUMNS.kind == "period_date"
)
_FACTS = (
    select(_COLUMNS.position, *_EVENT_COLUMNS)
    .where(_COLUMNS.deal_id == _DEAL, _COLUMNS.position.in_(_POSITIONS), _COLUMNS.kind.in_(_KINDS))
    .order_by(_COLUMNS.position, _COLUMNS.line)
)


@cache
def _sums_of_periods(by_pool: bool, dialect: str) -> Select[Any]:
    return sums(_DEAL, _POSITIONS, _KINDS, by_pool, dialect, by_position=True)


class RecordedMonth(NamedTuple):
    """What was recorded of a period, with the position of each: the sums of every commit by kind, pool and origin, the facts read one by one, and its dates."""

    sums: list[tuple[int, Total]]
    lines: list[tuple[int, Event]]
    dates: list[tuple[int, str, date]]

    @property
    def totals(self) -> list[Total]:
        """The sums of all commits put together."""
        return merged(total for _, total in self.sums)

    @property
    def facts(self) -> list[tuple[int, Event]]:
        """The facts that stand, with their positions."""
        return standing(self.lines)

    def known_at(self, position: int) -> RecordedMonth:
        """What was recorded of it up to a position."""
        sums, lines, dates = self
        return RecordedMonth(
            [one for one in sums if one[0] <= position], [one for one in lines if one[0] <= position], [one for one in dates if one[0] <= position]
        )


class MonthReader(DealReader):
    """The part of `Reader` that reads what periods collected."""

    def months(self, deal: str, first: date, kinds: Collection[str], facts: Collection[str], by_pool: bool, *, at_most: int = 120) -> dict[date, RecordedMonth]:
        """The periods from `first` on that have commits, at most so many: sums of `kinds`, the `facts` one by one, and the dates."""
        asked: dict[str, Any] = {"deal": self.deal_id(deal), "first": first, "most": at_most}
        found: dict[date, RecordedMonth] = {}
        month_of: dict[int, RecordedMonth] = {}
        for position, period in self.connection.execute(_PLACES, asked).all():
            month_of[position] = found.setdefault(period, RecordedMonth([], [], []))
        asked["last"] = max(found, default=first)
        chosen = _sums_of_periods(by_pool, self.connection.dialect.name)
        for *amounts, position in self.connection.execute(chosen, {**asked, "kinds": sorted(kinds)}).all():
            month_of[position].sums.append((position, Total._make(amounts)))
        for position, *event in self.connection.execute(_FACTS, {**asked, "kinds": sorted(facts)}).all():
            month_of[position].lines.append((position, present(Event._make(event))))
        for position, name, day in self.connection.execute(_DATES, asked).all():
            month_of[position].dates.append((position, name, day))
        return found


def merged(totals: Iterable[Total]) -> list[Total]:
    """Sums of several commits put together, one for each kind, pool and origin."""
    found: dict[tuple[str, str | None, int | None, date | None], Total] = {}
    for one in totals:
        key = (one.kind, one.pool, one.origin_position, one.origin_date)
        before = found.get(key)
        found[key] = one if before is None else Total(*key, *(_plus(getattr(before, name), getattr(one, name)) for name in AMOUNTS))
    return list(found.values())


def _plus(one: int | None, other: int | None) -> int | None:
    """Not reported and 5 is 5; not reported twice stays so."""
    return other if one is None else one if other is None else one + other


def standing(rows: Iterable[tuple[int, Event]]) -> list[tuple[int, Event]]:
    """The (position, event) pairs of one period without the lines that another of them reverses, and without those reversals.

    The reversal of a line of an earlier period stays: it is a fact of this one, of the opposite sign.
    """
    kept = list(rows)
    reversals = {(position, event.line): (event.corrects_position, event.corrects_line) for position, event in kept if event.effect < 0}
    if not reversals:
        return kept
    lines = {(position, event.line) for position, event in kept}
    gone = {place for own, named in reversals.items() if named in lines for place in (own, named)}
    return [(position, event) for position, event in kept if (position, event.line) not in gone]


def sums(
    deal_id: int | BindParameter[int],
    positions: Select[tuple[int]],
    kinds: Collection[str] | BindParameter[Any],
    by_pool: bool,
    dialect: str,
    *,
    by_position: bool = False,
) -> Select[Any]:
    """One GROUP BY over the rows at some positions: the columns of `Total`, then the position; the pool of a loan is what stands before its `/`."""
    adjusts = select(_COMMITS.position).where(_COMMITS.deal_id == deal_id, _COMMITS.treatment == "adjust")
    of_earlier_period = and_(_COLUMNS.corrects_position.is_not(None), or_(_COLUMNS.corrects_line.is_(None), _COLUMNS.position.in_(adjusts)))
    origin = (_COLUMNS.corrects_position, case((of_earlier_period, _COLUMNS.effective_on), else_=null()))
    pool = (pool_of(dialect),) if by_pool else ()
    position = (_COLUMNS.position,) if by_position else ()
    groups = (_COLUMNS.kind, *pool, *origin, *position)
    return (
        select(_COLUMNS.kind, *(pool or (null(),)), *origin, *(func.sum(_COLUMNS[name], type_=tables.Whole) for name in AMOUNTS), *position)
        .where(_COLUMNS.deal_id == deal_id, _COLUMNS.position.in_(positions), _COLUMNS.kind.in_(kinds if isinstance(kinds, BindParameter) else sorted(kinds)))
        .group_by(*groups)
        .order_by(*groups)
    )


def pool_of(dialect: str) -> ColumnElement[Any]:
    """The pool that an event's subject names, alone or before a loan's id, where a deal has several."""
    if dialect == "postgresql":
        return func.split_part(_COLUMNS.subject, literal("/"), literal(1))
    slash = func.instr(_COLUMNS.subject, "/")
    return case((slash > 0, func.substr(_COLUMNS.subject, 1, slash - 1)), else_=_COLUMNS.subject)
