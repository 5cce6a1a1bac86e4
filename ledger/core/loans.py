"""What is known of a deal's loans at the end of a period: counted and summed, and one by one where something happened to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from ledger.core.figure import Figure
from ledger.core.money import Money


class Bucket(NamedTuple):
    """The loans of a pool that stand alike: in a state of `ledger.core.events.STATES`, else so many days past due or more, 0 for less than the first
    bucket; both where a servicer tells apart how late the loans of a state are. None for what is not told; the balance is in units at carry scale."""

    pool: str
    days: int | None
    state: str | None
    loans: int | None
    balance: Money | None


class Weight(NamedTuple):
    """A balance, units at carry scale, with the rate a year (as text) or the maturity that its loans have; None where it is not known."""

    pool: str
    term: str | date | None
    balance: Money


class LoanLoss(NamedTuple):
    """A loan that defaulted, was liquidated, charged off or recovered on in a period; units at carry scale.

    `defaulted` is what its `default` stated and `balance` what was liquidated or charged off: `loss` is that, with the expenses, less the proceeds.
    `modified` is principal that was forgiven or lost in a modification.
    """

    loan: str
    defaulted: Money
    balance: Money
    proceeds: Money
    expenses: Money
    loss: Money
    modified: Money
    recovered: Money


class LoanTerms(NamedTuple):
    """What a loan bears and when it falls due; None where that is not known."""

    rate: str | None = None
    maturity: date | None = None


class Modification(NamedTuple):
    """A loan whose terms were changed in a period: as they were, as they are, and the servicer's word for it. A new term of None is the old one."""

    loan: str
    old: LoanTerms
    new: LoanTerms
    code: str | None


@dataclass(frozen=True, slots=True)
class Tape:
    """The loans at the end of a period, by pool. `balances` are sums of loans, and empty for a deal that is reported in totals; `is_told`: whether anything
    was said of how they pay."""

    opening_loans: Mapping[str, int] = field(default_factory=dict)
    closing_loans: Mapping[str, int] = field(default_factory=dict)
    balances: Mapping[str, Money] = field(default_factory=dict)
    buckets: Sequence[Bucket] = ()
    rates: Sequence[Weight] = ()
    maturities: Sequence[Weight] = ()
    losses: tuple[LoanLoss, ...] = ()
    modifications: tuple[Modification, ...] = ()
    is_told: bool = False


@dataclass(frozen=True, slots=True)
class Collateral:
    """What a statement says of the loans: sections of figures by subject and item, and lists of single loans.

    `methods` say how each pool counts days past due, where its deal file says.
    """

    sections: Mapping[str, Mapping[str, Mapping[str, Figure]]] = field(default_factory=dict)
    losses: tuple[LoanLoss, ...] = ()
    modifications: tuple[Modification, ...] = ()
    methods: Mapping[str, str] = field(default_factory=dict)


NOTHING_SAID = Collateral()
