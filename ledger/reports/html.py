"""A statement as one HTML page that needs nothing else: no network, no script; it prints on any paper, and is read aloud as well as seen.

Jinja2 escapes all that comes from a deal or a template of branding; names stand in `<bdi>`, so that a word that runs from right to left, or a mark that
turns a line, ends where its cell ends. The page's own style is allowed by its digest and nothing else is (Content-Security-Policy). The same statement
gives the same bytes.

`to_exhibit` writes the same document for EDGAR, which takes a subset of HTML 3.2 and 4.0 in ASCII, without pictures inside the page.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.util import find_spec

from jinja2 import Environment, PackageLoader, StrictUndefined

from ledger.core.branding import PLAIN, Branding
from ledger.core.history import History
from ledger.core.statement import Statement
from ledger.reports.document import Document, document
from ledger.reports.layout import Table

LONG = 24
"""A text of more characters may go over several lines; a shorter one, such as a class's name, is never broken at a hyphen."""
TOGETHER = 15
"""A table of no more rows stands on one page."""
WIDTHS = (("", 116), ("dense", 146), ("denser", 186))
"""Sizes of type on paper, by the characters of a row that fit across the narrower of A4 and Letter; what is wider still is set in the smallest."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A chart in a page: its title, what it shows in words, and the picture as an address that holds it."""

    title: str
    description: str
    source: str


def to_html(statement: Statement, history: History | None = None, branding: Branding = PLAIN) -> bytes:
    """The page, in UTF-8; with the pictures of a history where one is given and matplotlib is installed."""
    return page(document(statement, branding.sections), statement.deal, branding, tuple(_pictures(history)) if history else ())


def page(shown: Document, deal: str, branding: Branding = PLAIN, pictures: Sequence[Shown] = ()) -> bytes:
    """Any document as a page; `deal` stands on each sheet of paper."""
    style = _templates().get_template("statement.css").render(document=shown, deal=deal, branding=branding)
    body = _templates().get_template("statement.html").render(
        document=shown, branding=branding, style=style, style_digest=_digest(style), size=size, long=LONG, together=TOGETHER,
        logo=data_uri(branding.logo_type, branding.logo) if branding.logo else "", pictures=pictures,
    )  # fmt: skip
    return body.encode()


def to_exhibit(statement: Statement, branding: Branding = PLAIN) -> bytes:
    """The document for Exhibit 99.1 of a Form 10-D: tables alone, in elements that EDGAR takes, every other character than ASCII by its number."""
    body = _templates().get_template("exhibit.html").render(document=document(statement, branding.sections), branding=branding)
    return body.encode("ascii", "xmlcharrefreplace")


def data_uri(media_type: str, data: bytes) -> str:
    """A picture as an address that holds it; scripts in a picture that is shown so do not run."""
    return f"data:{media_type};base64,{b64encode(data).decode()}"


def size(table: Table) -> str:
    """The size of type in which a table is printed, so that nothing of it is cut: by its widest cells, of which a long one is broken; heads go over lines."""
    heads = [max(header.split(), key=len, default="") for header in table.headers]
    cells = [heads, *([cell.text for cell in row] for row in (*table.rows, *([table.totals] if table.totals else [])))]
    wide = sum(min(LONG, max(len(text) for text in column)) + 3 for column in zip(*cells, strict=True))
    return next((name for name, most in WIDTHS if wide <= most), WIDTHS[-1][0])


def css_text(text: str) -> str:
    """A text inside quotes of a style sheet: letters and digits as they are, every other character by its number."""
    return "".join(character if character.isascii() and character.isalnum() else f"\\{ord(character):06x}" for character in text)


def _digest(style: str) -> str:
    return b64encode(sha256(style.encode()).digest()).decode()


@cache
def _templates() -> Environment:
    made = Environment(loader=PackageLoader("ledger.reports"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters["css_text"] = css_text
    return made


def _pictures(history: History) -> Iterator[Shown]:
    """The charts of a deal's life. The tables say everything without them: none where the package that draws them is not installed."""
    if find_spec("matplotlib") is None:
        return
    from ledger.reports.charts import charts
    from ledger.reports.pictures import svg

    for chart in charts(history):
        yield Shown(chart.title, chart.description, data_uri("image/svg+xml", svg(chart)))
