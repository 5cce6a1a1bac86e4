"""A file as it came: its bytes, or where they lie. It may be read several times, a part at a time, however large it is."""

from __future__ import annotations

import io
from collections.abc import Iterator
from hashlib import file_digest
from pathlib import Path
from typing import TypeAlias

Source: TypeAlias = bytes | Path
"""A file's bytes, or its path where it is not held in memory."""
HEAD = 4_096
"""Bytes by which a format may be known."""


def opened(source: Source) -> io.BytesIO | io.BufferedReader:
    """A stream from the file's beginning."""
    return io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")


def digest(source: Source) -> str:
    """SHA-256 of the whole file, lower-case hex."""
    with opened(source) as stream:
        return file_digest(stream, "sha256").hexdigest()


def pieces(source: Source, size: int) -> Iterator[bytes]:
    """The file in order, in pieces of so many bytes; the last may have fewer."""
    with opened(source) as stream:
        while piece := stream.read(size):
            yield piece


def head(source: Source) -> bytes:
    """The first bytes."""
    with opened(source) as stream:
        return stream.read(HEAD)
