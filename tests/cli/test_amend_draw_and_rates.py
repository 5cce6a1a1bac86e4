"""`tranche deal amend`, `tranche deal draw` and `tranche rates`, as typed."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import DEAL, Tranche
from tests.cli.test_commands import refused

FLOATING = DEAL.replace("pool: {", "reported: {prime: {type: rate, index: PRIME, missing: 5%}}\npool: {", 1).replace("rate: 6%", "rate: prime")


def test_amendment_is_appended_once_and_shown_from_then_on(opened: Tranche) -> None:
    Path("amended.yaml").write_text(DEAL.replace("{amount: 100}", "{amount: 250}"), encoding="utf-8")

    first = opened("deal", "amend", "COVE-1", "amended.yaml", "--effective", "2025-03", "--reason", "Amendment No. 1")
    again = opened("deal", "amend", "COVE-1", "amended.yaml", "--effective", "2025-03-25")
    shown = [opened("deal", "show", "COVE-1", *period).output for period in ((), ("--period", "2025-02"), ("--period", "2025-03"))]

    assert first.output == "COVE-1: from 2025-03-25 on the amended file is in force at position 2\n"
    assert again.output == "COVE-1: from 2025-03-25 on the amended file was in force already; nothing new\n"
    assert ["{amount: 250}" in text for text in shown] == [True, False, True]


def test_amendment_says_until_when_it_counts(opened: Tranche) -> None:
    for amount, period in ((400, "2025-06"), (250, "2025-03")):
        Path(f"{amount}.yaml").write_text(DEAL.replace("{amount: 100}", f"{{amount: {amount}}}"), encoding="utf-8")
        result = opened("--json", "deal", "amend", "COVE-1", f"{amount}.yaml", "--effective", period)

    assert result.exit_code == 0
    said = json.loads(result.stdout)
    assert (said["effective"], said["until"], said["outcome"], said["position"]) == ("2025-03-25", "2025-06-25", "appended", 3)


def test_amendment_that_does_not_fit_is_refused_with_its_line(opened: Tranche) -> None:
    Path("amended.yaml").write_text(DEAL.replace("COVE-1", "COVE-9"), encoding="utf-8")

    refused(opened("deal", "amend", "COVE-1", "amended.yaml", "--effective", "2025-03"), "amended.yaml:1:1: `deal` is COVE-9", "^")


def test_rates_file_is_stated_and_the_rest_is_listed(tranche: Tranche) -> None:
    Path("floating.yaml").write_text(FLOATING, encoding="utf-8")
    Path("rates.csv").write_text("index,date,rate\nPRIME,2025-02-25,7.50%\nEURIBOR-1M,2025-02-25,2.00%\n", encoding="utf-8")
    tranche("database", "upgrade")
    tranche("deal", "open", "floating.yaml")

    first, again = tranche("rates", "rates.csv"), tranche("--json", "rates", "rates.csv")

    unmatched = "rates.csv:3: no open period waits for EURIBOR-1M of 2025-02-25\n"
    assert (first.exit_code, first.output) == (0, f"COVE-1 2025-02-25: prime 0.0750 stated at position 2\n{unmatched}")
    assert json.loads(again.stdout)["fixed"] == [{"deal": "COVE-1", "period": "2025-02-25", "rates": {"prime": "0.0750"}, "position": None}]


def test_deal_that_cannot_take_a_fixing_ends_the_command_with_a_list(tranche: Tranche) -> None:
    tranche("database", "upgrade")
    for deal in ("COVE-1", "COVE-2"):
        Path("floating.yaml").write_text(FLOATING.replace("COVE-1", deal), encoding="utf-8")
        tranche("deal", "open", "floating.yaml")
    Path("2025-02.csv").write_text("distribution_date,kind,subject,value\n2025-02-25,interest,,1.00\n2025-02-25,reported,prime,7%\n", encoding="utf-8")
    tranche("remit", "COVE-1", "2025-02.csv")
    Path("rates.csv").write_text("index,date,rate\nPRIME,2025-02-25,7.50%\n", encoding="utf-8")

    result = tranche("rates", "rates.csv")

    refused(result, "COVE-1: `prime` of 2025-02-25 is 0.0750 by PRIME of 2025-02-25 (row 2), position 2 states 0.07")
    assert result.stdout == "COVE-2 2025-02-25: prime 0.0750 stated at position 2\n"


def test_deal_is_drawn_from_its_file_and_from_the_books(distributed: Tranche) -> None:
    file, books, chart = (distributed("deal", "draw", *words) for words in (["deal.yaml"], ["COVE-1"], ["COVE-1", "--format", "mermaid", "-o", "chart.mmd"]))

    assert [result.exit_code for result in (file, books, chart)] == [0, 0, 0]
    assert "original balances in USD" in file.stdout
    # 800,000 less 10,000 twice
    assert "balances in USD after distribution 2 of 2025-03-25" in books.stdout
    assert ">balance 780,000.00</text>" in books.stdout
    assert "step1 ==> payee1" in Path("chart.mmd").read_text(encoding="utf-8")


def test_what_cannot_be_drawn_is_named(opened: Tranche) -> None:
    refused(opened("deal", "draw", "missing.yaml"), "missing.yaml: there is no such file or directory")
    refused(opened("deal", "draw", "NOWHERE-1"), "there is no deal named NOWHERE-1")
