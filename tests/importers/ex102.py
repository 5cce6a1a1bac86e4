"""Exhibits 102 of invented trusts, written as EDGAR's ABS XML schema lays them out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from xml.sax.saxutils import escape

NAMESPACE = "http://www.sec.gov/edgar/document/absee/{}/assetdata"
Asset = Mapping[str, "str | Sequence[str]"]
"""The elements of a loan with their texts; several texts are an element that stands several times. An element without a text is left out, as filings do."""


def exhibit(schema: str, assets: Iterable[Asset]) -> bytes:
    """A whole file of a schema such as `autoloan`."""
    return "".join(parts(schema, assets)).encode()


def parts(schema: str, assets: Iterable[Asset]) -> Iterator[str]:
    """A file piece by piece, a piece a loan."""
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n<assetData xmlns="{NAMESPACE.format(schema)}">\n'
    for asset in assets:
        lines = (f"<{name}>{escape(text)}</{name}>\n" for name, given in asset.items() for text in texts(given))
        yield f"<assets>\n{''.join(lines)}</assets>\n"
    yield "</assetData>\n"


def texts(given: str | Sequence[str]) -> Iterator[str]:
    yield from filter(None, [given] if isinstance(given, str) else given)
