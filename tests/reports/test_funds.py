"""Where the cash came from and went, as a statement says it: by kind, by payee, by account."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ledger.core.statement import Statement, draw
from ledger.reports.cells import units
from ledger.reports.text import to_text
from tests.core.deals import Books, Month, fact
from tests.reports.statements import statement
from tests.reports.test_text import section

WIRED = """
settlement: wired
pool: {original_balance: 1_000}
tranches:
  A: {original_balance: 900, rate: 12%}
  R: {kind: residual}
fees:
  trustee: {amount: 2}
  servicer: {owed_by: [fee_retained]}
accounts:
  funds: {collects: [interest, scheduled_principal, fee_retained, purchase, advance, advance_reimbursement]}
  reserve: {opening: 50, target: 50}
waterfall:
  - {pay: fees, to: trustee, from: funds}
  - {pay: interest, to: A, from: [funds, reserve]}
  - {pay: principal, to: A, from: funds}
  - {pay: reserve.shortfall, to: reserve, from: funds}
  - {pay: rest, to: R, from: funds}
"""


def figures(month: Month, section: str) -> dict[str, dict[str, Decimal]]:
    """A section's figures that are not nil, in currency."""
    drawn: Statement = draw(month.terms, month.distribution)
    found = {
        name: {item: Decimal(drawn.text(figure)) for item, figure in items.items() if figure.value} for name, items in drawn.sections.get(section, {}).items()
    }
    return {name: items for name, items in found.items() if items}


def test_sources_are_what_was_reported_and_wired_and_uses_what_was_paid() -> None:
    books = Books(WIRED)
    month = books.month(fact("wire", "funds", 25), fact("account_earnings", "reserve", 1), interest=12, scheduled_principal=20, fee_retained=3)

    # 29 is due to the account and 25 of it was wired; the reserve's 51 is not needed
    assert figures(month, "sources") == {
        "deal.sources": {
            "cash.opening": 50, "cash.not_yet_wired": -4, "interest": 12, "scheduled_principal": 20, "fee_retained": -3, "account_earnings": 1,
        }
    }  # fmt: skip
    assert figures(month, "uses") == {"deal.uses": {"trustee.paid": 2, "A.interest_paid": 9, "A.principal_paid": 14, "cash.closing": 51}}


def test_what_was_wired_late_is_a_source_of_the_month_in_which_it_came() -> None:
    books = Books(WIRED)
    books.month(fact("wire", "funds", 25), interest=29)
    month = books.month(fact("wire", "funds", 4), interest=0)

    assert figures(month, "sources") == {"deal.sources": {"cash.opening": 50, "cash.not_yet_wired": 4}}
    assert figures(month, "accounts")["funds"] == {"opening_not_wired": 4, "wired": 4, "deposits": 4, "draws": 4}


def test_a_purchase_is_a_use_of_cash() -> None:
    month = Books(WIRED.replace("settlement: wired", "")).month(interest=40, purchase=30)

    assert figures(month, "sources")["deal.sources"] == {"cash.opening": 50, "interest": 40}
    # 60 is there for 2 of fees and 9 of interest
    assert figures(month, "uses")["deal.uses"] == {"purchase": 30, "trustee.paid": 2, "A.interest_paid": 9, "cash.closing": 49}


def test_advances_are_carried_forward_until_they_are_reimbursed_and_a_reversal_lowers_what_was_made() -> None:
    books = Books(WIRED.replace("settlement: wired", ""))
    first = books.month(interest=10, advance=7)
    second = books.month(interest=10, advance=-2, advance_reimbursement=4)

    assert figures(first, "advances") == {"servicer.advances": {"made": 7, "closing": 7}}
    assert figures(second, "advances") == {"servicer.advances": {"opening": 7, "made": -2, "reimbursed": 4, "closing": 1}}


def test_advances_that_a_payee_of_the_deal_is_owed_are_its_own() -> None:
    month = Books(
        WIRED.replace("settlement: wired", "").replace("owed_by: [fee_retained]", "owed_by: [advance, advance_reimbursement]").replace("fee_retained, ", "")
    ).month(interest=10, advance=7, advance_reimbursement=3)

    assert figures(month, "advances") == {"servicer": {"made": 7, "reimbursed": 3, "closing": 4}}


def test_a_reference_tranche_brings_and_takes_no_cash() -> None:
    month = Books(
        """
        pool: {original_balance: 1_000}
        tranches:
          A: {original_balance: 400}
          H: {original_balance: 600, kind: reference}
        events: {stated_principal: {cash: in, pool: down}}
        accounts:
          funds: {collects: [interest]}
          reference_funds: {cash: false, collects: [stated_principal]}
        waterfall:
          - {pay: principal, to: A, from: funds}
          - {pay: principal, to: H, from: reference_funds}
        """
    ).month(fact("stated_principal", None, 60), interest=40)

    assert figures(month, "sources") == {"deal.sources": {"interest": 40}}
    assert figures(month, "uses") == {"deal.uses": {"A.principal_paid": 40}}


def test_uses_stand_by_payee_and_kind_and_come_to_what_the_sources_come_to() -> None:
    text = to_text(statement(2))

    assert section(text, "Sources of funds") == [
        ["cash", "at", "the", "opening", "1,000.00"],
        ["interest", "5,000.00"],
        ["curtailment", "2,000.00"],
        ["payoff", "3,000.00"],
        ["total", "11,000.00"],
    ]
    assert section(text, "Uses of funds") == [
        ["payee", "fees", "interest", "principal", "total"],
        ["trustee", "100.00", "100.00"],
        ["A", "3,950.00", "4,120.83", "8,070.83"],
        ["IO", "329.17", "329.17"],
        ["B", "1,500.00", "1,500.00"],
        ["cash", "at", "the", "close", "1,000.00"],
        ["total", "100.00", "5,779.17", "4,120.83", "11,000.00"],
    ]


@pytest.mark.parametrize("month", [1, 2])
def test_sources_equal_uses(month: int) -> None:
    sections = statement(month).sections
    sources, uses = (sum(units(figure.value) for figure in sections[name][f"deal.{name}"].values()) for name in ("sources", "uses"))

    assert sources == uses > 0
