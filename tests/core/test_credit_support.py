"""How far a class is protected: figures that can be checked by hand, and what a statement says where nothing is below or left."""

from __future__ import annotations

from fractions import Fraction

from ledger.core.figure import Figure
from ledger.core.statement import draw
from tests.core.deals import Books, Month, fact

DEAL = """
pool: {original_balance: 1_000}
tranches:
  A: {original_balance: 600}
  X: {original_balance: 100}
  M: {original_balance: 200}
  B: {original_balance: 50}
  IO: {of: pool.opening_balance, rate: 1%}
groups: {seniors: [A, X]}
seniority: [seniors, M, B]
accounts: {funds: {collects: [scheduled_principal]}}
waterfall:
  - {pay: principal, to: {sequential: [A, X, M, B]}, from: funds}
  - {write_down: pool.loss, to: {sequential: [B, M, A, X]}}
"""


def figures(month: Month, subject: str, *items: str) -> list[Fraction | None]:
    """Items of a subject as numbers, money in currency; None for one that the statement does not have."""
    drawn = draw(month.terms, month.distribution)
    found: list[Figure | None] = [drawn.figure(subject, item) for item in items]
    return [None if figure is None else drawn.exact(figure) for figure in found]


SUPPORT = ("original_credit_support", "opening_credit_support", "credit_support")


def test_credit_support_is_what_ranks_below_over_all_that_is_listed() -> None:
    month = Books(DEAL).month(scheduled_principal=100, charge_off=70)

    # B's 50 and 20 of M are lost: A 500, X 100, M 180, B nothing
    assert figures(month, "A", *SUPPORT) == [Fraction(250, 950), Fraction(250, 950), Fraction(180, 780)]
    assert figures(month, "X", *SUPPORT) == figures(month, "A", *SUPPORT)
    assert figures(month, "M", *SUPPORT) == [Fraction(50, 950), Fraction(50, 950), 0]
    assert figures(month, "B", *SUPPORT) == [0, 0, 0]
    assert figures(month, "IO", *SUPPORT) == [None, None, None]


def test_shares_are_of_all_classes_and_of_the_pool() -> None:
    month = Books(DEAL).month(scheduled_principal=100, charge_off=70)

    assert figures(month, "M", "share_of_classes", "share_of_pool") == [Fraction(180, 780), Fraction(180, 830)]


def test_overcollateralization_is_the_pool_less_the_listed_classes_and_below_zero_what_it_lacks() -> None:
    books = Books(DEAL)
    first = books.month(scheduled_principal=100, charge_off=70)
    second = books.month(fact("adjustment", "A", 60), scheduled_principal=0)

    assert figures(first, "pool", "opening_overcollateralization", "overcollateralization") == [50, 50]
    assert figures(second, "pool", "opening_overcollateralization", "overcollateralization") == [-10, -10]


def test_a_deal_without_the_section_says_nothing_of_support() -> None:
    month = Books(DEAL.replace("seniority: [seniors, M, B]\n", "")).month(scheduled_principal=100)

    assert figures(month, "A", *SUPPORT) == [None, None, None]
    assert figures(month, "pool", "overcollateralization") == [None]


def test_nothing_is_a_share_of_classes_that_are_all_retired() -> None:
    month = Books(DEAL).month(scheduled_principal=950)

    assert figures(month, "A", "share_of_classes", "share_of_pool", *SUPPORT) == [None, 0, Fraction(250, 950), Fraction(250, 950), None]


def test_a_position_has_the_support_of_its_day() -> None:
    assert figures(Books(DEAL).opening, "A", *SUPPORT) == [Fraction(250, 950), None, Fraction(250, 950)]
