"""A hundred and five months of 58 commercial mortgages as their trust filed them: payoffs, liquidations whose losses every later file repeats."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal

import pytest

from ledger import service
from ledger.core.figure import Figure
from ledger.core.mapping_report import DIFFERENCES, RESTATED_OPENINGS, MappingReport
from ledger.store.engine import Store
from tests.conftest import shared

DEAL = """\
deal: UBSCM-2017-C1
title: an invented capital structure over the loans of UBS Commercial Mortgage Trust 2017-C1
closing_date: 2017-06-13
dates: {distribution: {day: 17, first: 2017-07-17}, accrual: month, day_count: 30/360}
pool: {original_balance: 755_952_737.40}
tranches:
  A: {original_balance: 529_166_000, rate: 3.00%}
  B: {original_balance: 113_392_000, rate: 3.50%}
  C: {original_balance: 113_394_737.40, rate: 4.00%}
  R: {kind: residual}
accounts: {funds: {collects: [interest, fee_retained, scheduled_principal, curtailment, payoff, liquidation_proceeds, liquidation_expense]}}
waterfall:
  - {pay: interest, to: {sequential: [A, B, C]}, from: funds}
  - {pay: principal, to: {sequential: [A, B, C]}, from: funds, limit: tranches.balance - pool.balance}
  - {write_down: tranches.balance - pool.balance, to: {sequential: [C, B, A]}}
  - {pay: rest, to: R, from: funds}
"""
LOSSES = {"44": 4_548_626_00, "14": 11_874_863_00, "52": 4_735_348_50, "49": 5_478_222_50, "50": 1_615_136_10}
"""Realized losses as the filings state them, in cents."""
PAYOFFS = {"29", "61", "4", "5"}
Row = dict[str, str]


@pytest.fixture(scope="module")
def filings() -> dict[str, list[Row]]:
    """The public file's rows by the end of their reporting period, in order."""
    months: dict[str, list[Row]] = defaultdict(list)
    with shared("realdata/cmbs-ubscm-2017-c1/loan_months.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            months[row["reportingPeriodEndDate"]].append(row)
    return dict(sorted(months.items()))


def table(rows: list[Row]) -> bytes:
    """Rows as a table with the element names of the schema."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def imported(store: Store, filings: dict[str, list[Row]]) -> Iterator[MappingReport]:
    """Each month appended and distributed, in order."""
    for end, rows in filings.items():
        (month,) = service.remit(
            store, "UBSCM-2017-C1", table(rows), f"{end}.csv", format_="absee-cmbs", accept=[DIFFERENCES, RESTATED_OPENINGS], actor="trustee"
        )
        assert month.report is not None
        yield month.report
        assert service.distribute(store, "UBSCM-2017-C1", actor="trustee").problems == ()


def test_the_whole_life_is_imported_month_by_month(filings: dict[str, list[Row]], sqlite: str) -> None:
    with closing(Store(sqlite)) as store:
        service.open_deal(store, DEAL.encode(), "deal.yaml", actor="trustee")
        reports = list(imported(store, filings))
        with store.reading() as reader:
            events = [event for _, event in reader.events("UBSCM-2017-C1", kinds=["realized_loss", "payoff", "pool_adjustment"])]
            left = reader.loan_balances("UBSCM-2017-C1", not_loans={"pool", "funds"})
        last = service.statement(store, "UBSCM-2017-C1")

    assert len(reports) == 105
    assert {event.subject: event.amount for event in events if event.kind == "realized_loss"} == LOSSES
    assert sum(event.kind == "realized_loss" for event in events) == 5  # each once, however often it was repeated
    assert {event.subject for event in events if event.kind == "payoff"} == PAYOFFS
    warned = {name: [one for report in reports for one in report.warnings if one.name == name] for name in (DIFFERENCES, RESTATED_OPENINGS)}
    assert max(one.most for one in warned[DIFFERENCES]) <= 10_00  # the file went through floating point of seven digits
    assert [(one.examples, one.most) for one in warned[RESTATED_OPENINGS] if one.most > 1_00] == [(("20",), 25_238_00)]
    assert sum(left.values()) == sum(Decimal(row["reportPeriodEndScheduledLoanBalanceAmount"]) * 100 for row in filings["2026-03-11"]) == 559_821_011_80
    assert last.text(present(last.figure("pool", "closing_balance"))) == "559821011.80"


def present(figure: Figure | None) -> Figure:
    assert figure is not None
    return figure
