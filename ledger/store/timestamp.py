"""RFC 3161 time stamps: what is asked of an authority, how, and whether its reply holds. The one place that needs the package rfc3161-client.

A query has no nonce. A nonce shows that a reply is fresh; an older stamp of the same bytes would be as true here, and worth more. Without one the query
follows from the bytes alone, so that anybody can make it again, at any time, and compare.
"""

from __future__ import annotations

import re
from datetime import datetime
from hashlib import sha256
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import HTTPDefaultErrorHandler, HTTPErrorProcessor, HTTPHandler, HTTPSHandler, OpenerDirector, ProxyHandler, Request, UnknownHandler

from ledger.core.problems import Problem, ProblemsFound

if TYPE_CHECKING:
    from rfc3161_client import TimeStampResponse

TIMEOUT = 30
"""Seconds that an authority has for each part of its reply."""
_LARGEST = 1_000_000  # bytes of a reply; one that is longer is cut, and so cannot be read
_REASON = re.compile(r'Verify error: ([^"]+)|kind: (\w+)')
_ANOTHER = "ask the authority again, or another one"


def query(message: bytes) -> bytes:
    """What is sent to an authority (DER): the SHA-256 of a message, and that its certificate shall be in the reply. Raises ProblemsFound."""
    library = _library()
    builder = library.TimestampRequestBuilder(message, library.HashAlgorithm.SHA256, nonce=False, cert_req=True)
    return bytes(builder.build().as_bytes())


def ask(authority: str, asked: bytes) -> bytes:
    """An authority's reply to a query, over HTTP or HTTPS and nothing else; a redirection is not followed. Raises ProblemsFound where there is none."""
    opener = OpenerDirector()
    for handler in (ProxyHandler(), HTTPHandler(), HTTPSHandler(), UnknownHandler(), HTTPDefaultErrorHandler(), HTTPErrorProcessor()):
        opener.add_handler(handler)
    try:
        request = Request(authority, asked, {"Content-Type": "application/timestamp-query"})  # noqa: S310  # the opener knows no other schemes
        with opener.open(request, timeout=TIMEOUT) as reply:
            return bytes(reply.read(_LARGEST))
    except HTTPError as error:
        with error:
            raise ProblemsFound([Problem(f"the authority answered {error.code} {error.reason}", "check its address", place=authority)]) from None
    except (OSError, HTTPException, ValueError) as error:
        remedy = "check its address, which begins with https:// or http://, and the network; or carry its reply with --timestamp-reply"
        raise ProblemsFound([Problem(f"no time stamp authority answered: {getattr(error, 'reason', error)}", remedy, place=authority)]) from None


def check(reply: bytes, message: bytes) -> None:
    """That a reply (DER) grants a stamp of a message. Who made it is not looked at: see `vouched_time`. Raises ProblemsFound."""
    _granted(reply, message)


def vouched_time(reply: bytes, message: bytes, roots: bytes) -> datetime:
    """When a message existed, as an authority vouches for that has its certificate from one of the roots (PEM). In UTC.

    A certificate must have been valid at that time, not today. Raises ProblemsFound.
    """
    library, granted = _library(), _granted(reply, message)
    verifier = library.VerifierBuilder(roots=_certificates(roots)).build()
    try:
        verifier.verify_message(granted, message)
    except library.VerificationError as error:
        remedy = "trust the time only where the stamp came from an authority whose roots you have from itself"
        raise ProblemsFound([Problem(f"no authority under these roots made the time stamp: {_reason(error)}", remedy)]) from None
    except BaseException as error:
        # Where OpenSSL cannot read a certificate that the package took for one, its Rust code panics, and a panic is no Exception.
        if type(error).__name__ != "PanicException":
            raise
        raise ProblemsFound([Problem("a certificate of the time stamp or among the roots cannot be read", "name a PEM file of whole certificates")]) from None
    return granted.tst_info.gen_time


def _granted(reply: bytes, message: bytes) -> TimeStampResponse:
    library = _library()
    try:
        given: TimeStampResponse = library.decode_timestamp_response(reply)
        if given.status != library.PKIStatus.GRANTED:
            reason = " ".join([library.PKIStatus(given.status).name.lower().replace("_", " "), *given.status_string])
            raise ProblemsFound([Problem(f"the authority gave no time stamp: {reason}", _ANOTHER)])
        stamped = given.tst_info.message_imprint.message
    except ValueError as error:
        raise ProblemsFound([Problem(f"the reply of the time stamp authority cannot be read: {_reason(error)}", _ANOTHER)]) from None
    if stamped != sha256(message).digest():
        raise ProblemsFound([Problem("the time stamp is of other bytes than this seal's", "take the reply to this seal's own query")])
    return given


def _reason(error: Exception) -> str:
    """What went wrong, out of a text that goes down to the lines of the library."""
    found = _REASON.search(str(error))
    return str(found[found.lastindex or 0]) if found else str(error).partition(": ErrorStack")[0]


def _certificates(pem: bytes) -> list[Any]:
    from cryptography.x509 import load_pem_x509_certificates

    try:
        return list(load_pem_x509_certificates(pem))
    except ValueError:
        raise ProblemsFound([Problem("the roots of the time stamp authority are no certificates", "name a PEM file of them")]) from None


def _library() -> Any:
    try:
        import rfc3161_client
    except ModuleNotFoundError:
        remedy = "install it with `pip install 'tranche-ledger[sign]'`"
        raise ProblemsFound([Problem("time stamps need the package rfc3161-client", remedy)]) from None
    return rfc3161_client
