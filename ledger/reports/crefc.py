"""The CREFC Bond Level file of a statement: a row for each class, 51 columns, no header, dates as YYYYMMDD, plain decimals.

The columns stand in one table, with where each comes from. Those that the ledger has no data for are blank or 0, as an administrator's file shows them
for a class that has nothing to say there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import NamedTuple

from ledger.core.money import format_exact, round_exact
from ledger.core.statement import Items, Statement
from ledger.reports import csv_text

RATE_PLACES = 8
PERCENT_PLACES = 2
UNSCHEDULED = ("curtailment", "payoff", "prepayment", "liquidation_proceeds", "recovery", "subsequent_recovery", "repurchase_principal")
"""What a pool collects of principal beside what was due."""


class Line(NamedTuple):
    """A class of a statement, as the columns read it."""

    statement: Statement
    name: str
    items: Items

    @property
    def is_notional(self) -> bool:
        return "notional" in self.items and "closing_balance" not in self.items

    def money(self, *names: str) -> Fraction:
        """The first of the figures that the class has; nil where it has none."""
        found = next((self.items[name] for name in names if name in self.items), None)
        return Fraction(0) if found is None else self.statement.exact(found)

    def label(self, name: str) -> str:
        return self.statement.label(self.name, name)

    def principal(self) -> Fraction:
        """Paid to the class, or the fall of what a notional class runs on."""
        return self.money("notional") - self.money("closing_notional", "notional") if self.is_notional else self.money("principal_paid")


Read = Callable[[Line], str]


def _date(name: str) -> Read:
    return lambda line: f"{line.statement.dates[name]:%Y%m%d}"


def _amount(*names: str) -> Read:
    return lambda line: format_exact(line.money(*names))


def _nothing(text: str) -> Read:
    return lambda _line: text


def _rate(line: Line) -> str:
    return _rounded(line.money("rate"), RATE_PLACES)


def _support(line: Line) -> str:
    return _rounded(line.money("credit_support") * 100, PERCENT_PLACES)


def _rounded(value: Fraction, places: int) -> str:
    return format_exact(Fraction(round_exact(value * 10**places, "half_up"), 10**places))


def _days(line: Line) -> str:
    """The days that interest ran, from the part of a year: of 360 where that is whole, else of 365."""
    fraction = line.money("year_fraction")
    return format_exact(fraction * (360 if (fraction * 360).denominator == 1 else 365), 0)


def _scheduled(line: Line) -> str:
    return _principal_of(line, scheduled=True)


def _unscheduled(line: Line) -> str:
    return _principal_of(line, scheduled=False)


def _principal_of(line: Line, *, scheduled: bool) -> str:
    """A class's principal by its sort. The waterfall pays principal and not sorts of it: where the pool collected both, the file says neither."""
    pool = line.statement.sections.get("pools", {}).get("pool", {})
    is_mixed = pool.get("scheduled_principal") and any(pool[name].value for name in UNSCHEDULED if name in pool)
    if line.principal() and is_mixed and pool["scheduled_principal"].value:
        return ""
    is_scheduled = not any(pool[name].value for name in UNSCHEDULED if name in pool)
    return format_exact(line.principal() if scheduled == is_scheduled else Fraction(0))


COLUMNS: Mapping[str, Read] = {
    "transaction id": lambda line: line.statement.deal,
    "distribution date": _date("distribution"),
    "record date": _date("record"),
    "class": lambda line: line.label("title") or line.name,
    "CUSIP": lambda line: line.label("cusip"),
    "original balance": _amount("original_balance", "original_notional"),
    "notional flag": lambda line: "Y" if line.is_notional else "N",
    "beginning balance": _amount("opening_balance", "notional"),
    "scheduled principal": _scheduled,
    "unscheduled principal": _unscheduled,
    "total principal distribution": lambda line: format_exact(line.principal()),
    "deferred interest": lambda line: format_exact(line.money("accreted")) if line.money("accreted") else "",
    "realized loss": _amount("realized_loss"),
    "cumulative realized loss": _amount("cumulative_loss"),
    "ending balance": _amount("closing_balance", "closing_notional"),
    "index rate": _nothing(""),
    "pass-through rate": _rate,
    "column 18": _nothing("0"),
    "accrual days": _days,
    "accrued interest": _amount("interest_accrued"),
    "interest shortfall": _amount("interest_shortfall"),
    "column 22": _nothing("0"),
    "column 23": _nothing("0"),
    "column 24": _nothing("0"),
    "column 25": _nothing(""),
    "other interest distribution": _amount("other_paid"),
    "total interest distribution": _amount("interest_paid"),
    "column 28": _nothing(""),
    "column 29": _nothing("0"),
    "column 30": _nothing("0"),
    "beginning unpaid interest": _amount("opening_unpaid_interest"),
    "ending unpaid interest": _amount("unpaid_interest"),
    **{f"column {number}": _nothing("") for number in range(33, 51)},
    "credit support": _support,
}
"""In the order of the file. Columns 33 to 50 hold ratings and the words of rating agencies, which the books do not keep."""


def to_crefc(statement: Statement) -> bytes:
    """The classes in the order of the deal file; reference tranches, which hold no note, are left out."""
    lines = (Line(statement, name, items) for name, items in statement.sections.get("classes", {}).items())
    return csv_text.write_rows([read(line) for read in COLUMNS.values()] for line in lines if line.label("kind") != "reference")


def file_name(statement: Statement) -> str:
    """As the file is usually called: transaction, year and month of the distribution, what it is."""
    return f"{statement.deal}_{statement.dates['distribution']:%Y%m}_BOND.csv"
