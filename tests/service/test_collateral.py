"""What a statement says of its loans, on both databases: counted again by a naive program, and by hand."""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from ledger import service
from ledger.core.loans import LoanLoss, LoanTerms, Modification
from ledger.core.statement import Statement
from ledger.reports.text import to_text
from ledger.store.engine import Store

NAME = "ROWAN-2025-1"
DEAL = """
deal: ROWAN-2025-1
closing_date: 2025-01-10
dates: {distribution: {day: 25, first: 2025-02-25}, accrual: month, day_count: 30/360}
pool: {original_balance: 1_000, delinquency: MBA}
tranches: {A: {original_balance: 1_000, rate: 1%}, R: {kind: residual}}
accounts:
  funds: {collects: [interest, scheduled_principal, prepayment, liquidation_proceeds, liquidation_expense, recovery, subsequent_recovery, fee_retained]}
waterfall:
  - {pay: interest, to: A, from: funds}
  - {pay: principal, to: A, from: funds, limit: pool.scheduled_principal + pool.prepayment + pool.liquidation_proceeds}
  - {write_down: tranches.balance - pool.balance, to: A}
  - {pay: rest, to: R, from: funds}
"""
HEADER = "distribution_date,kind,loan,value,principal,interest,balance,rate,delinquency,code,effective_on"
MONTHS = {
    "2025-02-25": """
loan_setup,L-1,600.00,,,,6%,,,2035-02-01
loan_setup,L-2,300.00,,,,5%,,,2030-02-01
loan_setup,L-3,100.00,,,,4%,,,2026-02-01
payment,L-1,,10.00,9.00,590.00,6%,0,,
payment,L-2,,10.00,9.00,290.00,5%,31,,
payment,L-3,,0.00,9.00,100.00,4%,95,foreclosure,
""",
    "2025-03-25": """
payment,L-1,,10.00,9.00,560.00,,0,,
curtailment,L-1,20.00,,,,,,,
payment,L-2,,0.00,9.00,290.00,,61,,
modification,L-2,3%,,,,,,rate cut,2032-03-01
liquidation_proceeds,L-3,70.00,,,,,,,
liquidation_expense,L-3,5.00,,,,,,,
realized_loss,L-3,35.00,,,,,,,
""",
    "2025-04-25": """
payoff,L-1,,560.00,3.00,0.00,,,,
payment,L-2,,20.00,9.00,270.00,,,,
subsequent_recovery,L-3,4.00,,,,,,,
""",
}


@pytest.fixture
def rowan(store: Store) -> Store:
    service.open_deal(store, DEAL.encode(), "deal.yaml", actor="trustee")
    for month, rows in MONTHS.items():
        file = "\n".join([HEADER, *(f"{month},{row}" for row in rows.strip().splitlines()), ""])
        service.remit(store, NAME, file.encode(), f"{month}.csv", actor="trustee")
        assert not service.distribute(store, NAME, actor="trustee").problems
    return store


def statement(store: Store, month: str) -> Statement:
    return service.statement(store, NAME, on=month)


def naive(month: str) -> dict[str, Fraction]:
    """The same counts and averages, from the rows one by one."""
    balances, rates, late, code, opening = dict[str, Decimal](), dict[str, Decimal](), dict[str, int](), dict[str, str](), 0
    for key in (key for key in MONTHS if key <= month):
        opening, late, code = sum(balance > 0 for balance in balances.values()), {}, {}
        for row in csv.DictReader([HEADER, *(f"{key},{row}" for row in MONTHS[key].strip().splitlines())]):
            loan, value = row["loan"], row["value"] or row["rate"]
            if row["rate"] or row["kind"] == "modification":
                rates[loan] = Decimal((row["rate"] or value).rstrip("%")) / 100
            if row["kind"] == "loan_setup":
                balances[loan], opening = Decimal(value), opening + 1
            elif row["balance"]:
                balances[loan] = Decimal(row["balance"])
            elif row["kind"] == "realized_loss":
                balances[loan] = Decimal(0)
            if row["delinquency"]:
                late[loan] = int(row["delinquency"]) // 30 * 30
            if row["kind"] == "payment" and row["code"]:
                code[loan] = row["code"]
    live = {loan: Fraction(balance) for loan, balance in balances.items() if balance > 0}
    found = defaultdict(Fraction, {"opening_loans": Fraction(opening), "closing_loans": Fraction(len(live))})
    found["wac"] = sum((balance * Fraction(rates[loan]) for loan, balance in live.items()), Fraction(0)) / sum(live.values(), Fraction(0))
    for loan, balance in live.items() if late else ():
        name = code.get(loan) or (f"{late.get(loan, 0)}_days" if late.get(loan) else "current")
        found[f"loans_{name}"] += 1
        found[f"balance_{name}"] += balance
    return found


@pytest.mark.parametrize("month", MONTHS)
def test_loans_are_counted_as_a_naive_program_counts_them(rowan: Store, month: str) -> None:
    shown, expected = statement(rowan, month), naive(month)

    told = [shown.sections.get(section, {}).get("pool", {}) for section in ("collateral", "delinquency")]
    figures = {item: shown.exact(figure) for items in told for item, figure in items.items()}
    counted = {item: figure for item, figure in figures.items() if figure and not item.startswith(("share", "average", "wam")) and "delinquent" not in item}

    assert counted == {item: figure for item, figure in expected.items() if figure}


def test_months_to_maturity_are_of_thirty_days_and_weighted_by_balance(rowan: Store) -> None:
    # From 1 February 2025, the end of the first collection period: 120, 60 and 12 months.
    assert statement(rowan, "2025-02-25").sections["collateral"]["pool"]["wam"].value == Fraction(590 * 120 + 290 * 60 + 100 * 12, 980)
    # From 1 March: 119 months, and 84 after the modification.
    assert statement(rowan, "2025-03-25").sections["collateral"]["pool"]["wam"].value == Fraction(560 * 119 + 290 * 84, 850)


def test_losses_and_modifications_are_listed_by_loan(rowan: Store) -> None:
    march, april = statement(rowan, "2025-03-25"), statement(rowan, "2025-04-25")

    assert march.losses == (LoanLoss("L-3", 0, 100_00, 70_00, 5_00, 35_00, 0, 0),)
    assert march.modifications == (Modification("L-2", LoanTerms("0.05", date(2030, 2, 1)), LoanTerms("0.03", date(2032, 3, 1)), "rate cut"),)
    assert april.losses == (LoanLoss("L-3", 0, 0, 0, 0, 0, 0, 4_00),)


def test_performance_is_by_hand(rowan: Store) -> None:
    march = statement(rowan, "2025-03-25").sections["performance"]["pool"]

    assert march["smm_1_month"].value == Fraction(20, 980 - 10)
    assert march["mdr_1_month"].value == Fraction(100, 980)
    assert march["severity_life"].value == Fraction(35, 100)
    assert "cpr_3_month" not in march


def test_what_is_booked_later_leaves_the_loans_of_a_month_as_they_were(rowan: Store) -> None:
    before = statement(rowan, "2025-02-25").sections
    late = f"{HEADER},applies_to\n2025-05-25,payment,L-2,,0.00,0.00,265.00,,0,,,\n2025-05-25,curtailment,L-2,5.00,,,,,,,,2025-02-25\n"
    service.remit(rowan, NAME, late.encode(), "may.csv", actor="trustee")
    assert not service.distribute(rowan, NAME, actor="trustee").problems

    after = statement(rowan, "2025-02-25").sections

    assert [after[section] for section in ("collateral", "delinquency", "performance")] == [
        before[section] for section in ("collateral", "delinquency", "performance")
    ]


def test_page_names_the_method_and_every_figure_is_explained(rowan: Store) -> None:
    shown = statement(rowan, "2025-03-25")

    page = to_text(shown)
    explained = [
        service.explain(rowan, NAME, "pool", item=item, on="2025-03-25").figures[item].value == figure.value
        for section in ("collateral", "delinquency", "performance")
        for item, figure in shown.sections[section]["pool"].items()
    ]

    assert "Delinquency, MBA method" in page
    assert "rate cut" in page
    assert len(explained) > 20
    assert all(explained)


def test_buckets_of_a_pool_in_totals_are_as_stated(store: Store) -> None:
    service.open_deal(store, DEAL.replace("delinquency: MBA", "delinquency: OTS").encode(), "deal.yaml", actor="trustee")
    header = "distribution_date,kind,value,delinquency,code"
    for month, rows in {
        "2025-02-25": ["loan_count,12,,"],
        "2025-03-25": ["loan_count,11,,", "loan_count,2,30,", "delinquent_balance,90.00,30,", "delinquent_balance,10.00,,reo"],
    }.items():
        file = "\n".join([header, *(f"{month},{row}" for row in ["interest,9.00,,", "scheduled_principal,100.00,,", *rows]), ""])
        service.remit(store, NAME, file.encode(), f"{month}.csv", actor="trustee")
        assert not service.distribute(store, NAME, actor="trustee").problems

    shown = statement(store, "2025-03-25")

    assert {item: shown.text(figure) for item, figure in shown.sections["collateral"]["pool"].items()} == {
        "opening_loans": "12", "closing_loans": "11", "average_balance": "72.73",
    }  # fmt: skip
    assert {item: shown.text(figure) for item, figure in shown.sections["delinquency"]["pool"].items()} == {
        "loans_30_days": "2", "balance_30_days": "90.00", "share_30_days": "0.1125", "balance_reo": "10.00", "share_reo": "0.0125",
        "balance_delinquent": "100.00", "share_delinquent": "0.125",
    }  # fmt: skip
