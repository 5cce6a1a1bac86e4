"""Tests of a deal with both their sides, as they stood when the test was judged: before the first step, or at the close."""

from __future__ import annotations

import pytest

from ledger.core.comparisons import comparisons
from ledger.core.statement import Statement, draw
from ledger.files import formula_text
from tests.core.deals import Books, Month

DEAL = """
reported: {delinquent: money, rate_now: rate}
pool: {original_balance: 1_000}
tranches:
  A: {original_balance: 600}
  B: {original_balance: 300}
accounts:
  funds: {collects: [scheduled_principal]}
ratios: {share: A.balance / tranches.balance}
amounts: {arrears: delinquent}
triggers:
  late: {fails_when: delinquent > 5% * pool.balance}
  narrow: {fails_when: "(share < 0.5) or (late and average(arrears, 2) >= 50)"}
  both: {fails_when: late or narrow}
  bought: {fails_when: B.balance / A.balance > 2, tested: closing}
  for_good: {fails_when: rate_now != 4%, curable: false}
waterfall:
  - {pay: principal, to: {sequential: [A, B]}, from: funds}
"""


def lines(month: Month) -> list[tuple[str, str, str, str, str, bool, str]]:
    """The tests of a month, as they print."""
    drawn: Statement = draw(month.terms, month.distribution)
    return [
        (
            test.trigger, test.comparison, drawn.text(test.actual) if test.actual else "", test.operator,
            drawn.text(test.threshold) if test.threshold else "", test.failed, test.tested,
        )
        for test in drawn.tests
    ]  # fmt: skip


def test_both_sides_are_as_they_stood_before_the_first_step() -> None:
    month = Books(DEAL).month(scheduled_principal=500, delinquent=30, rate_now="4%")

    # the pool has fallen to 500 when it is judged; A still has its 600 of 900
    assert lines(month) == [
        ("late", "delinquent > 5% * pool.balance", "30.00", ">", "25.00", True, "determination"),
        ("narrow", "share < 0.5", "0.666666666667", "<", "0.5", False, "determination"),
        ("narrow", "average(arrears, 2) >= 50", "30.00", ">=", "50.00", False, "determination"),
        ("both", "late or narrow", "", "", "", True, "determination"),
        ("bought", "B.balance / A.balance > 2", "3", ">", "2", True, "closing"),
        ("for_good", "rate_now != 4%", "0.04", "!=", "0.04", False, "determination"),
    ]


def test_a_mean_reads_what_earlier_closes_kept() -> None:
    books = Books(DEAL)
    books.month(scheduled_principal=0, delinquent=30, rate_now="4%")
    month = books.month(scheduled_principal=0, delinquent=90, rate_now="4%")

    assert lines(month)[2] == ("narrow", "average(arrears, 2) >= 50", "60.00", ">=", "50.00", True, "determination")


def test_a_test_that_failed_for_good_shows_sides_that_pass_now() -> None:
    books = Books(DEAL)
    books.month(scheduled_principal=0, delinquent=0, rate_now="5%")
    month = books.month(scheduled_principal=0, delinquent=0, rate_now="4%")

    assert lines(month)[-1] == ("for_good", "rate_now != 4%", "0.04", "!=", "0.04", True, "determination")


def test_a_side_that_cannot_be_read_is_left_open() -> None:
    books = Books(
        """
        pool: {original_balance: 100}
        tranches: {A: {original_balance: 50}, B: {original_balance: 50}}
        accounts: {funds: {collects: [scheduled_principal]}}
        triggers: {share: {fails_when: A.balance > 0 and B.balance / A.balance > 2}}
        waterfall: [{pay: principal, to: A, from: funds}]
        """
    )
    books.month(scheduled_principal=50)

    assert lines(books.month(scheduled_principal=0)) == [
        ("share", "A.balance > 0", "0.00", ">", "0.00", False, "determination"),
        ("share", "B.balance / A.balance > 2", "", ">", "2", False, "determination"),
    ]


def test_a_threshold_with_fractions_of_a_cent_keeps_them() -> None:
    month = Books(DEAL).month(scheduled_principal="499.99", delinquent=30, rate_now="4%")

    assert lines(month)[0] == ("late", "delinquent > 5% * pool.balance", "30.00", ">", "25.0005", True, "determination")


def test_a_position_has_no_tests() -> None:
    assert lines(Books(DEAL).opening) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x > 1", ["x > 1"]),
        ("((x > 1))", ["x > 1"]),
        ("(a + b) > (c + d)", ["(a + b) > (c + d)"]),
        ("a > 1 and\n  b < 2 or (c == 3 and d)", ["a > 1", "b < 2", "c == 3"]),
        ("not a > 1", []),
        ("if a then b > 1 else c", []),
        ("min(a, b) >= 10% * c", ["min(a, b) >= 10% * c"]),
    ],
)
def test_a_formula_is_taken_apart_into_its_comparisons(text: str, expected: list[str]) -> None:
    assert [found for found, _ in comparisons(formula_text.parse(text))] == expected
