"""Published figures as a Bond Level file or a statement's JSON: what each says, and what is wrong with it, all at once."""

from __future__ import annotations

import json
from datetime import date
from fractions import Fraction

import pytest

from ledger.core.problems import ProblemsFound
from ledger.files.published_forms import BOND_LEVEL_COLUMNS, Names, read_any

KEY = date(2025, 1, 25)
NAMES = Names({date(2025, 1, 27): KEY}.get, {"A": "A", "Class A": "A", "X": "X", "R": "R"}, {"A": "balance", "X": "notional", "R": "paid"})


def bond(day: str = "20250127", title: str = "Class A", **cells: str) -> str:
    """A row of a Bond Level file; `c8` is its eighth cell."""
    row = [cells.get(f"c{number}", "") for number in range(1, BOND_LEVEL_COLUMNS + 1)]
    row[1], row[3] = day, title
    return ",".join(row) + "\n"


def problems(source: bytes) -> list[str]:
    with pytest.raises(ProblemsFound) as found:
        read_any(source, "file", NAMES)
    return [str(problem) for problem in found.value.problems]


def test_bond_level_figures_are_those_of_the_classes_items() -> None:
    rows = bond(c8="1000000", c17="0.05125", c27="4270.5") + bond(title="X", c8="500.25", c11="3")

    found = {figure.key: (figure.value, figure.places) for figure in read_any(rows.encode(), "file", NAMES)}

    assert found == {
        (KEY, "A", "opening_balance"): (Fraction(1_000_000), 2),
        (KEY, "A", "rate"): (Fraction("0.05125"), 5),
        (KEY, "A", "interest_paid"): (Fraction("4270.5"), 2),
        (KEY, "X", "notional"): (Fraction("500.25"), 2),
    }


def test_everything_wrong_with_a_bond_level_file_is_told_at_once() -> None:
    rows = bond(c8="1,5").replace("1,5", '"1,5"') + bond(title="Klass A") + bond(day="20250227") + "too,short\n"

    assert problems(rows.encode()) == [
        "file:1, column 8: `1,5` is no figure; write it as 1234.56, without separators",
        "file:2: column 4: there is no class `Klass A`; did you mean Class A?",
        "file:3: column 2: nothing was paid on `20250227`; see `tranche status`, or compare a month that is distributed",
        f"file:4: the row has 2 cells, not {BOND_LEVEL_COLUMNS}; take the file as the administrator gave it, without a header",
    ]


def test_statement_figures_are_money_numbers_days_and_flags() -> None:
    sections = {"classes": {"A": {"interest_paid": "4270.50"}}, "reported": {"deal": {"as_at": "2025-01-01"}}, "triggers": {"deal": {"late": True}}}
    body = json.dumps({"dates": {"scheduled": "2025-01-25"}, "sections": sections}).encode()

    found = {figure.key[1:]: (figure.value, figure.places) for figure in read_any(body, "file", NAMES)}

    assert found == {("A", "interest_paid"): (Fraction("4270.5"), 2), ("deal", "as_at"): (date(2025, 1, 1), 0), ("deal", "late"): (True, 0)}


@pytest.mark.parametrize("body", [b"{", b"{}", b'{"dates": 1, "sections": {}}', b'{"dates": {"scheduled": "soon"}, "sections": {}}', b'{"a":' + b"[" * 100_000])
def test_json_that_is_no_statement_is_refused(body: bytes) -> None:
    assert problems(body) == ["file: this is not the JSON of a statement; take the file that `tranche statement --format json -o FILE` writes"]


def test_figure_that_is_none_is_told_by_subject_and_item() -> None:
    body = json.dumps({"dates": {"scheduled": "2025-01-25"}, "sections": {"classes": {"A": {"interest_paid": "much"}}}}).encode()

    assert problems(body) == ["file, A interest_paid: `much` is no figure; take the file as it was written"]


def test_anything_else_is_read_as_published_csv() -> None:
    (figure,) = read_any(b"distribution_date,subject,item,amount\n2025-01-25,A,balance,1.00\n", "file", NAMES)

    assert figure.key == (KEY, "A", "balance")


def test_a_bond_level_cell_that_is_too_long_to_be_read_is_a_problem() -> None:
    said = problems((bond() + bond(c8="1" * 200_000)).encode())

    assert said[-1] == "file:2: the row cannot be read: field larger than field limit (131072); take the file as the administrator gave it"


@pytest.mark.parametrize("first", ["\r" + bond(), "1" * 200_000 + "," + bond()], ids=["an end of line of another system", "a cell that is too long"])
def test_a_first_line_that_is_no_row_is_no_bond_level_file(first: str) -> None:
    assert "Bond" not in problems(first.encode())[0]
