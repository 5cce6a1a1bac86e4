"""The dates of a period: from a deal's schedule and the days on which a calendar is closed, which come in as an argument."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from ledger.core.daycount import day_of_month, months_before

Roll = Literal["none", "following", "modified_following", "preceding", "modified_preceding"]
IsOpen = Callable[[date], bool]
"""Whether a day is a business day of the deal's calendar."""

DAY = timedelta(days=1)


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


def scheduled_date(first: date, months: int, number: int, *, day: int) -> date:
    """The unadjusted date of distribution `number` (1 is the first); the month's last day where it has no such `day`."""
    index = first.year * 12 + first.month - 1 + months * (number - 1)
    return day_of_month(index // 12, index % 12 + 1, day)


def resolve(
    *,
    first: date,
    day: int,
    months: int,
    number: int,
    roll: Roll,
    is_open: IsOpen,
    closing_date: date,
    determination_days_before: int | None = None,
    record_days_before: int | None = None,
    collection_months_before: int = 1,
) -> PeriodDates:
    """The dates of distribution `number`.

    Before the first stands the closing date. Determination and record dates are business days before the distribution date; where the deal names none,
    the determination date is the distribution date and the record date the day before it.
    """
    scheduled = scheduled_date(first, months, number, day=day)
    previous = scheduled_date(first, months, number - 1, day=day) if number > 1 else closing_date
    paid = rolled(scheduled, roll, is_open)
    last_month = months_before(scheduled.replace(day=1), collection_months_before - 1)
    return PeriodDates(
        scheduled=scheduled,
        distribution=paid,
        previous_scheduled=previous,
        previous_distribution=rolled(previous, roll, is_open) if number > 1 else closing_date,
        determination=paid if determination_days_before is None else business_days_before(paid, determination_days_before, is_open),
        record=paid - DAY if record_days_before is None else business_days_before(paid, record_days_before, is_open),
        collection_start=months_before(last_month, months),
        collection_end=last_month - DAY,
    )


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


def business_days_before(day: date, count: int, is_open: IsOpen) -> date:
    """The open day that lies `count` open days before `day`; with 0, the day itself or the open day before it."""
    day = preceding(day, is_open)
    for _ in range(count):
        day = preceding(day - DAY, is_open)
    return day
