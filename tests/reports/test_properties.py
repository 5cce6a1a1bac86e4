"""What must hold of the statement of any deal: it foots, it reconciles against itself, its JSON is as the schema says, its text is as wide as it needs."""

from __future__ import annotations

import json
from fractions import Fraction

import jsonschema  # type: ignore[import-untyped]  # it ships no types
from hypothesis import given, settings

from ledger.core.collections import Collections
from ledger.core.statement import Items, Statement, draw
from ledger.files.published import read_published
from ledger.reports.csv import to_csv
from ledger.reports.json import to_json
from ledger.reports.reconcile import reconcile
from ledger.reports.text import to_text
from tests.properties.test_books import QUICK, cases, load, replay
from tests.reports.test_json import SCHEMA

FEW = settings(QUICK, max_examples=12)


def statements(case: tuple[str, list[Collections]]) -> list[Statement]:
    text, months = case
    terms = load(text)
    return [draw(terms, distribution) for distribution in replay(terms, months)]


def units(figures: Items, *names: str) -> int:
    """The sum of some figures of money."""
    values = [figures[name].value for name in names]
    return sum(value for value in values if isinstance(value, int))


@given(cases())
@FEW
def test_each_class_rolls_from_opening_to_closing(case: tuple[str, list[Collections]]) -> None:
    for statement in statements(case)[1:]:
        for items in statement.sections["classes"].values():
            if "closing_balance" not in items:
                continue
            rise = units(items, "accreted", "written_up") - units(items, "principal_paid", "realized_loss")

            assert units(items, "opening_balance") + rise == units(items, "closing_balance")


@given(cases())
@FEW
def test_interest_due_is_paid_lost_or_unpaid(case: tuple[str, list[Collections]]) -> None:
    for statement in statements(case)[1:]:
        for name, items in statement.sections["classes"].items():
            if statement.labels[name]["kind"] == "residual":
                continue
            due = units(items, "interest_accrued", "opening_unpaid_interest", "interest_on_unpaid") - units(items, "interest_shortfall")

            assert items["interest_due"].value == due
            assert due == units(items, "interest_paid", "interest_lost", "unpaid_interest", "accreted")


@given(cases())
@FEW
def test_accounts_roll_by_deposits_and_draws(case: tuple[str, list[Collections]]) -> None:
    for statement in statements(case)[1:]:
        for items in statement.sections["accounts"].values():
            assert units(items, "opening_balance", "deposits") - units(items, "draws") == units(items, "closing_balance")


@given(cases())
@FEW
def test_flow_of_funds_moves_more_than_nothing_and_leaves_no_source_below_zero(case: tuple[str, list[Collections]]) -> None:
    for statement in statements(case)[1:]:
        for line in statement.flow_of_funds:
            assert line.amount > 0
            assert line.left is None or line.left >= 0


@given(cases())
@FEW
def test_any_statement_reconciles_against_its_own_csv(case: tuple[str, list[Collections]]) -> None:
    for statement in statements(case):
        found = reconcile(read_published(to_csv(statement), "statement.csv"), [], lambda _day, drawn=statement: drawn)  # type: ignore[misc]  # bound now

        assert found.ties
        assert found.counts["ties"] == len(found.lines)


@given(cases())
@FEW
def test_any_statement_is_as_the_schema_says_and_says_the_same_twice(case: tuple[str, list[Collections]]) -> None:
    again = statements(case)
    for statement, second in zip(statements(case), again, strict=True):
        jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(to_json(statement)))

        assert to_json(statement) == to_json(second)
        assert to_text(statement) == to_text(second)


@given(cases())
@FEW
def test_factor_is_the_closing_balance_over_the_original(case: tuple[str, list[Collections]]) -> None:
    for statement in statements(case):
        for items in statement.sections["classes"].values():
            if "factor" in items:
                assert items["factor"].value == Fraction(units(items, "closing_balance"), units(items, "original_balance"))
