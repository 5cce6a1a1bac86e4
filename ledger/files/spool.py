"""Rows that may be more than memory should hold: a month of a million loans, the balances they open with.

What is looked at loan by loan needs all the rows of a loan together, and never two loans: so it can be done a share of the loans at a time. Once rows are
many they lie in a temporary file, which goes when the spool does, in their order and so that the rows of one share can be read without the others.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator
from io import SEEK_END
from itertools import chain, islice
from tempfile import SpooledTemporaryFile
from typing import Any, Generic, NamedTuple, TypeVar
from weakref import finalize

from ledger.core.problems import Problem, ProblemsFound

Row = TypeVar("Row", bound=tuple[Any, ...])
HELD = 2**16
"""Rows that are held in memory; at most as many are written, and read back in order, at once."""
SHARES = 16
"""How many shares the loans of more rows are parted into."""


class Share(NamedTuple):
    """One of so many parts of all subjects, numbered from 0."""

    number: int = 0
    of: int = 1

    def holds(self, subject: str | None) -> bool:
        """Whether a subject is of this share; each is of one. Parted by hash, a share is the same within one run of the program and no longer."""
        return hash(subject) % self.of == self.number


ALL = Share()
"""The only share."""


def shares(rows: int) -> list[Share]:
    """How to go through so many rows: at once while they fit into memory."""
    parts = 1 if rows <= HELD else SHARES
    return [Share(number, parts) for number in range(parts)]


class RowFile:
    """A temporary file of lists of rows, without a name, for one spool or several; it is there when something is written, and gone when nobody holds it."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(max_size=1)  # noqa: SIM115  # lives as long as this does
        finalize(self, self._file.close)

    def write(self, lists: Iterable[list[tuple[Any, ...]]]) -> list[int]:
        """Write lists, and return where each of them begins. Raises ProblemsFound where there is no room."""
        starts = []
        try:
            self._file.seek(0, SEEK_END)
            for rows in lists:
                starts.append(self._file.tell())
                pickle.dump(rows, self._file, pickle.HIGHEST_PROTOCOL)
            self._file.flush()
        except OSError as error:
            fact, remedy = f"the rows cannot be put into a temporary file: {error.strerror}", "make room there, or name another folder in TMPDIR"
            raise ProblemsFound([Problem(fact, remedy)]) from None
        return starts

    def read(self, start: int) -> list[tuple[Any, ...]]:
        self._file.seek(start)
        rows: list[tuple[Any, ...]] = pickle.load(self._file)  # noqa: S301  # this process wrote it, into a file that has no name
        return rows


class Spool(Generic[Row]):
    """Rows in order. `subject` tells by what a row is parted into shares; `make` makes a row of the plain tuple that it is kept as."""

    def __init__(
        self, subject: Callable[[Row], str | None], make: Callable[[Iterable[Any]], Row], rows: Iterable[Row] = (), file: RowFile | None = None
    ) -> None:
        self._subject, self._make, self._file = subject, make, file or RowFile()
        self._held: list[Row] = []
        self._chunks: list[_Chunk] = []
        self._written = 0
        self.extend(rows)

    def __len__(self) -> int:
        return self._written + len(self._held)

    def __iter__(self) -> Iterator[Row]:
        for chunk in self._chunks:
            parts = [iter(self._read(chunk, number)) for number in range(SHARES)]
            yield from map(next, map(parts.__getitem__, chunk.order))
        yield from self._held

    @property
    def held(self) -> int:
        """How many rows are in memory."""
        return len(self._held)

    def append(self, row: Row) -> None:
        self._held.append(row)
        if len(self._held) == HELD:
            self.let_go()

    def extend(self, rows: Iterable[Row]) -> None:
        coming = iter(rows)
        while taken := list(islice(coming, HELD - len(self._held))):
            self._held += taken
            if len(self._held) == HELD:
                self.let_go()

    def let_go(self) -> None:
        """Put what is held into the file, by share. Raises ProblemsFound where there is no room for it."""
        parts: list[list[tuple[Any, ...]]] = [[] for _ in range(SHARES)]
        order = bytes(hash(self._subject(row)) % SHARES for row in self._held)
        for row, number in zip(self._held, order, strict=True):
            parts[number].append(row[:])  # plain: the name of a class beside each row would take as long as the row
        self._chunks.append(_Chunk(order, self._file.write(parts)))
        self._written += len(self._held)
        self._held.clear()

    def share(self, share: Share) -> list[Row]:
        """The rows of the subjects of a share, in order."""
        if share.of == 1:
            return list(self)
        held = [row for row in self._held if share.holds(self._subject(row))]
        return [*chain.from_iterable(self._read(chunk, share.number) for chunk in self._chunks), *held]

    def _read(self, chunk: _Chunk, number: int) -> Iterator[Row]:
        return map(self._make, self._file.read(chunk.starts[number]))


class _Chunk(NamedTuple):
    """Rows that were written together: the share of each, and where in the file each share begins."""

    order: bytes
    starts: list[int]
