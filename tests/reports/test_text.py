"""The statement as a terminal shows it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from ledger.core.collections import Flow
from ledger.core.statement import draw, received
from ledger.reports.text import to_text
from tests.core.deals import Books, fact
from tests.reports.statements import books, statement

GOLDEN = Path(__file__).parent / "golden"


def section(text: str, title: str) -> list[list[str]]:
    """The lines of a section, split at two blanks, without its rules; empty where it is left out."""
    lines = text.split("\n")
    if title not in lines:
        return []
    start = lines.index(title) + 1
    end = lines.index("", start)
    return [line.split() for line in lines[start:end] if set(line) > {"-", " "} or not set(line) <= {"-", " "}]


@pytest.mark.parametrize("month", [0, 1, 2])
def test_statement_reads_as_it_always_read(month: int) -> None:
    expected = (GOLDEN / f"harbour-{month}.txt").read_text(encoding="utf-8")

    assert to_text(statement(month)) == expected


def test_totals_count_every_class_that_was_paid() -> None:
    total = section(to_text(statement(1)), "Distribution by class")[-1]

    # interest 4,000.00 + 1,500.00 + 333.33 + 1,566.67, principal 10,000.00
    assert total == ["total", "1,000,000.00", "1,000,000.00", "7,400.00", "10,000.00", "990,000.00", "17,400.00"]


def test_interest_of_a_residual_class_is_no_accrual() -> None:
    names = [row[0] for row in section(to_text(statement(1)), "Interest")]

    assert names == ["class", "A", "B", "IO", "total"]


def test_header_says_as_of_which_day_and_names_the_last_distribution() -> None:
    second = to_text(statement(2, as_of=date(2025, 4, 10))).split("\n")[1]

    assert second == "Statement as of 2025-04-10; last distribution 2 of 2025-03-25; amounts in USD"


def test_scheduled_date_is_shown_where_the_payment_date_was_rolled() -> None:
    made = books()
    text = to_text(draw(made.terms, made.month(interest=0, delinquent=0, index="0%", audited=True).distribution))
    rolled = to_text(draw(made.terms, made.month(interest=0, delinquent=0, index="0%", audited=True).distribution))

    assert "scheduled date" not in text
    assert "distribution date      2025-05-27\nscheduled date         2025-05-25\n" in rolled  # a Sunday, then Memorial Day


def test_section_without_data_is_left_out() -> None:
    text = to_text(statement(1))

    assert "Adjustments booked in this period" not in text
    assert "Received and not yet distributed" not in text
    assert "Reference tranches" not in text


def test_adjustment_names_the_period_it_belongs_to() -> None:
    rows = section(to_text(statement(2)), "Adjustments booked in this period")

    assert rows[1:] == [["2025-02-25", "B", "-0.01"]]


def test_what_is_received_and_not_yet_distributed_is_listed_by_kind() -> None:
    flows = [Flow("interest", None, 100_000), Flow("payoff", None, 2_500_000), Flow("interest", None, -1)]
    text = to_text(statement(2, received=received(date(2025, 4, 25), flows)))

    assert section(text, "Received and not yet distributed")[1:] == [["2025-04-25", "interest", "999.99"], ["2025-04-25", "payoff", "25,000.00"]]


def test_books_finer_than_the_cent_print_each_figure_rounded_alone() -> None:
    made = Books(
        """
        rounding: {carry: 0.0001}
        tranches:
          A: {original_balance: 100.0050}
          B: {original_balance: 100.0050}
        accounts: {funds: {collects: [interest]}}
        waterfall: [{pay: principal, to: A, from: funds}]
        """
    )
    text = to_text(draw(made.terms, made.month(interest=0).distribution))

    assert [row[-2] for row in section(text, "Distribution by class")[1:]] == ["100.01", "100.01", "200.01"]


def test_reference_tranches_stand_apart_from_what_was_paid_in_cash() -> None:
    made = Books(
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
    )
    text = to_text(draw(made.terms, made.month(fact("stated_principal", None, 60), interest=40).distribution))

    assert [row[0] for row in section(text, "Distribution by class")] == ["class", "A"]
    assert section(text, "Reference tranches: entitlement, no cash")[1] == ["H", "600.00", "600.00", "0.00", "60.00", "540.00", "60.00"]


def test_draft_says_that_nothing_of_it_is_recorded() -> None:
    assert to_text(statement(2, position=0, head="")).endswith("A draft: nothing of it is recorded\n")
