"""A figure of a statement: a value and how it prints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ledger.core.formula import DATE, MONEY, Type, Value
from ledger.core.money import RoundingMode

FigureKind = Literal["money", "exact", "date", "flag"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. Money is units at carry scale; `exact` a number with all its digits, which prints with `places` where the deal states how many."""

    kind: FigureKind
    value: Value
    places: int | None = None
    mode: RoundingMode = "half_up"


def kind_of(kind: Type) -> FigureKind:
    """How a value of a formula's type is shown."""
    return "money" if kind == MONEY else "exact" if kind.kind == "number" else "date" if kind == DATE else "flag"
