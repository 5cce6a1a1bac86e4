"""The dates of a period: from a deal's schedule and the days on which a calendar is closed, which come in as an argument."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from ledger.core.daycount import months_before
from ledger.core.problems import Problem, ProblemsFound

if TYPE_CHECKING:
    from ledger.core.deal import Deal, OwnDay, Roll

IsOpen = Callable[[date], bool]
"""Whether a day is a business day of the deal's calendar."""

DAY = timedelta(days=1)
MOST_OFF = timedelta(days=15)
"""How far the end of a fiscal month may lie from that of the month it is named after."""
MOST_PERIODS = 1200
"""A hundred years of months: no schedule is longer."""


@dataclass(frozen=True, slots=True)
class PeriodDates:
    """A period's dates, resolved once when it opens and recorded then, so that a later holiday list never moves the past.

    `scheduled` is the unadjusted distribution date, the period's key; `distribution` is the day on which it is paid. The collection period is
    `collection_start` to `collection_end`, both counted.
    """

    scheduled: date
    distribution: date
    previous_scheduled: date
    previous_distribution: date
    determination: date
    record: date
    collection_start: date
    collection_end: date

    def by_name(self) -> dict[str, date]:
        """Each date under its name, in this order."""
        return {name: getattr(self, name) for name in self.__slots__}


def key_of(deal: Deal, number: int) -> date:
    """The key of a period: its distribution date before any roll; number 1 is the first, number 0 is the closing date."""
    if number == 0:
        return deal.closing_date
    terms = deal.dates.distribution
    first = terms.first or months_before(deal.closing_date, -terms.months)
    return months_before(first, -terms.months * (number - 1), terms.day)


def number_of(deal: Deal, key: date) -> int | None:
    """The number of the period that a date is the key of; None for a date that is not on the schedule."""
    number = number_before(deal, key)
    return number if 1 <= number <= MOST_PERIODS and key_of(deal, number) == key else None


def nearest_keys(deal: Deal, day: date) -> list[date]:
    """The two keys nearest to a day, in order of date."""
    number = min(max(number_before(deal, day), 1), MOST_PERIODS)
    keys = [key_of(deal, near) for near in range(max(number - 1, 1), number + 2)]
    return sorted(sorted(keys, key=lambda key: abs(key - day))[:2])


def number_before(deal: Deal, day: date) -> int:
    """The number of the last period whose key is in the month of `day` or before it; below 1 for a day before the first."""
    first = key_of(deal, 1)
    return ((day.year - first.year) * 12 + day.month - first.month) // deal.dates.distribution.months + 1


def named(deal: Deal, text: str) -> date:
    """The key of the one period that begins with a text such as 2025-04; a whole date stands for itself. Raises ProblemsFound."""
    if len(text) == len("2025-04-25"):
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise ProblemsFound([Problem(f"{text} is not a day of the calendar", "write a date such as 2025-04-25")]) from None
    keys = [key for number in range(1, MOST_PERIODS + 1) if str(key := key_of(deal, number)).startswith(text)]
    if len(keys) == 1:
        return keys[0]
    fact = f"{text} could be {len(keys)} periods, from {keys[0]} to {keys[-1]}" if keys else f"no period of {deal.deal} begins with {text}"
    raise ProblemsFound([Problem(fact, f"write year and month; the first period is {key_of(deal, 1)}")])


def resolve(deal: Deal, number: int, is_open: IsOpen, previous_distribution: date | None = None) -> PeriodDates:
    """The dates of distribution `number` with the holidays as they are known now; `previous_distribution` where the books know the day that was paid.

    Before the first stands the closing date. Determination and record dates are business days before the distribution date; where the deal names none,
    the determination date is the distribution date and the record date the day before it.
    """
    dates, scheduled, previous = deal.dates, key_of(deal, number), key_of(deal, number - 1)
    paid = paid_on(deal, scheduled, is_open)
    return PeriodDates(
        scheduled=scheduled,
        distribution=paid,
        previous_scheduled=previous,
        previous_distribution=previous_distribution or (paid_on(deal, previous, is_open) if number > 1 else previous),
        determination=paid if dates.determination is None else own_day(dates.determination, scheduled, paid, is_open),
        record=paid - DAY if dates.record is None else own_day(dates.record, scheduled, paid, is_open),
        collection_start=collection_end(deal, scheduled, dates.distribution.months) + DAY,
        collection_end=collection_end(deal, scheduled),
    )


def paid_on(deal: Deal, key: date, is_open: IsOpen) -> date:
    """The day on which the period of a key is paid: its day rolled, then so many business days after that."""
    terms = deal.dates.distribution
    return business_days_after(rolled(key, terms.roll, is_open), terms.business_days_after, is_open)


def own_day(terms: OwnDay, key: date, paid: date, is_open: IsOpen) -> date:
    """The record or determination date of a period: counted back from the day it is paid, or from a day of the month of its key or of one before."""
    if terms.day is None:
        return business_days_before(paid, terms.business_days_before, is_open)
    day = rolled(months_before(key, terms.months_before, terms.day), terms.roll, is_open)
    return business_days_before(day, terms.business_days_before, is_open) if terms.business_days_before else day


def collection_end(deal: Deal, key: date, months_earlier: int = 0) -> date:
    """The last day of the collections of a period, or of those `months_earlier`: of fiscal months, the listed day that is nearest to the month's end."""
    collection = deal.dates.collection
    end = months_before(key, collection.months_before + months_earlier, collection.day)
    return min((day for day in collection.ends if abs(day - end) <= MOST_OFF), key=lambda day: abs(day - end), default=end)


def rolled(day: date, roll: Roll, is_open: IsOpen) -> date:
    """The day, or the open day that stands in for it."""
    return ROLLS[roll](day, is_open)


def following(day: date, is_open: IsOpen) -> date:
    while not is_open(day):
        day += DAY
    return day


def preceding(day: date, is_open: IsOpen) -> date:
    while not is_open(day):
        day -= DAY
    return day


def _within_the_month(one_way: Callable[[date, IsOpen], date], other: Callable[[date, IsOpen], date]) -> Callable[[date, IsOpen], date]:
    """Roll one way, or the other where that would leave the month."""

    def roll(day: date, is_open: IsOpen) -> date:
        moved = one_way(day, is_open)
        return moved if moved.month == day.month else other(day, is_open)

    return roll


ROLLS: Mapping[Roll, Callable[[date, IsOpen], date]] = {
    "none": lambda day, _is_open: day,
    "following": following,
    "modified_following": _within_the_month(following, preceding),
    "preceding": preceding,
    "modified_preceding": _within_the_month(preceding, following),
}


def business_days_after(day: date, count: int, is_open: IsOpen) -> date:
    """The open day that lies `count` open days after `day`; with 0, `day` itself, open or not."""
    for _ in range(count):
        day = following(day + DAY, is_open)
    return day


def business_days_before(day: date, count: int, is_open: IsOpen) -> date:
    """The open day that lies `count` open days before `day`; with 0, the day itself or the open day before it."""
    day = preceding(day, is_open)
    for _ in range(count):
        day = preceding(day - DAY, is_open)
    return day
