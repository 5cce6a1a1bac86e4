"""`tranche explain` and `tranche diff`: what they print, as text and as JSON, and what they refuse."""

from __future__ import annotations

import json
import textwrap
from decimal import Decimal
from fractions import Fraction
from math import prod
from pathlib import Path
from typing import Any

from tests.cli.conftest import Tranche

CORRECTION = "corrects,distribution_date,kind,value\n3:11,,,9000.00\n"


def tree(output: str) -> str:
    """What stands between the head and the foot of an explanation."""
    return "\n".join(output.splitlines()[3:-2]) + "\n"


def nodes(node: dict[str, Any]) -> list[dict[str, Any]]:
    return [node, *(inner for part in (*node.get("parts", ()), *node.get("because", ())) for inner in nodes(part))]


def test_interest_is_taken_apart_down_to_the_row_that_paid_it(distributed: Tranche) -> None:
    result = distributed("explain", "COVE-1", "A", "--item", "interest_paid", "--date", "2025-02")

    assert result.exit_code == 0, result.output
    # 800,000 x 6 % / 12; the fund held 8,000 less the trustee's 100
    assert tree(result.output) == textwrap.dedent("""\
        A interest_paid                                                                        4,000.00
          + step 2, pay interest to A, B                                                       4,000.00
            + cash.funds to A.interest                                                         4,000.00
            | A is owed interest                                                               4,000.00
              + A: accrual                                                                     4,000.00
                x basis: opening balance                                                     800,000.00
                  + brought forward                                                          800,000.00
                x rate = 6%                                                                        0.06
                x year fraction 30/360, 2025-01-01 to 2025-02-01                         0.083333333333
            | B is owed interest                                                               1,500.00
              + B: accrual                                                                     1,500.00
                x basis: opening balance                                                     200,000.00
                  + brought forward                                                          200,000.00
                x rate = 9%                                                                        0.09
                x year fraction 30/360, 2025-01-01 to 2025-02-01                         0.083333333333
            | given by this step                                                               5,500.00
              + A.interest_paid                                                                4,000.00
              + B.interest_paid                                                                1,500.00
            | left in funds by the step                                                       12,400.00
              + held before the step                                                          17,900.00
                + wire: due.funds to cash.funds                                               18,000.00
                  + reported and not yet wired                                                18,000.00
                    + interest: excess to due.funds                                            8,000.00
                      + interest: pool  [2025-02.csv:2, position 2, line 10]                   8,000.00
                    + scheduled_principal: pool to due.funds                                  10,000.00
                      + scheduled_principal: pool  [2025-02.csv:3, position 2, line 11]       10,000.00
                + step 1, pay fees to trustee                                                   -100.00
                  + cash.funds to trustee.fee                                                   -100.00
              + less paid by the step                                                         -5,500.00
        """)


def test_the_main_items_of_a_subject_are_explained_where_none_is_named(distributed: Tranche) -> None:
    found = json.loads(distributed("--json", "explain", "COVE-1", "B").output)

    assert {item: figure["value"] for item, figure in found["figures"].items()} == {
        "interest_due": "1500.00", "interest_paid": "1500.00", "closing_balance": "195000.00",
    }  # fmt: skip


def test_the_tree_as_json_adds_up_by_its_own_text(distributed: Tranche) -> None:
    found = json.loads(distributed("--json", "explain", "COVE-1", "B").output)

    summed = [node for figure in found["figures"].values() for node in nodes(figure) if node["relation"] == "sum"]
    products = [node for figure in found["figures"].values() for node in nodes(figure) if node["relation"] == "product"]
    assert all(Fraction(node["value"]) == sum(Fraction(part["value"]) for part in node.get("parts", ())) for node in summed)
    assert all(Fraction(node["value"]) == prod(Fraction(part["value"]) for part in node["parts"]) for node in products)
    assert len(summed) > 20
    assert products


def test_a_limit_is_shown_as_its_formula_with_the_value_of_each_name(distributed: Tranche) -> None:
    found = json.loads(distributed("--json", "explain", "COVE-1", "B", "--item", "realized_loss").output)

    (step,) = found["figures"]["realized_loss"]["parts"]
    (written_down,) = [reason for reason in step["because"] if reason["label"].startswith("write down")]
    assert (written_down["formula"], written_down["value"]) == ("tranches.balance - pool.balance", "5000.00")
    assert {part["label"]: Decimal(part["value"]) for part in written_down["parts"]} == {"tranches.balance": 980_000, "pool.balance": 975_000}


def test_the_position_at_closing_is_explained_by_the_postings_that_open_the_books(distributed: Tranche) -> None:
    result = distributed("explain", "COVE-1", "A", "--date", "2025-01-31")

    assert result.exit_code == 0, result.output
    assert result.output.splitlines()[1] == "Position at closing, 2025-01-15; amounts in USD"
    assert tree(result.output) == "A closing_balance                   800,000.00\n  + opening: A.principal to excess  800,000.00\n"


def test_an_unknown_subject_or_item_is_refused_with_what_there_is(distributed: Tranche) -> None:
    subject = distributed("explain", "COVE-1", "truste")
    item = distributed("explain", "COVE-1", "A", "--item", "factr")

    assert (subject.exit_code, subject.stderr) == (1, "COVE-1: the statement has no `truste`; did you mean trustee?\n")
    assert (item.exit_code, item.stderr) == (1, "COVE-1: A has no `factr`; did you mean factor?\n")


# diff ---------------------------------------------------------------------------------------------------------------------


def test_diff_lists_the_changed_figures_and_the_correction_that_changed_them(distributed: Tranche) -> None:
    Path("correction.csv").write_text(CORRECTION)
    corrected = distributed("correct", "COVE-1", "correction.csv", "--reason", "late letter", "--treatment", "reopen", "--actor", "checker")
    assert corrected.exit_code == 0, corrected.output

    result = distributed("diff", "COVE-1", "--known-at", "5", "--known-at", "7")
    printed = [line.split() for line in result.output.splitlines()]

    assert result.output.startswith("COVE-1: known at position 7, beside position 5\n\nChanged figures\n")
    assert ["2025-03-25", "pool", "scheduled_principal", "10000.00", "9000.00", "6"] in printed
    assert ["6", "2025-03-25", "reopen", "checker", "correction.csv", "late", "letter"] in printed


def test_diff_says_that_nothing_changed_and_what_was_distributed_since(distributed: Tranche) -> None:
    result = distributed("diff", "COVE-1", "--known-at", "4", "--known-at", "5")

    assert result.output == "COVE-1: known at position 5, beside position 4\n\nno figure changed\n\n2025-03-25 was distributed since\n"


def test_diff_needs_two_moments(distributed: Tranche) -> None:
    result = distributed("diff", "COVE-1", "--known-at", "2")

    assert result.exit_code == 2
    assert "give --known-at twice" in result.stderr
