"""Invented commercial mortgages in the Loan Periodic Update: losses that are repeated, recoveries of either sign, balances that rise, files that are wrong."""

from __future__ import annotations

import io
from collections.abc import Mapping
from contextlib import closing

import pytest
import xlsxwriter

from ledger import service
from ledger.files.importers.crefc_lpu import COLUMNS, CREFC_LPU, WIDTH, column
from ledger.store.engine import Store
from tests.importers import tapes
from tests.importers.tapes import DEAL, booked, figures, opened, refused, remitted

Cells = Mapping[int, str]
FORMAT = "crefc-lpu"


def loan(number: str, day: str, opening: str, closing_: str, more: Cells | None = None) -> Cells:
    """A row's cells by position: a loan of 6.00 % with a fee of 0.12 %."""
    usual = {1: "INV25", 3: f"30000{number}", 4: number, 5: day, 6: opening, 7: closing_, 10: "0.06", 11: "20300125", 12: "0.0012", 18: "0.0588", 40: "0"}
    return usual | dict(more or {})


def rows(*loans: Cells) -> list[dict[str, str]]:
    return [{column(position): text for position, text in cells.items()} for cells in loans]


def tape(*loans: Cells) -> bytes:
    return tapes.tape(COLUMNS, rows(*loans))


JANUARY = (
    loan("1", "20250125", "1000000.00", "999000.00", {23: "5000.00", 24: "1000.00"}),  # 1,000,000 x 6 % / 12
    loan("2", "20250125", "500000.00", "500000.00", {23: "2500.00", 24: "0.00", 27: "0.00", 40: "3", 42: "20241001", 41: "N"}),
    loan("3", "20250125", "200500.00", "200000.00", {23: "1002.50", 24: "500.00"}),
    loan("4A", "20250125", "100000.00", "100125.00", {23: "500.00", 26: "100.00", 28: "-25.00"}),
)
FEBRUARY = (
    loan("1", "20250225", "999000.00", "988000.00", {23: "4995.00", 24: "1000.00", 27: "10000.00", 32: "1"}),
    # 500,000 - (380,000 - 30,000): the servicer also says the 350,000 as unscheduled principal
    loan("2", "20250225", "500000.00", "0.00", {27: "350000.00", 32: "3", 45: "380000.00", 46: "30000.00", 47: "150000.00", 40: "5", 43: "20250110"}),
    loan("3", "20250225", "200000.00", "0.00", {23: "1000.00", 24: "500.00", 27: "199500.00", 30: "4000.00", 32: "9"}),
    loan("4A", "20250225", "100125.00", "100125.00", {23: "500.63"}),
)
MARCH = (
    loan("1", "20250325", "988000.00", "987000.00", {23: "4940.00", 24: "1000.00"}),
    loan("2", "20250325", "0.00", "0.00", {27: "350000.00", 32: "3", 45: "380000.00", 46: "30000.00", 47: "150000.00", 40: "5", 119: "-30.00", 132: "150.00"}),
    loan("4A", "20250325", "100125.00", "100125.00", {23: "500.63"}),
)
POOL = "1800500.00"


def test_three_months_come_to_what_a_hand_adds_up(sqlite: str) -> None:
    with closing(Store(sqlite)) as store:
        opened(store, POOL)
        reports = [remitted(store, tape(*month), FORMAT) for month in (JANUARY, FEBRUARY, MARCH)]
        statements = [service.statement(store, DEAL, on=day) for day in ("2025-01-25", "2025-02-25", "2025-03-25")]
        losses = booked(store, "realized_loss", "liquidation_proceeds", "liquidation_expense", "recovery", "prepayment_premium", "payoff", "curtailment")
        raised = booked(store, "capitalized_interest", "pool_adjustment")

    names = ("interest", "fee_retained", "scheduled_principal", "closing_balance")
    assert [list(figures(statement, *names).values()) for statement in statements] == [
        ["9002.50", "180.05", "1500.00", "1799125.00"],  # fees: 100.00 + 50.00 + 20.05 + 10.00
        ["6495.63", "129.92", "1500.00", "1088125.00"],  # fees: 99.90 + 20.00 + 10.02, the last 500.63 less 100,125 x 5.88 % / 12
        ["5440.63", "108.82", "1000.00", "1087125.00"],  # fees: 98.80 + 10.02
    ]
    assert losses == [
        ("curtailment", "1", "10000.00"),
        ("liquidation_expense", "2", "30000.00"),
        ("liquidation_proceeds", "2", "380000.00"),
        ("realized_loss", "2", "150000.00"),
        ("payoff", "3", "199500.00"),
        ("prepayment_premium", "3", "4000.00"),
        ("recovery", "2", "120.00"),
    ]
    assert raised == [("capitalized_interest", "4A", "100.00"), ("pool_adjustment", "4A", "25.00")]
    assert [report.outcomes for report in reports] == [{"new": 4}, {"changed": 2, "ended": 2}, {"changed": 2, "ended before": 1}]
    assert all(not report.warnings for report in reports)


def test_net_proceeds_may_be_said_as_unscheduled_principal_alone(sqlite: str) -> None:
    liquidated = loan("2", "20250225", "500000.00", "0.00", {27: "350000.00", 32: "3", 47: "150000.00"})
    with closing(Store(sqlite)) as store:
        opened(store, "500000.00")
        remitted(store, tape(JANUARY[1]), FORMAT)
        remitted(store, tape(liquidated), FORMAT)
        found = booked(store, "liquidation_proceeds", "liquidation_expense", "realized_loss")

    assert found == [("liquidation_proceeds", "2", "350000.00"), ("realized_loss", "2", "150000.00")]


def test_loan_says_how_it_stands(sqlite: str) -> None:
    states = {"1": {41: "Y", 40: "1"}, "2": {42: "20241001", 41: "Y", 40: "3"}, "3": {43: "20241101", 42: "20241001", 40: "5"}, "4A": {40: "A", 8: "20250101"}}
    with closing(Store(sqlite)) as store:
        opened(store, "400.00")
        remitted(store, tape(*(loan(number, "20250125", "100.00", "100.00", cells) for number, cells in states.items())), FORMAT)
        with store.reading() as reader:
            stood = [(event.code, event.delinquency, event.effective_on and f"{event.effective_on}") for _, event in reader.events(DEAL, kinds=["payment"])]

    assert stood == [("bankruptcy", 30, None), ("foreclosure", 90, None), ("reo", 90, None), (None, 0, "2025-01-01")]


def test_workbook_says_what_its_csv_says(sqlite: str) -> None:
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream)
    sheet = book.add_worksheet()
    for index, cells in enumerate(JANUARY):
        for position in range(1, WIDTH + 1):
            text = cells.get(position, "")
            is_number = text.replace(".", "", 1).removeprefix("-").isdigit()
            sheet.write(index, position - 1, float(text) if is_number else text or " ")
    book.close()
    with closing(Store(sqlite)) as store:
        opened(store, POOL)
        months = [service.remit(store, DEAL, body, "tape", format_=FORMAT, actor="trustee", dry_run=True) for body in (stream.getvalue(), tape(*JANUARY))]

    reports = [month.report for (month,) in months]
    assert reports[0] is not None
    assert reports[0] == reports[1]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (
            tape(JANUARY[0]).replace(b",\n", b"\n"),
            r"tape:1: the first line has 149 fields, a loan of a Loan Periodic Update has 150; name its --format, or ask",
        ),
        (tape(*JANUARY[:2]).removesuffix(b",\n") + b"\n", "tape:2: the line has 149 fields, the others 150; ask for the file as it was sent"),
        (tape(JANUARY[0], loan("2", "20250125", "1", "1", {40: "Z"})), "tape:2: `L40 payment status` is `Z`, which is not a known code; known are A, B, 0"),
        (tape(loan("2", "2025-01-25", "1", "1")), "tape:1: `L5 distribution date` is `2025-01-25`, which is not a date; write it as 20240130"),
        (tape(loan("2", "20250230", "1", "1")), "tape:1: `L5 distribution date` is `20250230`, which is no day of the calendar"),
        (tape(loan("2", "20250125", "1,000", "1")).replace(b"1,000", b'"1,000"'), "tape:1: `L6 beginning scheduled balance` is `1,000`, which "),
        (tape(JANUARY[0], JANUARY[0]), "tape:2: loan 1 stands twice, first in row 1; ask for the file as it was sent"),
        (tape({**JANUARY[0], 1: "OTHER24"}), "tape: the file is of OTHER24, this deal is INVENTED-2025-1; remit the file to its own deal, or list"),
        (tape(JANUARY[0], loan("2", "20250225", "1", "1")), "tape: the file holds 2 periods, 2025-01-25, 2025-02-25; say with --period which one to read"),
        (b"", "tape: the file is empty; a loan of a Loan Periodic Update stands in each line"),
    ],
)
def test_wrong_file_is_refused_with_place_and_remedy(sqlite: str, body: bytes, problem: str) -> None:
    with closing(Store(sqlite)) as store:
        opened(store, POOL)
        found = refused(store, body, FORMAT)

    assert any(one.startswith(problem) for one in found), found


def test_premium_needs_a_kind_of_the_deals_own(sqlite: str) -> None:
    lines = [line for line in tapes.TERMS.splitlines(keepends=True) if "premium" not in line]
    with closing(Store(sqlite)) as store:
        opened(store, "200500.00", terms="".join(lines))
        remitted(store, tape(JANUARY[2]), FORMAT)
        found = refused(store, tape(FEBRUARY[2]), FORMAT)

    assert found == [
        "tape:1: a premium or penalty of prepayment came, and the deal has no kind for it; add `prepayment_premium` to the `events` of the deal file"
    ]


def test_every_column_is_mapped_or_listed_as_ignored() -> None:
    assert CREFC_LPU.mapped | CREFC_LPU.ignored == set(COLUMNS)
    assert not CREFC_LPU.mapped & CREFC_LPU.ignored
    assert len(COLUMNS) == WIDTH == 150


@pytest.mark.parametrize("head", [b"", b"PK\x03\x04", b"deal,distribution_date\n", tape({**JANUARY[0], 5: ""})])
def test_file_of_another_kind_is_not_taken_for_one(head: bytes) -> None:
    assert CREFC_LPU.recognizes(tape(JANUARY[0]))
    assert not CREFC_LPU.recognizes(head)
