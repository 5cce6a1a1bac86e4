"""How a printed statement looks, where a trustee has a look of its own: who prints it, and which sections in which order. It changes no figure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeAlias

LogoType: TypeAlias = Literal["image/png", "image/svg+xml", "image/jpeg"]


@dataclass(frozen=True, slots=True)
class Branding:
    """What a template says. Blank fields print nothing.

    `name` is whoever prints the statement, `logo` the bytes of a picture of the type `logo_type`, `contact` lines below the name, `disclaimer` a
    paragraph at the end. `sections` names sections by key: those are printed, in that order, and no others; none named: all, in the usual order.
    `accent` is the colour of rules and headings, `#rrggbb`.
    """

    name: str = ""
    logo: bytes = b""
    logo_type: LogoType = "image/png"
    contact: tuple[str, ...] = ()
    disclaimer: str = ""
    sections: tuple[str, ...] = ()
    accent: str = "#1f3a5f"


PLAIN = Branding()
"""The look of a statement without a template."""


def contrast(first: str, second: str) -> int:
    """The contrast of two colours `#rrggbb` in hundredths: 100 where they are the same, 2100 for black on white, rounded down.

    By the Web Content Accessibility Guidelines 2.1: (lighter + 0.05) / (darker + 0.05) of the relative luminances.
    """
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 50_000) * 100 // (darker + 50_000)


_WEIGHTS = (212_600, 715_200, 72_200)
"""Of red, green and blue in luminance, in millionths."""


def _luminance(colour: str) -> int:
    """The relative luminance of a colour in millionths, from 0 (black) to 1,000,000 (white)."""
    channels = (int(colour[index : index + 2], 16) for index in (1, 3, 5))
    return sum(weight * _linear(channel) for weight, channel in zip(_WEIGHTS, channels, strict=True)) // 1_000_000


def _linear(channel: int) -> int:
    """A channel of sRGB as light, in millionths: x / 12.92 where it is dark, else ((x + 0.055) / 1.055) to the power of 2.4."""
    share = Decimal(channel) / 255
    light = share / Decimal("12.92") if share <= Decimal("0.04045") else ((share + Decimal("0.055")) / Decimal("1.055")) ** Decimal("2.4")
    return int(light * 1_000_000)
