"""Proving the stored log against its own hashes: every leaf, root, commit and head is recomputed; `verify_books` then compares what rests on it.

Nothing here trusts a trigger or a column's type: the owner of a database can go round both. What it cannot see is a log that was cut at its end
together with its head and everything that rests on it; that takes a seal, or a statement printed earlier.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select

from ledger.core.commit import CommitHeader
from ledger.core.events import Event
from ledger.core.problems import Problem
from ledger.store import seal, tables, verify_books
from ledger.store.actors import ACTS, acts_of
from ledger.store.bulk import Row, fetch_rows
from ledger.store.findings import Findings, outside, wrong
from ledger.store.projections import Reader
from ledger.store.tables import instant_text
from ledger.store.verify_actors import Signed, signature_problems

_EVENTS_AT_ONCE = 50_000
_LINES = [tables.event.c.position, *(tables.event.c[name] for name in Event._fields)]
_KIND = _LINES.index(tables.event.c.kind)
_COMMITS = [column for column in tables.log_commit.c if column.name != "deal_id"]


@dataclass(frozen=True, slots=True)
class _Stored:
    """A commit row as it is stored, texts not parsed, so that an altered one can be hashed rather than refused."""

    position: int
    header: CommitHeader
    source: str | None
    attempt: int | None
    hash: str


def verify(reader: Reader, deal: str, progress: Callable[[int], None] = lambda events: None) -> list[Problem]:
    """Everything that is wrong with a deal's log and books, the first bad position first; nothing where all is well.

    `progress` is told the number of events checked so far. Raises ProblemsFound for a deal that does not exist.
    """
    findings = Findings(reader.connection, reader.deal_id(deal))
    commits = _stored_commits(findings, deal)
    findings.problems += _chain_problems(deal, commits)
    findings.problems += _head_problems(findings, deal, commits)
    signed = [Signed(commit.position, commit.hash, commit.header.actor, commit.header.recorded_at) for commit in commits]
    findings.problems += signature_problems(signed, reader.signatures(deal), acts_of(findings.texts(ACTS, "act")))
    done = 0
    for batch in _batches(commits):
        _check_events(findings, batch)
        done += sum(commit.header.event_count for commit in batch)
        progress(done)
    findings.problems += _stray_problems(findings, [commit.position for commit in commits])
    verify_books.check(findings)
    ordered = sorted(findings.problems, key=lambda placed: placed[0])
    return [problem.at(deal) for _, problem in ordered]


def _text(value: Any) -> Any:
    """A date or time as it is hashed; SQLite holds that very text."""
    if isinstance(value, datetime):
        return instant_text(value)
    return value.isoformat() if isinstance(value, date) else value


def _stored_commits(findings: Findings, deal: str) -> list[_Stored]:
    found = []
    for row in findings.rows(select(*_COMMITS).order_by(tables.log_commit.c.position), tables.log_commit.c.position):
        position, period, treatment, recorded, actor, reason, source, attempt, source_name, source_digest, count, root, previous, hashed = row
        header = CommitHeader(
            deal, position, previous.hex(), _text(period), treatment, _text(recorded), actor, reason, source_name, source_digest, count, root.hex()
        )
        found.append(_Stored(position, header, source, attempt, hashed.hex()))
    return found


def _chain_problems(deal: str, commits: Sequence[_Stored]) -> Iterator[tuple[int, Problem]]:
    """Walk the commits from the genesis."""
    expected, previous, recorded_at = 1, seal.genesis(deal).hex(), ""
    for commit in commits:
        header = commit.header
        if commit.position < 1:
            yield wrong(commit.position, "a commit stands before the first position")
            continue
        if commit.position != expected:
            yield wrong(expected, f"the commit is missing; the next one stored is {commit.position}")
        elif header.previous_hash != previous:
            yield wrong(commit.position, "the commit does not follow from the one before it")
        if seal.commit_hash(header).hex() != commit.hash:
            yield wrong(commit.position, "the commit does not give its hash: its row was altered")
        if header.recorded_at <= recorded_at:
            yield wrong(commit.position, f"the commit was recorded at {header.recorded_at}, not after the one before it")
        expected, previous, recorded_at = commit.position + 1, commit.hash, header.recorded_at


def _head_problems(findings: Findings, deal: str, commits: Sequence[_Stored]) -> Iterator[tuple[int, Problem]]:
    """The head says what the last commit says, no less and no more."""
    heads, columns = tables.head, tables.head.c
    last = commits[-1] if commits else None
    position, hashed, recorded = (last.position, last.hash, last.header.recorded_at) if last else (0, seal.genesis(deal).hex(), None)
    chosen = select(columns.position, columns.hash, columns.event_count, columns.recorded_at).where(heads.c.deal_id == findings.deal_id)
    found = fetch_rows(findings.connection, chosen)
    if not found:
        yield wrong(position + 1, "the deal has no head")
        return
    head = (found[0][0], found[0][1].hex(), found[0][2], _text(found[0][3]))
    if head[0] > position:
        yield wrong(position + 1, f"the commit is missing; the head stands at {head[0]}")
    elif head[0] < position:
        yield wrong(head[0] + 1, f"the commit lies beyond the head, which stands at {head[0]}")
    elif head != (position, hashed, sum(commit.header.event_count for commit in commits), recorded):
        yield wrong(position, "the head does not say what its last commit says")


def _batches(commits: Sequence[_Stored]) -> Iterator[list[_Stored]]:
    """Neighbouring commits with some ten thousands of events together: few queries, little memory."""
    batch: list[_Stored] = []
    size = 0
    for commit in commits:
        batch.append(commit)
        size += max(commit.header.event_count, 1)
        if size >= _EVENTS_AT_ONCE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _check_events(findings: Findings, batch: Sequence[_Stored]) -> None:
    """Recompute the roots of some commits from their rows, and keep what the ledger itself has said in them."""
    rows = findings.rows(
        select(*_LINES).order_by(tables.event.c.position, tables.event.c.line), tables.event.c.position, (batch[0].position, batch[-1].position)
    )
    findings.said += [(row[0], Event(*row[1:])) for row in rows if row[_KIND] in verify_books.SAID]
    start = 0
    for commit in batch:
        start = bisect_right(rows, commit.position - 1, start, key=_position)
        end = bisect_right(rows, commit.position, start, key=_position)
        findings.problems += _root_problems(commit, [row[1:] for row in rows[start:end]])
        start = end


def _position(row: Row) -> int:
    position: int = row[0]
    return position


def _root_problems(commit: _Stored, lines: list[Row]) -> Iterator[tuple[int, Problem]]:
    """`lines` are the commit's event rows without deal and position, in order."""
    header = commit.header
    if len(lines) != header.event_count:
        yield wrong(commit.position, f"the commit counts {header.event_count} events and {len(lines)} are stored")
    elif [line[0] for line in lines] != list(range(1, len(lines) + 1)):
        yield wrong(commit.position, "the events are not numbered 1, 2, 3 ...")
    elif seal.root(seal.leaves(lines)).hex() != header.merkle_root:
        yield wrong(commit.position, "the events do not give the commit's root: a row was altered, added or swapped")
    first = Event(*lines[0]) if lines else Event(1, "")
    hashed = (first.subject, first.amount) if first.kind == "received" else (None, None)
    if hashed != (commit.source, commit.attempt):
        yield wrong(commit.position, f"the commit's source is {commit.source}, attempt {commit.attempt}, and its events say {hashed[0]}, {hashed[1]}")


def _stray_problems(findings: Findings, positions: Sequence[int]) -> Iterator[tuple[int, Problem]]:
    """Events that belong to no commit: between commits that are there, before the first or after the last."""
    columns = tables.event.c
    query = select(columns.position, func.count()).where(columns.deal_id == findings.deal_id, outside(columns.position, positions))
    for position, count in fetch_rows(findings.connection, query.group_by(columns.position)):
        yield wrong(position, f"{count} events belong to no commit")
