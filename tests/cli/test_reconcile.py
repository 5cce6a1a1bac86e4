"""Reconciliation as a page and as a spreadsheet: every line is there, and what differs still ends with exit code 1."""

from __future__ import annotations

import io
from html.parser import HTMLParser
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from tests.cli.conftest import PUBLISHED, Tranche

LINES = [row.split(",")[:4] for row in PUBLISHED.splitlines()[1:]]


class Cells(HTMLParser):
    """The texts of a page's cells."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._inside = self._inside or tag in ("td", "th")

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self._inside and data.strip():
            self.texts.append(data.strip())


def test_page_has_every_published_line(distributed: Tranche) -> None:
    result = distributed("reconcile", "COVE-1", "published.csv", "--format", "html", "-o", "report.html")

    texts = Cells(Path("report.html").read_text(encoding="utf-8")).texts
    assert result.exit_code == 0, result.output
    for line in LINES:
        at = texts.index(line[1], texts.index(line[0]))
        assert texts[at - 1 : at + 3] == line


def test_spreadsheet_has_numbers_for_figures(distributed: Tranche) -> None:
    result = distributed("reconcile", "COVE-1", "published.csv", "--format", "xlsx", "-o", "report.xlsx")

    book = CalamineWorkbook.from_filelike(io.BytesIO(Path("report.xlsx").read_bytes()))
    rows = [row for row in book.get_sheet_by_name(book.sheet_names[2]).to_python() if row[0] in {line[0] for line in LINES}]
    assert result.exit_code == 0, result.output
    assert [row[1:4] for row in rows] == [[subject, item, float(amount)] for _, subject, item, amount in LINES]


@pytest.mark.parametrize("form", ["html", "xlsx"])
def test_difference_ends_with_exit_code_1_and_the_report_is_written(distributed: Tranche, form: str) -> None:
    Path("other.csv").write_text(PUBLISHED.replace("4000.00", "4000.01"), encoding="utf-8")

    result = distributed("reconcile", "COVE-1", "other.csv", "--format", form, "-o", f"report.{form}")

    assert result.exit_code == 1
    assert Path(f"report.{form}").stat().st_size > 1000


def test_spreadsheet_does_not_go_to_a_terminal(distributed: Tranche) -> None:
    result = distributed("reconcile", "COVE-1", "published.csv", "--format", "xlsx")

    assert result.exit_code == 2
    assert "write it to a file with -o FILE.xlsx" in result.output
