"""Invented loans in the performance files of Freddie Mac and Fannie Mae: balances without payments, losses made of their parts, files of many months."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing

import pytest

from ledger import service
from ledger.files.importers import detected
from ledger.files.importers.fannie_performance import COLUMNS as FANNIE
from ledger.files.importers.fannie_performance import FANNIE_PERFORMANCE
from ledger.files.importers.freddie_performance import COLUMNS as FREDDIE
from ledger.files.importers.freddie_performance import FREDDIE_PERFORMANCE
from ledger.files.importers.mapping import Importer
from ledger.service.loans import check_loans
from ledger.store.engine import Store
from tests.importers import tapes
from tests.importers.tapes import DEAL, MARKER, booked, figures, opened, refused, remitted

Row = Mapping[str, str]
TERMS = tapes.TERMS.replace("first: 2025-01-25", "first: 2025-02-25")
"""The deal first pays what is collected in January."""


def freddie(loan: str, month: str, balance: str, status: str = "0", **more: str) -> Row:
    """A loan month; more columns by name, with `_` for a blank."""
    usual = {"loan sequence number": loan, "monthly reporting period": month, "current actual UPB": balance, "current loan delinquency status": status}
    return usual | {"current interest rate": "6.250"} | {name.replace("_", " "): text for name, text in more.items()}


def fannie(loan: str, month: str, balance: str, status: str = "00", **more: str) -> Row:
    usual = {"loan identifier": loan, "monthly reporting period": month, "current actual UPB": balance, "current loan delinquency status": status}
    return usual | {"current interest rate": "6.25", "servicer name": MARKER} | {name.replace("_", " "): text for name, text in more.items()}


def tape(columns: tuple[str, ...], *rows: Row) -> bytes:
    return tapes.tape(columns, rows, "|")


LOANS = [f"F20Q1000000{number}" for number in range(6)]
DISPOSED = {
    "zero_balance_code": "09", "net_sales_proceeds": "60000.00", "MI_recoveries": "5000.00", "total_expenses": "-8000.00",
    "delinquent_accrued_interest": "2500.00",
}  # fmt: skip
FREDDIE_MONTHS = (
    # what paid, what is late, what is owned, what ends in February
    (freddie(LOANS[0], "202501", "200000.00"), freddie(LOANS[1], "202501", "150000.00", "3"), freddie(LOANS[2], "202501", "100000.00", "RA"),
     freddie(LOANS[3], "202501", "90000.00"), freddie(LOANS[4], "202501", "80000.00", "XX"), freddie(LOANS[5], "202501", "70000.00")),
    # 100,000 + 2,500 + 8,000 - 60,000 - 5,000 = 45,500
    (freddie(LOANS[0], "202502", "199500.00"), freddie(LOANS[1], "202502", "150000.00", "12"),
     freddie(LOANS[2], "202502", "0.00", "RA", actual_loss="-45500.00", zero_balance_removal_UPB="100000.00", **DISPOSED),
     freddie(LOANS[3], "202502", "0.00", zero_balance_code="01"), freddie(LOANS[4], "202502", "79000.00"),
     freddie(LOANS[5], "202502", "", "7", zero_balance_code="03", defect_settlement_date="202502")),
    (freddie(LOANS[0], "202503", "199000.00", due_date_of_last_paid_installment="202503"), freddie(LOANS[1], "202503", "150000.00", "13"),
     freddie(LOANS[4], "202503", "78000.00")),
)  # fmt: skip
FANNIE_MONTHS = (
    (fannie("1", "012025", "200000.00"), fannie("2", "012025", "100000.00", "05", foreclosure_date="122024"), fannie("3", "012025", "90000.00"),
     fannie("4", "012025", "80000.00"), fannie("5", "012025", "60000.00", "XX")),
    # scheduled 400.00 of 1,400.00; 5,000 forgiven of loan 4, which also paid 500.00; 100,000 + 1,000 + 500 + 200 + 50 + 750 + 2,500 - 62,000 - 3,000 - 300
    (fannie("1", "022025", "198600.00", scheduled_principal_current="400.00", total_principal_current="1400.00", unscheduled_principal_current="1000.00"),
     fannie("2", "022025", "0.00", "06", zero_balance_code="09", foreclosure_costs="1000.00", property_preservation_and_repair_costs="500.00",
            asset_recovery_costs="200.00", miscellaneous_holding_expenses_and_credits="50.00", associated_taxes_for_holding_property="750.00",
            delinquent_accrued_interest="2500.00", net_sales_proceeds="62000.00", credit_enhancement_proceeds="3000.00", other_foreclosure_proceeds="300.00"),
     fannie("3", "022025", "0.00", zero_balance_code="01"), fannie("4", "022025", "74500.00", principal_forgiveness_amount="5000.00"),
     fannie("5", "022025", "0.00", zero_balance_code="16", repurchase_date="022025")),
    (fannie("1", "032025", "198200.00", scheduled_principal_current="400.00", unscheduled_principal_current="0.00"),
     fannie("4", "032025", "74000.00", principal_forgiveness_amount="5000.00")),
)  # fmt: skip
ENDS = ("payoff", "repurchase", "liquidation_expense", "liquidation_proceeds", "realized_loss", "modification_loss", "curtailment")


@pytest.mark.parametrize("width", [32, 35])
def test_freddie_mac_months_come_to_what_a_hand_adds_up(sqlite: str, width: int) -> None:
    with closing(Store(sqlite)) as store:
        opened(store, "690000.00", terms=TERMS)
        reports = [remitted(store, tape(FREDDIE[:width], *month), "freddie-performance") for month in FREDDIE_MONTHS]
        statements = [service.statement(store, DEAL, on=day) for day in ("2025-02-25", "2025-03-25", "2025-04-25")]
        ended = booked(store, *ENDS)

    names = ("scheduled_principal", "closing_balance")
    assert [list(figures(statement, *names).values()) for statement in statements] == [
        ["0.00", "690000.00"],
        ["1500.00", "428500.00"],
        ["1500.00", "427000.00"],
    ]
    assert ended == [
        ("liquidation_expense", LOANS[2], "10500.00"),
        ("liquidation_proceeds", LOANS[2], "65000.00"),
        ("realized_loss", LOANS[2], "45500.00"),
        ("payoff", LOANS[3], "90000.00"),
        ("repurchase", LOANS[5], "70000.00"),
    ]
    assert [report.outcomes for report in reports] == [{"new": 6}, {"changed": 2, "unchanged": 1, "ended": 3}, {"changed": 2, "unchanged": 1}]
    assert all(not report.warnings and not report.columns for report in reports)
    # the file states no balance before the month, so that there is none to tie
    assert [[(control.name, control.difference) for control in report.controls] for report in reports] == [[("closing balance", 0)]] * 3


@pytest.mark.parametrize("width", [108, 110, 113])
def test_fannie_mae_months_come_to_what_a_hand_adds_up(sqlite: str, width: int) -> None:
    with closing(Store(sqlite)) as store:
        opened(store, "530000.00", terms=TERMS)
        reports = [remitted(store, tape(FANNIE[:width], *month), "fannie-performance") for month in FANNIE_MONTHS]
        statements = [service.statement(store, DEAL, on=day) for day in ("2025-02-25", "2025-03-25", "2025-04-25")]
        ended = booked(store, *ENDS)

    names = ("scheduled_principal", "closing_balance")
    assert [list(figures(statement, *names).values()) for statement in statements] == [
        ["0.00", "530000.00"],
        ["900.00", "273100.00"],
        ["900.00", "272200.00"],
    ]
    assert ended == [
        ("curtailment", "1", "1000.00"),
        ("liquidation_expense", "2", "5000.00"),
        ("liquidation_proceeds", "2", "65300.00"),
        ("realized_loss", "2", "39700.00"),
        ("payoff", "3", "90000.00"),
        ("modification_loss", "4", "5000.00"),
        ("repurchase", "5", "60000.00"),
    ]
    assert all(not report.warnings and not report.columns for report in reports)


def states(store: Store) -> list[tuple[str | None, int | None, str | None]]:
    """(loan, days past due, state) of each payment row."""
    with store.reading() as reader:
        return [(event.subject, event.delinquency, event.code) for _, event in reader.events(DEAL, kinds=["payment"])]


def test_status_is_months_past_due_or_an_owned_property(sqlite: str) -> None:
    with closing(Store(sqlite)) as store:
        opened(store, "690000.00", terms=TERMS)
        remitted(store, tape(FREDDIE[:32], *FREDDIE_MONTHS[0]), "freddie-performance")
        found = [(days, state) for _, days, state in states(store)]

    assert found == [(0, None), (90, None), (None, "reo"), (0, None), (None, None), (0, None)]


def test_property_is_owned_once_it_was_foreclosed(sqlite: str) -> None:
    with closing(Store(sqlite)) as store:
        opened(store, "530000.00", terms=TERMS)
        remitted(store, tape(FANNIE, *FANNIE_MONTHS[0]), "fannie-performance")
        found = states(store)

    assert found[:2] == [("1", 0, None), ("2", 150, "reo")]


@pytest.mark.parametrize(
    ("format_", "columns", "months", "pool"),
    [("freddie-performance", FREDDIE, FREDDIE_MONTHS, "690000.00"), ("fannie-performance", FANNIE, FANNIE_MONTHS, "530000.00")],
)
def test_month_is_picked_out_of_a_file_of_many(sqlite: str, format_: str, columns: tuple[str, ...], months: tuple[tuple[Row, ...], ...], pool: str) -> None:
    history = tape(columns, *sorted((row for month in months for row in month), key=lambda row: row[columns[0 if columns is FREDDIE else 1]]))
    with closing(Store(sqlite)) as store:
        opened(store, pool, terms=TERMS)
        several = refused(store, history, format_)
        reports = [remitted(store, history, format_, period=period, accept=["same-file"]) for period in ("2025-02", "2025-03", "2025-04")]

    assert several == ["tape: the file holds 3 periods, 2025-02-25, 2025-03-25, 2025-04-25; say with --period which one to read"]
    assert [str(report.period) for report in reports] == ["2025-02-25", "2025-03-25", "2025-04-25"]
    assert [sum(report.outcomes.values()) for report in reports] == [len(month) for month in months]


def test_balance_that_rises_must_be_accepted(sqlite: str) -> None:
    with closing(Store(sqlite)) as store:
        opened(store, "200000.00", terms=TERMS)
        remitted(store, tape(FREDDIE, FREDDIE_MONTHS[0][0]), "freddie-performance")
        risen = tape(FREDDIE, freddie(LOANS[0], "202502", "203000.00", modification_flag="Y"))
        found = refused(store, risen, "freddie-performance")
        report = remitted(store, risen, "freddie-performance", accept=["balance-differences"])

    assert found[0].startswith("tape: 1 loans close at balances that their movements do not lead to (3,000.00 in all, 3,000.00 at most: F20Q10000000)")
    assert [(warned.name, warned.total) for warned in report.warnings] == [("balance-differences", 3000_00)]


@pytest.mark.parametrize("proceeds", ["U", "C", ""])
def test_liquidation_without_figures_is_refused_in_its_own_month_only(sqlite: str, proceeds: str) -> None:
    row = freddie(LOANS[0], "202502", "0.00", "8", zero_balance_code="02", net_sales_proceeds=proceeds)
    body = tape(FREDDIE, FREDDIE_MONTHS[0][0], row)
    with closing(Store(sqlite)) as store:
        opened(store, "200000.00", terms=TERMS)
        remitted(store, body, "freddie-performance", period="2025-02")
        found = refused(store, body, "freddie-performance", period="2025-03", accept=["same-file"])

    assert found[0] == (
        "tape:2: loan F20Q10000000 is liquidated, and neither proceeds nor loss are stated; read a release of the file that has its figures, or leave the row "
        "out and remit the loan in a canonical file"
    )


@pytest.mark.parametrize("code", ["97", "98"])
def test_credit_event_takes_the_whole_balance_and_what_is_not_lost_comes_beside_it(sqlite: str, code: str) -> None:
    gone = fannie("2", "022025", "0.00", "06", zero_balance_code=code, UPB_at_the_time_of_removal="100000.00", total_principal_current="100000.00")
    # By the terms of this invented deal 15 % of the balance are lost.
    beside = b"distribution_date,loan,kind,amount\n2025-03-25,2,recovery,85000.00\n"
    with closing(Store(sqlite)) as store:
        opened(store, "300000.00", terms=TERMS)
        remitted(store, tape(FANNIE, *FANNIE_MONTHS[0][:2]), "fannie-performance")
        (month,) = service.remit(
            store, DEAL, tape(FANNIE, fannie("1", "022025", "199000.00"), gone), "tape", format_="fannie-performance", accept=["incomplete"], actor="trustee"
        )
        service.remit(store, DEAL, beside, "beside.csv", source_name="administrator", actor="trustee")
        assert service.distribute(store, DEAL, actor="trustee").problems == ()
        statement, rolled = service.statement(store, DEAL), check_loans(store, DEAL)
        moved = booked(store, *ENDS, "charge_off", "recovery")

    assert moved == [("charge_off", "2", "100000.00"), ("recovery", "2", "85000.00")]
    assert list(figures(statement, "scheduled_principal", "loss", "closing_balance").values()) == ["1000.00", "15000.00", "199000.00"]
    assert rolled.is_clean
    assert month.report is not None
    assert (month.report.outcomes, month.report.columns) == ({"changed": 1, "ended": 1}, {})


@pytest.mark.parametrize(
    ("format_", "body", "problem"),
    [
        ("freddie-performance", tape(FREDDIE[:33], FREDDIE_MONTHS[0][0]), "tape:1: the first line has 33 fields, a loan month has 32 or 35; name its --format"),
        ("freddie-performance", tape(FREDDIE, freddie("L", "202513", "1")), "tape:1: `monthly reporting period` is `202513`, which is no day of the calendar"),
        ("freddie-performance", tape(FREDDIE, freddie("L", "2025-1", "1")), "tape:1: `monthly reporting period` is `2025-1`, which is not a month; write year"),
        ("freddie-performance", tape(FREDDIE, freddie("L", "202501", "1e3")), "tape:1: `current actual UPB` is `1e3`, which "),
        (
            "freddie-performance",
            tape(FREDDIE, freddie("L", "202501", "1", "R")),
            "tape:1: `current loan delinquency status` is `R`, which is not a number of mo",
        ),
        (
            "freddie-performance",
            tape(FREDDIE, freddie("L", "202501", "1", zero_balance_code="1")),
            "tape:1: `zero balance code` is `1`, which is not a known c",
        ),
        ("freddie-performance", tape(FREDDIE, *[freddie("L", "202501", "1")] * 2), "tape:2: loan L stands twice, first in row 1"),
        ("fannie-performance", tape(FANNIE[:107], FANNIE_MONTHS[0][0]), "tape:1: the first line has 107 fields, a loan month has 108 or 109 or 110 or 111 or"),
        ("fannie-performance", tape((*FANNIE, "more"), FANNIE_MONTHS[0][0]), "tape:1: the first line has 114 fields"),
        ("fannie-performance", tape(FANNIE, fannie("L", "202501", "1")), "tape:1: `monthly reporting period` is `202501`, which is no day of the calendar"),
        ("fannie-performance", tape(FANNIE, fannie("L", "012025", "x")), "tape:1: `current actual UPB` is `x`, which "),
        ("fannie-performance", tape(FANNIE, fannie("L", "012025", "0", zero_balance_code="99")), "tape:1: `zero balance code` is `99`, which is not a known"),
        ("fannie-performance", tape(FANNIE, fannie("L", "012025", "1", deal_name="OTHER")), "tape: the file is of OTHER, this deal is INVENTED-2025-1; remit"),
        ("fannie-performance", tape(FANNIE, fannie("L", "012025", "")), "tape: no row of the file states a balance of a period; ask for the month's file"),
    ],
)
def test_wrong_file_is_refused_with_place_and_remedy(sqlite: str, format_: str, body: bytes, problem: str) -> None:
    with closing(Store(sqlite)) as store:
        opened(store, "1.00", terms=TERMS)
        found = refused(store, body, format_)

    assert any(one.startswith(problem) for one in found), found
    assert MARKER not in "".join(found)


@pytest.mark.parametrize(("importer", "columns"), [(FREDDIE_PERFORMANCE, FREDDIE), (FANNIE_PERFORMANCE, FANNIE)])
def test_every_column_is_mapped_or_listed_as_ignored(importer: Importer, columns: tuple[str, ...]) -> None:
    assert importer.mapped | importer.ignored == set(columns)
    assert not importer.mapped & importer.ignored


def test_files_are_known_by_their_first_line() -> None:
    assert detected(tape(FREDDIE, FREDDIE_MONTHS[0][0])) == "freddie-performance"
    assert detected(tape(FANNIE, FANNIE_MONTHS[0][0])) == "fannie-performance"
    assert detected(tape(FANNIE[:60], FANNIE_MONTHS[0][0])) is None
    assert detected(b"|".join([b"700"] * 19 + [b"F20Q10000001"] + [b""] * 12)) is None  # the origination file, which has 32 fields too
