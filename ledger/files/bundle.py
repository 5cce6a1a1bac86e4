"""The lines of a bundle: one canonical JSON array each, read one at a time and never trusted.

A bundle is one text and no archive: nothing in it names a file, nothing is unpacked, and a reader holds one line. docs/bundle.md says what the lines
mean; here each is held to its form, so that whoever reads them compares values only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any, BinaryIO, NamedTuple

import orjson

from ledger.core.commit import CommitHeader
from ledger.core.events import Event
from ledger.core.log_text import MOST_CHARACTERS, has_refused
from ledger.core.money import LIMIT
from ledger.core.problems import Problem, ProblemsFound

BUNDLE, COMMIT, DOCUMENT, STATEMENT, END = "tranche-ledger bundle 1", "tranche-ledger commit 1", "document", "statement", "end"
ACT, SIGNATURE = "tranche-ledger act 1", "signature"
MOST_BYTES = 4_000_000
"""The most bytes of a document or statement: a deal file has at most one million, a published statement of a large trust some hundred thousand."""
MOST_BYTES_OF_LINE = 20_000
"""The most bytes of any other line: four texts of the log at their longest, in four bytes a character, and what stands between them."""
MOST_BYTES_OF_TEXTS = 64_000_000
"""The most bytes of the documents and statements behind one commit: a deal and its boarding file, or a statement."""
MOST_COMMITS = 100_000
"""Some hundred years of a trust that is written to three times a day: what is kept of each commit until the end stays small."""
_NEWER = "name the file that `tranche export` wrote; one of a newer release needs that release"
_UNTRUE = "no ledger writes this: do not trust where it comes from"
_AGAIN = "ask for the bundle again: it was altered or damaged on its way"


class Start(NamedTuple):
    """The first line: the deal, and where its log stood. `hash` is that of the last commit, in hex."""

    deal: str
    position: int
    hash: str
    event_count: int
    recorded_at: str


class ActLine(NamedTuple):
    """An act as it is hashed, in the order of the hash, and the key and signature (hex) of whoever recorded it, where it has one."""

    number: int
    previous_hash: str
    kind: str
    subject: str
    value: str
    recorded_at: str
    actor: str
    key: str | None = None
    signature: str | None = None


def line_of(value: Any) -> bytes:
    """A value as a line."""
    return orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)


class BundleReader:
    """Reads the lines of a bundle in turn; each method says what must come next. All raise ProblemsFound, with the file and the line."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self.name, self.line = name, 0
        self._stream, self._digest = stream, sha256()
        self._ahead = b""

    def problem(self, fact: str, remedy: str = _AGAIN) -> ProblemsFound:
        """What is wrong with the line that was read last."""
        return ProblemsFound([Problem(fact, remedy, place=f"{self.name}:{self.line}")])

    def start(self) -> Start:
        """The first line."""
        first = self._array(BUNDLE, f"the file is no `{BUNDLE}`", _NEWER)
        start = Start(*self._held(first[1:], _START, "what a bundle begins with"))
        if start.position > MOST_COMMITS:
            raise self.problem(f"the bundle has {start.position:,} commits, the most is {MOST_COMMITS:,}", _UNTRUE)
        return start

    def acts(self) -> Iterator[ActLine]:
        """The acts that stand behind the first line, if any do."""
        while self._comes(ACT):
            act = self._held(self._read()[1:], _ACT, "an act")
            yield ActLine(*act, *(self.signature() or ()))

    def signature(self) -> tuple[str, str] | None:
        """The key and the signature of the act or commit that was read last, where it is signed."""
        if not self._comes(SIGNATURE):
            return None
        key, signature = self._held(self._read()[1:], _SIGNATURE, "a signature")
        return key, signature

    def _comes(self, kind: str) -> bool:
        """Whether a line of this kind comes next; it is read, and held to its form, later."""
        self._ahead = self._ahead or self._stream.readline(MOST_BYTES_OF_LINE + 1)
        return self._ahead.startswith(line_of([kind])[:-2])

    def commits(self) -> Iterator[CommitHeader]:
        """Each commit; its events, documents and statements are to be read before the next. Ends with the last line, whose digest is compared."""
        while True:
            before, read = self._digest.copy(), self._read()
            if read[:1] == [END]:
                self._end(read, before.hexdigest())
                return
            if read[:1] != [COMMIT]:
                raise self.problem(f"a commit or the end of the bundle must stand here, not `{_shown(read)}`")
            yield CommitHeader(*self._held(read[1:], _COMMIT, "a commit"))

    def events(self, count: int, at_once: int) -> Iterator[list[Event]]:
        """The events of a commit, numbered 1 to `count`, so many at once; none where it has none."""
        batch: list[Event] = []
        for line in range(1, count + 1):
            event = Event(*self._held(self._read(), _EVENT, f"event {line} of {count}"))
            if event.line != line:
                raise self.problem(f"event {line} of {count} must stand here, not event {event.line}")
            batch.append(event if event.effective_on is None else event._replace(effective_on=date.fromisoformat(str(event.effective_on))))
            if len(batch) == at_once:
                yield batch
                batch = []
        if batch:
            yield batch

    def body(self, kind: str, digest: str) -> str:
        """The text of the document or statement that the log names by this digest."""
        read = self._array(kind, f"the {kind} {digest} must stand here", most=MOST_BYTES)
        if len(read) != 2 or not isinstance(read[1], str):
            raise self.problem(f"the line is no {kind}")
        body: str = read[1]
        found = sha256(body.encode()).hexdigest()
        if found != digest:
            raise self.problem(f"the {kind} has the digest {found}, the log names {digest}")
        return body

    def _end(self, read: list[Any], digest: str) -> None:
        if read != [END, self.line - 1, digest]:
            raise self.problem(f"the bundle does not end as it was written: {self.line - 1} lines with the digest {digest}")
        if self._stream.read(1):
            raise self.problem("something follows the end of the bundle")

    def _array(self, kind: str, fact: str, remedy: str = _AGAIN, most: int = MOST_BYTES_OF_LINE) -> list[Any]:
        read = self._read(fact, remedy, most)
        if read[:1] != [kind]:
            raise self.problem(fact, remedy)
        return read

    def _read(self, fact: str = "the line is no JSON array in its one form", remedy: str = _AGAIN, most: int = MOST_BYTES_OF_LINE) -> list[Any]:
        """The next line. Raises ProblemsFound where it is too long, cut off, or not the canonical text of an array."""
        self.line += 1
        line, self._ahead = self._ahead or self._stream.readline(most + 1), b""
        if len(line) > most:
            raise self.problem(f"the line has more than {most:,} bytes", _UNTRUE)
        if not line:
            raise self.problem("the bundle ends before its last line", "ask for the bundle again: it was cut off")
        self._digest.update(line)
        try:
            value = orjson.loads(line)
            is_canonical = isinstance(value, list) and line_of(value) == line
        except (ValueError, TypeError):  # what is nested deep is read, and not written
            is_canonical = False
        if not is_canonical:
            raise self.problem(fact, remedy)
        return list(value)

    def _held(self, values: list[Any], form: tuple[Column, ...], what: str) -> list[Any]:
        """The values, where each has the form of its column."""
        if len(values) != len(form):
            raise self.problem(f"the line is not {what}: it has {len(values)} columns, not {len(form)}")
        for value, (name, holds) in zip(values, form, strict=True):
            if not holds(value):
                raise self.problem(f"the line is not {what}: its `{name}` cannot be `{_shown(value)}`")
        return values


# The form of each column ---------------------------------------------------------------------------------------------------

Column = tuple[str, Callable[[Any], bool]]


def _shown(value: Any) -> str:
    text = orjson.dumps(value).decode()
    return text if len(text) <= 80 else f"{text[:80]}..."


def _text(value: Any) -> bool:
    """Text that a log can hold."""
    return isinstance(value, str) and len(value) <= MOST_CHARACTERS and not has_refused(value)


def _whole(value: Any) -> bool:
    return type(value) is int and -LIMIT <= value <= LIMIT


def _count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**31


def _effect(value: Any) -> bool:
    return type(value) is int and value in (1, -1)


def _hex(value: Any, digits: int) -> bool:
    return isinstance(value, str) and len(value) == digits and not value.strip("0123456789abcdef")


def _hash(value: Any) -> bool:
    return _hex(value, 64)


def _signed(value: Any) -> bool:
    return _hex(value, 128)


def _day(value: Any) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _instant(value: Any) -> bool:
    """A time in UTC with its microseconds, in the one form in which it is hashed."""
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return False
    return moment.utcoffset() == timedelta(0) and moment.isoformat(timespec="microseconds").replace("+00:00", "Z") == value


def _or_null(holds: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or holds(value)


_START: tuple[Column, ...] = (("deal", _text), ("position", _count), ("hash", _hash), ("event_count", _whole), ("recorded_at", _instant))
_ACT: tuple[Column, ...] = tuple(zip(ActLine._fields[:7], (_count, _hash, _text, _text, _text, _instant, _text), strict=True))
_SIGNATURE: tuple[Column, ...] = (("key", _hash), ("signature", _signed))
_COMMIT: tuple[Column, ...] = tuple(
    zip(
        CommitHeader._fields,
        (_text, _count, _hash, _or_null(_day), _text, _instant, _text, _text, _or_null(_text), _or_null(_text), _count, _hash),
        strict=True,
    )
)
_EVENT: tuple[Column, ...] = tuple(
    zip(
        Event._fields,
        (
            *(_count, _text, _or_null(_text), *[_or_null(_whole)] * 5, _or_null(_text), _or_null(_whole), _or_null(_text), _or_null(_day)),
            *(_effect, _or_null(_count), _or_null(_count), _or_null(_count)),
        ),
        strict=True,
    )
)
