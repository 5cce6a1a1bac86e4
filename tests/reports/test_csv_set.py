"""The CSV files of a statement, read back: every figure with all its places, and no cell that a spreadsheet would run."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import date

import pytest

from ledger.core.loans import LoanLoss, LoanTerms, Modification
from ledger.core.statement import Figure, FlowLine, Statement
from ledger.reports.csv import to_csv
from ledger.reports.csv_set import SUBJECTS, to_csv_set
from ledger.reports.csv_text import inert, write
from tests.reports.statements import statement


def rows(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(body.decode().splitlines()))


def check_every_figure(drawn: Statement) -> int:
    """Every figure of the sections that have a file stands in it as the statement says it, and nothing else does; how many there are."""
    files, count = to_csv_set(drawn), 0
    for section, (word, labels) in SUBJECTS.items():
        subjects = drawn.sections.get(section, {})
        found = rows(files[f"{section}.csv"])

        assert [row[word] for row in found] == list(subjects)
        for row, items in zip(found, subjects.values(), strict=True):
            said = {item: text for item, text in row.items() if item not in ("deal", "distribution_date", word, *labels) and text}

            assert said == {item: drawn.text(figure) for item, figure in items.items()}
            count += len(said)
    return count


@pytest.mark.parametrize("month", [0, 1, 2])
def test_every_figure_stands_in_its_file(month: int) -> None:
    assert check_every_figure(statement(month)) > 20


def test_every_figure_of_a_worked_deal_stands_in_its_file(worked_deal: Statement) -> None:
    assert check_every_figure(worked_deal) > 100


def test_lists_have_a_file_each_and_begin_with_deal_and_period() -> None:
    files = to_csv_set(statement(2))

    assert rows(files["adjustments.csv"]) == [
        {"deal": "HARBOUR-1", "distribution_date": "2025-03-25", "subject": "B", "of_period": "2025-02-25", "amount": "-0.01"}
    ]
    assert rows(files["flow_of_funds.csv"])[0] == {
        "deal": "HARBOUR-1", "distribution_date": "2025-03-25", "step": "1", "label": "pay fees to trustee", "from": "cash.funds", "to": "trustee.fee",
        "amount": "100.00", "left": "9900.00",
    }  # fmt: skip


def test_loan_of_a_loss_and_of_a_modification_has_one_row() -> None:
    loss = LoanLoss("L-1", 100_000, 100_000, 60_000, 5_000, 45_000, 0, 0)
    changes = (
        Modification("L-1", LoanTerms("0.06", date(2030, 1, 1)), LoanTerms("0.04", None), "rate"),
        Modification("L-2", LoanTerms(), LoanTerms("5"), "=x"),
    )
    first, second = rows(to_csv_set(replace(statement(2), losses=(loss,), modifications=changes))["loans.csv"])

    assert list(first.values())[2:] == ["L-1", "1000.00", "1000.00", "600.00", "50.00", "450.00", "0.00", "0.00", "0.06", "0.04", "2030-01-01", "", "rate"]
    assert list(second.values())[2:] == ["L-2", *[""] * 8, "5", "", "", "'=x"]


def test_set_holds_the_same_files_whatever_the_deal_has_and_todays_csv_as_it_is() -> None:
    files = to_csv_set(statement(0))

    assert list(files) == list(to_csv_set(statement(2)))
    assert files["figures.csv"] == to_csv(statement(0))
    assert files["flow_of_funds.csv"] == b"deal,distribution_date,step,label,from,to,amount,left\n"


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1-cmd|' /C calc'!A0", "'-1-cmd|' /C calc'!A0"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("-", "'-"),
        ("-1,234.50", "'-1,234.50"),
        ("-1234.50", "-1234.50"),  # a number
        ("-7", "-7"),
        ("a=1", "a=1"),
        ("", ""),
        (None, ""),
    ],
)
def test_cell_that_begins_as_a_formula_and_is_no_number_is_made_words(cell: str | None, expected: str) -> None:
    assert inert(cell) == expected


def test_no_cell_of_any_file_begins_a_formula() -> None:
    name = '=HYPERLINK("http://example.com","x")'
    said = statement(2)
    sections = {section: {name: {"opening_balance": Figure("money", -5)}} for section in said.sections}
    drawn = replace(said, labels={name: {"title": "@title", "cusip": "+1"}}, sections=sections, flow_of_funds=(FlowLine(1, name, "-x", name, 1, None),))
    cells = [cell for body in to_csv_set(drawn).values() for row in csv.reader(body.decode().splitlines()) for cell in row]

    assert [cell for cell in cells if cell.startswith(("=", "+", "@", "-")) and cell not in ("-0.05", "-0.01")] == []
    assert cells.count(f"'{name}") == len(SUBJECTS) + 2 + len(said.sections)
    assert "-0.05" in cells


def test_quotes_commas_and_line_ends_stay_inside_their_cell() -> None:
    body = write(("a", "b"), [('say "x", y', "two\nlines")])

    assert body == b'a,b\n"say ""x"", y","two\nlines"\n'
