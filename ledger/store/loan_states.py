"""What the log knows of single loans when a servicer's file is compared with it: which ever came into the books, and what each has lost so far."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import case, func, select

from ledger.core.events import SET_UP
from ledger.core.money import Money
from ledger.store import tables
from ledger.store.deals import DealReader
from ledger.store.loans import of_life

_COLUMNS = tables.event.c
_LOSSES = ("realized_loss", "modification_loss", "subsequent_recovery")


class LoanStateReader(DealReader):
    """The part of `Reader` that reads the loans as a whole."""

    def loans_ever(self, deal: str, known_at: int | None = None) -> set[str]:
        """Every loan that ever came into the books."""
        deal_id = self.deal_id(deal)
        came = (_COLUMNS.deal_id == deal_id, of_life(), _COLUMNS.kind.in_(SET_UP), _COLUMNS.position.in_(self.positions(deal_id, None, known_at)))
        return set(self.connection.execute(select(_COLUMNS.subject).where(*came).distinct()).scalars())

    def losses_so_far(self, deal: str, known_at: int | None = None, *, not_loans: Collection[str] = ()) -> dict[str, Money]:
        """What was lost by loan, less what was received after its liquidation, units at carry scale; of the loans that lost anything."""
        deal_id = self.deal_id(deal)
        lost = func.sum(case((_COLUMNS.kind == "subsequent_recovery", -_COLUMNS.amount), else_=func.coalesce(_COLUMNS.amount, _COLUMNS.principal)))
        of_deal = (_COLUMNS.deal_id == deal_id, of_life(), _COLUMNS.kind.in_(_LOSSES), _COLUMNS.position.in_(self.positions(deal_id, None, known_at)))
        found = self.connection.execute(select(_COLUMNS.subject, lost).where(*of_deal, _COLUMNS.subject.is_not(None)).group_by(_COLUMNS.subject))
        return {loan: int(amount) for loan, amount in found if loan not in not_loans}
