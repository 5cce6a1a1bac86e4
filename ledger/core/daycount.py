"""Day counts: the part of a year between two dates, as an exact fraction. The last day is not counted.

Sources: ISDA 2006 Definitions 4.16, ISDA 1999 (30E/360 ISDA), SIFMA Standard Formulas chapter SF (30/360 PSA), ICMA rule 251, AFB 1994. The 30/360
conventions differ only in how they move a month's end, so each is a pair of rules; the actual ones differ in what they divide by.
"""

from __future__ import annotations

from calendar import isleap, monthrange
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from fractions import Fraction
from functools import lru_cache


@lru_cache(maxsize=4096)  # the classes of a deal share a few spans
def year_fraction(
    convention: str, start: date, end: date, *, period: tuple[date, date] | None = None, periods_per_year: int = 12, termination: date | None = None
) -> Fraction:
    """The part of a year from `start` to `end` (not before it) by a convention of `DAY_COUNTS`, in capitals.

    `period` and `periods_per_year` are the regular coupon period that ACT/ACT ICMA measures against; `termination` is the date on which 30E/360 ISDA
    leaves a February's end where it is. Raises KeyError for another convention.
    """
    if convention == "ACT/ACT ICMA":
        return _icma(start, end, period or (start, end), periods_per_year)
    if convention == "30E/360 ISDA":
        return _thirty_e_isda(start, end, termination)
    return DAY_COUNTS[convention](start, end)


# 30/360 --------------------------------------------------------------------------------------------------------------


def _thirty(start: date, first: int, end: date, last: int) -> Fraction:
    """Every month has 30 days: from day `first` of the month of `start` to day `last` of the month of `end`."""
    months = (end.year - start.year) * 12 + end.month - start.month
    return Fraction(months * 30 + last - first, 360)


def _is_last_of_february(day: date) -> bool:
    return day.month == 2 and (day + timedelta(days=1)).month == 3


def _thirty_isda(start: date, end: date) -> Fraction:
    """30/360 bond basis, 4.16(f): a 31st is the 30th; at the end only where the period also begins on one."""
    first = min(start.day, 30)
    return _thirty(start, first, end, 30 if end.day == 31 and first == 30 else end.day)


def _thirty_psa(start: date, end: date) -> Fraction:
    """SIFMA for fixed-rate mortgage securities: as bond basis, and a period that begins on the last of February begins on its 30th."""
    first = 30 if _is_last_of_february(start) else min(start.day, 30)
    return _thirty(start, first, end, 30 if end.day == 31 and first == 30 else end.day)


def _thirty_us(start: date, end: date) -> Fraction:
    """30U/360 with end-of-month roll: as PSA, and from the last of one February to the last of another is whole years."""
    if _is_last_of_february(start) and _is_last_of_february(end):
        return _thirty(start, 30, end, 30)
    return _thirty_psa(start, end)


def _thirty_e(start: date, end: date) -> Fraction:
    """Eurobond basis, 4.16(g): a 31st is the 30th."""
    return _thirty(start, min(start.day, 30), end, min(end.day, 30))


def _thirty_e_plus(start: date, end: date) -> Fraction:
    """A period that ends on a 31st ends on the 1st of the next month, which is a day after the 30th as the 31st is."""
    return _thirty(start, min(start.day, 30), end, end.day)


def _thirty_e_isda(start: date, end: date, termination: date | None) -> Fraction:
    """4.16(h): every month's end is the 30th, except a February's end on which the transaction terminates."""
    first = 30 if _is_last_of_february(start) else min(start.day, 30)
    last = 30 if _is_last_of_february(end) and end != termination else min(end.day, 30)
    return _thirty(start, first, end, last)


# Actual days -----------------------------------------------------------------------------------------------------------


def _over(denominator: int, numerator: int = 1) -> Callable[[date, date], Fraction]:
    return lambda start, end: Fraction((end - start).days * numerator, denominator)


def _leap_days(start: date, end: date) -> int:
    """The 29ths of February after `start` and up to `end`."""
    leap_years = (year for year in range(start.year, end.year + 1) if isleap(year))
    return sum(start < date(year, 2, 29) <= end for year in leap_years)


def _no_leap(denominator: int) -> Callable[[date, date], Fraction]:
    return lambda start, end: Fraction((end - start).days - _leap_days(start, end), denominator)


def _actual_365a(start: date, end: date) -> Fraction:
    return Fraction((end - start).days, 366 if _leap_days(start, end) else 365)


def _actual_isda(start: date, end: date) -> Fraction:
    """4.16(b): the days in leap years over 366, the others over 365."""
    total = Fraction(0)
    while start < end:
        stop = min(end, date(start.year + 1, 1, 1))
        total += Fraction((stop - start).days, 366 if isleap(start.year) else 365)
        start = stop
    return total


def _actual_afb(start: date, end: date) -> Fraction:
    """Whole years counted back from the end; what is left over 366 where it holds a 29th of February, else over 365."""
    years, rest = 0, end
    while (earlier := months_before(end, 12 * (years + 1))) >= start:
        years, rest = years + 1, earlier
    before = timedelta(days=1)
    return years + Fraction((rest - start).days, 366 if _leap_days(start - before, rest - before) else 365)


def _icma(start: date, end: date, period: tuple[date, date], periods_per_year: int) -> Fraction:
    """Rule 251: days over the days of the regular period they fall in, a regular period being 1/n of a year."""
    first, last = period
    if start >= first:
        return Fraction((end - start).days, (last - first).days * periods_per_year)
    earlier = (months_before(first, 12 // periods_per_year), first)
    return _icma(start, min(end, first), earlier, periods_per_year) + (_icma(first, end, period, periods_per_year) if end > first else 0)


def months_before(day: date, months: int, day_of_month: int | None = None) -> date:
    """The same day of the month (or `day_of_month`) some months earlier, later where `months` is negative; the month's last where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day_of_month or day.day, monthrange(year, month + 1)[1]))


DAY_COUNTS: Mapping[str, Callable[[date, date], Fraction]] = {
    "30/360": _thirty_isda,
    "30/360 ISDA": _thirty_isda,
    "30/360 PSA": _thirty_psa,
    "30/360 US": _thirty_us,
    "30U/360 (EOM ROLL)": _thirty_us,
    "30E/360": _thirty_e,
    "30E+/360": _thirty_e_plus,
    "30E/360 ISDA": lambda start, end: _thirty_e_isda(start, end, None),
    "ACT/360": _over(360),
    "ACT/364": _over(364),
    "ACT/365": _over(365),
    "ACT/365F": _over(365),
    "ACT/365.25": _over(1461, 4),
    "ACT/365A": _actual_365a,
    "ACT/ACT ISDA": _actual_isda,
    "ACT/ACT AFB": _actual_afb,
    "ACT/ACT ICMA": lambda start, end: _icma(start, end, (start, end), 12),
    "NL/360": _no_leap(360),
    "NL/365": _no_leap(365),
}
"""By the name that a deal file uses, in capitals. Adding a convention is adding a line."""
