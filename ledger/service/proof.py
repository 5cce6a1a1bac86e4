"""What is handed to others: a seal of where a log stands, a proof that one line is in it, and both checked against the books."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple, get_type_hints

from ledger.core.commit import CommitHeader
from ledger.core.problems import Problem, ProblemsFound, stop_on
from ledger.service.known_at import existing
from ledger.service.timestamps import vouched_time
from ledger.store import keys, proof, seal
from ledger.store.engine import Store
from ledger.store.projections import Commit, Reader
from ledger.store.proof import Json, Proof, Seal
from ledger.store.tables import instant_text

MOST_CHARACTERS = 2_000_000
"""Of a seal or a proof: a time stamp in it has at most 1,000,000 bytes."""


def prove(store: Store, deal: str, position: int, line: int) -> Json:
    """A proof that a line is in the log, as JSON that checks by itself. Raises ProblemsFound for a line that is not there."""
    with store.reading() as reader:
        commit = _commit(reader, deal, position)
        if not 1 <= line <= commit.event_count:
            raise ProblemsFound(
                [Problem(f"the commit has lines 1 to {commit.event_count}, not {line}", "see `tranche events --position`", place=f"{deal} {position}")]
            )
        events = list(reader.as_recorded(deal, position))
    return proof.prove(header_of_commit(deal, commit), events, line).to_json()


def check_proof(text: str, name: str) -> Proof:
    """A proof that holds by itself. Raises ProblemsFound for one that does not, or for a file that is none."""
    given = _read(text, name, proof.PROOF)
    try:
        made = Proof(given["event"], given["path"], given["commit"], given["hash"])
        holds = proof.proves(made)
    except (KeyError, TypeError, ValueError, IndexError):
        raise ProblemsFound([Problem("the file is no whole proof", "ask for it again: it has event, path, commit and hash", place=name)]) from None
    if not holds:
        raise ProblemsFound(
            [Problem("the proof does not hold: its line does not lead to the hash of its commit", "it was altered; trust nothing that it says", place=name)]
        )
    return made


def seal_log(store: Store, deal: str, key: bytes | None = None) -> Json:
    """Where a deal's log stands now, to be kept outside the database; signed where an Ed25519 private key (PEM) is given. Raises ProblemsFound."""
    with store.reading() as reader:
        head = reader.head(deal)
        commit = _commit(reader, deal, head.position)
    made = Seal(deal, commit.position, commit.hash, head.event_count, instant_text(commit.recorded_at))
    return {"format": proof.SEAL, **made._asdict(), **(_signed(made, key) if key else {})}


def read_seal(text: str, name: str) -> Json:
    """A seal as somebody kept it. Raises ProblemsFound for a file that is none."""
    given = _read(text, name, proof.SEAL)
    wrong = [field for field, kind in get_type_hints(Seal).items() if type(given.get(field)) is not kind]
    wrong += [field for field in ("key", "signature", "timestamp") if not isinstance(given.get(field, ""), str)]
    stop_on(Problem(f"the seal has no whole `{field}`", "ask for it again", place=name) for field in wrong)
    try:
        seal.canonical(given)
    except TypeError:
        raise ProblemsFound([Problem("the seal holds what no ledger writes", "ask for it again", place=name)]) from None
    return given


class Anchor(NamedTuple):
    """A seal as somebody kept it: its text and the file's name.

    `trusted` is the public key (PEM) that must have signed it, if any must; `timestamp_roots` the certificates (PEM), under one of which an authority must
    have stamped it, if any must.
    """

    text: str
    name: str
    trusted: bytes | None = None
    timestamp_roots: bytes | None = None

    def stamped_at(self) -> datetime | None:
        """By when the seal existed, as a time stamp authority vouches for; None where nobody asks. Raises ProblemsFound."""
        return vouched_time(read_seal(self.text, self.name), self.timestamp_roots) if self.timestamp_roots is not None else None


def seal_problems(reader: Reader, deal: str, anchor: Anchor) -> Iterator[Problem]:
    """What a seal shows of the log: cut at its end, forked; or a seal that nobody who is trusted signed or stamped. Raises ProblemsFound."""
    name, given = anchor.name, read_seal(anchor.text, anchor.name)
    made = Seal(*(given[field] for field in Seal._fields))
    yield from (problem.at(name) for problem in (*_signature_problems(made, given, anchor.trusted), *_timestamp_problems(anchor)))
    if made.deal != deal:
        yield Problem(f"the seal is of {made.deal}, not of {deal}", "take the seal of this deal", place=name)
        return
    head = reader.head(deal)
    if head.position < made.position:
        fact = f"truncated: the seal saw position {made.position}, the log ends at {head.position}"
        yield Problem(fact, "what followed was cut off: restore a backup that has it", place=deal)
    elif _commit(reader, deal, made.position).hash != made.hash:
        fact = f"forked: the seal saw another commit at position {made.position}"
        yield Problem(fact, "history was written anew after it was sealed: find out by whom, and restore", place=deal)


def _timestamp_problems(anchor: Anchor) -> Iterator[Problem]:
    try:
        anchor.stamped_at()
    except ProblemsFound as found:
        yield from found.problems


def _commit(reader: Reader, deal: str, position: int) -> Commit:
    existing(reader, deal, position)
    return reader.commit(deal, position)


def header_of_commit(deal: str, commit: Commit) -> CommitHeader:
    """The header that a commit's hash covers, from its row."""
    return CommitHeader(
        name=deal,
        position=commit.position,
        previous_hash=commit.previous_hash,
        period=commit.period.isoformat() if commit.period else None,
        treatment=commit.treatment,
        recorded_at=instant_text(commit.recorded_at),
        actor=commit.actor,
        reason=commit.reason,
        source_name=commit.source_name,
        source_digest=commit.source_digest,
        event_count=commit.event_count,
        merkle_root=commit.merkle_root,
    )


def _read(text: str, name: str, format_: str) -> Json:
    if len(text) > MOST_CHARACTERS:
        raise ProblemsFound(
            [Problem(f"the file has {len(text):,} characters, the most is {MOST_CHARACTERS:,}", "name the file that the ledger wrote", place=name)]
        )
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict) or given.get("format") != format_:
        raise ProblemsFound([Problem(f"the file is no `{format_}`", "name the file that the ledger wrote", place=name)])
    return given


# Signatures ----------------------------------------------------------------------------------------------------------------


def _signed(made: Seal, pem: bytes) -> Json:
    """The signature and the public key, both in hex. Raises ProblemsFound for a key of another kind."""
    signer = keys.read_private(pem)
    return {"key": signer.key, "signature": signer.sign(made.signed_bytes()).hex()}


def _signature_problems(made: Seal, given: Json, trusted: bytes | None) -> Iterator[Problem]:
    if "signature" not in given:
        if trusted:
            yield Problem("the seal is not signed", "seal with --key")
        return
    if not _holds(made, given):
        yield Problem("altered: the seal's signature does not hold", "it was changed after it was signed; trust nothing that it says")
    elif trusted and keys.read_public(trusted) != given["key"]:
        yield Problem("the seal was signed with another key than the one that is trusted", "ask who made it")


def _holds(made: Seal, given: Json) -> bool:
    """Whether a signed seal, as somebody gave it, was signed as it stands."""
    try:
        return keys.holds(given["key"], bytes.fromhex(given["signature"]), made.signed_bytes())
    except (TypeError, ValueError, KeyError):
        return False
