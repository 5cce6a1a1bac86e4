"""A file as it came: its bytes, or where they lie. It may be read several times, a part at a time, however large it is."""

from __future__ import annotations

import io
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, TypeAlias

Source: TypeAlias = bytes | Path
"""A file's bytes, or its path where it is not held in memory."""
HEAD = 4_096
"""Bytes by which a format may be known."""
_AT_ONCE = 1_000_000


def opened(source: Source) -> BinaryIO:
    """A stream from the file's beginning."""
    return io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")


def digest(source: Source) -> str:
    """SHA-256 of the whole file, lower-case hex."""
    if isinstance(source, bytes):
        return sha256(source).hexdigest()
    hashed = sha256()
    with source.open("rb") as stream:
        while part := stream.read(_AT_ONCE):
            hashed.update(part)
    return hashed.hexdigest()


def head(source: Source) -> bytes:
    """The first bytes."""
    with opened(source) as stream:
        return stream.read(HEAD)
