"""Several pools of loans: classes of one group and classes of all, and one group that helps another."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ledger.core.problems import ProblemsFound
from ledger.core.statement import draw
from ledger.files import remittance
from tests.core.deals import Books, Month, problems_of

DEAL = """
pools: {one: {original_balance: 600}, two: {original_balance: 400}}
reported: {one.net_wac: {type: rate, missing: 6%}, two.net_wac: {type: rate, missing: 12%}}
events: {recall: {cash: in}, invoice: {}, write_off: {pool: down, loss: up}}
tranches:
  A-1: {original_balance: 500, rate: one.net_wac}
  A-2: {original_balance: 300, rate: two.net_wac}
  M: {original_balance: 200, rate: 9%}
  R: {kind: residual}
groups: {seniors: [A-1, A-2]}
fees: {trustee: {owed_by: invoice}}
accounts:
  funds_1: {collects: [one.interest, one.scheduled_principal, one.prepayment]}
  funds_2: {collects: [two.interest, two.scheduled_principal, two.prepayment]}
  shared: {collects: [recall]}
waterfall:
"""
HEAD = "distribution_date,kind,subject,value\n"
OWN = """
  - {pay: interest, to: A-1, from: funds_1}
  - {pay: interest, to: A-2, from: funds_2}
  - {pay: principal, to: A-1, from: funds_1, limit: one.scheduled_principal + one.prepayment}
  - {pay: principal, to: A-2, from: funds_2, limit: two.scheduled_principal + two.prepayment}
"""
CROSS = """
  - {pay: interest, name: from the other group, to: A-1, from: funds_2}
  - {pay: interest, name: from the other group, to: A-2, from: funds_1}
  - {pay: principal, name: undercollateralized, to: A-1, from: funds_2, limit: A-1.balance - one.balance}
  - {pay: principal, name: undercollateralized, to: A-2, from: funds_1, limit: A-2.balance - two.balance}
  - {pay: interest, to: M, from: [funds_1, funds_2, shared]}
  - {pay: rest, to: R, from: [funds_1, funds_2, shared]}
"""


def paid(month: Month, item: str) -> dict[str, Decimal]:
    return {name: month[f"{name}.{item}"] for name in ("A-1", "A-2", "M")}


def test_each_group_pays_its_own_class_and_both_pay_the_shared_one() -> None:
    month = Books(DEAL + OWN + CROSS).month(one__interest=4, two__interest=4, one__scheduled_principal=30, two__prepayment=20)

    assert paid(month, "interest_paid") == {"A-1": Decimal("2.50"), "A-2": 3, "M": Decimal("1.50")}
    assert paid(month, "principal_paid") == {"A-1": 30, "A-2": 20, "M": 0}
    assert month["R.interest_paid"] == 1  # 8 less 7
    assert (month["one.balance"], month["two.balance"], month["pool.balance"]) == (570, 380, 950)


def test_what_one_group_has_left_pays_the_interest_that_the_other_lacks() -> None:
    month = Books(DEAL + OWN + CROSS).month(one__interest=1, two__interest=6)

    # A-1 lacks 1.50 and gets it from group two, which has 3 left; M gets its 1.50 from what then remains.
    assert paid(month, "interest_paid") == {"A-1": Decimal("2.50"), "A-2": 3, "M": Decimal("1.50")}
    assert month["R.interest_paid"] == 0


def test_without_cross_collateral_it_does_not() -> None:
    month = Books(DEAL + OWN + "  - {pay: rest, to: R, from: [funds_1, funds_2]}\n").month(one__interest=1, two__interest=6)

    assert paid(month, "interest_paid") == {"A-1": 1, "A-2": 3, "M": 0}
    assert month["R.interest_paid"] == 3


def test_a_group_whose_class_exceeds_its_loans_is_helped_by_the_other() -> None:
    month = Books(DEAL + OWN + CROSS).month(one__interest=10, two__interest=3, two__charge_off=102, one__scheduled_principal=0)

    # Group two is left with 298 of loans against 300 of A-2; 7.50 of group one's interest is left over.
    assert paid(month, "principal_paid") == {"A-1": 0, "A-2": 2, "M": 0}


def test_losses_of_one_group_fall_on_its_own_subordination_then_on_the_shared_class() -> None:
    step = '  - {write_down: "max(0, A-1.balance + A-2.balance + M.balance - pool.balance)", to: {sequential: [M, {pro_rata: seniors}]}}\n'
    month = Books(DEAL + OWN + step).month(one__charge_off=50, two__charge_off=10)

    assert paid(month, "realized_loss") == {"A-1": 0, "A-2": 0, "M": 60}
    assert (month["one.loss"], month["two.loss"], month["pool.loss"]) == (50, 10, 60)


def test_principal_of_a_shared_class_comes_from_each_group_in_proportion() -> None:
    steps = """
  - {pay: principal, to: M, from: funds_1, limit: 10% * one.scheduled_principal}
  - {pay: principal, to: M, from: funds_2, limit: 10% * two.scheduled_principal}
  - {pay: principal, to: A-1, from: funds_1}
  - {pay: principal, to: A-2, from: funds_2}
"""
    month = Books(DEAL + steps).month(one__scheduled_principal=60, two__scheduled_principal=40)

    assert paid(month, "principal_paid") == {"A-1": 54, "A-2": 36, "M": 10}


def test_shares_may_follow_what_each_group_collected() -> None:
    by = "{A-1: one.prepayment, A-2: two.prepayment - 10, M: 10}"
    steps = f"  - {{pay: principal, to: {{pro_rata: [A-1, A-2, M], by: {by}}}, from: [funds_1, funds_2]}}\n"
    books = Books(DEAL + steps)

    shared, alone = books.month(one__prepayment=30, two__prepayment=20), books.month(one__prepayment=40, two__prepayment=5)

    assert paid(shared, "principal_paid") == {"A-1": 30, "A-2": 10, "M": 10}  # 50 by 30 : 10 : 10
    assert paid(alone, "principal_paid") == {"A-1": 36, "A-2": 0, "M": 9}  # 45 by 40 : 0 : 10, since a weight below zero weighs nothing


# Facts of the whole deal ------------------------------------------------------------------------------------------------------


def test_a_kind_that_moves_no_pool_belongs_to_the_whole_deal() -> None:
    steps = "  - {pay: fees, to: trustee, from: shared}\n"
    books = Books(DEAL + steps)

    month = books.month(recall=10, invoice=4)

    assert (month["shared.collected"], month["pool.recall"], month["trustee.paid"]) == (10, 10, 4)
    assert month["one.recall"] == 0
    shown = draw(month.terms, month.distribution).items("pool")
    assert (shown["recall"].value, shown["invoice"].value) == (1_000, 400)


def test_its_row_names_no_pool_and_those_of_others_must() -> None:
    terms = Books(DEAL + OWN).terms

    [month] = remittance.read((HEAD + "2025-02-15,recall,,10.00\n2025-02-15,recall,two,5.00\n").encode(), "r.csv", lambda _period: terms)
    with pytest.raises(ProblemsFound) as refused:
        remittance.read((HEAD + "2025-02-15,write_off,,1.00\n2025-02-15,interest,,4.00\n").encode(), "r.csv", lambda _period: terms)

    assert [(event.kind, event.subject) for event in month.events] == [("recall", None), ("recall", "two")]
    assert [problem.place for problem in refused.value.problems] == ["r.csv:2", "r.csv:3"]
    assert all("which is no pool" in problem.fact for problem in refused.value.problems)


# What is wrong ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "right", "message"),
    [
        ("one.interest,", "three.interest,", "`three.interest` is not a kind of event, an amount or a reported amount"),
        ("one.interest,", "interest,", "`interest` is collected by funds_1 and by funds_2"),
        ("from: funds_1, limit: one.scheduled_principal + one.prepayment", "from: funds_1, limit: three.prepayment", "unknown name `three.prepayment`"),
        ("to: A-1, from: funds_1}", "to: {pro_rata: [A-1, A-2], by: {A-1: one.interest, A-2: 2%}}, from: funds_1}", "this is a number"),
        ("one.net_wac:", "three.net_wac:", "`three.net_wac` is reported of `three`, which is no pool"),
    ],
)
def test_a_group_that_is_misnamed_is_refused(wrong: str, right: str, message: str) -> None:
    assert any(problem.startswith(message) for problem in problems_of((DEAL + OWN).replace(wrong, right, 1)))
