"""Money: rounding modes, odd cents, parsing and printing."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.money import (
    LIMIT,
    ROUNDING_MODES,
    OddUnits,
    RoundingMode,
    allocate_pro_rata,
    exact_shares,
    format_exact,
    format_money,
    parse_money,
    parse_number,
    round_exact,
    round_ratio,
    round_to,
    round_to_multiple,
)


@pytest.mark.parametrize(
    ("mode", "quarter", "half", "half_after_odd", "three_quarters"),
    [
        #             2.25 2.5 3.5 2.75
        ("half_up", 2, 3, 4, 3),
        ("half_down", 2, 2, 3, 3),
        ("half_even", 2, 2, 4, 3),
        ("down", 2, 2, 3, 2),
        ("up", 3, 3, 4, 3),
    ],
)
def test_each_mode_rounds_quarters_and_halves(mode: RoundingMode, quarter: int, half: int, half_after_odd: int, three_quarters: int) -> None:
    figures = (Fraction(9, 4), Fraction(5, 2), Fraction(7, 2), Fraction(11, 4))

    rounded = [round_exact(figure, mode) for figure in figures]

    assert rounded == [quarter, half, half_after_odd, three_quarters]


@pytest.mark.parametrize("mode", ROUNDING_MODES)
@given(numerator=st.integers(-(10**20), 10**20), denominator=st.integers(1, 10**9))
def test_rounding_is_symmetric_and_less_than_a_unit_away(mode: RoundingMode, numerator: int, denominator: int) -> None:
    rounded = round_ratio(numerator, denominator, mode)

    assert rounded == -round_ratio(-numerator, denominator, mode)
    assert abs(rounded - Fraction(numerator, denominator)) < 1
    assert rounded == round_exact(Fraction(numerator, denominator), mode)


def test_a_factor_is_rounded_to_the_places_and_in_the_mode_that_the_deal_prints() -> None:
    third = Fraction(2, 3)

    assert round_to(third, 8, "down") == Fraction(66666666, 10**8)
    assert round_to(third, 8, "half_up") == Fraction(66666667, 10**8)


@pytest.mark.parametrize(
    ("odd", "expected"),
    [
        # 100 over 1:1:1 leaves 1; 101 over 1:1:1 leaves 2
        ("largest_remainder", ([34, 33, 33], [34, 34, 33])),
        ("first", ([34, 33, 33], [35, 33, 33])),
        ("last", ([33, 33, 34], [33, 33, 35])),
        ("each", ([33, 33, 33], [34, 34, 34])),
    ],
)
def test_odd_cents_follow_the_deals_rule(odd: OddUnits, expected: tuple[list[int], list[int]]) -> None:
    shares = (allocate_pro_rata(100, [1, 1, 1], odd), allocate_pro_rata(101, [1, 1, 1], odd))

    assert shares == expected


def test_the_largest_remainder_gets_the_odd_cent_before_an_earlier_payee() -> None:
    shares = allocate_pro_rata(10, [1, 2, 3])  # 1.67, 3.33, 5

    assert shares == [2, 3, 5]


def test_a_payee_with_no_weight_gets_no_odd_cent() -> None:
    assert allocate_pro_rata(10, [0, 3, 3, 1], "first") == [0, 5, 4, 1]  # 0, 4.29, 4.29, 1.43
    assert allocate_pro_rata(60, [100, 200, 0]) == [20, 40, 0]


def test_weights_all_zero_share_equally() -> None:
    assert allocate_pro_rata(5, [0, 0]) == [3, 2]
    assert exact_shares(5, [0, 0]) == [Fraction(5, 2), Fraction(5, 2)]


@given(
    amount=st.integers(0, 10**12), weights=st.lists(st.integers(0, 10**9), min_size=1, max_size=9), odd=st.sampled_from(["largest_remainder", "first", "last"])
)
def test_shares_sum_to_the_amount_and_are_within_the_left_over_units_of_exact(amount: int, weights: list[int], odd: OddUnits) -> None:
    shares = allocate_pro_rata(amount, weights, odd)

    exact = [Fraction(share) for share in exact_shares(amount, weights)]
    assert sum(shares) == amount == sum(exact)
    most = 1 if odd == "largest_remainder" else len(weights)
    assert all(abs(share - own) < most for share, own in zip(shares, exact, strict=True))


def test_cash_is_paid_in_whole_cents_where_the_books_carry_more_digits() -> None:
    assert round_to_multiple(1_234_567, 10_000) == 1_230_000
    assert round_to_multiple(1_235_000, 10_000) == 1_240_000


@pytest.mark.parametrize(
    ("text", "scale", "expected"),
    [("0", 2, 0), ("1234.56", 2, 123456), ("-1234.5", 2, -123450), ("12", 6, 12_000_000), ("0.10", 1, 1), ("92233720368547758.07", 2, LIMIT)],
)
def test_money_is_read_to_the_digit(text: str, scale: int, expected: int) -> None:
    assert parse_money(text, scale) == expected


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("1,234.56", "is not a plain amount such as -1234.56"),
        ("1e6", "is not a plain amount such as -1234.56"),
        (" 1", "is not a plain amount such as -1234.56"),
        ("1.", "is not a plain amount such as -1234.56"),
        ("", "is not a plain amount such as -1234.56"),
        ("NaN", "is not a plain amount such as -1234.56"),
        ("١", "is not a plain amount such as -1234.56"),
        ("0.001", "has more than 2 decimal places"),
        ("92233720368547758.08", "is larger than the books can hold (92,233,720,368,547,758.07)"),
    ],
)
def test_what_is_no_plain_amount_is_refused_with_what_is_wrong(text: str, fact: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(fact)}$"):
        parse_money(text, 2)


@pytest.mark.parametrize(
    ("text", "expected"), [("0.0425", Fraction(17, 400)), ("4.25%", Fraction(17, 400)), ("2_500_000", Fraction(2_500_000)), ("-3", Fraction(-3))]
)
def test_numbers_keep_every_digit(text: str, expected: Fraction) -> None:
    assert parse_number(text) == expected


@pytest.mark.parametrize("text", ["1e3", "1__0", "1_", "_1", "1.2.3", "%", "0x10", "1/3", "inf"])
def test_what_is_no_plain_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a plain number"):
        parse_number(text)


@pytest.mark.parametrize(
    ("units", "scale", "options", "expected"),
    [
        (123456, 2, {}, "1,234.56"),
        (-5, 2, {}, "-0.05"),
        (0, 2, {}, "0.00"),
        (1234567, 0, {}, "1,234,567"),
        (123456, 2, {"thousands": False}, "1234.56"),
        (1_005_000, 6, {"places": 2}, "1.01"),
        (-1_005_000, 6, {"places": 2}, "-1.01"),
    ],
)
def test_money_prints_with_its_decimal_places(units: int, scale: int, options: dict[str, Any], expected: str) -> None:
    assert format_money(units, scale, **options) == expected


@given(st.integers(-LIMIT, LIMIT), st.integers(0, 6))
def test_money_printed_plainly_reads_back(units: int, scale: int) -> None:
    assert parse_money(format_money(units, scale, thousands=False), scale) == units


def test_an_exact_number_prints_without_trailing_zeros() -> None:
    assert format_exact(Fraction(17, 400)) == "0.0425"
    assert format_exact(Fraction(1, 3)) == "0.333333333333"
    assert format_exact(1200) == "1200"
