"""Shapes and text as SVG: text measured by a table of widths that no usual sans-serif font exceeds, so that it never leaves the box it was wrapped for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal
from xml.sax.saxutils import escape, quoteattr

_WIDTHS = {
    300: "IJijl ",
    350: ",./:;\\|'",
    400: "!()-[]ft",
    450: "r",
    500: '"*_`',
    550: "?csz",
    600: "FLkvxy",
    650: "$0123456789EPSTYabdeghnopqu{}",
    700: "ABCKRVXZ",
    750: "NU",
    800: "&DGHOQ",
    850: "#+<=>^w~",
    900: "M",
    950: "%",
    1000: "@Wm",
}
"""Thousandths of the font size that printable ASCII takes, rounded up from the widest of the usual fonts."""
WIDTHS = {character: width for width, characters in _WIDTHS.items() for character in characters}
OTHER_WIDTH = 1100
"""What any other character is taken to need."""
BOLD = 1270
"""Thousandths of its regular width that a bold character takes at most."""

FONT = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
Dash = Literal["", "4 3", "1 3"]


def measure(text: str, size: int, *, bold: bool = False) -> int:
    """The most pixels that a text takes, rounded up."""
    thousandths = sum(WIDTHS.get(character, OTHER_WIDTH) for character in text) * size
    return -(-thousandths * BOLD // 1_000_000) if bold else -(-thousandths // 1000)


def wrap(text: str, width: int, size: int, *, bold: bool = False, most: int = 4) -> list[str]:
    """A text as lines that fit into a width, at most `most` of them; the end of what does not fit is `...`. A word that is too long is broken."""
    lines, line = list[str](), ""
    for word in (part for whole in text.split() for part in _parts(whole, width, size, bold=bold)):
        longer = f"{line} {word}" if line else word
        if line and measure(longer, size, bold=bold) > width:
            lines.append(line)
            line = word
        else:
            line = longer
    lines.append(line)
    if len(lines) > most:
        lines = [*lines[: most - 1], _clipped(lines[most - 1], width, size, bold=bold)]
    return lines


def _parts(word: str, width: int, size: int, *, bold: bool) -> Iterable[str]:
    """A word in pieces that fit, broken behind a `_`, `.` or `-` where it has one."""
    part = ""
    for character in word:
        while part and measure(part + character, size, bold=bold) > width:
            end = max(map(part.rfind, "_.-")) + 1 or len(part)
            yield part[:end]
            part = part[end:]
        part += character
    yield part


def _clipped(line: str, width: int, size: int, *, bold: bool) -> str:
    while line and measure(f"{line} ...", size, bold=bold) > width:
        line = line[:-1]
    return f"{line.rstrip()} ..."


@dataclass(slots=True)
class Canvas:
    """An SVG drawing in whole pixels, in black and greys. Shapes stand in the order in which they are drawn; `bottom` is the lowest point so far."""

    shapes: list[str] = field(default_factory=list)
    bottom: int = 0

    def rectangle(self, x: int, y: int, width: int, height: int, *, fill: str = "#ffffff", dash: Dash = "", round_by: int = 0, stroke: str = "#222222") -> None:
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        rounded = f' rx="{round_by}"' if round_by else ""
        self.shapes.append(f'<rect x="{x}" y="{y}" width="{width}" height="{height}"{rounded} fill="{fill}" stroke="{stroke}"{dashed}/>')
        self.bottom = max(self.bottom, y + height)

    def text(self, x: int, y: int, text: str, size: int, *, bold: bool = False, fill: str = "#111111") -> None:
        """A line of text whose baseline begins at (x, y)."""
        weight = ' font-weight="bold"' if bold else ""
        self.shapes.append(f'<text x="{x}" y="{y}" font-size="{size}"{weight} fill="{fill}">{escape(text)}</text>')
        self.bottom = max(self.bottom, y)

    def line(self, x: int, y: int, to_x: int, to_y: int, *, dash: Dash = "", arrow: bool = False, width: int = 1, stroke: str = "#222222") -> None:
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        head = ' marker-end="url(#arrow)"' if arrow else ""
        self.shapes.append(f'<line x1="{x}" y1="{y}" x2="{to_x}" y2="{to_y}" stroke="{stroke}" stroke-width="{width}"{dashed}{head}/>')
        self.bottom = max(self.bottom, y, to_y)

    def circle(self, x: int, y: int, radius: int, *, fill: str) -> None:
        self.shapes.append(f'<circle cx="{x}" cy="{y}" r="{radius}" fill="{fill}" stroke="#222222"/>')
        self.bottom = max(self.bottom, y + radius)

    def to_svg(self, width: int, title: str, description: str) -> str:
        """The drawing as a file of its own, as high as what is on it, on white."""
        height = self.bottom + 24
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" '
            f"aria-label={quoteattr(title)} font-family={quoteattr(FONT)}>"
        )
        size = 'viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse"'
        arrow = f'<marker id="arrow" {size} orient="auto"><path d="M0,0 L8,4 L0,8 z"/></marker>'
        parts = [head, f"<title>{escape(title)}</title>", f"<desc>{escape(description)}</desc>", f"<defs>{arrow}</defs>"]
        parts.append(f'<rect width="{width}" height="{height}" fill="#ffffff"/>')
        return "\n".join([*parts, *self.shapes, "</svg>", ""])
