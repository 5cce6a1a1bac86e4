"""Templates for printed statements: read whole, or refused with everything that is wrong; a logo that could do more than draw is none."""

from __future__ import annotations

import re

import pytest

from ledger.core.branding import PLAIN, Branding
from ledger.core.problems import Problem, ProblemsFound
from ledger.files.branding_file import MOST_LOGO_BYTES, load, logo_type
from ledger.reports.document import section_keys
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "branding.md").read_text(encoding="utf-8")
KEYS = ("distribution", "fees", "pool")
PNG = b"\x89PNG\r\n\x1a\n rest"
JPEG = b"\xff\xd8\xff\xe0 rest"
SVG_NAMESPACE = 'xmlns="http://www.w3.org/2000/svg"'


def svg(inner: str = "", attributes: str = "") -> bytes:
    return f"<svg {SVG_NAMESPACE} {attributes}>{inner}</svg>".encode()


def read(text: str, logo: bytes = PNG) -> Branding:
    return load(text.encode(), "house.yaml", KEYS, {"logo.png": logo}.__getitem__)


def refused(text: str, logo: bytes = PNG) -> list[str]:
    with pytest.raises(ProblemsFound) as found:
        read(text, logo)
    return [str(problem).partition("\n")[0] for problem in found.value.problems]


def test_example_of_the_page_is_a_template() -> None:
    example = re.search("```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert example is not None

    branding = load(example[1].encode(), "harbour.yaml", section_keys(), svg)

    assert branding == Branding(
        "Harbour Trust Company, N.A.",
        svg("harbour.svg"),
        "image/svg+xml",
        ("Corporate Trust Services", "1 Quay Street, Boston, MA 02110", "+1 617 555 0100, bondholders@harbour.example"),
        "The trustee prepared this statement from what the servicer reported, and has not verified that information.",
        ("distribution", "factors", "interest", "fees", "accounts", "pool", "triggers", "flow_of_funds"),
        "#1f3a5f",
    )


def test_page_names_every_section_in_its_order() -> None:
    named = re.findall("`([a-z_]+)`", PAGE.partition("<!-- sections -->")[2])

    assert tuple(named) == section_keys()


def test_page_names_every_field_and_its_limits() -> None:
    fields = re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)

    assert fields == ["name", "logo", "contact", "disclaimer", "sections", "accent"]
    assert f"{MOST_LOGO_BYTES:,} bytes" in PAGE


def test_what_a_template_leaves_out_is_plain() -> None:
    assert read("name: Harbour\n") == Branding(name="Harbour")
    assert read("{}\n") == PLAIN


def test_everything_that_is_wrong_is_said_at_once_with_its_place() -> None:
    text = "nmae: x\nlogo: logo.png\ncontact: one line\nsections: [distribution, fee, distribution]\naccent: '#ffff00'\n"

    assert refused(text, b"GIF89a") == [
        "house.yaml:1:1: `nmae` is not a field here; did you mean name?",
        "house.yaml:2:7: `logo.png` is no picture that is known here: it begins with 47 49 46 38 39 61; take a PNG, JPEG or SVG",
        "house.yaml:3:10: `one line` stands where a list is needed; write `[first, second]`",
        "house.yaml:4:26: `fee` is not a section of a statement; did you mean fees?",
        "house.yaml:4:31: `distribution` stands twice; keep one of them",
        "house.yaml:5:9: `#ffff00` has a contrast of 1.07 to 1 against white; take a darker colour, of 4.5 to 1 or more",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("sections: [waterfall]", "house.yaml:1:12: `waterfall` is not a section of a statement; the sections are distribution, fees, pool"),
        ("accent: red", 'house.yaml:1:9: `red` is not a colour; write it as "#1f3a5f", red, green and blue in hexadecimal, in quotes'),
        ("logo: ../logo.png", "house.yaml:1:7: `../logo.png` is not the name of a file; put the logo beside the template and write its name alone"),
        ("logo: a\\b.png", "house.yaml:1:7: `a\\b.png` is not the name of a file; put the logo beside the template and write its name alone"),
        (f"name: {'N' * 201}", f"house.yaml:1:7: `{'N' * 60}...` is too long; write at most 200 characters"),
        ("name: &a x", "house.yaml:1:7: `&a` is an anchor; remove it: a deal file has no aliases"),
        ("name: x\nname: y", "house.yaml:1:1: `name` stands twice, here and on line 2; keep one of them"),
        ("name: \u202ex", "house.yaml:1:7: the character U+202E, which does not print, stands here; remove it"),
    ],
)  # fmt: skip
def test_wrong_field_is_refused(text: str, problem: str) -> None:
    assert refused(f"{text}\n") == [problem]


def test_logo_that_cannot_be_read_is_named_with_its_place() -> None:
    def missing(name: str) -> bytes:
        raise ProblemsFound([Problem("there is no such file or directory", "check the path", place=name)])

    with pytest.raises(ProblemsFound) as found:
        load(b"name: x\nlogo: l.png\n", "house.yaml", KEYS, missing)

    assert str(found.value).startswith("house.yaml:2:7: `l.png` cannot be read: there is no such file or directory; check the path")


# Logos ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("logo", "expected"),
    [
        (PNG, "image/png"),
        (JPEG, "image/jpeg"),
        (svg(), "image/svg+xml"),
        (b"\xef\xbb\xbf\n<?xml version='1.0'?>" + svg(), "image/svg+xml"),
        (b"<html></html>", None),
        (b"", None),
    ],
)
def test_picture_is_what_its_first_bytes_say(logo: bytes, expected: str | None) -> None:
    assert logo_type(logo) == expected


def test_large_logo_is_refused_with_its_size() -> None:
    assert refused("logo: logo.png", PNG + b" " * MOST_LOGO_BYTES) == [
        "house.yaml:1:7: `logo.png` has 300,013 bytes, the most is 300,000; take a smaller picture: a logo is printed 2 cm high"
    ]


def test_svg_of_shapes_is_taken_as_it_is() -> None:
    drawing = svg(
        '<defs><linearGradient id="g"><stop offset="0"/></linearGradient></defs><style>.a{fill:url(#g)}</style><use href="#g"/><path fill="url(#g)"/>'
    )

    assert read("logo: logo.png\n", drawing).logo == drawing


@pytest.mark.parametrize(
    ("logo", "fact"),
    [
        (svg("<script>alert(1)</script>"), "has an element `script`, which draws no shape"),
        (svg('<foreignObject><p xmlns="http://www.w3.org/1999/xhtml">x</p></foreignObject>'), "has an element `foreignObject`, which draws no shape"),
        (svg('<image href="http://example.com/x.png"/>'), "has an element `image`, which draws no shape"),
        (svg('<set attributeName="href" to="javascript:alert(1)"/>'), "has an element `set`, which draws no shape"),
        (svg('<a href="#x"><path/></a>'), "has an element `a`, which draws no shape"),
        (svg(attributes='onload="alert(1)"'), "has an attribute `onload` that acts or points outside the picture"),
        (svg('<use href="http://example.com/x.svg#a"/>'), "has an attribute `href` that acts or points outside the picture"),
        (svg('<use xmlns:x="http://www.w3.org/1999/xlink" x:href="data:x"/>'), "has an attribute `href` that acts or points outside the picture"),
        (svg('<path fill="url(http://example.com/x)"/>'), "has an attribute `fill` that acts or points outside the picture"),
        (svg("<style>@import 'http://example.com/x.css';</style>"), "has a style that points outside the picture"),
        (svg("<style>path{fill:u\\72l(http://example.com)}</style>"), "has a style that points outside the picture"),
        (b"<?xml version='1.0'?><!DOCTYPE svg [<!ENTITY a 'b'>]>" + svg("&a;"), "declares a document type, entities or a style sheet of its own"),
        (b"<?xml-stylesheet href='http://example.com'?>" + svg(), "declares a document type, entities or a style sheet of its own"),
        (b"<svg><path/></svg>", "is not an SVG: it begins with `svg`"),
        (b"<svg", "is not an SVG in UTF-8: unclosed token: line 1, column 0"),
        (b"<svg>\xff</svg>", "is not an SVG in UTF-8: 'utf-8' codec can't decode byte 0xff in position 5: invalid start byte"),
    ],
)
def test_svg_that_could_do_more_than_draw_is_refused(logo: bytes, fact: str) -> None:
    problems = refused("logo: logo.png", logo)

    assert problems[0] == f"house.yaml:1:7: `logo.png` {fact}; export it as a plain SVG of shapes alone, or as a PNG"
