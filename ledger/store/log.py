"""Appending: one commit at a time, under the lock of its deal's head, in the transaction that `Store.writing` holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from itertools import chain, count, islice
from operator import eq, itemgetter
from typing import Any, Literal, NamedTuple

import sqlalchemy.exc
from sqlalchemy import Connection, bindparam, func, insert, select, update

from ledger.core.commit import CommitHeader
from ledger.core.correction import Treatment
from ledger.core.distribution import BalanceRow
from ledger.core.events import AMOUNTS, Event
from ledger.core.log_text import MOST_CHARACTERS, has_refused, text_problems
from ledger.core.money import LIMIT
from ledger.core.posting import Posting
from ledger.core.problems import Problem, ProblemsFound, stop_on
from ledger.store import seal, tables
from ledger.store.actors import Act, ActWriter, Signature, Standing, signed_commit
from ledger.store.bulk import FEW, Insert, database_dates, insert_rows, inserting
from ledger.store.driver import Prepared, together
from ledger.store.keys import Signer
from ledger.store.projections import Head, Reader

CommitTreatment = Literal["original"] | Treatment
_EFFECTIVE_ON = Event._fields.index("effective_on")
_ORIGIN_PERIOD = 2 + Posting._fields.index("origin_period")
"""Where the dates stand in a line of each, which for a posting begins with two numbers, its distribution's and its own."""
_TEXTS = ("kind", "subject", "rate", "code")
_INTEGER = 2**31 - 1
"""The largest number that PostgreSQL's `integer` holds."""
_INTEGERS = ("delinquency", "corrects_position", "corrects_line", "source_row")
_LIMITS = dict.fromkeys((*AMOUNTS, "balance"), LIMIT) | dict.fromkeys(_INTEGERS, _INTEGER)
EVENTS_AT_ONCE = 2**10
"""Written and hashed together; a power of two, so that their root is a node of the tree over all. PostgreSQL stores some while the next are hashed."""

# Statements of the path that every commit takes.
_COMMITS = tables.log_commit.c
_OF_PERIOD = (_COMMITS.deal_id == bindparam("deal"), _COMMITS.period == bindparam("period"))
_HAS_ACTS = select(tables.act.c.number).exists().label("has_acts")
_HEAD_OF_DEAL = select(tables.head, _HAS_ACTS).join_from(tables.head, tables.deal).where(tables.deal.c.name == bindparam("deal"))
_LOCK_HEAD = Prepared(_HEAD_OF_DEAL.with_for_update(of=tables.head))
_SAME_FILE = Prepared(select(_COMMITS.position, _COMMITS.hash).where(*_OF_PERIOD, _COMMITS.source_digest == bindparam("digest")))
_LAST_ATTEMPT = Prepared(select(func.max(_COMMITS.attempt)).where(*_OF_PERIOD, _COMMITS.source == bindparam("source")))
_INSERT_COMMIT = Prepared(insert(tables.log_commit))
_MOVE_HEAD = Prepared(update(tables.head).where(tables.head.c.deal_id == bindparam("deal")).values({name: bindparam(f"next_{name}") for name in Head._fields}))
_INSERT_SIGNATURE = Prepared(insert(tables.commit_signature))
_INSERT_DISTRIBUTION = insert(tables.distribution)


def write_point(name: str) -> None:
    """Does nothing. Crash tests replace it to kill the process at a named moment of writing."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A commit to be. `events` are numbered 1..n, and are gone through once, while they are written: what makes them may ask the database nothing then.

    A remittance names its `source` and `attempt` (1 for the first file, the next for its correction), and its first event is `received`, which says the same
    two where the hash covers them. `source_digest` is the file's SHA-256 in hex.
    """

    events: Iterable[Event]
    period: date | None
    actor: str
    reason: str
    treatment: CommitTreatment = "original"
    source: str | None = None
    attempt: int | None = None
    source_name: str | None = None
    source_digest: str | None = None


class Receipt(NamedTuple):
    """What became of a draft: where it stands, its hash in hex, and how many events were written now."""

    outcome: Literal["appended", "already appended"]
    position: int
    hash: str
    events: int


class SealedDistribution(NamedTuple):
    """A distribution to be written: its header, the position of the commit that names its digest, and its rows."""

    header: seal.DistributionHeader
    known_at: int
    digest: str
    postings: Sequence[Posting]
    balances: Sequence[BalanceRow]


class Conflict(ProblemsFound):
    """The period already has a remittance of this source, from another file. Nothing was written."""


def conflict(deal: str, source: str, period: date, attempt: int) -> Problem:
    """What is wrong with a second file of a source for a period that has one."""
    remedy = f"if this one corrects it, use `tranche correct {deal} FILE --reason TEXT`; if it is from elsewhere, name its --source"
    return Problem(f"another file of source {source} was appended for {period} (attempt {attempt})", remedy)


class Moved(ProblemsFound):
    """The deal is not at the position that the writer expected. Nothing was written."""


class Writer(Reader):
    """Writes to one deal and reads what it wrote. `tip` is the deal's last commit; the deal must exist before anything else is done.

    With a `signer` each commit that it appends is signed.
    """

    def __init__(self, connection: Connection, deal: str, clock: Callable[[], datetime], signer: Signer | None = None) -> None:
        super().__init__(connection)
        self.deal, self.signer = deal, signer
        self._clock = clock
        self._may_have_acts = True
        self._head = self._lock()
        write_point("begun")

    @property
    def tip(self) -> Head:
        """The head as this transaction has moved it. Raises ProblemsFound where the deal does not exist."""
        if self._head is None:
            raise self.unknown_deal(self.deal)
        return self._head

    @property
    def exists(self) -> bool:
        """Whether the books have the deal."""
        return self._head is not None

    def _lock(self) -> Head | None:
        """Wait for the deal's head row; on SQLite, BEGIN IMMEDIATE has locked the whole database already."""
        # A name that the log refuses is that of no deal, and one that the database cannot even be asked for.
        row = None if has_refused(self.deal) else _LOCK_HEAD.run(self.connection, deal=self.deal).fetchone()
        if row is None:
            return None
        self._ids[self.deal], position, hashed, event_count, recorded_at, has_acts = row
        self._may_have_acts = bool(has_acts)
        return Head(position, hashed.hex(), event_count, tables.instant(recorded_at))

    @cached_property
    def standing(self) -> Standing:
        """What the acts come to, until the transaction ends: no act is recorded meanwhile. Where there are none, the head's lock has said so already."""
        return Standing.of(self.acts()) if self._may_have_acts else Standing()

    def open_deal(self) -> None:
        """Create the deal with an empty log. Raises ProblemsFound where the name is taken or cannot be hashed."""
        stop_on(text_problems({"deal": self.deal}))
        taken = ProblemsFound([Problem(f"a deal named {self.deal} exists already", "choose another name with --as", place=self.deal)])
        if self._head is not None:
            raise taken
        try:
            made = self.connection.execute(insert(tables.deal).values(name=self.deal).returning(tables.deal.c.deal_id))
        except sqlalchemy.exc.IntegrityError as error:
            raise taken from error
        first = seal.genesis(self.deal)
        self.connection.execute(insert(tables.head).values(deal_id=made.scalar_one(), position=0, hash=first, event_count=0, recorded_at=None))
        self._head = Head(0, first.hex(), 0, None)

    def append(self, draft: Draft, *, expected_position: int | None = None) -> Receipt:
        """Append a commit, or find that the same file was appended before.

        Raises Conflict where another file of that source and period was appended, Moved where the head is not where it is expected, ProblemsFound
        for what no column can hold and for an actor who may not write with this key, or without one, ValueError for a draft that contradicts itself.
        All of it before or with the rollback of the transaction.
        """
        deal_id, head = self.deal_id(self.deal), self.tip
        known = self._same_file(deal_id, draft)
        if known is not None:
            return known
        self._stop_on_conflict(deal_id, draft)
        if expected_position not in (None, head.position):
            fact = f"{self.deal} is at position {head.position}, not at {expected_position}"
            raise Moved([Problem(fact, "somebody else has written: look at what is new, then run the command again", place=self.deal)])
        _check_draft(draft)
        stop_on(problem.at(self.deal) for problem in self.standing.refusals(draft.actor, self.signer.key if self.signer else None))
        batches = _batches(draft)
        first = next(batches, [])
        few = len(first) <= FEW
        with together(self.connection) if few else nullcontext():
            events, root = self._insert_all(deal_id, head.position + 1, chain([first], batches), few)
            self._insert_commit(deal_id, self._header(head, draft, events, root), draft.source, draft.attempt)
            self._sign(self.tip.position)
        return Receipt("appended", self.tip.position, self.tip.hash, events)

    def add_events(self, events: Sequence[Event]) -> bytes:
        """Write some neighbouring events of the commit that `add_commit` will seal, and return the root over them.

        Raises ProblemsFound for what no column can hold.
        """
        with inserting(self.connection, tables.event, (self.deal_id(self.deal), self.tip.position + 1), few=len(events) <= FEW) as insert:
            return self._insert_events(insert, events)

    def add_commit(self, header: CommitHeader, source: str | None, attempt: int | None) -> None:
        """Write a commit that other books recorded, after its events, and move the head to it; the database refuses one that does not follow."""
        texts = {name: value for name, value in header._asdict().items() if isinstance(value, str)}
        stop_on(text_problems(texts))
        self._insert_commit(self.deal_id(self.deal), header, source, attempt)

    def add_acts(self, acts: Iterable[Act]) -> None:
        """Write acts that other books recorded; the database refuses ones that do not follow."""
        writer = ActWriter(self.connection, self._clock, None)
        for act in acts:
            writer.add(act)
        self.standing = writer.standing

    def add_signature(self, signature: Signature) -> None:
        """Keep the signature of the commit that was appended last, made here or in other books; the database refuses one of any other commit."""
        row = signature._asdict() | {"key": bytes.fromhex(signature.key), "signature": bytes.fromhex(signature.signature)}
        _INSERT_SIGNATURE.run(self.connection, deal_id=self.deal_id(self.deal), **row)

    def next_attempt(self, period: date, source: str) -> int:
        """The attempt that a corrected file of this source takes: one more than the last, 1 for the first."""
        return self._last_attempt(self.deal_id(self.deal), period, source) + 1

    def _last_attempt(self, deal_id: int, period: date, source: str) -> int:
        (last,) = _LAST_ATTEMPT.run(self.connection, deal=deal_id, period=period.isoformat(), source=source).fetchone()
        return last or 0

    def _same_file(self, deal_id: int, draft: Draft) -> Receipt | None:
        """The receipt of the commit that came from a file of this digest, for this period; the answer to it may have been lost."""
        if draft.source_digest is None or draft.period is None:
            return None
        row = _SAME_FILE.run(self.connection, deal=deal_id, period=draft.period.isoformat(), digest=draft.source_digest).fetchone()
        return None if row is None else Receipt("already appended", row[0], row[1].hex(), 0)

    def _stop_on_conflict(self, deal_id: int, draft: Draft) -> None:
        if draft.source is None or draft.period is None:
            return
        last = self._last_attempt(deal_id, draft.period, draft.source)
        if draft.attempt == last + 1:
            return
        if last == 0:
            raise ValueError(f"the first file of a source is attempt 1, not {draft.attempt}")
        raise Conflict([conflict(self.deal, draft.source, draft.period, last).at(draft.source_name or self.deal)])

    def _insert_all(self, deal_id: int, position: int, batches: Iterable[Sequence[Event]], few: bool) -> tuple[int, bytes]:
        """Write all events of a commit, and return their number and the root over them."""
        number, roots = 0, list[bytes]()
        with inserting(self.connection, tables.event, (deal_id, position), few=few) as insert:
            for batch in batches:
                roots.append(self._insert_events(insert, batch))
                number += len(batch)
        write_point("events written")
        return number, seal.root(roots)

    def _insert_events(self, insert: Insert, events: Sequence[Event]) -> bytes:
        """Write some neighbouring events and return the root over them. Raises ProblemsFound for what no column can hold."""
        _check_events(events)
        lines = database_dates(self.connection, [event[:] for event in events], _EFFECTIVE_ON)  # a date is hashed as the text of it
        insert(lines)
        return seal.root(seal.leaves(lines))

    def _header(self, head: Head, draft: Draft, events: int, root: bytes) -> CommitHeader:
        now = self._clock()
        if head.recorded_at is not None:
            now = max(now, head.recorded_at + timedelta(microseconds=1))  # a clock that was set back must not let "known at" run backwards
        if self.standing.last is not None:
            now = max(now, datetime.fromisoformat(self.standing.last.recorded_at) + timedelta(microseconds=1))  # nor bring a commit before an act that it obeys
        return CommitHeader(
            name=self.deal,
            position=head.position + 1,
            previous_hash=head.hash,
            period=None if draft.period is None else draft.period.isoformat(),
            treatment=draft.treatment,
            recorded_at=tables.instant_text(now),
            actor=draft.actor,
            reason=draft.reason,
            source_name=draft.source_name,
            source_digest=draft.source_digest,
            event_count=events,
            merkle_root=root.hex(),
        )

    def _insert_commit(self, deal_id: int, header: CommitHeader, source: str | None, attempt: int | None) -> None:
        """Write the commit row and move the head to it."""
        hashed, event_count = seal.commit_hash(header), self.tip.event_count + header.event_count
        row = header._asdict() | {"merkle_root": bytes.fromhex(header.merkle_root), "previous_hash": bytes.fromhex(header.previous_hash)}
        _INSERT_COMMIT.run(self.connection, deal_id=deal_id, source=source, attempt=attempt, hash=hashed, **row)
        write_point("commit written")
        moved = {"position": header.position, "hash": hashed, "event_count": event_count, "recorded_at": header.recorded_at}
        _MOVE_HEAD.run(self.connection, deal=deal_id, **{f"next_{name}": value for name, value in moved.items()})
        self._head = Head(header.position, hashed.hex(), event_count, tables.instant(header.recorded_at))
        write_point("head moved")

    def _sign(self, position: int) -> None:
        """Sign the commit that was appended last, where there is a key to sign with."""
        if self.signer is not None and self.standing.last is not None:
            signature = self.signer.sign(signed_commit(self.tip.hash, self.standing.last)).hex()
            self.add_signature(Signature(position, self.standing.last.number, self.signer.key, signature))

    def add_document(self, digest: str, body: str) -> None:
        """Keep a deal or boarding file under its digest; a second time does nothing. Raises ValueError where the digest is not that of the body."""
        if seal.digest(body) != digest:
            raise ValueError(f"{digest} is not the SHA-256 of the document")
        deal_id = self.deal_id(self.deal)
        documents = tables.document
        there = select(documents.c.digest).where(documents.c.deal_id == deal_id, documents.c.digest == digest)
        if self.connection.execute(there).one_or_none() is None:
            self.connection.execute(insert(documents).values(deal_id=deal_id, digest=digest, body=body))

    def record_distribution(self, header: seal.DistributionHeader, known_at: int, postings: Sequence[Posting], balances: Sequence[BalanceRow]) -> None:
        """Write one distribution: see `record_distributions`."""
        self.record_distributions([SealedDistribution(header, known_at, seal.distribution_digest(header, postings), postings, balances)])

    def record_distributions(self, distributions: Sequence[SealedDistribution]) -> None:
        """Write the postings and balances of some distributions, in the order of their numbers, then the rows that seal them.

        The commit that records each is appended first, and its event `distribution` (code = the digest, amount = the number) is what `verify` compares
        with. The first of a deal has no `previous`, and its opening balances sum to zero. An account with neither balance nor movement has no row. The
        database refuses balances that are not the previous ones and the sum of the postings.
        """
        if not distributions:
            return
        deal_id = self.deal_id(self.deal)
        postings = [(one.header.number, line, *posting) for one in distributions for line, posting in enumerate(one.postings, 1)]
        insert_rows(self.connection, tables.posting, database_dates(self.connection, postings, _ORIGIN_PERIOD), (deal_id,))
        insert_rows(self.connection, tables.balance, [(one.header.number, *balance) for one in distributions for balance in one.balances], (deal_id,))
        write_point("postings written")
        rows = [one.header._asdict() | {"deal_id": deal_id, "known_at": one.known_at, "digest": one.digest} for one in distributions]
        self.connection.execute(_INSERT_DISTRIBUTION, rows)
        write_point("distribution written")

    def record_statement(self, number: int, version: int, known_at: int, body: str) -> str:
        """Keep a published statement, as its canonical JSON, and return its digest.

        `known_at` is the position of the commit that publishes it, whose event `publication` has code = the digest, amount = the version and
        subject = the distribution's number.
        """
        digest = seal.digest(body)
        row = {"deal_id": self.deal_id(self.deal), "distribution": number, "version": version, "known_at": known_at, "digest": digest, "body": body}
        self.connection.execute(insert(tables.statement), row)
        return digest


def utc_now() -> datetime:
    return datetime.now(UTC)


def _check_draft(draft: Draft) -> None:
    """Raises ValueError for a draft that contradicts itself, ProblemsFound for text that cannot be hashed."""
    if (draft.source is None) != (draft.attempt is None):
        raise ValueError("a commit has a source and an attempt, or neither")
    header = {name: getattr(draft, name) for name in ("actor", "reason", "source", "source_name", "source_digest")}
    stop_on(text_problems({name: text for name, text in header.items() if text is not None}))


def _batches(draft: Draft) -> Iterator[list[Event]]:
    """The events of a draft, so many at a time that memory stays small. Raises ValueError where they are not numbered, or do not begin as they must."""
    number, events = 0, iter(draft.events)
    while batch := list(islice(events, EVENTS_AT_ONCE)):
        if number == 0:
            _check_first(draft, batch[0])
        if not all(map(eq, map(itemgetter(0), batch), count(number + 1))):
            raise ValueError("the events of a commit are numbered 1, 2, 3 ... in order")
        yield batch
        number += len(batch)
    if number == 0:
        _check_first(draft, None)


def _check_first(draft: Draft, event: Event | None) -> None:
    """Raises ValueError for a remittance whose first event does not say where it came from."""
    first = (event.kind, event.subject, event.amount) if event else None
    if draft.source is not None and first != ("received", draft.source, draft.attempt):
        raise ValueError("the first event of a remittance is `received`, with its source and attempt")


def _check_events(events: Sequence[Event]) -> None:
    """Raises ProblemsFound for text that cannot be hashed and for numbers that no column can hold."""
    if not events:
        return
    columns = dict(zip(Event._fields, zip(*events, strict=True), strict=True))  # a look at each column, and not at each of a hundred thousand rows
    # All the text of the events at once: a character that the log refuses makes it not printable, wherever it stands.
    seen = set[Any]().union(*(columns[name] for name in _TEXTS)) - {None}
    if not "".join(seen).isprintable() or max(map(len, seen)) > MOST_CHARACTERS:
        stop_on(problem for event in events for problem in _event_text_problems(event))
    # SQLite would take a longer number than PostgreSQL's `integer` holds, and what PostgreSQL refuses it refuses when later events have been sent.
    for name, limit in _LIMITS.items():
        if max(map(abs, filter(None, columns[name])), default=0) > limit:
            stop_on(_range_problems(events))


def _event_text_problems(event: Event) -> list[Problem]:
    texts = {name: getattr(event, name) for name in _TEXTS}
    place = f"row {event.source_row}" if event.source_row is not None else f"event {event.line}"
    return [problem.at(place) for problem in text_problems({name: text for name, text in texts.items() if text is not None})]


def _range_problems(events: Sequence[Event]) -> list[Problem]:
    return [
        Problem(f"`{name}` of {getattr(event, name)} units is larger than the books can hold ({limit})", "check the figure", place=f"event {event.line}")
        for event in events
        for name, limit in _LIMITS.items()
        if getattr(event, name) is not None and not -limit <= getattr(event, name) <= limit
    ]
