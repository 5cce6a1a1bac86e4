"""Books carried from one database to another: a deal's log as one text, and the books made again from it. docs/bundle.md says how a bundle reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from hashlib import sha256
from typing import BinaryIO, NamedTuple

import sqlalchemy.exc

from ledger.core.commit import CommitHeader
from ledger.core.events import Event
from ledger.core.problems import Problem, ProblemsFound, stop_on
from ledger.files.bundle import BUNDLE, DOCUMENT, END, MOST_BYTES_OF_TEXTS, SIGNATURE, STATEMENT, BundleReader, Start, line_of
from ledger.service.bundled_actors import last_before, take_acts, unproven
from ledger.service.proof import Anchor, header_of_commit, seal_problems
from ledger.service.rebuilding import Rebuilder
from ledger.store import seal
from ledger.store.actors import Act, Signature, act_array
from ledger.store.engine import Store
from ledger.store.log import Writer
from ledger.store.projections import Commit, Reader
from ledger.store.tables import instant_text

Progress = Callable[[int], None]
"""Told the position of each commit that is done."""
_EVENTS_AT_ONCE = 2**13
"""A power of two: the roots over such stretches are nodes of the commit's tree, and their root is the commit's."""
_COMMITS_AT_ONCE = 500
MOST_NAMED = 1_000
_SAID = frozenset(("terms", "distribution", "publication"))
"""The kinds by which the ledger itself says that something rests on the log."""


class Bundled(NamedTuple):
    """A deal whose log was exported or imported: where it stands, its head hash in hex, and how many commits and events were written now."""

    deal: str
    position: int
    hash: str
    commits: int
    events: int


class Texts:
    """What of a commit's events names a text that a bundle carries after them: a document where it is named first, and every statement."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def named_by(self, said: Iterable[Event]) -> Iterator[tuple[str, Event]]:
        """(kind of text, the event that names it by its digest), in the order of the lines."""
        for event in said:
            if event.kind == "publication":
                yield STATEMENT, event
            elif event.kind == "terms" and event.code is not None and event.code not in self._seen:
                self._seen.add(event.code)
                yield DOCUMENT, event


# Export ---------------------------------------------------------------------------------------------------------------------


def export_bundle(store: Store, deal: str, stream: BinaryIO, progress: Progress = lambda _position: None) -> Bundled:
    """Write a deal's log to a stream, with the documents and statements that it names; the same books give the same bytes.

    Every hash is recomputed on the way. Raises ProblemsFound for books that were altered.
    """
    with store.reading() as reader:
        return _Export(reader, deal, stream).run(progress)


class _Export:
    def __init__(self, reader: Reader, deal: str, stream: BinaryIO) -> None:
        self.reader, self.deal = reader, deal
        self._stream, self._digest, self._lines = stream, sha256(), 0
        self._texts, self._signatures = Texts(), reader.signatures(deal)

    def run(self, progress: Progress) -> Bundled:
        head = self.reader.head(self.deal)
        if head.recorded_at is None:
            raise ProblemsFound([Problem("the deal has no commits", "see `tranche verify`", place=self.deal)])
        self._write((BUNDLE, *Start(self.deal, head.position, head.hash, head.event_count, instant_text(head.recorded_at))))
        for act in self.reader.acts():
            self._write(act_array(act))
            self._sign(act.key, act.signature)
        for after in range(0, head.position, _COMMITS_AT_ONCE):
            for commit in self.reader.commits(self.deal, after, min(after + _COMMITS_AT_ONCE, head.position)):
                self._commit(commit)
                progress(commit.position)
        self._stream.write(line_of((END, self._lines, self._digest.hexdigest())))
        return Bundled(self.deal, head.position, head.hash, head.position, head.event_count)

    def _write(self, value: Sequence[object]) -> None:
        line = line_of(value)
        self._digest.update(line)
        self._lines += 1
        self._stream.write(line)

    def _commit(self, commit: Commit) -> None:
        header, said, stretch, roots = header_of_commit(self.deal, commit), list[Event](), list[Event](), list[bytes]()
        self._write(seal.commit_array(header))
        for event in self.reader.as_recorded(self.deal, commit.position):
            self._write(event[:])
            stretch.append(event)
            said += [event] if event.kind in _SAID else []
            if len(stretch) == _EVENTS_AT_ONCE:
                roots.append(_root(stretch))
                stretch = []
        roots += [_root(stretch)] if stretch else []
        if (seal.root(roots).hex(), seal.commit_hash(header).hex()) != (commit.merkle_root, commit.hash):
            raise self._altered(commit.position, "the commit does not give its hash")
        for kind, event in self._texts.named_by(said):
            self._write((kind, self._body(kind, event, commit.position)))
        if signed := self._signatures.get(commit.position):
            self._sign(signed.key, signed.signature)

    def _sign(self, key: str | None, signature: str | None) -> None:
        if key is not None:
            self._write((SIGNATURE, key, signature))

    def _body(self, kind: str, event: Event, position: int) -> str:
        if kind == DOCUMENT:
            return self.reader.document(self.deal, event.code or "")
        for row in self.reader.statements(self.deal, int(event.subject or 0)):
            if row.digest == event.code:
                return row.body
        raise self._altered(position, f"the statement {event.code} is missing")

    def _altered(self, position: int, fact: str) -> ProblemsFound:
        return ProblemsFound([Problem(fact, "the books were altered: see `tranche verify`", place=f"{self.deal} position {position}")])


def _root(events: Iterable[Event]) -> bytes:
    return seal.root(seal.leaves(event[:] for event in events))


# Import ---------------------------------------------------------------------------------------------------------------------


def import_bundle(store: Store, stream: BinaryIO, name: str, anchor: Anchor | None = None, progress: Progress = lambda _position: None) -> Bundled:
    """Append the commits of a bundle that the books do not have, every hash recomputed and every distribution made again from the log.

    A deal that is there already must be the beginning of the bundle, commit for commit; so must one actor list be of the other. `anchor` is a seal that
    the bundle must agree with. Raises ProblemsFound, naming the first position that is wrong; then nothing was written.
    """
    bundle = BundleReader(stream, name)
    start = bundle.start()
    with store.writing(start.deal) as writer:
        imported = _Import(writer, bundle, start).run(progress)
        stop_on(seal_problems(writer, start.deal, anchor) if anchor else ())
        stop_on(unproven(writer, start.deal))
        return imported


class _Import:
    def __init__(self, writer: Writer, bundle: BundleReader, start: Start) -> None:
        self.writer, self.bundle, self.start = writer, bundle, start
        if not writer.exists:
            writer.open_deal()
        self._held = writer.tip
        self._position, self._hash, self._events, self._recorded_at = 0, seal.genesis(start.deal).hex(), 0, ""
        self._texts, self._rebuilder = Texts(), Rebuilder(writer, start.deal)
        self._acts: list[Act] = []

    def run(self, progress: Progress) -> Bundled:
        if self._held.position > self.start.position:
            fact = f"the books of {self.start.deal} are at position {self._held.position}, the bundle ends at {self.start.position}"
            raise self.bundle.problem(fact, "there is nothing to import: export these books, if the others are behind")
        with self._placed("the actor list"):
            self._acts = take_acts(self.writer, self.bundle.acts())
        for commit in self.bundle.commits():
            with self._placed(f"position {commit.position}"):
                self._take(commit)
            progress(commit.position)
        found = Start(self.start.deal, self._position, self._hash, self._events, self._recorded_at)
        if found != self.start:
            raise self.bundle.problem(f"the log ends at position {self._position}, {self._hash}, and not as the first line of the bundle says")
        return Bundled(found.deal, found.position, found.hash, found.position - self._held.position, found.event_count - self._held.event_count)

    @contextmanager
    def _placed(self, what: str) -> Iterator[None]:
        """What goes wrong with a part of the bundle, as a problem that names it and where the bundle was read."""
        try:
            yield
        except ProblemsFound as found:
            placed = (replace(problem, fact=f"{what}: {problem.fact}", place=self._place(problem)) for problem in found.problems)
            raise ProblemsFound(placed) from None
        except sqlalchemy.exc.OperationalError:
            raise
        except sqlalchemy.exc.DBAPIError as error:
            raise self.bundle.problem(f"{what}: the database refuses it: {str(error.orig).splitlines()[0]}") from error
        except (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError) as error:
            # The ledger appends nothing that its own replay cannot read: this log came from another hand.
            raise self.bundle.problem(f"{what}: what the commit records cannot be replayed ({error!r})") from error

    def _place(self, problem: Problem) -> str:
        place = f"{self.bundle.name}:{self.bundle.line}"
        return place if problem.place in ("", place) else f"{place}, {problem.place}"

    def _take(self, commit: CommitHeader) -> None:
        """One commit with all that follows it: compared where the books have it, else appended and what rests on it made again."""
        self._stop_unless_next(commit)
        said, first, root = self._read_events(commit)
        if root != commit.merkle_root:
            raise self.bundle.problem("the events do not give the commit's root: a line was altered, added or swapped")
        self._position, self._hash, self._recorded_at = commit.position, seal.commit_hash(commit).hex(), commit.recorded_at
        self._events += commit.event_count
        texts = self._read_texts(said)
        if commit.position <= self._held.position:
            self._compare()
            self.bundle.signature()
            return
        self.writer.add_commit(commit, *_source_of(first))
        self._rebuild(commit, said, texts)
        if signed := self.bundle.signature():
            self.writer.add_signature(Signature(commit.position, last_before(self._acts, commit.recorded_at), *signed))

    def _stop_unless_next(self, commit: CommitHeader) -> None:
        if (commit.name, commit.position, commit.previous_hash) != (self.start.deal, self._position + 1, self._hash):
            raise self.bundle.problem(f"the commit does not follow from position {self._position} of {self.start.deal}")
        if commit.position > self.start.position or self._events + commit.event_count > self.start.event_count:
            raise self.bundle.problem("the bundle holds more than its first line says")

    def _read_events(self, commit: CommitHeader) -> tuple[list[Event], Event | None, str]:
        """What the ledger itself says in a commit, its first event, and the root over all; the events are written as they are read."""
        is_new, said, roots, first = commit.position > self._held.position, list[Event](), list[bytes](), None
        for batch in self.bundle.events(commit.event_count, _EVENTS_AT_ONCE):
            first = first or batch[0]
            roots.append(self.writer.add_events(batch) if is_new else _root(batch))
            said += [event for event in batch if event.kind in _SAID]
            if len(said) > MOST_NAMED:
                raise self.bundle.problem(
                    f"the commit names more than {MOST_NAMED:,} documents, distributions and statements", "no ledger writes such a commit"
                )
        return said, first, seal.root(roots).hex()

    def _read_texts(self, said: Iterable[Event]) -> dict[Event, str]:
        """The documents and statements that a commit names, by the event that does."""
        texts, left = dict[Event, str](), MOST_BYTES_OF_TEXTS
        for kind, event in self._texts.named_by(said):
            texts[event] = self.bundle.body(kind, event.code or "")
            left -= len(texts[event].encode())
            if left < 0:
                raise self.bundle.problem(
                    f"the commit names documents and statements of more than {MOST_BYTES_OF_TEXTS:,} bytes", "no ledger writes such a commit"
                )
        return texts

    def _compare(self) -> None:
        """A commit that the books have must be the very same."""
        (known,) = self.writer.commits(self.start.deal, self._position - 1, self._position)
        if known.hash != self._hash:
            fact = f"the books have another commit here: {known.hash}, not {self._hash}"
            raise self.bundle.problem(fact, "both logs are called the same and are not the same: import into a database of its own")

    def _rebuild(self, commit: CommitHeader, said: Sequence[Event], texts: dict[Event, str]) -> None:
        """Keep the texts that a commit names, and make the distributions again that it records."""
        documents = {event.subject or "": body for event, body in texts.items() if event.kind == "terms"}
        for event, body in texts.items():
            if event.kind == "terms":
                self.writer.add_document(event.code or "", body)
        for event in said:
            match event.kind, commit.period:
                case "terms", _:
                    self._rebuilder.learn()
                case "distribution", None:
                    self._rebuilder.open(documents, event)
                case "distribution", str(key):
                    self._rebuilder.distribute(date.fromisoformat(key), event)
                case _:
                    self.writer.record_statement(int(event.subject or 0), event.amount or 0, commit.position, texts[event])


def _source_of(first: Event | None) -> tuple[str | None, int | None]:
    """Whose remittance a commit is, and which attempt of it: what its first event says, where the hash covers it."""
    return (first.subject, first.amount) if first is not None and first.kind == "received" else (None, None)
