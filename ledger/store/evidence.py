"""The files that events came from, outside of what is hashed: kept by their digests, in parts, compressed and perhaps encrypted; and when each arrived.

The log names a file by its digest, so that its bytes can be erased without a hash that no longer agrees. What is kept proves itself by its digest.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import delete, func, insert, select

from ledger.core.problems import Problem, ProblemsFound
from ledger.store import seal, tables
from ledger.store.deals import DealReader
from ledger.store.evidence_key import EvidenceKey
from ledger.store.log import Writer

ERASED = "evidence_erased"
"""The kind of the event by which a file is erased; its subject is the digest, its code the reason."""
PART_BYTES = 1_000_000
"""Of the file, in one part: what is in memory at a time."""
_LEVEL = 1
"""Of zlib: a remittance of loans falls to a third of its size, at 80 MB a second."""
_FILES, _PARTS, _ARRIVALS = tables.evidence.c, tables.evidence_part.c, tables.arrival.c
_REMEDY = "restore a backup, or ask the sender for the file: its digest shows whether it is the same"


class Kept(NamedTuple):
    """A file that is kept: its SHA-256 in hex, its size in bytes, in how many parts, and how they are encrypted."""

    digest: str
    bytes: int
    parts: int
    cipher: str | None


class Arrival(NamedTuple):
    """A file that came: what it was called, in which format and version of its mapping it was read, for which period, and what became of it.

    `problems` is the digest of the list of what a refused file was refused for, which is kept as a file is; `problem_count` says how many there were.
    """

    number: int
    digest: str
    arrived_at: datetime
    actor: str
    source_name: str
    format: str
    period: date | None
    outcome: str
    problem_count: int = 0
    problems: str | None = None


def kept(reader: DealReader, deal: str) -> dict[str, Kept]:
    """The files that are kept of a deal, the lists of problems among them, by digest."""
    chosen = select(*(_FILES[name] for name in Kept._fields)).where(_FILES.deal_id == reader.deal_id(deal)).order_by(_FILES.digest)
    return {row.digest: Kept(*row) for row in reader.connection.execute(chosen)}


def arrivals(reader: DealReader, deal: str) -> list[Arrival]:
    """Every file that came for a deal, in order."""
    chosen = select(*(_ARRIVALS[name] for name in Arrival._fields)).where(_ARRIVALS.deal_id == reader.deal_id(deal)).order_by(_ARRIVALS.number)
    return [Arrival(*row) for row in reader.connection.execute(chosen)]


def erasures(reader: DealReader, deal: str) -> dict[str, int]:
    """The digests whose bytes an event erased, with the position of its commit, which is of no period."""
    event, commit, deal_id = tables.event.c, tables.log_commit.c, reader.deal_id(deal)
    of_no_period = select(commit.position).where(commit.deal_id == deal_id, commit.period.is_(None))
    chosen = select(event.subject, event.position).where(event.deal_id == deal_id, event.position.in_(of_no_period), event.kind == ERASED)
    return {row.subject: row.position for row in reader.connection.execute(chosen.order_by(event.position))}


def write(writer: Writer, digest: str, pieces: Iterable[bytes], key: EvidenceKey | None) -> bool:
    """Keep a file of this digest, given in pieces of at most `PART_BYTES`; whether it is kept now.

    One that is there stays as it is, and one that was erased does not come back. Raises ValueError where the digest is not that of the pieces.
    """
    if digest in kept(writer, writer.deal) or digest in erasures(writer, writer.deal):
        return False
    deal_id, hashed, size, number = writer.deal_id(writer.deal), sha256(), 0, 0
    for number, piece in enumerate(pieces, 1):
        hashed.update(piece)
        size += len(piece)
        packed = zlib.compress(piece, _LEVEL)
        body = key.encrypt(packed, _bound(digest, number)) if key else packed
        writer.connection.execute(insert(tables.evidence_part), {"deal_id": deal_id, "digest": digest, "number": number, "body": body})
    if hashed.hexdigest() != digest:
        raise ValueError(f"{digest} is not the SHA-256 of the file")
    row = Kept(digest, size, number, key.cipher if key else None)
    writer.connection.execute(insert(tables.evidence), row._asdict() | {"deal_id": deal_id})
    return True


def read(reader: DealReader, deal: str, file: Kept, key: EvidenceKey | None) -> Iterator[bytes]:
    """The bytes of a file, a piece at a time. Raises ProblemsFound before the first where the key is missing or another, and at the latest after the last
    where they are not the bytes that the digest is of: what was read until then is not to be trusted."""
    if not opens(file, key):
        raise ProblemsFound([_unreadable(file, key)])
    hashed, size = sha256(), 0
    for number in range(1, file.parts + 1):
        piece = _unpacked(_part(reader, deal, file.digest, number), file, number, key)
        if piece is None:
            raise ProblemsFound([_altered(file.digest)])
        hashed.update(piece)
        size += len(piece)
        yield piece
    if hashed.hexdigest() != file.digest or size != file.bytes:
        raise ProblemsFound([_altered(file.digest)])


def add_arrival(writer: Writer, arrival: Arrival) -> None:
    """Note that a file came; its number is the next, whatever it says."""
    deal_id = writer.deal_id(writer.deal)
    last = writer.connection.execute(select(func.coalesce(func.max(_ARRIVALS.number), 0)).where(_ARRIVALS.deal_id == deal_id)).scalar_one()
    writer.connection.execute(insert(tables.arrival), arrival._asdict() | {"deal_id": deal_id, "number": last + 1})


def remove(writer: Writer, digest: str) -> None:
    """Delete the bytes of a file whose erasure the commit just appended records; the database refuses it otherwise."""
    if writer.connection.dialect.name == "sqlite":
        writer.connection.exec_driver_sql("PRAGMA secure_delete = ON")  # else the bytes stay in the file until its pages are used again
    for table in (tables.evidence, tables.evidence_part):
        writer.connection.execute(delete(table).where(table.c.deal_id == writer.deal_id(writer.deal), table.c.digest == digest))


def opens(file: Kept, key: EvidenceKey | None) -> bool:
    """Whether a file can be read with this key, or without one."""
    return file.cipher is None or (key is not None and key.cipher == file.cipher)


def _part(reader: DealReader, deal: str, digest: str, number: int) -> bytes | None:
    chosen = select(_PARTS.body).where(_PARTS.deal_id == reader.deal_id(deal), _PARTS.digest == digest, _PARTS.number == number)
    found: bytes | None = reader.connection.execute(chosen).scalar_one_or_none()
    return found


def _unpacked(body: bytes | None, file: Kept, number: int, key: EvidenceKey | None) -> bytes | None:
    """The piece of a part; None where the part is missing or altered. It is never more than a part can hold, whatever its bytes say."""
    packed = key.decrypt(body, _bound(file.digest, number)) if body is not None and file.cipher is not None and key is not None else body
    unpacking = zlib.decompressobj()
    try:
        piece = None if packed is None else unpacking.decompress(packed, PART_BYTES + 1)
    except zlib.error:
        return None
    return piece if unpacking.eof and not unpacking.unused_data else None


def _bound(digest: str, number: int) -> bytes:
    """What an encrypted part is bound to."""
    return seal.canonical(["tranche-ledger evidence 1", digest, number])


def _altered(digest: str) -> Problem:
    return Problem(f"the file {digest} was altered: what is kept does not give its digest", _REMEDY)


def missing(digest: str) -> Problem:
    """Of a file that is gone as none may go."""
    return Problem(f"the file {digest} arrived and is not kept, and no event erased it", _REMEDY)


def _unreadable(file: Kept, key: EvidenceKey | None) -> Problem:
    name = (file.cipher or "").rpartition(" ")[2]
    other = f", and not with {key.name}" if key else ""
    return Problem(f"the file {file.digest} is encrypted with the evidence key {name}{other}", "name its file with --evidence-key, or TRANCHE_EVIDENCE_KEY")


# Verifying ----------------------------------------------------------------------------------------------------------------


class Checked(NamedTuple):
    """What was found of a deal's evidence: how many files are kept, of how many the bytes were read, how many are erased, and what is wrong."""

    kept: int = 0
    read: int = 0
    erased: int = 0
    problems: tuple[Problem, ...] = ()


def check(reader: DealReader, deal: str, key: EvidenceKey | None, *, everything: bool) -> Checked:
    """Whether what is kept gives its digests, and what is missing was erased. Files of more than one part are read only where `everything` is asked for,
    and encrypted ones where the key is there."""
    files, came, erased = kept(reader, deal), arrivals(reader, deal), erasures(reader, deal)
    problems = [*_part_problems(reader, deal, files), *_arrival_problems(reader, deal, files, came, erased)]
    readable = [file for file in files.values() if (everything or file.parts <= 1) and opens(file, key)]
    problems += [problem for file in readable for problem in _content_problems(reader, deal, file, key)]
    lists = {arrival.problems for arrival in came}
    count, read, gone = (len(digests - lists) for digests in (files.keys(), {file.digest for file in readable}, erased.keys()))
    return Checked(count, read, gone, tuple(problem.at(deal) for problem in problems))


def _part_problems(reader: DealReader, deal: str, files: dict[str, Kept]) -> Iterator[Problem]:
    grouped: Any = select(_PARTS.digest, func.count(), func.min(_PARTS.number), func.max(_PARTS.number)).group_by(_PARTS.digest).order_by(_PARTS.digest)
    found = {digest: counted for digest, *counted in reader.connection.execute(grouped.where(_PARTS.deal_id == reader.deal_id(deal)))}
    for digest in found.keys() - files.keys():
        yield Problem(f"parts of the file {digest} are kept, and the file is not", _REMEDY)
    for digest, file in files.items():
        if found.get(digest, [0, 1, 0]) != [file.parts, 1, file.parts]:
            yield Problem(f"the file {digest} has not the {file.parts} parts that it was kept in", _REMEDY)


def _arrival_problems(reader: DealReader, deal: str, files: dict[str, Kept], came: list[Arrival], erased: dict[str, int]) -> Iterator[Problem]:
    """Every file that came is kept or erased, every file that is kept came, and what was appended is what the log names."""
    commit = tables.log_commit.c
    named = set(reader.connection.execute(select(commit.source_digest).where(commit.deal_id == reader.deal_id(deal))).scalars())
    if [arrival.number for arrival in came] != list(range(1, len(came) + 1)):
        yield Problem("the arrivals are not numbered 1, 2, 3 ...", _REMEDY)
    for arrival in came:
        if "appended" in arrival.outcome and arrival.digest not in named:
            yield Problem(f"the file {arrival.digest} arrived and was appended, and no commit names it", _REMEDY)
    expected = {digest for arrival in came for digest in (arrival.digest, arrival.problems) if digest is not None}
    for digest in sorted(expected - files.keys() - erased.keys()):
        yield missing(digest)
    for digest in sorted(files.keys() - expected):
        yield Problem(f"the file {digest} is kept, and never arrived", "somebody with the owner's rights has added it: find out who, and erase it")
    for digest in sorted(files.keys() & erased.keys()):
        fact = f"the file {digest} was erased at position {erased[digest]}, and is kept"
        yield Problem(fact, f'erase it here too: `tranche evidence erase {deal} {digest[:12]} --reason "..."`')


def _content_problems(reader: DealReader, deal: str, file: Kept, key: EvidenceKey | None) -> Iterator[Problem]:
    try:
        for _ in read(reader, deal, file, key):
            pass
    except ProblemsFound as found:
        yield from found.problems
