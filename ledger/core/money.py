"""Money and the one place that rounds.

Money is an `int` in units of the deal's carry scale: with `carry: 0.01` the figure 1,234.56 is 123456, with `carry: 0.000001` it is 1234560000.
Rates, ratios and shares are exact (`Fraction`, or an `int` where they are whole). Nothing here, or above it in the core, is a float.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Literal, TypeAlias, get_args

Money: TypeAlias = int
"""An amount in units at the deal's carry scale."""
Exact: TypeAlias = int | Fraction
"""An exact number; a rate of 4.25 % is Fraction(17, 400)."""

RoundingMode = Literal["half_up", "half_down", "half_even", "down", "up"]
OddUnits = Literal["largest_remainder", "first", "last", "each"]
ROUNDING_MODES: tuple[RoundingMode, ...] = get_args(RoundingMode)
LIMIT = 2**63 - 1
"""The largest amount that a column of the log can hold, in units."""


def round_exact(value: Exact, mode: RoundingMode) -> int:
    """The whole number that `value` rounds to. `half_up` and `up` round away from zero, `down` towards it, so that -x rounds as x does."""
    if isinstance(value, int):
        return value
    return round_ratio(value.numerator, value.denominator, mode)


def round_ratio(numerator: int, denominator: int, mode: RoundingMode) -> int:
    """numerator / denominator (denominator > 0) as a whole number; the inner form of `round_exact`, without building a fraction."""
    if numerator < 0:
        return -round_ratio(-numerator, denominator, mode)
    whole, rest = divmod(numerator, denominator)
    if rest == 0 or mode == "down":
        return whole
    match mode:
        case "half_up":
            return whole + (2 * rest >= denominator)
        case "half_down":
            return whole + (2 * rest > denominator)
        case "half_even":
            return whole + (2 * rest > denominator or (2 * rest == denominator and whole % 2))
        case _:
            return whole + 1


def round_to(value: Exact, places: int, mode: RoundingMode) -> Fraction:
    """`value` rounded to a number of decimal places, e.g. a factor to eight."""
    scale = 10**places
    return Fraction(round_exact(value * scale, mode), scale)


def allocate_pro_rata(amount: Money, weights: Sequence[Exact], odd: OddUnits = "largest_remainder") -> list[Money]:
    """Split `amount` (not negative) by weight, in whole units.

    Shares are floored; left-over units go one each to the largest remainders (ties: the earliest payee), or all of them to the `first` or the `last`
    payee whose share did not come out whole. With `each` every share is rounded half up alone, and the sum may miss `amount` by some units.
    Weights all zero: equal shares.
    """
    total = sum(weights)
    if not total:
        weights, total = [1] * len(weights), len(weights)
    if odd == "each":
        return [round_exact(Fraction(amount * weight) / total, "half_up") for weight in weights]
    exact = [divmod(amount * weight, total) for weight in weights]
    shares = [int(whole) for whole, _ in exact]
    left = amount - sum(shares)
    open_to_more = [index for index, (_, rest) in enumerate(exact) if rest]
    match odd:
        case _ if not left:
            pass
        case "first":
            shares[open_to_more[0]] += left
        case "last":
            shares[open_to_more[-1]] += left
        case _:
            for index in sorted(open_to_more, key=lambda index: -exact[index][1])[:left]:
                shares[index] += 1
    return shares


def exact_shares(amount: Exact, weights: Sequence[Exact]) -> list[Exact]:
    """Split by weight without rounding; weights all zero: equal shares."""
    total = sum(weights)
    if not total:
        return [Fraction(amount, len(weights))] * len(weights)
    return [Fraction(amount * weight, total) for weight in weights]


def round_to_multiple(value: Money, unit: int) -> Money:
    """The multiple of `unit` nearest to `value`, halves away from zero: an amount at carry scale as payable in whole minor units."""
    return value if unit == 1 else round_ratio(value, unit, "half_up") * unit


_PLAIN = re.compile(r"(-?)([0-9]{1,19})(?:\.([0-9]{1,18}))?\Z", re.ASCII)
_NUMBER = re.compile(r"(-?)([0-9][0-9_]{0,40})(?:\.([0-9]{1,40}))?(%?)\Z", re.ASCII)


def parse_money(text: str, scale: int) -> Money:
    """`-1234.56` as units with `scale` decimal places.

    Raises ValueError saying what is wrong: thousands separators, exponents, blanks, a digit beyond the scale, a figure out of range.
    """
    match = _PLAIN.match(text)
    if match is None:
        raise ValueError("is not a plain amount such as -1234.56")
    sign, whole, decimals = match[1], match[2], match[3] or ""
    if len(decimals.rstrip("0")) > scale:
        raise ValueError(f"has more than {scale} decimal places")
    units = int(whole + decimals[:scale].ljust(scale, "0"))
    if units > LIMIT:
        raise ValueError(f"is larger than the books can hold ({format_money(LIMIT, scale)})")
    return -units if sign else units


def parse_number(text: str) -> Fraction:
    """`0.0425`, `4.25%` or `2_500_000` as an exact number. Raises ValueError for anything else (exponents included)."""
    match = _NUMBER.match(text)
    if match is None or match[2].endswith("_") or "__" in match[2]:
        raise ValueError("is not a plain number such as 0.0425 or 4.25%")
    sign, whole, decimals, percent = match[1], match[2].replace("_", ""), match[3] or "", match[4]
    number = Fraction(int(whole + decimals), 10 ** (len(decimals) + (2 if percent else 0)))
    return -number if sign else number


def format_money(units: Money, scale: int, *, places: int | None = None, mode: RoundingMode = "half_up", thousands: bool = True) -> str:
    """Units as text with a decimal point, `1,234.56`; `places` rounds by `mode` for printing fewer than the books carry, and `1,234` with none."""
    if places is not None and places < scale:
        units, scale = round_ratio(units, 10 ** (scale - places), mode), places
    digits = str(abs(units)).rjust(scale + 1, "0")
    whole, decimals = (digits[:-scale], "." + digits[-scale:]) if scale else (digits, "")
    grouped = f"{int(whole):,}" if thousands else whole
    return f"{'-' if units < 0 else ''}{grouped}{decimals}"


def format_exact(value: Exact, most_places: int = 12) -> str:
    """An exact number as decimal text; one that does not end within `most_places` is rounded half up there."""
    value = Fraction(value)
    units = round_exact(value * 10**most_places, "half_up")
    text = format_money(units, most_places, thousands=False)
    return text.rstrip("0").rstrip(".") if "." in text else text
