"""The statement as PDF, read back."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import pypdf
import pytest

from ledger.core.branding import Branding
from ledger.core.problems import ProblemsFound
from ledger.core.statement import Figure, Statement
from ledger.reports.charts import charts
from ledger.reports.document import document
from ledger.reports.pdf import DRAWN, drawn, to_pdf
from tests.reports.statements import HEAD, PNG, statement
from tests.reports.worked import WORKED, lived, worked

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="30" height="10"><rect width="30" height="10" fill="teal"/></svg>'
BANK = Branding("First Trustee Bank", SVG, "image/svg+xml", ("Corporate Trust", "trust@example.com"), "Nothing here is advice.")


def read(pdf: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(BytesIO(pdf))


def text_of(pdf: bytes) -> str:
    """All text, without blanks and the places where a word may break."""
    return squeezed("".join(page.extract_text() for page in read(pdf).pages))


def squeezed(text: str) -> str:
    return re.sub(r"[\s\u200b]", "", text)


def missing_cells(pdf: bytes, said: Statement) -> list[str]:
    """The cells that are not in the text after all those before them, in the document's order."""
    text, place, lost = text_of(pdf), 0, []
    for table in document(said).sections:
        for cell in [cell for row in (*table.rows, table.totals) for cell in row]:
            found = text.find(squeezed(drawn(cell.text)), place)
            lost += [cell.text] if found < 0 else []
            place = max(place, found)
    return lost


@pytest.mark.parametrize("month", [0, 2])
def test_every_cell_stands_in_the_pdf_in_its_order(month: int) -> None:
    said = statement(month)

    assert missing_cells(to_pdf(said), said) == []


@pytest.mark.parametrize("folder", WORKED)
def test_every_cell_of_a_worked_deal_stands_in_the_pdf(folder: str, sqlite: str) -> None:
    said = worked(sqlite, folder)

    assert missing_cells(to_pdf(said), said) == []


def test_a_cell_that_is_not_in_the_pdf_is_found_to_be_missing() -> None:
    said = statement()
    other = replace(said, sections={**said.sections, "fees": {"trustee": {**said.sections["fees"]["trustee"], "paid": Figure("money", 987_654_321)}}})

    assert "9,876,543.21" in missing_cells(to_pdf(said), other)


def test_the_same_statement_gives_the_same_bytes() -> None:
    assert to_pdf(statement(), branding=BANK) == to_pdf(statement(), branding=BANK)


def test_it_says_what_it_is_and_names_its_day_and_no_moment_of_making() -> None:
    pdf = read(to_pdf(statement()))

    assert pdf.metadata is not None
    assert (pdf.metadata.title, pdf.metadata.author) == ("HARBOUR-1 Harbour Trust 2025-1", "HARBOUR-1")
    assert f"{pdf.metadata.creation_date}".startswith("2025-03-25")
    assert pdf.xmp_metadata is not None
    assert "<pdfaid:part>2</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance>" in pdf.xmp_metadata.rdf_root.toxml()
    assert "<pdfuaid:part>1</pdfuaid:part>" in pdf.xmp_metadata.rdf_root.toxml()


def test_every_page_has_the_anchor_and_its_number_and_repeats_the_head_of_its_table() -> None:
    long = replace(statement(), flow_of_funds=statement().flow_of_funds * 20)
    pages = [page.extract_text() for page in read(to_pdf(long)).pages]

    assert len(pages) > 3
    for number, page in enumerate(pages, start=1):
        assert f"Drawn at position 7, head {HEAD}" in page
        assert f"page {number} of {len(pages)}" in page
    assert all("left in the account" in page for page in pages[-2:])


def many_classes(names: list[str]) -> Statement:
    """A statement of classes whose every figure has 20 digits, of 25 pools."""
    said, large = statement(), Figure("money", 12_345_678_901_234_567_890)
    moved = ("original_balance", "opening_balance", "interest_paid", "principal_paid", "accreted", "realized_loss", "written_up", "other_paid",
             "closing_balance", "total_paid")  # fmt: skip
    items = {**dict.fromkeys(moved, large), "rate": Figure("exact", Fraction(1, 16))}
    pools = {f"pool_{number}": said.sections["pools"]["pool"] for number in range(25)}
    return replace(said, sections={**said.sections, "classes": dict.fromkeys(names, items), "pools": pools})


def test_twenty_classes_of_twelve_columns_and_twenty_digits_are_whole() -> None:
    said = many_classes([f"CLASS-{number}" for number in range(20)])
    text = text_of(to_pdf(said))

    assert text.count("123,456,789,012,345,678.90") == 20 * 10
    assert text.count("2,469,135,780,246,913,578") == 10  # twenty times 123,456,789,012,345,678.90
    assert all(f"pool_{number}" in text for number in range(25))


def test_no_text_leaves_its_page_and_none_lies_on_another() -> None:
    wide = many_classes(["N" * 500, *(f"CLASS-{number}" for number in range(40))])

    for page in read(to_pdf(wide)).pages:
        places: list[tuple[float, float]] = []

        def look(operator: bytes, _: object, at: list[float], line: list[float], places: list[tuple[float, float]] = places) -> None:
            places.extend([(at[4] + line[4], at[5] + line[5])] if operator in (b"Tj", b"TJ") else [])

        page.extract_text(visitor_operand_before=look)
        assert [place for place in places if not (0 <= place[0] <= page.mediabox.right and 0 <= place[1] <= page.mediabox.top)] == []
        assert len(set(places)) == len(places)


HOSTILE = [
    '#import "evil": *', "$ x^2 $", "*bold* _it_ `raw` <label> @ref // comment", "#panic()", "\\", '"quoted"', "=cmd|'/C calc'!A0", "<script>alert(1)</script>",
    "שלום עולם", "N" * 500, "#read(\"/etc/passwd\")", "= Heading",
]  # fmt: skip


def test_a_name_is_printed_as_it_is_and_never_read_as_markup() -> None:
    said = replace(statement(), title=HOSTILE[0], labels={f"class {number}": {"title": name} for number, name in enumerate(HOSTILE)})
    pdf = to_pdf(said, branding=replace(BANK, name=HOSTILE[1], contact=tuple(HOSTILE), disclaimer=" ".join(HOSTILE)))

    text = text_of(pdf)
    assert [name for name in HOSTILE if name.isascii() and text.count(squeezed(name)) < 3] == []
    assert missing_cells(pdf, said) == [name for name in HOSTILE if not name.isascii()]  # from right to left, so that it is read back in another order


@pytest.mark.parametrize(("text", "printed"), [
    ("Pfandbrief für Ärzte, 5 €", "Pfandbrief für Ärzte, 5 €"),
    ("e\u0301", "é"),                       # composed before it is printed
    ("信託 1", "[U+4FE1][U+8A17] 1"),         # no font of typst draws it
    ("a\u202eb", "a[U+202E]b"),             # it would turn what follows around
    ("a\x00b\u200bc", "a[U+0000]b[U+200B]c"),
    ("two  blanks\tand a\nline", "two blanks and a line"),
    ("x" * 30, "x" * 24 + "\u200b" + "x" * 6),
])  # fmt: skip
def test_what_no_font_draws_is_printed_as_its_code_point(text: str, printed: str) -> None:
    assert drawn(text) == printed


def test_every_character_that_is_said_to_be_drawn_is_drawn() -> None:
    characters = "".join(chr(code) for first, last in DRAWN for code in range(first, last + 1) if chr(code).strip())
    rows = {f"{start}": {"title": characters[start : start + 20]} for start in range(0, len(characters), 20)}

    assert to_pdf(replace(statement(), labels=rows)).startswith(b"%PDF-")


def test_a_logo_that_cannot_be_drawn_is_a_problem() -> None:
    with pytest.raises(ProblemsFound, match=r"the PDF cannot be made: .*print without the template's logo, or with another one"):
        to_pdf(statement(), branding=Branding(logo=b"\x89PNG\r\n\x1a\n broken", logo_type="image/png"))


@pytest.mark.parametrize("named", ["logo.png", "/etc/hostname", "https://example.com/logo.png"])
def test_a_logo_brings_no_other_file_with_it(named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("logo.png").write_bytes(PNG)
    logo = f'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="{named}" width="9" height="9"/></svg>'.encode()

    with pytest.raises(ProblemsFound, match="failed to load linked image"):
        to_pdf(statement(), branding=Branding(logo=logo, logo_type="image/svg+xml"))


def test_without_typst_the_remedy_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)

    with pytest.raises(ProblemsFound, match=r"install it with `pip install 'tranche-ledger\[pdf\]'`"):
        to_pdf(statement())


def test_pictures_of_the_deals_life_stand_at_the_end_and_are_said_in_words(sqlite: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said, life = lived(sqlite, "sequoia-4")
    chart = charts(life)[0]
    monkeypatch.setattr("ledger.reports.pdf.charts", lambda life: (chart,))
    pdf = to_pdf(said, life)

    *_, last = read(pdf).pages
    assert "Over the life of the deal" in last.extract_text()
    assert squeezed(chart.description) in squeezed(last.extract_text())
    assert chart.description in alternatives(read(pdf))
    assert to_pdf(said, life) == pdf


def alternatives(pdf: pypdf.PdfReader) -> set[str]:
    """What a PDF says in place of pictures."""
    objects = (pdf.get_object(number) for number in range(1, int(f"{pdf.trailer['/Size']}")))
    return {f"{found['/Alt']}" for found in objects if isinstance(found, pypdf.generic.DictionaryObject) and "/Alt" in found}


@pytest.mark.parametrize(("currency", "size"), [("USD", (612, 792)), ("EUR", (595, 842))])
def test_paper_is_letter_in_north_america_and_a4_elsewhere(currency: str, size: tuple[int, int]) -> None:
    page = read(to_pdf(replace(statement(), currency=currency))).pages[0]

    assert (round(page.mediabox.width), round(page.mediabox.height)) == size


def test_sections_stand_as_the_branding_orders_them() -> None:
    text = text_of(to_pdf(statement(), branding=Branding(sections=("pool", "distribution"))))

    assert 0 < text.find("Pool") < text.find("Distributionbyclass")
    assert "Flowoffunds" not in text
