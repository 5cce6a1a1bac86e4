"""CSV files as columns of text, a block of rows at a time: decoded strictly, with limits, and every row of the header's width.

What a cell means is the reader's business. A block at a time keeps memory small, and columns are quick to understand: what is said often is understood once.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from ledger.core.problems import Problem, ProblemsFound, nearest, stop_on
from ledger.files.sources import Source, opened

MOST_BYTES = 250_000_000
"""About three million rows of loans: more than any one deal has, so that a file of a wrong sort is not read to its end."""
MOST_ROWS = 3_000_000
"""Of a month of loans."""
MOST_ROWS_OF_SMALL = 200_000
"""Of a file whose rows are kept one by one: corrections, index fixings, published figures."""
MOST_CHARACTERS = 10_000
"""Of one line."""
ROWS_AT_ONCE = 10_000
BYTES_AT_ONCE = 1_000_000


@dataclass(frozen=True, slots=True)
class Block:
    """Rows by column, blanks around cells stripped. `numbers` are their lines in the file, counted from 1, the header's included.

    `ragged` are the rows that are not of the header's width, as (line, problem); they are not among the columns.
    """

    numbers: Sequence[int]
    columns: dict[str, Sequence[str]]
    ragged: Sequence[tuple[int, Problem]]


class Row(NamedTuple):
    """A row by column, blanks around cells stripped; `number` is its line in the file, counted from 1, the header's included."""

    number: int
    cells: dict[str, str]


def read(source: Source, name: str, known: Sequence[str], required: Sequence[str]) -> Iterator[Row]:
    """The rows of a small file, one by one. Raises ProblemsFound where it is no such file, or where rows are ragged."""
    for block in read_blocks(source, name, known, required, MOST_ROWS_OF_SMALL):
        stop_on(problem.at(f"{name}:{number}") for number, problem in block.ragged)
        for number, *texts in zip(block.numbers, *block.columns.values(), strict=True):
            yield Row(number, dict(zip(block.columns, texts, strict=True)))


def read_blocks(source: Source, name: str, known: Sequence[str], required: Sequence[str], most: int = MOST_ROWS) -> Iterator[Block]:
    """The rows of a file whose header names some of the `known` columns, at most so many. Raises ProblemsFound where the file is no such file."""
    header, number = list[str](), 1
    for lines in _lines(source, name):
        rows, first = csv.reader(lines, strict=True), number  # each part by itself: no text runs on over lines, so that each line is a row
        try:
            if number == 1:
                header, number = [column.strip() for column in next(rows)], 2
                stop_on(problem.at(f"{name}:1") for problem in header_problems(header, known, required))
            while taken := list(islice(rows, ROWS_AT_ONCE)):
                yield _block(header, number, taken)
                number += len(taken)
        except csv.Error as error:
            fact, remedy = f"this is no CSV: {error}", "put quotes around a whole cell, and double one inside it"
            raise ProblemsFound([Problem(fact, remedy, place=f"{name}:{first + rows.line_num - 1}")]) from None
        if number - 2 > most:
            raise ProblemsFound([Problem(f"the file has more than {most:,} rows", "split it by period", place=name)])
    if not header:
        stop_on(problem.at(f"{name}:1") for problem in header_problems(header, known, required))


def _block(header: Sequence[str], first: int, rows: Sequence[list[str]]) -> Block:
    """Rows as columns; a line with nothing in it is no row."""
    width, numbers, ragged = len(header), range(first, first + len(rows)), list[tuple[int, Problem]]()
    if set(map(len, rows)) != {width}:
        for number, row in zip(numbers, rows, strict=True):
            if len(row) != width and any(row):
                remedy = "put a text with commas between quotes, and write every comma of a row"
                ragged.append((number, Problem(f"the row has {len(row)} cells, the header {width}", remedy)))
        whole = [(number, row) for number, row in zip(numbers, rows, strict=True) if len(row) == width]
        return Block([number for number, _ in whole], _columns(header, [row for _, row in whole]), ragged)
    return Block(numbers, _columns(header, rows), ragged)


def _columns(header: Sequence[str], rows: Iterable[list[str]]) -> dict[str, Sequence[str]]:
    columns = [list(map(str.strip, cells)) for cells in zip(*rows, strict=True)] or [[] for _ in header]
    return dict(zip(header, columns, strict=True))


def header_problems(header: Sequence[str], known: Sequence[str], required: Sequence[str]) -> Iterator[Problem]:
    """What is wrong with the names of a file's columns."""
    usual = f"the header is a line such as {','.join(column for column in known if column in required or column == 'value')}"
    if not any(header):
        yield Problem("the file is empty", usual)
        return
    if len(header) == 1 and ";" in header[0]:
        yield Problem("the columns are separated by semicolons", f"save the file with commas between cells; {usual}")
        return
    for column in dict.fromkeys(header):
        if column not in known:
            yield Problem(f"`{column}` is not a column", nearest(column, known) or f"the columns are {', '.join(known)}")
        elif header.count(column) > 1:
            yield Problem(f"the column `{column}` stands twice", "keep one of them")
    for column in required:
        if column not in header:
            yield Problem(f"the column `{column}` is missing", usual)


# Text ----------------------------------------------------------------------------------------------------------------------


def _lines(source: Source, name: str) -> Iterator[list[str]]:
    """The lines of the text without their ends, many at a time. Raises ProblemsFound for what is no text."""
    with opened(source) as stream:
        size, number = stream.seek(0, io.SEEK_END), 1
        stream.seek(0)
        if size > MOST_BYTES:
            raise ProblemsFound([Problem(f"the file has {size:,} bytes, the most is {MOST_BYTES:,}", "split it by period", place=name)])
        while part := stream.read(BYTES_AT_ONCE) + stream.readline(BYTES_AT_ONCE):
            lines = _decoded(part.removeprefix(b"\xef\xbb\xbf") if number == 1 else part, name, number)
            yield lines
            number += len(lines)


def _decoded(part: bytes, name: str, first: int) -> list[str]:
    """A part of the file as lines; one look at all of it finds that some line is wrong, a second one which."""
    try:
        text = part.decode()
    except UnicodeDecodeError as error:
        line = first + part.count(b"\n", 0, error.start)
        raise ProblemsFound([Problem(f"byte {part[error.start]:#04x} is not UTF-8", "save the file as UTF-8", place=f"{name}:{line}")]) from None
    lines = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
    is_odd = '"' in text and any(line.count('"') % 2 for line in lines)
    if is_odd or not "".join(lines).isprintable() or max(map(len, lines)) > MOST_CHARACTERS:
        stop_on(problem for number, line in enumerate(lines, first) for problem in _line_problems(line, f"{name}:{number}"))
    return lines


def _line_problems(line: str, place: str) -> Iterator[Problem]:
    if line.count('"') % 2:
        yield Problem("a quote is not closed in its line", "close it, and double one inside a text; a text cannot run on over lines", place=place)
    wrong = next((character for character in line if not character.isprintable()), None)
    if wrong is not None:
        yield Problem(f"the character {wrong!a} is not printable", "remove it; columns are separated by commas", place=place)
    if len(line) > MOST_CHARACTERS:
        yield Problem(f"the line has {len(line):,} characters, the most is {MOST_CHARACTERS:,}", "shorten its texts", place=place)
