"""The files that events came from: kept as they came, also where they are refused; shown, and erased with a reason."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from ledger.core.events import Event
from ledger.core.explanation import Explanation, with_rows
from ledger.core.log_text import MOST_CHARACTERS, has_refused
from ledger.core.problems import Problem, ProblemsFound, stop_on
from ledger.files import kept_rows, sources
from ledger.files.remittance import MOST_LISTED
from ledger.files.sources import Source
from ledger.service.books import numbered
from ledger.store import evidence as files
from ledger.store.engine import Store, Unusable
from ledger.store.evidence import ERASED, PART_BYTES, Arrival, Kept
from ledger.store.log import Draft, Moved, Receipt, Writer
from ledger.store.projections import Reader

OUTCOMES = ("appended", "already appended")
"""What becomes of a file that is taken; the first where any of its periods is new."""
PROPOSED, REFUSED = "proposed", "refused"
FEWEST_DIGITS = 6
"""Of a digest, where its beginning names a file."""


@dataclass(frozen=True, slots=True)
class Arriving:
    """A file on its way in: its digest, what it is called, in which format and version of its mapping it is read (`csv/1`), and who brings it."""

    digest: str
    name: str
    format: str
    actor: str


# Keeping ------------------------------------------------------------------------------------------------------------------


def keep(store: Store, writer: Writer, body: Source, arriving: Arriving, receipts: Mapping[date, Receipt]) -> None:
    """Keep a file with what was appended of it: in the same transaction, or not at all. One that is kept already only arrives again.

    `receipts` are those of its commits, by period; there are none where the file waits for another actor's approval.
    """
    files.write(writer, arriving.digest, sources.pieces(body, PART_BYTES), store.evidence_key)
    outcomes = {receipt.outcome for receipt in receipts.values()}
    outcome = min(outcomes, key=OUTCOMES.index, default=PROPOSED)
    arrived_at = writer.tip.recorded_at if outcome == OUTCOMES[0] else None
    period = next(iter(receipts)) if len(receipts) == 1 else None
    files.add_arrival(writer, Arrival(0, arriving.digest, arrived_at or store.clock(), *_said(arriving), period, outcome))


@contextmanager
def kept_if_refused(store: Store, deal: str, body: Source, arriving: Arriving, *, dry_run: bool = False) -> Iterator[None]:
    """Keep a file that the block refuses, with its problems, in a transaction of its own; they are raised either way.

    Nothing is kept of a trial, where the deal does not exist or the actor may not write, and where somebody else's commit came between or the
    database failed: neither says anything about the file.
    """
    try:
        yield
    except (Moved, Unusable):
        raise
    except ProblemsFound as found:
        if not dry_run:
            _keep_refused(store, deal, body, arriving, found)
        raise


def _keep_refused(store: Store, deal: str, body: Source, arriving: Arriving, found: ProblemsFound) -> None:
    """Adds why the file could not be kept to what was found, where that is so."""
    try:
        with store.writing(deal) as writer:
            if not writer.exists or any(writer.standing.refusals(arriving.actor, store.signer.key if store.signer else None)):
                return
            digest, listed = arriving.digest, [str(problem) for problem in found.problems[: MOST_LISTED + 1]]
            problems = json.dumps(["tranche-ledger problems 1", digest, *listed]).encode()
            named = sources.digest(problems)
            files.write(writer, digest, sources.pieces(body, PART_BYTES), store.evidence_key)
            files.write(writer, named, sources.pieces(problems, PART_BYTES), store.evidence_key)
            files.add_arrival(writer, Arrival(0, digest, store.clock(), *_said(arriving), None, REFUSED, len(found.problems), named))
    except ProblemsFound as unkept:
        remedy = "see to that, then run the command again: a refused file is kept with its problems"
        why = "; ".join(problem.fact for problem in unkept.problems)
        found.problems += (Problem(f"the file is not kept: {why}", remedy, place=arriving.name),)


def _said(arriving: Arriving) -> tuple[str, str, str]:
    """The texts of an arrival. Nothing has checked those of a refused file: what does not print is written out."""
    texts = (arriving.actor, arriving.name, arriving.format)
    actor, name, format_ = ((ascii(text)[1:-1] if has_refused(text) else text)[:MOST_CHARACTERS] for text in texts)
    return actor, name, format_


# Showing ------------------------------------------------------------------------------------------------------------------


class Listed(NamedTuple):
    """An arrival, with the file's size in bytes where it is kept, and the position of the commit that erased it where one did."""

    arrival: Arrival
    size: int | None
    erased_at: int | None


def arrived(store: Store, deal: str) -> list[Listed]:
    """Every file that came for a deal, in order. Raises ProblemsFound for a deal that does not exist."""
    with store.reading() as reader:
        kept, erased = files.kept(reader, deal), files.erasures(reader, deal)
        sizes = {digest: file.bytes for digest, file in kept.items()}
        return [Listed(arrival, sizes.get(arrival.digest), erased.get(arrival.digest)) for arrival in files.arrivals(reader, deal)]


def file_of(store: Store, deal: str, digest: str) -> Iterator[bytes]:
    """The bytes of a file as it came, a piece at a time; only after the last is it certain that they are. Raises ProblemsFound."""
    with store.reading() as reader:
        yield from files.read(reader, deal, _kept(reader, deal, digest), store.evidence_key)


def row_of(store: Store, deal: str, digest: str, number: int) -> str:
    """One row of a file, by the number that events name it by, as text that can be printed. Raises ProblemsFound where it has no such row."""
    with store.reading() as reader:
        file = _kept(reader, deal, digest)
        found = kept_rows.rows(files.read(reader, deal, file, store.evidence_key), [number], file.digest)
    if number not in found:
        raise ProblemsFound([Problem(f"the file {file.digest} has no row {number}", "lines are counted from 1, the header's included", place=deal)])
    return found[number]


def refusals(store: Store, deal: str, digest: str) -> list[str]:
    """What a file was refused for when it came last, problem by problem; nothing where it never was. Raises ProblemsFound."""
    with store.reading() as reader:
        file, kept = _kept(reader, deal, digest), files.kept(reader, deal)
        lists = [arrival.problems for arrival in files.arrivals(reader, deal) if arrival.digest == file.digest and arrival.problems in kept]
        if not lists:
            return []
        body = b"".join(files.read(reader, deal, kept[lists[-1] or ""], store.evidence_key))
    return [str(problem) for problem in json.loads(body)[2:]]


def explained_by_rows(store: Store, deal: str, figures: Mapping[str, Explanation]) -> dict[str, Explanation]:
    """Explanations with the text of each row that they end in, where its file is kept.

    Raises ProblemsFound for a file that is encrypted with another key, altered, or a workbook or Parquet file whose reader is not installed.
    """
    wanted: dict[str, set[int]] = defaultdict(set)
    for source in (node.source for figure in figures.values() for node in figure.every()):
        if source is not None and source.digest is not None and source.row is not None:
            wanted[source.digest].add(source.row)
    with store.reading() as reader:
        kept = files.kept(reader, deal)
        read = sorted(wanted.keys() & kept.keys())
        found = {digest: kept_rows.rows(files.read(reader, deal, kept[digest], store.evidence_key), wanted[digest], digest) for digest in read}
    rows = {(digest, number): text for digest, texts in found.items() for number, text in texts.items()}
    return {item: with_rows(figure, rows) for item, figure in figures.items()}


# Erasing ------------------------------------------------------------------------------------------------------------------


class Erased(NamedTuple):
    """A file whose bytes were erased: its digest, and the position of the commit that says so."""

    digest: str
    position: int


def erase(store: Store, deal: str, digest: str, *, reason: str, actor: str) -> Erased:
    """Erase the bytes of a file, and the lists of what it was refused for; the log says that it was done, by whom and why. Raises ProblemsFound.

    On PostgreSQL only the owner of the tables can do it.
    """
    stop_on([] if reason.strip() else [Problem("an erasure has no reason", "say why with --reason: it is part of the record", place=deal)])
    with store.writing(deal) as writer:
        file, kept = _kept(writer, deal, digest), files.kept(writer, deal)
        lists = {arrival.problems for arrival in files.arrivals(writer, deal) if arrival.digest == file.digest and arrival.problems}
        gone = [file.digest, *sorted(lists & kept.keys())]
        events = numbered(Event(0, ERASED, one, code=reason) for one in gone)
        receipt = writer.append(Draft(events, None, actor, reason))
        for one in gone:
            files.remove(writer, one)
        return Erased(file.digest, receipt.position)


def _kept(reader: Reader, deal: str, digest: str) -> Kept:
    """The file that a digest, or its beginning, names. Raises ProblemsFound where it is none, several, or one whose bytes are not kept."""
    kept, came, named = files.kept(reader, deal), files.arrivals(reader, deal), digest.lower()
    known = {arrival.digest for arrival in came} | (kept.keys() - {arrival.problems for arrival in came})
    found = sorted(one for one in known if one.startswith(named)) if len(named) >= FEWEST_DIGITS else []
    if len(found) != 1:
        fact = f"{len(found)} files begin with {named}" if found else f"there is no file {named!a}"
        remedy = f"write more of its digest, at least {FEWEST_DIGITS} digits, as `tranche evidence list {deal}` has it"
        raise ProblemsFound([Problem(fact, remedy, place=deal)])
    if found[0] not in kept:
        position = files.erasures(reader, deal).get(found[0])
        fact, remedy = f"the file {found[0]} was erased at position {position}", f"see `tranche events {deal} --position {position}` for the reason"
        raise ProblemsFound([Problem(fact, remedy, place=deal) if position else files.missing(found[0]).at(deal)])
    return kept[found[0]]
