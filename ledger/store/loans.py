"""Reading single loans: which are live, with what balance, and whether one is known."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from sqlalchemy import ColumnElement, Connection, Select, func, select

from ledger.core.money import Money
from ledger.store import tables

_SET_UP = ("loan_setup", "purchase")
_STATED = ("payment", "closing_balance")


class LoanReader:
    """The part of `Reader` that reads loan by loan. `not_loans` are the pools and accounts of the deal, whose closing balances are reported too."""

    connection: Connection

    def deal_id(self, deal: str) -> int:
        raise NotImplementedError

    @staticmethod
    def positions(deal_id: int, period: date | None, known_at: int | None) -> Select[tuple[int]]:
        raise NotImplementedError

    def loan_known(self, deal: str, subject: str, known_at: int | None = None) -> bool:
        """Whether any event ever named this loan."""
        deal_id, columns = self.deal_id(deal), tables.event.c
        named = select(columns.line).where(columns.deal_id == deal_id, columns.subject == subject)
        found = named.where(columns.position.in_(self.positions(deal_id, None, known_at))).limit(1)
        return self.connection.execute(found).one_or_none() is not None

    def loan_balances(self, deal: str, known_at: int | None = None, *, not_loans: Collection[str] = ()) -> dict[str, Money]:
        """The unpaid balance of each live loan, units at carry scale.

        That is what the latest period with loan-level balances reported, and what was set up or purchased since and not yet reported. Paid-off loans
        are left out, and so are those that ended in the very month that set them up. Empty where the deal is kept at pool level.
        """
        deal_id, columns = self.deal_id(deal), tables.event.c
        period = self._latest_stated_period(deal_id, known_at, not_loans)
        stated, since = {}, 0
        if period is not None:
            of_period = columns.position.in_(self.positions(deal_id, period, known_at))
            stated = self._balance_by_loan(deal_id, not_loans, columns.balance, columns.kind.not_in(_SET_UP), of_period)
            since = self.connection.execute(select(func.min(self.positions(deal_id, period, known_at).subquery().c.position))).scalar_one()
        later = columns.position.in_(self.positions(deal_id, None, known_at).where(tables.log_commit.c.position >= since))
        set_up = self._balance_by_loan(deal_id, not_loans, func.coalesce(columns.balance, columns.amount), columns.kind.in_(_SET_UP), later)
        unstated = {loan: balance for loan, balance in set_up.items() if loan not in stated}
        if unstated:
            # A month states the balance of every loan that it moves and leaves alive: one that was moved and states none has ended.
            moved = select(columns.subject).where(columns.deal_id == deal_id, columns.kind.not_in(_SET_UP), columns.subject.is_not(None), later).distinct()
            ended = set(self.connection.execute(moved).scalars())
            unstated = {loan: balance for loan, balance in unstated.items() if loan not in ended}
        return {loan: balance for loan, balance in (unstated | stated).items() if balance != 0}

    def _balance_by_loan(self, deal_id: int, not_loans: Collection[str], value: ColumnElement[Money], *conditions: ColumnElement[bool]) -> dict[str, Money]:
        """Signed sums by loan: a reversed balance is out, its restatement in. One row a loan and period carries a balance."""
        columns = tables.event.c
        chosen = select(columns.subject, func.sum(value)).where(columns.deal_id == deal_id, columns.subject.is_not(None), value.is_not(None))
        found = self.connection.execute(chosen.where(*conditions).group_by(columns.subject))
        return {loan: int(balance) for loan, balance in found if loan not in not_loans}

    def _latest_stated_period(self, deal_id: int, known_at: int | None, not_loans: Collection[str]) -> date | None:
        """The latest period in which some loan's balance was reported; the last remittance nearly always, so the search goes backwards."""
        columns, commits = tables.event.c, tables.log_commit.c
        stated = select(columns.position).where(
            columns.deal_id == deal_id, columns.kind.in_(_STATED), columns.balance.is_not(None), columns.subject.is_not(None)
        )
        if not_loans:
            stated = stated.where(columns.subject.not_in(sorted(not_loans)))
        if self.connection.execute(stated.where(columns.position <= (known_at or 2**31 - 1)).limit(1)).one_or_none() is None:
            return None
        periods = select(commits.period).where(commits.position.in_(self.positions(deal_id, None, known_at)), commits.deal_id == deal_id)
        for (period,) in self.connection.execute(periods.where(commits.period.is_not(None)).distinct().order_by(commits.period.desc())).all():
            of_period = columns.position.in_(self.positions(deal_id, period, known_at))
            if self.connection.execute(stated.where(of_period).limit(1)).one_or_none() is not None:
                return period  # type: ignore[no-any-return]
        return None
