"""A bundle written by another hand: altered, and then hashed anew with care, so that only what rests on the log can show it."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from ledger.core.events import Event

Change = Callable[[int, list[Any]], None]
"""Alters the line of an event in place; given its commit's position."""


def canonical(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def root(level: list[bytes]) -> bytes:
    while len(level) > 1:
        pairs = [sha256(b"\1" + level[i] + level[i + 1]).digest() for i in range(0, len(level) - 1, 2)]
        level = pairs + level[len(pairs) * 2 :]
    return level[0] if level else sha256().digest()


def forged(bundle: bytes, change: Change, *, header: dict[int, Any] | None = None) -> bytes:
    """The bundle with its events changed, every root, hash and digest made to fit; `header` puts other values in the columns of every commit."""
    first, *lines, _ = map(json.loads, bundle.splitlines())
    commits = [at for at, line in enumerate(lines) if line[0] == "tranche-ledger commit 1"]
    previous = sha256(canonical(["tranche-ledger deal 1", first[1]])).hexdigest()
    for at in commits:
        commit = lines[at]
        for column, value in (header or {}).items():
            commit[column] = value
        events = lines[at + 1 : at + 1 + commit[11]]
        for event in events:
            change(commit[2], event)
        commit[3], commit[12] = previous, root([sha256(b"\0" + canonical(event)).digest() for event in events]).hex()
        previous = sha256(canonical(commit)).hexdigest()
    first[3], first[5] = previous, lines[commits[-1]][6]
    body = b"".join(canonical(line) + b"\n" for line in [first, *lines])
    return body + canonical(["end", len(lines) + 1, sha256(body).hexdigest()]) + b"\n"


def put(position: int, kind: str, /, **columns: Any) -> Change:
    """Puts other values in the columns of the events of a kind."""

    def change(where: int, event: list[Any]) -> None:
        if (where, event[1]) == (position, kind):
            for name, value in columns.items():
                event[Event._fields.index(name)] = value

    return change
