"""Rows of a file as it came, by the number that events name: a line, or the record of XML that begins in it; a row of a workbook or of Parquet."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

from ledger.files import parquet
from ledger.files.importers.records import is_workbook, sheet_rows

SHOWN_CHARACTERS = 300
"""Of one line, as it is printed."""
RECORD_CHARACTERS = 6_000
"""Of a record of XML, which runs on over lines, and of a row of a workbook or of Parquet."""
BEGINS, ENDS = b"<assets>", b"</assets>"
"""Of a record of XML: it is known by the line that it begins in."""


def rows(pieces: Iterable[bytes], numbers: Collection[int], name: str) -> dict[int, str]:
    """Some rows of a file, as text that can be printed. All pieces are read, so that whoever gives them out can prove their digest.

    Raises ProblemsFound for a workbook or Parquet file that cannot be read; `name` is what it is called then.
    """
    parts = iter(pieces)
    head = next(parts, b"")
    whole = chain([head], parts)
    if is_workbook(head) or head.startswith(parquet.MAGIC):
        return {number: _shown(", ".join(cells), RECORD_CHARACTERS) for number, cells in _cells(whole, numbers, name, is_workbook(head))}
    return _lines(whole, numbers)


def _cells(pieces: Iterable[bytes], numbers: Collection[int], name: str, is_sheet: bool) -> Iterator[tuple[int, list[str]]]:
    """(number, cells) of some rows; both readers need a file that they can go to and fro in."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        with path.open("wb") as file:
            file.writelines(pieces)
        if not is_sheet:
            yield from parquet.read_rows(path, name, numbers)
            return
        with path.open("rb") as stream:
            yield from ((number, cells) for number, cells in sheet_rows(stream, name) if number in numbers)


def _lines(pieces: Iterable[bytes], numbers: Collection[int]) -> dict[int, str]:
    found: dict[int, bytes] = {}
    record: int | None = None
    for number, line in _numbered(pieces):
        if record is None and number in numbers:
            found[number], record = line, number if BEGINS in line else None
        elif record is not None and len(found[record]) < RECORD_CHARACTERS:
            found[record] += b" " + line.strip()
        record = None if ENDS in line else record
    return {
        number: _shown(line.removesuffix(b"\r").decode("utf-8", "replace"), RECORD_CHARACTERS if BEGINS in line else SHOWN_CHARACTERS)
        for number, line in found.items()
    }


def _numbered(pieces: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """(number, line) of each line, of which no more is kept than is shown."""
    number, line = 1, b""
    for piece in pieces:
        first, *others = piece.split(b"\n")
        line = (line + first)[: 4 * SHOWN_CHARACTERS + 4]
        for other in others:
            yield number, line
            number, line = number + 1, other
    if line:
        yield number, line


def _shown(text: str, most: int) -> str:
    """Text on one line: what does not print is written out, and what is too long is cut."""
    cut = text if len(text) <= most else f"{text[:most]} ..."
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in cut)
