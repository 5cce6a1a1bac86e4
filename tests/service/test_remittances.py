"""Appending what a servicer reports: once, whole, in order, and by its own terms; on both databases."""

from __future__ import annotations

import gc
from datetime import date

import pytest

from ledger import service
from ledger.core.problems import ProblemsFound
from ledger.store.engine import Store
from ledger.store.log import Conflict, Draft, Receipt, Writer
from tests.conftest import ROOT

CATALOGUE = ROOT / "tests" / "errors" / "remittance"
POPLAR = "POPLAR-2025-1"
FEBRUARY, MARCH = date(2025, 2, 25), date(2025, 3, 25)


def open_trust(store: Store, folder: str, called: str | None = None) -> str:
    return service.open_deal(store, (CATALOGUE / folder / "deal.yaml").read_bytes(), "deal.yaml", called=called, actor="trustee").deal


def totals(*rows: str) -> bytes:
    return "\n".join(["distribution_date,kind,value,applies_to", *rows, ""]).encode()


def loans(*rows: str) -> bytes:
    return "\n".join(["distribution_date,kind,loan,value,principal,interest,balance", *rows, ""]).encode()


INTEREST = totals("2025-02-25,interest,5000.00,")
TWO_MONTHS = totals("2025-03-25,interest,4950.00,", "2025-02-25,interest,5000.00,")


def remit(
    store: Store, deal: str, source: bytes, name: str = "file.csv", *, by: str = "servicer", accept: tuple[str, ...] = (), dry_run: bool = False
) -> list[service.Remitted]:
    return service.remit(store, deal, source, name, source_name=by, accept=accept, actor="trustee", dry_run=dry_run)


def refused(store: Store, deal: str, source: bytes, *, by: str = "servicer", accept: tuple[str, ...] = ()) -> list[str]:
    """The facts for which a file is refused; nothing of it is appended."""
    before = head(store, deal)
    with pytest.raises(ProblemsFound) as caught:
        remit(store, deal, source, by=by, accept=accept)
    assert head(store, deal) == before
    return [problem.fact for problem in caught.value.problems]


def head(store: Store, deal: str) -> tuple[int, int]:
    """(position, count of events) of a deal's log."""
    with store.reading() as reader:
        return reader.head(deal).position, reader.head(deal).event_count


def live_loans(store: Store, deal: str = POPLAR) -> dict[str, int]:
    with store.reading() as reader:
        return reader.loan_balances(deal, not_loans={"pool", "funds"})


# Once, and whole ---------------------------------------------------------------------------------------------------------


def test_same_file_twice_is_one_remittance(store: Store) -> None:
    deal = open_trust(store, "totals")
    (first,) = remit(store, deal, INTEREST)
    before = head(store, deal)

    (second,) = remit(store, deal, INTEREST)

    assert first.receipt is not None
    assert second.receipt is not None
    assert (first.receipt.outcome, second.receipt.outcome) == ("appended", "already appended")
    assert (second.receipt.position, second.receipt.hash, second.receipt.events) == (first.receipt.position, first.receipt.hash, 0)
    assert head(store, deal) == before


def test_same_file_is_known_to_a_new_process_that_never_got_the_answer(database: str) -> None:
    first, second = Store(database), Store(database)
    deal = open_trust(first, "totals")
    remit(first, deal, TWO_MONTHS)
    first.close()

    again = remit(second, deal, TWO_MONTHS, "another name.csv")

    assert [(month.period, month.receipt and month.receipt.outcome) for month in again] == [(FEBRUARY, "already appended"), (MARCH, "already appended")]
    second.close()


def test_same_file_is_known_also_after_its_month_was_distributed(store: Store) -> None:
    deal = open_trust(store, "totals")
    remit(store, deal, INTEREST)
    assert not service.distribute(store, deal, actor="trustee").problems

    (again,) = remit(store, deal, INTEREST)

    assert again.receipt is not None
    assert again.receipt.outcome == "already appended"


def test_months_of_a_file_are_commits_in_the_order_of_their_dates(store: Store) -> None:
    deal = open_trust(store, "totals")

    months = remit(store, deal, TWO_MONTHS, "spring.csv")

    assert [(month.period, month.receipt and month.receipt.position, month.events) for month in months] == [(FEBRUARY, 2, 1), (MARCH, 3, 1)]
    with store.reading() as reader:
        commits = list(reader.commits(deal, after=1))
    assert [(commit.period, commit.source, commit.attempt, commit.source_name) for commit in commits] == [
        (FEBRUARY, "servicer", 1, "spring.csv"), (MARCH, "servicer", 1, "spring.csv"),
    ]  # fmt: skip
    assert len({commit.source_digest for commit in commits}) == 1


def test_wrong_second_month_keeps_the_first_out_too(store: Store) -> None:
    deal = open_trust(store, "totals")

    facts = refused(store, deal, totals("2025-02-25,interest,5000.00,", "2025-03-25,recovery,1.00,"))

    assert facts == ["no account collects `recovery`"]


def test_month_whose_append_fails_takes_the_months_before_it_back(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    deal = open_trust(store, "totals")
    before, append = head(store, deal), Writer.append

    def failing(writer: Writer, draft: Draft, *, expected_position: int | None = None) -> Receipt:
        if draft.period == MARCH:
            raise RuntimeError("the power fails")
        return append(writer, draft, expected_position=expected_position)

    monkeypatch.setattr(Writer, "append", failing)
    with pytest.raises(RuntimeError, match="the power fails"):
        remit(store, deal, TWO_MONTHS)

    assert head(store, deal) == before


def test_dry_run_checks_everything_and_appends_nothing(store: Store) -> None:
    deal = open_trust(store, "totals")
    before = head(store, deal)

    months = remit(store, deal, TWO_MONTHS, dry_run=True)

    assert [(month.period, month.receipt, month.events) for month in months] == [(FEBRUARY, None, 1), (MARCH, None, 1)]
    assert head(store, deal) == before


def test_whoever_writes_between_check_and_append_is_found_out(sqlite: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(sqlite)
    deal = open_trust(store, "totals")
    writing = Store.writing

    def overtaken(store: Store, deal: str) -> object:
        monkeypatch.setattr(Store, "writing", writing)
        remit(store, deal, totals("2025-02-25,lottery,1.00,"), by="custodian")
        return writing(store, deal)

    monkeypatch.setattr(Store, "writing", overtaken)
    with pytest.raises(ProblemsFound) as caught:
        remit(store, deal, INTEREST)

    assert [problem.fact for problem in caught.value.problems] == ["LARCH-2025-1 is at position 2, not at 1"]
    assert head(store, deal)[0] == 2
    store.close()


def test_collector_of_cycles_runs_again_whatever_became_of_the_file(sqlite: str) -> None:
    store = Store(sqlite)
    deal = open_trust(store, "totals")

    refused(store, deal, totals("2025-02-25,recovery,1.00,"))
    after_refusal = gc.isenabled()
    remit(store, deal, INTEREST)

    assert after_refusal
    assert gc.isenabled()
    store.close()


# One file against another ------------------------------------------------------------------------------------------------


def test_other_file_of_the_same_source_is_a_conflict_that_names_the_remedy(store: Store) -> None:
    deal = open_trust(store, "totals")
    remit(store, deal, INTEREST)
    before = head(store, deal)

    with pytest.raises(Conflict) as caught:
        remit(store, deal, totals("2025-02-25,interest,5000.01,"), "again.csv")

    (problem,) = caught.value.problems
    assert (problem.place, problem.fact) == ("again.csv", "another file of source servicer was appended for 2025-02-25 (attempt 1)")
    assert "tranche correct LARCH-2025-1 FILE" in problem.remedy
    assert head(store, deal) == before


def test_conflict_is_told_before_figures_are_compared(store: Store) -> None:
    deal = open_trust(store, "totals")
    remit(store, deal, INTEREST)
    assert not service.distribute(store, deal, actor="trustee").problems

    facts = refused(store, deal, totals("2025-02-25,interest,5000.00,", "2025-02-25,recovery,1.00,"))

    assert facts == ["another file of source servicer was appended for 2025-02-25 (attempt 1)"]


def test_two_sources_of_one_month_add_up(store: Store) -> None:
    deal = open_trust(store, "totals")
    remit(store, deal, INTEREST)
    remit(store, deal, totals("2025-02-25,lottery,100.00,"), by="custodian")

    (distribution,) = service.distribute(store, deal, actor="trustee").distributions

    assert distribution.closing.balances.get("cash.funds", 0) == 0
    assert sum(posting.amount for posting in distribution.postings if posting.item in ("A.interest_paid", "A.principal_paid")) == 5100_00


def test_same_file_for_another_deal_is_accepted_by_name_only(store: Store) -> None:
    deal, twin = open_trust(store, "totals"), open_trust(store, "totals", "LARCH-2025-2")
    remit(store, deal, INTEREST)

    assert refused(store, twin, INTEREST) == ["this very file was appended to LARCH-2025-1 for 2025-02-25 (position 2)"]
    (accepted,) = remit(store, twin, INTEREST, accept=("same-file",))

    assert accepted.receipt is not None
    assert accepted.receipt.outcome == "appended"


def test_warning_that_does_not_exist_cannot_be_accepted(store: Store) -> None:
    deal = open_trust(store, "totals")

    assert refused(store, deal, INTEREST, accept=("samefile",)) == ["`samefile` is not a warning"]


def test_row_of_an_earlier_month_names_its_first_commit_or_the_first_of_all(store: Store) -> None:
    deal = open_trust(store, "totals")
    remit(store, deal, totals("2025-02-25,interest,5000.00,", "2025-03-25,interest,4950.00,", "2025-03-25,interest,-1.00,2025-02-25"))

    with store.reading() as reader:
        rows = [event for _, event in reader.events(deal, period=MARCH, kinds=["interest"])]
    assert [(event.interest, event.corrects_position, event.corrects_line, event.effective_on) for event in rows] == [
        (4950_00, None, None, None), (-1_00, 2, None, FEBRUARY),
    ]  # fmt: skip


def test_what_one_file_reports_loan_by_loan_no_other_reports_in_total(store: Store) -> None:
    deal = open_trust(store, "loans")
    remit(store, deal, loans(*SET_UP, FIRST, SECOND))

    assert refused(store, deal, totals("2025-02-25,interest,7.50,"), by="custodian") == [
        "`interest` is reported for the pool, and another file of the period reports it loan by loan"
    ]
    remit(store, deal, totals("2025-02-25,recovery,1.00,"), by="custodian")
    assert refused(store, deal, loans("2025-02-25,recovery,L-1,1.00,,,"), by="collector") == [
        "`recovery` is reported loan by loan, and another file of the period reports it for the pool"
    ]


# Loan by loan ------------------------------------------------------------------------------------------------------------

SET_UP = ("2025-02-25,loan_setup,L-1,900.00,,,", "2025-02-25,loan_setup,L-2,600.00,,,")
FIRST, SECOND = "2025-02-25,payment,L-1,,10.00,4.50,890.00", "2025-02-25,payment,L-2,,5.00,3.00,595.00"


def test_loans_open_as_the_month_before_left_them_also_within_one_file(store: Store) -> None:
    deal = open_trust(store, "loans")

    remit(store, deal, loans(*SET_UP, FIRST, SECOND, "2025-03-25,payment,L-1,,10.00,4.45,880.00", "2025-03-25,payoff,L-2,,595.00,2.98,0.00"))

    assert live_loans(store) == {"L-1": 880_00}
    assert refused(store, deal, loans("2025-04-25,payment,L-1,,10.00,4.45,871.00")) == [
        "loan L-1 is stated to close at 871.00, it opens at 880.00 and its movements leave 870.00"
    ]


def test_month_in_which_every_loan_ends_leaves_none(store: Store) -> None:
    deal = open_trust(store, "loans")
    remit(store, deal, loans(*SET_UP, FIRST, SECOND))
    remit(store, deal, loans("2025-03-25,payoff,L-1,,890.00,4.45,", "2025-03-25,payoff,L-2,,595.00,2.98,"))

    remit(store, deal, totals("2025-04-25,nil_month,,"))

    assert live_loans(store) == {}


def test_servicers_of_parts_of_a_pool_report_in_files_of_their_own(store: Store) -> None:
    deal = open_trust(store, "loans")
    remit(store, deal, loans(*SET_UP, FIRST, SECOND))
    north, south = loans("2025-03-25,payment,L-1,,10.00,4.45,880.00"), loans("2025-03-25,payment,L-2,,5.00,2.98,590.00")

    assert refused(store, deal, north, by="north") == ["loan L-2, with a balance of 595.00, is not reported for 2025-03-25"]
    remit(store, deal, north, by="north", accept=("incomplete",))
    remit(store, deal, south, by="south")

    assert live_loans(store) == {"L-1": 880_00, "L-2": 590_00}
    assert refused(store, deal, loans("2025-03-25,payment,L-2,,1.00,,"), by="west") == [
        "loan L-2 was reported for this period by another file, with a closing balance of 590.00"
    ]


def test_loans_are_set_up_by_a_tape_and_reported_by_the_servicer(store: Store) -> None:
    deal = open_trust(store, "loans")
    remit(store, deal, loans(*SET_UP), by="loan tape")

    remit(store, deal, loans(FIRST, SECOND))

    assert live_loans(store) == {"L-1": 890_00, "L-2": 595_00}
    assert refused(store, deal, loans(SET_UP[0]), by="second tape") == ["loan L-1 was set up before"]


def test_value_that_another_file_brings_is_accepted_as_missing_once(store: Store) -> None:
    deal = open_trust(store, "pools")
    cash = b"distribution_date,kind,subject,value\n2025-02-25,interest,north,5.00\n2025-02-25,wire,funds,5.00\n"
    index = b"distribution_date,kind,subject,value\n2025-02-25,reported,index,5%\n"

    assert refused(store, deal, cash) == ["`index` is not reported for 2025-02-25"]
    remit(store, deal, cash, accept=("incomplete",))
    remit(store, deal, index, by="calculation agent")

    assert not service.distribute(store, deal, actor="trustee").problems


def test_loan_that_is_set_up_and_never_moved_stays(store: Store) -> None:
    deal = open_trust(store, "loans")

    remit(store, deal, loans(*SET_UP, FIRST))

    assert live_loans(store) == {"L-1": 890_00, "L-2": 600_00}


def test_purchased_loan_is_live_from_the_next_month_on(store: Store) -> None:
    deal = open_trust(store, "loans")
    remit(store, deal, loans(*SET_UP, FIRST, SECOND, "2025-02-25,purchase,L-3,12.00,,,"))

    remit(store, deal, loans("2025-03-25,payment,L-1,,,,890.00", "2025-03-25,payment,L-2,,,,595.00", "2025-03-25,payment,L-3,,2.00,,10.00"))

    assert live_loans(store) == {"L-1": 890_00, "L-2": 595_00, "L-3": 10_00}
