"""Formulas: types, functions, laziness, time, and what stops a period."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from ledger.core.problems import ProblemsFound
from tests.core.deals import Books, Month, problems_of

DEAL = """
dates: {distribution: {day: 15}, accrual: month, day_count: 30/360}
deal: FORMULA-1
closing_date: 2025-01-15
reported: {index: {type: rate, missing: 4%}, units: {type: number, missing: 7}, as_of: {type: date, missing: 2025-03-31}, sold: {type: flag, missing: false}}
pool: {original_balance: 1_000}
tranches:
  A: {original_balance: 600, rate: 6%}
  B: {original_balance: 300, rate: A.rate + 1%}
  R: {kind: residual}
groups: {notes: [A, B]}
fees: {servicing: {rate: 1.20%, of: pool.opening_balance}}
accounts: {funds: {collects: [interest, scheduled_principal, prepayment]}}
tables:
  step: {by: period, 1: 100%, 3: 70%}
  dated: {by: date, 2025-01-01: 5, 2025-03-15: 6}
  severity: {by: units, 0: 15%, 7: 25%}
amounts: {third: 100 / 3, constant: 2_500.50}
ratios: {share: A.balance / notes.balance}
waterfall:
  - {pay: fees, to: servicing, from: funds}
  - {pay: interest, to: {sequential: notes}, from: funds}
  - {pay: principal, to: {sequential: notes}, from: funds, limit: pool.scheduled_principal + pool.prepayment}
  - {pay: rest, to: R, from: funds}
"""


@pytest.fixture(scope="module")
def month() -> Month:
    books = Books(DEAL)
    return books.month(interest=20, scheduled_principal=100, curtailment=30, payoff=20)


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("-2 - -3", 1),
        ("4%", Decimal("0.04")),
        ("2_500", 2500),
        ("A.balance", 450),
        ("A.opening_balance", 600),
        ("A.original_balance", 600),
        ("notes.balance", 750),
        ("tranches.principal_paid", 150),
        ("A.balance - B.balance", 150),
        ("10% * A.balance", 45),
        ("A.balance * B.balance / pool.balance", Fraction(450 * 300, 850)),
        ("third", Decimal("33.33")),
        ("constant", Decimal("2500.50")),
        ("share", Decimal("0.6")),
        ("A.interest_paid", 3),
        ("B.rate", Decimal("0.07")),
        ("B.interest_accrued", Decimal("1.75")),
        ("A.year_fraction", Fraction(1, 12)),
        ("A.factor", Decimal("0.75")),
        ("R.interest_paid", Decimal("14.25")),
        ("servicing.due", 1),
        ("servicing.paid", 1),
        ("pool.prepayment", 50),
        ("pool.scheduled_principal", 100),
        ("pool.balance", 850),
        ("pool.factor", Decimal("0.85")),
        ("funds.collected", 170),
        ("funds.balance", 0),
        ("period", 1),
        ("step", 1),
        ("dated", 5),
        ("severity", Decimal("0.25")),
        ("distribution_date - closing_date", 31),
        ("months_between(closing_date, 2025-07-01)", 6),
        ("min(A.balance, B.balance, 200)", 200),
        ("max(A.balance, 200)", 450),
        ("abs(B.balance - A.balance)", 150),
        ("round(third)", Decimal("33.33")),
        ("round(100 * A.balance / 7)", Decimal("6428.57")),
        ("round(A.balance, 100)", 500),
        ("floor(A.balance, 100)", 400),
        ("floor(7 / 2)", 3),
        ("floor(0 - 7 / 2)", -4),
        ("ceiling(A.balance, 100)", 500),
        ("ceiling(7 / 2)", 4),
        ("ceiling(0 - 7 / 2)", -3),
        ("ceiling(400, 100)", 400),
        ("round(7 / 2)", 4),
        ("round(index * 100 / 3, 0.125%)", Decimal("1.33375")),
        ("interest(A, 12%)", 6),
        ("interest(A, 12%, 100)", 1),
        ("if sold then A.balance else B.balance", 300),
        ("index + 0.5%", Decimal("0.045")),
    ],
)
def test_a_formula_reads(month: Month, formula: str, expected: Any) -> None:
    assert month[formula] == expected


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("A.balance > B.balance and not sold", True),
        ("sold or A.balance == 450", True),
        ("A.balance <= 449.99", False),
        ("as_of > distribution_date", True),
        ("called", False),
        ("1 < 2 and 2 != 2", False),
    ],
)
def test_a_condition_reads(month: Month, formula: str, expected: bool) -> None:
    assert month[formula] is expected


def test_a_table_gives_the_row_with_the_greatest_key_not_above() -> None:
    books = Books(DEAL)

    shifts = [(month["step"], month["dated"]) for month in (books.month(), books.month(), books.month())]

    assert shifts == [(1, 5), (1, 6), (Decimal("0.7"), 6)]


def test_a_table_without_a_row_for_the_present_stops_the_period() -> None:
    with pytest.raises(ProblemsFound, match="table late has no row for 1; add a row with a key at or below it"):
        Books(DEAL.replace("tables:\n", "tables:\n  late: {by: period, 2: 5}\n").replace("limit: pool.scheduled", "limit: late + pool.scheduled")).month(
            interest=5
        )


@pytest.mark.parametrize("formula", ["if A.balance > 0 then 1 else 1 / 0 * A.balance / A.balance", "sold and 1 / (A.balance - A.balance) * A.balance > 1"])
def test_what_is_not_needed_is_not_read(month: Month, formula: str) -> None:
    lazy = formula.replace("1 / 0", "1 / (period - 1)")

    assert month[lazy] in (1, False)


def test_division_by_zero_names_the_step_the_formula_and_the_figure() -> None:
    text = DEAL.replace("limit: pool.scheduled_principal", "limit: A.balance / (B.balance - 300) * B.balance")

    with pytest.raises(ProblemsFound) as stopped:
        Books(text).month(interest=20, scheduled_principal=100)

    assert [str(problem) for problem in stopped.value.problems] == [
        (
            "FORMULA-1 2025-02-15, step 3, pay principal to notes: `A.balance / (B.balance - 300) * B.balance + pool.prepayment` divides 600.00 by zero; "
            "give it a `when`, or an `if` for the case that the divisor is zero"
        )
    ]


@pytest.mark.parametrize(
    ("section", "line", "fact"),
    [
        ("amounts", "x: A.balance + A.rate", "`+` needs like values, here are money and a number (a rate, ratio or count)"),
        ("amounts", "x: A.balance * B.balance", "is money times money, money is needed here"),
        ("amounts", "x: A.rate", "is a number (a rate, ratio or count), money is needed here"),
        ("ratios", "x: A.balance", "is money, a number (a rate, ratio or count) is needed here"),
        ("amounts", "x: if A.balance then 1 else 2", "is money, a boolean is needed here"),
        ("amounts", "x: if sold then A.balance else A.rate", "`if` needs like values"),
        ("amounts", "x: not A.balance", "is money, a boolean is needed here"),
        ("amounts", "x: A.balnce", "`A` has no `balnce`"),
        ("amounts", "x: C.balance", "unknown name `C.balance`: there is no `C`"),
        ("amounts", "x: A-B", "unknown name `A-B`"),
        ("amounts", "x: A", "unknown name `A`"),
        ("amounts", "x: sqrt(4)", "there is no function `sqrt`"),
        ("amounts", '"x": "min(1)"', "`min` takes 2 to 20 arguments, here are 1"),
        ("amounts", "x: x + 1", "`x` is defined by itself: x -> x"),
        ("amounts", "x: 1 / 0", "divides by zero"),
        ("amounts", '"x": "average(third, 0)"', "needs a whole number from 1 to 120 last"),
        ("amounts", '"x": "previous(A.balance)"', "no earlier value of `A.balance` is kept"),
        ("amounts", '"x": "as_of + 1"', "needs like values"),
        ("ratios", "x: B.factor + as_of", "needs like values"),
    ],
)
def test_a_formula_that_means_nothing_is_refused_with_what_is_wrong(section: str, line: str, fact: str) -> None:
    found = problems_of(DEAL.replace(f"{section}: {{", f"{section}: {{{line}, " if '"' in line else f"{section}: {{x: '{line[3:]}', "))

    assert len(found) == 1
    assert fact in found[0]


def test_a_constant_takes_the_type_that_its_section_needs() -> None:
    month = Books(DEAL.replace("constant: 2_500.50", "constant: 100_000 * 4%")).month()

    assert month["constant"] == 4_000


def test_previous_and_average_read_what_closes_kept() -> None:
    text = DEAL.replace(
        "amounts: {", "amounts: {last: if period == 1 then 0 else previous(collected), collected: pool.prepayment, mean: 'average(collected, 3)', "
    )
    books = Books(text)

    months = [books.month(prepayment=amount) for amount in (30, 60, 90, 120)]

    assert [month["last"] for month in months] == [0, 30, 60, 90]
    assert [month["mean"] for month in months] == [30, 45, 60, 90]


def test_a_value_may_be_built_on_its_own_earlier_value() -> None:
    books = Books(DEAL.replace("amounts: {", "amounts: {total: before + pool.prepayment, before: if period == 1 then 0 else previous(total), "))

    assert [books.month(prepayment=amount)["total"] for amount in (30, 60, 90)] == [30, 90, 180]


def test_a_previous_value_that_nobody_kept_stops_the_period_with_its_remedy() -> None:
    with pytest.raises(ProblemsFound, match=r"there is no previous value of third; state it under `previous` in the boarding file"):
        Books(DEAL.replace("limit: pool.sch", "limit: previous(third) + pool.sch")).month(scheduled_principal=5)


def test_a_missing_report_is_stood_in_for_as_the_deal_says() -> None:
    books = Books(DEAL.replace("{type: rate, missing: 4%}", "{type: rate, missing: previous}"))

    reads = [books.month(index="4.5%")["index"], books.month()["index"], books.month(index="3%")["index"]]

    assert reads == [Decimal("0.045"), Decimal("0.045"), Decimal("0.03")]


def test_every_report_that_is_missing_is_listed() -> None:
    text = DEAL.replace("{type: rate, missing: 4%}", "rate").replace("{type: number, missing: 7}", "number")

    with pytest.raises(ProblemsFound) as stopped:
        Books(text).month()

    assert [problem.fact for problem in stopped.value.problems] == ["`index` was not reported", "`units` was not reported"]
