"""When the trust pays, and which days its interest and its collections belong to."""

from __future__ import annotations

from datetime import date

import pytest

from ledger.core.schedule import PeriodDates, resolve
from ledger.files.calendars import is_open
from tests.core.deals import Books, problems_of, terms

REST = """
tranches: {A: {original_balance: 360_000, rate: 10%}}
accounts: {funds: {collects: [interest]}}
waterfall: [{pay: interest, to: A, from: funds}]
"""


def dates(section: str, number: int = 1, closing: str = "2025-01-10") -> PeriodDates:
    deal = terms(f"deal: DATES-1\nclosing_date: {closing}\ndates: {section}\n{REST}").deal
    return resolve(deal, number, is_open(deal.dates.distribution.calendar))


def paid(distribution: str, *numbers: int, closing: str = "2025-01-10") -> list[str]:
    """The days on which the numbered distributions are paid."""
    return [str(dates(f"{{distribution: {distribution}}}", number, closing).distribution) for number in numbers]


# Calendars --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("calendar", "day", "expected"),
    [
        ("US-FED", "first: 2025-11-11, day: 11", "2025-11-12"),  # Veterans Day
        ("US-FED", "first: 2025-04-18, day: 18", "2025-04-18"),  # banks are open on Good Friday
        ("US-SIFMA", "first: 2025-04-18, day: 18", "2025-04-21"),  # the bond market is not
        ("TARGET", "first: 2025-05-01, day: 1", "2025-05-02"),  # Labour Day
        ("TARGET", "first: 2025-05-26, day: 26", "2025-05-26"),
        ("UK", "first: 2025-05-26, day: 26", "2025-05-27"),  # spring bank holiday, and Memorial Day in the United States
        ("US-FED+UK", "first: 2025-05-26, day: 26", "2025-05-27"),
        ("TARGET+UK", "first: 2025-04-18, day: 18", "2025-04-22"),  # Good Friday to Easter Monday
        ("US-FED+TARGET+UK", "first: 2025-05-05, day: 5", "2025-05-06"),  # closed in London only
        ("US-FED + TARGET", "first: 2025-05-01, day: 1", "2025-05-02"),  # closed in Frankfurt only
    ],
)
def test_a_closed_day_of_any_calendar_of_a_union_moves_the_distribution(calendar: str, day: str, expected: str) -> None:
    assert paid(f"{{{day}, roll: following, calendar: {calendar}}}", 1) == [expected]


@pytest.mark.parametrize(
    ("roll", "expected"),
    [
        ("none", ["2025-05-31", "2025-06-30", "2025-08-31"]),
        ("following", ["2025-06-02", "2025-06-30", "2025-09-02"]),  # 31 May is a Saturday; 1 September is Labor Day
        ("preceding", ["2025-05-30", "2025-06-30", "2025-08-29"]),
        ("modified_following", ["2025-05-30", "2025-06-30", "2025-08-29"]),
        ("modified_preceding", ["2025-05-30", "2025-06-30", "2025-08-29"]),
    ],
)
def test_a_closed_day_rolls_as_the_deal_says(roll: str, expected: list[str]) -> None:
    assert paid(f"{{day: 31, first: 2025-05-31, roll: {roll}, calendar: US-FED}}", 1, 2, 4) == expected


# Schedules --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("months", "expected"),
    [
        (1, ["2025-04-15", "2025-05-15", "2025-06-15"]),
        (3, ["2025-04-15", "2025-07-15", "2025-10-15"]),
        (6, ["2025-04-15", "2025-10-15", "2026-04-15"]),
        (12, ["2025-04-15", "2026-04-15", "2027-04-15"]),
    ],
)
def test_distributions_are_monthly_quarterly_semi_annual_or_yearly(months: int, expected: list[str]) -> None:
    assert paid(f"{{day: 15, months: {months}, first: 2025-04-15}}", 1, 2, 3) == expected


def test_a_schedule_has_whole_periods_in_a_year() -> None:
    [problem] = problems_of(f"deal: D-1\nclosing_date: 2025-01-10\ndates: {{distribution: {{day: 15, months: 5}}}}\n{REST}")

    assert problem.startswith("every 5 months is not so many times a year; write 1, 2, 3, 4, 6 or 12")


@pytest.mark.parametrize(
    ("distribution", "expected"),
    [
        # January 2025 opens on the 2nd: 2, 3, 6, 7, 8 ... The 9th, a day of mourning, was no holiday of the Federal Reserve.
        ("{day: 1, first: 2025-01-01, roll: following, calendar: US-FED}", "2025-01-02"),
        ("{day: 1, first: 2025-01-01, roll: following, business_days_after: 4, calendar: US-FED}", "2025-01-08"),
        ("{day: 1, first: 2025-01-01, roll: following, business_days_after: 9, calendar: US-FED}", "2025-01-15"),
        ("{day: 1, first: 2025-01-01, roll: following, business_days_after: 12, calendar: US-FED}", "2025-01-21"),  # the 20th is a holiday
        ("{day: 31, first: 2025-01-31, roll: preceding, calendar: US-FED}", "2025-01-31"),  # the last of a month
        ("{day: 18, first: 2025-01-18, roll: following, business_days_after: 2, calendar: US-FED}", "2025-01-23"),  # two after Tuesday the 21st
        ("{day: 18, first: 2025-01-18, business_days_after: 2, calendar: US-FED}", "2025-01-22"),  # two after Saturday the 18th
    ],
)
def test_the_nth_business_day_of_a_month_or_so_many_after_a_day(distribution: str, expected: str) -> None:
    assert paid(distribution, 1, closing="2024-12-20") == [expected]


def test_a_period_counted_in_business_days_is_known_by_its_day_and_accrues_to_the_day_it_is_paid() -> None:
    third = "{distribution: {day: 1, roll: following, business_days_after: 2, calendar: US-FED}, accrual: payment, day_count: act/360}"
    books = Books(f"deal: DATES-1\nclosing_date: 2025-01-10\ndates: {third}\npool: {{original_balance: 1}}\n{REST}")

    first, second = books.month(), books.month()

    assert (first.distribution.dates.scheduled, first.distribution.dates.distribution) == (date(2025, 2, 1), date(2025, 2, 5))
    assert second.distribution.dates.distribution == date(2025, 3, 5)
    assert (first["A.interest_accrued"], second["A.interest_accrued"]) == (2_600, 2_800)  # 26 and 28 days at 100


def test_record_and_determination_dates_are_business_days_before_the_distribution() -> None:
    found = dates("{distribution: {day: 27, first: 2025-05-27, calendar: US-FED}, determination: {business_days_before: 4}, record: {business_days_before: 1}}")

    assert (found.determination, found.record) == (date(2025, 5, 20), date(2025, 5, 23))  # Monday the 26th is Memorial Day


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("{day: 31, months_before: 1, roll: preceding}", "2025-05-30"),  # the last business day of the month before: the 31st is a Saturday
        ("{day: 31, months_before: 1}", "2025-05-31"),
        ("{day: 1, roll: following}", "2025-06-02"),
        ("{day: 15, roll: preceding}", "2025-06-13"),
        ("{day: 19, roll: following}", "2025-06-20"),  # Juneteenth
        ("{day: 15, roll: following, business_days_before: 2}", "2025-06-12"),  # Monday the 16th, Friday, Thursday
        ("{business_days_before: 0}", "2025-06-25"),
        ("{business_days_before: 5}", "2025-06-17"),  # past Juneteenth
    ],
)
def test_record_and_determination_dates_may_be_days_of_a_month(day: str, expected: str) -> None:
    section = "{distribution: {day: 25, first: 2025-06-25, roll: following, calendar: US-FED}, WHICH: DAY}".replace("DAY", day)

    assert str(dates(section.replace("WHICH", "record")).record) == expected
    assert str(dates(section.replace("WHICH", "determination")).determination) == expected


def test_a_month_or_a_roll_needs_a_day() -> None:
    [problem] = problems_of(f"deal: D-1\nclosing_date: 2025-01-10\ndates: {{distribution: {{day: 15}}, record: {{roll: preceding}}}}\n{REST}")

    assert problem.startswith("`roll` stands without `day`; say which day of the month")


def test_without_terms_the_determination_is_on_the_day_and_the_record_date_the_day_before() -> None:
    found = dates("{distribution: {day: 26}}")

    assert (found.determination, found.record) == (date(2025, 2, 26), date(2025, 2, 25))


# Collection periods -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("collection", "months", "expected"),
    [
        ("{}", 1, ("2025-06-01", "2025-06-30")),
        ("{months_before: 0}", 1, ("2025-07-01", "2025-07-31")),
        ("{months_before: 2}", 1, ("2025-05-01", "2025-05-31")),
        ("{months_before: 1}", 3, ("2025-04-01", "2025-06-30")),
        ("{months_before: 1}", 6, ("2025-01-01", "2025-06-30")),
        ("{months_before: 0, day: 10}", 1, ("2025-06-11", "2025-07-10")),
        ("{months_before: 1, day: 15}", 3, ("2025-03-16", "2025-06-15")),
        ("{ends: [2025-04-27, 2025-06-01, 2025-06-29]}", 1, ("2025-06-02", "2025-06-29")),  # fiscal months end on a Sunday: 28 days
        ("{ends: [2025-03-30, 2025-06-29]}", 3, ("2025-03-31", "2025-06-29")),
        ("{ends: [2025-06-29]}", 1, ("2025-06-01", "2025-06-29")),  # no fiscal month is given for May: the calendar's
        ("{ends: 2025-07-02}", 1, ("2025-06-01", "2025-07-02")),
    ],
)
def test_collection_periods_are_calendar_months_parts_of_two_or_fiscal_months(collection: str, months: int, expected: tuple[str, str]) -> None:
    found = dates(f"{{distribution: {{day: 25, months: {months}, first: 2025-07-25}}, collection: {collection}}}")

    assert (str(found.collection_start), str(found.collection_end)) == expected


# Accrual periods ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("months", "accrual", "expected"),
    [
        (3, "payment", (9_300, 9_100)),  # Saturday 15 March to Monday 16 June; from there to Monday 15 September
        (3, "scheduled", (9_200, 9_200)),
        (3, "month", (9_200, 9_200)),
        (6, "month", (18_200, 18_300)),  # December to May, June to November
    ],
)
def test_quarterly_and_semi_annual_periods_accrue_over_their_months(months: int, accrual: str, expected: tuple[int, int]) -> None:
    section = f"{{distribution: {{day: 15, months: {months}, first: 2025-06-15, roll: following}}, accrual: {accrual}, day_count: act/360}}"
    books = Books(f"deal: DATES-1\nclosing_date: 2025-03-15\ndates: {section}\npool: {{original_balance: 1}}\n{REST}")

    assert tuple(books.month()["A.interest_accrued"] for _ in range(2)) == expected


# Zones and words --------------------------------------------------------------------------------------------------------------


def test_the_deal_has_a_time_zone_and_an_unknown_one_is_refused() -> None:
    frame = "deal: ZONE-1\nclosing_date: 2025-01-10\ntime_zone: ZONE\ndates: {distribution: {day: 15}}\n" + REST

    assert terms(frame.replace("ZONE\n", "America/New_York\n")).deal.time_zone == "America/New_York"
    assert "not a time zone" in problems_of(frame.replace("ZONE\n", "Mars/Olympus\n"))[0]


def test_an_unknown_calendar_is_refused_with_the_nearest() -> None:
    frame = f"deal: CALENDAR-1\nclosing_date: 2025-01-10\ndates: {{distribution: {{day: 15, calendar: US-FED+TARGETT}}}}\n{REST}"

    assert problems_of(frame) == ["`TARGETT` is not a calendar; did you mean TARGET?"]
