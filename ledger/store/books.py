"""Reading distributions, postings, balances and published statements."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection, select

from ledger.core.money import Money
from ledger.core.posting import Posting
from ledger.core.problems import Problem, ProblemsFound
from ledger.store import tables


class BalanceRow(NamedTuple):
    """An account over one distribution; units at carry scale, closing = opening + received - paid."""

    account: str
    opening: Money
    received: Money
    paid: Money
    closing: Money


class DistributionRow(NamedTuple):
    """A period's run of the waterfall.

    `number` counts the deal's distributions as recorded; `previous` is the one whose closing this one opens with. `period` is the scheduled date,
    `distribution_date` the adjusted one. `known_at` is the position of the commit that recorded it. `state` is canonical JSON of the closing values
    that are no account balances.
    """

    number: int
    previous: int | None
    period: date
    distribution_date: date
    version: int
    known_at: int
    terms_digest: str
    postings_digest: str
    rules: int
    state: str


class StatementRow(NamedTuple):
    """A published statement: its canonical JSON and the SHA-256 of it, in hex."""

    distribution: int
    version: int
    known_at: int
    digest: str
    body: str


_DISTRIBUTION = [tables.distribution.c[name] for name in DistributionRow._fields]
_BALANCE = [tables.balance.c[name] for name in BalanceRow._fields]
_POSTING = [tables.posting.c[name] for name in Posting._fields]
_STATEMENT = [tables.statement.c[name] for name in StatementRow._fields]


class BookReader:
    """The part of `Reader` that reads what distributions left."""

    connection: Connection

    def deal_id(self, deal: str) -> int:
        raise NotImplementedError

    def latest_distribution(self, deal: str, *, on_or_before: date | None = None, known_at: int | None = None) -> DistributionRow | None:
        """The latest version of the last distribution paid on or before a date, of those recorded up to a position."""
        columns = tables.distribution.c
        chosen = select(*_DISTRIBUTION).where(columns.deal_id == self.deal_id(deal))
        if on_or_before is not None:
            chosen = chosen.where(columns.distribution_date <= on_or_before)
        if known_at is not None:
            chosen = chosen.where(columns.known_at <= known_at)
        latest = chosen.order_by(columns.distribution_date.desc(), columns.known_at.desc(), columns.number.desc()).limit(1)
        row = self.connection.execute(latest).one_or_none()
        return None if row is None else DistributionRow(*row)

    def distribution(self, deal: str, number: int) -> DistributionRow:
        """Raises ProblemsFound where there is none of that number."""
        columns = tables.distribution.c
        row = self.connection.execute(select(*_DISTRIBUTION).where(columns.deal_id == self.deal_id(deal), columns.number == number)).one_or_none()
        if row is None:
            raise ProblemsFound([Problem(f"there is no distribution {number}", "see `tranche history`", place=deal)])
        return DistributionRow(*row)

    def distributions(self, deal: str) -> list[DistributionRow]:
        """All of them, in the order in which they were recorded."""
        columns = tables.distribution.c
        chosen = select(*_DISTRIBUTION).where(columns.deal_id == self.deal_id(deal)).order_by(columns.number)
        return [DistributionRow(*row) for row in self.connection.execute(chosen)]

    def balances(self, deal: str, number: int) -> dict[str, BalanceRow]:
        """By account; empty where there is no such distribution."""
        columns = tables.balance.c
        chosen = select(*_BALANCE).where(columns.deal_id == self.deal_id(deal), columns.distribution == number).order_by(columns.account)
        return {row.account: BalanceRow(*row) for row in self.connection.execute(chosen)}

    def postings(self, deal: str, number: int) -> list[Posting]:
        """In the order in which they were made."""
        columns = tables.posting.c
        chosen = select(*_POSTING).where(columns.deal_id == self.deal_id(deal), columns.distribution == number).order_by(columns.line)
        return [Posting(*row) for row in self.connection.execute(chosen)]

    def statements(self, deal: str, number: int | None = None) -> list[StatementRow]:
        """Published statements, of one distribution or of all."""
        columns = tables.statement.c
        chosen = select(*_STATEMENT).where(columns.deal_id == self.deal_id(deal)).order_by(columns.distribution, columns.version)
        if number is not None:
            chosen = chosen.where(columns.distribution == number)
        return [StatementRow(*row) for row in self.connection.execute(chosen)]
