"""Reading distributions, postings, balances and published statements."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import NamedTuple

from sqlalchemy import Integer, bindparam, exists, select

from ledger.core.distribution import BalanceRow
from ledger.core.posting import Posting
from ledger.core.problems import Problem, ProblemsFound
from ledger.store import tables
from ledger.store.deals import DealReader
from ledger.store.seal import DistributionHeader


class DistributionRow(NamedTuple):
    """A period's run of the waterfall, as `seal.DistributionHeader` says it, with its digest and the position of the commit that recorded it."""

    number: int
    previous: int | None
    period: date
    distribution_date: date
    version: int
    terms_digest: str
    rules: int
    state: str
    known_at: int
    digest: str

    @property
    def header(self) -> DistributionHeader:
        """What the digest covers beside the postings."""
        return DistributionHeader(self.number, self.previous, self.period, self.distribution_date, self.version, self.terms_digest, self.rules, self.state)


class StatementRow(NamedTuple):
    """A published statement: its canonical JSON, the SHA-256 of it in hex, and the position of the commit that published it (`known_at`)."""

    distribution: int
    version: int
    known_at: int
    digest: str
    body: str


class VersionRow(NamedTuple):
    """One version of a period's distribution, without what it says: its number, the period's key, the version, and whether its statement is published."""

    number: int
    period: date
    version: int
    is_published: bool


_DISTRIBUTION = [tables.distribution.c[name] for name in DistributionRow._fields]
_BALANCE = [tables.balance.c[name] for name in BalanceRow._fields]
_POSTING = [tables.posting.c[name] for name in Posting._fields]
_STATEMENT = [tables.statement.c[name] for name in StatementRow._fields]

# Put together once: a month-end asks each deal for these.
_DISTRIBUTIONS, _BALANCES, _POSTINGS = tables.distribution.c, tables.balance.c, tables.posting.c
_DEAL, _NUMBER = bindparam("deal", type_=Integer), bindparam("number", type_=Integer)
_NUMBERED = select(*_DISTRIBUTION).where(_DISTRIBUTIONS.deal_id == _DEAL, _DISTRIBUTIONS.number == _NUMBER)
_LATEST_FIRST = (_DISTRIBUTIONS.distribution_date.desc(), _DISTRIBUTIONS.known_at.desc(), _DISTRIBUTIONS.number.desc())
_LATEST = select(*_DISTRIBUTION).where(_DISTRIBUTIONS.deal_id == _DEAL).order_by(*_LATEST_FIRST).limit(1)
_HELD = select(*_BALANCE).where(_BALANCES.deal_id == _DEAL, _BALANCES.distribution == _NUMBER).order_by(_BALANCES.account)
_CLOSING = select(_BALANCES.account, _BALANCES.closing).where(_BALANCES.deal_id == _DEAL, _BALANCES.distribution == _NUMBER, _BALANCES.closing != 0)
_POSTED = select(*_POSTING).where(_POSTINGS.deal_id == _DEAL, _POSTINGS.distribution == _NUMBER).order_by(_POSTINGS.line)


class BookReader(DealReader):
    """The part of `Reader` that reads what distributions left."""

    def latest_distribution(self, deal: str, *, on_or_before: date | None = None, known_at: int | None = None) -> DistributionRow | None:
        """The latest version of the last distribution paid on or before a date, of those recorded up to a position."""
        chosen = _LATEST
        if on_or_before is not None:
            chosen = chosen.where(_DISTRIBUTIONS.distribution_date <= on_or_before)
        if known_at is not None:
            chosen = chosen.where(_DISTRIBUTIONS.known_at <= known_at)
        row = self.connection.execute(chosen, {"deal": self.deal_id(deal)}).one_or_none()
        return None if row is None else DistributionRow(*row)

    def distribution(self, deal: str, number: int) -> DistributionRow:
        """Raises ProblemsFound where there is none of that number."""
        row = self.connection.execute(_NUMBERED, self._of(deal, number)).one_or_none()
        if row is None:
            raise ProblemsFound([Problem(f"there is no distribution {number}", "see `tranche events`", place=deal)])
        return DistributionRow(*row)

    def distributions(self, deal: str) -> list[DistributionRow]:
        """All of them, in the order in which they were recorded."""
        columns = tables.distribution.c
        chosen = select(*_DISTRIBUTION).where(columns.deal_id == self.deal_id(deal)).order_by(columns.number)
        return [DistributionRow(*row) for row in self.connection.execute(chosen)]

    def versions(self, deal: str) -> list[VersionRow]:
        """Every version of every period, in the order in which they were recorded; no closing state and no statement is read."""
        columns, published = tables.distribution.c, tables.statement.c
        of_version = (published.deal_id == columns.deal_id) & (published.distribution == columns.number)
        chosen = select(columns.number, columns.period, columns.version, exists().where(of_version)).where(columns.deal_id == self.deal_id(deal))
        return [VersionRow(*row) for row in self.connection.execute(chosen.order_by(columns.number))]

    def balances(self, deal: str, number: int) -> dict[str, BalanceRow]:
        """By account; empty where there is no such distribution."""
        return {row[0]: BalanceRow(*row) for row in self.connection.execute(_HELD, self._of(deal, number)).all()}

    def closing_of(self, deal: str, number: int) -> dict[str, int]:
        """What each account held at the close of a distribution; nothing of an account that was empty."""
        return {row.account: row.closing for row in self.connection.execute(_CLOSING, self._of(deal, number)).all()}

    def closing_balances(self, deal: str) -> dict[int, dict[str, int]]:
        """What each account held at the close of every distribution, by its number; nothing of an account that was empty."""
        columns = tables.balance.c
        of_deal = (columns.deal_id == self.deal_id(deal), columns.closing != 0)
        found: dict[int, dict[str, int]] = defaultdict(dict)
        for number, account, closing in self.connection.execute(select(columns.distribution, columns.account, columns.closing).where(*of_deal)).all():
            found[number][account] = closing
        return found

    def postings(self, deal: str, number: int) -> list[Posting]:
        """In the order in which they were made."""
        return [Posting(*row) for row in self.connection.execute(_POSTED, self._of(deal, number)).all()]

    def _of(self, deal: str, number: int) -> dict[str, int]:
        return {"deal": self.deal_id(deal), "number": number}

    def statements(self, deal: str, number: int | None = None) -> list[StatementRow]:
        """Published statements, of one distribution or of all."""
        columns = tables.statement.c
        chosen = select(*_STATEMENT).where(columns.deal_id == self.deal_id(deal)).order_by(columns.distribution, columns.version)
        if number is not None:
            chosen = chosen.where(columns.distribution == number)
        return [StatementRow(*row) for row in self.connection.execute(chosen)]
