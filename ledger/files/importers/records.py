"""The kinds of file that servicers send, read a block of records at a time: XML of the EDGAR ABS schema, delimited text with a header or without, sheets.

Memory does not grow with the file. A document type, an entity, another encoding than UTF-8, records of the wrong width and oversized texts are refused.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, BinaryIO
from xml.parsers import expat

from ledger.core.problems import Problem, ProblemsFound
from ledger.files.csv_text import BYTES_AT_ONCE, MOST_CHARACTERS, ROWS_AT_ONCE, Block
from ledger.files.importers.mapping import Records

MOST_DEPTH = 8
"""Of elements inside each other; the schemas have four."""
MOST_OF_TEXT = 4_000
"""Characters of one element's text."""
MOST_OF_MARKUP = 2_000_000
"""Bytes of one tag or comment."""
MOST_REPEATED = 100
"""How often an element may stand in one record."""


def _refused(fact: str, remedy: str, place: str) -> ProblemsFound:
    return ProblemsFound([Problem(fact, remedy, place=place)])


def block_of(records: Sequence[tuple[int, Mapping[str, str]]], wanted: Iterable[str]) -> Block:
    """Records as columns; what a record does not say is blank."""
    columns: dict[str, Sequence[str]] = {column: [record.get(column, "") for _, record in records] for column in wanted}
    return Block([number for number, _ in records], columns, ())


# XML ------------------------------------------------------------------------------------------------------------------


def xml_records(namespace: str) -> Records:
    """Records of the `assetData` of a schema of SEC's ABS-EE, whose namespace ends so: one `assets` a loan, numbered by the line it begins in."""

    def read(stream: BinaryIO, name: str, wanted: frozenset[str], seen: Counter[str]) -> Iterator[Block]:
        reader = _Assets(f"http://www.sec.gov/edgar/document/absee/{namespace}/assetdata", wanted, seen)
        try:
            while part := stream.read(BYTES_AT_ONCE):
                reader.parse(part)
                if len(reader.records) >= ROWS_AT_ONCE:
                    yield reader.taken()
            reader.parser.Parse(b"", True)
        except expat.ExpatError as error:
            what = expat.errors.messages[error.code] if error.code in expat.errors.messages else str(error)
            raise _refused(f"this is no well-formed XML: {what}", "ask for the file as it was filed", f"{name}:{error.lineno}") from None
        except _Unacceptable as error:
            raise _refused(str(error.args[0]), str(error.args[1]), f"{name}:{reader.parser.CurrentLineNumber}") from None
        yield reader.taken()

    return read


class _Unacceptable(Exception):
    """What no file of these may hold: (fact, remedy)."""


class _Assets:
    """Collects the wanted elements of each `assets`, whatever they stand in; of one that is repeated, the last text that says something.

    Other elements are counted where they begin, and their texts are not even looked at: a filing has seven million elements, of which a fifth is wanted.
    """

    def __init__(self, namespace: str, wanted: frozenset[str], seen: Counter[str]) -> None:
        self.records: list[tuple[int, dict[str, str]]] = []
        self._namespace, self._wanted, self._seen = namespace, wanted, seen
        self._known = {f"{namespace}}}{name}": name for name in wanted}
        self._record: dict[str, str] = {}
        self._times: Counter[str] = Counter()
        self._others: list[str] = []
        self._name: str | None = None
        self._text: list[str] = []
        self._length = self._depth = self._line = self._given = 0
        self.parser = parser = expat.ParserCreate("UTF-8", namespace_separator="}")
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler, parser.StartDoctypeDeclHandler = self._start, self._end, self._doctype

    def parse(self, part: bytes) -> None:
        """Read on. A tag or a comment is kept until it ends, and looked at again with each part: one that does not end is refused."""
        self.parser.Parse(part, False)
        self._given += len(part)
        if self._given - self.parser.CurrentByteIndex > MOST_OF_MARKUP:
            raise _Unacceptable(f"a tag or a comment has more than {MOST_OF_MARKUP:,} bytes", "ask for the file as it was filed")

    def taken(self) -> Block:
        """The records since the last time."""
        records, self.records = self.records, []
        for tag, times in Counter(self._others).items():
            self._seen[tag.rpartition("}")[2]] += times
        self._others.clear()
        return block_of(records, self._wanted)

    def _doctype(self, *_: object) -> None:
        raise _Unacceptable("the file has a document type", "a filing has none: nothing that a file defines for itself is read")

    def _start(self, tag: str, _attributes: Mapping[str, str]) -> None:
        self._depth += 1
        if self._name is not None:
            self._forget()  # an element inside it: then it is none that says something
        if not 2 < self._depth <= MOST_DEPTH:  # inside a loan
            self._outside(tag)
        elif tag in self._known:
            self._name = self._known[tag]
            self.parser.CharacterDataHandler = self._data
        else:
            self._others.append(tag)

    def _outside(self, tag: str) -> None:
        """The root, a loan, or what is too deep."""
        self._record, self._line = {}, self.parser.CurrentLineNumber
        self._times.clear()
        namespace, _, local = tag.rpartition("}")
        if self._depth > MOST_DEPTH:
            raise _Unacceptable(f"elements stand more than {MOST_DEPTH} deep", "ask for the file as it was filed")
        if self._depth == 1 and (local != "assetData" or namespace != self._namespace):
            raise _Unacceptable(f"the file is `{local}` of `{namespace}`, not `assetData` of `{self._namespace}`", "name its --format, or another file")

    def _data(self, text: str) -> None:
        self._length += len(text)
        if self._length > MOST_OF_TEXT:
            raise _Unacceptable(f"a text has more than {MOST_OF_TEXT:,} characters", "ask for the file as it was filed")
        self._text.append(text)

    def _end(self, _tag: str) -> None:
        self._depth -= 1
        if self._name is not None:
            self._keep(self._name, "".join(self._text).strip())
            self._forget()
        elif self._depth == 1:
            self.records.append((self._line, self._record))

    def _forget(self) -> None:
        self._name, self._length, self._text, self.parser.CharacterDataHandler = None, 0, [], None

    def _keep(self, name: str, text: str) -> None:
        if not text:
            return
        self._seen[name] += 1
        if name in self._record:
            self._times[name] += 1
            if self._times[name] >= MOST_REPEATED:
                raise _Unacceptable(f"`{name}` stands more than {MOST_REPEATED} times in one record", "ask for the file as it was filed")
        self._record[name] = text


# Delimited text -------------------------------------------------------------------------------------------------------


def table_records(delimiter: str = ",") -> Records:
    """Records of a table whose first line names the columns; columns that nobody asked for are counted and left."""

    def read(stream: BinaryIO, name: str, wanted: frozenset[str], seen: Counter[str]) -> Iterator[Block]:
        rows = _rows(stream, name, delimiter)
        _, header = next(rows, (1, []))
        names = [column.strip() for column in header]
        twice = next((column for column, times in Counter(names).items() if times > 1 and column in wanted), None)
        if twice is not None:
            raise _refused(f"the column `{twice}` stands twice", "keep one of them", f"{name}:1")
        if wanted.isdisjoint(names):
            raise _refused("the first line names none of the format's columns", f"they are {', '.join(sorted(wanted))}", f"{name}:1")
        yield from _blocks(iter(rows), names, wanted, seen)

    return read


def positional_records(columns: Mapping[int, Sequence[str]], delimiter: str = ",", title: str = "row") -> Records:
    """Records without a header. `columns` gives, by the number of fields of a line, the names of its fields in order; a line of another width is refused."""

    def read(stream: BinaryIO, name: str, wanted: frozenset[str], seen: Counter[str]) -> Iterator[Block]:
        rows = _rows(stream, name, delimiter)
        first = next(rows, None)
        if first is None:
            raise _refused("the file is empty", f"a {title} stands in each line", name)
        names = columns.get(len(first[1]))
        if names is None:
            fact = f"the first line has {len(first[1])} fields, a {title} has {' or '.join(map(str, sorted(columns)))}"
            raise _refused(fact, "name its --format, or ask for the file as it was sent", f"{name}:1")
        yield from _blocks(_joined(first, rows), names, wanted, seen)

    return read


def _joined(first: tuple[int, list[str]], rows: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    yield first
    yield from rows


def _blocks(rows: Iterator[tuple[int, list[str]]], names: Sequence[str], wanted: frozenset[str], seen: Counter[str]) -> Iterator[Block]:
    width, numbers, taken, ragged = len(names), list[int](), list[list[str]](), list[tuple[int, Problem]]()

    def block() -> Block:
        columns = list(zip(*taken, strict=True)) or [()] * width
        found: dict[str, Sequence[str]] = {}
        for name, cells in zip(names, columns, strict=True):
            texts = list(map(str.strip, cells))
            seen[name] += len(texts) - texts.count("")
            if name in wanted:
                found[name] = texts
        return Block(list(numbers), found, list(ragged))

    for number, row in rows:
        if len(row) == width:
            numbers.append(number)
            taken.append(row)
        elif any(row):
            ragged.append((number, Problem(f"the line has {len(row)} fields, the others {width}", "ask for the file as it was sent: a line is cut or joined")))
        if len(taken) >= ROWS_AT_ONCE:
            yield block()
            numbers, taken, ragged = [], [], []
    yield block()


def _rows(stream: BinaryIO, name: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """(line, fields) of each line that has something in it; a quoted text does not run on over lines."""
    quoting = csv.QUOTE_MINIMAL if delimiter == "," else csv.QUOTE_NONE
    for number, line in enumerate(_lines(stream, name), 1):
        if '"' in line and quoting == csv.QUOTE_MINIMAL:
            try:
                yield number, next(csv.reader([line], delimiter=delimiter, strict=True))
            except csv.Error as error:
                raise _refused(f"this is no CSV: {error}", "a text in quotes ends in its line, and a quote in it is doubled", f"{name}:{number}") from None
        elif line:
            yield number, line.split(delimiter)


def _lines(stream: BinaryIO, name: str) -> Iterator[str]:
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="strict", newline="")
    number = 0
    try:
        while line := text.readline(MOST_CHARACTERS * 2 + 1):
            number += 1
            line = line.rstrip("\r\n")
            if len(line) > MOST_CHARACTERS * 2:
                raise _refused(f"the line has more than {MOST_CHARACTERS * 2:,} characters", "ask for the file as it was sent", f"{name}:{number}")
            if not line.replace("\t", " ").isprintable():
                raise _refused("the line has characters that are not printable", "ask for the file as it was sent", f"{name}:{number}")
            yield line
    except UnicodeDecodeError:
        raise _refused("the file is not UTF-8", "save it as UTF-8", f"{name}:{number + 1}") from None
    finally:
        if not stream.closed:  # as it is where a problem ended the reading, and these lines are let go later
            text.detach()


# Sheets ---------------------------------------------------------------------------------------------------------------


def sheet_records(names: Sequence[str]) -> Records:
    """Records of the first sheet of an Excel workbook, without a header. Whoever made it kept numbers as floating point: 15 digits are read, no more."""

    def read(stream: BinaryIO, name: str, wanted: frozenset[str], seen: Counter[str]) -> Iterator[Block]:
        rows = list(sheet_rows(stream, name))
        wrong = next((len(row) for _, row in rows if len(row) != len(names)), None)
        if wrong is not None:
            raise _refused(f"the sheet has {wrong} columns, the format {len(names)}", "ask for the file as it was sent", name)
        yield from _blocks(iter(rows), names, wanted, seen)

    return read


def sheet_rows(stream: BinaryIO, name: str) -> Iterator[tuple[int, list[str]]]:
    """(number, cells) of each row of the first sheet that has something in it. Raises ProblemsFound where it is no workbook."""
    try:
        import python_calamine
    except ImportError:
        raise _refused("reading an Excel file needs python-calamine", "install it: pip install 'tranche-ledger[excel]'", name) from None
    try:
        sheet = python_calamine.CalamineWorkbook.from_filelike(stream).get_sheet_by_index(0)
    except (python_calamine.CalamineError, IndexError) as error:
        raise _refused(f"this is no Excel file that can be read: {error}", "save it as .xlsx, or as CSV", name) from None
    found = enumerate(sheet.to_python(skip_empty_area=False), 1)
    yield from ((number, list(map(_cell, row))) for number, row in found if any(cell != "" for cell in row))


def _cell(value: Any) -> str:
    """A cell as the text that a person would have typed: a whole number without a point, a number in its shortest exact form, a date as 20240130."""
    match value:
        case bool():
            return "Y" if value else "N"
        case float():
            return str(int(value)) if value.is_integer() else _decimal(value)
        case datetime() | date():
            return value.strftime("%Y%m%d")
        case _:
            return str(value)


def _decimal(value: float) -> str:
    from decimal import Decimal

    return f"{Decimal(repr(value)):f}"


def either(*ways: tuple[Callable[[bytes], bool], Records]) -> Records:
    """The first way whose test the file's first bytes pass."""

    def read(stream: BinaryIO, name: str, wanted: frozenset[str], seen: Counter[str]) -> Iterator[Block]:
        head = stream.read(512)
        stream.seek(0)
        chosen = next((records for is_one, records in ways if is_one(head)), ways[-1][1])
        yield from chosen(stream, name, wanted, seen)

    return read


def is_workbook(head: bytes) -> bool:
    """Whether a file begins as a ZIP archive does: an .xlsx."""
    return head.startswith(b"PK\x03\x04")


def is_xml(head: bytes) -> bool:
    return head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<")
