"""A deal's life: figure for figure what its statements say, at the position that is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from ledger import service
from ledger.core.history import CASH, History
from ledger.core.money import Money
from ledger.core.problems import ProblemsFound
from ledger.core.statement import Statement
from ledger.service.lives import pool_lives
from ledger.service.terms import terms_of
from ledger.store.books import DistributionRow
from ledger.store.engine import Store
from tests.cli.conftest import DEAL, FEBRUARY, MARCH
from tests.conftest import ROOT

DEALS = ROOT / "ledger" / "deals"


def live(store: Store, folder: str, months: int) -> str:
    """A worked deal with its first months distributed, and its id."""
    worked = next(iter(service.worked_deals(DEALS / folder)))
    deal = service.board(store, worked, actor="tester").deal
    for path in worked.remittances[:months]:
        service.remit(store, deal, path.read_bytes(), path.name, actor="tester")
    assert service.distribute(store, deal, actor="tester").problems == ()
    return deal


@pytest.fixture(scope="module")
def lantern(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Half a year of the invented trust."""
    with closing(Store(f"sqlite:///{tmp_path_factory.mktemp('lantern') / 'books.db'}")) as store:
        store.upgrade()
        live(store, "lantern-2024-1", 6)
        yield store


def cove(store: Store) -> Store:
    """COVE-1, two months."""
    service.open_deal(store, DEAL.encode(), "deal.yaml", actor="tester")
    for text in (FEBRUARY, MARCH):
        service.remit(store, "COVE-1", text.encode(), "month.csv", actor="tester")
        service.distribute(store, "COVE-1", actor="tester")
    return store


def differing(store: Store, lived: History) -> Iterator[tuple[Statement, str, str, str]]:
    """Each figure of a history, beside that of cash and of rates, that the statement of its day gives otherwise."""
    for one in lived.statements:
        statement = service.statement(store, one.deal, on=one.dates["distribution"])
        assert (statement.number, statement.kind, statement.dates) == (one.number, one.kind, one.dates)
        for section in one.sections.keys() - {"cash", "performance"}:
            for subject, items in one.sections[section].items():
                for item, figure in items.items():
                    if statement.sections[section][subject].get(item) != figure:
                        yield one, section, subject, item


def amounts(lived: History, subject: str, item: str) -> list[Money]:
    """A figure of money over life."""
    return [figure.value for _, figure in lived.series(subject, item) if isinstance(figure.value, int)]


@pytest.mark.parametrize(("folder", "months"), [("lantern-2024-1", 12), ("sequoia-4", 11)])
def test_history_says_of_each_period_what_its_statement_says(store: Store, folder: str, months: int) -> None:
    deal = live(store, folder, months)
    lived = service.history(store, deal)

    assert len(lived.distributions) == months
    assert len(lived.statements) == months + 1
    assert list(differing(store, lived)) == []


@pytest.mark.parametrize("subject", ["A", "tranches", "servicer", "reserve", "pool", "deal"])
def test_history_of_a_subject_has_every_figure_that_the_statements_have_of_it(lantern: Store, subject: str) -> None:
    lived = service.history(lantern, "LANTERN-2024-1", subject=subject)

    assert list(differing(lantern, lived)) == []
    assert lived.last.subjects() == {subject}
    assert len(lived.last.items(subject)) > 4


def test_cash_in_less_cash_out_is_what_accounts_gained(lantern: Store) -> None:
    lived = service.history(lantern, "LANTERN-2024-1")
    took, gave = (sum(amounts(lived, CASH, item)) for item in ("collected", "distributed"))
    held = amounts(service.history(lantern, "LANTERN-2024-1", subject="reserve"), "reserve", "balance")

    assert took - gave == held[-1] - held[0]  # the reserve is the only account with money in it between distributions


def test_figures_by_hand(store: Store) -> None:
    lived = service.history(cove(store), "COVE-1")

    # February: 10,000 of principal to A; March: the same, and a charge-off of 5,000 that B bears.
    assert amounts(lived, "A", "balance") == [800_000_00, 790_000_00, 780_000_00]
    assert amounts(lived, "B", "realized_loss") == [0, 5_000_00]
    assert amounts(lived, CASH, "distributed") == [18_000_00, 17_000_00]
    assert amounts(lived, "pool", "closing_balance") == [1_000_000_00, 990_000_00, 975_000_00]


def test_history_ends_where_it_was_known(store: Store) -> None:
    cove(store)
    first = next(row.known_at for row in _rows(store) if row.number == 1)
    lived = service.history(store, "COVE-1", first)

    assert [one.number for one in lived.statements] == [0, 1]
    assert (lived.last.position, lived.last.head) == (first, service.statement(store, "COVE-1", known_at=first).head)


def test_history_until_a_distribution_is_the_one_that_was_known_when_that_was_the_last(store: Store) -> None:
    cove(store)
    first = next(row.known_at for row in _rows(store) if row.number == 1)
    then, now = service.history(store, "COVE-1", first), service.history(store, "COVE-1").until(1)

    assert [(one.dates, one.sections) for one in now.statements] == [(one.dates, one.sections) for one in then.statements]
    assert now.pools == then.pools
    assert len(now.pools["pool"]) == 1


def test_history_follows_the_versions_that_stand(store: Store) -> None:
    cove(store)
    before = service.history(store, "COVE-1")
    deal = DEAL.replace("amount: 100", "amount: 150").encode()
    service.correct_terms(store, "COVE-1", deal, "deal.yaml", effective="2025-02", reason="the fee is 150", treatment="reopen", actor="tester")
    after = service.history(store, "COVE-1")

    assert [one.revision.version for one in after.statements] == [1, 2, 2]
    assert amounts(service.history(store, "COVE-1", subject="trustee"), "trustee", "paid") == [150_00, 150_00]
    assert service.history(store, "COVE-1", before.last.position) == before


def test_months_of_the_pools_are_those_of_the_history(store: Store) -> None:
    cove(store)
    with store.reading() as reader:
        terms, _ = terms_of(reader, "COVE-1")
        found = pool_lives(reader, terms, 2)["pool"].months

    assert found == list(service.history(store, "COVE-1").pools["pool"])
    assert [(month.opening, month.scheduled, month.defaulted, month.loss, month.closing) for month in found] == [
        (1_000_000_00, 10_000_00, 0, 0, 990_000_00),
        (990_000_00, 10_000_00, 5_000_00, 5_000_00, 975_000_00),
    ]


def test_subject_that_no_statement_has_is_refused_with_those_that_there_are(store: Store) -> None:
    cove(store)

    with pytest.raises(ProblemsFound, match="no statement has figures of `C`; name one of A, B, R, tranches, trustee, funds, pool, deal"):
        service.history(store, "COVE-1", subject="C")


def test_deal_before_its_first_distribution_has_a_position(store: Store) -> None:
    service.open_deal(store, DEAL.encode(), "deal.yaml", actor="tester")
    lived = service.history(store, "COVE-1")

    assert [one.kind for one in lived.statements] == ["position"]
    assert lived.last.sections["pools"]["pool"]["closing_balance"].value == 1_000_000_00
    assert lived.pools == {}


def _rows(store: Store) -> list[DistributionRow]:
    with store.reading() as reader:
        return list(reader.distributions("COVE-1"))
