"""One command over several deals: what goes wrong with one does not stop the rest."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import DEAL, FEBRUARY, MARCH, Tranche


def addressed(text: str, deal: str) -> str:
    """The month with a `deal` column."""
    header, *rows = text.splitlines()
    return "\n".join([f"deal,{header}", *(f"{deal},{row}" for row in rows)]) + "\n"


@pytest.fixture
def three(tranche: Tranche, tmp_path: Path) -> Tranche:
    """COVE-1, COVE-2 (known to its servicer as C2) and BAY-1, and a folder with a month of each; that of COVE-1 has a wrong kind in it."""
    tranche("database", "upgrade")
    for name in ("COVE-1", "COVE-2", "BAY-1"):
        aliases = "aliases: [C2]\ntitle:" if name == "COVE-2" else "title:"
        (tmp_path / f"{name}.yaml").write_text(DEAL.replace("COVE-1", name).replace("title:", aliases), encoding="utf-8")
        assert tranche("deal", "open", f"{name}.yaml").exit_code == 0
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    months = {"a.csv": addressed(FEBRUARY, "BAY-1"), "b.csv": addressed(FEBRUARY, "COVE-1").replace("interest", "intrest"), "c.csv": addressed(FEBRUARY, "C2")}
    for name, text in months.items():
        (inbox / name).write_text(text, encoding="utf-8")
    return tranche


def test_each_file_of_a_folder_goes_to_the_deal_that_it_names(three: Tranche) -> None:
    result = three("remit", "--all", "inbox")

    assert result.exit_code == 1
    assert "a.csv: 2025-02-25: 2 events appended at position 2" in result.stdout
    assert "c.csv: 2025-02-25: 2 events appended at position 2" in result.stdout
    assert "did you mean interest or advance_interest?" in result.stderr
    assert "b.csv" not in result.stdout


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (FEBRUARY, "a.csv: the file does not say whose it is; add a `deal` column, or remit it to its deal by name"),
        (addressed(FEBRUARY, "COVE-9"), "a.csv:2: `deal` is COVE-9, and no deal goes by that name; did you mean COVE-2 or COVE-1?"),
    ],
)
def test_a_file_of_nobody_is_a_problem_of_its_own(three: Tranche, tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "inbox" / "a.csv").write_text(text, encoding="utf-8")
    result = three("remit", "--all", "inbox")

    assert message in result.stderr
    assert "c.csv: 2025-02-25" in result.stdout


def test_a_pattern_means_the_deals_that_are_named_like_it(three: Tranche) -> None:
    three("remit", "--all", "inbox")
    result = three("distribute", "COVE-*")

    assert result.exit_code == 0
    assert result.stdout == "COVE-2: 2025-02-25: distribution 1, paid 2025-02-25: interest 7,900.00, principal 10,000.00, fees 100.00\n"
    assert "COVE-1 has nothing to distribute" in result.stderr
    assert "BAY-1" not in result.output


def test_publishing_all_of_a_month_lists_what_is_not_distributed(three: Tranche) -> None:
    three("remit", "--all", "inbox")
    three("distribute", "--all")
    result = three("publish", "--all", "2025-02")

    assert result.exit_code == 1
    assert [line[:15] for line in result.stdout.splitlines()] == ["BAY-1: 2025-02-", "COVE-2: 2025-02"]
    assert "COVE-1: the period 2025-02-25 is not distributed" in result.stderr


def test_statements_of_all_deals_are_files_of_a_folder(three: Tranche, tmp_path: Path) -> None:
    result = three("statement", "--all", "--format", "json", "-o", "statements")

    assert result.exit_code == 0
    assert sorted(path.name for path in (tmp_path / "statements").iterdir()) == ["BAY-1.json", "COVE-1.json", "COVE-2.json", "manifest.json"]
    assert json.loads((tmp_path / "statements" / "BAY-1.json").read_text())["deal"] == "BAY-1"


def test_verify_of_all_is_json_by_deal(three: Tranche) -> None:
    assert sorted(json.loads(three("--json", "verify", "--all").stdout)) == ["BAY-1", "COVE-1", "COVE-2"]


@pytest.mark.parametrize("words", [["distribute", "BAY-2*"], ["verify", "X?"], ["statement", "[Z]*"]])
def test_a_pattern_that_means_no_deal_is_a_problem(three: Tranche, words: list[str]) -> None:
    result = three(*words)

    assert result.exit_code == 1
    assert f"no deal is named like {words[1]}; see `tranche deal list`" in result.stderr


def test_a_folder_without_remittances_is_a_problem(three: Tranche, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    assert "empty: there are no remittances here; name a folder with .csv files" in three("remit", "--all", "empty").stderr


def test_a_month_that_came_with_the_next_is_left_whole(three: Tranche, tmp_path: Path) -> None:
    """Files go in by name, so that a deal's later month follows its earlier one."""
    (tmp_path / "inbox" / "d.csv").write_text(addressed(MARCH, "BAY-1"), encoding="utf-8")

    assert "d.csv: 2025-03-25: 3 events appended at position 3" in three("remit", "--all", "inbox").stdout
