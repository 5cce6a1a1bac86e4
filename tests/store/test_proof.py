"""Inclusion proofs against trees made the slow way, straight from RFC 6962."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.commit import CommitHeader
from ledger.core.events import Event
from ledger.store import seal
from ledger.store.proof import Proof, audit_path, prove, proves, root_by_path


def tree_head(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962, 2.1: split at the largest power of two below the size."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\1" + tree_head(leaves[:split]) + tree_head(leaves[split:])).digest()


def path_of(index: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of RFC 6962, 2.1.1."""
    if len(leaves) == 1:
        return []
    split = 1 << (len(leaves) - 1).bit_length() - 1
    if index < split:
        return [*path_of(index, leaves[:split]), tree_head(leaves[split:])]
    return [*path_of(index - split, leaves[split:]), tree_head(leaves[:split])]


def leaves(size: int) -> list[bytes]:
    return [sha256(b"\0" + str(number).encode()).digest() for number in range(size)]


@given(st.integers(1, 70), st.data())
def test_a_path_is_that_of_rfc_6962_and_leads_to_the_root(size: int, data: st.DataObject) -> None:
    index, made = data.draw(st.integers(0, size - 1)), leaves(size)
    path = audit_path(made, index)

    assert path == path_of(index, made)
    assert root_by_path(made[index], index, size, path) == tree_head(made) == seal.root(made)


@given(st.integers(2, 70), st.data())
def test_a_path_of_another_leaf_or_length_leads_elsewhere(size: int, data: st.DataObject) -> None:
    index, made = data.draw(st.integers(0, size - 1)), leaves(size)
    other = data.draw(st.integers(0, size - 1).filter(lambda chosen: chosen != index))
    path = audit_path(made, index)

    assert root_by_path(made[other], index, size, path) != tree_head(made)
    assert root_by_path(made[index], index, size, path[:-1]) is None
    assert root_by_path(made[index], index, size, [*path, made[0]]) is None
    assert root_by_path(made[index], size, size, path) is None


@pytest.fixture
def proof() -> Proof:
    events = [Event(1, "received", "csv", amount=1, code="csv"), Event(2, "payment", "L-1", principal=100, rate="0.05"), Event(3, "curtailment", "L-1", 7)]
    root = seal.root(seal.leaves(event[:] for event in events)).hex()
    header = CommitHeader("LANTERN", 2, "00" * 32, "2025-01-25", "original", "2025-01-27T09:00:00.000000Z", "m.okafor", "January", None, None, 3, root)
    return prove(header, events, 2)


def test_a_proof_shows_its_line_and_no_other(proof: Proof) -> None:
    assert proves(proof)
    assert proof.event[:4] == [2, "payment", "L-1", 100]
    assert "curtailment" not in str(proof)


@pytest.mark.parametrize("change", ["event", "line", "path", "commit", "hash"])
def test_a_proof_with_anything_changed_does_not_hold(proof: Proof, change: str) -> None:
    changed = {
        "event": proof._replace(event=[*proof.event[:3], 101, *proof.event[4:]]),
        "line": proof._replace(event=[3, *proof.event[1:]]),
        "path": proof._replace(path=proof.path[::-1]),
        "commit": proof._replace(commit=[*proof.commit[:2], 3, *proof.commit[3:]]),
        "hash": proof._replace(hash="00" * 32),
    }[change]

    assert not proves(changed)
