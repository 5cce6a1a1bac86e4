"""The key under which files are kept encrypted: AES-256-GCM of the package cryptography.

A part's nonce is new each time, and stands before it; the part's file and number are authenticated with it, so that no part passes for another.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from ledger.core.problems import Problem, ProblemsFound

CIPHER = "aes-256-gcm"
_BYTES = 32
_NONCE = 12


@dataclass(frozen=True, slots=True)
class EvidenceKey:
    """A secret of 32 bytes, and the name that it is known by, which says nothing of it."""

    name: str
    _secret: bytes = field(repr=False)

    @property
    def cipher(self) -> str:
        """How a file is encrypted with this key, as its row says it."""
        return f"{CIPHER} {self.name}"

    def encrypt(self, part: bytes, bound: bytes) -> bytes:
        """A part encrypted and bound to what it is a part of."""
        nonce = os.urandom(_NONCE)
        encrypted: bytes = _aes(self._secret).encrypt(nonce, part, bound)
        return nonce + encrypted

    def decrypt(self, body: bytes, bound: bytes) -> bytes | None:
        """The part; None where it is not what was encrypted with this key and bound so."""
        from cryptography.exceptions import InvalidTag

        try:
            part: bytes = _aes(self._secret).decrypt(body[:_NONCE], body[_NONCE:], bound)
        except (InvalidTag, ValueError):
            return None
        return part


def read(text: bytes) -> EvidenceKey:
    """The key of a file: 64 digits in hex. Raises ProblemsFound for anything else, and where the package is missing."""
    try:
        secret = bytes.fromhex(text.decode("ascii"))
    except ValueError:
        secret = b""
    if len(secret) != _BYTES:
        raise ProblemsFound([Problem("the file is no evidence key, which is 64 digits in hex", "make one with `tranche evidence key FILE`")])
    _aes(secret)
    return EvidenceKey(sha256(b"tranche-ledger evidence key 1" + secret).hexdigest()[:16], secret)


def make() -> bytes:
    """A new key, as its file holds it."""
    return os.urandom(_BYTES).hex().encode() + b"\n"


def _aes(secret: bytes) -> Any:
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    except ModuleNotFoundError as error:
        remedy = "install it with `pip install 'tranche-ledger[sign]'`"
        raise ProblemsFound([Problem("an evidence key needs the package cryptography", remedy)]) from error
    return AESGCM(secret)
