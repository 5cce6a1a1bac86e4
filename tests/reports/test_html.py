"""The statement as an HTML page and as an exhibit, read back: every figure is there, and nothing in it can act."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from dataclasses import replace
from datetime import date
from fractions import Fraction
from hashlib import sha256

import pytest

from ledger.core.branding import Branding
from ledger.core.history import History
from ledger.core.money import round_exact
from ledger.core.statement import Figure, FlowLine, Statement
from ledger.reports.charts import charts
from ledger.reports.document import document
from ledger.reports.html import css_text, size, to_exhibit, to_html
from ledger.reports.layout import Cell, Table, in_words
from tests.reports.pages import Page
from tests.reports.statements import HEAD, statement

MONTHS = pytest.mark.parametrize("month", [0, 1, 2])
LOGO = b'<svg xmlns="http://www.w3.org/2000/svg"><rect width="4" height="2"/></svg>'
HOUSE = Branding(
    "Harbour <b>Trust</b>", LOGO, "image/svg+xml", ("1 Quay Street", 'o"ne@example.com'), "The trustee & the servicer.", ("fees", "pool"), "#7a1f3d"
)
HOSTILE = [
    "<script>alert(1)</script>", "</style><img src=x onerror=alert(1)>", '=HYPERLINK("http://example.com","x")', "\u202egnorw\u202c \u202eopen", "N" * 500,
    "\u05e9\u05dd", "&amp;{{ 7*7 }}{% raw %}", "\"' onmouseover=alert(1) x='",
]  # fmt: skip


def hostile() -> Statement:
    """A statement whose names are all meant to do harm, and amounts of seventeen digits."""
    said = statement(2)
    figures = {
        item: replace(figure, value=-12_345_678_901_234_567) if figure.kind == "money" else figure for item, figure in said.sections["classes"]["A"].items()
    }
    sections = {
        **said.sections,
        "classes": {**said.sections["classes"], **dict.fromkeys(HOSTILE, figures)},
        "accounts": {name: {"closing_balance": Figure("money", 1)} for name in HOSTILE},
    }
    lines = tuple(FlowLine(9, name, name, name, 1, None) for name in HOSTILE)
    labels = {name: {"title": name, "cusip": name} for name in HOSTILE}
    return replace(said, deal=HOSTILE[1], title=HOSTILE[0], currency=HOSTILE[6], labels=labels, sections=sections, flow_of_funds=lines)


def number(text: str) -> Fraction:
    """A figure as a page prints it."""
    return Fraction(text.replace(",", "").removesuffix("%"))


def check_every_number(tables: list[Table], read: list[list[list[str]]]) -> int:
    """Every cell that holds a figure says that figure, rounded to its places; how many there are."""
    count = 0
    for table, found in zip(tables, read, strict=True):
        for row, texts in zip([*table.rows, *([table.totals] if table.totals else [])], found, strict=True):
            for cell, text in zip(row, texts, strict=True):
                count += _check(cell, text)
    return count


def _check(cell: Cell, text: str) -> int:
    if isinstance(cell.value, Fraction):
        shown = cell.value * (100 if cell.percent else 1) * 10**cell.places

        assert text.endswith("%") is cell.percent
        assert number(text) * 10**cell.places in (round_exact(shown, "half_up"), round_exact(shown, "down"), round_exact(shown, "half_even"))
        return 1
    if isinstance(cell.value, date):
        assert date.fromisoformat(text) == cell.value
    assert text == cell.text
    return 0


# The page ---------------------------------------------------------------------------------------------------------------


@MONTHS
def test_page_says_what_the_document_says(month: int) -> None:
    said = document(statement(month))
    page = Page(to_html(statement(month)))

    assert [(table.key, table.title) for table in page.tables] == [(table.key, table.title) for table in said.sections]
    assert [table.headers for table in page.tables] == [list(table.headers) if any(table.headers) else [] for table in said.sections]
    assert all(text in "".join(page.text) for text in (said.title, said.subtitle, said.footer, *(text for pair in said.dates for text in pair)))


def test_every_number_of_a_worked_deal_is_on_the_page_and_in_the_exhibit(worked_deal: Statement) -> None:
    tables = list(document(worked_deal).sections)

    of_page = check_every_number(tables, [table.rows for table in Page(to_html(worked_deal)).tables])
    of_exhibit = check_every_number(tables, exhibit_rows(worked_deal))

    assert of_page == of_exhibit > 70


def exhibit_rows(drawn: Statement) -> list[list[list[str]]]:
    """The rows of an exhibit's tables, without the table of dates and the heads; a blank cell holds a blank that does not break."""
    read = Page(to_exhibit(drawn)).tables[1 if document(drawn).dates else 0 :]
    heads = [1 if any(table.headers) else 0 for table in document(drawn).sections]
    return [[[cell.strip("\xa0") for cell in row] for row in table.rows[skip:]] for table, skip in zip(read, heads, strict=True)]


def test_page_is_the_same_bytes_each_time() -> None:
    assert to_html(statement(2), None, HOUSE) == to_html(statement(2), None, HOUSE)
    assert to_exhibit(statement(2), branding=HOUSE) == to_exhibit(statement(2), branding=HOUSE)


def test_page_can_be_heard_as_well_as_seen() -> None:
    page = Page(to_html(statement(2), None, HOUSE))
    headings = [tag for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    cells = [attributes for tag, attributes in page.elements if tag == "th"]

    assert page.named("html") == [{"lang": "en"}]
    assert headings == ["h1", "h2", "h2"]
    assert all(attributes.get("scope") in ("row", "col") for attributes in cells)
    assert len(page.named("caption")) == len(page.named("table")) == 2
    assert [attributes["alt"] for attributes in page.named("img")] == ["Logo of Harbour <b>Trust</b>"]
    assert page.elements[[tag for tag, _ in page.elements].index("body") + 1] == ("a", {"class": "skip", "href": "#statement"})


def test_every_link_leads_to_a_place_of_the_page() -> None:
    page = Page(to_html(statement(2)))
    places = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    links = [attributes["href"] for attributes in page.named("a")]

    assert len(places) == len(set(places))
    assert {f"#{place}" for place in places} >= set(links)
    assert links == ["#statement", *(f"#{table.key}" for table in document(statement(2)).sections)]


# Nothing acts -------------------------------------------------------------------------------------------------------------


def test_hostile_names_are_words_on_the_page() -> None:
    page = Page(to_html(hostile()))
    tags = {tag for tag, _ in page.elements}
    cells = [cell for table in page.tables for row in table.rows for cell in row]

    assert tags.isdisjoint({"script", "img", "iframe", "object", "form", "link", "base"})
    assert [key for _, attributes in page.elements for key in attributes if key.startswith("on") or key in ("src", "style", "action")] == []
    assert all(cells.count(name) >= 6 for name in HOSTILE)


def test_every_name_is_isolated_so_that_a_mark_that_turns_a_line_ends_with_it() -> None:
    page = to_html(hostile()).decode()
    turning = HOSTILE[3]

    assert page.count(f"<bdi>{turning}</bdi>") == page.count(turning) >= 6


def test_policy_lets_nothing_in_but_the_pages_own_style_and_pictures_that_it_holds() -> None:
    source = to_html(hostile(), None, HOUSE)
    style = re.search("<style>(.*?)</style>", source.decode(), re.DOTALL)
    policy = next(attributes["content"] for attributes in Page(source).named("meta") if "http-equiv" in attributes)

    assert style is not None
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{b64encode(sha256(style[1].encode()).digest()).decode()}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )  # fmt: skip
    assert "url(" not in style[1]
    assert "@import" not in style[1]


def test_text_in_the_style_is_letters_digits_and_numbers_of_characters() -> None:
    assert css_text('A-1 "</style>') == "A\\00002d1\\000020\\000022\\00003c\\00002fstyle\\00003e"


# Branding -------------------------------------------------------------------------------------------------------------------


def test_branding_names_the_house_its_colour_and_the_order_of_sections() -> None:
    source = to_html(statement(2), None, HOUSE)
    page = Page(source)
    logo = page.named("img")[0]["src"] or ""

    assert [table.key for table in page.tables] == ["fees", "pool"]
    assert b64decode(logo.removeprefix("data:image/svg+xml;base64,")) == LOGO
    assert all(text in "".join(page.text) for text in (HOUSE.name, *HOUSE.contact, HOUSE.disclaimer))
    assert b"--accent: #7a1f3d;" in source


def test_plain_page_has_no_letterhead() -> None:
    assert b'class="letterhead"' not in to_html(statement(2))


# Pictures ---------------------------------------------------------------------------------------------------------------------


def test_pictures_stand_after_the_tables_each_with_its_title_and_its_words(life: History) -> None:
    page = Page(to_html(statement(2), life))
    shown = charts(life)

    assert [attributes["alt"] for attributes in page.named("img")] == [chart.title for chart in shown] != []
    assert all(chart.description in page.text for chart in shown)
    assert page.named("a")[-1] == {"href": "#pictures"}


def test_pictures_are_the_same_bytes_each_time_and_hold_svg(life: History) -> None:
    source = to_html(statement(2), life)
    sources = [attributes["src"] or "" for attributes in Page(source).named("img")]

    assert source == to_html(statement(2), life)
    assert all(b64decode(each.removeprefix("data:image/svg+xml;base64,")).startswith(b"<svg ") for each in sources)


def test_tables_stand_alone_where_no_pictures_can_be_drawn(monkeypatch: pytest.MonkeyPatch, life: History) -> None:
    monkeypatch.setattr("ledger.reports.html.find_spec", lambda name: None)

    assert to_html(statement(2), life) == to_html(statement(2))


# Paper ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("columns", "expected"), [(7, ""), (8, "dense"), (9, "dense"), (10, "denser"), (20, "denser")])
def test_wide_tables_are_set_in_smaller_type(columns: int, expected: str) -> None:
    """Each column has 13 characters and a gap of 3: seven have 112 of 116, nine 144 of 146."""
    assert size(in_words("", ["h"] * columns, [["1234567890.00"] * columns])) == expected


def test_long_names_and_heads_of_several_words_do_not_make_a_table_small() -> None:
    assert size(in_words("", ["interest per 1,000"] * 6, [["N" * 500] * 2 + ["1.00"] * 4])) == ""


def test_page_says_on_every_sheet_where_it_stands_in_the_log() -> None:
    page = to_html(statement(2)).decode()

    assert f'@bottom-left {{ content: "{css_text("HARBOUR-1")}  {css_text(f"Drawn at position 7, head {HEAD}")}"' in page


# The exhibit ------------------------------------------------------------------------------------------------------------------

OF_HTML_3 = {"html", "head", "title", "body", "p", "b", "br", "hr", "h1", "h2", "a", "table", "tr", "th", "td"}


def test_exhibit_is_ascii_in_plain_elements_and_points_nowhere() -> None:
    source = to_exhibit(hostile(), branding=HOUSE)
    page = Page(source)

    assert source.isascii()
    assert {tag for tag, _ in page.elements} <= OF_HTML_3
    assert {key for _, attributes in page.elements for key in attributes} <= {
        "bgcolor", "text", "border", "cellpadding", "cellspacing", "align", "valign", "nowrap", "name",
    }  # fmt: skip


def test_exhibit_keeps_every_name_as_words() -> None:
    page = Page(to_exhibit(hostile()))
    cells = [cell for table in page.tables for row in table.rows for cell in row]

    assert all(cells.count(name) >= 6 for name in HOSTILE)
