"""Invented residential loans in the Standard File Layout: the same rows by each basis of remittance, with a header and without, and files that are wrong."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing

import pytest

from ledger import service
from ledger.core.statement import Statement
from ledger.files.importers.mapping import Importer
from ledger.files.importers.rmbs_layout import COLUMNS, RMBS_LAYOUTS
from ledger.store.engine import Store
from tests.importers import tapes
from tests.importers.tapes import DEAL, MARKER, booked, figures, opened, refused, remitted

Row = Mapping[str, str]
SCHEDULED, MIXED, ACTUAL = (f"rmbs-{basis}" for basis in ("scheduled-scheduled", "scheduled-actual", "actual-actual"))


def loan(number: str, scheduled: tuple[str, str, str, str], actual: tuple[str, str, str, str], **more: str) -> Row:
    """A row; of each basis the beginning and ending balance, principal and net interest."""
    names = ("BEG_PRIN_BAL", "END_PRIN_BAL", "PRIN_AMT", "NET_INT")
    figures_ = {f"{basis}_{name}": text for basis, texts in (("SCHED", scheduled), ("ACTL", actual)) for name, text in zip(names, texts, strict=True)}
    usual = {"SER_INVESTOR_NBR": "INV25", "LOAN_NBR": number, "SERVICER_LOAN_NBR": f"S{number}", "BORROWER_NAME": MARKER, "NOTE_INT_RATE": "6.2500"}
    return usual | {"NET_INT_RATE": "6.0000", "BORR_NEXT_PAY_DUE_DATE": "02/01/2025"} | figures_ | more


LATE = loan(
    "A", ("100000.00", "99800.00", "200.00", "500.00"), ("100400.00", "100400.00", "0.00", "0.00"),
    SERV_FEE_AMT="20.83", BORR_NEXT_PAY_DUE_DATE="11/01/2024", SOLDIER_SAILOR_ADJ_AMT="5.00",
)  # fmt: skip
CURTAILED = loan(
    "B", ("200000.00", "198200.00", "300.00", "1000.00"), ("200000.00", "198200.00", "1800.00", "996.50"),
    SERV_FEE_AMT="41.67", SERV_CURT_AMT_1="1000.00", SERV_CURT_DATE_1="01/10/2025", CURT_ADJ_AMT_1="-2.50",
    SERV_CURT_AMT_2="400.00", CURT_ADJ_AMT_2="-0.75", SERV_CURT_AMT_3="100.00", CURT_ADJ_AMT_3="-0.25", INT_ADJ_AMT="0.25",
)  # fmt: skip
PAID_OFF = loan(
    "C", ("50000.00", "0.00", "100.00", "250.00"), ("50000.00", "0.00", "50000.00", "250.00"),
    SERV_FEE_AMT="10.42", PIF_AMT="49900.00", PIF_DATE="01/20/2025", ACTION_CODE="60", PREPAY_PENALTY_AMT="750.00",
)  # fmt: skip
LIQUIDATED = loan(
    "D", ("80000.00", "0.00", "0.00", "0.00"), ("80000.00", "0.00", "50000.00", "0.00"),
    PIF_AMT="50000.00", LOAN_LOSS_AMT="30000.00", ACTION_CODE="70", BORR_NEXT_PAY_DUE_DATE="06/01/2024",
)  # fmt: skip
NOT_ADVANCED = loan(
    "E", ("60000.00", "59900.00", "100.00", "300.00"), ("60300.00", "60300.00", "0.00", "0.00"),
    SERV_FEE_AMT="12.50", NON_ADV_LOAN_AMT="400.00", ACTION_CODE="30", BORR_NEXT_PAY_DUE_DATE="07/01/2024",
)  # fmt: skip
ROWS = (LATE, CURTAILED, PAID_OFF, LIQUIDATED, NOT_ADVANCED)
POOLS = {SCHEDULED: "490000.00", MIXED: "490700.00", ACTUAL: "490700.00"}
NAMES = ("interest", "fee_retained", "scheduled_principal", "closing_balance")


def tape(*rows: Row, header: bool = False) -> bytes:
    return (",".join(COLUMNS) + "\n" if header else "").encode() + tapes.tape(COLUMNS, rows)


def january(store: Store, format_: str) -> Statement:
    opened(store, POOLS[format_])
    report = remitted(store, tape(*ROWS), format_, period="2025-01")
    assert report.warnings == []
    assert report.columns == {}
    assert report.outcomes == {"new": 5}
    return service.statement(store, DEAL)


@pytest.mark.parametrize(
    ("format_", "expected"),
    [
        # interest: 515.83 + 1,038.42 + 260.42 - 87.50; each loan's net interest and fee, with adjustments, less what is forgiven or not advanced
        (SCHEDULED, ["1727.17", "85.42", "700.00", "357900.00"]),
        # the same interest; of principal only what borrowers paid: 300.00 and 100.00
        (MIXED, ["1727.17", "85.42", "400.00", "358900.00"]),
        # interest as it came: 20.83 + 1,038.17 + 260.42 + 12.50, of which the fees are kept
        (ACTUAL, ["1331.92", "85.42", "400.00", "358900.00"]),
    ],
)
def test_basis_decides_what_the_same_loans_bring(sqlite: str, format_: str, expected: list[str]) -> None:
    with closing(Store(sqlite)) as store:
        statement = january(store, format_)
        moved = booked(store, "curtailment", "payoff", "prepayment_premium", "liquidation_proceeds", "realized_loss", "pool_adjustment")

    assert list(figures(statement, *NAMES).values()) == expected
    assert moved == [
        ("curtailment", "B", "1500.00"),
        ("payoff", "C", "49900.00"),
        ("prepayment_premium", "C", "750.00"),
        ("liquidation_proceeds", "D", "50000.00"),
        ("realized_loss", "D", "30000.00"),
    ]


@pytest.mark.parametrize(("method", "days"), [("MBA", [90, 0, 0, 240, 210]), ("OTS", [60, 0, 0, 210, 180])])
def test_days_past_due_follow_from_the_next_due_date(sqlite: str, method: str, days: list[int]) -> None:
    # Collections end on the last day of December; the borrower of A has not paid what was due on the first of November.
    rows = [
        {**row, "BORR_NEXT_PAY_DUE_DATE": due} for row, due in zip(ROWS, ["10/01/2024", "01/01/2025", "01/01/2025", "05/01/2024", "06/01/2024"], strict=True)
    ]
    with closing(Store(sqlite)) as store:
        opened(store, POOLS[SCHEDULED], method=method)
        remitted(store, tape(*rows), SCHEDULED, period="2025-01")
        with store.reading() as reader:
            stood = [(event.delinquency, event.code, f"{event.effective_on}") for _, event in reader.events(DEAL, kinds=["payment"])]

    assert [found[0] for found in stood] == days
    assert [found[1] for found in stood] == [None, None, None, "reo", "foreclosure"]
    assert stood[0][2] == "2024-09-01"


def test_header_may_stand_in_any_order(sqlite: str) -> None:
    reordered = [",".join(reversed(line.split(","))) for line in tape(*ROWS, header=True).decode().splitlines()]
    files = [tape(*ROWS), tape(*ROWS, header=True), "\n".join(reordered).encode()]
    with closing(Store(sqlite)) as store:
        opened(store, POOLS[SCHEDULED])
        months = [service.remit(store, DEAL, body, "t", format_=SCHEDULED, period="2025-01", actor="trustee", dry_run=True) for body in files]

    reports = [month.report for (month,) in months]
    assert reports[0] is not None
    assert reports[0] == reports[1] == reports[2]


def test_loss_said_again_is_no_news_and_a_negative_one_is_a_recovery(sqlite: str) -> None:
    ended = {**LIQUIDATED, "SCHED_BEG_PRIN_BAL": "0.00", "PIF_AMT": ""}
    stays = loan("A", ("99800.00", "99600.00", "200.00", "499.00"), ("", "", "", ""), SERV_FEE_AMT="20.79")
    later = {**stays, "SCHED_BEG_PRIN_BAL": "99600.00", "SCHED_END_PRIN_BAL": "99400.00"}
    with closing(Store(sqlite)) as store:
        opened(store, "180000.00")
        remitted(store, tape(LATE, LIQUIDATED), SCHEDULED, period="2025-01")
        repeated = remitted(store, tape(stays, ended), SCHEDULED, period="2025-02")
        remitted(store, tape(later, {**ended, "LOAN_LOSS_AMT": "-200.00"}), SCHEDULED, period="2025-03")
        found = booked(store, "realized_loss", "recovery", "subsequent_recovery")

    assert repeated.outcomes == {"changed": 1, "ended before": 1}
    assert found == [("realized_loss", "D", "30000.00"), ("recovery", "D", "200.00")]


def test_nobodys_name_reaches_the_books_or_a_report(sqlite: str) -> None:
    with closing(Store(sqlite)) as store:
        january(store, SCHEDULED)
        report = service.remit(store, DEAL, tape(*ROWS), "tape", format_=SCHEDULED, period="2025-01", actor="trustee")
        with store.reading() as reader:
            events = list(reader.events(DEAL))

    assert len(events) > len(ROWS)
    assert MARKER not in repr(events)
    assert MARKER not in repr(report)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (tape(LATE).replace(b",\n", b"\n"), "tape:1: the first line has 41 fields, a loan of the Standard File Layout has 42; name its --format"),
        (tape(LATE, CURTAILED).removesuffix(b",\n") + b"\n", "tape:2: the line has 41 fields, the others 42; ask for the file as it was sent"),
        (tape({**LATE, "ACTION_CODE": "99"}), "tape:1: `ACTION_CODE` is `99`, which is not a known code; known are 60, 63, 65, 15, 30, 70, 0, 00"),
        (tape({**LATE, "SCHED_PRIN_AMT": "$200"}), "tape:1: `SCHED_PRIN_AMT` is `$200`, which "),
        (
            tape({**LATE, "BORR_NEXT_PAY_DUE_DATE": "2024-11-01"}),
            "tape:1: `BORR_NEXT_PAY_DUE_DATE` is `2024-11-01`, which is not a date; write it as 01/30/2024",
        ),
        (tape({**LATE, "NOTE_INT_RATE": "six"}, header=True), "tape:2: `NOTE_INT_RATE` is `six"),
        (
            tape({**LATE, "NOTE_INT_RATE": "0.0625"}),
            "tape:1: `NOTE_INT_RATE` is `0.0625`, which is below a tenth of a per cent; write the rate in per cent, as 6.25",
        ),
        (tape(LATE, LATE), "tape:2: loan A stands twice, first in row 1"),
        (tape({**LATE, "SER_INVESTOR_NBR": "OTHER"}), "tape: the file is of OTHER, this deal is INVENTED-2025-1"),
        (tape({**LATE, "LOAN_NBR": "", "SERVICER_LOAN_NBR": ""}), "tape:1: the row names no loan; `LOAN_NBR` is the loan's number"),
        (tape({**LATE, "SCHED_END_PRIN_BAL": ""}), "tape:1: loan A states no SCHED_END_PRIN_BAL; read the file by its basis, or ask for both balances"),
        (tape({**LATE, "SCHED_BEG_PRIN_BAL": "", "SCHED_END_PRIN_BAL": ""}), "tape: no row of the file states a balance of a period"),
        (b"LOAN_NBR,LOAN_NBR\n1,1\n", "tape:1: the column `LOAN_NBR` stands twice"),
    ],
)
def test_wrong_file_is_refused_with_place_and_remedy(sqlite: str, body: bytes, problem: str) -> None:
    with closing(Store(sqlite)) as store:
        opened(store, "100000.00")
        found = refused(store, body, SCHEDULED, period="2025-01")

    assert any(one.startswith(problem) for one in found), found
    assert MARKER not in "".join(found)


def test_file_without_its_month_is_refused(sqlite: str) -> None:
    with closing(Store(sqlite)) as store:
        opened(store, POOLS[SCHEDULED])
        found = refused(store, tape(*ROWS), SCHEDULED)

    assert found == ["tape: no row of the file states a balance of a period; ask for the month's file, or say with --period which one it is"]


@pytest.mark.parametrize("importer", RMBS_LAYOUTS, ids=lambda importer: importer.name)
def test_every_column_is_mapped_or_listed_as_ignored(importer: Importer) -> None:
    assert importer.mapped | importer.ignored == set(COLUMNS)
    assert not importer.mapped & importer.ignored
    assert "BORROWER_NAME" in importer.ignored
