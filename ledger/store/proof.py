"""Proving to somebody without the database: that one line is in a commit (an RFC 6962 inclusion proof), and where a log stood (a seal).

Both are JSON with everything that checks them; `docs/log-format.md` says how to check with nothing but SHA-256.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any, NamedTuple, TypeAlias

from ledger.core.commit import CommitHeader
from ledger.core.events import Event
from ledger.store import seal

PROOF, SEAL = "tranche-ledger proof 1", "tranche-ledger seal 1"
Json: TypeAlias = dict[str, Any]


def audit_path(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The neighbours that lead from a leaf to the root, lowest first (RFC 6962, 2.1.1); an odd last node moves up and has none."""
    path, level = [], list(leaves)
    while len(level) > 1:
        neighbour = index ^ 1
        if neighbour < len(level):
            path.append(level[neighbour])
        level, index = seal.next_level(level), index // 2
    return path


def root_by_path(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that a path gives a leaf of a tree of `size` leaves (RFC 9162, 2.1.3.2); None for a path of the wrong length."""
    place, last, node = index, size - 1, leaf
    if not 0 <= index < size:
        return None
    for neighbour in path:
        if last == 0:
            return None
        if place % 2 or place == last:
            node = sha256(b"\1" + neighbour + node).digest()
            while place % 2 == 0 and place:
                place, last = place // 2, last // 2
        else:
            node = sha256(b"\1" + node + neighbour).digest()
        place, last = place // 2, last // 2
    return node if last == 0 else None


class Proof(NamedTuple):
    """One line of one commit: its array as hashed, the path to the commit's root, the commit's array as hashed, and its hash."""

    event: list[Any]
    path: list[str]
    commit: list[Any]
    hash: str

    def to_json(self) -> Json:
        return {"format": PROOF, **self._asdict()}


def prove(header: CommitHeader, events: Sequence[Event], line: int) -> Proof:
    """The proof of a line (from 1) of a commit, from its header and all its events in order."""
    leaves = seal.leaves(event[:] for event in events)
    path = [node.hex() for node in audit_path(leaves, line - 1)]
    event = list(seal.read_canonical(seal.canonical(events[line - 1][:])))
    return Proof(event, path, seal.commit_array(header), seal.commit_hash(header).hex())


def proves(proof: Proof) -> bool:
    """Whether the line's hash leads to the root that the commit names, and the commit to its hash."""
    *_, size, root = proof.commit
    leaf = sha256(b"\0" + seal.canonical(proof.event)).digest()
    found = root_by_path(leaf, proof.event[0] - 1, size, [bytes.fromhex(node) for node in proof.path])
    return found is not None and found.hex() == root and sha256(seal.canonical(proof.commit)).hexdigest() == proof.hash


class Seal(NamedTuple):
    """Where a deal's log stood: a commit's position and hash, how many events there were, and when it was recorded."""

    deal: str
    position: int
    hash: str
    event_count: int
    recorded_at: str

    def signed_bytes(self) -> bytes:
        """What a signature covers."""
        return seal.canonical([SEAL, *self])
