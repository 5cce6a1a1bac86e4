"""Corrections: superseded while a period is open, adjusted in the earliest open one afterwards; always by reversal and restatement."""

from __future__ import annotations

import pytest

from ledger import service
from ledger.core.problems import ProblemsFound
from ledger.reports.json import to_json
from ledger.store.engine import Store
from tests.service.example import MONTHS, NAME, accounts, closing, correct, distribute, figure, line_of, months, open_example, remit, statement

ONE, TWO, THREE, FOUR, FIVE = MONTHS


def test_a_superseded_line_reads_as_restated_when_its_period_is_distributed(store: Store) -> None:
    open_example(store)
    position = remit(store, ONE, scheduled_principal=7_000)

    done = correct(store, f"{line_of(store, position, 'scheduled_principal')},,,6000.00")
    distribute(store)

    assert (done.treatment, [str(period) for period in done.booked]) == ("supersede", [ONE])
    assert closing(store) == (980_000, -780_000, -150_000, -25, 9_100, -59_075)


def test_a_line_without_figures_is_only_taken_back(store: Store) -> None:
    open_example(store)
    position = remit(store, ONE, recovery=500)

    correct(store, f"{line_of(store, position, 'recovery')},,,")
    distribute(store)

    assert closing(store) == (980_000, -780_000, -150_000, -25, 9_100, -59_075)


def test_a_late_fact_of_an_open_period_counts_in_it(store: Store) -> None:
    open_example(store)
    remit(store, ONE, prepayment=0)

    correct(store, f",{ONE},prepayment,14000.00")
    distribute(store)

    assert closing(store) == (980_000, -780_000, -150_000, -25, 9_100, -59_075)


def test_the_worked_example_books_last_months_correction_in_the_open_month(store: Store) -> None:
    _, two = months(store, 2)

    done = correct(store, f"{line_of(store, two, 'scheduled_principal')},,,9000.00")
    remit(store, THREE)
    distribute(store)

    assert (done.treatment, [str(period) for period in done.booked]) == ("adjust", [THREE])
    assert closing(store) == (843_000, -720_600, -122_400, 0, 9_349, -9_349)
    shown = statement(store, THREE)
    assert [(item.subject, str(item.origin), item.amount) for item in shown.adjustments] == [("pool.scheduled_principal", TWO, -1_000_00)]
    assert figure(shown, "pool", "scheduled_principal") == "7000.00"


def test_a_closed_period_keeps_its_postings_and_its_statement(store: Store) -> None:
    _, two = months(store, 2)
    before = statement(store, TWO, known_at=5)

    correct(store, f"{line_of(store, two, 'scheduled_principal')},,,9000.00")
    remit(store, THREE)
    distribute(store)

    assert to_json(statement(store, TWO, known_at=5)) == to_json(before)
    assert service.verify(store, NAME).problems == ()


def test_what_exceeds_the_months_cash_stays_owed_back_and_is_netted_from_the_next(store: Store) -> None:
    one, _ = months(store, 2)

    correct(store, f"{line_of(store, one, 'prepayment')},,,2000.00")
    remit(store, THREE, recovery=0)
    distribute(store)
    short = accounts(store)
    remit(store, FOUR)
    distribute(store)

    assert short["due.principal_funds"] == -4_000  # 8,000 of the month less the 12,000 that were too much
    assert [figure(statement(store, key), "A", "principal_paid") for key in (THREE, FOUR)] == ["0.00", "4000.00"]
    assert "due.principal_funds" not in {name for name, balance in accounts(store).items() if balance}


def test_a_correction_of_a_correction_belongs_to_the_month_of_the_first_line(store: Store) -> None:
    _, two = months(store, 2)
    first = correct(store, f"{line_of(store, two, 'scheduled_principal')},,,9000.00")
    (receipt,) = first.booked.values()
    remit(store, THREE)
    distribute(store)

    correct(store, f"{receipt.position}:2,,,9500.00")
    remit(store, FOUR)
    distribute(store)

    assert [(str(item.origin), item.amount) for item in statement(store, FOUR).adjustments] == [(TWO, 500_00)]
    assert service.verify(store, NAME).problems == ()


def test_an_adjustment_booked_in_an_open_month_can_still_be_corrected_there(store: Store) -> None:
    _, two = months(store, 2)
    (receipt,) = correct(store, f"{line_of(store, two, 'scheduled_principal')},,,9500.00").booked.values()

    correct(store, f"{receipt.position}:2,,,9000.00")
    remit(store, THREE)
    distribute(store)

    assert closing(store) == (843_000, -720_600, -122_400, 0, 9_349, -9_349)
    assert [(str(item.origin), item.amount) for item in statement(store, THREE).adjustments] == [(TWO, -1_000_00)]


def test_an_adjustment_of_a_balance_is_taken_back_in_a_later_month(store: Store) -> None:
    months(store, 1)
    late = f",{ONE},adjustment,A.unpaid_interest,100.00,the rate was read wrongly"
    header = "corrects,distribution_date,kind,subject,value,note"
    (receipt,) = correct(store, late, header=header).booked.values()
    remit(store, TWO)
    distribute(store)

    correct(store, f"{receipt.position}:1,,,,,", header=header)
    remit(store, THREE)
    distribute(store)

    booked = [[(item.subject, str(item.origin), item.amount) for item in statement(store, key).adjustments] for key in (TWO, THREE)]
    assert booked == [[("A.unpaid_interest", ONE, 100_00)], [("A.unpaid_interest", ONE, -100_00)]]


def test_the_same_correction_again_adds_nothing(store: Store) -> None:
    _, two = months(store, 2)
    row = f"{line_of(store, two, 'scheduled_principal')},,,9000.00"
    (first,) = correct(store, row).booked.values()

    (again,) = correct(store, row).booked.values()

    assert (again.outcome, again.position, again.hash) == ("already appended", first.position, first.hash)


def test_a_state_of_a_closed_month_cannot_be_booked_in_another(store: Store) -> None:
    months(store, 1)

    with pytest.raises(ProblemsFound, match="was read in its own month"):
        correct(store, f",{ONE},closing_balance,5.00")


def test_a_file_of_two_treatments_is_refused_and_nothing_is_written(store: Store) -> None:
    (one,) = months(store, 1)
    two = remit(store, TWO)

    with pytest.raises(ProblemsFound, match="is not distributed: there is nothing to adjust"):
        correct(store, f"{line_of(store, one, 'interest')},,,4700.00", f"{line_of(store, two, 'interest')},,,5900.00")
    with store.reading() as reader:
        assert reader.head(NAME).position == two


def test_a_closed_statement_shows_what_was_reported_what_was_booked_since_and_the_two_together(store: Store) -> None:
    _, two = months(store, 2)
    correct(store, f"{line_of(store, two, 'scheduled_principal')},,,9000.00")
    remit(store, THREE)
    distribute(store)

    shown = statement(store, TWO)

    columns = [figure(shown, "pool", f"scheduled_principal{ending}") for ending in ("", "_adjustments", "_restated")]
    assert columns == ["10000.00", "-1000.00", "9000.00"]
    assert [figure(shown, "pool", f"closing_balance{ending}") for ending in ("", "_restated")] == ["850000.00", "851000.00"]
    assert [(str(item.period), item.subject, item.amount) for item in shown.revision.booked] == [(THREE, "pool.scheduled_principal", -1_000_00)]
    assert figure(shown, "A", "interest_paid_adjustments") == "0.00"
    assert statement(store, TWO, known_at=5).revision.restated == {}


def test_a_month_between_shows_its_balances_restated_and_its_movements_as_they_were(store: Store) -> None:
    one, _ = months(store, 2)
    correct(store, f"{line_of(store, one, 'prepayment')},,,13000.00")

    shown = statement(store, TWO)

    assert [figure(shown, "pool", f"{item}_adjustments") for item in ("opening_balance", "closing_balance", "scheduled_principal")] == [
        "1000.00", "1000.00", "0.00",
    ]  # fmt: skip


def test_an_adjustment_of_interest_restates_what_was_due_and_paid(store: Store) -> None:
    months(store, 1)
    header = "corrects,distribution_date,kind,subject,value,note"
    correct(store, f",{ONE},adjustment,A.unpaid_interest,-190.48,22 days were taken for 21", header=header)
    remit(store, TWO)
    distribute(store)

    shown = statement(store, ONE)
    assert [figure(shown, "A", f"interest_paid{ending}") for ending in ("", "_adjustments", "_restated")] == ["4000.00", "-190.48", "3809.52"]
    assert figure(statement(store, TWO), "A", "interest_paid") == "3709.52"  # 3,900 less what was paid too much


def test_a_line_of_the_month_that_set_its_loan_up_can_be_corrected(store: Store) -> None:
    """The set-up is of the very month: it makes the loan no stranger and no newcomer."""
    open_example(store)
    rows = f"{ONE},loan_setup,L-1,,1000000.00\n{ONE},payment,L-1,20000.00,980000.00\n"
    header = "distribution_date,kind,loan,principal,balance\n"
    (remitted,) = service.remit(store, NAME, (header + rows).encode(), "loans.csv", actor="tester")
    assert remitted.receipt is not None

    correct(
        store, f"{line_of(store, remitted.receipt.position, 'payment')},,,,19000.00,981000.00", header="corrects,distribution_date,kind,loan,principal,balance"
    )
    distribute(store)

    assert accounts(store)["pool"] == 981_000
