"""The canonical bytes of what is recorded, and the hashes over them.

The standard library defines the form: `json.dumps(value, separators=(",", ":"), ensure_ascii=False)` over arrays of integers, strings and null.
orjson writes the same bytes, faster. The tree is RFC 6962, one leaf an event; the commit's hash covers the root and the previous commit's hash.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from hashlib import sha256
from typing import Any, NamedTuple

import orjson

from ledger.core.commit import CommitHeader
from ledger.core.events import Event
from ledger.core.posting import Posting

EMPTY_ROOT = sha256(b"").digest()


def canonical(value: Any) -> bytes:
    """A JSON value in its one form: no blanks, UTF-8. Raises TypeError for a number beyond 64 bits or a lone surrogate."""
    return orjson.dumps(value)


def read_canonical(text: bytes | str) -> Any:
    """The value of a JSON text. Raises ValueError where it is none."""
    return orjson.loads(text)


def digest(text: str) -> str:
    """SHA-256 of a text's UTF-8 bytes, lower-case hex: the name of a document or a statement."""
    return file_digest(text.encode())


def file_digest(source: bytes) -> str:
    """SHA-256 of a file as it came, lower-case hex: how the log names what a commit was read from."""
    return sha256(source).hexdigest()


def leaf(event: Event) -> bytes:
    """The hash of one event, bound to its line; the commit binds it to its deal and position."""
    return sha256(b"\0" + canonical(event[:])).digest()


def leaves(lines: Iterable[tuple[Any, ...]]) -> list[bytes]:
    """The leaves of event lines, given as plain tuples in column order; this is the inner loop of append and of verify."""
    dumps, hashed = orjson.dumps, sha256
    return [hashed(b"\0" + dumps(line)).digest() for line in lines]


def root(hashes: Sequence[bytes]) -> bytes:
    """The RFC 6962 tree head: neighbours are joined level by level, and an odd last one moves up as it is."""
    if not hashes:
        return EMPTY_ROOT
    level = list(hashes)
    while len(level) > 1:
        level = next_level(level)
    return level[0]


def next_level(level: Sequence[bytes]) -> list[bytes]:
    """The nodes above a level of the tree."""
    pairs, hashed = iter(level), sha256
    odd = [level[-1]] if len(level) % 2 else []
    return [hashed(b"\1" + left + right).digest() for left, right in zip(pairs, pairs, strict=False)] + odd


def genesis(name: str) -> bytes:
    """The previous hash of a deal's first commit; `name` is the deal's opening name."""
    return sha256(canonical(["tranche-ledger deal 1", name])).digest()


def commit_hash(header: CommitHeader) -> bytes:
    return sha256(canonical(commit_array(header))).digest()


def commit_array(header: CommitHeader) -> list[Any]:
    """The array whose canonical bytes a commit's hash is made of."""
    return ["tranche-ledger commit 1", *header]


class DistributionHeader(NamedTuple):
    """What a distribution says of itself beside its postings.

    `number` counts the deal's distributions as recorded, 0 at closing or boarding; `previous` is the one whose closing this one opens with. `period` is
    the scheduled date, `distribution_date` the adjusted one. `rules` is the number of the processor's rules. `state` is canonical JSON of the closing
    values that are no account balances.
    """

    number: int
    previous: int | None
    period: date
    distribution_date: date
    version: int
    terms_digest: str
    rules: int
    state: str


def distribution_digest(header: DistributionHeader, postings: Iterable[Posting]) -> str:
    """What the event of a distribution seals: its header, then its postings in order. Hex."""
    lines = [posting[:] for posting in postings]
    return sha256(canonical(["tranche-ledger distribution 1", *header, lines])).hexdigest()
