"""A statement as PDF, by typst: PDF/A-2a and PDF/UA-1, the same bytes on every run whatever fonts a machine has.

The template is `statement.typ` beside this file. It is handed the document as JSON of texts, so that nothing from a deal is ever read as markup, and it
opens no file. What the fonts inside typst cannot draw is printed as its code point: PDF/A allows no character without a picture.
"""

from __future__ import annotations

import json
import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ledger.core.branding import PLAIN, Branding
from ledger.core.history import History
from ledger.core.problems import Problem, ProblemsFound
from ledger.core.statement import Statement
from ledger.reports.charts import charts
from ledger.reports.document import Document, document
from ledger.reports.extras import missing
from ledger.reports.layout import Cell, Table
from ledger.reports.paper import US_LETTER
from ledger.reports.pictures import svg

TEMPLATE = Path(__file__).with_name("statement.typ")
LONGEST_WORD = 24
"""Characters of a word in one line; a longer one may be broken after so many."""

DRAWN = (
    (0x20, 0x7E), (0xA1, 0xAC), (0xAE, 0x24F), (0x384, 0x38A), (0x38C, 0x38C), (0x38E, 0x3A1), (0x3A3, 0x482), (0x48A, 0x4FF), (0x531, 0x556),
    (0x5D0, 0x5EA), (0x621, 0x63A), (0x641, 0x64A), (0x10D0, 0x10F0), (0x1E00, 0x1EFF), (0x2010, 0x2027), (0x2030, 0x2040), (0x2070, 0x2071),
    (0x2074, 0x208E), (0x20A0, 0x20BF), (0x2100, 0x211E), (0x2122, 0x2122), (0x2190, 0x22FF),
)  # fmt: skip
"""The characters that the fonts inside typst draw, by the first and the last of each run: European scripts, Hebrew, Arabic, and signs. Marks that turn the
direction of what follows are not among them."""
_FIRSTS = [first for first, _ in DRAWN]


def to_pdf(statement: Statement, history: History | None = None, branding: Branding = PLAIN) -> bytes:
    """The statement as a PDF file, with pictures of the deal's life where its history is given.

    Raises ProblemsFound where typst is not installed, and where the logo is none that it can draw.
    """
    try:
        import typst
    except ImportError:
        raise missing("typst", "a statement as PDF", "pdf") from None
    said = json.dumps(_said(document(statement, branding.sections), statement, branding) | {"pictures": _pictures(history)})
    try:
        # A logo's SVG may name a picture beside it: no further than our own folder, where there is none.
        return typst.compile(
            TEMPLATE, None, root=TEMPLATE.parent, format="pdf", sys_inputs={"statement": said}, ignore_system_fonts=True, pdf_standards=["a-2a", "ua-1"]
        )
    except typst.TypstError as error:
        raise ProblemsFound([Problem(f"the PDF cannot be made: {error.message}", "print without the template's logo, or with another one")]) from None


def _said(shown: Document, statement: Statement, branding: Branding) -> dict[str, Any]:
    """All that the template is told."""
    return {
        "title": drawn(shown.title), "deal": drawn(statement.deal), "subtitle": drawn(shown.subtitle),
        "author": drawn(branding.name or statement.deal), "footer": shown.footer,
        "day": f"{statement.dates['distribution']}", "paper": "us-letter" if statement.currency in US_LETTER else "a4",
        "dates": [[drawn(name), drawn(day)] for name, day in shown.dates],
        "sections": [_table(table) for table in shown.sections],
        "branding": _branding(branding),
    }  # fmt: skip


def _branding(branding: Branding) -> dict[str, Any]:
    """The look. A picture goes as a list of its bytes, since the template opens no file."""
    return {
        "name": drawn(branding.name), "contact": [drawn(line) for line in branding.contact], "disclaimer": drawn(branding.disclaimer),
        "accent": branding.accent, "logo": list(branding.logo), "logo_format": LOGO_FORMATS[branding.logo_type],
    }  # fmt: skip


LOGO_FORMATS = {"image/png": "png", "image/jpeg": "jpg", "image/svg+xml": "svg"}


def _pictures(history: History | None) -> list[dict[str, str]]:
    """The pictures of the deal's life; what they show is said in words beside each."""
    shown = charts(history) if history else ()
    return [{"description": drawn(chart.description), "svg": svg(chart).decode()} for chart in shown]


def _table(table: Table) -> dict[str, Any]:
    return {
        "title": drawn(table.title), "headers": [drawn(header) for header in table.headers], "left": sorted(table.left), "note": drawn(table.note),
        "rows": [_texts(row) for row in table.rows], "totals": _texts(table.totals),
    }  # fmt: skip


def _texts(cells: Sequence[Cell]) -> list[str]:
    return [cell.text if cell.value is not None else drawn(cell.text) for cell in cells]


def drawn(text: str) -> str:
    """A text as it can be printed: blanks as one, long words breakable, and what no font draws as its code point, `[U+202E]`."""
    words = "".join(_picture(character) for character in " ".join(unicodedata.normalize("NFC", text).split())).split(" ")
    return " ".join("\u200b".join(word[start : start + LONGEST_WORD] for start in range(0, len(word), LONGEST_WORD)) for word in words)


def _picture(character: str) -> str:
    code = ord(character)
    run = bisect_right(_FIRSTS, code) - 1
    return character if run >= 0 and code <= DRAWN[run][1] else f"[U+{code:04X}]"
