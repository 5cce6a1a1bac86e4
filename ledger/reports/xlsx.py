"""A statement as a spreadsheet, by XlsxWriter: a sheet for each section, figures as numbers, days as days, and the same bytes on every run.

A spreadsheet's number is a double and holds 15 digits: a figure of more is written as text, and the sheet says so. Totals are the statement's own and no
formulas, and nothing from a deal is ever read as a formula or a link.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from fractions import Fraction
from functools import cache
from io import BytesIO
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from ledger.core.branding import PLAIN, Branding
from ledger.core.history import History
from ledger.core.money import round_exact
from ledger.core.problems import Problem, ProblemsFound
from ledger.core.statement import Statement
from ledger.reports.charts import Chart, charts
from ledger.reports.document import Document, document
from ledger.reports.extras import missing
from ledger.reports.layout import Cell, Table
from ledger.reports.paper import US_LETTER
from ledger.reports.xlsx_charts import Formats, put_chart

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

LETTER, A4 = 1, 9
"""Paper sizes, as Excel numbers them."""
MOST_DIGITS = 15
WIDEST = 60
"""Characters that a column of words is wide at most; longer ones wrap."""
LONGEST = 32_767
"""Characters that a cell can hold."""
MOST_LINES = 20
"""Of a row: Excel has none higher than 409 points."""
LOGO_HEIGHT = 40
"""Points."""
LONGEST_NAME = 31
"""Characters of a sheet's name."""
AS_TEXT = "Figures in italics are text: they have more than 15 digits, which a number of a spreadsheet cannot hold."
FIRST = "Statement"
FIRST_YEAR = 1900
"""Excel knows no day before."""
DAY = "yyyy-mm-dd"


def to_xlsx(statement: Statement, history: History | None = None, branding: Branding = PLAIN) -> bytes:
    """The statement as an XLSX file, with charts of the deal's life where its history is given. Raises ProblemsFound where XlsxWriter is not installed."""
    paper = LETTER if statement.currency in US_LETTER else A4
    return workbook(
        document(statement, branding.sections), statement.deal, statement.dates["distribution"], paper, branding, charts(history) if history else ()
    )


def workbook(shown: Document, deal: str, day: date, paper: int, branding: Branding = PLAIN, pictures: Sequence[Chart] = ()) -> bytes:
    """Any document as an XLSX file. The day of making is `day`, since nothing printed depends on when it was printed. Raises ProblemsFound as above."""
    try:
        from xlsxwriter import Workbook
    except ImportError:
        raise missing("xlsxwriter", "a statement as XLSX", "excel") from None
    stream = BytesIO()
    # Every text is written as a string; the options hold even so, should one ever be written by the `write` that guesses.
    safe = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with Workbook(stream, safe) as made:
        made.set_properties({"title": shown.title[:255], "author": (branding.name or deal)[:255], "created": _moment(day)})
        book = _Book(made, branding, shown.footer, paper)
        titles = [*(table.title for table in shown.sections), *(chart.title for chart in pictures)]
        first, *names = sheet_names([FIRST, *titles])
        book.opening(first, shown, dict(zip(names, titles, strict=True)))
        for name, table in zip(names, shown.sections, strict=False):
            book.section(name, table)
        for name, chart in zip(names[len(shown.sections) :], pictures, strict=True):
            book.picture(name, chart)
    return stream.getvalue()


def sheet_names(titles: Sequence[str]) -> list[str]:
    """A name for each sheet: at most 31 characters, none that Excel refuses, and no two the same but for upper and lower case."""
    taken: set[str] = set()
    names = []
    for title in titles:
        plain = _shortened(" ".join(re.sub(r"[\[\]:*?/\\]", " ", title).split()).strip("'")).rstrip("' ") or "Section"
        name = next(name for name in _numbered(plain) if name.casefold() not in taken)
        taken.add(name.casefold())
        names.append(name)
    return names


def _shortened(name: str) -> str:
    """The words of a name that fit; a single one that does not is cut."""
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME + 1].rpartition(" ")[0] or name[:LONGEST_NAME]


def _numbered(name: str) -> Iterator[str]:
    yield name
    for number in range(2, 1_000_000):
        yield f"{name[: LONGEST_NAME - 1 - len(str(number))]} {number}"


def is_held(cell: Cell) -> bool:
    """Whether a spreadsheet's number holds the figure as it is printed: in 15 digits, zeros at the front not counted."""
    return len(re.sub(r"[^0-9]", "", cell.text).lstrip("0")) <= MOST_DIGITS


def held(cell: Cell, value: Fraction) -> Fraction:
    """The number that a spreadsheet holds: the figure with all its digits, or as it is printed where Excel, which rounds half up, would show another."""
    unit = 10 ** (cell.places + (2 if cell.percent else 0))
    printed = Fraction(re.sub(r"[,%]", "", cell.text)) / (100 if cell.percent else 1)
    return value if Fraction(round_exact(value * unit, "half_up"), unit) == printed else printed


def number_format(cell: Cell) -> str:
    """How Excel shows a figure as the statement prints it."""
    decimals = f".{'0' * cell.places}" if cell.places else ""
    return f"0{decimals}%" if cell.percent else f"#,##0{decimals}"


class _Book:
    """The workbook that is being written, and its formats."""

    def __init__(self, workbook: Workbook, branding: Branding, footer: str, paper: int) -> None:
        self._workbook, self._branding, self._footer, self._paper = workbook, branding, footer, paper
        self._format = cache(self._new_format)

    def _new_format(self, number: str = "", kind: str = "body", *, right: bool = False, italic: bool = False, indented: bool = False) -> Format:
        """A format of one of the kinds `title`, `heading`, `head`, `body`, `total` and `line` (a text that runs on to the right)."""
        accent = self._branding.accent
        kinds: dict[str, dict[str, Any]] = {
            "title": {"bold": True, "font_size": 14, "text_wrap": True},
            "heading": {"bold": True, "font_size": 12, "font_color": accent},
            "head": {"bold": True, "bottom": 1, "bottom_color": accent, "valign": "bottom", "text_wrap": True},
            "total": {"bold": True, "top": 1},
            "body": {"text_wrap": not right and not number},
            "line": {},
        }
        place: dict[str, Any] = {"align": "right"} if right else {"align": "left", "indent": int(indented)}
        numbered = {"num_format": number} if number else {}
        return self._workbook.add_format({"valign": "vcenter", **kinds[kind], **numbered, **place, "italic": italic})

    def _sheet(self, name: str) -> Worksheet:
        """A sheet that prints on its side, as wide as a page, with the anchor and the page's number at the foot."""
        sheet = self._workbook.add_worksheet(name)
        sheet.set_landscape()
        sheet.set_paper(self._paper)
        sheet.fit_to_pages(1, 0)
        sheet.hide_gridlines(2)
        sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})  # those are meant
        sheet.set_footer(f"&L&8{self._footer}&R&8page &P of &N")
        return sheet

    def opening(self, name: str, shown: Document, contents: Mapping[str, str]) -> None:
        """The first sheet: who prints it, the heading, the dates, the sheets to go to with their titles, and the anchor."""
        sheet, branding = self._sheet(name), self._branding
        sheet.set_portrait()
        sheet.set_column(0, 0, 28)
        sheet.set_column(1, 1, WIDEST)
        row = self._logo(sheet)
        for line in (branding.name, *branding.contact):
            row = self._paragraph(sheet, row, line)
        row = self._paragraph(sheet, row, shown.title, "title", characters=60)
        row = self._paragraph(sheet, row, shown.subtitle) + 1
        for below, (what, day) in enumerate(shown.dates):
            self._row(sheet, row + below, [Cell(what), _as_day(day)], "body", {0, 1})
        row += len(shown.dates) + 1
        for below, (target, title) in enumerate(contents.items()):
            sheet.write_url(row + below, 0, f"internal:{_quoted(target)}!A1", string=title)
        row = self._paragraph(sheet, row + len(contents) + 1, shown.footer)
        self._paragraph(sheet, row + 1, branding.disclaimer)

    def _paragraph(self, sheet: Worksheet, row: int, text: str, kind: str = "body", *, characters: int = 90) -> int:
        """A text across the two columns of the first sheet, in rows as high as its lines, and the row below it; a blank text takes none."""
        for part in wrap(text, MOST_LINES * characters):
            sheet.merge_range(row, 0, row, 1, part, self._format(kind=kind))
            sheet.set_row(row, (20 if kind == "title" else 15) * -(-len(part) // characters))
            row += 1
        return row

    def _logo(self, sheet: Worksheet) -> int:
        """The logo at the top, and the row below it. Excel draws no SVG of itself, so that a logo of that type is left out."""
        from xlsxwriter.exceptions import XlsxWriterException
        from xlsxwriter.image import Image

        if not self._branding.logo or self._branding.logo_type == "image/svg+xml":
            return 0
        try:
            picture = Image(BytesIO(self._branding.logo))
        except (XlsxWriterException, struct.error) as error:
            raise ProblemsFound([Problem(f"the logo cannot be put into a spreadsheet: {error}", "save it again as PNG")]) from None
        scale = LOGO_HEIGHT / (picture.height * 72 / picture.y_dpi)
        sheet.set_row(0, LOGO_HEIGHT + 4)
        said = {"image_data": picture.image_data, "description": f"Logo of {self._branding.name}", "x_scale": scale, "y_scale": scale}
        sheet.insert_image(0, 0, "logo", said)
        return 1

    def section(self, name: str, table: Table) -> None:
        """A table on a sheet of its own: the head stays where it is when one scrolls, and is repeated on every page."""
        sheet = self._sheet(name)
        sheet.write_string(0, 0, table.title, self._format(kind="heading"))
        top = 2
        if any(table.headers):
            self._row(sheet, top, [Cell(header) for header in table.headers], "head", table.left)
            sheet.repeat_rows(top)
            top += 1
            sheet.freeze_panes(top, 1)
        for row, cells in enumerate(table.rows, start=top):
            self._row(sheet, row, cells, "body", table.left)
        below = top + len(table.rows)
        if table.totals:
            self._row(sheet, below, table.totals, "total", table.left)
        notes = [*([table.note] if table.note else []), *([] if all(map(is_held, _figures(table))) else [AS_TEXT])]
        for row, note in enumerate(notes, start=below + 2):
            sheet.write_string(row, 0, note, self._format(kind="line"))
        for column in range(len(table.headers)):
            sheet.set_column(column, column, _width(table, column))

    def picture(self, name: str, chart: Chart) -> None:
        """A picture of the deal's life with its values, on a sheet of its own."""
        head, right = self._format(kind="head", right=True), {"right": True}
        formats = Formats(
            self._format(kind="heading"), head, self._format(kind="head"), self._format(DAY), self._format("#,##0.00", **right), self._format("0.00%", **right)
        )
        put_chart(self._workbook, self._sheet(name), name, chart, formats)

    def _row(self, sheet: Worksheet, row: int, cells: Sequence[Cell], kind: str, left: Collection[int]) -> None:
        for column, cell in enumerate(cells):
            self._cell(sheet, row, column, cell, kind, right=column not in left)

    def _cell(self, sheet: Worksheet, row: int, column: int, cell: Cell, kind: str, *, right: bool) -> None:
        """A figure as a number with the places that are printed, a day as a day, and everything else as words."""
        style = {"kind": kind, "right": right, "indented": column > 0}
        match cell.value:
            case date() if cell.value.year >= FIRST_YEAR:
                sheet.write_datetime(row, column, _moment(cell.value), self._format(DAY, **style))
            case None | date():
                sheet.write_string(row, column, cell.text[:LONGEST], self._format(**style))
            case value if is_held(cell):
                sheet.write_number(row, column, float(held(cell, value)), self._format(number_format(cell), **style))
            case _:
                sheet.write_string(row, column, cell.text, self._format(italic=True, **style))


def _as_day(text: str) -> Cell:
    """One of the document's dates as a day; a span of days stays words."""
    try:
        return Cell(text, date.fromisoformat(text))
    except ValueError:
        return Cell(text)


def _moment(day: date) -> datetime:
    """A day as XlsxWriter wants it."""
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001  # a day has no zone


def _quoted(name: str) -> str:
    """The name of a sheet as a reference writes it."""
    return "'" + name.replace("'", "''") + "'"


def _figures(table: Table) -> Iterator[Cell]:
    """The cells of a table that hold a number."""
    return (cell for row in (*table.rows, table.totals) for cell in row if cell.value is not None and not isinstance(cell.value, date))


def _width(table: Table, column: int) -> int:
    """The width of a column in characters: its figures whole, its header in two lines."""
    texts = [row[column].text for row in (*table.rows, *([table.totals] if table.totals else []))]
    words = table.headers[column].split() or [""]
    return min(WIDEST, max(8, len(table.headers[column]) // 2, *map(len, words), *map(len, texts)) + 2)
