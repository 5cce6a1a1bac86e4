"""Proving the stored books against their own hashes: every leaf, root, commit and head recomputed, every digest compared.

Nothing here trusts a trigger or a column's type: the owner of a database can go round both. What it cannot see is a log that was cut at its end
together with its head; that takes a seal, or a statement printed earlier.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select

from ledger.core.events import Event
from ledger.core.problems import Problem
from ledger.store import seal, tables
from ledger.store.bulk import Row, fetch_rows
from ledger.store.projections import Head, Reader
from ledger.store.tables import instant_text

_AT_ONCE = 50_000
_REMEDY = "restore a backup, or compare with a copy of the log"
_LINES = [tables.event.c.position, *(tables.event.c[name] for name in Event._fields)]
_position = itemgetter(0)


@dataclass(frozen=True, slots=True)
class _Stored:
    """A commit row as it is stored, texts not parsed, so that an altered one can be hashed rather than refused."""

    position: int
    header: seal.Header
    source: str | None
    attempt: int | None
    hash: str


def verify(reader: Reader, deal: str, progress: Callable[[int], None] = lambda events: None) -> list[Problem]:
    """Everything that is wrong with a deal's log and books, the first bad position first; nothing where all is well.

    `progress` is told the number of events checked so far.
    """
    deal_id, head = reader.deal_id(deal), reader.head(deal)
    commits = _stored_commits(reader, deal, deal_id)
    problems = _chain_problems(deal, head, commits)
    done = 0
    for batch in _batches(commits):
        problems += _event_problems(reader, deal_id, batch)
        done += sum(commit.header.event_count for commit in batch)
        progress(done)
    problems += _stray_problems(reader, deal_id, head, {commit.position for commit in commits})
    found = [problem for _, problem in sorted(problems, key=_position)]
    found += _document_problems(reader, deal, deal_id) + _distribution_problems(reader, deal, deal_id)
    return [problem.at(deal) for problem in found]


_Placed = tuple[int, Problem]


def _wrong(position: int, fact: str) -> _Placed:
    return position, Problem(f"position {position}: {fact}", _REMEDY)


def _text(value: Any) -> Any:
    """A date or time as it is hashed; SQLite holds that very text."""
    if isinstance(value, datetime):
        return instant_text(value)
    return value.isoformat() if isinstance(value, date) else value


def _stored_commits(reader: Reader, deal: str, deal_id: int) -> list[_Stored]:
    columns = tables.log_commit.c
    chosen = select(*(column for column in columns if column.name != "deal_id")).where(columns.deal_id == deal_id).order_by(columns.position)
    found = []
    for row in fetch_rows(reader.connection, chosen):
        position, period, treatment, recorded, actor, reason, source, attempt, source_name, source_digest, count, root, previous, hashed = row
        header = seal.Header(
            deal, position, previous.hex(), _text(period), treatment, _text(recorded), actor, reason, source_name, source_digest, count, root.hex()
        )
        found.append(_Stored(position, header, source, attempt, hashed.hex()))
    return found


def _chain_problems(deal: str, head: Head, commits: Sequence[_Stored]) -> list[_Placed]:
    """Walk the commits from the genesis to the head."""
    problems = []
    expected, previous, recorded_at = 1, seal.genesis(deal).hex(), ""
    for commit in commits:
        header = commit.header
        if commit.position != expected:
            problems.append(_wrong(min(expected, commit.position), f"the commit is missing; the next one stored is {commit.position}"))
        elif header.previous_hash != previous:
            problems.append(_wrong(commit.position, "the commit does not follow from the one before it"))
        if seal.commit_hash(header).hex() != commit.hash:
            problems.append(_wrong(commit.position, "the commit does not give its hash: its row was altered"))
        if header.recorded_at <= recorded_at:
            problems.append(_wrong(commit.position, f"the commit was recorded at {header.recorded_at}, not after the one before it"))
        expected, previous, recorded_at = commit.position + 1, commit.hash, header.recorded_at
    return problems + _head_problems(head, commits, expected - 1, previous, recorded_at)


def _head_problems(head: Head, commits: Sequence[_Stored], last: int, last_hash: str, recorded_at: str) -> list[_Placed]:
    if head.position > last:
        return [_wrong(last + 1, f"the commit is missing; the head stands at {head.position}")]
    if head.position < last:
        return [_wrong(head.position + 1, f"the commit lies beyond the head, which stands at {head.position}")]
    events = sum(commit.header.event_count for commit in commits)
    moved = instant_text(head.recorded_at) if head.recorded_at is not None else ""
    if (head.hash, head.event_count, moved) != (last_hash, events, recorded_at):
        return [_wrong(last, "the head does not say what its last commit says")]
    return []


def _batches(commits: Sequence[_Stored]) -> Iterator[list[_Stored]]:
    """Neighbouring commits with some ten thousands of events together: few queries, little memory."""
    batch: list[_Stored] = []
    size = 0
    for commit in commits:
        batch.append(commit)
        size += max(commit.header.event_count, 1)
        if size >= _AT_ONCE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _event_problems(reader: Reader, deal_id: int, batch: Sequence[_Stored]) -> list[_Placed]:
    """Recompute the roots of some commits from their rows."""
    columns = tables.event.c
    chosen = select(*_LINES).where(columns.deal_id == deal_id, columns.position.between(batch[0].position, batch[-1].position))
    try:
        rows = fetch_rows(reader.connection, chosen.order_by(columns.position, columns.line))
    except sqlite3.OperationalError as error:  # text that is not UTF-8: look at the commits one by one
        if len(batch) == 1:
            return [_wrong(batch[0].position, f"an event cannot be read ({error})")]
        return [problem for commit in batch for problem in _event_problems(reader, deal_id, [commit])]
    problems, start = [], 0
    for commit in batch:
        start = bisect_right(rows, commit.position - 1, start, key=_position)
        end = bisect_right(rows, commit.position, start, key=_position)
        problems += _root_problems(commit, [row[1:] for row in rows[start:end]])
        start = end
    return problems


def _root_problems(commit: _Stored, lines: list[Row]) -> list[_Placed]:
    """`lines` are the commit's event rows without deal and position, in order."""
    header = commit.header
    if len(lines) != header.event_count:
        return [_wrong(commit.position, f"the commit counts {header.event_count} events and {len(lines)} are stored")]
    if [line[0] for line in lines] != list(range(1, len(lines) + 1)):
        return [_wrong(commit.position, "the events are not numbered 1, 2, 3 ...")]
    if seal.root(seal.leaves(lines)).hex() != header.merkle_root:
        return [_wrong(commit.position, "the events do not give the commit's root: a row was altered, added or swapped")]
    first = Event(*lines[0]) if lines else Event(1, "")
    hashed = (first.subject, first.amount) if first.kind == "received" else (None, None)
    if hashed != (commit.source, commit.attempt):
        return [_wrong(commit.position, f"the commit's source is {commit.source}, attempt {commit.attempt}, and its events say {hashed[0]}, {hashed[1]}")]
    return []


def _stray_problems(reader: Reader, deal_id: int, head: Head, positions: set[int]) -> list[_Placed]:
    """Events that belong to no commit: between commits that are there, before the first or after the last."""
    columns = tables.event.c
    gaps = [columns.position < 1, columns.position > max(positions, default=0)]
    gaps += [columns.position.between(left + 1, right - 1) for left, right in pairwise(sorted(positions)) if right > left + 1]
    query = select(columns.position, func.count()).where(columns.deal_id == deal_id, _any(gaps)).group_by(columns.position)
    return [_wrong(position, f"{count} events belong to no commit") for position, count in fetch_rows(reader.connection, query)]


def _any(conditions: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
    return or_(*conditions)


def _document_problems(reader: Reader, deal: str, deal_id: int) -> list[Problem]:
    """Documents and published statements have the digest that they are named by, and every document that the log names is kept."""
    problems, kept = [], set()
    documents, statements = tables.document.c, tables.statement.c
    for digest, body in reader.connection.execute(select(documents.digest, documents.body).where(documents.deal_id == deal_id)):
        kept.add(digest)
        if seal.digest(body) != digest:
            problems.append(Problem(f"the document {digest} was altered", _REMEDY))
    for position, event in reader.events(deal, kinds=["terms"]):
        if event.code not in kept:
            problems.append(Problem(f"position {position}: the document {event.code} is not kept", _REMEDY))
    published = {(event.code) for _, event in reader.events(deal, kinds=["publication"])}
    for row in reader.connection.execute(
        select(statements.distribution, statements.version, statements.digest, statements.body).where(statements.deal_id == deal_id)
    ):
        if seal.digest(row.body) != row.digest or row.digest not in published:
            problems.append(Problem(f"version {row.version} of the statement of distribution {row.distribution} is not as published", _REMEDY))
    return problems


def _distribution_problems(reader: Reader, deal: str, deal_id: int) -> list[Problem]:
    """Postings give the digest that the log sealed, balances are the previous ones and the postings, and no row belongs to no distribution."""
    problems = []
    sealed = {(position, event.code) for position, event in reader.events(deal, kinds=["distribution"])}
    rows = reader.distributions(deal)
    for row in rows:
        name = f"distribution {row.number} of {row.period}"
        if seal.postings_digest(reader.postings(deal, row.number), row.state) != row.postings_digest:
            problems.append(Problem(f"{name}: its postings or closing values were altered", _REMEDY))
        elif (row.known_at, row.postings_digest) not in sealed:
            problems.append(Problem(f"{name}: no event of position {row.known_at} seals its postings", _REMEDY))
        if _moved(reader, deal, row.number, row.previous):
            problems.append(Problem(f"{name}: its balances are not the previous ones and the sum of its postings", _REMEDY))
    numbers = {row.number for row in rows}
    for table in (tables.posting, tables.balance):
        found = reader.connection.execute(select(table.c.distribution).where(table.c.deal_id == deal_id).distinct().order_by(table.c.distribution))
        strays = [number for (number,) in found if number not in numbers]
        problems += [Problem(f"distribution {number} has {table.name} rows and was never recorded", _REMEDY) for number in strays]
    return problems


def _moved(reader: Reader, deal: str, number: int, previous: int | None) -> dict[str, tuple[int, int, int]]:
    """The accounts whose stored opening, received or paid is not what the books say, with the three differences."""
    differences: dict[str, list[int]] = {}
    for row in reader.balances(deal, number).values():
        wrong_closing = row.closing - (row.opening + row.received - row.paid)
        differences[row.account] = [row.opening + wrong_closing, row.received, row.paid]
    for posting in reader.postings(deal, number):
        differences.setdefault(posting.destination, [0, 0, 0])[1] -= posting.amount
        differences.setdefault(posting.source, [0, 0, 0])[2] -= posting.amount
    if previous is not None:
        for row in reader.balances(deal, previous).values():
            differences.setdefault(row.account, [0, 0, 0])[0] -= row.closing
    return {
        account: (opening, received, paid)
        for account, (opening, received, paid) in differences.items()
        if received or paid or (opening and previous is not None)
    }
