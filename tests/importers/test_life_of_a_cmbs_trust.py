"""A hundred and five months of 58 commercial mortgages as their trust filed them: payoffs, losses that every later file repeats, a month filed again."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import closing
from decimal import Decimal

import pytest

from ledger import service
from ledger.core.figure import Figure
from ledger.core.mapping_report import DIFFERENCES, RESTATED_OPENINGS, MappingReport
from ledger.core.problems import ProblemsFound
from ledger.store.engine import Store
from tests.conftest import shared

NAME = "UBSCM-2017-C1"
ACCEPTED = [DIFFERENCES, RESTATED_OPENINGS]
DEAL = """\
deal: UBSCM-2017-C1
title: an invented capital structure over the loans of UBS Commercial Mortgage Trust 2017-C1
closing_date: {closing_date}
dates: {{distribution: {{day: 17, first: {first}}}, accrual: month, day_count: 30/360}}
pool: {{original_balance: {pool}}}
tranches:
  A: {{original_balance: {senior}, rate: 3.00%}}
  B: {{original_balance: 100_000_000.00, rate: 3.50%}}
  C: {{original_balance: 100_000_000.00, rate: 4.00%}}
  R: {{kind: residual}}
accounts: {{funds: {{collects: [interest, fee_retained, scheduled_principal, curtailment, payoff, liquidation_proceeds, liquidation_expense]}}}}
waterfall:
  - {{pay: interest, to: {{sequential: [A, B, C]}}, from: funds}}
  - {{pay: principal, to: {{sequential: [A, B, C]}}, from: funds, limit: tranches.balance - pool.balance}}
  - {{write_down: tranches.balance - pool.balance, to: {{sequential: [C, B, A]}}}}
  - {{pay: rest, to: R, from: funds}}
"""
LOSSES = {"44": 4_548_626_00, "14": 11_874_863_00, "52": 4_735_348_50, "49": 5_478_222_50, "50": 1_615_136_10}
"""Realized losses as the filings state them, in cents."""
PAYOFFS = {"29", "61", "4", "5"}
OPENING, ENDING = "reportPeriodBeginningScheduleLoanBalanceAmount", "reportPeriodEndScheduledLoanBalanceAmount"
Row = dict[str, str]
Filings = Mapping[str, list[Row]]


@pytest.fixture(scope="module")
def filings() -> Filings:
    """The public file's rows by the end of their reporting period, in order."""
    months: dict[str, list[Row]] = defaultdict(list)
    with shared("realdata/cmbs-ubscm-2017-c1/loan_months.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            months[row["reportingPeriodEndDate"]].append(row)
    return dict(sorted(months.items()))


def between(filings: Filings, first: str, last: str) -> Filings:
    return {end: rows for end, rows in filings.items() if first <= end[: len("2024-01")] <= last}


def total(rows: list[Row], element: str) -> Decimal:
    return sum((Decimal(row[element] or 0) for row in rows), Decimal(0))


def table(rows: list[Row]) -> bytes:
    """Rows as a table with the element names of the schema."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def open_at(store: Store, filings: Filings) -> None:
    """Open the deal with the pool that the first of these months opens with."""
    end, rows = next(iter(filings.items()))
    pool = total(rows, OPENING)
    text = DEAL.format(closing_date=f"{end[:8]}01", first=f"{end[:8]}17", pool=f"{pool:.2f}", senior=f"{pool - 200_000_000:.2f}")
    service.open_deal(store, text.encode(), "deal.yaml", actor="trustee")


def remitted(store: Store, end: str, rows: list[Row]) -> MappingReport:
    """The report on a month that was appended and distributed."""
    (month,) = service.remit(store, NAME, table(rows), f"{end}.csv", format_="absee-cmbs", accept=ACCEPTED, actor="trustee")
    assert month.report is not None
    assert service.distribute(store, NAME, actor="trustee").problems == ()
    return month.report


def booked(store: Store, *kinds: str) -> Iterator[tuple[str, str | None, int | None]]:
    with store.reading() as reader:
        for _, event in reader.events(NAME, kinds=kinds):
            yield event.kind, event.subject, event.amount if event.amount is not None else event.principal


def closing_balance(store: Store) -> str:
    statement = service.statement(store, NAME)
    return statement.text(present(statement.figure("pool", "closing_balance")))


def present(figure: Figure | None) -> Figure:
    assert figure is not None
    return figure


def test_losses_that_every_later_file_repeats_are_booked_once(filings: Filings, sqlite: str) -> None:
    months = between(filings, "2024-01", "2024-08")
    with closing(Store(sqlite)) as store:
        open_at(store, months)
        reports = [remitted(store, end, rows) for end, rows in months.items()]
        lost = list(booked(store, "realized_loss"))
        pool = closing_balance(store)

    assert sorted(lost) == sorted(("realized_loss", loan, LOSSES[loan]) for loan in ("44", "14", "52"))
    assert [report.outcomes.get("ended", 0) for report in reports] == [0, 0, 1, 0, 0, 1, 0, 0]  # in the first file 44 is new, and at its end
    assert pool == f"{total(months['2024-08-12'], ENDING):.2f}"


@pytest.mark.long
def test_the_whole_life_is_imported_month_by_month(filings: Filings, sqlite: str) -> None:
    with closing(Store(sqlite)) as store:
        open_at(store, filings)
        reports = [remitted(store, end, rows) for end, rows in filings.items()]
        lost, paid_off = list(booked(store, "realized_loss")), {loan for _, loan, _ in booked(store, "payoff")}
        pool = closing_balance(store)

    assert len(reports) == 105
    assert len(lost) == len(LOSSES)  # each once, however often it was repeated
    assert {loan: amount for _, loan, amount in lost} == LOSSES
    assert paid_off == PAYOFFS
    warned = {name: [one for report in reports for one in report.warnings if one.name == name] for name in ACCEPTED}
    assert max(one.most for one in warned[DIFFERENCES]) <= 10_00  # the file went through floating point of seven digits
    assert [(one.examples, one.most) for one in warned[RESTATED_OPENINGS] if one.most > 1_00] == [(("20",), 25_238_00)]
    assert pool == f"{total(filings['2026-03-11'], ENDING):.2f}" == "559821011.80"


def test_month_that_was_filed_again_is_a_correction(filings: Filings, database: str) -> None:
    months = between(filings, "2019-02", "2019-04")
    refiled = months["2019-03-11"]
    assert {row["formType"] for row in refiled} == {"ABS-EE/A"}
    first = [dict(row) for row in refiled]  # as it may have been filed at first: some interest of one loan was missing, and another was late
    one, other = first[0], first[1]
    one["scheduledInterestAmount"] = str(Decimal(one["scheduledInterestAmount"]) - 1000)
    other["paymentStatusLoanCode"] = "1"

    with closing(Store(database)) as store:
        open_at(store, months)
        for end, rows in {**months, "2019-03-11": first}.items():
            if end < "2019-04":
                remitted(store, end, rows)
        with pytest.raises(ProblemsFound, match="was appended for 2019-03-17"):
            remitted(store, "2019-03-11", refiled)
        done = service.correct(store, NAME, table(refiled), "again.csv", reason="filed again", format_="absee-cmbs", accept=ACCEPTED, actor="trustee")
        again = service.correct(store, NAME, table(refiled), "again.csv", reason="filed again", format_="absee-cmbs", accept=ACCEPTED, actor="trustee")
        remitted(store, "2019-04-11", months["2019-04-11"])
        verified = service.verify(store, NAME)
        pool = closing_balance(store)

    assert done.treatment == "adjust"
    assert [(str(period), receipt.events) for period, receipt in done.booked.items()] == [("2019-04-17", 2)]  # the reversal, and the line as it should be
    assert done.left_out == 1
    assert [receipt.outcome for receipt in again.booked.values()] == ["already appended"]
    assert verified.problems == ()
    assert pool == f"{total(months['2019-04-11'], ENDING):.2f}"


def test_month_that_says_the_same_again_corrects_nothing(filings: Filings, sqlite: str) -> None:
    months = between(filings, "2019-02", "2019-02")
    ((end, rows),) = months.items()
    with closing(Store(sqlite)) as store:
        open_at(store, months)
        remitted(store, end, rows)
        with pytest.raises(ProblemsFound, match="says of 2019-02-17 what the books say"):
            service.correct(store, NAME, table(list(reversed(rows))), "a.csv", reason="again", format_="absee-cmbs", accept=ACCEPTED, actor="trustee")
