"""Whether new terms can follow the old: what holds a balance keeps its place, and an earlier value is there before it is read."""

from __future__ import annotations

import pytest

from ledger.core.amendment import always_read, check_amendment
from ledger.core.formula import Name
from ledger.files import formula_text
from tests.core.deals import Books, fact, terms

DEAL = """
reported: {late: {type: money, missing: 0}}
pool: {original_balance: 1_000}
tranches:
  A: {original_balance: 800, rate: 12%, unpaid_interest: carried}
  B: {original_balance: 200, rate: 12%}
  R: {kind: residual}
fees: {trustee: {amount: 50}}
ledgers: {pdl: {of: B, up_to: balance}}
accounts: {funds: {collects: [interest, scheduled_principal]}, reserve: {}}
waterfall:
  - {pay: interest, to: {sequential: [A, B]}, from: funds}
  - {pay: principal, to: {sequential: [B, A]}, from: funds, limit: pool.scheduled_principal}
  - {pay: fees, to: trustee, from: funds}
  - {record: late, as: pdl, to: B}
  - {pay: 30, to: reserve, from: funds}
  - {pay: rest, to: R, from: funds}
"""


def changed(*pairs: tuple[str, str]) -> str:
    text = DEAL
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return text


NO_RESERVE = (("reserve: {}", ""), ("  - {pay: 30, to: reserve, from: funds}\n", ""))
NO_LEDGER = (("ledgers: {pdl: {of: B, up_to: balance}}\n", ""), ("  - {record: late, as: pdl, to: B}\n", ""))
NO_FEE = (("fees: {trustee: {amount: 50}}\n", ""), ("  - {pay: fees, to: trustee, from: funds}\n", ""))
NO_B = (("  B: {original_balance: 200, rate: 12%}\n", ""), ("[A, B]", "[A]"), ("[B, A]", "[A]"), *NO_LEDGER)
NO_RESIDUAL = (("  R: {kind: residual}\n", ""), ("  - {pay: rest, to: R, from: funds}\n", ""))


@pytest.mark.parametrize(
    ("month", "change", "expected"),
    [
        ({"interest": 500}, NO_RESERVE, ["account reserve stands in the books with 30.00 (`cash.reserve`)"]),
        ({"interest": 10}, NO_RESERVE, []),  # nothing was left for the reserve
        ({"interest": 500, "late": 40}, NO_LEDGER, ["ledger B.pdl stands in the books with 40.00 (`pdl.B`)"]),
        ({"interest": 500}, NO_LEDGER, []),
        ({"interest": 10}, NO_FEE, ["fee trustee stands in the books with 50.00 (`trustee.fee`)"]),
        ({"interest": 500}, NO_FEE, []),
        ({"interest": 500}, NO_B, ["class B stands in the books with 200.00 (`B.principal`)"]),
        # A earns 8.00 and B 2.00, and the principal pays B off
        ({"interest": 10, "scheduled_principal": 200}, NO_B, []),
        # one cent less of interest is one cent less for the principal of B
        ({"interest": "9.99", "scheduled_principal": 200}, NO_B, ["class B stands in the books with 0.01 (`B.principal`)"]),
        ({"interest": 500}, NO_RESIDUAL, []),  # what a residual was paid in all is no balance
        ({"interest": 500}, (("reserve: {}", "reserve: {cash: false}"),), ["account reserve stands in the books with 30.00 (`cash.reserve`)"]),
        ({"interest": 500}, (("pool: {original_balance: 1_000}", "pools: {one: {original_balance: 1_000}}"),), None),
    ],
)  # fmt: skip
def test_what_holds_a_balance_keeps_its_place(month: dict[str, int | str], change: tuple[tuple[str, str], ...], expected: list[str] | None) -> None:
    books = Books(DEAL)
    state = books.month(**month).distribution.closing
    if expected is None:
        change, expected = (*change, ("pool.scheduled_principal", "one.scheduled_principal")), ["pool pool stands in the books with 1,000.00 (`pool`)"]

    problems = list(check_amendment(books.terms, terms(changed(*change)), 2, state))

    assert [problem.fact.partition(", and the new terms")[0] for problem in problems] == expected


def test_same_terms_follow_themselves() -> None:
    books = Books(DEAL)
    books.month(fact("adjustment", "A", "-1"), interest=500)

    assert list(check_amendment(books.terms, terms(DEAL), 2, books.months[-1].distribution.closing)) == []


@pytest.mark.parametrize(
    ("formula", "names"),
    [
        ("previous(x)", ["x"]),
        ("1 + -previous(x) * 2", ["x"]),
        ("max(previous(x), previous(y))", ["x", "y"]),
        ("if period == 7 then 1 else previous(x)", []),
        ("if previous(x) > 1 then previous(y) else 2", ["x"]),
        ("period > 7 and previous(x) > 1", []),
        ("previous(x) > 1 or previous(y) > 1", ["x"]),
        ("average(x, 3)", []),  # of as many as there are
        ("x", []),
    ],
)
def test_earlier_values_that_a_formula_reads_whatever_the_period(formula: str, names: list[str]) -> None:
    found = list(always_read(formula_text.parse(formula).root))

    assert all(isinstance(name, Name) for name in found)
    assert [name.name for name in found] == names
