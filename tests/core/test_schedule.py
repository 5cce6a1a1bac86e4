"""The schedule: keys of periods, their dates, rolls, and the business-day calendars behind them."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from typing import cast

import pytest

from ledger.core.deal import Deal, Roll
from ledger.core.problems import ProblemsFound
from ledger.core.schedule import MOST_PERIODS, business_days_after, business_days_before, key_of, named, nearest_keys, number_of, resolve, rolled
from ledger.files.calendars import CALENDARS, is_open
from tests.conftest import shared
from tests.core.deals import terms


def deal(dates: str, closing: str = "2025-01-30") -> Deal:
    return terms(f"""
        deal: DATES-1
        closing_date: {closing}
        dates: {dates}
        tranches: {{A: {{original_balance: 1, rate: 5%}}}}
        accounts: {{funds: {{collects: [interest]}}}}
        waterfall: [{{pay: interest, to: A, from: funds}}]
    """).deal


def keys(dates: str, count: int, closing: str = "2025-01-30") -> list[str]:
    schedule = deal(dates, closing)
    return [key_of(schedule, number).isoformat() for number in range(1, count + 1)]


def test_the_first_key_is_the_distribution_day_of_the_month_after_closing() -> None:
    assert keys("{distribution: {day: 25}}", 3) == ["2025-02-25", "2025-03-25", "2025-04-25"]


def test_a_day_that_a_month_does_not_have_is_its_last() -> None:
    assert keys("{distribution: {day: 31}}", 4) == ["2025-02-28", "2025-03-31", "2025-04-30", "2025-05-31"]


def test_a_first_date_and_a_number_of_months_make_a_quarterly_schedule() -> None:
    assert keys("{distribution: {day: 18, months: 3, first: 2025-06-18}}", 3) == ["2025-06-18", "2025-09-18", "2025-12-18"]


def test_only_keys_of_the_schedule_have_a_number() -> None:
    quarterly = deal("{distribution: {day: 31, months: 3}}")

    assert number_of(quarterly, date(2025, 4, 30)) == 1
    assert number_of(quarterly, date(2025, 7, 31)) == 2
    assert number_of(quarterly, date(2025, 7, 30)) is None
    assert number_of(quarterly, date(2025, 6, 30)) is None
    assert number_of(quarterly, date(2025, 1, 31)) is None


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2025-03-26", ["2025-02-25", "2025-03-25"]),  # a day late
        ("2025-03-20", ["2025-02-25", "2025-03-25"]),  # 23 days after the one, 5 before the other
        ("2025-04-12", ["2025-03-25", "2025-04-25"]),
        ("2024-01-01", ["2025-02-25", "2025-03-25"]),  # long before the first
        ("9999-12-31", ["2125-01-25", "2125-02-25"]),  # long after the last
    ],
)
def test_a_day_off_the_schedule_has_two_keys_near_it(day: str, expected: list[str]) -> None:
    monthly = deal("{distribution: {day: 25, first: 2025-02-25}}")

    assert [str(key) for key in nearest_keys(monthly, date.fromisoformat(day))] == expected


def test_no_schedule_is_longer_than_a_hundred_years() -> None:
    monthly = deal("{distribution: {day: 25, first: 2025-02-25}}")
    last = key_of(monthly, MOST_PERIODS)

    assert number_of(monthly, last) == MOST_PERIODS
    assert number_of(monthly, key_of(monthly, MOST_PERIODS + 1)) is None


def test_a_text_names_the_one_period_that_begins_with_it() -> None:
    monthly = deal("{distribution: {day: 25, first: 2025-02-25}}")

    assert named(monthly, "2025-02") == date(2025, 2, 25)
    assert named(monthly, "2125-01") == date(2125, 1, 25)  # the last
    assert named(monthly, "2025-04-2") == date(2025, 4, 25)
    assert named(monthly, "2025-04-26") == date(2025, 4, 26)  # a whole date stands for itself, on the schedule or off it


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("2025", "2025 could be 11 periods, from 2025-02-25 to 2025-12-25; write year and month; the first period is 2025-02-25"),
        ("2025-01", "no period of DATES-1 begins with 2025-01; write year and month; the first period is 2025-02-25"),
        ("2125-02", "no period of DATES-1 begins with 2125-02; write year and month; the first period is 2025-02-25"),  # after the last
        ("2025-02-30", "2025-02-30 is not a day of the calendar; write a date such as 2025-04-25"),
    ],
)
def test_a_text_that_names_no_period_or_several_is_refused(text: str, problem: str) -> None:
    with pytest.raises(ProblemsFound) as refused:
        named(deal("{distribution: {day: 25, first: 2025-02-25}}"), text)

    assert [f"{found.fact}; {found.remedy}" for found in refused.value.problems] == [problem]


def test_the_day_paid_before_the_second_distribution_is_rolled_too() -> None:
    second = resolve(deal("{distribution: {day: 23, roll: following}}"), 2, is_open(""))  # 23 February 2025 is a Sunday

    assert (second.previous_scheduled, second.previous_distribution) == (date(2025, 2, 23), date(2025, 2, 24))


def test_without_terms_of_their_own_the_determination_is_on_the_day_and_the_record_date_the_day_before() -> None:
    february = resolve(deal("{distribution: {day: 23, roll: following}}"), 1, is_open(""))

    assert (february.determination, february.record) == (date(2025, 2, 24), date(2025, 2, 23))


def test_a_record_date_that_is_a_day_of_a_month_is_moved_only_as_it_says() -> None:
    def record(terms: str) -> date:
        return resolve(deal(f"{{distribution: {{day: 25}}, record: {terms}}}"), 2, is_open("")).record

    assert record("{day: 23, months_before: 1}") == date(2025, 2, 23)  # a Sunday, and it stays there
    assert record("{day: 23, months_before: 1, roll: following}") == date(2025, 2, 24)
    assert record("{day: 23, months_before: 1, business_days_before: 1}") == date(2025, 2, 20)  # the business day before Friday the 21st
    assert record("{day: 31, months_before: 1}") == date(2025, 2, 28)


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        ("[2025-02-15]", "2025-02-15"),  # thirteen days before the month's end
        ("[2025-02-13]", "2025-02-13"),  # fifteen
        ("[2025-02-12]", "2025-02-28"),  # sixteen: the end of no fiscal February
        ("[2025-03-15]", "2025-03-15"),
        ("[2025-03-16]", "2025-02-28"),
        ("[2025-02-23, 2025-03-02, 2025-03-30]", "2025-03-02"),  # two days after the month's end, the other five before
    ],
)
def test_a_fiscal_month_ends_on_the_listed_day_within_fifteen_days_that_is_nearest(ends: str, expected: str) -> None:
    march = resolve(deal(f"{{distribution: {{day: 25}}, collection: {{ends: {ends}}}}}"), 2, is_open(""))

    assert str(march.collection_end) == expected


def test_the_dates_of_a_period_are_found_from_its_key() -> None:
    monthly = deal("{distribution: {day: 25, roll: following}, determination: {business_days_before: 3}, record: {business_days_before: 1}}")

    dates = resolve(monthly, 2, is_open(""))  # 25 May 2025 would be a Sunday; 25 March is a Tuesday
    may = resolve(monthly, 4, is_open(""))

    assert (dates.scheduled, dates.distribution) == (date(2025, 3, 25), date(2025, 3, 25))
    assert (may.scheduled, may.distribution) == (date(2025, 5, 25), date(2025, 5, 26))
    assert (may.previous_scheduled, may.previous_distribution) == (date(2025, 4, 25), date(2025, 4, 25))
    assert (may.determination, may.record) == (date(2025, 5, 21), date(2025, 5, 23))
    assert (may.collection_start, may.collection_end) == (date(2025, 4, 1), date(2025, 4, 30))


def test_before_the_first_distribution_stands_the_closing_date() -> None:
    first = resolve(deal("{distribution: {day: 25, roll: following}}", closing="2025-02-01"), 1, is_open(""))

    assert (first.previous_scheduled, first.previous_distribution) == (date(2025, 2, 1), date(2025, 2, 1))  # a Saturday: closing is not rolled


def test_the_day_that_was_paid_before_is_taken_from_the_books() -> None:
    paid = date(2025, 2, 26)

    assert resolve(deal("{distribution: {day: 25}}"), 2, is_open(""), paid).previous_distribution == paid


def test_a_quarterly_deal_collects_three_months() -> None:
    quarterly = resolve(deal("{distribution: {day: 18, months: 3}, collection: {months_before: 1}}"), 1, is_open(""))

    assert (quarterly.collection_start, quarterly.collection_end) == (date(2025, 1, 1), date(2025, 3, 31))


# Rolls and calendars ---------------------------------------------------------------------------------------------------

NAMES = {
    "NO_ADJUST": "none",
    "FOLLOWING": "following",
    "PRECEDING": "preceding",
    "MODIFIED_FOLLOWING": "modified_following",
    "MODIFIED_PRECEDING": "modified_preceding",
}
"""The reference's names; its NEAREST and bi-monthly rolls are not offered to a deal."""


def test_rolls_agree_with_the_reference_table() -> None:
    with shared("cases/calendar/bizday.csv").open() as lines:
        rows = [row for row in csv.DictReader(lines) if row["convention"] in NAMES]

    assert len(rows) == 52
    for row in rows:
        moved = rolled(date.fromisoformat(row["date"]), cast(Roll, NAMES[row["convention"]]), is_open(""))
        assert moved.isoformat() == row["expected"], row


def test_a_roll_within_the_month_turns_back_at_its_end() -> None:
    saturday, sunday = date(2025, 5, 31), date(2025, 6, 1)

    assert rolled(saturday, "following", is_open("")) == date(2025, 6, 2)
    assert rolled(saturday, "modified_following", is_open("")) == date(2025, 5, 30)
    assert rolled(sunday, "preceding", is_open("")) == date(2025, 5, 30)
    assert rolled(sunday, "modified_preceding", is_open("")) == date(2025, 6, 2)


def test_business_days_before_count_open_days() -> None:
    assert business_days_before(date(2025, 5, 27), 1, is_open("US-FED")) == date(2025, 5, 23)  # 26 May is Memorial Day
    assert business_days_before(date(2025, 5, 26), 0, is_open("US-FED")) == date(2025, 5, 23)


def test_business_days_after_count_open_days() -> None:
    assert business_days_after(date(2025, 5, 23), 1, is_open("US-FED")) == date(2025, 5, 27)  # 26 May is Memorial Day
    assert business_days_after(date(2025, 5, 23), 3, is_open("US-FED")) == date(2025, 5, 29)
    assert business_days_after(date(2025, 5, 24), 0, is_open("US-FED")) == date(2025, 5, 24)  # a Saturday
    assert business_days_before(date(2025, 5, 29), 3, is_open("US-FED")) == date(2025, 5, 23)


def test_payment_dates_agree_with_the_reference_table() -> None:
    with shared("cases/calendar/paydates.csv").open() as lines:
        rows = list(csv.DictReader(lines))

    assert len(rows) == 576
    for row in rows:
        nominal = date.fromisoformat(row["nominal"])
        assert rolled(nominal, "following", is_open("US-FED")).isoformat() == row["following_us_fed"]
        assert rolled(nominal, "preceding", is_open("US-FED")).isoformat() == row["preceding_us_fed"]


DISPUTED = {
    ("US-SIFMA", date(2015, 4, 3)): True,  # Good Friday with payrolls: an early close, which is no holiday
    ("US-SIFMA", date(2018, 12, 5)): False,  # day of mourning for a president: closed
}
"""Days on which the sources differ: whether the calendar has them open."""


@pytest.mark.parametrize("calendar", sorted(CALENDARS))
def test_closed_weekdays_from_2015_to_2030_are_those_of_the_reference_table(calendar: str) -> None:
    with shared("cases/calendar/holidays.csv").open() as lines:
        rows = [row for row in csv.DictReader(lines) if row["calendar"] == calendar and row["kind"] != "disputed"]
    listed = {date.fromisoformat(row["date"]) for row in rows}
    days = [date(2015, 1, 1) + timedelta(days) for days in range((date(2031, 1, 1) - date(2015, 1, 1)).days)]

    closed = {day for day in days if day.weekday() < 5 and not is_open(calendar)(day) and (calendar, day) not in DISPUTED}

    assert closed == {day for day in listed if day.weekday() < 5 and 2015 <= day.year <= 2030}


@pytest.mark.parametrize(("calendar", "day", "is_a_business_day"), [(calendar, day, known) for (calendar, day), known in DISPUTED.items()])
def test_a_disputed_day_is_decided_by_its_reason(calendar: str, day: date, is_a_business_day: bool) -> None:
    assert is_open(calendar)(day) is is_a_business_day


def test_joined_calendars_are_open_where_all_are() -> None:
    good_friday, independence_day = date(2025, 4, 18), date(2025, 7, 4)

    assert is_open("US-FED")(good_friday)
    assert not is_open("US-FED+TARGET")(good_friday)
    assert not is_open("US-FED+TARGET")(independence_day)
    assert is_open("")(good_friday)


def test_an_unknown_calendar_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ProblemsFound, match="`US-FEDS` is not a calendar; did you mean US-FED"):
        is_open("US-FEDS")
