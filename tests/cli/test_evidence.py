"""`tranche evidence`, and what other commands say of the files that are kept."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.cli.conftest import FEBRUARY, Tranche

WRONG = "distribution_date,kind,value\n2025-04-25,intrest,8000.00\n"


def listed(tranche: Tranche) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(tranche("evidence", "list", "COVE-1", "--json").output)
    return found


def digest_of(tranche: Tranche, number: int = 1) -> str:
    return str(listed(tranche)[number - 1]["digest"])


@pytest.fixture
def refused(distributed: Tranche, tmp_path: Path) -> Tranche:
    """The program, with two months distributed and a third that was refused."""
    (tmp_path / "wrong.csv").write_text(WRONG, encoding="utf-8")
    assert distributed("remit", "COVE-1", "wrong.csv").exit_code == 1
    return distributed


def test_list_names_every_file_that_came(refused: Tranche) -> None:
    result = refused("evidence", "list", "COVE-1")

    lines = [line.split() for line in result.output.splitlines() if ".csv" in line]
    assert [(line[3], line[4], line[5:]) for line in lines] == [
        ("2025-02.csv", "csv/1", ["appended"]),
        ("2025-03.csv", "csv/1", ["appended"]),
        ("wrong.csv", "csv/1", ["refused", "1"]),
    ]
    assert lines[0][:2] == [digest_of(refused)[:12], str(len(FEBRUARY))]


def test_list_of_a_deal_without_files_says_so(opened: Tranche) -> None:
    assert opened("evidence", "list", "COVE-1").output == "no file came for COVE-1\n"


def test_show_gives_the_file_as_it_came(refused: Tranche, tmp_path: Path) -> None:
    digest = digest_of(refused)[:8]

    assert refused("evidence", "show", "COVE-1", digest).output == FEBRUARY
    assert refused("evidence", "show", "COVE-1", digest, "--row", "2").output == "2025-02-25,interest,8000.00\n"
    assert refused("evidence", "show", "COVE-1", digest, "-o", "out.csv").exit_code == 0
    assert (tmp_path / "out.csv").read_text(encoding="utf-8") == FEBRUARY


def test_show_says_what_a_file_was_refused_for(refused: Tranche) -> None:
    digests = digest_of(refused, 3), digest_of(refused, 1)

    assert refused("evidence", "show", "COVE-1", digests[0], "--problems").output.startswith("wrong.csv:2: `kind` is `intrest`")
    assert refused("evidence", "show", "COVE-1", digests[1], "--problems").output == ""
    assert refused("evidence", "show", "COVE-1", digests[0], "--problems", "--row", "1").exit_code == 2


def test_erased_file_is_listed_as_erased_and_the_chain_verifies(refused: Tranche) -> None:
    digest = digest_of(refused)
    result = refused("evidence", "erase", "COVE-1", digest[:12], "--reason", "ticket 4711")

    assert result.output == f"{digest}: erased, as position 6 of COVE-1 says\n"
    assert "erased at 6" in refused("evidence", "list", "COVE-1").output
    assert "2 files kept, 2 read, 1 erased; unanchored" in refused("verify", "COVE-1").output
    assert refused("evidence", "show", "COVE-1", digest).exit_code == 1
    assert "ticket 4711" in refused("events", "COVE-1", "--position", "6").output


def test_erasing_needs_a_reason_and_a_file(refused: Tranche) -> None:
    assert refused("evidence", "erase", "COVE-1", digest_of(refused)).exit_code == 2
    assert "has no reason" in refused("evidence", "erase", "COVE-1", digest_of(refused), "--reason", " ").stderr
    assert "there is no file 'abcdef'" in refused("evidence", "erase", "COVE-1", "abcdef", "--reason", "why").stderr


def test_rows_stand_below_the_lines_that_they_gave_only_where_they_are_asked_for(distributed: Tranche) -> None:
    asked = ("explain", "COVE-1", "A", "--item", "interest_paid", "--date", "2025-02")

    lines = [line.strip() for line in distributed(*asked, "--rows").output.splitlines()]
    assert lines.index(": 2025-02-25,interest,8000.00") == 1 + next(at for at, line in enumerate(lines) if line.startswith("+ interest: pool  [2025-02.csv:2,"))
    assert "8000.00\n" not in distributed(*asked).output
    assert '"text":"2025-02-25,interest,8000.00"' in distributed(*asked, "--rows", "--json").output
    assert '"text"' not in distributed(*asked, "--json").output


def test_files_are_kept_encrypted_with_a_key(opened: Tranche, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = opened("evidence", "key", "evidence.key")
    assert made.exit_code == 0
    assert (tmp_path / "evidence.key").stat().st_mode & 0o777 == 0o600
    assert opened("remit", "COVE-1", "2025-02.csv", "--evidence-key", "evidence.key").exit_code == 0
    digest = digest_of(opened)

    without = opened("evidence", "show", "COVE-1", digest)
    monkeypatch.setenv("TRANCHE_EVIDENCE_KEY", "evidence.key")

    assert f"is encrypted with the evidence key {made.output.split()[-1]}; name its file" in without.stderr
    assert opened("evidence", "show", "COVE-1", digest).output == FEBRUARY
    assert "1 file kept, 1 read;" in opened("verify", "COVE-1", "--evidence").output
    monkeypatch.delenv("TRANCHE_EVIDENCE_KEY")
    assert "1 file kept, 0 read;" in opened("verify", "COVE-1", "--evidence").output


def test_evidence_key_never_replaces_a_file(opened: Tranche, tmp_path: Path) -> None:
    (tmp_path / "evidence.key").write_text("kept", encoding="utf-8")

    assert "the file is there already" in opened("evidence", "key", "evidence.key").stderr
    assert (tmp_path / "evidence.key").read_text(encoding="utf-8") == "kept"


def test_file_that_holds_no_evidence_key_is_named(opened: Tranche, tmp_path: Path) -> None:
    (tmp_path / "no.key").write_text("secret", encoding="utf-8")
    result = opened("remit", "COVE-1", "2025-02.csv", "--evidence-key", "no.key")

    assert result.stderr == "no.key: the file is no evidence key, which is 64 digits in hex; make one with `tranche evidence key FILE`\n"
    assert listed(opened) == []
    assert "TRANCHE_EVIDENCE_KEY" not in os.environ
