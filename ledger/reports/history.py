"""A deal's life as a table, as CSV in the shape of a published file, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ledger.core.history import History
from ledger.core.statement import Figure, Statement
from ledger.reports import csv_text
from ledger.reports.cells import cell, number, words
from ledger.reports.csv import HEADER
from ledger.reports.document import footer
from ledger.reports.layout import Cell, Table, plain
from ledger.reports.sections import HEADINGS

FORMAT = 1
RATES = ("cpr", "cdr", "smm", "mdr", "severity")
"""What an item begins with that prints as a percentage."""


def to_text(history: History) -> str:
    """A row for each distribution. Of several subjects with one item a column is a subject; otherwise it is an item, with a table for each subject."""
    last = history.last
    heading = f"{last.deal}  {last.title}".rstrip() + f"\n{_span(history)}; amounts in {last.currency}\n"
    return "\n".join([heading, plain(tables(history)), f"{footer(last)}\n"])


def tables(history: History) -> Iterator[Table]:
    """The tables of a history, without columns that are nil throughout."""
    subjects = list(dict.fromkeys(subject for one in history.statements for found in one.sections.values() for subject in found))
    items = history.items()
    if len(items) == 1:
        yield _table(history, items[0].replace("_", " ").capitalize(), [(subject, subject, items[0]) for subject in subjects])
    else:
        for subject in subjects:
            yield _table(history, subject if len(subjects) > 1 else f"{subject} over life", [(_heading(item), subject, item) for item in items])


def _heading(item: str) -> str:
    return HEADINGS.get(item, item.replace("_", " "))


def _table(history: History, title: str, columns: list[tuple[str, str, str]]) -> Table:
    """A table with the columns (heading, subject, item) that are ever anything but nil."""
    figures = {column: [one.figure(*column[1:]) for one in history.statements] for column in columns}
    shown = [column for column in columns if any(figure is not None and figure.value for figure in figures[column])] or columns
    rows = [
        [*words(one.dates["distribution"], one.number), *(_cell(one, column[2], figures[column][place]) for column in shown)]
        for place, one in enumerate(history.statements)
    ]
    return Table("", title, ["distribution", "no.", *(heading for heading, _, _ in shown)], rows)


def _cell(statement: Statement, item: str, figure: Figure | None) -> Cell:
    if figure is not None and item.startswith(RATES):
        return number(statement.exact(figure), 2, percent=True)
    return cell(statement, item, figure)


def _span(history: History) -> str:
    first, last = (one.dates["distribution"] for one in (history.statements[0], history.last))
    count = len(history.distributions)
    return f"Life from {first} to {last}, {count} distribution{'' if count == 1 else 's'}"


def to_csv(history: History) -> bytes:
    """A row for each figure of each distribution, in the shape of a published file: a history reconciles as a statement does."""
    rows = ((one.dates["scheduled"], subject, item, one.text(figure)) for one in history.distributions for subject, item, figure in _figures(one))
    return csv_text.write(HEADER, rows)


def to_json(history: History) -> bytes:
    """In one line, with sorted keys; figures as a statement's JSON gives them, by subject and item."""
    last = history.last
    value = {
        "format": FORMAT, "deal": last.deal, "currency": last.currency, "position": last.position, "head": last.head,
        "periods": [_period(one) for one in history.statements],
    }  # fmt: skip
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode() + b"\n"


def _period(statement: Statement) -> dict[str, Any]:
    figures: dict[str, dict[str, str | bool]] = {}
    for subject, item, figure in _figures(statement):
        figures.setdefault(subject, {})[item] = bool(figure.value) if figure.kind == "flag" else statement.text(figure)
    days = {name: statement.dates[name].isoformat() for name in ("scheduled", "distribution")}
    return {"number": statement.number, "kind": statement.kind, "version": statement.revision.version, **days, "figures": figures}


def _figures(statement: Statement) -> Iterator[tuple[str, str, Figure]]:
    for subjects in statement.sections.values():
        for subject, items in subjects.items():
            yield from ((subject, item, figure) for item, figure in items.items())
