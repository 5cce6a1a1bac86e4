"""What a servicer's file comes to, before anything is appended: what was read, what it means to the loans, what ties and what must be accepted by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from ledger.core.events import Event
from ledger.core.loan_months import Outcome
from ledger.core.money import Money

DIFFERENCES = "balance-differences"
"""The warning that balances miss what their movements lead to."""
RESTATED_OPENINGS = "restated-openings"
"""The warning that loans open at other balances than the books closed them at."""
MISSING_LOANS = "missing-loans"
"""The warning that live loans are not in the file."""
NEW_LOANS = "new-loans"
"""The warning that loans come into a pool that has loans already."""


class Control(NamedTuple):
    """A total by the file and by the books, units at carry scale; they tie, or a warning explains the difference."""

    name: str
    file: Money
    books: Money

    @property
    def difference(self) -> Money:
        return self.file - self.books


class Warned(NamedTuple):
    """A warning: its name, how many loans it is about, by how much in total (absolute amounts) and at most, the first loans, and whether it was accepted."""

    name: str
    loans: int
    total: Money
    most: Money
    examples: Sequence[str]
    is_accepted: bool


class KindTotal(NamedTuple):
    """The events of a kind: how many, and what their money columns add up to."""

    kind: str
    events: int
    amount: Money


@dataclass(frozen=True, slots=True)
class MappingReport:
    """The report of one file and period; amounts are units with `scale` decimal places.

    `ignored` are columns that are known and not wanted, `columns` those that are neither mapped nor known, each with the number of rows in which it says
    something. `other_periods` are rows of periods that were not asked for.
    """

    format: str
    scale: int
    period: date
    rows: int
    outcomes: Mapping[Outcome, int]
    kinds: Sequence[KindTotal] = ()
    controls: Sequence[Control] = ()
    warnings: Sequence[Warned] = ()
    columns: Mapping[str, int] = field(default_factory=dict)
    ignored: Mapping[str, int] = field(default_factory=dict)
    other_periods: Mapping[date, int] = field(default_factory=dict)


@dataclass(slots=True)
class KindTotals:
    """Adds up events by kind."""

    events: Counter[str] = field(default_factory=Counter)
    amounts: Counter[str] = field(default_factory=Counter)

    def add(self, event: Event) -> None:
        self.events[event.kind] += 1
        stated = (event.balance or 0) if event.kind == "loan_setup" else 0
        self.amounts[event.kind] += stated + (event.principal or 0) + (event.interest or 0) + (event.fee or 0) + (event.amount or 0)

    def totals(self) -> list[KindTotal]:
        return [KindTotal(kind, number, self.amounts[kind]) for kind, number in sorted(self.events.items())]
