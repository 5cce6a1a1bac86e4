"""CSV that a spreadsheet can open safely: a cell that it would read as a formula is made words."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from itertools import chain

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?\Z", re.ASCII)


def inert(cell: object) -> str:
    """A cell as text. One that begins as a formula does, with `=`, `+`, `-`, `@`, a tab or a carriage return, and is no number, gets a `'` in front."""
    text = "" if cell is None else f"{cell}"
    return f"'{text}" if text.startswith(_FORMULA) and not _NUMBER.match(text) else text


def write(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """A CSV file in UTF-8, a line feed at each line's end; None is an empty cell."""
    return write_rows(chain([header], rows))


def write_rows(rows: Iterable[Sequence[object]]) -> bytes:
    """The same without a header."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([inert(cell) for cell in row] for row in rows)
    return text.getvalue().encode()
