"""Filings of an invented trust of residential mortgages: what borrowers paid, what was forgiven, modified, advanced or charged off, and what stops a file."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing

import pytest

from ledger import service
from ledger.files.importers import detected
from ledger.files.importers.absee_rmbs import ABSEE_RMBS
from ledger.store.engine import Store
from tests.importers import tapes
from tests.importers.ex102 import Asset, exhibit
from tests.importers.tapes import DEAL, MARKER, booked, figures, opened, refused, remitted

FORMAT = "absee-rmbs"
TERMS = tapes.TERMS.replace("first: 2025-01-25", "first: 2025-02-25")
"""The deal first pays what is collected in January."""
POOL = "1000000.00"
NAMES = ("interest", "scheduled_principal", "curtailment", "payoff", "loss", "closing_balance")


def mortgage(number: str, month: str, opening: str, closing_balance: str, **said: str) -> Asset:
    """A loan's month, its last day as 01-31-2025."""
    return {
        "assetNumber": number,
        "reportingPeriodEndDate": month,
        "reportingPeriodBeginningLoanBalanceAmount": opening,
        "reportPeriodEndActualBalanceAmount": closing_balance,
        "reportPeriodEndScheduledLoanBalanceAmount": "1.00",
        "reportingPeriodInterestRatePercentage": ".06250000",
        "originatorName": MARKER,
        **said,
    }


def collected(principal: str, interest: str, scheduled: str) -> Mapping[str, str]:
    return {"actualPrincipalCollectedAmount": principal, "actualInterestCollectedAmount": interest, "scheduledPrincipalAmount": scheduled}


ADVANCED = {
    "servicerAdvancedPrincipalAmount": "350.00", "servicerAdvancedInterestAmount": "1040.00", "servicerAdvancedTaxesInsuranceAmount": "210.00",
    "servicerAdvancedCorporateAmount": "75.00", "servicerAdvancedRepaidInterestAmount": "20.00", "servicerAdvancedCumulativePrincipalAmount": "700.00",
}  # fmt: skip
JANUARY = [
    # what was due, and 1,500.00 ahead of it
    mortgage("1", "01-31-2025", "200000.00", "198200.00", **collected("1800.00", "1041.67", "300.00"), currentDelinquencyStatus="0"),
    mortgage("2", "01-31-2025", "150000.00", "0.00", **collected("150000.00", "781.25", "250.00"), zeroBalanceCode="1", paidFullAmount="149750.00"),
    # nothing came, whatever the servicer advanced
    mortgage("3", "01-31-2025", "200000.00", "200000.00", **collected("0.00", "0.00", "350.00"), **ADVANCED, paymentPastDueNumber="3"),
    mortgage("4", "01-31-2025", "100000.00", "100000.00", **collected("0.00", "0.00", "150.00"), paymentPastDueNumber="7"),
    mortgage("5", "01-31-2025", "350000.00", "349500.00", **collected("500.00", "1822.92", "500.00"), paymentPastDueNumber="0"),
]
FEBRUARY = [
    mortgage("1", "02-28-2025", "198200.00", "0.00", paidFullAmount="198200.00", actualInterestCollectedAmount="1032.29", zeroBalanceCode="1"),
    # modified: 20,000.00 is forgiven, the rate falls; what the modification did to interest moves no balance
    {
        **mortgage("3", "02-28-2025", "200000.00", "179800.00", **collected("200.00", "560.00", "200.00"), paymentPastDueNumber="0"),
        "reportingPeriodModificationIndicator": "true", "reportingPeriodInterestRatePercentage": ".04000000",
        "postModificationInterestPercentage": ".04000000", "forgivenPrincipalReportingPeriodAmount": "20000.00",
        "forgivenInterestReportingPeriodAmount": "3125.00", "totalDeferredAmount": "0.00",
    },
    mortgage("4", "02-28-2025", "100000.00", "0.00", zeroBalanceCode="4", chargeOffPrincipalAmount="100000.00", chargeOffInterestAmount="4166.67"),
    mortgage("5", "02-28-2025", "349500.00", "349000.00", **collected("500.00", "1820.31", "500.00"), currentDelinquencyStatus="31", paymentPastDueNumber="0"),
]  # fmt: skip
MARCH = [
    mortgage("3", "03-31-2025", "179800.00", "179600.00", **collected("200.00", "599.33", "200.00"), paymentPastDueNumber="0"),
    # charged off in February, and said again in every later file; something came after all
    mortgage("4", "03-31-2025", "0.00", "0.00", zeroBalanceCode="4", chargeOffPrincipalAmount="100000.00", recoveredAmount="2500.00"),
    # the property was sold: 300,000.00 of 349,000.00
    mortgage("5", "03-31-2025", "349000.00", "0.00", **collected("300000.00", "0.00", "0.00"), zeroBalanceCode="2"),
]
APRIL = [
    # what ended a loan may be said again, in full
    mortgage("1", "04-30-2025", "0.00", "0.00", paidFullAmount="198200.00", zeroBalanceCode="1"),
    {"assetNumber": "2", "reportingPeriodEndDate": "04-30-2025", "paidFullAmount": "149750.00", "zeroBalanceCode": "1"},
    mortgage("3", "04-30-2025", "179600.00", "179400.00", **collected("200.00", "598.67", "200.00"), paymentPastDueNumber="0"),
    mortgage("4", "04-30-2025", "0.00", "0.00", zeroBalanceCode="4", chargeOffPrincipalAmount="100000.00"),
    mortgage("5", "04-30-2025", "0.00", "0.00", zeroBalanceCode="2", forgivenPrincipalReportingPeriodAmount="100.00"),
]
MONTHS = (JANUARY, FEBRUARY, MARCH, APRIL)
DAYS = ("2025-02-25", "2025-03-25", "2025-04-25", "2025-05-25")
ENDS = ("curtailment", "payoff", "modification_loss", "charge_off", "recovery", "liquidation_proceeds", "realized_loss", "pool_adjustment")


def test_four_months_come_to_what_a_person_works_out(database: str) -> None:
    with closing(Store(database)) as store:
        opened(store, POOL, terms=TERMS)
        reports = [remitted(store, exhibit("rmbs", month), FORMAT) for month in MONTHS]
        statements = [service.statement(store, DEAL, on=day) for day in DAYS]
        moved = booked(store, *ENDS)
        verified = service.verify(store, DEAL)

    assert [list(figures(statement, *NAMES).values()) for statement in statements] == [
        ["3645.84", "1050.00", "1500.00", "149750.00", "0.00", "847700.00"],
        ["3412.60", "700.00", "0.00", "198200.00", "120000.00", "528800.00"],
        ["599.33", "200.00", "0.00", "0.00", "46500.00", "179600.00"],  # 49,000.00 less what was recovered
        ["598.67", "200.00", "0.00", "0.00", "0.00", "179400.00"],
    ]
    assert moved == [
        ("curtailment", "1", "1500.00"),
        ("payoff", "2", "149750.00"),
        ("payoff", "1", "198200.00"),
        ("modification_loss", "3", "20000.00"),
        ("charge_off", "4", "100000.00"),
        ("recovery", "4", "2500.00"),
        ("liquidation_proceeds", "5", "300000.00"),
        ("realized_loss", "5", "49000.00"),
    ]
    assert [report.outcomes for report in reports] == [
        {"new": 5},
        {"changed": 2, "ended": 2},
        {"changed": 1, "ended": 1, "ended before": 1},
        {"changed": 1, "ended before": 4},
    ]
    assert all(not report.warnings and not report.columns for report in reports)
    assert all(control.difference == 0 for report in reports for control in report.controls)
    assert verified.problems == ()


def test_days_past_due_are_stated_or_follow_from_the_payments_past_due(sqlite: str) -> None:
    with closing(Store(sqlite)) as store:
        opened(store, POOL, terms=TERMS)
        for month in MONTHS[:2]:
            remitted(store, exhibit("rmbs", month), FORMAT)
        with store.reading() as reader:
            stood = [(event.subject, event.delinquency, event.rate) for _, event in reader.events(DEAL, kinds=["payment"])]

    assert stood == [
        ("1", 0, "0.06250000"), ("2", None, "0.06250000"), ("3", 90, "0.06250000"), ("4", 210, "0.06250000"), ("5", 0, "0.06250000"),
        ("1", None, "0.06250000"), ("3", 0, "0.04000000"), ("4", None, "0.06250000"), ("5", 31, "0.06250000"),
    ]  # fmt: skip


SPELLED = {
    "reportingPeriodEndDate": ("reportingPeriodEndingDate", "reportPeriodEndingDate", "reportPeriodEndDate"),
    "reportingPeriodBeginningLoanBalanceAmount": ("reportPeriodBeginningLoanBalanceAmount",),
    "reportPeriodEndActualBalanceAmount": ("reportingPeriodActualEndBalanceAmount", "reportingPeriodEndActualBalanceAmount"),
    "reportingPeriodInterestRatePercentage": ("reportPeriodInterestRatePercentage",),
}


@pytest.mark.parametrize(("name", "other"), [(name, other) for name, others in SPELLED.items() for other in others])
def test_element_is_read_in_each_way_that_the_schemas_spell_it(name: str, other: str, sqlite: str) -> None:
    body = exhibit("rmbs", JANUARY)
    with closing(Store(sqlite)) as store:
        opened(store, POOL, terms=TERMS)
        files = (body, body.replace(f"{name}>".encode(), f"{other}>".encode()))
        reports = [service.remit(store, DEAL, file, "t", format_=FORMAT, actor="trustee", dry_run=True)[0].report for file in files]

    assert files[0] != files[1]
    assert reports[0] == reports[1]


def test_element_that_the_table_does_not_know_is_listed_as_unknown_and_not_read(sqlite: str) -> None:
    unknown = [{**asset, "obligorEmployerName": MARKER} for asset in JANUARY]
    with closing(Store(sqlite)) as store:
        opened(store, POOL, terms=TERMS)
        report = remitted(store, exhibit("rmbs", unknown), FORMAT)
        with store.reading() as reader:
            events = list(reader.events(DEAL))

    assert report.columns == {"obligorEmployerName": 5}
    assert len(events) > len(JANUARY)
    assert MARKER not in f"{events}{report}"


WRONG = {
    "an amount": ({"actualInterestCollectedAmount": "5,00"}, "tape:3: `actualInterestCollectedAmount` is `5,00`, which is not a plain amount"),
    "payments past due": ({"paymentPastDueNumber": "late"}, "tape:3: `paymentPastDueNumber` is `late`, which is not a number of months; write digits only"),
    "a date": ({"reportingPeriodEndDate": "01/2025"}, "tape:3: `reportingPeriodEndDate` is `01/2025`, which is"),
    "no ending balance": ({"reportPeriodEndActualBalanceAmount": ""}, "tape:3: loan 1 states no reportingPeriodActualEndBalanceAmount or reportingPeriodEnd"),
    "no number": ({"assetNumber": ""}, "tape:3: the row names no loan; `assetNumber` is the loan's number"),
}


@pytest.mark.parametrize(("said", "problem"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_with_file_row_column_value_and_remedy(said: Mapping[str, str], problem: str, sqlite: str) -> None:
    with closing(Store(sqlite)) as store:
        opened(store, POOL, terms=TERMS)
        found = refused(store, exhibit("rmbs", [{**JANUARY[0], **said}, *JANUARY[1:]]), FORMAT)

    assert any(one.startswith(problem) for one in found), found
    assert all("; " in one for one in found)
    assert MARKER not in "".join(found)


def test_file_is_known_by_its_namespace_and_another_kind_of_trust_is_refused(sqlite: str) -> None:
    with closing(Store(sqlite)) as store:
        opened(store, POOL, terms=TERMS)
        found = refused(store, exhibit("cmbs", JANUARY), FORMAT)

    assert detected(exhibit("rmbs", JANUARY)[:512]) == FORMAT
    assert len(found) == 1
    assert "the file is `assetData` of `http://www.sec.gov/edgar/document/absee/cmbs/assetdata`" in found[0]


def test_no_element_is_both_read_and_left_out() -> None:
    assert not ABSEE_RMBS.mapped & ABSEE_RMBS.ignored
    assert not [name for name in ABSEE_RMBS.mapped if "obligor" in name.lower() or "borrower" in name.lower()]
