"""Reading the loans of a deal at the end of a period in sums: the database adds them up, so that a hundred thousand loans are a few rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Subquery, and_, case, func, literal, literal_column, null, or_, select, tuple_, union_all

from ledger.core.events import SET_UP, STATES, Column
from ledger.core.loans import Bucket, LoanLoss, LoanTerms, Weight
from ledger.core.money import Money
from ledger.store import tables
from ledger.store.loans import MOVING, LoanReader, of_life
from ledger.store.months import pool_of

_COLUMNS = tables.event.c
_BEARING = (*SET_UP, "modification")
"""Kinds that say what a loan bears and when it falls due."""
_LOSSES = (
    "default", "liquidation_proceeds", "liquidation_expense", "realized_loss", "charge_off", "modification_loss", "forgiveness", "recovery",
    "subsequent_recovery",
)  # fmt: skip
_LOANS_AT_ONCE = 500


class Loans(NamedTuple):
    """What is read as loans of a deal: events of `kinds`, whose subject is a loan's unless it is in `not_loans`. `by_pool`: a pool stands before it.

    `movements` are (kind, column, sign) of all that moves a loan's balance.
    """

    kinds: Collection[str]
    not_loans: Collection[str]
    by_pool: bool
    movements: Collection[tuple[str, Column, int]]


class Pools(NamedTuple):
    """The live loans of a period's end in sums: by bucket, by rate and by maturity, with how many there were by pool before the period and after it."""

    opening: dict[str, int]
    closing: dict[str, int]
    buckets: list[Bucket]
    rates: list[Weight]
    maturities: list[Weight]
    is_told: bool


class _Span(NamedTuple):
    """Where the state of loans is read: the commits of the last period that states balances, those of periods since, and those of the period asked for."""

    stated: list[int]
    since: list[int]
    own: list[int]


class TapeReader(LoanReader):
    """The part of `Reader` that adds loans up."""

    def loans_at(self, deal: str, period: date, known_at: int, loans: Loans, edges: Sequence[int]) -> Pools | None:
        """The loans at the end of a period as known at a position, in buckets that begin at `edges`; None where the deal is not kept loan by loan.

        A loan stands as the last period that reported loans left it.
        """
        deal_id = self.deal_id(deal)
        last = self._latest_stated_period(deal_id, known_at, loans.not_loans, period)
        if last is None:
            return None
        stated, since = self._positions_since(deal_id, last, known_at, period)
        commits = tables.log_commit.c
        of_period = select(commits.position).where(commits.deal_id == deal_id, commits.period == period, commits.position <= known_at)
        own = [position for (position,) in self.connection.execute(of_period)]
        tape = _tape(deal_id, _Span(stated, since, own), loans, self.connection.dialect.name)
        found = self._summed(tape, edges)
        terms = self.positions(deal_id, None, known_at).where(commits.period <= period)
        bearing = (_COLUMNS.deal_id == deal_id, of_life(), _COLUMNS.position.in_(terms), _COLUMNS.kind.in_(_BEARING))
        if any(weight.term is None and weight.balance for weight in found.rates):
            found = found._replace(
                rates=[*(weight for weight in found.rates if weight.term is not None), *self._by_terms(tape, _COLUMNS.rate, bearing, tape.c.rate.is_(None))]
            )
        # In order of loans, as the index of their lives has them: by positions the whole log would be read for a deal that never told a maturity.
        maturity = select(_COLUMNS.line).where(*bearing, _COLUMNS.effective_on.is_not(None)).order_by(_COLUMNS.subject).limit(1)
        if self.connection.execute(maturity).one_or_none() is not None:
            found = found._replace(maturities=list(self._by_terms(tape, _COLUMNS.effective_on, bearing)))
        return found

    def _summed(self, tape: Subquery, edges: Sequence[int]) -> Pools:
        columns = tape.c
        days = case(*((columns.days >= edge, edge) for edge in sorted(edges, reverse=True)), else_=null())
        counted = (func.sum(case((columns.closing > 0, 1), else_=0)), func.sum(columns.closing), func.sum(case((columns.opening > 0, 1), else_=0)))
        groups = (columns.pool, days.label("bucket"), columns.state, columns.rate)
        chosen = select(*groups, *counted).group_by(*groups).order_by(*groups)
        opening, closing, rates = dict[str, int](), dict[str, int](), dict[tuple[str, str | None], Money]()
        buckets: dict[tuple[str, int, int], Bucket] = {}
        is_told = False
        for pool, bucket, state, rate, live, balance, before in self.connection.execute(chosen):
            opening[pool], closing[pool] = opening.get(pool, 0) + int(before), closing.get(pool, 0) + int(live)
            is_told = is_told or bucket is not None or state > 0
            if live:
                key = (pool, 0 if state else bucket or 0, state)
                known = buckets.get(key) or Bucket(pool, None if state else bucket or 0, STATES[state - 1] if state else None, 0, 0)
                buckets[key] = known._replace(loans=(known.loans or 0) + int(live), balance=(known.balance or 0) + int(balance))
                rates[pool, rate] = rates.get((pool, rate), 0) + int(balance)
        empty = {(pool, edge, 0): Bucket(pool, edge, None, 0, 0) for pool in closing for edge in edges} if is_told else {}
        return Pools(opening, closing, list({**empty, **buckets}.values()), [Weight(*key, balance) for key, balance in rates.items()], [], is_told)

    def _by_terms(self, tape: Subquery, column: ColumnElement[Any], bearing: Sequence[ColumnElement[bool]], *which: ColumnElement[bool]) -> Iterator[Weight]:
        """The balance of live loans by the latest that was said of a term; None of those of which nothing was."""
        said = select(_COLUMNS.subject, column.label("term"), func.max(_COLUMNS.position).label("position"), func.max(_COLUMNS.line).label("line"))
        standing = said.where(*bearing, column.is_not(None)).group_by(_COLUMNS.subject, column).having(func.sum(_COLUMNS.effect) > 0).subquery().c
        latest = func.row_number().over(partition_by=standing.subject, order_by=(standing.position.desc(), standing.line.desc()))
        ranked = select(standing.subject, standing.term, latest.label("rank")).subquery().c
        # Put one below the other and grouped by loan: SQLite has no index for a join of the two, and would compare each with each.
        said_last = select(ranked.subject, ranked.term, null().label("pool"), literal(0).label("closing")).where(ranked.rank == 1)
        live = select(tape.c.subject, null(), tape.c.pool, tape.c.closing).where(tape.c.closing > 0, *which)
        both = union_all(said_last, live).subquery().c
        whole = (func.max(both.pool).label("pool"), func.max(both.term).label("term"), func.sum(both.closing).label("closing"))
        loans = select(*whole).group_by(both.subject).having(func.sum(both.closing) > 0).subquery().c
        groups = (loans.pool, loans.term)
        chosen = select(*groups, func.sum(loans.closing)).group_by(*groups).order_by(*groups)
        for pool, term, balance in self.connection.execute(chosen):
            yield Weight(pool, term, int(balance))

    # One by one -------------------------------------------------------------------------------------------------------

    def loan_losses(self, deal: str, period: date, known_at: int, loans: Loans) -> list[LoanLoss]:
        """The loans that defaulted, were liquidated, charged off or recovered on in a period, by their ids."""
        deal_id = self.deal_id(deal)
        of_period = (_COLUMNS.position.in_(self.positions(deal_id, period, known_at)), _COLUMNS.kind.in_(_LOSSES))
        amounts = [func.sum(case((_COLUMNS.kind == kind, func.coalesce(_COLUMNS.principal, _COLUMNS.amount)), else_=0)) for kind in _LOSSES]
        chosen = select(_COLUMNS.subject, *amounts).where(_COLUMNS.deal_id == deal_id, *of_period, is_loan(loans)).group_by(_COLUMNS.subject)
        return [
            _loss(subject, dict(zip(_LOSSES, map(int, sums), strict=True))) for subject, *sums in sorted(self.connection.execute(chosen).all()) if any(sums)
        ]

    def loan_terms_before(self, deal: str, period: date, known_at: int, named: Collection[str]) -> dict[str, LoanTerms]:
        """What loans bore and when they fell due before a period, by the latest that was said of each; also as they were set up in the period itself."""
        deal_id, commits = self.deal_id(deal), tables.log_commit.c
        before = self.positions(deal_id, None, known_at).where(commits.period < period)
        counts = or_(_COLUMNS.position.in_(before), _COLUMNS.kind.in_(SET_UP))
        known = self.positions(deal_id, None, known_at).where(commits.period <= period)
        columns = (_COLUMNS.subject, _COLUMNS.kind, _COLUMNS.rate, _COLUMNS.effective_on)
        chosen = select(*columns).where(_COLUMNS.deal_id == deal_id, _COLUMNS.position.in_(known), counts, _COLUMNS.effect > 0)
        found, ordered = dict[str, LoanTerms](), sorted(named)
        for start in range(0, len(ordered), _LOANS_AT_ONCE):
            rows = chosen.where(_COLUMNS.subject.in_(ordered[start : start + _LOANS_AT_ONCE])).order_by(_COLUMNS.position, _COLUMNS.line)
            for subject, kind, rate, day in self.connection.execute(rows):
                old = found.get(subject, LoanTerms())
                found[subject] = LoanTerms(rate or old.rate, (day if kind in _BEARING else None) or old.maturity)
        return found


def is_loan(loans: Loans) -> ColumnElement[bool]:
    if loans.by_pool:
        return _COLUMNS.subject.contains("/")
    return and_(_COLUMNS.subject.is_not(None), _COLUMNS.subject.not_in(sorted(loans.not_loans)))


def _loss(loan: str, sums: dict[str, Money]) -> LoanLoss:
    proceeds, expenses = sums["liquidation_proceeds"], sums["liquidation_expense"]
    balance = proceeds + sums["realized_loss"] - expenses + sums["charge_off"]
    modified, recovered = sums["modification_loss"] + sums["forgiveness"], sums["recovery"] + sums["subsequent_recovery"]
    return LoanLoss(loan, sums["default"], balance, proceeds, expenses, sums["realized_loss"] + sums["charge_off"], modified, recovered)


def _tape(deal_id: int, span: _Span, loans: Loans, dialect: str) -> Subquery:
    """A row a loan: its pool, opening and closing balance, days past due, the rank of its state (0: none), its rate."""
    adjusts = select(tables.log_commit.c.position).where(tables.log_commit.c.deal_id == deal_id, tables.log_commit.c.treatment == "adjust")
    moves = and_(_COLUMNS.kind.in_(MOVING), _COLUMNS.position.not_in(adjusts))
    comes = _COLUMNS.kind.in_(SET_UP)
    stated = func.sum(case((and_(comes.is_not(True), _COLUMNS.position.in_(span.stated)), _COLUMNS.balance), else_=null()))
    came = func.sum(case((comes, func.coalesce(_COLUMNS.balance, _COLUMNS.amount)), else_=0))
    closing = case(
        (_any(and_(moves, _COLUMNS.position.in_(span.since))) > 0, 0), (stated.is_not(None), stated), (_any(moves) > 0, 0), else_=came
    )  # a month states the balance of every loan that it moves and leaves alive
    moved = [and_(_COLUMNS.kind == kind, _COLUMNS.position.in_(span.own)) for kind, _, _ in loans.movements]
    rise = sum(
        (func.sum(case((own, sign * func.coalesce(_COLUMNS[column], 0)), else_=0)) for own, (_, column, sign) in zip(moved, loans.movements, strict=True)),
        literal(0),
    )
    standing = _standing(deal_id, [*span.stated, *span.since])
    state = case(*((_COLUMNS.code == word, rank) for rank, word in enumerate(STATES, 1)), else_=0)
    modified, usual = (
        func.max(case((and_(standing, own), _COLUMNS.rate), else_=null())) for own in (_COLUMNS.kind == "modification", _COLUMNS.kind.not_in(_BEARING))
    )
    return (
        select(
            _COLUMNS.subject, (pool_of(dialect) if loans.by_pool else literal_column("'pool'")).label("pool"), (closing - rise).label("opening"),
            closing.label("closing"), func.max(case((standing, _COLUMNS.delinquency), else_=null())).label("days"),
            func.max(case((standing, state), else_=0)).label("state"), func.coalesce(modified, usual).label("rate"),
        )
        .where(_COLUMNS.deal_id == deal_id, _COLUMNS.position.in_([*span.stated, *span.since]), _COLUMNS.kind.in_(sorted(loans.kinds)), is_loan(loans))
        .group_by(_COLUMNS.subject)
        .subquery()
    )  # fmt: skip


def _any(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.max(case((condition, 1), else_=0))


def _standing(deal_id: int, positions: Iterable[int]) -> ColumnElement[bool]:
    """Whether a line says how things are: it takes nothing back, and none of these commits takes it back."""
    reversals = tables.event.alias().c
    at = list(positions)
    taken_back = select(reversals.corrects_position, reversals.corrects_line).where(
        reversals.deal_id == deal_id, reversals.corrects_position.in_(at), reversals.effect < 0, reversals.position.in_(at)
    )
    return and_(_COLUMNS.effect > 0, tuple_(_COLUMNS.position, _COLUMNS.line).not_in(taken_back))
