"""What a trust published, figure by figure, and the differences that are known and explained: what `ledger.reports.reconcile` lays beside our figures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import TypeAlias

Key: TypeAlias = tuple[date, str, str]
"""What a figure is known by: the period's key, the subject, the item."""


@dataclass(frozen=True, slots=True)
class PublishedFigure:
    """A published figure: `text` as printed, `value` what it says (a percentage as a number), `places` how many decimals of that it shows."""

    key: Key
    text: str
    value: Fraction | bool | date
    places: int
    note: str
    place: str

    @property
    def is_derived(self) -> bool:
        """Whether an input was worked out from this very figure, so that a tie proves nothing."""
        return self.note.lower().startswith("derived")


@dataclass(frozen=True, slots=True)
class Tolerance:
    """A known difference, ours less the published one, and why. None: the figure cannot be compared, and why."""

    key: Key
    difference: Fraction | None
    reason: str
    place: str
