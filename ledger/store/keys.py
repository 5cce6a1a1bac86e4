"""Ed25519 keys: reading, making, signing with them and checking what was signed, by the package cryptography."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ledger.core.problems import Problem, ProblemsFound

_MAKE = "make one with `tranche actor key -o FILE`"


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key: the public key that belongs to it, in hex, and how it signs."""

    key: str
    sign: Callable[[bytes], bytes] = field(repr=False)


def read_private(pem: bytes) -> Signer:
    """The private key of a PEM file. Raises ProblemsFound for anything else."""
    ed25519, serialization = _ed25519()
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        raise ProblemsFound([Problem("the key is no Ed25519 private key", _MAKE)])
    return Signer(key.public_key().public_bytes_raw().hex(), key.sign)


def read_public(pem: bytes) -> str:
    """The public key of a PEM file, in hex. Raises ProblemsFound for anything else, a private key too."""
    ed25519, serialization = _ed25519()
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        key = serialization.load_pem_public_key(pem)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, ed25519.Ed25519PublicKey):
        raise ProblemsFound([Problem("the key is no Ed25519 public key", f"name the file FILE.pub; {_MAKE}")])
    return str(key.public_bytes_raw().hex())


def make() -> tuple[bytes, bytes]:
    """A new private key and the public key that belongs to it, each as a PEM file. Raises ProblemsFound."""
    ed25519, serialization = _ed25519()
    key = ed25519.Ed25519PrivateKey.generate()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private, key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def holds(key: str, signature: bytes, message: bytes) -> bool:
    """Whether a signature over a message was made with the private key that belongs to a public one, given in hex. Raises ProblemsFound."""
    ed25519, _ = _ed25519()
    from cryptography.exceptions import InvalidSignature

    try:
        ed25519.Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _ed25519() -> tuple[Any, Any]:
    try:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ModuleNotFoundError as error:
        remedy = "install it with `pip install 'tranche-ledger[sign]'`"
        raise ProblemsFound([Problem("signing needs the package cryptography", remedy)]) from error
    return ed25519, serialization
