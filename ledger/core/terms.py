"""The terms of a deal, ready to run: every formula compiled, every name resolved, every rule of the deal file checked.

`compile_deal` turns a `Deal` (what the file says) into `Terms` (what a period runs on), or raises all that is wrong at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Literal, TypeAlias

from ledger.core import posting
from ledger.core.allocation import Allocation, Branch
from ledger.core.daycount import months_before, year_fraction
from ledger.core.deal import AccrualFrom, Deal, Pool, Verb
from ledger.core.events import Component, Leg
from ledger.core.formula import Read, Term
from ledger.core.money import LIMIT, Exact, Money, format_exact, format_money
from ledger.core.posting import SETTLEMENT_CASH, Claims, Items
from ledger.core.problems import Path, Problem
from ledger.core.schedule import PeriodDates

What = Literal["interest", "fees", "due", "principal", "rest", "ledger", "amount"]
"""What a `pay` pays: what each payee is owed of a sort, all that the sources hold, or an amount."""


@dataclass(frozen=True, slots=True)
class CompiledStep:
    """A step ready to run. `number` counts the file's steps from 1, `label` is what statements print, `path` is its place in the file.

    `amount` and `limit` give units of money, rounded as the deal says; exact where it rounds interest once, when that is due. `payees` are the leaves of
    `tree`, in order; `gives` is the tree ready to be given an amount, `takes_back` that of a `record` by which its ledgers are lowered. `cause` is that of
    the step's postings. `ledger` is the ledger that is paid or recorded; `settles` and `adds_to` name ledgers (`B.pdl` as ("pdl", "B"), a ledger of the
    whole deal as ("borrowed", None), one of the payee's own as ("pdl", "")).
    """

    number: int
    label: str
    path: Path
    verb: Verb
    what: What
    amount: Read | None
    tree: Branch | None
    payees: tuple[str, ...]
    sources: tuple[str, ...]
    limit: Read | None
    when: Read | None
    as_: str | None
    ledger: str | None
    settles: tuple[str, str | None] | None
    adds_to: tuple[str, str | None] | None
    cause: str
    gives: Allocation | None = None
    takes_back: Allocation | None = None


@dataclass(frozen=True, slots=True)
class CompiledBlock:
    """Steps under one condition, read once on entry."""

    when: Read
    steps: tuple[Steps, ...]


Steps: TypeAlias = CompiledStep | CompiledBlock


@dataclass(frozen=True, slots=True, eq=False)
class Clock:
    """The part of a year that a day count gives each accrual period. Classes and fees that accrue alike share one, so that a period asks it once."""

    day_count: str
    accrual: AccrualFrom
    months: int

    def year_fraction(self, dates: PeriodDates, number: int) -> Exact:
        start, end = self.span(dates, number)
        return year_fraction(self.day_count, start, end, period=(start, end), periods_per_year=12 // self.months)

    def span(self, dates: PeriodDates, number: int) -> tuple[date, date]:
        """First day and last day of the accrual period; the last is not counted."""
        match self.accrual.period:
            case "payment":
                start, end = dates.previous_distribution, dates.distribution
            case "scheduled":
                start, end = dates.previous_scheduled, dates.scheduled
            case _:
                end = dates.scheduled.replace(day=1)
                start = months_before(end, self.months)
        if number == 1 and self.accrual.from_ is not None:
            start = self.accrual.from_
        return start, end


@dataclass(frozen=True, slots=True)
class AccrualTerms:
    """How a class or fee accrues: `rate` a year on `basis` (units), over the part of a year that its clock gives."""

    rate: Read
    basis: Read
    clock: Clock


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison of a trigger: its text, and both its sides, in like units."""

    text: str
    actual: Term
    operator: str
    threshold: Term


@dataclass(frozen=True, slots=True)
class CompiledTrigger:
    name: str
    fails_when: Read
    curable: bool
    at_closing: bool
    comparisons: tuple[Comparison, ...] = ()


@dataclass(slots=True)
class Terms:
    """What a period runs on; built by `ledger.core.compiler`, not changed afterwards.

    `legs` are, by pool and component, the accounts between which an amount is posted; a component that no account collects has none. `places` order the
    components as they are posted. `due_accounts` hold what is reported of money and not yet wired. `owed_by` are, by fee, the components that raise (1)
    or lower (-1) what it is owed, `loss_items` by pool the figures that raise or lower the loss waiting to be allocated. `held_funds` are the accounts that
    steps pay out of, `own_funds` those of money, held and reported.
    `seniority` are the classes from senior to junior, those of like rank together.
    """

    deal: Deal
    original: dict[str, Money] = field(default_factory=dict)
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)
    seniority: tuple[tuple[str, ...], ...] = ()
    ledger_classes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    accruals: dict[str, AccrualTerms] = field(default_factory=dict)
    on_unpaid: dict[str, Read] = field(default_factory=dict)
    fee_amounts: dict[str, Read] = field(default_factory=dict)
    owed_by: dict[str, dict[str, int]] = field(default_factory=dict)
    targets: dict[str, Read] = field(default_factory=dict)
    collecting: dict[tuple[str, str], str] = field(default_factory=dict)
    legs: dict[tuple[str, str], tuple[Leg, ...]] = field(default_factory=dict)
    named_collections: list[tuple[str, str, Read]] = field(default_factory=list)
    pool_balances: dict[str, Read] = field(default_factory=dict)
    missing: dict[str, Read] = field(default_factory=dict)
    values: dict[str, Term] = field(default_factory=dict)
    triggers: list[CompiledTrigger] = field(default_factory=list)
    steps: tuple[Steps, ...] = ()
    kept: dict[str, int] = field(default_factory=dict)
    call_allowed: Read | None = None
    components: Mapping[str, Component] = field(default_factory=dict)
    loss_items: dict[str, dict[str, int]] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    scale: int = field(init=False)
    minor_unit: Money = field(init=False)
    claims: Mapping[str, Claims] = field(init=False)
    items: Mapping[str, Items] = field(init=False)
    pool_accounts: Mapping[str, tuple[str, ...]] = field(init=False)
    cash_accounts: Mapping[str, str] = field(init=False)
    accounts_of_cash: Mapping[str, str] = field(init=False)
    due_accounts: Mapping[str, str] = field(init=False)
    payable_units: Mapping[str, Money] = field(init=False)
    held_funds: frozenset[str] = field(init=False)
    own_funds: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        """What every period asks for again and again, found once: the unit of the books, and the names of accounts."""
        deal = self.deal
        self.scale, self.minor_unit = deal.rounding.scale, deal.rounding.minor_unit
        self.claims = {name: posting.claims(name) for name in deal.tranches}
        self.items = {name: posting.items(name) for name in deal.tranches}
        self.pool_accounts = {name: self._accounts_of(name, pool) for name, pool in deal.all_pools.items()}
        self.cash_accounts = {name: posting.cash(name) if account.cash else posting.entitlement(name) for name, account in deal.accounts.items()}
        # Payments are multiples of the cent; an account that holds no money moves entitlements to the last place.
        self.payable_units = {name: self.minor_unit if account.cash else 1 for name, account in deal.accounts.items()}
        self.accounts_of_cash = {held: name for name, held in self.cash_accounts.items()}
        of_money = [name for name, account in deal.accounts.items() if account.cash]
        self.due_accounts = {name: posting.due(name) for name in of_money}
        self.held_funds = frozenset((*self.cash_accounts.values(), SETTLEMENT_CASH))
        self.own_funds = frozenset((*map(posting.cash, of_money), *self.due_accounts.values()))

    def every_step(self) -> Iterator[CompiledStep]:
        """All steps in the order of the file, blocks opened."""
        return _opened(self.steps)

    def units(self, amount: Fraction) -> Money:
        """An amount of the deal file in units at carry scale; the compiler has refused one with more digits than that."""
        return int(amount * 10**self.scale)

    def unit_problems(self, path: Path, amount: Fraction) -> Iterator[Problem]:
        """What keeps an amount of a file from being whole units that the books can hold."""
        if (amount * 10**self.scale).denominator != 1:
            fact = f"{format_exact(amount)} has more decimal places than the {self.scale} of `rounding.carry`"
            yield Problem(fact, "round it, or set a finer `rounding.carry`", path=path)
        if abs(amount * 10**self.scale) > LIMIT:
            yield Problem(f"{format_exact(amount)} is larger than the books can hold, {format_money(LIMIT, self.scale)}", "correct the figure", path=path)

    def cash_account(self, account: str) -> str:
        return self.cash_accounts[account]

    def due_account(self, account: str) -> str:
        return posting.due(account) if self.deal.accounts[account].cash else posting.entitlement(account)

    def pool_account(self, pool: str) -> str:
        return "pool" if self.deal.pool is not None else f"pool.{pool}"

    def defaulted_account(self, pool: str) -> str:
        return "defaulted" if self.deal.pool is not None else f"defaulted.{pool}"

    def _accounts_of(self, name: str, pool: Pool) -> tuple[str, ...]:
        """What a pool's balance is the sum of: unpaid principal, with defaulted loans not yet liquidated where the deal counts them."""
        return (self.pool_account(name), self.defaulted_account(name)) if pool.defaulted == "included" else (self.pool_account(name),)

    def pools_of(self, component: str) -> tuple[str, ...]:
        """The pools under which a component is reported; `pool` stands for the only one, and for a fact of the whole deal."""
        kind = self.deal.events.get(component)
        pools = tuple(self.deal.all_pools)
        return pools if self.deal.pools and (kind is None or kind.of_a_pool) else ("pool", *self.deal.pools)

    def has_balance(self, tranche: str) -> bool:
        return tranche in self.original


def _opened(steps: Iterable[Steps]) -> Iterator[CompiledStep]:
    for step in steps:
        if isinstance(step, CompiledBlock):
            yield from _opened(step.steps)
        else:
            yield step
