"""Tables as plain text: columns as wide as they need to be, figures to the right, nothing cut, nothing that depends on a terminal."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Table:
    """A titled table. `left` holds the columns that are words rather than figures; `totals` stands below a rule; blank headers are left out."""

    title: str
    headers: Sequence[str]
    rows: Sequence[Sequence[str]]
    totals: Sequence[str] = ()
    left: Collection[int] = field(default=frozenset({0}))


def plain(tables: Iterable[Table]) -> str:
    """The tables that have rows, one below the other with a blank line between them."""
    return "\n".join("\n".join(_lines(table)) + "\n" for table in tables if table.rows)


def _lines(table: Table) -> list[str]:
    cells = [table.headers, *table.rows, *([table.totals] if table.totals else [])]
    widths = [max(len(row[column]) for row in cells) for column in range(len(table.headers))]
    lines = [_line(row, widths, table.left) for row in cells]
    rule = "  ".join("-" * width for width in widths)
    head = [lines[0], rule] if any(table.headers) else []
    body = [*head, *lines[1 : len(table.rows) + 1], *([rule, lines[-1]] if table.totals else [])]
    return [*([table.title, "-" * len(table.title)] if table.title and not head else [table.title] if table.title else []), *body]


def _line(row: Sequence[str], widths: Sequence[int], left: Collection[int]) -> str:
    cells = [text.ljust(width) if column in left else text.rjust(width) for column, (text, width) in enumerate(zip(row, widths, strict=True))]
    return "  ".join(cells).rstrip()
