"""Reading what a trust published: published.csv, figure by figure, and tolerated.csv, the differences that are known and explained.

`distribution_date,subject,item,amount,note` and `distribution_date,subject,item,difference,reason`; docs/statements.md says what each column means.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import TypeVar

from ledger.core.money import parse_number
from ledger.core.problems import Problem, ProblemsFound, listed, stop_on
from ledger.core.published import Key, PublishedFigure, Tolerance
from ledger.files import csv_text

PUBLISHED = ("distribution_date", "subject", "item", "amount", "note")
TOLERATED = ("distribution_date", "subject", "item", "difference", "reason")
OPTIONAL = ("note",)

FLAGS: Mapping[str, bool] = {"yes": True, "no": False, "failed": True, "passed": False, "true": True, "false": False}
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z", re.ASCII)


def read_published(source: bytes, name: str) -> list[PublishedFigure]:
    """The rows of a published.csv. Raises ProblemsFound with everything that is wrong, by row."""

    def figure(cells: Mapping[str, str], place: str) -> PublishedFigure:
        value, places = _value(cells["amount"])
        return PublishedFigure(_key(cells), cells["amount"], value, places, cells["note"], place)

    return _rows(source, name, PUBLISHED, figure)


def read_tolerated(source: bytes, name: str) -> list[Tolerance]:
    """The rows of a tolerated.csv. Raises ProblemsFound with everything that is wrong, by row."""

    def tolerance(cells: Mapping[str, str], place: str) -> Tolerance:
        return Tolerance(_key(cells), _difference(cells["difference"]), _reason(cells["reason"]), place)

    return _rows(source, name, TOLERATED, tolerance)


# Rows -----------------------------------------------------------------------------------------------------------------


Entry = TypeVar("Entry", PublishedFigure, Tolerance)


def _rows(source: bytes, name: str, columns: Sequence[str], make: Callable[[Mapping[str, str], str], Entry]) -> list[Entry]:
    """Every row as `make` reads its cells (with the row's place), if nothing is wrong with any of them and no figure stands twice."""
    entries, problems = list[Entry](), list[Problem]()
    for row in csv_text.read(source, name, columns, [column for column in columns if column not in OPTIONAL]):
        place = f"{name}:{row.number}"
        try:
            entries.append(make(dict.fromkeys(columns, "") | row.cells, place))
        except ProblemsFound as found:
            problems.extend(problem.at(place) for problem in found.problems)
    problems.extend(_stand_twice(entries))
    if not entries and not problems:
        problems.append(Problem("the file has no rows", "write a row for each figure", place=name))
    stop_on(listed(problems, name))
    return entries


def _stand_twice(entries: Sequence[PublishedFigure] | Sequence[Tolerance]) -> Iterator[Problem]:
    first: dict[Key, str] = {}
    for entry in entries:
        if first.setdefault(entry.key, entry.place) != entry.place:
            day, subject, item = entry.key
            yield Problem(f"{subject} {item} of {day} stands in {first[entry.key]} already", "keep one of the two", place=entry.place)


def _key(cells: Mapping[str, str]) -> Key:
    """Date, subject and item. Raises ProblemsFound."""
    for column in ("subject", "item"):
        if not cells[column]:
            raise _wrong(f"`{column}` is blank", "name the class, fee, account, pool or `deal`, and its figure")
    day = day_in(cells["distribution_date"])
    if day is None:
        raise _wrong(f"`{cells['distribution_date']}` is not a date such as 2025-04-25", "write the period's scheduled distribution date")
    return day, cells["subject"], cells["item"]


def _wrong(fact: str, remedy: str) -> ProblemsFound:
    return ProblemsFound([Problem(fact, remedy)])


# Cells ----------------------------------------------------------------------------------------------------------------


def _value(text: str) -> tuple[Fraction | bool | date, int]:
    """What an amount says, and how many decimal places it shows; 4.25% shows four. Raises ProblemsFound."""
    if text.lower() in FLAGS:
        return FLAGS[text.lower()], 0
    day = day_in(text)
    if day is not None:
        return day, 0
    try:
        value = parse_number(text)
    except ValueError:
        raise _wrong(f"`{text}` is no figure", _figure_remedy(text)) from None
    return value, len(text.rstrip("%").partition(".")[2]) + 2 * text.endswith("%")


def day_in(text: str) -> date | None:
    """A date as 2025-04-25; 20250425 is a number."""
    try:
        return date.fromisoformat(text) if _DAY.match(text) else None
    except ValueError:
        return None


def _figure_remedy(text: str) -> str:
    if not text or text in ("-", "N/A", "n/a"):
        return "write 0 where the report means nil, or leave the row out"
    if text.startswith("(") and text.endswith(")"):
        return f"write -{text[1:-1].replace(',', '')}"
    if "," in text or text.startswith("$"):
        return f"write {text.replace(',', '').replace('$', '')}"
    return "write an amount such as -1234.56, a rate such as 4.25%, a date such as 2025-04-25, yes or no"


def _difference(text: str) -> Fraction | None:
    if not text:
        return None
    try:
        difference = parse_number(text)
    except ValueError:
        raise _wrong(
            f"`{text}` is no difference", "write ours less the published figure, such as -0.01; leave it blank where the two cannot be compared"
        ) from None
    if not difference:
        raise _wrong("a difference of 0 needs no tolerance", "remove the row")
    return difference


def _reason(text: str) -> str:
    if not text:
        raise _wrong("`reason` is blank", "say where the difference comes from")
    return text
