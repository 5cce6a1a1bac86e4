"""Explanations add up: each relation computed again from its parts, and a tree whose figures were touched found out."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction

import pytest

from ledger.core.events import Event
from ledger.core.evidence import Line, Log, rerun
from ledger.core.explain_figures import Explainer
from ledger.core.explanation import Explanation, disagreements, folded, given, less, quotient, rounded, total
from ledger.core.formula import BOOLEAN, MONEY, NUMBER, Value
from ledger.core.posting import Posting
from ledger.core.problems import ProblemsFound
from ledger.files import formula_text
from tests.core.deals import Books

TWO, THREE = given("two", MONEY, 2), given("three", MONEY, 3)


def product(value: int) -> Explanation:
    return Explanation("product", MONEY, value, "product", (TWO, given("times", NUMBER, 3)))


def excess(value: int, *parts: Explanation) -> Explanation:
    return Explanation("excess", MONEY, value, "excess", parts)


def formula(text: str, value: Value, **names: Explanation) -> Explanation:
    """A formula node; each name is a part wherever it stands in the text."""
    parts = tuple(replace(part, at=found.start()) for name, part in names.items() for found in re.finditer(rf"\b{name}\b", text))
    kind = BOOLEAN if isinstance(value, bool) else MONEY
    return Explanation("formula", kind, value, "formula", parts, formula=formula_text.parse(text), types={part.at: part.type for part in parts})


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (total("sum", [TWO, THREE]), []),
        (replace(total("sum", [TWO, THREE]), value=6), ["sum is 6, its parts give 5"]),
        (less(TWO), []),
        (replace(less(TWO), value=2), ["less two is 2, its parts give -2"]),
        (product(6), []),
        (product(7), ["product is 7, its parts give 6"]),
        (quotient("part", TWO, THREE), []),
        (replace(quotient("part", TWO, THREE), value=Fraction(1, 3)), ["part is 1/3, its parts give 2/3"]),
        (excess(1, THREE, TWO), []),
        (excess(0, TWO, THREE), []),  # never below zero
        (excess(-1, TWO, THREE), ["excess is -1, its parts give 0"]),
        (formula("x + y", 5, x=TWO, y=THREE), []),
        (formula("x + 1", 102, x=TWO), []),  # a bare 1 is one of the currency, 100 units
        (formula("x + y", 6, x=TWO, y=THREE), ["formula is 6, its parts give 5"]),
        (formula("if x > y then x else y", 3, x=TWO, y=THREE), []),
        (formula("x > y", True, x=TWO, y=THREE), ["formula is True, its parts give False"]),
    ],
)
def test_a_node_follows_from_its_parts_or_is_named(node: Explanation, expected: list[str]) -> None:
    assert list(disagreements(node, 2, "half_up")) == expected


def test_a_wrong_node_is_found_however_deep_it_stands() -> None:
    wrong = replace(total("inner", [TWO]), value=3)

    assert list(disagreements(total("outer", [THREE], because=[total("reason", [wrong])]), 2, "half_up")) == ["inner is 3, its parts give 2"]


def test_a_name_that_was_not_read_is_missed_only_where_the_formula_asks_for_it() -> None:
    whole = formula("if x > 0 then x else y", 2, x=TWO, y=THREE)
    without = replace(whole, parts=tuple(part for part in whole.parts if part.value != 3))

    assert list(disagreements(without, 2, "half_up")) == []
    assert list(disagreements(replace(without, parts=without.parts[:0]), 2, "half_up")) == [
        "formula is 2, its parts give no value of the name at 3 in `if x > 0 then x else y`"
    ]


def test_rounding_is_a_line_of_its_own_where_there_is_any() -> None:
    exact = given("exact", MONEY, Fraction(5, 2))

    assert [(part.label, part.value) for part in rounded(exact, 3, "due").parts] == [("exact", Fraction(5, 2)), ("rounding", Fraction(1, 2))]
    assert rounded(TWO, 2, "due") == replace(TWO, label="due")


def test_taking_away_twice_counts() -> None:
    assert less(less(TWO)) == TWO


# Figures of a deal -----------------------------------------------------------------------------------------------------------

DEAL = """
    pool: {original_balance: 300_000}
    tranches: {A: {original_balance: 100_000, rate: index + 1%, interest_on_unpaid: 12%}, R: {kind: residual}}
    accounts: {funds: {collects: [interest, scheduled_principal]}}
    reported: {index: rate, cap: {type: money, missing: previous}}
    amounts: {allowed: "min(cap, 0.3% * A.balance)"}
    waterfall:
      - {pay: interest, to: A, from: funds, limit: allowed}
      - {pay: rest, to: R, from: funds}
"""


def explained(books: Books, *lines: Line, **reported: object) -> Explainer:
    """The next month of some books, explained."""
    collections = books.collections((), reported)
    month = books.month(**reported)
    facts = tuple(Line(2, event, "month.csv", "digest") for event in collections.facts)
    return Explainer(rerun(books.terms.deal, month.distribution, collections, Log(lines, facts)))


def labels(node: Explanation | None) -> dict[str, object]:
    assert node is not None
    return {inner.label: inner.value for inner in node.every()}


def test_accrued_interest_is_basis_times_rate_times_year_fraction_and_the_rounding() -> None:
    found = explained(Books(DEAL), interest=100, index="2.456789%", cap=10_000).explain("A", "interest_accrued")

    # 100,000.00 x 3.456789 % / 12 = 288.06575 in 30/360
    assert found is not None
    (accrual,) = found.parts
    exact, rounding = accrual.parts
    assert (found.value, exact.value, rounding.value) == (288_07, Fraction(28806575, 1000), Fraction(425, 1000))
    assert [part.value for part in exact.parts] == [100_000_00, Fraction("0.03456789"), Fraction(1, 12)]


def test_a_limit_names_the_amount_and_the_amount_the_values_that_it_was_made_of() -> None:
    found = labels(explained(Books(DEAL), interest=500, index="3%", cap=250).explain("A", "interest_paid"))

    assert found["limit"] == 250_00
    assert found["allowed"] == 250_00
    assert (found["cap"], found["A.balance"]) == (250_00, 100_000_00)


def test_a_reported_value_names_its_row_and_one_that_was_missing_says_so() -> None:
    books = Books(DEAL)
    first = explained(books, interest=500, index="3%", cap=250).explain("deal", "cap")
    second = explained(books, interest=500, index="3%").explain("deal", "cap")

    assert first is not None
    assert first.source is not None
    assert (first.source.position, first.source.file) == (2, "month.csv")
    assert second is not None
    assert (second.value, second.source) == (250_00, None)


def test_interest_on_unpaid_interest_is_explained_by_its_own_rate() -> None:
    books = Books(DEAL)
    books.month(interest=100, index="3%", cap=100)

    found = explained(books, interest=500, index="3%", cap=250).explain("A", "interest_on_unpaid")

    # 100,000 x 4 % / 12 = 333.33, of which 100 were paid; 233.33 x 12 % / 12 = 2.3333
    assert found is not None
    assert found.value == 2_33
    assert {"unpaid interest brought forward": 233_33, "rounding": Fraction(-33, 100)}.items() <= labels(found).items()


def test_lines_are_listed_or_counted() -> None:
    lines = [
        Line(7, Event(number, "interest", f"L-{number}", interest=amount, source_row=number + 1), "month.csv", "")
        for number, amount in ((1, 300_00), (2, 200_00))
    ]
    found = explained(Books(DEAL), *lines, interest=500, index="3%", cap=250).explain("pool", "interest")

    assert found is not None
    assert [(node.label, node.source.row) for node in found.every() if node.source] == [("interest: L-1", 2), ("interest: L-2", 3)]
    assert [node.label for node in folded(found).every()] == ["pool interest", "interest: excess to due.funds (2 lines)"]


def test_lines_that_do_not_add_up_to_what_was_posted_are_found() -> None:
    line = Line(7, Event(1, "interest", "L-1", interest=499_99, source_row=2), "month.csv", "")
    found = explained(Books(DEAL), line, interest=500, index="3%", cap=250).explain("pool", "interest")

    assert found is not None
    assert found.value == 500_00
    assert list(disagreements(found, 2, "half_up")) == ["interest: excess to due.funds is 50000, its parts give -49999"]


def test_a_subject_or_an_item_that_is_nothing_has_no_explanation() -> None:
    explainer = explained(Books(DEAL), interest=500, index="3%", cap=250)

    assert [explainer.explain(*name) for name in (("A", "nothing"), ("nobody", "balance"), ("deal", "nothing"))] == [None, None, None]


def test_books_that_no_longer_give_what_was_recorded_are_not_explained() -> None:
    books = Books(DEAL)
    collections = books.collections((), {"interest": 500, "index": "3%", "cap": 250})
    kept = books.month(interest=500, index="3%", cap=250).distribution
    altered = replace(kept, postings=(kept.postings[0]._replace(amount=1), *kept.postings[1:]))

    with pytest.raises(ProblemsFound, match="running 2025-02-15 again gives other postings than were recorded; see `tranche verify`"):
        rerun(books.terms.deal, altered, collections, Log())


def test_what_was_settled_after_the_period_ran_is_a_posting_of_its_balance() -> None:
    books = Books(DEAL)
    collections = books.collections((), {"interest": 500, "index": "3%", "cap": 250})
    kept = books.month(interest=500, index="3%", cap=250).distribution
    settled = replace(kept, postings=(*kept.postings, Posting("settlement", "", "settlement", "cash.funds", "owed.A", 7)))

    found = Explainer(rerun(books.terms.deal, settled, collections, Log())).explain("funds", "draws")

    assert labels(found)["settlement: cash.funds to owed.A"] == 7


SHARED = """
    pool: {original_balance: 1_000}
    tranches: {A: {original_balance: 600}, B: {original_balance: 300}, R: {kind: residual}}
    accounts: {funds: {collects: [scheduled_principal]}, reserve: {opening: 50}}
    waterfall:
      - when: period <= 12
        steps:
          - {pay: principal, name: shared, to: {pro_rata: [A, {to: B, limit: 20}]}, from: [funds, reserve], limit: 130, when: A.balance > 0}
      - {pay: rest, to: R, from: funds}
"""


def test_a_step_says_its_conditions_limits_weights_shares_and_what_its_accounts_held_in_order() -> None:
    line = Line(7, Event(1, "scheduled_principal", "L-1", principal=100_00, source_row=2), "month.csv", "")
    found = explained(Books(SHARED), line, scheduled_principal=100).explain("A", "principal_paid")

    # 130 by 600 to 300 would be 86.67 and 43.33; B takes its 20 at most, so that 110 are A's: 100 of the month, and 30 of the 50 in reserve
    assert found is not None
    (step,) = found.parts
    assert (step.label, step.value) == ("step 1, shared", 110_00)
    assert [(reason.label, reason.value) for reason in step.because] == [
        ("when", True),
        ("when", True),
        ("A is owed principal", 600_00),
        ("B is owed principal", 300_00),
        ("limit", 130_00),
        ("limit of branch pro_rata 1", 20_00),
        ("weight: A.balance", 600_00),
        ("weight: B.balance", 300_00),
        ("given by this step", 130_00),
        ("left in funds by the step", 0),
        ("left in reserve by the step", 20_00),
    ]
    assert list(disagreements(found, 2, "half_up")) == []
