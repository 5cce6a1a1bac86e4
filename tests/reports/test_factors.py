"""The factor file: what each holder's face is multiplied by, and the Bond Level file of deals that tell less than a mortgage trust."""

from __future__ import annotations

import csv
import io
from fractions import Fraction

from ledger.reports.crefc import COLUMNS, to_crefc
from ledger.reports.factors import HEADER, to_factors
from tests.reports.statements import statement


def rows(body: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(body.decode())))


def test_factor_file_has_a_row_for_each_class_with_a_balance() -> None:
    header, *classes = rows(to_factors(statement(1)))

    assert tuple(header) == HEADER
    assert [row[1] for row in classes] == ["A", "B"]


def test_figures_of_the_factor_file_are_those_of_the_statement() -> None:
    shown = statement(2)
    found = {row[1]: dict(zip(HEADER, row, strict=True)) for row in rows(to_factors(shown))[1:]}

    for name, row in found.items():
        items = shown.items(name)
        assert row["factor"] == shown.text(items["factor"])
        assert row["interest_per_1000"] == shown.text(items["interest_per_1000"])
        assert row["principal_per_1000"] == shown.text(items["principal_per_1000"])
    assert found["A"]["next_rate"] == "0.06"
    assert found["A"]["payment_date"] == "2025-03-25"


def test_bond_level_file_has_51_columns_and_a_row_for_each_class() -> None:
    found = rows(to_crefc(statement(1)))

    assert len(COLUMNS) == 51
    assert {len(row) for row in found} == {51}
    assert [row[3] for row in found] == ["Senior", "B", "IO", "R"]  # the title, where a class has one


def test_every_amount_of_the_bond_level_file_is_the_statements() -> None:
    shown = statement(2)
    found = {row[3]: dict(zip(COLUMNS, row, strict=True)) for row in rows(to_crefc(shown))}

    for column, item in (("beginning balance", "opening_balance"), ("realized loss", "realized_loss"), ("ending balance", "closing_balance")):
        for title, name in (("Senior", "A"), ("B", "B")):
            assert Fraction(found[title][column]) == shown.exact(shown.items(name)[item])
