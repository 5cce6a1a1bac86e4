"""Index fixings as a CSV file: `index,date,rate`, a row a fixing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from ledger.core.problems import Problem, stop_on
from ledger.files import csv_text
from ledger.files.cells import rate_digits

COLUMNS = ("index", "date", "rate")


@dataclass(frozen=True, slots=True)
class FixingRow:
    """A fixing: the index as deal files name it, the day it was fixed on, and the rate's exact digits (`4.25%` is 0.0425), with its row."""

    row: int
    index: str
    day: date
    rate: str


def read(source: bytes, name: str) -> list[FixingRow]:
    """The fixings of a file, in its order. Raises ProblemsFound with everything that is wrong."""
    found: list[FixingRow] = []
    problems: list[Problem] = []
    for row in csv_text.read(source, name, COLUMNS, COLUMNS):
        read_row = _fixing(row.number, *(row.cells[column] for column in COLUMNS))
        if isinstance(read_row, FixingRow):
            found.append(read_row)
        else:
            problems += [problem.at(f"{name}:{row.number}") for problem in read_row]
    problems += [problem.at(f"{name}:{row}") for row, problem in _fixed_twice(found)]
    if not found and not problems:
        problems.append(Problem("the file has no rows", "write a row such as SOFR-30D-AVG,2025-04-01,4.30%", place=name))
    stop_on(problems)
    return found


def _fixing(row: int, index: str, day: str, rate: str) -> FixingRow | list[Problem]:
    """One row, or what is wrong with it."""
    problems = []
    if not index:
        problems.append(Problem("the row names no `index`", "write the index by the name that deal files give it"))
    try:
        fixed_on = date.fromisoformat(day) if len(day) == len("2025-04-01") else None
    except ValueError:
        fixed_on = None
    if fixed_on is None:
        problems.append(Problem(f"`date` `{day}` is not a date", "write a day of the calendar as 2025-04-01"))
    digits = ""
    try:
        digits = rate_digits(rate)
    except ValueError as error:
        problems.append(Problem(f"`rate` `{rate}` {error}", "write it as 4.30% or 0.0430"))
    return problems if problems or fixed_on is None else FixingRow(row, index, fixed_on, digits)


def _fixed_twice(fixings: list[FixingRow]) -> Iterator[tuple[int, Problem]]:
    seen: dict[tuple[str, date], FixingRow] = {}
    for fixing in fixings:
        first = seen.setdefault((fixing.index, fixing.day), fixing)
        if first is not fixing:
            yield fixing.row, Problem(f"{fixing.index} of {fixing.day} stands twice, first in row {first.row}", "keep one of them")
