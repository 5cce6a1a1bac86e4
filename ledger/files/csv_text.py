"""CSV files as rows: decoded strictly, with limits, and every row of the header's width. What a row means is the reader's business."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ledger.core.problems import Problem, ProblemsFound, nearest, stop_on

MOST_BYTES = 1_000_000_000
MOST_CHARACTERS = 10_000
"""Of one cell; a loan's id or a note has far fewer."""


class Row(NamedTuple):
    """A row by column, blanks stripped; `number` counts the file's lines from 1, the header's included."""

    number: int
    cells: dict[str, str]


def read(source: bytes, name: str, known: Sequence[str], required: Sequence[str]) -> Iterator[Row]:
    """The rows of a file whose header names some of the `known` columns. Raises ProblemsFound where it is no such file, at the first row that is none."""
    lines = csv.reader(_lines(source, name), strict=True)
    try:
        header = [column.strip() for column in next(lines, [])]
        stop_on(problem.at(f"{name}:1") for problem in _header_problems(header, known, required))
        csv.field_size_limit(MOST_CHARACTERS)
        for cells in lines:
            if len(cells) == len(header):
                yield Row(lines.line_num, dict(zip(header, map(str.strip, cells), strict=True)))
            elif any(cells):
                fact = f"the row has {len(cells)} cells, the header {len(header)}"
                raise ProblemsFound([Problem(fact, "put a text with commas between quotes", place=f"{name}:{lines.line_num}")])
    except csv.Error as error:
        raise ProblemsFound(
            [Problem(f"this is no CSV: {error}", "close every quote, and double one inside a text", place=f"{name}:{lines.line_num}")]
        ) from None


def _header_problems(header: list[str], known: Sequence[str], required: Sequence[str]) -> Iterator[Problem]:
    if not any(header):
        yield Problem("the file is empty", "a month without collections says so in a `nil_month` row")
        return
    for column in dict.fromkeys(header):
        if column not in known:
            yield Problem(f"`{column}` is not a column", nearest(column, known) or f"the columns are {', '.join(known)}")
        elif header.count(column) > 1:
            yield Problem(f"the column `{column}` stands twice", "keep one of them")
    for column in required:
        if column not in header:
            yield Problem(f"the column `{column}` is missing", f"the header is a line such as {','.join(required)},value")


def _lines(source: bytes, name: str) -> Iterator[str]:
    """The lines of the text, ends kept. Raises ProblemsFound for what is no text; one look at a whole line finds a control character in it."""
    if len(source) > MOST_BYTES:
        raise ProblemsFound([Problem(f"the file has {len(source):,} bytes, the most is {MOST_BYTES:,}", "split it", place=name)])
    for number, line in enumerate(source.removeprefix(b"\xef\xbb\xbf").splitlines(keepends=True), 1):
        try:
            text = line.decode()
        except UnicodeDecodeError as error:
            fact = f"byte {line[error.start]:#04x} is not UTF-8"
            raise ProblemsFound([Problem(fact, "save the file as UTF-8", place=f"{name}:{number}")]) from None
        bare = text.rstrip("\r\n")
        if not bare.isprintable():
            wrong = next(character for character in bare if not character.isprintable())
            raise ProblemsFound([Problem(f"the character {wrong!a} is not printable", "remove it; columns are separated by commas", place=f"{name}:{number}")])
        yield text
