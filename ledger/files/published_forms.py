"""Published figures in other forms than published.csv: a CREFC Bond Level file, and a statement's JSON."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any, Literal

from ledger.core.money import parse_number
from ledger.core.problems import MOST_LISTED, Problem, listed, nearest, stop_on
from ledger.core.published import PublishedFigure
from ledger.files.published import day_in, read_published

Sort = Literal["balance", "notional", "paid"]
"""What a class has: a balance, a notional that it accrues on, or neither."""
BOND_LEVEL_COLUMNS = 51
BOND_LEVEL: Mapping[int, Mapping[Sort, str]] = {
    6: {"balance": "original_balance", "notional": "original_notional"},
    8: {"balance": "opening_balance", "notional": "notional"},
    11: {"balance": "principal_paid"},
    13: {"balance": "realized_loss"},
    14: {"balance": "cumulative_loss"},
    15: {"balance": "closing_balance", "notional": "closing_notional"},
    17: {"balance": "rate", "notional": "rate"},
    20: {"balance": "interest_accrued", "notional": "interest_accrued"},
    27: {"balance": "interest_paid", "notional": "interest_paid", "paid": "interest_paid"},
    31: {"balance": "opening_unpaid_interest", "notional": "opening_unpaid_interest"},
    32: {"balance": "unpaid_interest", "notional": "unpaid_interest"},
}
"""The columns that are compared, counted from 1, with the item that each is of a class that has a balance, a notional, or neither."""
DISTRIBUTED, CLASS = 2, 4
MOST_BYTES = 10_000_000
_BOND_DAY = re.compile(r"[0-9]{8}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Names:
    """What a deal's own words are for those of a published file: the key of the period that was paid on a day, a class by its title or id, and its sort."""

    key_of: Callable[[date], date | None]
    classes: Mapping[str, str]
    sorts: Mapping[str, Sort]


def read_any(source: bytes, name: str, names: Names) -> list[PublishedFigure]:
    """The figures of a published file of any form that is known, told apart by how it begins. Raises ProblemsFound with all that is wrong, by row."""
    start = source.lstrip(b"\xef\xbb\xbf \r\n\t")[:1]
    if start == b"{":
        return read_statement(source, name)
    if _is_bond_level(source):
        return read_bond_level(source, name, names)
    return read_published(source, name)


def _is_bond_level(source: bytes) -> bool:
    """Whether the first line has as many cells as a Bond Level file and, having no header, says a day in the second."""
    lines = source.partition(b"\n")[0].decode("utf-8", "replace").splitlines()[:1]
    try:
        first = next(csv.reader(lines), [])
    except csv.Error:  # a cell without end; what else is wrong with the line is for who reads it
        return False
    return len(first) == BOND_LEVEL_COLUMNS and bool(_BOND_DAY.match(first[DISTRIBUTED - 1].strip()))


# CREFC Bond Level -------------------------------------------------------------------------------------------------------


def read_bond_level(source: bytes, name: str, names: Names) -> list[PublishedFigure]:
    """The figures of a Bond Level file, class by class. Raises ProblemsFound."""
    text = _decoded(source, name)
    problems, figures = list[Problem](), list[PublishedFigure]()
    rows = csv.reader(text.splitlines())
    try:
        for number, row in enumerate(rows, 1):
            for found in _bond_row(row, f"{name}:{number}", names):
                (problems if isinstance(found, Problem) else figures).append(found)  # type: ignore[arg-type]  # each to its own list
            if len(problems) > MOST_LISTED:
                break
    except csv.Error as error:
        problems.append(Problem(f"the row cannot be read: {error}", "take the file as the administrator gave it", place=f"{name}:{rows.line_num}"))
    stop_on(listed(problems, name))
    return figures


def _bond_row(row: list[str], place: str, names: Names) -> Iterator[PublishedFigure | Problem]:
    if len(row) != BOND_LEVEL_COLUMNS:
        yield Problem(f"the row has {len(row)} cells, not {BOND_LEVEL_COLUMNS}", "take the file as the administrator gave it, without a header", place=place)
        return
    day, title = _bond_day(row[DISTRIBUTED - 1].strip()), row[CLASS - 1].strip()
    key = names.key_of(day) if day else None
    if key is None:
        said = row[DISTRIBUTED - 1].strip()
        yield Problem(f"column {DISTRIBUTED}: nothing was paid on `{said}`", "see `tranche status`, or compare a month that is distributed", place=place)
        return
    tranche = names.classes.get(title)
    if tranche is None:
        yield Problem(
            f"column {CLASS}: there is no class `{title}`", nearest(title, names.classes) or "give the class this title in the deal file", place=place
        )
        return
    for column, items in BOND_LEVEL.items():
        item, text = items.get(names.sorts[tranche]), row[column - 1].strip()
        if item and text:
            yield _bond_figure(key, tranche, item, text, f"{place}, column {column}")


def _bond_day(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%Y%m%d").date() if _BOND_DAY.match(text) else None  # noqa: DTZ007 - a business date has no zone
    except ValueError:
        return None


def _bond_figure(key: date, tranche: str, item: str, text: str, place: str) -> PublishedFigure | Problem:
    try:
        value = parse_number(text)
    except ValueError:
        return Problem(f"`{text}` is no figure", "write it as 1234.56, without separators", place=place)
    # Such files drop the noughts at the end of an amount: 110192 is 110192.00.
    places = max(len(text.partition(".")[2]), 0 if item == "rate" else 2)
    return PublishedFigure((key, tranche, item), text, value, places, "", place)


# A statement's JSON -----------------------------------------------------------------------------------------------------


def read_statement(source: bytes, name: str) -> list[PublishedFigure]:
    """The figures of a statement that `tranche statement --format json` wrote, of these books or of another's. Raises ProblemsFound."""
    text = _decoded(source, name)
    try:
        value = json.loads(text, parse_float=str, parse_int=int)
        key, sections = date.fromisoformat(value["dates"]["scheduled"]), value["sections"]
        found = [(subject, item, figure) for subjects in sections.values() for subject, items in subjects.items() for item, figure in items.items()]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        remedy = "take the file that `tranche statement --format json -o FILE` writes"
        stop_on([Problem("this is not the JSON of a statement", remedy, place=name)])
        raise
    read = [_stated(key, subject, item, figure, f"{name}, {subject} {item}") for subject, item, figure in found]
    stop_on(listed((one for one in read if isinstance(one, Problem)), name))
    return [one for one in read if isinstance(one, PublishedFigure)]


def _stated(key: date, subject: str, item: str, figure: Any, place: str) -> PublishedFigure | Problem:
    if isinstance(figure, bool):
        return PublishedFigure((key, subject, item), "yes" if figure else "no", figure, 0, "", place)
    text = str(figure)
    try:
        value: Fraction | date = parse_number(text)
    except ValueError:
        stated = day_in(text)
        if stated is None:
            return Problem(f"`{text[:80]}` is no figure", "take the file as it was written", place=place)
        value = stated
    return PublishedFigure((key, subject, item), text, value, len(text.partition(".")[2]), "", place)


def _decoded(source: bytes, name: str) -> str:
    """The file as text. Raises ProblemsFound for one that is too large or is none."""
    if len(source) > MOST_BYTES:
        stop_on([Problem(f"the file has {len(source):,} bytes, more than {MOST_BYTES:,}", "compare one month at a time", place=name)])
    try:
        return source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        stop_on([Problem(f"byte {error.start + 1} is not UTF-8", "save the file as UTF-8", place=name)])
        raise
