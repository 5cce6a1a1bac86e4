"""Proving who acted: the chain of acts, and each commit's signature against the key that was listed for its actor then."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from ledger.core.problems import Problem
from ledger.store import keys
from ledger.store.actors import GENESIS, Act, ActReader, Signature, Standing, act_hash, short, signed_act, signed_commit
from ledger.store.findings import wrong


class Signed(NamedTuple):
    """What of a commit a signature is about: its position and hash, who appended it, and when, as text."""

    position: int
    hash: str
    actor: str
    recorded_at: str


def check_acts(connection: Connection) -> list[Problem]:
    """What is wrong with the chain of acts: altered, cut out, or recorded by somebody who had no right to."""
    try:
        return list(act_problems(ActReader(connection).acts()))
    except OperationalError as error:
        return [Problem(f"a row of act cannot be read ({error.orig})", "restore a backup")]


def act_problems(acts: Iterable[Act]) -> Iterator[Problem]:
    """What is wrong with acts, given in order."""
    standing, expected, previous, recorded_at = Standing(), 1, GENESIS, ""
    for act in acts:
        facts = []
        if act.number != expected:
            facts.append(f"act {expected} is missing; the next one stored is {act.number}")
        elif act.previous_hash != previous:
            facts.append("it does not follow from the one before it")
        if act_hash(act) != act.hash:
            facts.append("it does not give its hash: its row was altered")
        if act.recorded_at <= recorded_at:
            facts.append(f"it was recorded at {act.recorded_at}, not after the one before it")
        facts += _right_problems(standing, act)
        yield from (Problem(fact, "restore a backup, or compare with `tranche actor list` of a copy", place=f"act {act.number}") for fact in facts)
        standing, expected, previous, recorded_at = standing.after(act), act.number + 1, act.hash, act.recorded_at


def _right_problems(standing: Standing, act: Act) -> Iterator[str]:
    """Whether it was signed by a key that was in use, where any was."""
    if act.key is None or act.signature is None:
        if standing.live:
            yield f"it is not signed, though keys were in use when {act.actor} recorded it"
    elif standing.live.get(act.key) != act.actor:
        yield f"it is signed with {short(act.key)}, which was no key of {act.actor}"
    elif not keys.holds(act.key, bytes.fromhex(act.signature), signed_act(act)):
        yield "its signature does not hold"


def signature_problems(commits: Sequence[Signed], signatures: dict[int, Signature], acts: Sequence[Act]) -> Iterator[tuple[int, Problem]]:
    """Each signature that does not hold, was made with a key that was not in use, or is missing where the actor had one; with its position."""
    standings = [Standing()]
    for act in acts:
        standings.append(standings[-1].after(act))
    for commit in commits:
        standing = standings[bisect_left(acts, commit.recorded_at, key=_recorded_at)]
        for fact in _facts(commit, signatures.get(commit.position), standing):
            yield wrong(commit.position, fact)
    for position in signatures.keys() - {commit.position for commit in commits}:
        yield wrong(position, "a signature belongs to no commit")


def _recorded_at(act: Act) -> str:
    return act.recorded_at


def _facts(commit: Signed, signature: Signature | None, standing: Standing) -> Iterator[str]:
    if signature is None:
        if commit.actor in standing.listed.values():
            yield f"the commit is not signed, though {commit.actor} was on the actor list"
        return
    name, revoked = standing.listed.get(signature.key), standing.revoked.get(signature.key)
    if standing.last is None or signature.act != standing.last.number:
        yield f"the commit is signed under act {signature.act}, and the last one before it is {standing.last.number if standing.last else 'none'}"
    elif name != commit.actor:
        yield f"the commit of {commit.actor} is signed with {short(signature.key)}, {f'a key of {name}' if name else 'which was not on the actor list'}"
    elif revoked is not None:
        yield f"the commit is signed with a key of {name} that act {revoked.number} had revoked at {revoked.recorded_at}"
    elif not keys.holds(signature.key, bytes.fromhex(signature.signature), signed_commit(commit.hash, standing.last)):
        yield "the signature of the commit does not hold"
