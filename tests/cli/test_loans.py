"""`tranche loans`: listings, files for programs, the loans behind a figure, and the check."""

from __future__ import annotations

import csv
import json
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.common import DEMO
from cli.main import main
from ledger.core.loan_columns import COLUMNS
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "loans.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```text\n\$ tranche (loans .+)\n([^`]+)```", PAGE)


@pytest.fixture
def demo_books(demo: tuple[Path, Result], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(demo[0])


def loans(*arguments: str) -> Result:
    return CliRunner().invoke(main, [*shlex.split(DEMO)[1:], "loans", "LANTERN-2024-1", *arguments], prog_name="tranche")


@pytest.mark.usefixtures("demo_books")
@pytest.mark.parametrize(("command", "printed"), BLOCKS, ids=[command for command, _ in BLOCKS])
def test_the_page_shows_what_is_printed(command: str, printed: str) -> None:
    result = loans(*shlex.split(command)[2:])

    assert result.exit_code == 0, result.output
    assert [line for line in printed.splitlines() if line not in result.output.splitlines()] == []


def test_the_page_has_examples() -> None:
    assert len(BLOCKS) == 2


@pytest.mark.usefixtures("demo_books")
def test_the_page_has_every_column() -> None:
    section = PAGE.partition("## Columns")[2].partition("## Conditions")[0]

    assert [name for name in COLUMNS if f"`{name}`" not in section] == []


@pytest.mark.usefixtures("demo_books")
def test_listing_ends_with_its_sums() -> None:
    lines = loans("--date", "2025-03").output.splitlines()

    assert lines[0] == "LANTERN-2024-1  Lantern Home Loan Trust 2024-1 (invented)"
    assert lines[1].startswith("Loans at the end of the period 2025-03-25, distributed on 2025-03-25; position ")
    assert lines[-3].split() == ["895,450.00", "3,750.00", "56,000.00", "39,000.00", "796,700.00", "4,817.75", "39,000.00"]
    assert lines[-1] == "11 loans"


@pytest.mark.usefixtures("demo_books")
def test_csv_and_json_have_the_same_rows(tmp_path: Path) -> None:
    assert loans("--date", "2025-03", "--format", "csv", "-o", str(tmp_path / "loans.csv")).exit_code == 0
    value = json.loads(loans("--date", "2025-03", "--json").output)

    with (tmp_path / "loans.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows == [{name: "" if loan[name] is None else str(loan[name]) for name in COLUMNS} for loan in value["loans"]]
    assert (value["deal"], value["period"], value["total"]["loans"], value["total"]["closing_balance"]) == ("LANTERN-2024-1", "2025-03-25", 11, "796700.00")
    assert value["figure"] is None


@pytest.mark.usefixtures("demo_books")
def test_sums_alone_are_by_pool() -> None:
    text = loans("--date", "2025-03", "--total").output
    value = json.loads(loans("--date", "2025-03", "--total", "--json").output)

    assert text.splitlines()[-1].split()[:3] == ["pool", "11", "895,450.00"]
    assert value["pools"]["pool"]["loss"] == "39000.00"
    assert value["pools"]["pool"]["loans"] == 11


@pytest.mark.usefixtures("demo_books")
def test_loans_behind_a_figure_tie_to_it_in_every_form() -> None:
    text = loans("--date", "2025-03", "--of", "pool.loss").output
    value = json.loads(loans("--date", "2025-03", "--of", "pool.loss", "--json").output)
    table = loans("--date", "2025-03", "--of", "pool.loss", "--format", "csv").output
    summed = loans("--date", "2025-03", "--of", "pool.loss", "--total").output

    assert "pool.loss of these loans: 39,000.00; on the statement: 39,000.00" in text.splitlines()
    assert (value["figure"]["value"], value["total"]["part"], [loan["part"] for loan in value["loans"]]) == ("39000.00", "39000.00", ["39000.00"])
    assert [(row["loan"], row["pool.loss"]) for row in csv.DictReader(table.splitlines())] == [("L-04", "39000.00")]
    assert "pool.loss of these loans: 39,000.00; on the statement: 39,000.00" in summed.splitlines()


@pytest.mark.usefixtures("demo_books")
def test_explanation_of_a_figure_names_the_command_and_it_runs() -> None:
    line = f"{DEMO} explain LANTERN-2024-1 pool --item charge_off --date 2025-08"
    explained = CliRunner().invoke(main, shlex.split(line)[1:], prog_name="tranche").output
    named = re.findall("Loan by loan: `tranche (loans .+)`", explained)

    assert named == ["loans LANTERN-2024-1 --date 2025-08 --of pool.charge_off"]
    assert "pool.charge_off of these loans: 300.00; on the statement: 300.00" in loans(*named[0].split()[2:]).output


@pytest.mark.usefixtures("demo_books")
def test_check_of_a_clean_month_says_so_with_its_figures() -> None:
    result = loans("--check", "--date", "2025-03")

    assert result.exit_code == 0
    assert result.output.splitlines()[-1].split() == ["pool", *["895,450.00", "59,750.00", "39,000.00", "0.00", "796,700.00", "796,700.00", "796,700.00"]]
    assert json.loads(loans("--check", "--date", "2025-03", "--json").output)["is_clean"] is True


@pytest.mark.usefixtures("demo_books")
@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--date", "2025-03", "--period", "2025-03"], 2, "give one of them"),
        (["--tolerance", "1"], 2, "--tolerance is for --check"),
        (["--check", "--where", "loss > 0"], 2, "--check looks at every loan"),
        (["--check", "--format", "csv"], 2, "--check looks at every loan"),
        (["--total", "--format", "csv"], 2, "--total prints text or JSON"),
        (["--check", "--tolerance", "much"], 1, "the tolerance `much` is not a plain amount"),
        (["--check", "--tolerance", "-1"], 1, "the tolerance -1 is below zero"),
        (["--where", "blance > 1"], 1, "did you mean balance"),
        (["--of", "pool.severity_life"], 1, "`pool.severity_life` is no sum over loans"),
        (["--of", "A.balance"], 1, "`A.balance` is no figure of a pool; write it as pool.charge_off"),
        (["--of", "pool.chargeoff"], 1, "the statement has no `pool.chargeoff`; did you mean charge_off"),
        (["--period", "2025-03", "--of", "pool.loss"], 1, "2025-03-25 has no statement"),
        (["--date", "2024-01-25"], 1, "nothing was distributed until then"),
    ],
)
def test_what_cannot_be_asked_for(arguments: list[str], code: int, said: str) -> None:
    result = loans(*arguments)

    assert result.exit_code == code
    assert said in result.stderr


@pytest.mark.usefixtures("demo_books")
def test_deal_in_totals_has_no_loans() -> None:
    result = CliRunner().invoke(main, shlex.split(f"{DEMO} loans SMT-2000-4")[1:], prog_name="tranche")

    assert result.exit_code == 1
    assert result.stderr.startswith("SMT-2000-4: no loan was reported for 2001-")
