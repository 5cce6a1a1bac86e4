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


@pytest.mark.parametrize(
    ("convention", "start", "end", "days"),
    [
        *(
            (convention, start, end, days)
            for convention in ("30/360", "30/360 PSA", "30/360 US")
            for start, end, days in (
                ("2025-01-31", "2025-03-31", 60),  # a 31st at the end is the 30th where the period begins on the 30th or the 31st
                ("2025-01-30", "2025-03-31", 60),
                ("2025-01-29", "2025-03-31", 62),  # and stays elsewhere
                ("2025-01-31", "2025-03-30", 60),
                ("2025-01-31", "2025-02-15", 15),
                ("2025-01-31", "2025-02-28", 28),
                ("2024-12-15", "2025-01-15", 30),
                ("2025-02-15", "2025-03-15", 30),
            )
        ),
        *(
            (convention, start, end, days)
            for convention in ("30/360 PSA", "30/360 US", "30E/360 ISDA")
            for start, end, days in (
                ("2025-02-28", "2025-03-31", 30),  # the last of February is its 30th
                ("2024-02-29", "2024-03-31", 30),
                ("2025-02-27", "2025-03-27", 30),  # the day before it is not
                ("2024-02-28", "2024-03-28", 30),
                ("2025-02-28", "2026-02-15", 345),
            )
        ),
        ("30/360 PSA", "2024-02-29", "2025-02-28", 358),
        ("30/360 US", "2024-02-29", "2025-02-28", 360),
        ("30/360 US", "2025-01-15", "2025-02-28", 43),
        ("30E/360", "2025-01-31", "2025-03-31", 60),
        ("30E/360", "2025-01-29", "2025-03-31", 61),
        ("30E/360", "2025-01-31", "2025-02-28", 28),
        ("30E+/360", "2025-01-31", "2025-03-31", 61),  # to the 1st of April
        ("30E+/360", "2025-01-15", "2025-12-31", 346),  # to the 1st of January
        ("30E+/360", "2025-01-30", "2025-03-30", 60),
        ("30E/360 ISDA", "2025-01-31", "2025-03-31", 60),
        ("30E/360 ISDA", "2025-01-31", "2025-02-28", 30),
        ("30E/360 ISDA", "2025-01-30", "2025-02-27", 27),
    ],
)
def test_months_of_thirty_days_by_hand(convention: str, start: str, end: str, days: int) -> None:
    assert year_fraction(convention, day(start), day(end)) == Fraction(days, 360)


def test_a_february_in_which_the_transaction_terminates_ends_where_it_ends() -> None:
    last = day("2025-02-28")

    assert year_fraction("30E/360 ISDA", day("2025-01-31"), last, termination=last) == Fraction(28, 360)
    assert year_fraction("30E/360 ISDA", day("2025-01-31"), last, termination=day("2026-02-28")) == Fraction(30, 360)


@pytest.mark.parametrize(
    ("convention", "start", "end", "expected"),
    [
        ("ACT/364", "2025-01-01", "2025-12-31", Fraction(1)),
        ("ACT/365.25", "2021-01-01", "2025-01-01", Fraction(4)),  # 1461 days
        ("ACT/365A", "2024-02-28", "2024-02-29", Fraction(1, 366)),  # a 29th of February counts up to the end
        ("ACT/365A", "2024-02-29", "2024-03-01", Fraction(1, 365)),  # and only after the start
        ("ACT/365A", "2023-01-01", "2025-01-01", Fraction(731, 366)),
        ("NL/360", "2024-02-28", "2024-03-01", Fraction(1, 360)),
        ("NL/365", "2024-02-28", "2024-02-29", Fraction(0)),
        ("NL/365", "2024-02-29", "2024-03-01", Fraction(1, 365)),
        ("NL/365", "2023-01-01", "2029-01-01", Fraction(6)),  # two leap years of six
        ("ACT/ACT ISDA", "2023-12-31", "2024-01-01", Fraction(1, 365)),
        ("ACT/ACT ISDA", "2024-12-31", "2025-01-01", Fraction(1, 366)),
        ("ACT/ACT ISDA", "2023-07-01", "2025-07-01", Fraction(2)),  # 184/365 + 366/366 + 181/365
        ("ACT/ACT AFB", "2024-02-29", "2024-03-01", Fraction(1, 366)),  # a 29th of February counts from the start, and not at the end
        ("ACT/ACT AFB", "2024-02-28", "2024-02-29", Fraction(1, 365)),
        ("ACT/ACT AFB", "2024-03-01", "2024-03-02", Fraction(1, 365)),
        ("ACT/ACT AFB", "2023-02-28", "2024-02-29", Fraction(1)),
        ("ACT/ACT AFB", "2021-06-01", "2025-07-01", 4 + Fraction(30, 365)),
        ("ACT/ACT ICMA", "2025-01-01", "2025-02-01", Fraction(1, 12)),  # a month where no other period is named
    ],
)
def test_actual_days_by_hand(convention: str, start: str, end: str, expected: Fraction) -> None:
    assert year_fraction(convention, day(start), day(end)) == expected


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2025-01-15", "2025-07-15", Fraction(1, 2)),
        ("2025-01-15", "2025-03-15", Fraction(59, 362)),  # of twice 181 days
        ("2024-10-15", "2025-07-15", Fraction(3, 4)),  # 92 of twice the 184 days of the half year before, and a whole one
        ("2024-10-15", "2025-01-15", Fraction(1, 4)),
        ("2024-10-15", "2024-12-15", Fraction(61, 368)),
        ("2024-01-15", "2025-01-15", Fraction(1)),
    ],
)
def test_half_years_of_icma_by_hand(start: str, end: str, expected: Fraction) -> None:
    half = day("2025-01-15"), day("2025-07-15")

    assert year_fraction("ACT/ACT ICMA", day(start), day(end), period=half, periods_per_year=2) == expected


def test_a_year_of_icma_is_preceded_by_a_year() -> None:
    year = day("2025-01-15"), day("2026-01-15")

    before = year_fraction("ACT/ACT ICMA", day("2024-07-15"), day("2025-01-15"), period=year, periods_per_year=1)

    assert before == Fraction(184, 366)


@pytest.mark.parametrize(
    ("start", "months", "day_of_month", "expected"),
    [
        ("2025-03-31", 1, None, "2025-02-28"),
        ("2024-03-31", 1, None, "2024-02-29"),
        ("2025-01-15", 1, None, "2024-12-15"),
        ("2024-12-15", -1, None, "2025-01-15"),
        ("2025-03-31", 1, 15, "2025-02-15"),
        ("2025-02-10", 0, 31, "2025-02-28"),
        ("2025-12-10", 12, None, "2024-12-10"),
    ],
)
def test_months_before_by_hand(start: str, months: int, day_of_month: int | None, expected: str) -> None:
    assert months_before(day(start), months, day_of_month) == day(expected)


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
