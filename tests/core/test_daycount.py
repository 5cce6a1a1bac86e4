"""Day counts: by hand, and every row of the reference table."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.daycount import DAY_COUNTS, months_before, year_fraction
from ledger.core.formula import compile_open
from ledger.files import formula_text
from tests.conftest import shared


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("convention", "start", "end", "expected"),
    [
        ("30/360", "2025-01-31", "2025-02-28", Fraction(28, 360)),  # the 31st counts as the 30th
        ("30/360", "2025-02-28", "2025-03-31", Fraction(33, 360)),  # a February's end stays where it is
        ("30/360 PSA", "2025-02-28", "2025-03-31", Fraction(30, 360)),  # here it is the 30th
        ("30E/360", "2025-02-28", "2025-03-31", Fraction(32, 360)),
        ("30/360", "2025-01-15", "2025-02-15", Fraction(1, 12)),
        ("ACT/360", "2025-01-31", "2025-02-28", Fraction(28, 360)),
        ("ACT/365", "2024-02-01", "2024-03-01", Fraction(29, 365)),  # leap February
        ("ACT/365A", "2024-02-01", "2024-03-01", Fraction(29, 366)),
        ("NL/365", "2024-02-01", "2024-03-01", Fraction(28, 365)),
        ("ACT/ACT ISDA", "2023-12-01", "2024-02-01", Fraction(31, 365) + Fraction(31, 366)),
        ("ACT/360", "2025-01-31", "2025-01-31", Fraction(0)),
    ],
)
def test_year_fraction_by_hand(convention: str, start: str, end: str, expected: Fraction) -> None:
    assert year_fraction(convention, day(start), day(end)) == expected


class _NoNames:
    """A formula of numbers only needs no names."""

    scale = 0
    rounding: Any = "half_up"

    def name(self, node: Any) -> Any:
        raise NotImplementedError

    def special(self, node: Any) -> Any:
        raise NotImplementedError


def _expected(text: str) -> Fraction:
    return Fraction(compile_open(formula_text.parse(text), _NoNames()).read(None))


def _arguments(extra: str) -> dict[str, Any]:
    """`termination=DATE`, or `ref=FIRST..LAST`: the regular period that ICMA measures against."""
    key, _, value = extra.partition("=")
    match key:
        case "termination":
            return {"termination": day(value)}
        case "ref":
            first, _, last = value.partition("..")
            months = (day(last).year - day(first).year) * 12 + day(last).month - day(first).month
            return {"period": (day(first), day(last)), "periods_per_year": 12 // months}
        case _:
            return {}


def _differences() -> Iterator[tuple[dict[str, str], Fraction]]:
    with shared("cases/calendar/daycount.csv").open() as lines:
        for row in csv.DictReader(lines):
            ours = year_fraction(row["convention"].upper(), day(row["start"]), day(row["end"]), **_arguments(row["extra"]))
            printed = row["expected"]
            rounded_in_print = Fraction(1, 10**10) if "." in printed else 0
            if abs(ours - _expected(printed)) > rounded_in_print:
                yield row, ours


def test_every_row_of_the_reference_table_agrees_by_the_exact_name_of_its_convention() -> None:
    assert list(_differences()) == []


DAYS = st.dates(date(1990, 1, 1), date(2060, 12, 31))


@pytest.mark.parametrize("convention", sorted(DAY_COUNTS))
@given(start=DAYS, length=st.integers(0, 800))
def test_a_year_fraction_is_never_negative_and_near_the_days_over_a_year(convention: str, start: date, length: int) -> None:
    end = date.fromordinal(start.toordinal() + length)

    fraction = year_fraction(convention, start, end, period=(start, months_before(start, -6)), periods_per_year=2)

    assert fraction >= 0
    assert abs(fraction - Fraction(length, 365)) < Fraction(1, 20)


@given(DAYS, st.integers(-40, 40))
def test_months_before_keeps_the_day_of_the_month_or_the_months_last(start: date, months: int) -> None:
    moved = months_before(start, months)

    assert (start.year - moved.year) * 12 + start.month - moved.month == months
    assert moved.day == start.day or (moved.day < start.day and date.fromordinal(moved.toordinal() + 1).day == 1)
