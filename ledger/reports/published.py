"""Reading what a trust published: published.csv, figure by figure, and tolerated.csv, the differences that are known and explained.

`distribution_date,subject,item,amount,note` and `distribution_date,subject,item,difference,reason`; docs/statements.md says what each column means.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import TypeAlias, TypeVar

from ledger.core.money import parse_number
from ledger.core.problems import Problem, ProblemsFound, nearest

PUBLISHED = ("distribution_date", "subject", "item", "amount", "note")
TOLERATED = ("distribution_date", "subject", "item", "difference", "reason")
OPTIONAL = ("note",)
LARGEST = 50_000_000
"""Bytes of the largest file that is read: a report of 40 years has a hundredth of that."""

FLAGS: Mapping[str, bool] = {"yes": True, "no": False, "failed": True, "passed": False, "true": True, "false": False}
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z", re.ASCII)
Key: TypeAlias = tuple[date, str, str]
"""What a figure is known by: the period's key, the subject, the item."""


@dataclass(frozen=True, slots=True)
class Published:
    """A published figure: `text` as printed, `value` what it says (a percentage as a number), `places` how many decimals of that it shows."""

    key: Key
    text: str
    value: Fraction | bool | date
    places: int
    note: str
    place: str

    @property
    def is_derived(self) -> bool:
        """Whether an input was worked out from this very figure, so that a tie proves nothing."""
        return self.note.lower().startswith("derived")


@dataclass(frozen=True, slots=True)
class Tolerated:
    """A known difference, ours less the published one, and why. None: the figure cannot be compared, and why."""

    key: Key
    difference: Fraction | None
    reason: str
    place: str


def read_published(source: bytes, name: str) -> list[Published]:
    """The rows of a published.csv. Raises ProblemsFound with everything that is wrong, by row."""
    rows, problems = list[Published](), list[Problem]()
    for row in _rows(source, name, PUBLISHED):
        try:
            value, places = _value(row["amount"])
            rows.append(Published(row.key(), row["amount"], value, places, row["note"], row.place))
        except ProblemsFound as found:
            problems.extend(problem.at(row.place) for problem in found.problems)
    return _all_or_none(rows, problems, name)


def read_tolerated(source: bytes, name: str) -> list[Tolerated]:
    """The rows of a tolerated.csv. Raises ProblemsFound with everything that is wrong, by row."""
    rows, problems = list[Tolerated](), list[Problem]()
    for row in _rows(source, name, TOLERATED):
        try:
            rows.append(Tolerated(row.key(), _difference(row["difference"]), _reason(row["reason"]), row.place))
        except ProblemsFound as found:
            problems.extend(problem.at(row.place) for problem in found.problems)
    return _all_or_none(rows, problems, name)


# Rows -----------------------------------------------------------------------------------------------------------------


Entry = TypeVar("Entry", Published, Tolerated)


class Row(dict[str, str]):
    """A row by column, and where it stands."""

    place: str

    def key(self) -> Key:
        """Date, subject and item. Raises ProblemsFound."""
        for column in ("subject", "item"):
            if not self[column]:
                raise _wrong(f"`{column}` is blank", "name the class, fee, account, pool or `deal`, and its figure")
        day = _day(self["distribution_date"])
        if day is None:
            raise _wrong(f"`{self['distribution_date']}` is not a date such as 2025-04-25", "write the period's scheduled distribution date")
        return day, self["subject"], self["item"]


def _wrong(fact: str, remedy: str) -> ProblemsFound:
    return ProblemsFound([Problem(fact, remedy)])


def _rows(source: bytes, name: str, columns: Sequence[str]) -> Iterator[Row]:
    """Every row that has something in it. Raises ProblemsFound for a file that is no such table."""
    lines = csv.reader(_lines(source, name), strict=True)
    try:
        header = [column.strip() for column in next(lines, [])]
        _check_header(header, columns, name)
        for cells in lines:
            if not any(cells):
                continue
            if len(cells) != len(header):
                fact = f"the row has {len(cells)} cells, the header {len(header)}"
                raise ProblemsFound([Problem(fact, "put a text with commas between quotes", place=f"{name}:{lines.line_num}")])
            row = Row(dict.fromkeys(columns, "") | {column: cell.strip() for column, cell in zip(header, cells, strict=True)})
            row.place = f"{name}:{lines.line_num}"
            yield row
    except csv.Error as error:
        raise ProblemsFound(
            [Problem(f"the file is no CSV here: {error}", "close every quote, and double one inside a text", f"{name}:{lines.line_num}")]
        ) from None


def _lines(source: bytes, name: str) -> Iterator[str]:
    if len(source) > LARGEST:
        raise ProblemsFound([Problem(f"the file has {len(source):,} bytes, the most is {LARGEST:,}", "split it by year", place=name)])
    try:
        text = source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = source[: error.start].count(b"\n") + 1
        raise ProblemsFound([Problem("the file is not UTF-8 text", "save it as UTF-8", place=f"{name}:{row}")]) from None
    if "\0" in text:
        row = text[: text.index("\0")].count("\n") + 1
        raise ProblemsFound([Problem("the file holds a NUL character", "save it as plain text", place=f"{name}:{row}")])
    return io.StringIO(text, newline="")


def _check_header(header: list[str], columns: Sequence[str], name: str) -> None:
    problems = [
        Problem(f"unknown column `{column}`", nearest(column, columns) or f"the columns are {', '.join(columns)}", place=f"{name}:1")
        for column in header
        if column not in columns
    ]
    problems += [Problem(f"the column `{column}` is missing", f"the header is {','.join(columns)}", place=f"{name}:1") for column in columns
                 if column not in header and column not in OPTIONAL]  # fmt: skip
    problems += [Problem(f"the column `{column}` stands twice", "remove one", place=f"{name}:1") for column in columns if header.count(column) > 1]
    if problems:
        raise ProblemsFound(problems)


def _all_or_none(rows: list[Entry], problems: list[Problem], name: str) -> list[Entry]:
    """The rows, if nothing is wrong with any of them and no figure stands twice."""
    first: dict[Key, str] = {}
    for row in rows:
        if row.key in first:
            problems.append(Problem(f"{row.key[1]} {row.key[2]} of {row.key[0]} stands in {first[row.key]} already", "keep one of the two", place=row.place))
        first.setdefault(row.key, row.place)
    if not rows and not problems:
        problems.append(Problem("the file has no rows", "write a row for each figure", place=name))
    if problems:
        raise ProblemsFound(problems)
    return rows


# Cells ----------------------------------------------------------------------------------------------------------------


def _value(text: str) -> tuple[Fraction | bool | date, int]:
    """What an amount says, and how many decimal places it shows; 4.25% shows four. Raises ProblemsFound."""
    if text.lower() in FLAGS:
        return FLAGS[text.lower()], 0
    day = _day(text)
    if day is not None:
        return day, 0
    try:
        value = parse_number(text)
    except ValueError:
        raise _wrong(f"`{text}` is no figure", _figure_remedy(text)) from None
    return value, len(text.rstrip("%").partition(".")[2]) + 2 * text.endswith("%")


def _day(text: str) -> date | None:
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
