"""Three structures on one pool of 400 million of 7.5 % pass-throughs: sequential pay, an accrual class, and a planned amortization class with support.

The figures are those that the textbook prints; the pool's cash flows are made by its rules and remitted month by month, to 357 distributions a deal.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from typing import Any

import pytest

from tests.conftest import shared
from tests.core.deals import Books
from tests.published.collateral import CENT, exact_months, months

FRAME = """
deal: {name}
closing_date: 2025-01-01
dates: {{distribution: {{day: 25}}, accrual: month, day_count: 30/360}}
pool: {{original_balance: 400_000_000}}
accounts:
  interest: {{collects: [interest], opening: 1}}    # for the cents by which interest rounded class by class exceeds the pool's
  principal: {{collects: [scheduled_principal, prepayment]}}
"""
SEQUENTIAL = """
tranches:
  A: {original_balance: 194_500_000, rate: 7.5%}
  B: {original_balance: 36_000_000, rate: 7.5%}
  C: {original_balance: 96_500_000, rate: 7.5%}
  D: {original_balance: 73_000_000, rate: 7.5%}
waterfall:
  - {pay: interest, to: {sequential: [A, B, C, D]}, from: interest}
  - {pay: principal, to: {sequential: [A, B, C, D]}, from: principal}
"""
ACCRUAL = """
tranches:
  A: {original_balance: 194_500_000, rate: 7.5%}
  B: {original_balance: 36_000_000, rate: 7.5%}
  C: {original_balance: 96_500_000, rate: 7.5%}
  Z: {original_balance: 73_000_000, rate: 7.5%}
groups: {current: [A, B, C]}
waterfall:
  - {accrete: interest, to: Z, when: current.balance > 0}
  - {pay: interest, to: {sequential: [A, B, C, Z]}, from: interest}
  - {pay: principal, name: accretion, to: {sequential: [A, B, C, Z]}, from: interest, limit: Z.accreted}
  - {pay: principal, to: {sequential: [A, B, C, Z]}, from: principal}
"""
PLANNED = """
tranches:
  P: {original_balance: 243_800_000, rate: 7.5%}
  S: {original_balance: 156_200_000, rate: 7.5%}
waterfall:
  - {pay: interest, to: {sequential: [P, S]}, from: interest}
  - {pay: principal, to: {sequential: [{to: P, limit: P.balance - planned}, S, P]}, from: principal}
"""


def schedule() -> Iterator[Decimal]:
    """What the planned class is to be paid: the lesser of the principal at 90 and at 300 PSA, until its par is used up."""
    left = Decimal(243_800_000)
    for slow, fast in zip(exact_months(90), exact_months(300), strict=True):
        planned = min(slow.principal, fast.principal, left)
        left -= planned
        yield planned


def planned_balances() -> str:
    """The schedule as the table of a deal file: the balance after each month."""
    rows, balance = [], Decimal(243_800_000)
    for number, planned in enumerate(schedule(), start=1):
        balance -= planned
        rows.append(f"{number}: {max(balance, Decimal(0)).quantize(CENT)}")
    return f"tables: {{planned: {{by: period, {', '.join(rows)}}}}}\n"


SUPPORT = {50: "24.01", 90: "20.06", 250: "5.36"}
"""Average lives of the support class that differ from print: 24.009 and 5.3645 years are a hundredth off; at 90 PSA the book repeats the row of 100 PSA."""
DEALS = {"FJF-01": SEQUENTIAL, "FJF-02": ACCRUAL, "FJF-04": PLANNED}


@lru_cache
def paid(deal: str, speed: int) -> dict[str, list[Decimal]]:
    """Each figure month by month, `A.principal_paid` for instance, when the pool prepays at a speed."""
    text = FRAME.format(name=deal) + (planned_balances() if deal == "FJF-04" else "") + DEALS[deal]
    books = Books(text)
    figures: dict[str, list[Decimal]] = {}
    for month in months(speed):
        reported = {"interest": month.interest, "scheduled_principal": month.scheduled, "prepayment": month.prepaid}
        distribution = books.month(**reported).distribution
        for tranche in books.terms.deal.tranches:
            account = books.terms.claims[tranche].principal
            figures.setdefault(f"{tranche}.balance", []).append(Decimal(-distribution.closing.balances.get(account, 0)) / 100)
            for item in ("interest_paid", "principal_paid", "accreted"):
                name = f"{tranche}.{item}"
                total = sum(posting.amount for posting in distribution.postings if posting.item == name)
                figures.setdefault(name, []).append(Decimal(total) / 100)
    return figures


def average_life(principal: list[Decimal], days_early: int = 0) -> Decimal:
    """Years, weighted by principal, to two places; the book counts the plain structures from five days (of 360) later than the planned one."""
    weighed = sum((number * amount for number, amount in enumerate(principal, start=1)), Decimal(0))
    years = weighed / sum(principal, Decimal(0)) / 12 - Decimal(days_early) / 360
    return years.quantize(CENT)


def last_month(principal: list[Decimal]) -> int:
    return max(number for number, amount in enumerate(principal, start=1) if amount)


def agrees(ours: Decimal, printed: str) -> bool:
    """Printed in whole dollars, some rounded and some cut."""
    return abs(ours - Decimal(printed)) < 1


def book() -> Any:
    return json.loads(shared("cases/published/fabozzi_400m_750_8125_357.json").read_text(encoding="utf-8"))


# The pool ---------------------------------------------------------------------------------------------------------------------


def test_the_pools_cash_flows_are_those_of_the_book() -> None:
    cells = [cell for cell in book()["cells"] if "status" not in cell and cell["field"] != "payment"]

    assert len(cells) == 9
    for cell in cells:
        flows = list(islice(months(cell["psa"]), cell["month"]))
        month = flows[-1]
        found = {
            "total_principal": month.principal,
            "net_interest": month.interest,
            "cash_flow": month.interest + month.principal,
            "balance": month.balance + month.principal,  # at the beginning of the month
            "prepayment": month.prepaid,
            "sched_principal": month.scheduled,
        }
        assert agrees(found[cell["field"]], cell["printed"]), cell


# Sequential pay ---------------------------------------------------------------------------------------------------------------


def test_sequential_classes_are_paid_as_printed() -> None:
    case, figures = book()["cmo1_sequential_FJF01"], paid("FJF-01", 165)
    items = {"interest": ["interest_paid"], "principal": ["principal_paid"], "cash": ["interest_paid", "principal_paid"], "end_balance": ["balance"]}

    assert len(case["cells_165"]) == 8
    for tranche, month, item, printed in case["cells_165"]:
        assert agrees(sum((figures[f"{tranche}.{part}"][month - 1] for part in items[item]), Decimal(0)), printed), (tranche, month, item)
    assert {tranche: last_month(figures[f"{tranche}.principal_paid"]) for tranche in "ABCD"} == case["last_month_165"]
    assert {tranche: str(average_life(figures[f"{tranche}.principal_paid"], 5)) for tranche in "ABC"} == case["wal_165"]


@pytest.mark.parametrize("speed", [50, 300, 700])
def test_average_lives_of_sequential_classes_follow_the_speed(speed: int) -> None:
    figures = paid("FJF-01", speed)

    assert [str(average_life(figures[f"{tranche}.principal_paid"], 5)) for tranche in "ABCD"] == book()["cmo1_sequential_FJF01"]["wal_recalled"][str(speed)]


def test_the_pools_average_life_is_that_of_its_classes_together() -> None:
    figures = paid("FJF-01", 165)
    together = [sum((figures[f"{tranche}.principal_paid"][month] for tranche in "ABCD"), Decimal(0)) for month in range(357)]

    assert str(average_life(together, 5)) == book()["pool_wal"]["165"]


# An accrual class -------------------------------------------------------------------------------------------------------------


def test_accretion_shortens_the_classes_before_it_as_printed() -> None:
    case, figures = book()["cmo2_accrual_FJF02"], paid("FJF-02", 165)

    assert agrees(figures["A.principal_paid"][0], case["a_principal_month1"])  # 709,923 and the 456,250 of Z
    assert agrees(figures["Z.accreted"][0], case["z_interest_month1"])
    assert {tranche: str(average_life(figures[f"{tranche}.principal_paid"], 5)) for tranche in "ABC"} == case["wal_165"]
    # The book prints 112 for C. By its own rule A, B and C need 327,000,000 less the 73,684,058.64 that Z accreted by then: the pool has paid
    # 250,990,533.65 of that, and the 2,325,407.71 that are missing are paid in month 113.
    assert {tranche: last_month(figures[f"{tranche}.principal_paid"]) for tranche in "ABC"} == {"A": 64, "B": 77, "C": 113}
    assert (figures["Z.balance"][111], figures["C.balance"][111]) == (Decimal("146684058.64"), Decimal("2325407.71"))
    assert figures["Z.balance"][-1] == 0


# A planned class --------------------------------------------------------------------------------------------------------------


def test_the_schedule_is_the_lesser_of_two_speeds() -> None:
    planned, slow, fast = (list(flows) for flows in (schedule(), exact_months(90), exact_months(300)))
    rows = book()["cmo3_pac_FJF04"]["schedule_90_300"]

    assert len(rows) >= 30
    for number, at_90, at_300, scheduled in rows:
        found = [amount.quantize(CENT) for amount in (slow[number - 1].principal, fast[number - 1].principal, planned[number - 1])]
        assert found == [Decimal(at_90), Decimal(at_300), Decimal(scheduled)], number


@pytest.mark.parametrize("speed", [90, 165, 300])
def test_inside_its_collar_a_planned_class_is_paid_by_its_schedule_to_the_cent(speed: int) -> None:
    balance, planned = Decimal(243_800_000), []
    for amount in schedule():
        balance -= amount
        planned.append(max(balance, Decimal(0)).quantize(CENT))

    # The servicer's cents are rounded each month, so that at the edge of the collar a month may lack one.
    assert all(abs(ours - scheduled) <= CENT for ours, scheduled in zip(paid("FJF-04", speed)["P.balance"], planned, strict=True))


@pytest.mark.parametrize("speed", [0, 50, 90, 165, 250, 300, 350, 400, 500, 700])
def test_average_lives_of_a_planned_class_and_its_support_are_as_printed(speed: int) -> None:
    figures, case = paid("FJF-04", speed), book()["cmo3_pac_FJF04"]
    planned, support = (str(average_life(figures[f"{tranche}.principal_paid"])) for tranche in "PS")

    assert planned == case["wal"][str(speed)][0]
    assert support == SUPPORT.get(speed, case["wal"][str(speed)][1])
