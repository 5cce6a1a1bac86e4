"""Who is writing: declared on SQLite, the database's own user on PostgreSQL, the name that a key is listed for on either."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from ledger.store import keys
from tests.cli.conftest import Tranche


def actors(tranche: Tranche) -> list[str]:
    return [commit["actor"] for commit in json.loads(tranche("--json", "events", "COVE-1").stdout)]


def test_an_actor_is_declared_on_sqlite_and_status_says_so(tranche: Tranche) -> None:
    tranche("database", "upgrade")
    tranche("deal", "open", "deal.yaml", "--actor", "m.okafor")

    assert actors(tranche) == ["m.okafor"]
    assert "who acted: 1 commit by a declared actor, which proves nothing" in tranche("status").stdout


def test_the_actor_is_the_user_of_the_database_on_postgresql(tranche: Tranche, postgresql: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRANCHE_DATABASE", postgresql)
    refused = tranche("deal", "open", "deal.yaml", "--actor", "m.okafor")
    opened = tranche("deal", "open", "deal.yaml")

    assert refused.stderr == "the actor is postgres, as whom the database is open, and not m.okafor; connect as that user, or leave out --actor\n"
    assert opened.exit_code == 0
    assert actors(tranche) == ["postgres"]
    assert "declared" not in tranche("status").stdout


@pytest.fixture
def keyed(opened: Tranche) -> Tranche:
    """The program, with the trust open and two keys listed: m.pem of m.okafor, a.pem of a.lindqvist."""
    for line in (
        "actor key -o m.pem",
        "actor key -o a.pem",
        "actor add m.okafor m.pem.pub",
        "actor add a.lindqvist a.pem.pub --key m.pem",
    ):
        result = opened(*line.split())
        assert result.exit_code == 0, result.stderr
    return opened


def test_a_key_is_its_owners_alone_and_never_overwritten(tranche: Tranche, tmp_path: Path) -> None:
    made = json.loads(tranche("--json", "actor", "key", "-o", "m.pem").stdout)
    again = tranche("actor", "key", "-o", "m.pem")

    assert stat.S_IMODE((tmp_path / "m.pem").stat().st_mode) == 0o600
    assert keys.read_private((tmp_path / "m.pem").read_bytes()).key == keys.read_public((tmp_path / "m.pem.pub").read_bytes()) == made["key"]
    assert again.stderr == "m.pem: the file is there already; name another: a key that is overwritten is lost\n"


def test_the_actor_is_the_name_that_the_key_is_listed_for(keyed: Tranche, monkeypatch: pytest.MonkeyPatch) -> None:
    remitted = keyed("remit", "COVE-1", "2025-02.csv", "--key", "m.pem")
    other = keyed("remit", "COVE-1", "2025-03.csv", "--key", "m.pem", "--actor", "a.lindqvist")
    bare = keyed("remit", "COVE-1", "2025-03.csv", "--actor", "a.lindqvist")
    monkeypatch.setenv("TRANCHE_KEY", "a.pem")
    from_environment = keyed("remit", "COVE-1", "2025-03.csv")

    assert (remitted.exit_code, from_environment.exit_code) == (0, 0), (remitted.stderr, from_environment.stderr)
    assert other.stderr == "the actor is m.okafor, whose key --key names, and not a.lindqvist; leave out --actor\n"
    assert bare.stderr == "COVE-1: a.lindqvist is on the actor list, and writes with a key; name its file with --key, or TRANCHE_KEY\n"
    assert actors(keyed) == ["tester", "m.okafor", "a.lindqvist"]
    keys_shown = [commit["key"] for commit in json.loads(keyed("--json", "events", "COVE-1").stdout)]
    assert keys_shown == [None, *(keys.read_public(Path(name).read_bytes()) for name in ("m.pem.pub", "a.pem.pub"))]
    assert ["signed" in line for line in keyed("events", "COVE-1").stdout.splitlines()] == [True, False, False, True, True]
    assert "who acted: 2 commits signed with a listed key, 1 commit by a declared actor, which proves nothing" in keyed("status").stdout
    assert json.loads(keyed("--json", "status").stdout)[0]["actors"] == {"signed": 2, "database_user": 0, "declared": 1}
    assert "; who acted: 2 commits signed with a listed key, 1 commit by a declared actor, which" in keyed("verify", "COVE-1").stdout
    assert json.loads(keyed("--json", "verify", "COVE-1").stdout)["actors"] == {"signed": 2, "database_user": 0, "declared": 1}


def test_a_key_of_the_environment_does_not_stand_in_the_way_of_the_first_listing(tranche: Tranche, monkeypatch: pytest.MonkeyPatch) -> None:
    for line in ("database upgrade", "actor key -o m.pem"):
        assert tranche(*line.split()).exit_code == 0
    monkeypatch.setenv("TRANCHE_KEY", "m.pem")

    assert tranche("actor", "add", "m.okafor", "m.pem.pub").exit_code == 0
    assert tranche("deal", "open", "deal.yaml").exit_code == 0
    assert actors(tranche) == ["m.okafor"]


def test_a_key_that_is_none_is_refused_by_name_where_something_is_written(keyed: Tranche) -> None:
    for key, says in (("m.pem.pub", "the key is no Ed25519 private key; make one with"), ("none.pem", "there is no such file or directory; check the path")):
        assert keyed("remit", "COVE-1", "2025-02.csv", "--key", key).stderr.startswith(f"{key}: {says}")
        assert keyed("status", "--key", key).exit_code == 0
    assert actors(keyed) == ["tester"]


def test_the_list_shows_every_act(keyed: Tranche) -> None:
    assert keyed("database", "approval", "asked", "--key", "a.pem").stdout.endswith("asks for approval, by act 3\n")
    assert keyed("database", "approval", "asked", "--key", "a.pem").stdout.endswith("asks for approval already\n")
    refused = keyed("database", "approval", "not-asked")

    assert refused.stderr.startswith("keys are in use: the actor list and the database's settings are changed with one of them; name its file with --key")
    listed = [line.split() for line in keyed("actor", "list").stdout.splitlines()]
    assert [(line[0], line[1], line[2], line[-1]) for line in listed if line and line[0].isdecimal()] == [
        ("1", "add", "m.okafor", listed[-3][-1]), ("2", "add", "a.lindqvist", "signed"), ("3", "set", "approval", "signed"),
    ]  # fmt: skip
    assert listed[-3][-1] != "signed"
    assert [one["actor"] for one in json.loads(keyed("--json", "actor", "list").stdout)][1:] == ["m.okafor", "a.lindqvist"]


def test_nobody_listed_is_said(opened: Tranche) -> None:
    assert opened("actor", "list").stdout == "nobody is listed: actors are declared\n"


def test_an_approval_that_the_database_asks_for_goes_from_key_to_key(keyed: Tranche) -> None:
    for line in ("database approval asked --key m.pem", "remit COVE-1 2025-02.csv --key m.pem", "distribute COVE-1 --key m.pem"):
        assert keyed(*line.split()).exit_code == 0
    alone, declared = keyed("approve", "COVE-1", "2025-02", "--key", "m.pem"), keyed("approve", "COVE-1", "2025-02", "--actor", "somebody")
    approved = keyed("approve", "COVE-1", "2025-02", "--key", "a.pem")

    assert "m.okafor proposed 2025-02-25 and cannot approve it too" in alone.stderr
    assert "somebody has no key, and this database lists keys" in declared.stderr
    assert approved.exit_code == 0, approved.stderr
    assert keyed("verify", "COVE-1").exit_code == 0


def test_a_key_is_the_actor_on_postgresql_too(tranche: Tranche, postgresql: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRANCHE_DATABASE", postgresql)
    for line in ("actor key -o m.pem", "actor add m.okafor m.pem.pub", "deal open deal.yaml --key m.pem", "remit COVE-1 2025-02.csv"):
        result = tranche(*line.split())
        assert result.exit_code == 0, result.stderr

    assert actors(tranche) == ["m.okafor", "postgres"]
    assert "who acted: 1 commit signed with a listed key, 1 commit by the database's user\n" in tranche("status").stdout
