"""Reading the loans of a deal at the end of a period in sums: the database adds them up, so that a hundred thousand loans are a few rows."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Subquery, and_, case, false, func, literal, literal_column, null, or_, select, true, tuple_, union_all

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
    """Where the state of loans is read: the commits of the last period that states balances and those of periods since; of all of them, those of the period
    asked for and those that adjust; and whether some of them take back a line of others."""

    stated: list[int]
    since: list[int]
    own: list[int]
    adjusts: list[int]
    takes_back: bool

    @property
    def all(self) -> list[int]:
        return [*self.stated, *self.since]

    def among(self, positions: Collection[int]) -> ColumnElement[bool]:
        """Whether a line is of these positions, which is not asked line by line where all of the span are: in nearly every month."""
        return true() if set(self.all) <= set(positions) else _COLUMNS.position.in_(positions) if positions else false()


class TapeReader(LoanReader):
    """The part of `Reader` that adds loans up."""

    def loans_at(self, deal: str, period: date, known_at: int, loans: Loans, edges: Sequence[int]) -> Pools | None:
        """The loans at the end of a period as known at a position, in buckets that begin at `edges`; None where the deal is not kept loan by loan.

        A loan stands as the last period that reported loans left it.
        """
        deal_id, dialect = self.deal_id(deal), self.connection.dialect.name
        last = self._latest_stated_period(deal_id, known_at, loans.not_loans, period)
        if last is None:
            return None
        span = self._span(deal_id, last, known_at, period)
        tape = _tape(deal_id, span, loans, dialect)
        found, samples = self._summed(tape, edges)
        known = self.positions(deal_id, None, known_at).where(tables.log_commit.c.period <= period)
        bearing = (_COLUMNS.deal_id == deal_id, of_life(), _COLUMNS.position.in_(known), _COLUMNS.kind.in_(_BEARING))
        if any(weight.term is None and weight.balance for weight in found.rates):
            unrated = select(tape.c.subject, tape.c.pool, tape.c.closing).where(tape.c.rate.is_(None)).subquery()
            rates = [*(weight for weight in found.rates if weight.term is not None), *self._by_terms(unrated, _COLUMNS.rate, bearing)]
            found = found._replace(rates=rates)
        # An average needs the maturity of every loan: where one loan of each pool is looked at and has none, a hundred thousand need not be.
        maturity = select(_COLUMNS.line).where(*bearing, _COLUMNS.subject.in_(samples), _COLUMNS.effective_on.is_not(None)).limit(1)
        if self.connection.execute(maturity).one_or_none() is not None:
            found = found._replace(maturities=list(self._by_terms(_balances(deal_id, span, loans, dialect), _COLUMNS.effective_on, bearing)))
        return found

    def _span(self, deal_id: int, last: date, known_at: int, period: date) -> _Span:
        commits = tables.log_commit.c
        stated, since = self._positions_since(deal_id, last, known_at, period)
        at = [*stated, *since]
        chosen = select(commits.position, commits.period, commits.treatment).where(commits.deal_id == deal_id, commits.position.in_(at))
        found = self.connection.execute(chosen).all()
        taken = select(_COLUMNS.line).where(_COLUMNS.deal_id == deal_id, *_takes_back(_COLUMNS, at)).limit(1)
        takes_back = self.connection.execute(taken).one_or_none() is not None
        own, adjusts = [row.position for row in found if row.period == period], [row.position for row in found if row.treatment == "adjust"]
        return _Span(stated, since, own, adjusts, takes_back)

    def _summed(self, tape: Subquery, edges: Sequence[int]) -> tuple[Pools, list[str]]:
        """The loans in sums, and some live loan of each pool."""
        columns = tape.c
        days = case(*((columns.days >= edge, edge) for edge in sorted(edges, reverse=True)), else_=null())
        counted = (func.sum(case((columns.closing > 0, 1), else_=0)), func.sum(columns.closing), func.sum(case((columns.opening > 0, 1), else_=0)))
        groups = (columns.pool, days.label("bucket"), columns.state, columns.rate)
        some = func.max(case((columns.closing > 0, columns.subject), else_=null()))
        chosen = select(*groups, *counted, some).group_by(*groups).order_by(*groups)
        opening, closing, rates = dict[str, int](), dict[str, int](), dict[tuple[str, str | None], Money]()
        buckets, samples = dict[tuple[str, int, int], Bucket](), dict[str, str]()
        is_told = False
        for pool, bucket, state, rate, live, balance, before, loan in self.connection.execute(chosen):
            opening[pool], closing[pool] = opening.get(pool, 0) + int(before), closing.get(pool, 0) + int(live)
            is_told = is_told or bucket is not None or state > 0
            if live:
                key = (pool, 0 if state else bucket or 0, state)
                known = buckets.get(key) or Bucket(pool, None if state else bucket or 0, STATES[state - 1] if state else None, 0, 0)
                buckets[key] = known._replace(loans=(known.loans or 0) + int(live), balance=(known.balance or 0) + int(balance))
                rates[pool, rate] = rates.get((pool, rate), 0) + int(balance)
                samples[pool] = loan
        empty = {(pool, edge, 0): Bucket(pool, edge, None, 0, 0) for pool in closing for edge in edges} if is_told else {}
        weights = [Weight(*key, balance) for key, balance in rates.items()]
        return Pools(opening, closing, list({**empty, **buckets}.values()), weights, [], is_told), list(samples.values())

    def _by_terms(self, loans: Subquery, column: ColumnElement[Any], bearing: Sequence[ColumnElement[bool]]) -> Iterator[Weight]:
        """The balance of the live ones of some loans by the latest that was said of a term; None of those of which nothing was."""
        said = select(_COLUMNS.subject, column.label("term"), func.max(_COLUMNS.position).label("position"), func.max(_COLUMNS.line).label("line"))
        standing = said.where(*bearing, column.is_not(None)).group_by(_COLUMNS.subject, column).having(func.sum(_COLUMNS.effect) > 0).subquery().c
        latest = func.row_number().over(partition_by=standing.subject, order_by=(standing.position.desc(), standing.line.desc()))
        ranked = select(standing.subject, standing.term, latest.label("rank")).subquery().c
        # Put one below the other and grouped by loan: SQLite has no index for a join of the two, and would compare each with each.
        said_last = select(ranked.subject, ranked.term, null().label("pool"), literal(0).label("closing")).where(ranked.rank == 1)
        live = select(loans.c.subject, null(), loans.c.pool, loans.c.closing).where(loans.c.closing > 0)
        both = union_all(said_last, live).subquery().c
        whole = (func.max(both.pool).label("pool"), func.max(both.term).label("term"), func.sum(both.closing).label("closing"))
        found = select(*whole).group_by(both.subject).having(func.sum(both.closing) > 0).subquery().c
        groups = (found.pool, found.term)
        chosen = select(*groups, func.sum(found.closing)).group_by(*groups).order_by(*groups)
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
    rise = {"rise": _sum_where(span.among(span.own), _rise(loans))}
    sums = _by_loan(deal_id, span, loans, dialect, {**_closing_sums(span), **_status_sums(deal_id, span), **rise})
    closing, rate = _closing(sums, span), func.coalesce(sums.c.modified_rate, sums.c.usual_rate)
    of_loan = (sums.c.subject, sums.c.pool, (closing - sums.c.rise).label("opening"), closing.label("closing"))
    return select(*of_loan, sums.c.days, sums.c.state, rate.label("rate")).subquery()


def _balances(deal_id: int, span: _Span, loans: Loans, dialect: str) -> Subquery:
    """A row a loan: its pool and its closing balance."""
    sums = _by_loan(deal_id, span, loans, dialect, _closing_sums(span))
    return select(sums.c.subject, sums.c.pool, _closing(sums, span).label("closing")).subquery()


def _by_loan(deal_id: int, span: _Span, loans: Loans, dialect: str, sums: Mapping[str, ColumnElement[Any]]) -> Subquery:
    """What the lines of each loan add up to: a query of its own, since SQLite would add up again at every place that names a sum."""
    pool = pool_of(dialect) if loans.by_pool else literal_column("'pool'")
    of_span = (_COLUMNS.deal_id == deal_id, _COLUMNS.position.in_(span.all), _COLUMNS.kind.in_(sorted(loans.kinds)), is_loan(loans))
    named = (amount.label(name) for name, amount in sums.items())
    return select(_COLUMNS.subject, pool.label("pool"), *named).where(*of_span).group_by(_COLUMNS.subject).subquery()


def _closing_sums(span: _Span) -> dict[str, ColumnElement[Any]]:
    moves: ColumnElement[bool] = _COLUMNS.kind.in_(MOVING)
    if span.adjusts:  # an adjustment states no balance, whether the loan ended or not
        moves = and_(moves, _COLUMNS.position.not_in(span.adjusts))
    return {
        "stated": _sum_where(and_(span.among(span.stated), _COLUMNS.kind.not_in(SET_UP)), _COLUMNS.balance, null()),
        "came": _sum_where(_COLUMNS.kind.in_(SET_UP), func.coalesce(_COLUMNS.balance, _COLUMNS.amount)),
        "ended": _any(and_(_COLUMNS.balance.is_(None), moves)),
        "ended_since": _any(and_(span.among(span.since), moves)),
    }


def _closing(sums: Subquery, span: _Span) -> ColumnElement[Money]:
    """A month states the balance of every loan that it moves and leaves alive."""
    columns = sums.c
    return case((columns.ended_since > 0, 0), (columns.stated.is_not(None), columns.stated), (columns.ended > 0, 0), else_=columns.came)


def _status_sums(deal_id: int, span: _Span) -> dict[str, ColumnElement[Any]]:
    standing = _standing(deal_id, span)
    state = case({word: rank for rank, word in enumerate(STATES, 1)}, value=_COLUMNS.code, else_=0)
    modifies, usual = _COLUMNS.kind == "modification", _COLUMNS.kind.not_in(_BEARING)
    return {
        "days": _max_where(standing, _COLUMNS.delinquency),
        "state": _max_where(standing, state, literal(0)),
        "modified_rate": _max_where(and_(standing, modifies), _COLUMNS.rate),
        "usual_rate": _max_where(and_(standing, usual), _COLUMNS.rate),
    }


def _rise(loans: Loans) -> ColumnElement[Money]:
    """By how much a line raises the balance of its loan."""
    raised: dict[str, ColumnElement[Money]] = {}
    for kind, column, sign in loans.movements:
        amount = func.coalesce(_COLUMNS[column], 0)
        signed = amount if sign > 0 else -amount
        raised[kind] = raised[kind] + signed if kind in raised else signed
    return case(raised, value=_COLUMNS.kind, else_=0) if raised else literal(0)


def _any(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.max(case((condition, 1), else_=0))


def _sum_where(condition: ColumnElement[bool], value: ColumnElement[Any], otherwise: ColumnElement[Any] | None = None) -> ColumnElement[Any]:
    return func.sum(case((condition, value), else_=literal(0) if otherwise is None else otherwise))


def _max_where(condition: ColumnElement[bool], value: ColumnElement[Any], otherwise: ColumnElement[Any] | None = None) -> ColumnElement[Any]:
    return func.max(case((condition, value), else_=null() if otherwise is None else otherwise))


def _standing(deal_id: int, span: _Span) -> ColumnElement[bool]:
    """Whether a line says how things are: it takes nothing back, and none of these commits takes it back."""
    says = _COLUMNS.effect > 0
    if not span.takes_back:
        return says
    reversals = tables.event.alias().c
    taken_back = select(reversals.corrects_position, reversals.corrects_line).where(reversals.deal_id == deal_id, *_takes_back(reversals, span.all))
    return and_(says, tuple_(_COLUMNS.position, _COLUMNS.line).not_in(taken_back))


def _takes_back(reversals: Any, at: Sequence[int]) -> tuple[ColumnElement[bool], ...]:
    """Whether a line at some positions takes back one that is at such a position too."""
    return reversals.corrects_position.in_(at), reversals.effect < 0, reversals.position.in_(at)
