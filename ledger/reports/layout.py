"""Tables of a report, and how a terminal shows them: columns as wide as they need to be, figures to the right, nothing cut, no colour."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell shows, and the figure behind it where it is one: a spreadsheet holds the figure, exact, and everything else prints the text.

    Money is in whole currency. A percentage has its value as a fraction of one, and `places` counts the places of the percentage as printed.
    """

    text: str
    value: Fraction | date | None = None
    places: int = 0
    percent: bool = False

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Table:
    """A titled table. `left` holds the columns that are words rather than figures; `totals` stands below a rule; blank headers are left out.

    `key` names it among the sections of a statement; `note` stands below it.
    """

    key: str
    title: str
    headers: Sequence[str]
    rows: Sequence[Sequence[Cell]] = ()
    totals: Sequence[Cell] = ()
    left: Collection[int] = field(default=frozenset({0}))
    note: str = ""


def in_words(title: str, headers: Sequence[str], rows: Iterable[Sequence[str]], *, left: Collection[int] = frozenset({0})) -> Table:
    """A table that is no section of a statement, of texts alone."""
    return Table("", title, headers, [[Cell(text) for text in row] for row in rows], left=left)


def plain(tables: Iterable[Table]) -> str:
    """The tables that have rows, one below the other with a blank line between them."""
    return "\n".join("\n".join(_lines(table)) + "\n" for table in tables if table.rows)


def _lines(table: Table) -> list[str]:
    rows = [[cell.text for cell in row] for row in (*table.rows, *([table.totals] if table.totals else []))]
    cells = [list(table.headers), *rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(table.headers))]
    lines = [_line(row, widths, table.left) for row in cells]
    rule = "  ".join("-" * width for width in widths)
    head = [lines[0], rule] if any(table.headers) else []
    body = [*head, *lines[1 : len(table.rows) + 1], *([rule, lines[-1]] if table.totals else []), *([table.note] if table.note else [])]
    return [*([table.title, "-" * len(table.title)] if table.title and not head else [table.title] if table.title else []), *body]


def _line(row: Sequence[str], widths: Sequence[int], left: Collection[int]) -> str:
    cells = [text.ljust(width) if column in left else text.rjust(width) for column, (text, width) in enumerate(zip(row, widths, strict=True))]
    return "  ".join(cells).rstrip()
