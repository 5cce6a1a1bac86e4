"""A servicer's format as a table: which of its columns say what of a loan's month, and how each is written.

Columns are read by allow-list: what no table names never gets further than a count, so that no borrower's name enters the books.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, BinaryIO, Literal, TypeAlias

from ledger.core.loan_months import LoanMonth
from ledger.core.problems import Problem
from ledger.files import cells
from ledger.files.cells import Note, Parse
from ledger.files.csv_text import Block

Records: TypeAlias = Callable[[BinaryIO, str, frozenset[str], Counter[str]], Iterator[Block]]
"""Reads a stream, of a file of that name, as blocks of the wanted columns, blanks where a record has none. It counts every column that it meets with a value.

Raises ProblemsFound where the file is no such file.
"""
Money: Literal["money"] = "money"
_EMPTY_AS_ABSENT = frozenset(("", "NA", "N/A"))


@dataclass(frozen=True, slots=True)
class Field:
    """A column, the field of `LoanMonth` that it fills, and how its text is understood: as money (times `sign`), or by `parse`.

    Several columns of money that fill one field are added up; of several others the first that says something counts. `blanks` are words that stand where a
    figure is not known.
    """

    to: str
    column: str
    parse: Parse | Literal["money"] = "money"
    sign: Literal[1, -1] = 1
    blanks: frozenset[str] = _EMPTY_AS_ABSENT


@dataclass(frozen=True)
class Importer:
    """A format: its name, the version of its mapping (it rises with every change of what a file comes to), how records are read, and the table.

    `dated` says what `period_end` holds: the end of the collections, or the day of the distribution. `deal` is the column that names the deal, where the
    format has one. `ignored` are columns of the format that are known and not wanted, with one reason for them all in the importer's module; whatever is
    neither mapped nor listed there is reported as unknown. `completed` says what a format means by several columns together; it raises ValueError with
    `FACT; REMEDY` where they make no sense.
    """

    name: str
    title: str
    records: Records
    fields: Sequence[Field]
    version: int = 1
    dated: Literal["collection_end", "distribution"] = "collection_end"
    deal: str | None = None
    ignored: frozenset[str] = frozenset()
    recognizes: Callable[[bytes], bool] = lambda _head: False
    completed: Callable[[LoanMonth], LoanMonth] | None = None

    @property
    def mapping(self) -> str:
        """Name and version of the mapping, as the log keeps them."""
        return f"{self.name}/{self.version}"

    @property
    def mapped(self) -> frozenset[str]:
        """The columns that are read."""
        return frozenset(one.column for one in self.fields) | ({self.deal} if self.deal else set())


@dataclass(slots=True)
class Imported:
    """A file while it is read: its loan months come by blocks; `found` are the problems with their rows, `columns` how often each column said something."""

    importer: Importer
    scale: int
    columns: Counter[str] = field(default_factory=Counter)
    deals: set[str] = field(default_factory=set)
    found: list[tuple[int, Problem]] = field(default_factory=list)
    rows: int = 0

    def months(self, stream: BinaryIO, name: str) -> Iterator[list[LoanMonth]]:
        """The loan months of a stream, block by block. Raises ProblemsFound where it is no file of the format."""
        for block in self.importer.records(stream, name, self.importer.mapped, self.columns):
            self.found.extend(block.ragged)
            self.rows += len(block.numbers)
            if self.importer.deal:
                self.deals.update(block.columns.get(self.importer.deal, ()))
            yield self._understood(block)

    def _understood(self, block: Block) -> list[LoanMonth]:
        wrong: set[int] = set()

        def note(index: int, problem: Problem) -> None:
            wrong.add(index)
            self.found.append((block.numbers[index], problem))

        filled: dict[str, Sequence[Any]] = {}
        for one in self.importer.fields:
            values = self._values(one, block, note)
            known = filled.get(one.to)
            filled[one.to] = values if known is None else list(map(_added if one.parse == Money else _first, known, values))
        columns = [filled.get(name) or [None] * len(block.numbers) for name in LoanMonth._fields[1:]]
        rows = map(LoanMonth._make, zip(block.numbers, *columns, strict=True))
        whole = [row for index, row in enumerate(rows) if index not in wrong] if wrong else list(rows)
        nameless = [row.row for row in whole if not row.loan]
        self.found.extend((row, Problem("the row names no loan", f"`{self._loan_column}` is the loan's number")) for row in nameless)
        return [row for row in whole if row.loan] if nameless else whole

    def completed(self, said: LoanMonth) -> Iterator[LoanMonth]:
        """A row with what its columns say together; nothing where they make no sense, which is noted."""
        try:
            yield said if self.importer.completed is None else self.importer.completed(said)
        except ValueError as error:
            fact, _, remedy = str(error).partition("; ")
            self.found.append((said.row, Problem(f"loan {said.loan} {fact}", remedy)))

    @property
    def _loan_column(self) -> str:
        return next(one.column for one in self.importer.fields if one.to == "loan")

    def _values(self, one: Field, block: Block, note: Note) -> Sequence[Any]:
        texts = block.columns.get(one.column) or [""] * len(block.numbers)
        if not one.blanks.isdisjoint(texts):
            texts = ["" if text in one.blanks else text for text in texts]
        if callable(one.parse):
            return cells.each(one.column, texts, one.parse, note)
        amounts = cells.amounts(one.column, _in_places(texts, self.scale), self.scale, note)
        return [None if amount is None or isinstance(amount, Problem) else one.sign * amount for amount in amounts]


def _in_places(texts: Sequence[str], scale: int) -> Sequence[str]:
    """Amounts as the books write them: a zero before a point that has none, and no zeros beyond the places of the books: `.50000000` is `0.50`."""
    whole = _POINT_FIRST.sub(r"\g<1>0.", "\n".join(texts))
    return _more_zeros(scale).sub(r"\1" if scale else "", whole).split("\n") if texts else texts


_POINT_FIRST = re.compile(r"^(-?)\.(?=[0-9])", re.MULTILINE | re.ASCII)


@lru_cache
def _more_zeros(scale: int) -> re.Pattern[str]:
    return re.compile(rf"(\.[0-9]{{{scale}}})0+$" if scale else r"\.0+$", re.MULTILINE | re.ASCII)


def _added(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else one + other


def _first(one: Any, other: Any) -> Any:
    return other if one is None else one


# How texts are understood ---------------------------------------------------------------------------------------------


def text(value: str) -> str:
    return value


def rate(value: str) -> str:
    """A rate, as its digits, with or without a zero before the point."""
    return cells.rate(_POINT_FIRST.sub(r"\g<1>0.", value))


def codes(known: Mapping[str, Any], *, others: Literal["refused", "absent"] = "refused") -> Parse:
    """A code by its table. Raises ValueError for a code that the table lacks, unless others say nothing here."""

    def parse(value: str) -> Any:
        if value in known:
            return known[value]
        if others == "absent":
            return None
        raise ValueError(f"is not a known code; known are {', '.join(known)}")

    return parse


def per_cent(value: str) -> str:
    """A rate that is written in per cent without a sign: 6.25 is 0.0625."""
    return cells.rate(value.removesuffix("%") + "%")


def month_day_year(separator: str) -> Parse:
    """A day as 01-30-2024, or with another separator."""

    def parse(value: str) -> date:
        parts = value.split(separator)
        if [len(part) for part in parts] != [2, 2, 4] or not "".join(parts).isascii():
            raise ValueError(f"is not a date; write it as 01{separator}30{separator}2024")
        return _date(parts[2], parts[0], parts[1], value)

    return parse


def year_month_day(value: str) -> date:
    """A day as 20240130."""
    if len(value) != len("20240130") or not (value.isascii() and value.isdigit()):
        raise ValueError("is not a date; write it as 20240130")
    return _date(value[:4], value[4:6], value[6:], value)


def first_of_month(year: slice, month: slice) -> Parse:
    """The first day of a month that is written in digits, such as 202401 or 012024."""

    def parse(value: str) -> date:
        if len(value) != len("202401") or not (value.isascii() and value.isdigit()):
            raise ValueError("is not a month; write year and month in six digits")
        return _date(value[year], value[month], "01", value)

    return parse


def end_of_month(year: slice, month: slice) -> Parse:
    """The last day of such a month."""
    begin = first_of_month(year, month)

    def parse(value: str) -> date:
        first = begin(value)
        return date.fromordinal(first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1).toordinal() - 1)

    return parse


def _date(year: str, month: str, day: str, value: str) -> date:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        raise ValueError(f"is no day of the calendar; check {value}") from None


def any_day(*forms: Parse) -> Parse:
    """A day in one of several forms."""

    def parse(value: str) -> date:
        for form in forms:
            try:
                return form(value)  # type: ignore[no-any-return]  # each form is of dates
            except ValueError as error:
                last = error
        raise last

    return parse
