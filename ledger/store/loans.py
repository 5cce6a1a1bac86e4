"""Reading single loans: which are live, with what balance, and whether one is known."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import date
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, func, literal, literal_column, select

from ledger.core.events import COMPONENTS, KINDS, OF_LIFE, SET_UP
from ledger.core.money import Money
from ledger.store import tables
from ledger.store.deals import DealReader
from ledger.store.months import pool_of

MOVING = sorted(kind for kind, layout in KINDS.items() if kind not in SET_UP and any(COMPONENTS[name].pool for name in layout.components.values()))
_LOANS_AT_ONCE = 500
_ROWS_AT_ONCE = 10_000


class LoanBalance(NamedTuple):
    """A loan and a balance of it, units at carry scale; those of several rows of a loan add up, since a reversed balance counts below zero."""

    loan: str
    balance: Money


class Bearing(NamedTuple):
    """What bears on whether a loan is live, and with what balance.

    It was set up, or stated in the latest period that states loans' balances; some event of that period or a later one moves its balance.
    """

    loan: str
    says: Literal["set up", "stated", "moved", "moved later"]
    balance: Money = 0


class Level(NamedTuple):
    """How a kind was reported for a pool (the only one, or none, is called `pool`): loan by loan, or in total."""

    kind: str
    pool: str
    of_loans: bool


class LoanReader(DealReader):
    """The part of `Reader` that reads loan by loan. `not_loans` are the pools and accounts of the deal, whose closing balances are reported too."""

    def loans_known(self, deal: str, loans: Collection[str], known_at: int | None = None) -> set[str]:
        """Those of the loans that ever came into the pool."""
        deal_id, columns, known = self.deal_id(deal), tables.event.c, set[str]()
        came = select(columns.subject).where(columns.deal_id == deal_id, of_life(), columns.kind.in_(SET_UP)).distinct()
        if known_at is not None:
            came = came.where(columns.position <= known_at)
        ordered = sorted(loans)
        for start in range(0, len(ordered), _LOANS_AT_ONCE):
            known.update(self.connection.execute(came.where(columns.subject.in_(ordered[start : start + _LOANS_AT_ONCE]))).scalars())
        return known

    def loans_stated(self, deal: str, period: date, *, not_loans: Collection[str] = ()) -> Iterator[LoanBalance]:
        """The closing balance of each loan that was reported for a period, and was not taken back; 0 for one that ended."""
        columns = tables.event.c
        chosen = self._standing(deal, period, func.sum(columns.balance)).where(columns.balance.is_not(None))
        return (LoanBalance(loan, int(balance)) for loan, balance in self._streamed(chosen) if loan not in not_loans)

    def loans_reported(self, deal: str, period: date) -> set[str]:
        """The loans of which some row of a period was not taken back, the row that set one up apart; pools and accounts are among them."""
        return {row[0] for row in self._streamed(self._standing(deal, period))}

    def _standing(self, deal: str, period: date, *values: ColumnElement[Any]) -> Select[Any]:
        """By subject, what a period reported of it and did not take back; what it books for earlier periods, it does not report."""
        deal_id, columns, commits = self.deal_id(deal), tables.event.c, tables.log_commit.c
        reporting = self.positions(deal_id, period, None).where(commits.treatment != "adjust")
        chosen = select(columns.subject, *values).where(columns.deal_id == deal_id, columns.position.in_(reporting))
        told = chosen.where(columns.kind.not_in(SET_UP), columns.subject.is_not(None))
        return told.group_by(columns.subject).having(func.sum(columns.effect) > 0)

    def loans_set_up(self, deal: str, period: date, *, not_loans: Collection[str] = ()) -> Iterator[LoanBalance]:
        """The loans that came into the pool in a period, with the balance they came with."""
        deal_id, columns = self.deal_id(deal), tables.event.c
        of_period = columns.position.in_(self.positions(deal_id, period, None))
        return self._balances(deal_id, not_loans, func.coalesce(columns.balance, columns.amount), columns.kind.in_(SET_UP), of_period)

    def levels(self, deal: str, period: date, kinds: Collection[str], *, by_pool: bool, not_loans: Collection[str] = ()) -> set[Level]:
        """How each of the kinds was reported for a period: for a pool, loan by loan, or both. What was taken back altogether was not reported."""
        deal_id, columns = self.deal_id(deal), tables.event.c
        pool = pool_of(self.connection.dialect.name) if by_pool else literal("pool")
        of_loans = columns.subject.contains("/") if by_pool else and_(columns.subject.is_not(None), columns.subject.not_in(sorted(not_loans)))
        of_period = (columns.deal_id == deal_id, columns.position.in_(self.positions(deal_id, period, None)), columns.kind.in_(sorted(kinds)))
        lines = select(columns.kind, pool.label("pool"), of_loans.label("of_loans"), columns.effect).where(*of_period).subquery().c
        standing = select(lines.kind, lines.pool, lines.of_loans).group_by(lines.kind, lines.pool, lines.of_loans).having(func.sum(lines.effect) > 0)
        return {Level(kind, pool or "pool", bool(loans)) for kind, pool, loans in self.connection.execute(standing)}

    def loan_balances(self, deal: str, known_at: int | None = None, *, not_loans: Collection[str] = ()) -> dict[str, Money]:
        """The unpaid balance of each live loan, units at carry scale.

        That is what the latest period with loan-level balances reported, and what was set up or purchased since and not yet reported. Paid-off loans
        are left out, and so are those that ended in the very month that set them up. Empty where the deal is kept at pool level.
        """
        return live_loans(self.loans_bearing(deal, known_at, not_loans=not_loans))

    def loans_bearing(self, deal: str, known_at: int | None = None, *, not_loans: Collection[str] = ()) -> Iterator[Bearing]:
        """All that `live_loans` makes `loan_balances` of: of all loans, or of some of them at a time where they are many."""
        deal_id, columns = self.deal_id(deal), tables.event.c
        period = self._latest_stated_period(deal_id, known_at, not_loans)
        of_period, later = self._positions_since(deal_id, period, known_at)
        came = (columns.kind.in_(SET_UP), columns.position.in_([*of_period, *later]))
        some_came = False
        for loan, balance in self._balances(deal_id, not_loans, func.coalesce(columns.balance, columns.amount), *came):
            some_came = True
            yield Bearing(loan, "set up", balance)
        for loan, balance in self._balances(deal_id, not_loans, columns.balance, columns.kind.not_in(SET_UP), columns.position.in_(of_period)):
            yield Bearing(loan, "stated", balance)
        yield from (Bearing(loan, "moved") for loan in self._moved(deal_id, of_period if some_came else []))
        yield from (Bearing(loan, "moved later") for loan in self._moved(deal_id, later))

    def _positions_since(self, deal_id: int, period: date | None, known_at: int | None, until: date = date.max) -> tuple[list[int], list[int]]:
        """The positions of a period's commits, and of later periods' after the first of them, until one; without a period, of all that have one.

        A correction of an earlier month, made later, says nothing of this one.
        """
        commits = tables.log_commit.c
        named = select(commits.position, commits.period).where(commits.position.in_(self.positions(deal_id, None, known_at)), commits.deal_id == deal_id)
        rows = [(position, key) for position, key in self.connection.execute(named.where(commits.period <= until).order_by(commits.position))]
        of_period = [position for position, key in rows if key == period]
        first = of_period[0] if of_period else 0
        return of_period, [position for position, key in rows if position >= first and (period is None or key > period)]

    def last_stated(self, deal: str, known_at: int | None = None, *, not_loans: Collection[str] = ()) -> int:
        """The position of the last remittance of the latest period that reported loans' balances; 0 where there is none."""
        deal_id = self.deal_id(deal)
        period = self._latest_stated_period(deal_id, known_at, not_loans)
        if period is None:
            return 0
        of_period = self.positions(deal_id, period, known_at).where(tables.log_commit.c.treatment == "original", tables.log_commit.c.source.is_not(None))
        return self.connection.execute(select(func.max(of_period.subquery().c.position))).scalar_one() or 0

    def _moved(self, deal_id: int, positions: Collection[int]) -> Iterator[str]:
        """The loans whose balance some event moves; an adjustment states no balance, whether the loan ended or not."""
        columns, commits = tables.event.c, tables.log_commit.c
        adjusts = select(commits.position).where(commits.deal_id == deal_id, commits.treatment == "adjust")
        moving = (columns.kind.in_(MOVING), columns.subject.is_not(None), columns.position.in_(positions), columns.position.not_in(adjusts))
        chosen = select(columns.subject).where(columns.deal_id == deal_id, *moving)
        return (row[0] for row in self._streamed(chosen.distinct()))

    def _balances(self, deal_id: int, not_loans: Collection[str], value: ColumnElement[Money], *conditions: ColumnElement[bool]) -> Iterator[LoanBalance]:
        """A balance a row: what the database would add up by loan it would sort first, which takes longer than all the rest."""
        columns = tables.event.c
        chosen = select(columns.subject, value).where(columns.deal_id == deal_id, columns.subject.is_not(None), value.is_not(None), *conditions)
        return (LoanBalance(loan, balance) for loan, balance in self._streamed(chosen) if loan not in not_loans)

    def _streamed(self, chosen: Select[Any]) -> Iterator[Any]:
        """Rows that memory need not hold; many at once, since a row at a time takes twice as long."""
        with self.connection.execute(chosen.execution_options(yield_per=_ROWS_AT_ONCE)) as found:
            for rows in found.partitions():
                yield from rows

    def _latest_stated_period(self, deal_id: int, known_at: int | None, not_loans: Collection[str], until: date = date.max) -> date | None:
        """The latest period, not after `until`, in which some loan's balance was reported; the last remittance nearly always, so the search goes backwards."""
        columns, commits = tables.event.c, tables.log_commit.c
        stated = select(columns.position).where(
            columns.deal_id == deal_id, columns.kind.not_in(SET_UP), columns.balance.is_not(None), columns.subject.is_not(None)
        )
        if not_loans:
            stated = stated.where(columns.subject.not_in(sorted(not_loans)))
        if self.connection.execute(stated.where(columns.position <= (known_at or 2**31 - 1)).limit(1)).one_or_none() is None:
            return None
        periods = select(commits.period).where(commits.position.in_(self.positions(deal_id, None, known_at)), commits.deal_id == deal_id)
        for (period,) in self.connection.execute(periods.where(commits.period <= until).distinct().order_by(commits.period.desc())).all():
            of_period = columns.position.in_(self.positions(deal_id, period, known_at))
            if self.connection.execute(stated.where(of_period).limit(1)).one_or_none() is not None:
                return period  # type: ignore[no-any-return]
        return None


def live_loans(bearings: Iterable[Bearing]) -> dict[str, Money]:
    """The balances of the loans that are live, units at carry scale.

    A month states the balance of every loan that it moves and leaves alive: one that was moved and states none has ended.
    """
    said: dict[str, dict[str, Money]] = {"set up": {}, "stated": {}, "moved": {}, "moved later": {}}
    for loan, says, balance in bearings:
        of_kind = said[says]
        of_kind[loan] = of_kind.get(loan, 0) + balance
    stated, moved, later = said["stated"], said["moved"], said["moved later"]
    known = {**said["set up"], **stated}
    return {loan: balance for loan, balance in known.items() if balance and loan not in later and (loan not in moved or loan in stated)}


def added(balances: Iterable[LoanBalance]) -> dict[str, Money]:
    """The balance of each loan."""
    total: dict[str, Money] = {}
    for loan, balance in balances:
        total[loan] = total.get(loan, 0) + balance
    return total


def of_life() -> ColumnElement[bool]:
    """The condition of the index `event_by_loan` in its own words: SQLite uses a partial index only where a query repeats its condition letter by letter."""
    return tables.event.c.kind.in_([literal_column(f"'{kind}'") for kind in OF_LIFE])
