"""Every figure of a pool that is a sum over loans, or a count of them, is the sum of the loan ledger's rows: in each month of each worked deal with loans."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from fractions import Fraction

import pytest

from ledger import service
from ledger.core.loan_ledger import LoanRow
from ledger.core.loan_shares import shares
from ledger.core.statement import Statement
from ledger.service.loans import check_loans, list_loans
from ledger.store.engine import Store
from tests.conftest import ROOT

DEALS = ROOT / "ledger" / "deals"
BY_LOAN = sorted(folder.name for folder in DEALS.iterdir() if any("loan_setup" in path.read_text() for path in folder.rglob("*.csv")))
Months = dict[str, tuple[Statement, list[LoanRow]]]
"""Each distributed month with its statement and all loans that ever were."""


@pytest.fixture(scope="module", params=BY_LOAN)
def books(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, str]]:
    """A worked deal's whole life in the books, and its id."""
    with closing(Store(f"sqlite:///{tmp_path_factory.mktemp('loans') / 'books.db'}")) as store:
        store.upgrade()
        (worked,) = service.worked_deals(DEALS / request.param)
        opened = service.board(store, worked, actor="trustee")
        for path in worked.remittances:
            service.remit(store, opened.deal, path.read_bytes(), path.name, actor="trustee")
        assert service.distribute(store, opened.deal, actor="trustee").problems == ()
        yield store, opened.deal


@pytest.fixture(scope="module")
def months(books: tuple[Store, str]) -> Months:
    store, deal = books
    found: Months = {}
    for one in service.history(store, deal).distributions:
        month = f"{one.dates['scheduled']:%Y-%m}"
        with list_loans(store, deal, on=month, ended=True) as ledger:
            found[month] = (service.statement(store, deal, on=month), list(ledger.rows))
    return found


def test_there_are_worked_deals_with_loans() -> None:
    assert "lantern-2024-1" in BY_LOAN


def test_every_figure_of_a_pool_is_the_sum_of_its_loans(books: tuple[Store, str], months: Months) -> None:
    store, deal = books
    with store.reading() as reader:
        terms, _ = service.terms_of(reader, deal)
    compared, differing = set[str](), []
    for month, (shown, rows) in months.items():
        for subject in ("pool", *terms.deal.pools):
            pools = [subject] if subject in terms.deal.all_pools else list(terms.deal.all_pools)
            losing = {row.pool for row in rows if row.amounts.get("realized_loss")}
            items = shown.items(subject)
            for item, share in shares(terms, pools, losing).items():
                if item in items:
                    told = sum(map(share.of, rows))
                    differing += [(month, subject, item, told, items[item].value)] if told != items[item].value else []
                    compared |= {item} if told else set()

    assert differing == []
    assert {"scheduled_principal", "interest", "loss", "cumulative_loss", "opening_balance", "closing_balance", "closing_loans"} <= compared
    assert {"curtailment", "payoff", "prepayment", "default", "charge_off", "realized_loss", "liquidation_proceeds", "balance_60_days"} <= compared


def test_every_loan_and_pool_rolls_forward_in_every_month(books: tuple[Store, str], months: Months) -> None:
    store, deal = books

    found = [check_loans(store, deal, on=month) for month in months]

    assert [(one.period, one.loans, one.pools) for one in found if not one.is_clean] == []
    assert sum(pool.roll.principal for one in found for pool in one.pools) > 0


def test_a_month_opens_with_what_the_last_one_closed_with(months: Months) -> None:
    before: dict[str, int] = {}
    for _, rows in months.values():
        opening = {row.loan: row.opening_balance for row in rows if row.opening_balance}
        assert not before or opening == before
        before = {row.loan: row.closing_balance for row in rows if row.closing_balance}


def test_rates_of_prepayment_and_default_and_severity_follow_from_the_loans(months: Months) -> None:
    told = 0
    for shown, rows in months.values():
        stated = shown.sections["performance"]["pool"]
        total = {name: sum(row.amounts.get(name, 0) for row in rows) for row in rows for name in row.amounts}
        opening = sum(row.opening_balance for row in rows)
        scheduled, unscheduled = total.get("scheduled_principal", 0), sum(row.prepayment + row.amounts.get("repurchase_principal", 0) for row in rows)
        assert stated["smm_1_month"].value == Fraction(unscheduled, opening - scheduled)
        ended = [row for row in rows if row.status in ("liquidated", "charged_off") and row.opening_balance]
        defaulted = total.get("default", 0) + total.get("charge_off", 0) + sum(row.opening_balance - row.opening_in_default for row in ended)
        assert stated["mdr_1_month"].value == Fraction(defaulted, opening)
        if ended:
            assert stated["severity_1_month"].value == Fraction(sum(row.loss for row in rows), sum(row.opening_balance for row in ended))
            told += 1
    assert told


def test_figure_that_is_asked_for_comes_with_its_loans_and_its_sum(books: tuple[Store, str], months: Months) -> None:
    store, deal = books
    for month, (shown, _) in months.items():
        for item in ("loss", "payoff", "balance_delinquent"):
            if (figure := shown.items("pool").get(item)) is not None:
                with list_loans(store, deal, on=month, of=f"pool.{item}") as ledger:
                    assert ledger.share is not None
                    parts = [ledger.share.of(row) for row in ledger.rows]
                assert sum(parts) == figure.value
                assert all(parts)
