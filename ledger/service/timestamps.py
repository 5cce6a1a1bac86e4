"""Time stamps of seals: what of a seal is stamped, the query, the reply kept in the seal, and the time that an authority vouches for."""

from __future__ import annotations

from base64 import b64decode, b64encode
from datetime import datetime

from ledger.core.problems import Problem, ProblemsFound
from ledger.store import proof, seal, timestamp
from ledger.store.proof import Json, Seal

_SIGNATURE = ("key", "signature")


def stamped_bytes(sealed: Json) -> bytes:
    """What a time stamp covers: the array that a signature covers, with key and signature at its end where the seal is signed.

    So the stamp of a signed seal also shows that it was signed by then, whatever becomes of the key later.
    """
    signature = [sealed[field] for field in _SIGNATURE if field in sealed]
    return seal.canonical([proof.SEAL, *(sealed[field] for field in Seal._fields), *signature])


def timestamp_query(sealed: Json) -> bytes:
    """What is sent to a time stamp authority (DER); the same for the same seal, always. Raises ProblemsFound."""
    return timestamp.query(stamped_bytes(sealed))


def add_timestamp(sealed: Json, reply: bytes) -> Json:
    """The seal with an authority's reply (DER) in it. Raises ProblemsFound for a reply that grants no stamp of this seal, and for a seal that has one."""
    if "timestamp" in sealed:
        raise ProblemsFound([Problem("the seal has a time stamp", "keep it as it is; to have another stamp, seal anew")])
    timestamp.check(reply, stamped_bytes(sealed))
    return {**sealed, "timestamp": b64encode(reply).decode()}


def request_timestamp(sealed: Json, authority: str) -> Json:
    """The seal with the reply in it that an authority gave over HTTP. Raises ProblemsFound."""
    return add_timestamp(sealed, timestamp.ask(authority, timestamp_query(sealed)))


def vouched_time(sealed: Json, roots: bytes) -> datetime:
    """By when a seal existed, as an authority under one of the roots (PEM) vouches for. Raises ProblemsFound."""
    if "timestamp" not in sealed:
        raise ProblemsFound([Problem("the seal has no time stamp", "have it stamped: `tranche seal --seal FILE --timestamp URL`")])
    try:
        reply = b64decode(sealed["timestamp"], validate=True)
    except ValueError:
        raise ProblemsFound([Problem("the time stamp in the seal is not base64", "ask for the seal again")]) from None
    return timestamp.vouched_time(reply, stamped_bytes(sealed), roots)
