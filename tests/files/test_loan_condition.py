"""Conditions on loans: what they mean, and what is said of one that means nothing."""

from __future__ import annotations

from datetime import date

import pytest

from ledger.core.loan_ledger import LoanRow
from ledger.core.problems import ProblemsFound
from ledger.files.loan_condition import MOST_CHARACTERS, parse

ROW = LoanRow(
    "L-3", "pool", "60_days", 100_010_00, {"curtailment": 5_00}, 10_00, 0, 0, 100_000_00, 100_000_00, "0.0625", 61, date(2025, 1, 1), None, 7_50,
    0, 0, 0, 0, True,
)  # fmt: skip


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("balance = 100000", True),
        ("closing_balance==100000.00", True),
        ("balance > 100000", False),
        ("balance >= 100000 and days >= 60", True),
        ("opening > 100010 or days_past_due = 61", True),
        ("opening > 100010 or days_past_due = 60", False),
        ("status = 60_days", True),
        ("status != foreclosure", True),
        ("loan = L-3", True),
        ("loan = 'L-3' and pool = \"pool\"", True),
        ("loan = l-3", False),
        ("rate > 6%", True),
        ("rate = 0.0625", True),
        ("paid_to < 2025-01-02", True),
        ("cumulative_loss > 0", True),
        ("loss != 0", False),
        ("curtailment = 5 and prepayment = 5", True),
        # `and` binds closer than `or`, `not` closer than both.
        ("loss > 0 and days > 0 or days > 60", True),
        ("loss > 0 and (days > 0 or days > 60)", False),
        ("not loss > 0 and days > 60", True),
        ("not (loss > 0 or days > 60)", False),
        # What is not known compares with nothing.
        ("maturity < 2030-01-01", False),
        ("maturity >= 2030-01-01", False),
        ("not maturity < 2030-01-01", True),
        ("\n balance = 100000\tand loan = L-3", True),
    ],
)
def test_condition(condition: str, holds: bool) -> None:
    assert parse(condition, 2)(ROW) is holds


@pytest.mark.parametrize(
    ("condition", "at", "said"),
    [
        ("blance > 3", 0, "there is no column `blance`; did you mean balance"),
        ("days > 3 and los > 0", 13, "there is no column `los`; did you mean loss"),
        ("qqq = 1", 0, "there is no column `qqq`; it can be loan, pool, status, opening_balance"),
        ("status = foreclosed", 9, "there is no status `foreclosed`; did you mean foreclosure?"),
        ("status > current", 7, "`status` is a word and has no order; compare it with `=` or `!=`"),
        ("balance > 100,000", 10, "`100,000` is not a plain amount"),
        ("balance > 1.005", 10, "`1.005` has more than 2 decimal places"),
        ("days > -1", 7, "`-1` is no number; write a whole number of days such as 60"),
        ("days > 99999999999999999999", 7, "is no number"),
        ("rate > six", 7, "`six` is no rate"),
        ("paid_to = 2025-02-30", 10, "`2025-02-30` is no date"),
        ("balance >", 9, "the condition ends too early"),
        ("", 0, "the condition ends too early"),
        ("balance 3", 8, "`3` does not fit here"),
        ("balance > 3 loss > 0", 12, "`loss` does not fit here"),
        ("(balance > 3", 12, "the condition ends too early"),
        ("balance > 'a", 10, "`'` has no meaning here"),
        ("balance => 3", 9, "`>` does not fit here"),
    ],
)
def test_mistake_is_shown_with_its_place(condition: str, at: int, said: str) -> None:
    with pytest.raises(ProblemsFound) as found:
        parse(condition, 2)

    (problem,) = found.value.problems
    assert said in str(problem)
    assert problem.excerpt.splitlines()[1] == "  " + " " * at + "^"


def test_words_that_begin_like_joining_words_are_words() -> None:
    assert parse("loan = order-1 or loan = L-3", 2)(ROW)
    assert not parse("loan = android", 2)(ROW)


@pytest.mark.parametrize("text", ["not " * 120 + "loss = 0", "(" * 240 + "loss = 0" + ")" * 240, "a" * 500, "loss = 0 or " * 40 + "loss = 0"])
def test_no_condition_within_the_limit_breaks_the_program(text: str) -> None:
    try:
        assert parse(text[:MOST_CHARACTERS], 2)(ROW) is True
    except ProblemsFound as found:
        assert "--where" in str(found)  # noqa: PT017  # either is fine, nothing else is


def test_longer_condition_is_refused_unread() -> None:
    with pytest.raises(ProblemsFound, match="the condition has 501 characters, the most is 500"):
        parse("a" * 501, 2)
