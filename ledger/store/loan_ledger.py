"""Reading the lines of a deal's loans for the loan ledger, loan by loan in the order of their ids: one period's, and what the log says of their lives."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, timedelta
from itertools import groupby, islice
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, Subquery, and_, case, func, literal, literal_column, null, select

from ledger.core.events import SET_UP, Event
from ledger.core.loan_ledger import Line, Rules, Span, Told
from ledger.core.loan_listing import Roll
from ledger.core.money import Money
from ledger.core.upcasts import present
from ledger.store import tables
from ledger.store.loans import MOVING, of_life
from ledger.store.months import pool_of
from ledger.store.tapes import Loans, TapeReader, is_loan

_COLUMNS = tables.event.c
_EVENT_COLUMNS = [_COLUMNS[name] for name in Event._fields]
_LINES_AT_ONCE = 10_000
_LOANS_AT_ONCE = 500
_ENDINGS = ("payoff", "repurchase")
"""Kinds that end a loan, and that `OF_LIFE` does not have: there are as many of them as loans."""


class LoanLines(NamedTuple):
    """A loan with its lines of a span, and those of its life until then, both in the order of the log."""

    loan: str
    lines: list[Line]
    life: list[Line]


class LoanLedgerReader(TapeReader):
    """The part of `Reader` that reads loans one by one for a period."""

    def loan_span(self, deal: str, period: date, known_at: int, loans: Loans) -> Span | None:
        """What is to be read of a period, as known at a position; None where the deal was not kept loan by loan until then."""
        deal_id, commits = self.deal_id(deal), tables.log_commit.c
        now = self._told(deal_id, period, known_at, loans)
        if not now.stated and not self._came(deal_id, now, loans):
            return None
        before = self._told(deal_id, period - timedelta(days=1), known_at, loans)
        own = self._positions(self.positions(deal_id, period, known_at))
        adjusts = select(commits.position).where(commits.deal_id == deal_id, commits.treatment == "adjust", commits.position <= known_at)
        return Span(before, now, own, self._positions(adjusts))

    def _came(self, deal_id: int, told: Told, loans: Loans) -> bool:
        """Whether any loan came, though no balance was stated of it: it ended in the month that brought it."""
        came = (_COLUMNS.deal_id == deal_id, of_life(), _COLUMNS.kind.in_(SET_UP), is_loan(loans), _COLUMNS.position.in_(sorted(told.since)))
        return self.connection.execute(select(_COLUMNS.line).where(*came).limit(1)).one_or_none() is not None

    def _told(self, deal_id: int, until: date, known_at: int, loans: Loans) -> Told:
        last = self._latest_stated_period(deal_id, known_at, loans.not_loans, until)
        stated, since = self._positions_since(deal_id, last, known_at, until)
        commits = tables.log_commit.c
        of_these = (commits.deal_id == deal_id, commits.position.in_([*stated, *since]))
        remitted = select(func.max(commits.position)).where(*of_these, commits.period == last, commits.source.is_not(None), commits.treatment == "original")
        after = self.connection.execute(remitted).scalar_one() or 0
        late = select(commits.position).where(*of_these, commits.treatment == "adjust", commits.position > after)
        return Told(frozenset(stated), frozenset(since), self._positions(late))

    def loan_lines(self, deal: str, period: date, known_at: int, loans: Loans, span: Span) -> Iterator[LoanLines]:
        """Every loan that was ever in the pool until a period, by its id. Few are held at once, however many there are."""
        deal_id = self.deal_id(deal)
        chosen = (_COLUMNS.position.in_(sorted(span.positions)), _COLUMNS.kind.in_(sorted(loans.kinds)), is_loan(loans))
        of_span = self._by_loan(self._lines(deal_id, *chosen))
        life = self._by_loan(self._lines(deal_id, of_life(), is_loan(loans)), self._until(deal_id, period, known_at))
        return _merged(of_span, life)

    def loan_lines_of_own_kinds(self, deal: str, period: date, known_at: int, kinds: Collection[str], loans: Loans) -> dict[str, list[Line]]:
        """The lines of a deal's own kinds, by loan: no index holds them, so the whole log is read."""
        deal_id = self.deal_id(deal)
        lines = self._lines(deal_id, _COLUMNS.kind.in_(sorted(kinds)), is_loan(loans))
        return dict(self._by_loan(lines, self._until(deal_id, period, known_at)))

    def loans_that_ended(self, deal: str, period: date, known_at: int, named: Collection[str] | None = None) -> dict[str, set[str]]:
        """By which of the kinds `payoff` and `repurchase` loans ended until a period; without names of all of them, for which the whole log is read."""
        deal_id, found = self.deal_id(deal), dict[str, set[str]]()
        until = self._until(deal_id, period, known_at)
        chosen = select(_COLUMNS.position, _COLUMNS.subject, _COLUMNS.kind).where(
            _COLUMNS.deal_id == deal_id, _COLUMNS.position.in_(sorted(until)), _COLUMNS.kind.in_(_ENDINGS), _COLUMNS.subject.is_not(None), _COLUMNS.effect > 0
        )
        names = iter(sorted(named)) if named is not None else iter(())
        parts = [chosen] if named is None else []
        while some := list(islice(names, _LOANS_AT_ONCE)):
            parts.append(chosen.where(_COLUMNS.subject.in_(some)))
        for part in parts:
            for _, loan, kind in self.connection.execute(part.execution_options(yield_per=_LINES_AT_ONCE)):
                found.setdefault(loan, set()).add(kind)
        return found

    def _until(self, deal_id: int, period: date, known_at: int) -> frozenset[int]:
        commits = tables.log_commit.c
        return self._positions(self.positions(deal_id, None, known_at).where(commits.period <= period))

    def _positions(self, chosen: Select[Any]) -> frozenset[int]:
        return frozenset(self.connection.execute(chosen).scalars())

    def _lines(self, deal_id: int, *conditions: ColumnElement[bool]) -> Select[Any]:
        # In the order of the bytes, as Python compares: a database's own collation may be that of a language.
        subject = _COLUMNS.subject.collate("C") if self.connection.dialect.name == "postgresql" else _COLUMNS.subject
        return select(_COLUMNS.position, *_EVENT_COLUMNS).where(_COLUMNS.deal_id == deal_id, *conditions).order_by(subject, _COLUMNS.position, _COLUMNS.line)

    def _by_loan(self, chosen: Select[Any], positions: Collection[int] | None = None) -> Iterator[tuple[str, list[Line]]]:
        with self.connection.execute(chosen.execution_options(yield_per=_LINES_AT_ONCE)) as rows:
            lines = ((row[0], present(Event(*row[1:]))) for row in rows if positions is None or row[0] in positions)
            for loan, of_loan in groupby(lines, key=lambda line: line[1].subject or ""):
                yield loan, list(of_loan)

    # Rolling forward ------------------------------------------------------------------------------------------------------

    def loans_that_do_not_roll(self, deal: str, span: Span, loans: Loans, under: Rules, tolerance: Money) -> Iterator[Roll]:
        """The loans of which opening - principal - loss + adjustment misses the closing balance by more than a tolerance, by their ids; added up in SQL."""
        rolls = self._rolls(deal, span, loans, under).c
        missed = func.abs(rolls.opening - rolls.principal - rolls.loss + rolls.adjustment - rolls.closing) > tolerance
        chosen = select(rolls.subject, rolls.opening, rolls.principal, rolls.loss, rolls.adjustment, rolls.closing).where(missed)
        for subject, *sums in sorted(self.connection.execute(chosen).all(), key=itemgetter(0)):
            yield Roll(subject, *map(int, sums))

    def pools_rolled(self, deal: str, span: Span, loans: Loans, under: Rules) -> list[Roll]:
        """The loans of each pool together."""
        rolls = self._rolls(deal, span, loans, under).c
        sums = (func.sum(rolls[name]) for name in ("opening", "principal", "loss", "adjustment", "closing"))
        return [Roll(pool, *map(int, row)) for pool, *row in self.connection.execute(select(rolls.pool, *sums).group_by(rolls.pool).order_by(rolls.pool))]

    def _rolls(self, deal: str, span: Span, loans: Loans, under: Rules) -> Subquery:
        """A row a loan of a span: what `Roll` has, and its pool."""
        pool = pool_of(self.connection.dialect.name) if loans.by_pool else literal_column("'pool'")
        at = _COLUMNS.position
        set_up = func.sum(case((and_(at.in_(sorted(span.own)), _COLUMNS.kind == "loan_setup"), func.coalesce(_COLUMNS.balance, 0)), else_=0))
        return (
            select(
                _COLUMNS.subject, pool.label("pool"), (_balance(span.before, span, under) + set_up).label("opening"),
                *(_moved(under, span.own, [part]).label(part) for part in ("principal", "loss", "adjustment")),
                _balance(span.now, span, under).label("closing"),
            )
            .where(_COLUMNS.deal_id == self.deal_id(deal), at.in_(sorted(span.positions)), _COLUMNS.kind.in_(sorted(loans.kinds)), is_loan(loans))
            .group_by(_COLUMNS.subject)
            .subquery()
        )  # fmt: skip


def _balance(told: Told, span: Span, under: Rules) -> ColumnElement[Money]:
    """The SQL of `ledger.core.loan_ledger._balance`: what was stated, else what the loan came with, and adjustments that came late."""
    at, comes = _COLUMNS.position, _COLUMNS.kind.in_(SET_UP)
    moves = and_(_COLUMNS.kind.in_(MOVING), at.not_in(sorted(span.adjusts)))
    stated = func.sum(case((and_(at.in_(sorted(told.stated)), comes.is_not(True)), _COLUMNS.balance), else_=null()))
    came = func.sum(case((and_(at.in_(sorted(told.positions)), comes), func.coalesce(_COLUMNS.balance, _COLUMNS.amount)), else_=0))
    is_gone, was_moved = (func.max(case((and_(moves, at.in_(sorted(where))), 1), else_=0)) for where in (told.since, told.positions))
    reported = case((is_gone > 0, 0), (stated.is_not(None), stated), (was_moved > 0, 0), else_=came)
    return reported + _moved(under, told.late, ["adjustment"]) - _moved(under, told.late, ["principal", "loss"])


def _moved(under: Rules, positions: Collection[int], parts: Collection[str]) -> ColumnElement[Money]:
    """What some commits say of parts of the roll-forward."""
    amounts: dict[str, ColumnElement[Money]] = {}
    for kind, moved in under.parts.items():
        sums = [sign * func.coalesce(_COLUMNS[column], 0) for column, part, sign in moved if part in parts]
        if sums:
            amounts[kind] = sum(sums[1:], sums[0])
    if not amounts or not positions:
        return literal(0)
    by_kind = case(amounts, value=_COLUMNS.kind, else_=0)
    return func.sum(case((_COLUMNS.position.in_(sorted(positions)), by_kind), else_=0))


def _merged(of_span: Iterator[tuple[str, list[Line]]], life: Iterator[tuple[str, list[Line]]]) -> Iterator[LoanLines]:
    """Both put together by loan; each is in the order of the loans' ids."""
    one, other = next(of_span, None), next(life, None)
    while one is not None or other is not None:
        loan = min(found[0] for found in (one, other) if found is not None)
        lines = one[1] if one is not None and one[0] == loan else []
        lived = other[1] if other is not None and other[0] == loan else []
        yield LoanLines(loan, lines, lived)
        if one is not None and one[0] == loan:
            one = next(of_span, None)
        if other is not None and other[0] == loan:
            other = next(life, None)
