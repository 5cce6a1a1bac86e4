"""What one period hands the next: the closing state, and the running period that formulas read and steps move."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from ledger.core import posting
from ledger.core.collections import Collections
from ledger.core.formula import Value
from ledger.core.money import Exact, Money
from ledger.core.posting import Posting
from ledger.core.problems import Problem, ProblemsFound
from ledger.core.schedule import PeriodDates

if TYPE_CHECKING:
    from ledger.core.terms import Clock, Terms


@dataclass(frozen=True, slots=True)
class State:
    """The books between two distributions.

    `number` of the last period (0 at closing), `last_distribution` as paid (the closing date before the first). `balances` by account, units at
    carry scale. `cumulative` losses by subject. `triggers` that failed. `history` keeps, oldest first, what `previous` and `average` read.
    """

    number: int
    last_distribution: date
    balances: Mapping[str, Money]
    cumulative: Mapping[str, Money] = field(default_factory=dict)
    triggers: Mapping[str, bool] = field(default_factory=dict)
    history: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)


class Running:
    """One period while it runs: mutable, private to the core, gone when the period closes.

    `balances`, `received` and `paid` by account, and `figures` by statement item (`A.interest_paid`), are running sums of `postings`; formulas read
    them as of now. `exact_interest` is what a class accrued less its shortfall, where the deal rounds that once. `opening` are the balances after adjustments.
    """

    __slots__ = (
        "balances", "called", "clocks", "collections", "dates", "exact_interest", "figures", "fractions", "opening", "paid", "postings", "rates", "received",
        "reported", "state", "terms", "triggers",
    )  # fmt: skip

    def __init__(self, terms: Terms, state: State, dates: PeriodDates, collections: Collections) -> None:
        self.terms, self.state, self.dates, self.collections = terms, state, dates, collections
        self.balances: dict[str, Money] = defaultdict(int, state.balances)
        self.opening: dict[str, Money] = self.balances
        self.figures: dict[str, Money] = defaultdict(int)
        self.received: dict[str, Money] = defaultdict(int)
        self.paid: dict[str, Money] = defaultdict(int)
        self.postings: list[Posting] = []
        self.reported: dict[str, Value] = {}
        self.triggers: dict[str, bool] = dict(state.triggers)
        self.exact_interest: dict[str, Exact] = {}
        self.rates: dict[str, Exact] = {}
        self.fractions: dict[str, Exact] = {}
        self.clocks: dict[Clock, Exact] = {}
        self.called = False

    @property
    def number(self) -> int:
        """The period's number on the schedule; 1 is the first distribution."""
        return self.state.number + 1

    def transfer(self, source: str, destination: str, amount: Money, step: str, item: str, cause: str, origin: date | None = None) -> None:
        """Post an amount; one below zero is the same transfer turned round, which lowers its item; zero posts nothing."""
        if amount == 0:
            return
        self.figures[item] += amount
        if amount < 0:
            source, destination, amount, item = destination, source, -amount, f"-{item}" if item else ""
        self.balances[source] -= amount
        self.balances[destination] += amount
        self.paid[source] += amount
        self.received[destination] += amount
        self.postings.append(Posting(step, item, cause, source, destination, amount, origin))

    def repeat(self, posted: Posting) -> None:
        """Post again what was posted."""
        step, item, cause, source, destination, amount, origin = posted
        if item.startswith("-"):
            source, destination, amount, item = destination, source, -amount, item[1:]
        self.transfer(source, destination, amount, step, item, cause, origin)

    def move_ledger(self, name: str, tranche: str | None, amount: Money, step: str, cause: str) -> None:
        """Raise or lower a ledger, of a class or of the whole deal; it never falls below zero."""
        account = posting.ledger(name, tranche)
        self.transfer(posting.ledger_memo(name), account, max(amount, -self.balances[account]), step, "", cause)

    def cash_of(self, account: str) -> Money:
        """What can be paid out of an account now."""
        return self.balances[self.terms.cash_accounts[account]]

    def payable(self, account: str) -> Money:
        """The same in whole minor units. A fraction of a cent that was collected stays until others make it whole."""
        held = self.balances[self.terms.cash_accounts[account]]
        return held - held % self.terms.payable_units[account] if held > 0 else 0

    def rate(self, subject: str) -> Exact:
        """A class's or fee's rate this period, found when it is first needed, so that one may be stated by another."""
        rate = self.rates.get(subject)
        if rate is None:
            rate = self.rates[subject] = self.terms.accruals[subject].rate(self)
            if rate.numerator < 0:  # what `rate < 0` asks, without comparing fractions
                raise ProblemsFound(
                    [Problem(f"the rate of {subject} is negative", f"if interest cannot be negative, write `max(0%, ...)` for `{subject}.rate`")]
                )
        return rate

    def year_fraction(self, subject: str) -> Exact:
        """The part of a year that a class or fee accrues over this period."""
        fraction = self.fractions.get(subject)
        if fraction is None:
            clock = self.terms.accruals[subject].clock
            if clock not in self.clocks:
                self.clocks[clock] = clock.year_fraction(self.dates, self.number)
            fraction = self.fractions[subject] = self.clocks[clock]
        return fraction

    def past(self, name: str) -> tuple[Value, ...]:
        """Values kept at earlier closes, oldest first. Raises ProblemsFound where there are none."""
        values = self.state.history.get(name, ())
        if not values:
            raise ProblemsFound(
                [
                    Problem(
                        f"there is no previous value of {name}",
                        f"state it under `previous` in the boarding file; in the first period write `if period == 1 then ... else previous({name})`",
                    )
                ]
            )
        return values
