"""What a single field of a deal file may hold: names, numbers, dates, formulas; each refuses in its own words, `fact; remedy`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, GetJsonSchemaHandler, ValidationInfo, WithJsonSchema
from pydantic_core import CoreSchema

from ledger.core.daycount import DAY_COUNTS
from ledger.core.formula import Formula
from ledger.core.money import parse_number
from ledger.core.problems import nearest


def _formula(value: object, info: ValidationInfo) -> Formula:
    if isinstance(value, Formula):
        return value
    if not isinstance(value, str):
        raise ValueError("fields or a list stand where a formula is needed; write it on one line, in quotes where it has a `,` inside { }")
    parse: Callable[[str], Formula] = (info.context or {})["parse"]
    return parse(value)


def _number(value: object) -> Fraction:
    if isinstance(value, Fraction):
        return value
    try:
        return parse_number(str(value))
    except ValueError as error:
        raise ValueError(f"`{value}` {error}; an amount has digits, `_` between them, and at most one point") from None


_NAME = r"^[A-Za-z0-9_]+(-[A-Za-z0-9_]+)*$"
_DEAL = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
_REPORTED_NAME = r"^[A-Za-z0-9_]+([-.][A-Za-z0-9_]+)*$"


def _matching(pattern: str, remedy: str) -> Callable[[str], str]:
    """A check of a word against a pattern, which says in words what the pattern wants."""

    def check(word: str) -> str:
        if len(word) > 60 or not re.fullmatch(pattern, word, re.ASCII):
            raise ValueError(f"`{word}` cannot stand here; {remedy}")
        return word

    return check


def _with_a_letter(name: str) -> str:
    if not any(character.isalpha() for character in name):
        raise ValueError(f"`{name}` has no letter; give the name at least one, so that it is no number")
    return name


def _word(pattern: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern, "maxLength": 60})


def _day_count(value: object) -> str:
    name = str(value).upper()
    if name not in DAY_COUNTS:
        remedy = nearest(name, DAY_COUNTS) or f"the day counts are {', '.join(sorted(DAY_COUNTS))}"
        raise ValueError(f"`{value}` is not a day count; {remedy}")
    return name


YEARS = range(1900, 2201)
"""The years that a deal may name: a schedule that begins in them ends before the calendar does."""


def _day(value: object) -> object:
    """Only YYYY-MM-DD: pydantic would read `20240130` as seconds since 1970, Python would read `2024-W05-2`."""
    if isinstance(value, date):
        return value
    try:
        day = date.fromisoformat(str(value)) if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", str(value)) else None
    except ValueError:
        day = None
    if day is None:
        raise ValueError(f"`{value}` is not a date; write a day of the calendar as 2024-01-30")
    if day.year not in YEARS:
        raise ValueError(f"`{value}` is in the year {day.year}; write one from {YEARS[0]} to {YEARS[-1]}")
    return day


def listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


def number_like(pattern: str) -> WithJsonSchema:
    return WithJsonSchema({"type": ["string", "number"], "pattern": pattern})


@dataclass(frozen=True)
class OrText:
    """Says in the JSON Schema that a bare word may stand for the whole; validation is left to a BeforeValidator."""

    meaning: str

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"anyOf": [{"type": "string", "description": self.meaning}, handler(schema)]}


FormulaField = Annotated[Formula, BeforeValidator(_formula), WithJsonSchema({"type": ["string", "number", "boolean"], "description": "a formula"})]
Amount = Annotated[Fraction, BeforeValidator(_number), number_like("^-?[0-9][0-9_]*([.][0-9]+)?%?$")]
Identifier = Annotated[
    str, AfterValidator(_matching(_NAME, "a name has letters, digits, `_` and inner `-`, at most 60")), AfterValidator(_with_a_letter), _word(_NAME)
]
ReportedName = Annotated[
    str,
    AfterValidator(_matching(_REPORTED_NAME, "a name has letters, digits, `_` and inner `-`; before a dot stands a pool")),
    AfterValidator(_with_a_letter),
    _word(_REPORTED_NAME),
]
deal_id = _matching(_DEAL, "a deal's name has letters, digits, `.`, `_` and `-`, at most 60")
"""A text, where it can be a deal's id: it is part of file names, and so has nothing in it that leads elsewhere. Raises ValueError, `fact; remedy`."""
DealId = Annotated[str, AfterValidator(deal_id), _word(_DEAL)]
Currency = Annotated[str, AfterValidator(_matching("^[A-Z]{3}$", "write the three capital letters of a currency, as in USD")), _word("^[A-Z]{3}$")]
Label = Annotated[str, Field(max_length=500), WithJsonSchema({"type": ["string", "number"], "maxLength": 500})]
DayCount = Annotated[str, BeforeValidator(_day_count), WithJsonSchema({"type": "string"})]
Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
Names = Annotated[tuple[str, ...], BeforeValidator(listed), WithJsonSchema({"type": ["string", "array"], "items": {"type": "string"}})]
