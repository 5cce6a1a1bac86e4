"""Reopening: new versions of a period and of all later ones, the old ones kept, and what was paid wrongly owed by payee."""

from __future__ import annotations

import pytest

from ledger import service
from ledger.core.problems import ProblemsFound
from ledger.reports.json import to_json
from ledger.store.engine import Store
from tests.core.test_worked_example import DEAL
from tests.service.example import MONTHS, NAME, accounts, bank, closing, correct, distribute, figure, line_of, months, open_example, remit, statement

ONE, TWO, THREE, FOUR, FIVE = MONTHS


def test_a_reopened_month_and_the_later_ones_close_as_if_it_had_been_right(store: Store) -> None:
    open_example(store)
    one = remit(store, ONE, scheduled_principal=7_000)
    distribute(store)
    remit(store, TWO)
    distribute(store)

    done = correct(store, f"{line_of(store, one, 'scheduled_principal')},,,6000.00", treatment="reopen")

    assert [str(run.key) for run in done.reopened] == [ONE, TWO]
    assert closing(store) == (850_000, -729_600, -120_400, 0, 9_100, -9_100)
    assert service.verify(store, NAME).problems == ()


def test_what_was_paid_stays_paid_and_is_owed_back(store: Store) -> None:
    """1,000 of principal too much went to A; the servicer wired it, and has a claim to it."""
    open_example(store)
    one = remit(store, ONE, scheduled_principal=7_000)
    distribute(store)
    held = bank(store)

    correct(store, f"{line_of(store, one, 'scheduled_principal')},,,6000.00", treatment="reopen")

    owed = {name: balance for name, balance in accounts(store).items() if name.startswith("owed.") and balance}
    assert owed == {"owed.A": 1_000, "owed.servicer": -1_000}
    assert bank(store) == held


def test_statements_of_old_versions_read_as_they_were(store: Store) -> None:
    one, _ = months(store, 2)
    before = {key: to_json(statement(store, key, known_at=5)) for key in (ONE, TWO)}

    correct(store, f"{line_of(store, one, 'interest')},,,4700.00", treatment="reopen")

    assert {key: to_json(statement(store, key, known_at=5)) for key in (ONE, TWO)} == before
    assert figure(statement(store, ONE), "B", "interest_paid") == "1125.00"  # 300 of spread and 825 of the reserve
    assert figure(statement(store, ONE, known_at=5), "B", "interest_paid") == "1100.00"


def test_a_second_reopening_settles_against_what_was_first_paid(store: Store) -> None:
    one, _ = months(store, 2)
    correct(store, f"{line_of(store, one, 'interest')},,,4700.00", treatment="reopen")
    remit(store, THREE)
    distribute(store)
    held = bank(store)

    done = correct(store, f"{line_of(store, one, 'prepayment')},,,13000.00", treatment="reopen")

    assert [str(run.key) for run in done.reopened] == [ONE, TWO, THREE]
    assert bank(store) == held
    assert service.verify(store, NAME).problems == ()


def test_a_state_of_a_closed_month_is_corrected_by_reopening_it(store: Store) -> None:
    months(store, 1)

    with pytest.raises(ProblemsFound, match="reported is 5"):
        correct(store, f",{ONE},closing_balance,5.00", treatment="reopen")
    with store.reading() as reader:
        assert reader.head(NAME).position == 3


def test_an_open_month_cannot_be_reopened(store: Store) -> None:
    open_example(store)
    one = remit(store, ONE)

    with pytest.raises(ProblemsFound, match="there is nothing to reopen"):
        correct(store, f"{line_of(store, one, 'interest')},,,4700.00", treatment="reopen")


def test_a_reopening_waits_for_another_actor_where_the_deal_asks_for_approval(store: Store) -> None:
    open_example(store, DEAL.replace("closing_date", "approval: true\nclosing_date", 1))
    one = remit(store, ONE)
    service.distribute(store, NAME, actor="maker")
    service.approve(store, NAME, ONE, actor="checker")
    row = f"{line_of(store, one, 'interest')},,,4700.00"
    text = f"corrects,distribution_date,kind,value\n{row}\n".encode()

    def reopen(actor: str) -> service.Corrected:
        return service.correct(store, NAME, text, "correction.csv", reason="late", treatment="reopen", actor=actor)

    proposed = reopen("maker")
    with pytest.raises(ProblemsFound, match="maker proposed this"):
        reopen("maker")
    approved = reopen("checker")

    assert (proposed.proposal is not None, proposed.reopened) == (True, ())
    assert [str(run.key) for run in approved.reopened] == [ONE]


def test_a_reopened_statement_shows_its_version_and_both_figures(store: Store) -> None:
    one, _ = months(store, 2)

    correct(store, f"{line_of(store, one, 'interest')},,,4700.00", treatment="reopen")

    shown = statement(store, ONE)
    assert shown.revision.version == 2
    assert [figure(shown, "pool", f"interest{ending}") for ending in ("", "_adjustments", "_restated")] == ["4700.00", "100.00", "4700.00"]
    assert shown.revision.restated["pools"]["pool"]["interest"].first.value == 4_600_00
    assert shown.owed == {"B": 25_00, "servicer": -100_00}


def test_what_is_owed_is_settled_by_a_row_of_a_later_month(store: Store) -> None:
    open_example(store)
    one = remit(store, ONE, scheduled_principal=7_000)
    distribute(store)
    correct(store, f"{line_of(store, one, 'scheduled_principal')},,,6000.00", treatment="reopen")
    held = bank(store)

    rows = [f"{TWO},interest,,5850.00", f"{TWO},settlement,A,1000.00", f"{TWO},settlement,servicer,-400.00"]
    service.remit(store, NAME, "\n".join(["distribution_date,kind,subject,value", *rows, ""]).encode(), "two.csv", actor="tester")
    distribute(store)

    assert {name: amount for name, amount in accounts(store).items() if name.startswith("owed.") and amount} == {"owed.servicer": -600}
    assert bank(store) - held == 600_00 + 400_00  # settled; and of interest what 400 of fee, 3,900 of A, 1,125 and 25 of B leave for the reserve


def test_no_more_is_settled_than_is_owed(store: Store) -> None:
    months(store, 1)
    rows = f"distribution_date,kind,subject,value\n{TWO},settlement,A,1000.00\n"
    service.remit(store, NAME, rows.encode(), "two.csv", actor="tester")

    done = service.distribute(store, NAME, actor="tester")

    assert "`settlement` of A is 1,000.00, it owes 0.00" in str(done.problems[0])
