"""Who and what is named: deals by several ids, classes by titles and the market's identifiers."""

from __future__ import annotations

import pytest

from ledger.core.problems import ProblemsFound
from ledger.core.statement import draw
from ledger.files import remittance
from tests.core.deals import Books

DEAL = """
deal: NAMED-1
title: Named Trust 2025-1
aliases: [NT251, "4711"]
closing_date: 2025-01-15
dates: {distribution: {day: 15}}
pool: {original_balance: 1_000}
accounts: {funds: {collects: [interest]}}
tranches:
  A: {original_balance: 900, rate: 6%, title: Class A Notes, cusip: 12345ABC9, isin: US12345ABC91, denomination: 100}
  B: {original_balance: 100, rate: 6%}
fees: {trustee: {amount: 1, title: Indenture trustee}}
waterfall: [{pay: interest, to: {sequential: tranches}, from: funds}]
"""
ROWS = "deal,distribution_date,kind,value\n%s,2025-02-15,interest,5.00\n"


def test_identifiers_stand_on_the_statement_where_a_class_has_them() -> None:
    month = Books(DEAL).month(interest=5)
    statement = draw(month.terms, month.distribution)

    assert (statement.deal, statement.title) == ("NAMED-1", "Named Trust 2025-1")
    assert statement.labels["A"] == {"title": "Class A Notes", "cusip": "12345ABC9", "isin": "US12345ABC91", "kind": "note"}
    assert statement.labels["trustee"] == {"title": "Indenture trustee"}
    assert statement.labels["B"] == {"kind": "note"}


@pytest.mark.parametrize("name", ["NAMED-1", "NT251", "4711"])
def test_files_may_call_a_deal_by_any_of_its_names(name: str) -> None:
    [month] = remittance.read((ROWS % name).encode(), "r.csv", lambda _period: Books(DEAL).terms)

    assert [event.interest for event in month.events] == [500]


def test_a_file_of_another_deal_is_refused() -> None:
    with pytest.raises(ProblemsFound, match="OTHER-1"):
        remittance.read((ROWS % "OTHER-1").encode(), "r.csv", lambda _period: Books(DEAL).terms)
