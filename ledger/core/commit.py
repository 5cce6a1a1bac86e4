"""What a commit says of itself, as the log hashes it and a bundle carries it."""

from __future__ import annotations

from typing import NamedTuple


class CommitHeader(NamedTuple):
    """What a commit's hash covers, in this order; hashes in hex, the period and the time as text. `name` is the deal's."""

    name: str
    position: int
    previous_hash: str
    period: str | None
    treatment: str
    recorded_at: str
    actor: str
    reason: str
    source_name: str | None
    source_digest: str | None
    event_count: int
    merkle_root: str
