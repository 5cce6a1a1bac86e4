"""What a statement lists beside its figures: tests with both their sides, corrections since the last distribution, steps by figure, accrual periods."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal

from ledger.core.figure import Figure
from ledger.core.money import Money


@dataclass(frozen=True, slots=True)
class Tested:
    """One comparison of a trigger as it was judged in the period: the trigger fails when `actual` `operator` `threshold` says so.

    A side that cannot be read (a share of a retired class, say) is None; so are both, and the operator blank, of a trigger that compares nothing.
    `failed` is the trigger's own result, to which several comparisons, and earlier failures for good, may lead. A trigger that is tested at `closing`
    counts from the next period.
    """

    trigger: str
    comparison: str
    actual: Figure | None
    operator: str
    threshold: Figure | None
    failed: bool
    tested: Literal["determination", "closing"]


@dataclass(frozen=True, slots=True)
class Correction:
    """A commit that corrected something since the previous distribution: where, when (UTC), how, of which periods, why, and who."""

    position: int
    recorded_at: str
    treatment: str
    periods: tuple[date, ...]
    reason: str
    actor: str


@dataclass(frozen=True, slots=True)
class StepLine:
    """What one step of the waterfall, or a posting that no step made (`number` is None), moved of a figure of a class or an account."""

    subject: str
    item: str
    number: int | None
    label: str
    amount: Money


@dataclass(frozen=True, slots=True)
class ReportedRate:
    """A reported rate that a class's rate is made of, as reported for the period, with the name of the published index where the deal gives one."""

    name: str
    index: str
    value: Fraction


@dataclass(frozen=True, slots=True)
class Accrual:
    """The period over which a class or fee accrued, from `begin` to `end` (not counted): its actual days, those of 30/360, and the convention it counts by."""

    subject: str
    begin: date
    end: date
    days: int
    days_30_360: int
    day_count: str
    rates: tuple[ReportedRate, ...] = ()
