"""Cells of a column, understood all at once: money by one look at the column, what is said often once.

Each function gives a value for every cell, None for a blank one, and notes what it cannot read by the cell's index.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from ledger.core.money import Money, parse_money, parse_number
from ledger.core.problems import Problem

Note = Callable[[int, Problem], None]
"""Told of a cell that cannot be read: its index and the problem."""
Parse = Callable[[str], Any]
"""Understands one text. Raises ValueError with `FACT; REMEDY`, the fact a clause such as `is not a date`."""
MOST_DAYS = 99_999
FLAGS = {"yes": "yes", "no": "no", "true": "yes", "false": "no"}


def amounts(column: str, texts: Sequence[str], scale: int, note: Note) -> Sequence[Money | None]:
    """Money, units at carry scale. Where every cell has exactly that many decimal places, as a servicer's file does, dropping the points reads it all."""
    whole = "\n".join(texts)
    if scale and texts and _exact_cells(scale).fullmatch(whole):
        return [int(digits) if digits else None for digits in whole.replace(".", "").split("\n")]
    return each(column, texts, amount_of(scale), note)


@lru_cache
def _exact_cells(scale: int) -> re.Pattern[str]:
    """Lines that are blank or have that many decimal places, and so few digits that they are surely in range."""
    cell = rf"(?:-?[0-9]{{1,{18 - scale}}}\.[0-9]{{{scale}}})?"
    return re.compile(rf"{cell}(?:\n{cell})*+", re.ASCII)


def each(column: str, texts: Sequence[str], parse: Parse, note: Note) -> Sequence[Any]:
    """Every cell, equal ones understood once."""
    known: dict[str, Any] = {"": None}
    for index, text in enumerate(texts):
        value = known.get(text, known)
        if value is known:
            value = known[text] = parsed(column, text, parse)
        if isinstance(value, Problem):
            note(index, value)
    return [known[text] for text in texts]


def parsed(column: str, text: str, parse: Parse) -> Any:
    """What a text means, or the problem with it."""
    try:
        return parse(text)
    except ValueError as error:
        fact, _, remedy = str(error).partition("; ")
        return Problem(f"`{column}` is `{text}`, which {fact}", remedy)


@lru_cache
def amount_of(scale: int) -> Parse:
    """Money with at most `scale` decimal places."""

    def parse(text: str) -> Money:
        try:
            return parse_money(text, scale)
        except ValueError as error:
            raise ValueError(f"{error}; write a plain figure in units of the books, with at most {scale} decimal places") from None

    return parse


def rate_digits(text: str) -> str:
    """A rate's exact decimal digits, all of them: `6.50500%` is 0.0650500. Raises ValueError with a clause that says what it is not."""
    parse_number(text)
    if "_" in text:
        raise ValueError("has a separator between its digits")
    number = Decimal(text.removesuffix("%"))
    return format(number.scaleb(-2) if text.endswith("%") else number, "f")


def rate(text: str) -> str:
    """A rate or a number, as its digits."""
    try:
        return rate_digits(text)
    except ValueError as error:
        raise ValueError(f"{error}; write digits and a point, with % where it is a percentage") from None


def percentage(text: str) -> str:
    """A rate of which a figure above 1 without a percent sign is surely a percentage without its sign."""
    digits = rate(text)
    if not text.endswith("%") and abs(Decimal(digits)) > 1:
        hundredfold = f"{(Decimal(digits) * 100).normalize():f}%"
        raise ValueError(f"is {hundredfold}; write {text}%, or {hundredfold} if that is meant")
    return digits


def days(text: str) -> int:
    """A number of days."""
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(MOST_DAYS))):
        raise ValueError("is not a number of days; write digits only, 0 for a loan that is current")
    return int(text)


def day(text: str) -> date:
    """A day as 2024-01-30, and in no other of the forms that ISO 8601 knows."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.isoformat() != text:
        raise ValueError("is not a date; write it as 2024-01-30")
    return found


def flag(text: str) -> str:
    """`yes` or `no`."""
    if text.lower() not in FLAGS:
        raise ValueError("is neither yes nor no; write one of them")
    return FLAGS[text.lower()]
