"""A posting: money moves from one account of the trust's books to another.

A transfer does both halves of an entry, so the accounts always sum to zero: an asset has a positive balance, a claim on the trust a negative one.
The chart of accounts is in docs/books.md; the functions below are the only place that spells an account's name.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from ledger.core.money import Money


class Posting(NamedTuple):
    """`amount` (always above zero, units at carry scale) leaves `source` and enters `destination`.

    `step` names the step of the deal file, or the kind of event, that made it. `item` is the statement figure that the posting is part of,
    `A.interest_paid`; a figure is the sum of its postings, and an item that begins with `-` lowers it. `cause` is `events` or the step's number.
    `origin_period` is the period that a correction belongs to.
    """

    step: str
    item: str
    cause: str
    source: str
    destination: str
    amount: Money
    origin_period: date | None = None


EXCESS = "excess"
LOSS = "loss"
ROUNDING = "rounding"
SETTLEMENT_CASH = "cash.settlement"
"""What the bank holds more or less than a restated period says it should, until it is settled."""


def cash(account: str) -> str:
    """The money held in an account of the deal file; `due` is what was reported for it and is not yet wired."""
    return f"cash.{account}"


def due(account: str) -> str:
    return f"due.{account}"


def entitlement(account: str) -> str:
    """Stands for both `cash` and `due` of an account that holds no money (`cash: false`)."""
    return f"entitlement.{account}"


def principal(tranche: str) -> str:
    """The class balance, as a claim: minus the balance that investors read."""
    return f"{tranche}.principal"


def interest(tranche: str) -> str:
    """Interest of this period not yet paid; `shortfall` is interest brought forward, `interest_on_unpaid` the interest on that."""
    return f"{tranche}.interest"


def shortfall(tranche: str) -> str:
    return f"{tranche}.shortfall"


def interest_on_unpaid(tranche: str) -> str:
    return f"{tranche}.interest_on_unpaid"


class Claims(NamedTuple):
    """The accounts of what the trust owes one class, spelt once for a whole deal."""

    principal: str
    interest: str
    shortfall: str
    interest_on_unpaid: str


def claims(tranche: str) -> Claims:
    return Claims(principal(tranche), interest(tranche), shortfall(tranche), interest_on_unpaid(tranche))


class Items(NamedTuple):
    """The statement figures of one class that postings are part of, spelt once for a whole deal."""

    interest_accrued: str
    interest_on_unpaid_accrued: str
    interest_shortfall: str
    interest_paid: str
    interest_lost: str
    principal_paid: str
    accreted: str
    realized_loss: str
    written_up: str
    other_paid: str
    adjustment: str


def items(tranche: str) -> Items:
    return Items(*(f"{tranche}.{name}" for name in Items._fields))


def residual(tranche: str) -> str:
    return f"{tranche}.residual"


def other(tranche: str) -> str:
    """What a class is paid for one of its ledgers, a basis-risk carry-forward for instance."""
    return f"{tranche}.other"


def fee(payee: str) -> str:
    return f"{payee}.fee"


def owed(payee: str) -> str:
    """Money owed to a payee (below zero) or by one (above), because a closed period was restated."""
    return f"owed.{payee}"


def misapplied(payee: str) -> str:
    """Owed to a payee (below zero) or by one (above), because a closed period paid the one what was the other's: netted from the next payments."""
    return f"misapplied.{payee}"


def ledger(name: str, tranche: str | None = None) -> str:
    """A memo balance of the deal file, per class or as a whole; `ledger_memo` is its other side, so that the pair sums to zero by itself."""
    return f"{name}.{tranche or 'total'}"


def ledger_memo(name: str) -> str:
    return f"{name}.memo"
