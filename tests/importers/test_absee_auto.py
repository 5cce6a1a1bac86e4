"""Filings of an invented trust of car loans: what repeats itself, what comes late, what is absent, and what stops a file."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from ledger import service
from ledger.core.mapping_report import MISSING_LOANS, MappingReport
from ledger.core.problems import ProblemsFound
from ledger.files.importers import detected
from ledger.files.importers.absee_auto import ABSEE_AUTO
from ledger.service.loans import check_loans
from ledger.store.engine import Store
from tests.importers import auto_tape
from tests.importers.ex102 import Asset, exhibit
from tests.importers.test_life_of_a_cmbs_trust import present

MARKER = "Marguerite Borrower"
"""A person's name, which must reach no event, no message and no report."""
DEAL = """\
deal: WHEELS
closing_date: 2025-01-01
dates: {distribution: {day: 15, first: 2025-02-15}, accrual: month, day_count: 30/360}
pool: {original_balance: 4_000.00}
tranches: {A: {original_balance: 4_000.00, rate: 0%}, R: {kind: residual}}
accounts: {funds: {collects: [interest, scheduled_principal, curtailment, payoff, recovery]}}
waterfall:
  - {pay: principal, to: A, from: funds, limit: tranches.balance - pool.balance}
  - {write_down: tranches.balance - pool.balance, to: A}
  - {pay: rest, to: R, from: funds}
"""
SCHEMA = frozenset(name for name in auto_tape.loan(1)) | {"zeroBalanceCode", "zeroBalanceEffectiveDate", "chargedoffPrincipalAmount"}


def car(number: str, month: str, opening: str, closing_balance: str, **said: str | tuple[str, ...]) -> Asset:
    """A loan's month, its last day as 01-31-2025; amounts without a zero before the point, as EDGAR writes them."""
    return {
        "assetNumber": number,
        "reportingPeriodEndingDate": month,
        "reportingPeriodBeginningLoanBalanceAmount": opening,
        "reportingPeriodActualEndBalanceAmount": closing_balance,
        "obligorCreditScoreType": MARKER,
        **said,
    }


def collected(principal: str, interest: str, scheduled: str = ".00000000") -> Mapping[str, str]:
    return {"actualPrincipalCollectedAmount": principal, "actualInterestCollectedAmount": interest, "scheduledPrincipalAmount": scheduled}


JANUARY = [
    car("1", "01-31-2025", "1000.00", "880.00", **collected("120.00", "5.00", "100.00"), currentDelinquencyStatus="0", subvented=("1", "2")),
    car("2", "01-31-2025", "1000.00", "0", **collected("1000.00", "5.00", "100.00"), zeroBalanceCode=("1", "1"), zeroBalanceEffectiveDate="01-20-2025"),
    car("3", "01-31-2025", "1000.00", "0", zeroBalanceCode="4", chargedoffPrincipalAmount="1000.00", zeroBalanceEffectiveDate="01-31-2025"),
    car("4", "01-31-2025", "1000.00", "1000.00", **collected("0", "0", "100.00"), currentDelinquencyStatus="31"),
]
FEBRUARY = [
    car("1", "02-28-2025", "880.00", "780.00", **collected("100.00", "4.50", "100.00"), currentDelinquencyStatus="0"),
    # Charged off in January, and said again in every later file; something was received after all.
    car("3", "02-28-2025", "0", "0", zeroBalanceCode="4", chargedoffPrincipalAmount="1000.00", recoveredAmount="40.00", repossessedProceedsAmount="300.00"),
    car("4", "02-28-2025", "1000.00", "1010.00", **collected("0", "0", "100.00"), otherPrincipalAdjustmentAmount="10.00", currentDelinquencyStatus="59"),
]
MARCH = [
    car("1", "03-31-2025", "780.00", "0", **collected("780.00", "4.00", "100.00"), zeroBalanceCode="1"),
    {"assetNumber": "3", "reportingPeriodEndingDate": "03-31-2025", "recoveredAmount": "-15.00"},  # a stub: no balance, the recovery was too much
]


def remitted(store: Store, assets: list[Asset], accept: tuple[str, ...] = ()) -> MappingReport:
    """The report on a month that was appended and distributed, and that adds nothing when it comes again."""
    body = exhibit("autoloan", assets)
    (month,) = service.remit(store, "WHEELS", body, "month.xml", accept=accept, actor="trustee")
    (again,) = service.remit(store, "WHEELS", body, "month.xml", accept=accept, actor="trustee")
    assert (again.events, again.receipt is not None and again.receipt.outcome) == (0, "already appended")
    assert service.distribute(store, "WHEELS", actor="trustee").problems == ()
    assert month.report is not None
    return month.report


def opened(url: str) -> Store:
    store = Store(url)
    service.open_deal(store, DEAL.encode(), "deal.yaml", actor="trustee")
    return store


def pool(store: Store, item: str) -> str:
    statement = service.statement(store, "WHEELS")
    return statement.text(present(statement.figure("pool", item)))


def kinds(report: MappingReport) -> dict[str, tuple[int, int]]:
    return {one.kind: (one.events, one.amount) for one in report.kinds}


def test_three_months_come_to_what_a_person_works_out(database: str) -> None:
    with closing(opened(database)) as store:
        january, balance_1 = remitted(store, JANUARY), pool(store, "closing_balance")
        february, balance_2 = remitted(store, FEBRUARY), pool(store, "closing_balance")
        march, balance_3 = remitted(store, MARCH, (MISSING_LOANS,)), pool(store, "closing_balance")
        verified = service.verify(store, "WHEELS")
        with store.reading() as reader:
            events = str(list(reader.events("WHEELS")))

    assert kinds(january) == {
        "loan_setup": (4, 4_000_00),
        "payment": (4, 100_00 + 5_00 + 100_00 + 5_00),  # what was due of two loans, and their interest
        "curtailment": (1, 20_00),
        "payoff": (1, 900_00),
        "charge_off": (1, 1_000_00),
    }
    assert january.outcomes == {"new": 4}
    assert kinds(february) == {"payment": (2, 104_50), "pool_adjustment": (1, 10_00), "recovery": (1, 340_00)}
    assert february.outcomes == {"changed": 2, "ended before": 1}
    assert kinds(march) == {"payment": (2, 104_00), "payoff": (1, 680_00), "recovery": (1, -15_00)}
    assert (balance_1, balance_2, balance_3) == ("1880.00", "1790.00", "1010.00")
    assert verified.problems == ()
    assert MARKER not in events + str([january, february, march])


def test_loan_that_is_left_out_must_be_accepted(sqlite: str) -> None:
    with closing(opened(sqlite)) as store:
        remitted(store, JANUARY)
        remitted(store, FEBRUARY)
        with pytest.raises(ProblemsFound, match=r"1 live loans are not in the file: .*1,010.00 at most: 4\); .*--accept missing-loans"):
            remitted(store, MARCH)


def test_loan_that_another_file_of_the_period_ended_is_not_missing(sqlite: str) -> None:
    beside = b"distribution_date,loan,kind,principal,interest,balance\n2025-04-15,4,payoff,1010.00,5.00,0.00\n"
    with closing(opened(sqlite)) as store:
        remitted(store, JANUARY)
        remitted(store, FEBRUARY)
        service.remit(store, "WHEELS", beside, "beside.csv", source_name="administrator", accept=["incomplete"], actor="trustee")
        report, balance = remitted(store, MARCH), pool(store, "closing_balance")
        rolled = check_loans(store, "WHEELS")

    assert (report.warnings, balance) == ([], "0.00")
    assert rolled.is_clean


def lines_of(store: Store, loan: str, kind: str) -> list[tuple[int, int]]:
    with store.reading() as reader:
        return [(position, event.line) for position, event in reader.events("WHEELS", kinds=[kind]) if event.subject == loan]


def test_loan_of_which_only_an_earlier_month_was_corrected_is_missing(database: str) -> None:
    late = b"corrects,distribution_date,kind,loan,value,note\n,2025-03-15,interest,4,3.00,late\n"
    with closing(opened(database)) as store:
        remitted(store, JANUARY)
        remitted(store, FEBRUARY)
        service.correct(store, "WHEELS", late, "late.csv", reason="it came late", actor="trustee")
        report, balance = remitted(store, MARCH, accept=("missing-loans",)), pool(store, "closing_balance")
        rolled = check_loans(store, "WHEELS")

    assert ([warned.name for warned in report.warnings], balance, rolled.is_clean) == (["missing-loans"], "1010.00", True)


def test_loan_whose_report_by_another_file_was_taken_back_is_missing(database: str) -> None:
    beside = b"distribution_date,loan,kind,principal,interest,balance\n2025-04-15,4,payoff,1010.00,5.00,0.00\n"
    with closing(opened(database)) as store:
        remitted(store, JANUARY)
        remitted(store, FEBRUARY)
        service.remit(store, "WHEELS", beside, "beside.csv", source_name="administrator", accept=["incomplete"], actor="trustee")
        (line,) = lines_of(store, "4", "payoff")
        gone = "corrects,value,note\n{}:{},,it was another loan\n".format(*line).encode()
        service.correct(store, "WHEELS", gone, "gone.csv", reason="it was another loan", actor="trustee")
        with pytest.raises(ProblemsFound, match="1 live loans are not in the file"):
            remitted(store, MARCH)
        report, balance = remitted(store, MARCH, accept=("missing-loans",)), pool(store, "closing_balance")
        rolled = check_loans(store, "WHEELS")

    assert ([warned.name for warned in report.warnings], balance, rolled.is_clean) == (["missing-loans"], "1010.00", True)


WRONG = {
    "an amount": ({"actualInterestCollectedAmount": "5,00"}, "month.xml:3: `actualInterestCollectedAmount` is `5,00`, which is not a plain amount"),
    "a part of a cent": (
        {"actualInterestCollectedAmount": "5.00500000"},
        "month.xml:3: `actualInterestCollectedAmount` is `5.00500000`, which has more than 2",
    ),
    "a date": ({"reportingPeriodEndingDate": "02-30-2025"}, "month.xml:3: `reportingPeriodEndingDate` is `02-30-2025`, which is"),
    "days past due": ({"currentDelinquencyStatus": "late"}, "month.xml:3: `currentDelinquencyStatus` is `late`, which is not a number of days"),
    "no number": ({"assetNumber": ""}, "month.xml:3: the row names no loan; `assetNumber` is the loan's number"),
    "a number that stands twice": ({"assetNumber": "2"}, "month.xml:16: loan 2 stands twice, first in row 3"),
}


@pytest.mark.parametrize(("said", "problem"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_with_file_row_column_value_and_remedy(said: Mapping[str, str], problem: str, sqlite: str) -> None:
    with closing(opened(sqlite)) as store:
        with pytest.raises(ProblemsFound) as caught:
            remitted(store, [{**JANUARY[0], **said}, *JANUARY[1:]])
        with store.reading() as reader:
            appended = reader.head("WHEELS").position

    assert any(str(one).startswith(problem) for one in caught.value.problems), str(caught.value)
    assert all(one.remedy for one in caught.value.problems)
    assert MARKER not in str(caught.value)
    assert appended == 1


def test_elements_of_another_kind_of_trust_are_refused_by_their_namespace(sqlite: str) -> None:
    with closing(opened(sqlite)) as store, pytest.raises(ProblemsFound, match=r"the file is `assetData` of .*cmbs"):
        service.remit(store, "WHEELS", exhibit("cmbs", JANUARY), "month.xml", format_="absee-auto", actor="trustee")


def test_every_element_of_the_schema_is_read_or_left_out_by_name() -> None:
    assert len(SCHEMA) == 72
    assert not ABSEE_AUTO.mapped & ABSEE_AUTO.ignored
    assert ABSEE_AUTO.mapped | ABSEE_AUTO.ignored == SCHEMA | {"DemandResolutionDate"}


def test_tape_of_all_elements_is_recognized_and_has_nothing_unknown(sqlite: str, tmp_path: Path) -> None:
    deal = DEAL.replace("4_000.00", f"{auto_tape.opening_balance(250):.2f}")
    tape = tmp_path / "tape.xml"
    auto_tape.write(tape, 250)
    with closing(Store(sqlite)) as store:
        service.open_deal(store, deal.encode(), "deal.yaml", actor="trustee")
        (month,) = service.remit(store, "WHEELS", tape, "tape.xml", actor="trustee")

    assert detected(tape.read_bytes()[:512]) == "absee-auto"
    assert month.report is not None
    assert (month.report.columns, month.report.warnings, month.report.outcomes) == ({}, [], {"new": 250})
