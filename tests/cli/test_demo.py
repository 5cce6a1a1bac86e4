"""The demo: what it says, where it writes, and what it refuses to touch."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.demo import MADE
from cli.main import main


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["demo", *arguments], prog_name="tranche")


def test_demo_runs_a_real_trust_and_proves_it(demo: tuple[Path, Result]) -> None:
    _, result = demo

    assert result.exit_code == 0, result.output
    assert "SMT-2000-4 against published.csv: " in result.output
    assert "SMT-2000-4: the chain is whole up to position 24; 11 distributions replay to the same cents." in result.output


def test_demo_points_out_what_happens_to_the_invented_trust(demo: tuple[Path, Result]) -> None:
    told = [line for line in demo[1].output.splitlines() if line.startswith("    > ")]

    for word in ("loss", "draw", "written down", "written up"):
        assert any(word in line.lower() for line in told), told


def test_demo_writes_only_under_its_directory(demo: tuple[Path, Result]) -> None:
    directory, result = demo

    assert [path.name for path in directory.iterdir()] == ["tranche-demo"]
    assert {path.name for path in (directory / "tranche-demo").iterdir()} <= set(MADE)
    assert "Everything is in tranche-demo" in result.output


def test_demo_makes_its_own_directory_afresh_and_leaves_what_others_put_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / ".tranche-demo").write_text("")
    (tmp_path / "mine" / "notes.txt").write_text("kept")
    (tmp_path / "mine" / "books.db").write_text("an old one")

    result = run("mine")

    assert result.exit_code == 0, result.output
    assert (tmp_path / "mine" / "notes.txt").read_text() == "kept"
    listed = CliRunner().invoke(main, ["--database", "sqlite:///mine/books.db", "--json", "deal", "list"], prog_name="tranche")
    assert "SMT-2000-4" in [deal["deal"] for deal in json.loads(listed.stdout)]


def test_demo_refuses_a_directory_that_it_did_not_make(tmp_path: Path) -> None:
    (tmp_path / "books.db").write_text("somebody's books")

    result = run(str(tmp_path))

    assert result.exit_code == 1
    assert "the directory holds something that no demo made; name a new or an empty directory" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["books.db"]
    assert (tmp_path / "books.db").read_text() == "somebody's books"


def test_demo_refuses_a_file_in_place_of_a_directory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    assert run(str(tmp_path / "file")).exit_code == 1
