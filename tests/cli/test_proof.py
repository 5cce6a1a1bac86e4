"""Seals and proofs through the command line."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.cli.conftest import Tranche

PEM, DER = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo


def canonical(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def key_pair(folder: Path, name: str) -> tuple[str, str]:
    """The paths of a private key, as `openssl genpkey -algorithm ed25519` writes it, and of its public key."""
    key = Ed25519PrivateKey.generate()
    private, public = folder / f"{name}.pem", folder / f"{name}.pub"
    private.write_bytes(key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    public.write_bytes(key.public_key().public_bytes(PEM, DER))
    return str(private), str(public)


def test_a_proof_names_its_line_and_hashes_to_its_commit_with_sha_256_alone(distributed: Tranche) -> None:
    events = json.loads(distributed("--json", "events", "COVE-1", "--position", "2").output)
    line = next(int(event["line"]) for event in events if event["kind"] == "interest")
    proof = json.loads(distributed("prove", "COVE-1", f"2:{line}").output)

    assert proof["event"][:7] == [line, "interest", None, None, 800_000, None, None]
    assert sha256(canonical(proof["commit"])).hexdigest() == proof["hash"]
    assert proof["commit"][-2] == len(events)


def test_a_proof_is_checked_without_a_database(distributed: Tranche, tmp_path: Path) -> None:
    distributed("prove", "COVE-1", "2:1", "-o", "line.proof")
    (tmp_path / "tranche.db").unlink()

    checked = distributed("prove", "--check", "line.proof")

    assert checked.exit_code == 0
    assert checked.output.startswith("the proof holds: line 1 is in commit ")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda proof: proof | {"event": [*proof["event"][:2], "other", *proof["event"][3:]]}, "the proof does not hold"),
        (lambda proof: {"format": proof["format"]}, "the file is no whole proof"),
        (lambda proof: proof | {"path": ["zz"]}, "the file is no whole proof"),
        (lambda proof: proof | {"format": "other"}, "the file is no `tranche-ledger proof 1`"),
    ],
)
def test_a_proof_that_was_altered_is_refused(distributed: Tranche, tmp_path: Path, change: object, message: str) -> None:
    proof = json.loads(distributed("prove", "COVE-1", "2:1").output)
    (tmp_path / "line.proof").write_text(json.dumps(change(proof)), encoding="utf-8")  # type: ignore[operator]  # one of the functions above

    checked = distributed("prove", "--check", "line.proof")

    assert checked.exit_code == 1
    assert message in checked.stderr


@pytest.mark.parametrize(("place", "message"), [("9:1", "COVE-1 has positions 1 to 5, not 9"), ("2:99", "the commit has lines 1 to 11, not 99")])
def test_a_proof_of_a_line_that_is_not_there_is_refused(distributed: Tranche, place: str, message: str) -> None:
    refused = distributed("prove", "COVE-1", place)

    assert refused.exit_code == 1
    assert message in refused.stderr


def test_a_signed_seal_anchors_the_books(distributed: Tranche, tmp_path: Path) -> None:
    private, public = key_pair(tmp_path, "trustee")
    distributed("seal", "COVE-1", "--key", private, "-o", "cove.seal")

    verified = distributed("verify", "COVE-1", "--seal", "cove.seal", "--trust", public)

    assert verified.exit_code == 0, verified.stderr
    assert verified.output.rstrip().endswith("anchored by the seal")


def test_books_go_on_from_their_seal(opened: Tranche) -> None:
    opened("seal", "COVE-1", "-o", "cove.seal")
    opened("remit", "COVE-1", "2025-02.csv")

    assert opened("verify", "COVE-1", "--seal", "cove.seal").exit_code == 0


def test_only_a_seal_shows_a_log_that_was_cut_or_written_anew(distributed: Tranche, tmp_path: Path) -> None:
    distributed("seal", "COVE-1", "-o", "cove.seal")
    (tmp_path / "tranche.db").unlink()
    for command in (["database", "upgrade"], ["deal", "open", "deal.yaml"], ["remit", "COVE-1", "2025-02.csv"]):
        distributed(*command)

    cut = distributed("verify", "COVE-1", "--seal", "cove.seal")
    for command in (["remit", "COVE-1", "2025-03.csv"], ["distribute", "COVE-1"]):
        distributed(*command)
    forked = distributed("verify", "COVE-1", "--seal", "cove.seal")

    assert distributed("verify", "COVE-1").exit_code == 0
    assert "truncated: the seal saw position 5, the log ends at 2" in cut.stderr
    assert "forked: the seal saw another commit at position 5" in forked.stderr


def test_a_seal_that_was_altered_or_signed_by_another_is_refused(distributed: Tranche, tmp_path: Path) -> None:
    private, _ = key_pair(tmp_path, "trustee")
    _, other = key_pair(tmp_path, "other")
    sealed = json.loads(distributed("seal", "COVE-1", "--key", private, "-o", "cove.seal").output or (tmp_path / "cove.seal").read_text())
    (tmp_path / "altered.seal").write_text(json.dumps(sealed | {"event_count": 1}), encoding="utf-8")
    (tmp_path / "unsigned.seal").write_text(distributed("seal", "COVE-1").output, encoding="utf-8")

    assert "altered: the seal's signature does not hold" in distributed("verify", "COVE-1", "--seal", "altered.seal").stderr
    assert "signed with another key" in distributed("verify", "COVE-1", "--seal", "cove.seal", "--trust", other).stderr
    assert "the seal is not signed" in distributed("verify", "COVE-1", "--seal", "unsigned.seal", "--trust", other).stderr


def test_a_key_that_is_none_is_refused(distributed: Tranche, tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text("no key", encoding="utf-8")
    refused = distributed("seal", "COVE-1", "--key", "key.pem")

    assert refused.exit_code == 1
    assert "the key is no Ed25519 private key; make one with `tranche actor key -o FILE`" in refused.stderr
