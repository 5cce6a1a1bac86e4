"""Time stamps: the query, the reply, and whether an authority under the roots that are trusted vouches for these bytes."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from ledger.core.problems import ProblemsFound
from ledger.service.timestamps import stamped_bytes
from ledger.store import timestamp
from tests.conftest import ROOT

MADE = ROOT / "tests" / "timestamps"
SEAL = json.loads((MADE / "cove.seal").read_text(encoding="utf-8"))
MESSAGE = stamped_bytes(SEAL)
STAMPED_AT = datetime(2026, 11, 24, 22, 27, 58, tzinfo=UTC)


def made(name: str) -> bytes:
    return (MADE / name).read_bytes()


def problem(action: Callable[[], object]) -> str:
    with pytest.raises(ProblemsFound) as found:
        action()
    return str(found.value)


@contextmanager
def authority(status: int, reply: bytes, asked: list[tuple[str | None, bytes]]) -> Iterator[str]:
    """A server on this machine that answers whatever it is asked with one reply, and notes the question."""

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append((self.headers["Content-Type"], self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the base class's
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/stamp"
        finally:
            server.shutdown()
            thread.join()


def test_what_is_stamped_of_a_signed_seal_is_what_was_signed_with_key_and_signature_after_it() -> None:
    fields = [SEAL[name] for name in ("format", "deal", "position", "hash", "event_count", "recorded_at", "key", "signature")]

    assert json.dumps(fields, separators=(",", ":")).encode() == MESSAGE


def test_the_query_follows_from_the_bytes_alone_and_holds_their_sha_256() -> None:
    assert timestamp.query(MESSAGE) == made("cove.query")
    assert sha256(MESSAGE).digest() in made("cove.query")


def test_an_authority_under_the_roots_vouches_for_the_time() -> None:
    assert timestamp.vouched_time(made("cove.reply"), MESSAGE, made("roots.pem")) == STAMPED_AT


def test_a_stamp_holds_after_its_certificate_has_ended_and_one_that_was_made_after_the_end_does_not() -> None:
    passing = timestamp.vouched_time(made("passing.reply"), MESSAGE, made("roots.pem"))
    ended = problem(lambda: timestamp.vouched_time(made("ended.reply"), MESSAGE, made("roots.pem")))

    assert passing == STAMPED_AT
    assert ended.startswith("no authority under these roots made the time stamp: certificate has expired; ")


@pytest.mark.parametrize(
    ("reply", "roots", "message"),
    [
        ("other.reply", "roots.pem", "the time stamp is of other bytes than this seal's; take the reply to this seal's own query"),
        ("cove.reply", "other-roots.pem", "no authority under these roots made the time stamp: unable to get local issuer certificate; "),
        ("cove.reply", "cove.seal", "the roots of the time stamp authority are no certificates; name a PEM file of them"),
        ("refused.reply", "roots.pem", "the authority gave no time stamp: rejection Message digest algorithm is not supported.; ask the authority again"),
        ("cove.seal", "roots.pem", "the reply of the time stamp authority cannot be read: "),
    ],
)
def test_a_stamp_that_shows_nothing_is_refused(reply: str, roots: str, message: str) -> None:
    assert problem(lambda: timestamp.vouched_time(made(reply), MESSAGE, made(roots))).startswith(message)


def test_a_reply_with_any_byte_changed_is_refused_or_says_the_same_time() -> None:
    reply = made("cove.reply")
    times = set()
    for place in range(len(reply)):
        try:
            times.add(timestamp.vouched_time(reply[:place] + bytes([reply[place] ^ 1]) + reply[place + 1 :], MESSAGE, made("roots.pem")))
        except ProblemsFound:
            continue

    assert times <= {STAMPED_AT}


def test_a_reply_that_was_cut_off_anywhere_is_refused() -> None:
    reply = made("cove.reply")
    for length in range(len(reply)):
        problem(lambda length=length: timestamp.check(reply[:length], MESSAGE))  # type: ignore[misc]  # a default is no argument


def test_the_query_goes_to_the_authority_as_rfc_3161_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    asked: list[tuple[str | None, bytes]] = []
    with authority(200, made("cove.reply"), asked) as address:
        reply = timestamp.ask(address, made("cove.query"))

    assert reply == made("cove.reply")
    assert asked == [("application/timestamp-query", made("cove.query"))]


@pytest.mark.parametrize(("status", "said"), [(404, "404 Not Found"), (302, "302 Found"), (500, "500 Internal Server Error")])
def test_an_authority_that_refuses_or_sends_elsewhere_is_named(monkeypatch: pytest.MonkeyPatch, status: int, said: str) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with authority(status, b"", []) as address:
        refused = problem(lambda: timestamp.ask(address, made("cove.query")))

    assert refused == f"{address}: the authority answered {said}; check its address"


@pytest.mark.parametrize("address", [(MADE / "cove.reply").as_uri(), "ftp://127.0.0.1/stamp", "stamp.example", "http://[", "http://a b/"])
def test_nothing_but_http_is_asked(address: str) -> None:
    assert problem(lambda: timestamp.ask(address, b"")).startswith(f"{address}: no time stamp authority answered: ")


def test_an_authority_that_is_silent_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(timestamp, "TIMEOUT", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/"

        assert problem(lambda: timestamp.ask(address, b"")).startswith(f"{address}: no time stamp authority answered: timed out; ")


def test_the_package_that_is_missing_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "rfc3161_client", None)

    assert problem(lambda: timestamp.query(MESSAGE)) == ("time stamps need the package rfc3161-client; install it with `pip install 'tranche-ledger[sign]'`")


def test_the_reply_in_the_seal_is_the_authoritys_own_bytes() -> None:
    from ledger import service

    stamped = service.add_timestamp(SEAL, made("cove.reply"))

    assert stamped == SEAL | {"timestamp": b64encode(made("cove.reply")).decode()}
    assert problem(lambda: service.add_timestamp(stamped, made("cove.reply"))).startswith("the seal has a time stamp; keep it as it is")


def test_a_root_whose_name_is_no_text_is_a_problem() -> None:
    spoilt = ssl.PEM_cert_to_DER_cert(made("roots.pem").decode()).replace(b"Example Root", b"\xffxample Root")

    said = problem(lambda: timestamp.vouched_time(made("cove.reply"), MESSAGE, ssl.DER_cert_to_PEM_cert(spoilt).encode()))

    assert said == "a certificate of the time stamp or among the roots cannot be read; name a PEM file of whole certificates"
