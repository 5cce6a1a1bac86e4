"""A template for printed statements: a small YAML file with a name, a logo beside it, contact lines, a disclaimer, the order of sections and a colour.

It holds no code, and a logo cannot bring any: a picture that has scripts or points elsewhere is refused. docs/branding.md says what each field means.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Annotated, Any
from xml.etree import ElementTree

from pydantic import AfterValidator, Field, ValidationError

from ledger.core.branding import PLAIN, Branding, LogoType, contrast
from ledger.core.deal import Model
from ledger.core.problems import MOST_LISTED, Problem, ProblemsFound, nearest
from ledger.files import yaml_text
from ledger.files.refusals import refusal

MOST_LOGO_BYTES = 300_000
LEAST_CONTRAST = 450
"""In hundredths, against white paper: what the Web Content Accessibility Guidelines ask of text of any size (4.5 to 1)."""


def _colour(text: str) -> str:
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", text):
        raise ValueError(f'`{text}` is not a colour; write it as "#1f3a5f", red, green and blue in hexadecimal, in quotes')
    shown = contrast(text, "#ffffff")
    if shown < LEAST_CONTRAST:
        said = f"{shown // 100}.{shown % 100:02}"
        raise ValueError(f"`{text}` has a contrast of {said} to 1 against white; take a darker colour, of {LEAST_CONTRAST // 100}.5 to 1 or more")
    return text.lower()


def _beside(text: str) -> str:
    if "/" in text or "\\" in text or text in (".", ".."):
        raise ValueError(f"`{text}` is not the name of a file; put the logo beside the template and write its name alone")
    return text


Line = Annotated[str, Field(max_length=200)]


class _Template(Model):
    name: Line = ""
    logo: Annotated[str, Field(max_length=200), AfterValidator(_beside)] = ""
    contact: Annotated[tuple[Line, ...], Field(max_length=10)] = ()
    disclaimer: Annotated[str, Field(max_length=5_000)] = ""
    sections: tuple[str, ...] = ()
    accent: Annotated[str, AfterValidator(_colour)] = PLAIN.accent


def load(source: bytes, name: str, sections: Collection[str], picture: Callable[[str], bytes]) -> Branding:
    """A template as branding.

    `sections` are the keys that its order may name; `picture` reads a file beside it, and raises ProblemsFound where it cannot. Raises ProblemsFound with
    everything that is wrong, each placed `name:line:column`.
    """
    document = yaml_text.read(source, name)
    template, refused = _template(document.value)
    logo, unfit = _logo(template.logo, picture) if template.logo else (b"", [])
    problems = [*document.problems, *refused, *islice(_wrong_sections(template.sections, sections), MOST_LISTED + 1), *unfit]
    if problems:
        raise ProblemsFound(document.placed(problems))
    disclaimer = " ".join(template.disclaimer.split())
    return Branding(template.name, logo, logo_type(logo) or PLAIN.logo_type, template.contact, disclaimer, template.sections, template.accent)


def _template(value: Any) -> tuple[_Template, list[Problem]]:
    """The fields of a file; what is refused is left out, so that the rest can be looked at."""
    try:
        return _Template.model_validate(value), []
    except ValidationError as error:
        found = error.errors(include_url=False)
        refused = {details["loc"][0] for details in found}
        rest = {name: inner for name, inner in value.items() if name not in refused}
        return _Template.model_validate(rest), [refusal(details, _Template, value) for details in found[: MOST_LISTED + 1]]


def _wrong_sections(order: Sequence[str], known: Collection[str]) -> Iterator[Problem]:
    """Keys that no section has, and keys that stand twice."""
    for index, key in enumerate(order):
        if key not in known:
            remedy = nearest(key, known) or f"the sections are {', '.join(known)}"
            yield Problem(f"`{key}` is not a section of a statement", remedy, path=("sections", index))
        elif key in order[:index]:
            yield Problem(f"`{key}` stands twice", "keep one of them", path=("sections", index))


# The logo ---------------------------------------------------------------------------------------------------------------

_SIGNATURES: Mapping[LogoType, bytes] = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
_SVG = "{http://www.w3.org/2000/svg}"
_DRAWS = frozenset({
    "svg", "g", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "tspan", "defs", "linearGradient", "radialGradient", "stop",
    "clipPath", "mask", "pattern", "use", "symbol", "title", "desc", "style",
})  # fmt: skip
"""The elements that a logo may have: those that draw. Scripts, links, animations, embedded pages and pictures are none of them."""


def logo_type(logo: bytes) -> LogoType | None:
    """What a picture is by its first bytes, whatever its file is called; None for what is no PNG, JPEG or SVG."""
    for media_type, signature in _SIGNATURES.items():
        if logo.startswith(signature):
            return media_type
    start = logo.removeprefix(b"\xef\xbb\xbf").lstrip()
    return "image/svg+xml" if start.startswith((b"<svg", b"<?xml", b"<!--")) else None


def _logo(name: str, picture: Callable[[str], bytes]) -> tuple[bytes, list[Problem]]:
    """The picture, and what is wrong with it."""
    try:
        logo = picture(name)
    except ProblemsFound as found:
        return b"", [Problem(f"`{name}` cannot be read: {problem.fact}", problem.remedy, path=("logo",)) for problem in found.problems]
    return logo, [replace(problem, path=("logo",)) for problem in _unfit(name, logo)]


def _unfit(name: str, logo: bytes) -> Iterator[Problem]:
    if len(logo) > MOST_LOGO_BYTES:
        yield Problem(f"`{name}` has {len(logo):,} bytes, the most is {MOST_LOGO_BYTES:,}", "take a smaller picture: a logo is printed 2 cm high")
    elif (found := logo_type(logo)) is None:
        yield Problem(f"`{name}` is no picture that is known here: it begins with {logo[:8].hex(' ') or 'nothing'}", "take a PNG, JPEG or SVG")
    elif found == "image/svg+xml":
        yield from (Problem(f"`{name}` {fact}", "export it as a plain SVG of shapes alone, or as a PNG") for fact in dict.fromkeys(_not_shapes(logo)))


def _not_shapes(logo: bytes) -> Iterator[str]:
    """What an SVG has beside shapes: anything that could run, move, or fetch something."""
    try:
        text = logo.decode("utf-8-sig")
        if "<!DOCTYPE" in text or "<!ENTITY" in text or "<?xml-stylesheet" in text:
            yield "declares a document type, entities or a style sheet of its own"
            return
        root = ElementTree.fromstring(text)  # noqa: S314  # entities, with which a small text grows large, are refused above
    except (UnicodeDecodeError, ElementTree.ParseError) as error:
        yield f"is not an SVG in UTF-8: {error}"
        return
    if root.tag != f"{_SVG}svg":
        yield f"is not an SVG: it begins with `{root.tag}`"
    for element in root.iter():
        if element.tag.removeprefix(_SVG) not in _DRAWS or not element.tag.startswith(_SVG):
            yield f"has an element `{element.tag.rpartition('}')[2]}`, which draws no shape"
        if element.tag == f"{_SVG}style" and _fetches(element.text or ""):
            yield "has a style that points outside the picture"
        yield from (f"has an attribute `{key.rpartition('}')[2]}` that acts or points outside the picture" for key in _acting(element.attrib))


def _acting(attributes: Mapping[str, str]) -> Iterator[str]:
    for key, text in attributes.items():
        word = key.rpartition("}")[2].lower()
        if word.startswith("on") or (word in ("href", "src") and not text.strip().startswith("#")) or _fetches(text):
            yield key


def _fetches(style: str) -> bool:
    """Whether a style loads anything; a reference to a part of the picture itself, `url(#shade)`, does not. Escapes hide words, so that none may stand."""
    plain = re.sub(r"url\(\s*['\"]?#", "", style.lower())
    return "url(" in plain or "@import" in plain or "\\" in plain
