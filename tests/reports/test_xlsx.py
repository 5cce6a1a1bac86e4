"""The statement as XLSX, read back by another library than wrote it."""

from __future__ import annotations

import re
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from fractions import Fraction
from io import BytesIO
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from xlsxwriter import Workbook

from ledger.core.branding import Branding
from ledger.core.problems import ProblemsFound
from ledger.core.statement import Figure, Statement
from ledger.reports.charts import Chart, Series, charts
from ledger.reports.document import document
from ledger.reports.layout import Cell, Table
from ledger.reports.xlsx import AS_TEXT, held, is_held, number_format, sheet_names, to_xlsx
from ledger.reports.xlsx_charts import Formats, put_chart
from tests.reports.statements import HEAD, PNG, statement
from tests.reports.worked import WORKED, lived, worked

Rows = list[list[Any]]


def sheets(xlsx: bytes) -> dict[str, Rows]:
    """Every sheet from its first row and column on, as calamine reads it."""
    book = CalamineWorkbook.from_filelike(BytesIO(xlsx))
    return {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}


def parts(xlsx: bytes) -> dict[str, str]:
    """The XML files within."""
    with zipfile.ZipFile(BytesIO(xlsx)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist() if name.endswith((".xml", ".rels"))}


def sixteen(value: float | Fraction | None) -> float:
    """A number in the 16 digits in which it is written."""
    assert value is not None
    return float(f"{float(value):.16G}")


def expected(cell: Cell) -> object:
    """What a reader finds: the figure in 16 digits where a number holds it, a day, or the text as it is printed."""
    if isinstance(cell.value, Fraction) and is_held(cell):
        return sixteen(cell.value)
    return cell.value if isinstance(cell.value, date) else cell.text


def differing(xlsx: bytes, said: Statement) -> Iterator[tuple[str, object, object]]:
    """The cells that hold something else than the document."""
    found = sheets(xlsx)
    for name, table in zip(list(found)[1:], document(said).sections, strict=True):
        rows = found[name][3 if any(table.headers) else 2 :]
        cells = [*table.rows, *([table.totals] if table.totals else [])]
        assert len(rows) >= len(cells)
        for row, shown in zip(rows, cells, strict=False):
            yield from ((name, got, expected(cell)) for got, cell in zip(row, shown, strict=False) if got != expected(cell))


@pytest.mark.parametrize("month", [0, 2])
def test_every_cell_holds_the_documents_figure(month: int) -> None:
    said = statement(month)

    assert list(differing(to_xlsx(said), said)) == []


@pytest.mark.parametrize("folder", WORKED)
def test_every_cell_of_a_worked_deal_holds_the_documents_figure(folder: str, sqlite: str) -> None:
    said = worked(sqlite, folder)

    assert list(differing(to_xlsx(said), said)) == []


def test_a_cell_that_holds_something_else_is_found() -> None:
    said = statement()
    other = replace(said, sections={**said.sections, "fees": {"trustee": {**said.sections["fees"]["trustee"], "paid": Figure("money", 987_654_321)}}})

    assert ("Fees", 100.0, 9_876_543.21) in list(differing(to_xlsx(said), other))


def test_the_same_statement_gives_the_same_bytes() -> None:
    xlsx = to_xlsx(statement())

    assert to_xlsx(statement()) == xlsx
    with zipfile.ZipFile(BytesIO(xlsx)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert "2025-03-25T00:00:00Z</dcterms:created>" in parts(xlsx)["docProps/core.xml"]


def test_the_first_sheet_has_heading_dates_contents_and_anchor() -> None:
    bank = Branding("First Trustee Bank", contact=("Corporate Trust",), disclaimer="=1+1 is no advice.")
    first = [row for row in sheets(to_xlsx(statement(), branding=bank))["Statement"] if any(row)]

    assert [row[0] for row in first[:4]] == ["First Trustee Bank", "Corporate Trust", "HARBOUR-1  Harbour Trust 2025-1",
                                             "Statement of distribution 2 of 2025-03-25; amounts in USD"]  # fmt: skip
    assert ["distribution date", date(2025, 3, 25)] in first
    assert ["collection period", "2025-02-01 to 2025-02-28"] in first
    assert ["Flow of funds", ""] in first
    assert [row[0] for row in first[-2:]] == [f"Drawn at position 7, head {HEAD}", "=1+1 is no advice."]


def test_a_long_disclaimer_goes_on_in_further_rows_none_higher_than_excel_has() -> None:
    xlsx = to_xlsx(statement(), branding=Branding(disclaimer="No figure here is advice. " * 190))

    assert "".join(row[0] + " " for row in sheets(xlsx)["Statement"]).endswith("No figure here is advice. " * 190)
    heights = [float(height) for height in re.findall(r' ht="([^"]*)"', parts(xlsx)["xl/worksheets/sheet1.xml"])]
    assert 250 < max(heights) <= 409


def test_contents_lead_to_every_sheet() -> None:
    xlsx = to_xlsx(statement())
    targets = re.findall(r"<hyperlink [^>]*location=\"'([^']*)'!A1\"", parts(xlsx)["xl/worksheets/sheet1.xml"])

    assert targets == list(sheets(xlsx))[1:]


def large(units: int) -> Statement:
    """A statement of two classes with one amount, in cents."""
    said, amount = statement(), Figure("money", units)
    items = {"original_balance": amount, "opening_balance": amount, "closing_balance": amount}
    return replace(said, sections={"classes": {"A": items, "B": items}}, flow_of_funds=(), adjustments=())


def test_a_total_of_sixteen_digits_is_text_and_the_sheet_says_so() -> None:
    rows = sheets(to_xlsx(large(700_000_000_000_001)))["Distribution by class"]

    assert rows[3][:2] == ["A", 7_000_000_000_000.01]  # 15 digits: a number
    assert rows[5][:2] == ["total", "14,000,000,000,000.02"]  # 16 digits: text, every one of them
    assert rows[7][0] == AS_TEXT


def test_a_sheet_of_numbers_says_nothing_of_text() -> None:
    xlsx = to_xlsx(large(1))

    assert AS_TEXT not in parts(xlsx)["xl/sharedStrings.xml"]


@pytest.mark.parametrize(("cell", "held"), [
    (Cell("999,999,999,999,999", Fraction(999_999_999_999_999)), True),
    (Cell("1,000,000,000,000,000", Fraction(10**15)), False),
    (Cell("-9,999,999,999,999.99", Fraction(-999_999_999_999_999, 100), 2), True),
    (Cell("0.000000000000001", Fraction(1, 10**15), 15), True),          # zeros at the front are no digits
    (Cell("4.25000000000000001%", Fraction(425_000_000_000_000_001, 10**19), 17, percent=True), False),
])  # fmt: skip
def test_a_number_holds_fifteen_digits(cell: Cell, held: bool) -> None:
    assert is_held(cell) is held


@pytest.mark.parametrize(("cell", "number"), [
    (Cell("0.33333333", Fraction(1, 3), 8), Fraction(1, 3)),
    (Cell("0.66666666", Fraction(2, 3), 8), Fraction(66_666_666, 10**8)),            # printed rounded down; Excel would show 0.66666667
    (Cell("-1,234.57", Fraction(-123_456_789, 10**5), 2), Fraction(-123_456_789, 10**5)),
    (Cell("33.33%", Fraction(1, 3), 2, percent=True), Fraction(1, 3)),
    (Cell("66.66%", Fraction(2, 3), 2, percent=True), Fraction(6666, 10**4)),
])  # fmt: skip
def test_a_number_is_exact_unless_excel_would_show_another_than_is_printed(cell: Cell, number: Fraction) -> None:
    assert isinstance(cell.value, Fraction)
    assert held(cell, cell.value) == number


@pytest.mark.parametrize(("cell", "shown"), [
    (Cell("1,234.50", Fraction(2469, 2), 2), "#,##0.00"),
    (Cell("1,234", Fraction(1234)), "#,##0"),
    (Cell("4.125%", Fraction(33, 800), 3, percent=True), "0.000%"),
    (Cell("6%", Fraction(3, 50), percent=True), "0%"),
])  # fmt: skip
def test_a_number_is_shown_with_the_places_that_are_printed(cell: Cell, shown: str) -> None:
    assert number_format(cell) == shown


HOSTILE = ["=cmd|'/C calc'!A0", "+1+1", "-1+1", "@SUM(A1)", "\t=1+1", "\r=1+1", "http://example.com/", "{=A1}", "=HYPERLINK(\"http://example.com\",\"x\")",
           "<b>&amp;</b>", "\u202eabc", "N" * 500, "1e5", "00123", "\x01\x1f"]  # fmt: skip


def test_hostile_names_are_words_and_never_formulas_links_or_numbers() -> None:
    said = replace(statement(), title=HOSTILE[0], labels={f"class {number}": {"title": name} for number, name in enumerate(HOSTILE)})
    bank = Branding("=1+1", contact=tuple(HOSTILE), disclaimer="=1+1")
    xlsx = to_xlsx(said, branding=bank)

    assert [row[1].replace("\r\n", "\r") for row in sheets(xlsx)["Classes and fees"][3:]] == [name.replace("\r\n", "\r") for name in HOSTILE]
    worksheets = {name: xml for name, xml in parts(xlsx).items() if name.startswith("xl/worksheets/")}
    assert [name for name, xml in worksheets.items() if "<f>" in xml or "<f " in xml] == []
    assert [name for name, xml in worksheets.items() if name.endswith(".rels") and "hyperlink" in xml] == []


@pytest.mark.parametrize(("titles", "names"), [
    (["Pool", "pool", "POOL"], ["Pool", "pool 2", "POOL 3"]),
    (["a/b\\c:d?e*f[g]h"], ["a b c d e f g h"]),
    (["Factors and amounts per 1,000 of original balance"], ["Factors and amounts per 1,000"]),
    (["N" * 40, "N" * 50], ["N" * 31, "N" * 29 + " 2"]),
    (["'quoted'", "", "  "], ["quoted", "Section", "Section 2"]),
])  # fmt: skip
def test_sheets_have_names_that_excel_takes(titles: list[str], names: list[str]) -> None:
    assert sheet_names(titles) == names


def test_sheets_print_on_their_side_as_wide_as_a_page_with_head_and_anchor() -> None:
    xml = parts(to_xlsx(statement()))
    flow = next(body for name, body in xml.items() if name == "xl/worksheets/sheet3.xml")

    assert 'orientation="landscape"' in flow
    assert 'fitToHeight="0"' in flow
    assert '<fitToPage val="1"' in flow or '<pageSetUpPr fitToPage="1"/>' in flow
    assert 'state="frozen"' in flow
    assert HEAD in flow
    assert "Print_Titles" in xml["xl/workbook.xml"]


def test_a_day_before_excels_first_is_words(monkeypatch: pytest.MonkeyPatch) -> None:
    tables = (Table("x", "Days", ["", "day"], [[Cell("old"), Cell("1899-12-31", date(1899, 12, 31))], [Cell("new"), Cell("1900-03-01", date(1900, 3, 1))]]),)
    monkeypatch.setattr("ledger.reports.xlsx.document", lambda said, order: replace(document(said), sections=tables))

    assert sheets(to_xlsx(statement()))["Days"][3:] == [["old", "1899-12-31"], ["new", date(1900, 3, 1)]]


def test_a_logo_stands_at_the_top() -> None:
    with zipfile.ZipFile(BytesIO(to_xlsx(statement(), branding=Branding("Bank", PNG, "image/png")))) as archive:
        assert archive.read("xl/media/image1.png") == PNG


def test_a_logo_that_is_no_picture_is_a_problem() -> None:
    with pytest.raises(ProblemsFound, match=r"the logo cannot be put into a spreadsheet: .*; save it again as PNG"):
        to_xlsx(statement(), branding=Branding(logo=b"\x89PNG\r\n\x1a\n" + bytes(40), logo_type="image/png"))


def test_pictures_of_the_deals_life_stand_on_sheets_with_their_values(sqlite: str) -> None:
    said, life = lived(sqlite, "sequoia-4")
    xlsx = to_xlsx(said, life)
    found = sheets(xlsx)

    drawn = charts(life)
    assert list(found)[-len(drawn) :] == sheet_names([chart.title for chart in drawn])
    for chart, rows in zip(drawn, list(found.values())[-len(drawn) :], strict=True):
        assert rows[2] == ["date", *(series.name for series in chart.series)]
        for column, series in enumerate(chart.series, start=1):
            assert {row[0]: row[column] for row in rows[3:] if row[column] != ""} == dict(zip(series.dates, map(sixteen, series.values), strict=True))
    assert ["Class balances", ""] in found["Statement"]
    assert to_xlsx(said, life) == xlsx


def test_charts_read_names_and_values_from_cells_and_have_words_beside_them(sqlite: str) -> None:
    said, life = lived(sqlite, "sequoia-4")
    xml = parts(to_xlsx(said, life))

    xmls = [body for name, body in xml.items() if re.fullmatch(r"xl/charts/chart\d+\.xml", name)]
    assert len(xmls) == sum(len(chart.panels) for chart in charts(life))
    assert all(body.count("<c:tx><c:strRef><c:f>") == body.count("<c:ser>") > 0 for body in xmls)
    words = {match for name, body in xml.items() if name.startswith("xl/drawings/drawing") for match in re.findall(r'descr="([^"]*)"', body)}
    assert words == {chart.description.replace("'", "&apos;") for chart in charts(life)} or words == {chart.description for chart in charts(life)}


def chart_of(*series: Series, unit: str = "%") -> str:
    """The XML of the first chart of a workbook that holds these series alone."""
    stream = BytesIO()
    with Workbook(stream, {"in_memory": True}) as workbook:
        style = workbook.add_format()
        put_chart(workbook, workbook.add_worksheet("S"), "S", Chart("key", "Title", "Words.", series, unit), Formats(style, style, style, style, style, style))
    return parts(stream.getvalue())["xl/charts/chart1.xml"]


DAYS = (date(2025, 1, 25), date(2025, 2, 25))


@pytest.mark.parametrize(("values", "unit", "there", "absent"), [
    ((0.1, 0.9), "%", ('<c:min val="0"/>', '<c:max val="1"/>', 'formatCode="0%"'), ()),
    ((0.1, 0.3), "%", ('<c:min val="0"/>',), ("<c:max ",)),
    ((0.01, 0.02), "%", ('formatCode="0.0%"',), ("<c:max ",)),
    ((-0.1, 0.3), "%", ('<c:tickLblPos val="low"/>',), ("<c:min ",)),
    ((5.0, None), "USD", ('<c:min val="0"/>', 'formatCode="#,##0"', "<a:t>USD</a:t>"), ("<c:max ",)),
])  # fmt: skip
def test_an_axis_begins_at_nil_unless_something_lies_below(
    values: tuple[float | None, ...], unit: str, there: tuple[str, ...], absent: tuple[str, ...]
) -> None:
    xml = chart_of(Series("A", DAYS, values), unit=unit)

    assert [each for each in there if each not in xml] == []
    assert [each for each in absent if each in xml] == []


def test_bands_and_bars_are_stacked_and_outlines_lie_upon_them() -> None:
    xml = chart_of(Series("=A", DAYS, (1.0, 2.0), "band"), Series("B", DAYS, (1.0, 1.0), "band"), Series("pool", DAYS, (2.0, 3.0), "outline"), unit="USD")

    assert re.findall(r"<c:(areaChart|lineChart)>", xml) == ["areaChart", "lineChart"]
    assert '<c:grouping val="stacked"/>' in xml
    assert "<c:f>S!$B$3</c:f>" in xml


def test_without_xlsxwriter_the_remedy_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)

    with pytest.raises(ProblemsFound, match=r"install it with `pip install 'tranche-ledger\[excel\]'`"):
        to_xlsx(statement())
