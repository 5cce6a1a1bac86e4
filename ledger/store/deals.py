"""What every reader of a deal begins with: the number that stands for the deal, and the positions of its commits."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection, Select, bindparam, select

from ledger.core.log_text import has_refused
from ledger.core.problems import Problem, ProblemsFound
from ledger.store import tables

_DEAL = select(tables.deal.c.deal_id).where(tables.deal.c.name == bindparam("deal"))


class DealReader:
    """Reads within one transaction, so that all answers agree. Every method raises ProblemsFound for a deal that does not exist."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._ids: dict[str, int] = {}

    def deal_id(self, deal: str) -> int:
        """The number that stands for a deal inside this database; never shown, never hashed."""
        if has_refused(deal):
            raise self.unknown_deal(deal)
        if deal not in self._ids:
            found = self.connection.execute(_DEAL, {"deal": deal}).scalar_one_or_none()
            if found is None:
                raise self.unknown_deal(deal)
            self._ids[deal] = found
        return self._ids[deal]

    @staticmethod
    def unknown_deal(deal: str) -> ProblemsFound:
        shown = f"{deal!a}" if has_refused(deal) else deal
        return ProblemsFound([Problem(f"there is no deal named {shown}", "see `tranche deal list`, or open it with `tranche deal open FILE`")])

    @staticmethod
    def positions(deal_id: int, period: date | None, known_at: int | None) -> Select[tuple[int]]:
        """The positions of a period's commits as known at a position: always used with IN, since a join made SQLite scan the deal."""
        commits = tables.log_commit.c
        chosen = select(commits.position).where(commits.deal_id == deal_id)
        if period is not None:
            chosen = chosen.where(commits.period == period)
        return chosen if known_at is None else chosen.where(commits.position <= known_at)
