"""What a statement says and what a file of each format says when it is read back, as bags of figures: whatever is in the first must be in the second.

A format that prints the document has its numbers as they are printed, with all that are printed twice counted twice; one that carries the statement's
figures has each under its name. A new format is covered by one more line in `READERS`.
"""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from io import BytesIO
from typing import Any, NamedTuple

import pypdf
from python_calamine import CalamineWorkbook

from ledger.core.money import format_money
from ledger.core.statement import Statement
from ledger.reports.document import document
from ledger.reports.esma import NOT_APPLICABLE
from ledger.reports.layout import Cell
from ledger.reports.xlsx import held, is_held
from tests.reports.pages import Page

Bag = Counter[Hashable]


class Reader(NamedTuple):
    """What must be found of a statement, and what is found in a body: bytes, text, or a folder's files by name."""

    said: Callable[[Statement], Iterable[Hashable]]
    read: Callable[[Any], Iterable[Hashable]]

    def missing(self, statement: Statement, body: Any) -> Bag:
        """What the statement says and the body does not."""
        return Counter(self.said(statement)) - Counter(self.read(body))


# Printed formats ----------------------------------------------------------------------------------------------------------------


def number_cells(statement: Statement) -> Iterator[Cell]:
    """Every cell of the document that holds a number or a day, those of totals too."""
    for table in document(statement).sections:
        yield from (cell for row in (*table.rows, table.totals) for cell in row if cell.value is not None)


def printed(statement: Statement) -> list[str]:
    """Every number and day as it is printed."""
    return [cell.text for cell in number_cells(statement)]


def texts(body: bytes | str) -> Iterator[str]:
    """The cells of a text: two blanks or more are between them."""
    for line in (body if isinstance(body, str) else body.decode()).splitlines():
        yield from re.split(r" {2,}", line.strip())


def page_cells(body: bytes) -> list[str]:
    """The cells of an HTML page; a blank one of an exhibit holds a blank that does not break."""
    return [cell.strip("\xa0") for table in Page(body).tables for row in table.rows for cell in row]


def pdf_words(body: bytes) -> list[str]:
    """The words of a PDF, put together where they are broken."""
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(body)).pages).replace("\u200b", "").split()


def spreadsheet_values(statement: Statement) -> Iterator[Hashable]:
    """Every number in the 16 digits in which a spreadsheet holds it, or as it is printed where a number does not hold it, and every day."""
    for cell in number_cells(statement):
        if isinstance(cell.value, Fraction):
            yield float(f"{float(held(cell, cell.value)):.16G}") if is_held(cell) else cell.text
        else:
            yield cell.value


def sheet_cells(body: bytes) -> Iterator[Hashable]:
    book = CalamineWorkbook.from_filelike(BytesIO(body))
    for name in book.sheet_names:
        yield from (cell for row in book.get_sheet_by_name(name).to_python() for cell in row)


# Figures under their names ------------------------------------------------------------------------------------------------------


def rows(body: bytes) -> list[list[str]]:
    return list(csv.reader(body.decode().splitlines()))


def figures(statement: Statement) -> Iterator[tuple[str, str, str]]:
    """Subject, item and text of every figure."""
    for subjects in statement.sections.values():
        for subject, items in subjects.items():
            yield from ((subject, item, statement.text(figure)) for item, figure in items.items())


def moved(statement: Statement) -> Iterator[tuple[str, str, str]]:
    """From, to and amount of every line of the flow of funds."""
    yield from ((line.source, line.payee, format_money(line.amount, statement.scale, thousands=False)) for line in statement.flow_of_funds)


def json_figures(body: bytes) -> Iterator[tuple[str, str, str]]:
    said = json.loads(body)
    for subjects in said["sections"].values():
        for subject, items in subjects.items():
            yield from ((subject, item, text if isinstance(text, str) else ("no", "yes")[text]) for item, text in items.items())
    yield from ((line["from"], line["to"], line["amount"]) for line in said["flow_of_funds"])


def set_figures(files: Mapping[str, bytes]) -> Iterator[tuple[str, ...]]:
    yield from csv_figures(files["figures.csv"])
    yield from ((line[4], line[5], line[6]) for line in rows(files["flow_of_funds.csv"])[1:])


def csv_figures(body: bytes) -> list[tuple[str, ...]]:
    return [tuple(row[1:]) for row in rows(body)[1:]]


# Files of others' forms ---------------------------------------------------------------------------------------------------------


def with_balance(statement: Statement) -> Iterator[str]:
    """The classes that are paid on a balance."""
    for name, items in statement.sections["classes"].items():
        if "factor" in items and statement.labels.get(name, {}).get("kind") != "reference":
            yield name


def factors(statement: Statement) -> Iterator[tuple[str, ...]]:
    classes = statement.sections["classes"]
    for name in with_balance(statement):
        yield (name, *(statement.text(classes[name][item]) for item in ("principal_per_1000", "interest_per_1000", "factor")))


def bond_levels(statement: Statement) -> Iterator[tuple[Hashable, ...]]:
    """Original, opening and closing balance, loss and interest of the classes with a balance: columns 6, 8, 15, 13 and 27."""
    classes = statement.sections["classes"]
    for name in with_balance(statement):
        items = ("original_balance", "opening_balance", "closing_balance", "realized_loss", "interest_paid")
        yield (statement.labels.get(name, {}).get("title") or name, *(statement.exact(classes[name][item]) for item in items if item in classes[name]))


def bond_level_rows(body: bytes) -> Iterator[tuple[Hashable, ...]]:
    yield from ((row[3], *(Fraction(Decimal(row[column - 1])) for column in (6, 8, 15, 13, 27))) for row in rows(body))


def paid_and_left(statement: Statement) -> Iterator[tuple[str, str]]:
    for line in statement.flow_of_funds:
        left = NOT_APPLICABLE if line.left is None else format_money(line.left, statement.scale, thousands=False)
        yield format_money(line.amount, statement.scale, thousands=False), left


READERS: Mapping[str, Reader] = {
    "text": Reader(printed, texts),
    "html": Reader(printed, page_cells),
    "exhibit": Reader(printed, page_cells),
    "pdf": Reader(printed, pdf_words),
    "xlsx": Reader(spreadsheet_values, sheet_cells),
    "json": Reader(lambda said: [*figures(said), *moved(said)], json_figures),
    "csv": Reader(figures, csv_figures),
    "csv-set": Reader(lambda said: [*figures(said), *moved(said)], set_figures),
    "factors": Reader(factors, lambda body: [(row[1], *row[3:6]) for row in rows(body)[1:]]),
    "crefc": Reader(bond_levels, bond_level_rows),
    "esma": Reader(paid_and_left, lambda files: [(row[4], row[5]) for row in rows(files["IVSF.csv"])[1:]]),
}
"""How a file of each format is read back."""
