"""A seal with a time stamp through the command line: over HTTP, carried by hand, and verified against the books."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Tranche
from tests.store.test_timestamp import MADE, authority, made

TIME = "2026-11-24T22:27:58Z"


@pytest.fixture
def sealed(tranche: Tranche, tmp_path: Path) -> Tranche:
    """The program, with the books that were sealed and the files of the authority that stamped the seal."""
    for path in MADE.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    assert tranche("database", "upgrade").exit_code == 0
    assert tranche("import", "cove.bundle").exit_code == 0
    return tranche


@pytest.fixture
def stamped(sealed: Tranche) -> Tranche:
    """The program, with the stamp in the file stamped.seal."""
    assert sealed("seal", "--seal", "cove.seal", "--timestamp-reply", "cove.reply", "-o", "stamped.seal").exit_code == 0
    return sealed


def test_a_stamp_over_http_and_one_carried_by_hand_are_the_same(stamped: Tranche, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    asked: list[tuple[str | None, bytes]] = []
    with authority(200, made("cove.reply"), asked) as address:
        done = stamped("seal", "--seal", "cove.seal", "--timestamp", address, "-o", "asked.seal")
    carried = stamped("seal", "--seal", "cove.seal", "--timestamp-query", "again.query")

    assert done.exit_code == carried.exit_code == 0
    assert (tmp_path / "asked.seal").read_bytes() == (tmp_path / "stamped.seal").read_bytes()
    assert [question for _, question in asked] == [(tmp_path / "again.query").read_bytes()] == [made("cove.query")]
    assert carried.output.encode() == made("cove.seal")


def test_a_new_seal_without_a_key_is_stamped_where_it_is_made(sealed: Tranche, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    asked: list[tuple[str | None, bytes]] = []
    with authority(200, made("cove.reply"), asked) as address:
        refused = sealed("seal", "COVE-1", "--timestamp", address, "-o", "unsigned.seal")

    assert len(asked) == 1
    assert "the time stamp is of other bytes than this seal's" in refused.stderr  # the reply at hand is for the signed seal
    assert not Path("unsigned.seal").exists()


def test_verify_prints_the_time_that_the_authority_vouches_for(stamped: Tranche) -> None:
    said = stamped("verify", "COVE-1", "--seal", "stamped.seal", "--timestamp-roots", "roots.pem")
    script = stamped("--json", "verify", "COVE-1", "--seal", "stamped.seal", "--timestamp-roots", "roots.pem")
    unasked = stamped("--json", "verify", "COVE-1", "--seal", "stamped.seal")

    assert said.exit_code == 0, said.stderr
    assert said.output.rstrip().endswith(f"anchored by the seal, which existed by {TIME}")
    assert json.loads(script.output)["stamped_at"] == TIME
    assert json.loads(unasked.output)["stamped_at"] is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda seal: seal | {"event_count": 12}, "the time stamp is of other bytes than this seal's"),
        (lambda seal: {name: seal[name] for name in seal if name not in ("key", "signature")}, "the time stamp is of other bytes than this seal's"),
        (lambda seal: {name: seal[name] for name in seal if name != "timestamp"}, "the seal has no time stamp; have it stamped"),
        (lambda seal: seal | {"timestamp": "no base64"}, "the time stamp in the seal is not base64"),
        (lambda seal: seal | {"timestamp": "AAAA"}, "the reply of the time stamp authority cannot be read"),
        (lambda seal: seal | {"timestamp": 1}, "the seal has no whole `timestamp`"),
        (lambda seal: seal | {"position": "2"}, "the seal has no whole `position`"),
        (lambda seal: seal | {"position": 2**64}, "the seal holds what no ledger writes"),
        (lambda seal: seal | {"deal": "\ud800"}, "the seal holds what no ledger writes"),
    ],
)
def test_a_seal_that_is_not_what_was_stamped_is_refused(stamped: Tranche, change: Callable[[dict[str, object]], object], message: str) -> None:
    seal = json.loads(Path("stamped.seal").read_text(encoding="utf-8"))
    Path("altered.seal").write_text(json.dumps(change(seal)), encoding="utf-8")

    verified = stamped("verify", "COVE-1", "--seal", "altered.seal", "--timestamp-roots", "roots.pem")

    assert verified.exit_code == 1
    assert f"altered.seal: {message}" in verified.stderr


def test_an_authority_that_nobody_trusts_is_refused(stamped: Tranche) -> None:
    verified = stamped("verify", "COVE-1", "--seal", "stamped.seal", "--timestamp-roots", "other-roots.pem")

    assert verified.exit_code == 1
    assert verified.stderr.startswith("stamped.seal: no authority under these roots made the time stamp: unable to get local issuer certificate; ")


@pytest.mark.parametrize("reply", ["other.reply", "refused.reply", "cove.query"])
def test_a_reply_that_stamps_nothing_of_the_seal_writes_nothing(sealed: Tranche, reply: str) -> None:
    refused = sealed("seal", "--seal", "cove.seal", "--timestamp-reply", reply, "-o", "stamped.seal")

    assert refused.exit_code == 1
    assert refused.stderr.count("\n") == 1
    assert not Path("stamped.seal").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("seal", "name a deal, or a seal with --seal"),
        ("seal COVE-1 --seal cove.seal", "name a deal, or a seal with --seal"),
        ("seal COVE-1 --timestamp http://a --timestamp-reply b", "a seal has one time stamp: --timestamp or --timestamp-reply"),
        ("verify COVE-1 --timestamp-roots roots.pem", "--trust and --timestamp-roots are about a seal: name it with --seal"),
    ],
)
def test_options_that_do_not_go_together_are_refused(tranche: Tranche, arguments: str, message: str) -> None:
    refused = tranche(*arguments.split())

    assert refused.exit_code == 2
    assert message in refused.stderr
