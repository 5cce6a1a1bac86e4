"""`tranche history`: tables, files for programs, and pictures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Tranche


def test_life_of_a_deal_is_a_row_for_each_distribution(distributed: Tranche) -> None:
    result = distributed("history", "COVE-1")

    assert result.exit_code == 0
    assert result.output.splitlines()[:8] == [
        "COVE-1  Cove Trust 2025-1",
        "Life from 2025-01-15 to 2025-03-25, 2 distributions; amounts in USD",
        "",
        "Closing balance",
        "distribution  no.           A           B          pool",
        "------------  ---  ----------  ----------  ------------",
        "2025-01-15      0  800,000.00  200,000.00  1,000,000.00",
        "2025-02-25      1  790,000.00  200,000.00    990,000.00",
    ]


def test_history_of_a_subject_has_its_items_as_columns(distributed: Tranche) -> None:
    result = distributed("history", "COVE-1", "trustee", "--item", "due", "--item", "paid")

    assert result.exit_code == 0
    assert [line.split() for line in result.output.splitlines()[4:8]] == [
        ["distribution", "no.", "due", "paid"],
        ["------------", "---", "------", "------"],
        ["2025-01-15", "0"],
        ["2025-02-25", "1", "100.00", "100.00"],
    ]


def test_rates_print_as_percentages(distributed: Tranche) -> None:
    result = distributed("history", "COVE-1", "pool", "--item", "cdr_1_month")

    # 5,000 of 990,000 was charged off in March: 1 - (1 - 5/990)^12 = 5.895...%.
    assert "2025-03-25      2  5.90%" in result.output


def test_csv_reconciles_against_the_books(distributed: Tranche) -> None:
    assert distributed("history", "COVE-1", "B", "--format", "csv", "-o", "history.csv").exit_code == 0
    result = distributed("reconcile", "COVE-1", "history.csv")

    assert result.exit_code == 0, result.output
    assert "2025-03-25,B,realized_loss,5000.00" in Path("history.csv").read_text().splitlines()


def test_json_has_the_figures_of_each_period(distributed: Tranche) -> None:
    value = json.loads(distributed("history", "COVE-1", "--json", "--item", "realized_loss").output)

    assert value["deal"] == "COVE-1"
    assert [period["figures"].get("B") for period in value["periods"]] == [None, {"realized_loss": "0.00"}, {"realized_loss": "5000.00"}]


def test_item_that_there_is_not_is_refused_with_the_nearest(distributed: Tranche) -> None:
    result = distributed("history", "COVE-1", "A", "--item", "principal_payed", "--item", "nonsense")

    assert result.exit_code == 1
    assert result.stderr.startswith("COVE-1: no statement has an item `principal_payed` here; did you mean principal_paid")
    assert len(result.stderr.splitlines()) == 2


@pytest.mark.parametrize(("name", "magic"), [("life.svg", b"<svg "), ("life.PNG", b"\x89PNG"), ("life.pdf", b"%PDF-")])
def test_pictures_are_written_in_the_form_that_the_file_is_named_for(distributed: Tranche, name: str, magic: bytes) -> None:
    result = distributed("history", "COVE-1", "--plot", name)

    assert result.exit_code == 0, result.output
    assert result.stderr == f"{name}: balances, paydown, support, speeds, cash\n"
    assert Path(name).read_bytes().startswith(magic)


def test_plot_takes_no_other_ending_and_no_subject(distributed: Tranche) -> None:
    for line in (("--plot", "life.bmp"), ("A", "--plot", "life.svg")):
        assert distributed("history", "COVE-1", *line).exit_code == 2

    assert not list(Path().glob("life*"))


def test_deal_of_which_nothing_is_distributed_draws_nothing(opened: Tranche) -> None:
    result = opened("history", "COVE-1", "--plot", "life.svg")

    assert result.exit_code == 1
    assert result.stderr == "COVE-1: there is nothing to draw yet; run `tranche distribute`, or name a later position\n"
    assert not Path("life.svg").exists()
