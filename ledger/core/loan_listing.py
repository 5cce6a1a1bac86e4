"""A listing of the loans of a period, and how loans and pools rolled forward through it: what reports print."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from ledger.core.deal import Digits
from ledger.core.figure import Figure
from ledger.core.loan_ledger import LoanRow
from ledger.core.loan_shares import Share
from ledger.core.money import Money


class Roll(NamedTuple):
    """How a loan, or the loans of a pool together, went through a period; units at carry scale."""

    subject: str
    opening: Money
    principal: Money
    loss: Money
    adjustment: Money
    closing: Money

    @property
    def rolled(self) -> Money:
        """What the opening balance and the movements make."""
        return self.opening - self.principal - self.loss + self.adjustment


@dataclass(frozen=True, slots=True)
class LoanListing:
    """The loans of a period, as known at a position. `rows` come one by one while the database is being read, in the order of the loans' ids.

    `paid_on` is None for a period that is not distributed. With an `item`, `share` is each loan's part in that figure of the `subject`, and `figure` the
    figure as the statement has it.
    """

    deal: str
    title: str
    currency: str
    scale: int
    printed: Digits
    period: date
    paid_on: date | None
    position: int
    rows: Iterator[LoanRow]
    subject: str = ""
    item: str = ""
    share: Share | None = None
    figure: Figure | None = None


class PoolRoll(NamedTuple):
    """The loans of a pool together in a period, with the pool's closing balance in the books; None for a period that is not distributed."""

    roll: Roll
    books: Money | None


@dataclass(frozen=True, slots=True)
class LoanCheck:
    """The loans that do not roll forward in a period within a `tolerance`, and every pool. Money is units at carry scale."""

    deal: str
    scale: int
    period: date
    position: int
    tolerance: Money
    loans: tuple[Roll, ...]
    pools: tuple[PoolRoll, ...]

    @property
    def is_clean(self) -> bool:
        """Whether every loan rolls forward, and every pool: by its loans, and to what the books hold of it."""
        return not self.loans and not any(map(self.misses, self.pools))

    def misses(self, pool: PoolRoll) -> bool:
        stated = pool.roll.closing if pool.books is None else pool.books
        return max(abs(pool.roll.rolled - pool.roll.closing), abs(stated - pool.roll.closing)) > self.tolerance
