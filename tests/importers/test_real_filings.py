"""Two Exhibits 102 of commercial mortgage trusts as they were filed: read whole, every element known, and a month of each in the books."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import closing
from typing import NamedTuple
from xml.etree import ElementTree

import pytest

from ledger import service
from ledger.core.mapping_report import DIFFERENCES, MappingReport
from ledger.files.importers import IMPORTERS, Imported, detected
from ledger.store.engine import Store
from tests.conftest import shared
from tests.importers.test_life_of_a_cmbs_trust import present

DEAL = """\
deal: FILED
closing_date: {first:.8}01
dates: {{distribution: {{day: 17, first: {first}}}, accrual: month, day_count: 30/360}}
pool: {{original_balance: {pool}}}
tranches: {{A: {{original_balance: {pool}, rate: 1%}}, R: {{kind: residual}}}}
accounts: {{funds: {{collects: [interest, fee_retained, scheduled_principal, curtailment, payoff]}}}}
waterfall:
  - {{pay: interest, to: A, from: funds}}
  - {{pay: principal, to: A, from: funds, limit: tranches.balance - pool.balance}}
  - {{pay: rest, to: R, from: funds}}
"""
OPENING, ENDING = "reportPeriodBeginningScheduleLoanBalanceAmount", "reportPeriodEndScheduledLoanBalanceAmount"


class Filing(NamedTuple):
    """A filing: its loans, those of them without a balance of the period, its distribution, and its balances as a person adds them up.

    `rounded` are the loans whose balance is a cent from what its movements lead to: (warning, loans, cents in all).
    """

    file: str
    loans: int
    stubs: int
    first: str
    opening: str
    closing: str
    rounded: Sequence[tuple[str, int, int]]


FILINGS = (
    Filing("ex102_bank5_second_deal.xml", 94, 59, "2025-12-17", "949088350.45", "949066382.67", []),
    Filing("ex102_bmark_2024_v6.xml", 129, 67, "2026-03-17", "729451224.48", "729201712.93", [(DIFFERENCES, 2, 2)]),
)


@pytest.fixture(params=FILINGS, ids=lambda filing: filing.file)
def filing(request: pytest.FixtureRequest) -> Filing:
    found: Filing = request.param
    return found


def body(filing: Filing) -> bytes:
    return shared(f"realdata/cmbs-absee-ex102-xml/{filing.file}").read_bytes()


def cents(amount: str) -> int:
    return int(amount.replace(".", ""))


def test_every_element_of_a_filing_is_read_or_left_out_by_name(filing: Filing) -> None:
    root = ElementTree.fromstring(body(filing))  # noqa: S314  # a file of ours
    elements = {element.tag.rpartition("}")[2] for element in root.iter()} - {"assetData", "assets"}
    importer = IMPORTERS["absee-cmbs"]
    imported = Imported(importer, 2)
    months = [month for block in imported.months(io.BytesIO(body(filing)), filing.file) for month in block]

    assert set(imported.columns) == elements
    assert elements <= importer.mapped | importer.ignored
    assert imported.found == []
    assert (imported.rows, len(months), len({month.loan for month in months})) == (filing.loans,) * 3
    assert sum(month.opening_balance is None for month in months) == filing.stubs
    assert sum(1 for asset in root if asset.find(f"{{*}}{OPENING}") is None) == filing.stubs


def test_filing_sets_up_its_trust_and_its_month_is_distributed(filing: Filing, sqlite: str) -> None:
    with closing(Store(sqlite)) as store:
        service.open_deal(store, DEAL.format(pool=filing.opening, first=filing.first).encode(), "deal.yaml", actor="trustee")
        (month,) = service.remit(store, "FILED", body(filing), filing.file, accept=[DIFFERENCES], actor="trustee")  # recognized by its namespace
        distributed = service.distribute(store, "FILED", actor="trustee")
        (again,) = service.remit(store, "FILED", body(filing), filing.file, actor="trustee")
        statement = service.statement(store, "FILED")
        pool = statement.text(present(statement.figure("pool", "closing_balance")))

    report = month.report
    assert isinstance(report, MappingReport)
    assert report.outcomes == {"new": filing.loans - filing.stubs, "without figures": filing.stubs}
    assert [(one.name, one.loans, one.total) for one in report.warnings] == filing.rounded
    assert report.columns == {}
    assert [(one.name, one.file, one.difference) for one in report.controls] == [
        ("opening balance", cents(filing.opening), 0),
        ("closing balance", cents(filing.closing), 0),
    ]
    assert distributed.problems == ()
    assert pool == filing.closing
    assert again.receipt is not None
    assert again.receipt.outcome == "already appended"


def test_filings_are_recognized_by_their_namespace(filing: Filing) -> None:
    assert detected(body(filing)[:512]) == "absee-cmbs"
