"""The pictures of a deal's life in a spreadsheet: the values of each on a sheet, and beside them charts that the spreadsheet draws itself.

They are told apart by shade and by the style of their lines, so that they can be read in grey. Excel breaks a line where a value is missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from ledger.reports.charts import Chart, Series

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

SHADES = ("#1f3a5f", "#c8d3e0", "#4f79a8", "#e5ecf3", "#35567f", "#a3b8d0", "#7699c1", "#d9d9d9")
"""Of bands and bars: neighbours differ in lightness."""
LINES = (("#1f3a5f", "solid"), ("#b35900", "dash"), ("#4d4d4d", "round_dot"), ("#2f7f79", "dash_dot"), ("#7a4a86", "long_dash"), ("#8c6d1f", "square_dot"),
         ("#a03a4a", "long_dash_dot"), ("#808080", "long_dash_dot_dot"))  # fmt: skip
KINDS: Mapping[str, Mapping[str, str]] = {
    "band": {"type": "area", "subtype": "stacked"}, "bar": {"type": "column", "subtype": "stacked"}, "line": {"type": "line"}, "outline": {"type": "line"},
}  # fmt: skip
HEAD = 2
"""The row of the names, counted from nil; the values stand below it."""
SIZE = {"width": 860, "height": 400}
ROWS = 21
"""How many rows a chart of that height covers, and one more."""


@dataclass(frozen=True, slots=True)
class Formats:
    """How the cells of the values look."""

    heading: Format
    head: Format
    words: Format
    day: Format
    amount: Format
    rate: Format


def put_chart(workbook: Workbook, sheet: Worksheet, name: str, chart: Chart, formats: Formats) -> None:
    """The values of a picture as a table on a sheet of that name, and a chart for each of its axes beside them."""
    days = sorted({day for series in chart.series for day in series.dates})
    sheet.write_string(0, 0, chart.title, formats.heading)
    sheet.write_string(HEAD, 0, "date", formats.words)
    rows = {day: row for row, day in enumerate(days, start=HEAD + 1)}
    for day, row in rows.items():
        sheet.write_datetime(row, 0, datetime(day.year, day.month, day.day), formats.day)  # noqa: DTZ001  # a day has no zone
    for column, series in enumerate(chart.series, start=1):
        sheet.write_string(HEAD, column, series.name, formats.head)
        _values(sheet, column, series, rows, formats.rate if chart.unit == "%" else formats.amount)
    sheet.set_column(0, len(chart.series), 18)
    sheet.freeze_panes(HEAD + 1, 1)
    sheet.repeat_rows(HEAD)
    for place, panel in enumerate(chart.panels):
        drawn = _drawn(workbook, name, chart, panel, days)
        sheet.insert_chart(HEAD + place * ROWS, len(chart.series) + 2, drawn, {"description": chart.description})


def _values(sheet: Worksheet, column: int, series: Series, rows: Mapping[date, int], style: Format) -> None:
    for day, value in zip(series.dates, series.values, strict=True):
        if value is not None:
            sheet.write_number(rows[day], column, value, style)


def _drawn(workbook: Workbook, sheet: str, chart: Chart, panel: str, days: Sequence[date]) -> Any:
    """One axis with its series: bands or bars, and lines upon them."""
    layers: dict[str, Any] = {}
    for column, series in enumerate(chart.series, start=1):
        if series.panel == panel:
            kind = KINDS[series.mark]
            if kind["type"] not in layers:
                layers[kind["type"]] = workbook.add_chart(dict(kind))
            layers[kind["type"]].add_series(_series(sheet, column, series, HEAD + len(days)))
    under, *upon = layers.values()
    for layer in upon:
        under.combine(layer)
    under.set_title({"name": f"{chart.title}: {panel}" if panel else chart.title, "overlay": False, "name_font": {"size": 12}})
    months = (days[-1].year - days[0].year) * 12 + days[-1].month - days[0].month
    under.set_x_axis({"date_axis": True, "num_format": "yyyy-mm", "major_unit": 1 + months // 10, "major_unit_type": "months"})
    under.set_y_axis({"major_gridlines": {"visible": True, "line": {"color": "#d9d9d9", "width": 0.5}}, **_scale(chart, panel)})
    under.set_legend({"position": "bottom"})
    under.set_size(SIZE)
    return under


def _scale(chart: Chart, panel: str) -> dict[str, Any]:
    """An axis from nil, unless something lies below it. Parts of one end at the whole where they come near it."""
    values = [value for series in chart.series if series.panel == panel for value in series.values if value is not None]
    lowest = {"min": 0} if min(values) >= 0 else {"label_position": "low"}
    if chart.unit != "%":
        return {**lowest, "name": chart.unit, "name_font": {"bold": False}, "num_format": "#,##0"}
    return {**lowest, "num_format": "0%" if max(values) > 0.05 else "0.0%", **({"max": 1} if 0.8 < max(values) <= 1 else {})}


def _series(sheet: str, column: int, series: Series, last: int) -> dict[str, Any]:
    """A series by the cells that hold it, its name too, so that no name is read as a formula."""
    said = {"name": [sheet, HEAD, column], "categories": [sheet, HEAD + 1, 0, last, 0], "values": [sheet, HEAD + 1, column, last, column]}
    return said | _style(series, column - 1)


def _style(series: Series, place: int) -> dict[str, Any]:
    match series.mark:
        case "band" | "bar":
            return {"fill": {"color": SHADES[place % len(SHADES)]}, "border": {"color": "#1f3a5f", "width": 0.5}}
        case "outline":
            return {"line": {"color": "#000000", "width": 2, "dash_type": "dash"}}
        case _:
            colour, dash = LINES[place % len(LINES)]
            return {"line": {"color": colour, "width": 2, "dash_type": dash}}
