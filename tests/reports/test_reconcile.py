"""Published figures beside ours: every verdict, to the last place that was printed."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest

from ledger.core.statement import Statement, draw
from ledger.files.published import read_published, read_tolerated
from ledger.reports.csv import to_csv
from ledger.reports.reconcile import Reconciliation, reconcile, to_json, to_text
from tests.core.deals import Books
from tests.reports.statements import statement

MARCH = date(2025, 3, 25)


def march(day: date) -> Statement | None:
    return statement(2) if day == MARCH else None


def compare(*rows: str, tolerated: str = "") -> Reconciliation:
    """Reconcile rows of March, `subject,item,amount,note`, beside tolerances, `subject,item,difference,reason`."""
    published = "distribution_date,subject,item,amount,note\n" + "".join(f"2025-03-25,{row}\n" for row in rows)
    allowed = f"distribution_date,subject,item,difference,reason\n2025-03-25,{tolerated}\n" if tolerated else ""
    return reconcile(read_published(published.encode(), "published.csv"), read_tolerated(allowed.encode(), "tolerated.csv") if allowed else [], march)


def verdict(found: Reconciliation) -> str:
    return found.lines[0].verdict


@pytest.mark.parametrize(
    "row",
    [
        "A,interest_paid,3950.00,",
        "A,interest_paid,3950.0,",
        "A,interest_paid,3_950,",
        "A,interest_paid,3950.000,",
        "A,balance,785879.17,",
        "A,closing_balance,785879.17,",
        "A,rate,6%,",
        "A,rate,0.06,",
        "A,factor,0.9823490,",
        "A,factor,0.98235,",  # 785,879.17 / 800,000 = 0.9823489625
        "A,principal_per_1000,5.1510,",
        "A,total_paid,8070.83,",
        "IO,notional,790000.00,",
        "B,pdl,7000.00,",
        "B,principal_net,0,",
        "notes,interest_paid,5450.00,",
        "tranches,principal_paid,4120.83,",
        "trustee,paid,100,",
        "reserve,deposits,0.00,",
        "funds,draws,10000.00,",
        "pool,prepayment,5000.00,",
        "pool,recovery,0.00,",
        "deal,delinquent,1500.00,",
        "deal,losses,7000.00,",
        "deal,pdl,7000.00,",
        "deal,share,80.3557%,",  # 0.80355743...
        "deal,late,yes,",
        "deal,late,failed,",
        "deal,audited,no,",
        "deal,as_at,2025-03-01,",
    ],
)
def test_figure_ties(row: str) -> None:
    found = compare(row)

    assert (verdict(found), found.problems) == ("ties", ())


@pytest.mark.parametrize(
    ("row", "difference"),
    [
        ("A,interest_paid,3950.01,", "-0.01"),
        ("A,interest_paid,3949.99,", "0.01"),
        ("A,factor,0.9823489,", "0.0000001"),  # more places than the statement prints do not help
        ("A,factor,0.98234896,", "0.00000004"),
        ("A,rate,6.01%,", "-0.0001"),
        ("pool,recovery,1,", "-1"),
        ("deal,late,no,", "1"),
        ("deal,as_at,2025-03-02,", "1"),
    ],
)
def test_figure_differs_by_ours_less_the_published_one(row: str, difference: str) -> None:
    found = compare(row)

    assert verdict(found) == "differs"
    assert Decimal(found.lines[0].difference.numerator) / found.lines[0].difference.denominator == Decimal(difference)
    assert len(found.problems) == 1


def test_problem_says_where_what_and_by_how_much() -> None:
    assert str(compare("A,interest_paid,3950.01,").problems[0]) == (
        "published.csv:2: 2025-03-25 A interest_paid was published as 3950.01, ours is 3950.00 (difference -0.01); "
        "see the flow of funds of 2025-03-25; a difference that is known goes to tolerated.csv with its reason"
    )


def test_figure_with_fewer_decimals_ties_and_is_counted_apart() -> None:
    found = compare("A,principal_paid,4121,", "A,interest_paid,3950,")

    assert [line.is_rounded for line in found.lines] == [True, False]  # 4,120.83 and 3,950.00
    assert to_text(found) == "2 figures: 2 ties (1 of those that tie were published with fewer decimals than ours)\n"


def test_money_is_rounded_half_up_to_the_places_that_were_published() -> None:
    made = Books(
        """
        tranches: {A: {original_balance: 10.25}, B: {original_balance: 10.24}}
        accounts: {funds: {collects: [interest]}}
        waterfall: [{pay: principal, to: A, from: funds}]
        """
    )
    drawn = draw(made.terms, made.month(interest=0).distribution)
    rows = read_published(b"distribution_date,subject,item,amount\n2025-02-15,A,balance,10.3\n2025-02-15,B,balance,10.2\n", "p.csv")

    assert [line.verdict for line in reconcile(rows, [], lambda _day: drawn).lines] == ["ties", "ties"]


def test_factor_is_rounded_once_from_its_exact_value() -> None:
    made = Books(
        """
        rounding: {factor: {places: 4, mode: half_up}}
        tranches: {A: {original_balance: 100_000}, B: {original_balance: 1}}
        accounts: {funds: {collects: [scheduled_principal]}}
        waterfall: [{pay: principal, to: A, from: funds}]
        pool: {original_balance: 100_001}
        """
    )
    drawn = draw(made.terms, made.month(scheduled_principal="55550.10").distribution)  # 0.4444990 prints as 0.4445; to three places it is 0.444
    rows = read_published(b"distribution_date,subject,item,amount\n2025-02-15,A,factor,0.444\n", "p.csv")

    assert reconcile(rows, [], lambda _day: drawn).lines[0].verdict == "ties"


def test_derived_figure_is_counted_apart() -> None:
    found = compare("A,interest_paid,3950.00,derived from the total", "B,interest_paid,1500.00,as printed")

    assert [line.verdict for line in found.lines] == ["derived", "ties"]
    assert found.ties


def test_derived_figure_that_differs_differs() -> None:
    assert verdict(compare("A,interest_paid,3950.01,derived")) == "differs"


def test_declared_difference_is_tolerated_with_its_reason() -> None:
    found = compare("A,interest_paid,3950.01,", tolerated="A,interest_paid,-0.01,misprint")

    assert (verdict(found), found.lines[0].reason, found.ties) == ("tolerated", "misprint", True)


@pytest.mark.parametrize(
    ("row", "tolerated", "fact"),
    [
        ("A,interest_paid,3950.01,", "A,interest_paid,0.01,misprint", "is declared with a difference of 0.01, and the difference is -0.01"),
        ("A,interest_paid,3950.00,", "A,interest_paid,-0.01,misprint", "is declared with a difference of -0.01, and the difference is none: it ties"),
        ("A,interest_paid,3950.00,", "A,interest_paid,,unclear", "is declared with not to be compared, and the difference is none: it ties"),
        ("A,wishes,3950.00,", "A,wishes,-0.01,misprint", "and the difference is none: it was not compared"),
        ("A,interest_paid,3950.00,", "B,interest_paid,-0.01,misprint", "B interest_paid is tolerated, and no such figure was published"),
    ],
)
def test_tolerance_that_is_not_needed_or_another_is_reported(row: str, tolerated: str, fact: str) -> None:
    found = compare(row, tolerated=tolerated)

    assert any(fact in problem.fact and problem.place == "tolerated.csv:2" for problem in found.problems)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("Q9,interest_paid,1,", "there is no `Q9`; name a class, group, fee, account, pool or `deal`"),
        ("reserv,deposits,1,", "there is no `reserv`; did you mean reserve?"),
        ("A,interest_payed,1,", "`A` has no `interest_payed`; did you mean interest_paid"),
        ("A,interest_paid,yes,", "`yes` is not what `A` `interest_paid` is: ours is 3950.00"),
        ("deal,late,7,", "`7` is not what `deal` `late` is: ours is yes"),
        ("deal,as_at,20250301,", "`20250301` is not what `deal` `as_at` is: ours is 2025-03-01"),
    ],
)
def test_figure_that_cannot_be_compared_says_why(row: str, why: str) -> None:
    found = compare(row)

    assert verdict(found) == "not compared"
    assert why in found.problems[0].fact


def test_period_that_is_not_distributed_is_not_compared() -> None:
    rows = read_published(b"distribution_date,subject,item,amount\n2025-04-25,A,interest_paid,1\n", "p.csv")
    found = reconcile(rows, [], march)

    assert found.lines[0].reason == "2025-04-25 is not a distributed period"
    assert not found.ties


def test_figure_declared_as_not_comparable_needs_no_explanation() -> None:
    found = compare("A,wishes,1,", tolerated="A,wishes,,the deal does not say how it is computed")

    assert (verdict(found), found.lines[0].reason, found.ties) == ("not compared", "the deal does not say how it is computed", True)


@pytest.mark.parametrize("month", [1, 2])
def test_statement_in_csv_reconciles_against_itself(month: int) -> None:
    drawn = statement(month)
    found = reconcile(read_published(to_csv(drawn), "statement.csv"), [], lambda _day: drawn)

    assert found.counts["ties"] == len(found.lines) > 150
    assert found.ties


def test_statement_is_drawn_once_for_each_date() -> None:
    asked: list[date] = []

    def of(day: date) -> Statement | None:
        asked.append(day)
        return statement(2)

    reconcile(read_published(to_csv(statement(2)), "statement.csv"), [], of)

    assert asked == [MARCH]


def test_text_lists_what_does_not_tie() -> None:
    found = compare("A,interest_paid,3950.01,", "B,interest_paid,1500.00,", "B,wishes,1,", tolerated="A,interest_paid,-0.01,misprint")

    assert to_text(found) == (
        "date        subject  item           published     ours  difference  verdict       reason\n"
        "----------  -------  -------------  ---------  -------  ----------  ------------  --------------------------------------------------------\n"
        "2025-03-25  A        interest_paid    3950.01  3950.00       -0.01  tolerated     misprint\n"
        "2025-03-25  B        wishes                 1                       not compared  `B` has no `wishes`; see the items of a statement in CSV\n"
        "\n"
        "3 figures: 1 ties, 1 tolerated, 1 not compared\n"
    )


def test_text_lists_every_line_on_request() -> None:
    assert "B        interest_paid    1500.00  1500.00              ties" in to_text(compare("B,interest_paid,1500.00,"), every_line=True)


def test_json_holds_counts_lines_and_problems() -> None:
    said = json.loads(to_json(compare("A,interest_paid,3950.01,")))

    assert said["counts"] == {"ties": 0, "derived": 0, "tolerated": 0, "differs": 1, "not compared": 0}
    assert said["lines"][0] == {
        "distribution_date": "2025-03-25", "subject": "A", "item": "interest_paid", "published": "3950.01", "ours": "3950.00", "difference": "-0.01",
        "verdict": "differs", "reason": "", "rounded": False, "declared": False,
    }  # fmt: skip
    assert len(said["problems"]) == 1
