"""Who is writing: declared on SQLite, the database's own user on PostgreSQL."""

from __future__ import annotations

import json

import pytest

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
