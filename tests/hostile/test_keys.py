"""Keys in PEM files that name an algorithm nobody knows."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable

import pytest

from ledger.core.problems import ProblemsFound
from ledger.store import keys

UNKNOWN = "2b657f"
"""1.3.101.127, beside Ed25519's 1.3.101.112."""


@pytest.mark.parametrize(
    ("read", "label", "before", "after"),
    [(keys.read_public, "PUBLIC KEY", "302a30050603", "032100"), (keys.read_private, "PRIVATE KEY", "302e02010030050603", "04220420")],
    ids=["public", "private"],
)
def test_a_key_of_an_unknown_algorithm_is_no_key(read: Callable[[bytes], object], label: str, before: str, after: str) -> None:
    body = b64encode(bytes.fromhex(before + UNKNOWN + after) + bytes(32)).decode()

    with pytest.raises(ProblemsFound, match="the key is no Ed25519"):
        read(f"-----BEGIN {label}-----\n{body}\n-----END {label}-----\n".encode())
