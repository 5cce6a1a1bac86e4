"""Distributions: what is recorded comes back, balances are the previous ones and the postings, and a sealed one takes no more."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import sqlalchemy.exc

from ledger.core.distribution import BalanceRow
from ledger.core.posting import Posting
from ledger.core.problems import ProblemsFound
from ledger.store import seal
from ledger.store.bulk import insert_rows
from ledger.store.engine import Store
from ledger.store.tables import balance, posting
from tests.store import sample
from tests.store.sample import DEAL, closing, month_postings, opening_postings, period

REFUSED = sqlalchemy.exc.DBAPIError
OPENING = closing(sample.balances({}, opening_postings()))


@pytest.fixture
def opened(empty: Store) -> Store:
    sample.open_deal(empty)
    return empty


def header(number: int = 1, previous: int | None = 0) -> Any:
    return seal.DistributionHeader(number, previous, period(1), period(1), 1, "0" * 64, 1, "{}")


def record(store: Store, postings: list[Posting], balances: list[BalanceRow], *, number: int = 1, previous: int | None = 0) -> None:
    with store.writing(DEAL) as writer:
        writer.record_distribution(header(number, previous), 1, postings, balances)


def test_a_distribution_comes_back_as_it_was_recorded(opened: Store) -> None:
    postings = month_postings(500_00)
    with opened.writing(DEAL) as writer:
        receipt = sample.distribute(writer, 1, period(1), postings, OPENING)

    with opened.reading() as reader:
        row = reader.distribution(DEAL, 1)
        assert reader.postings(DEAL, 1) == postings
        assert list(reader.balances(DEAL, 1).values()) == sample.balances(OPENING, postings)
    assert (row.number, row.previous, row.period, row.distribution_date, row.known_at) == (1, 0, period(1), date(2025, 1, 26), receipt.position)
    assert row.digest == seal.distribution_digest(row.header, postings)


def test_closing_balances_open_the_next_distribution(books: Store) -> None:
    with books.reading() as reader:
        before, after = reader.balances(DEAL, 1), reader.balances(DEAL, 2)

    assert {account: row.closing for account, row in before.items() if row.closing} == {account: row.opening for account, row in after.items() if row.opening}
    assert sum(row.closing for row in after.values()) == 0


def wrong_opening(rows: list[BalanceRow]) -> Any:
    return [row._replace(opening=row.opening + 1, closing=row.closing + 1) if row.account == "pool" else row for row in rows]


def wrong_received(rows: list[BalanceRow]) -> Any:
    return [row._replace(received=row.received + 1, closing=row.closing + 1) if row.account == "A.principal" else row for row in rows]


def wrong_closing(rows: list[BalanceRow]) -> Any:
    return [row._replace(closing=row.closing + 1) if row.account == "pool" else row for row in rows]


def a_missing_account(rows: list[BalanceRow]) -> Any:
    return [row for row in rows if row.account != "cash.funds"]


def an_account_too_many(rows: list[BalanceRow]) -> Any:
    return [*rows, BalanceRow("cash.other", 5, 0, 0, 5)]


@pytest.mark.parametrize("spoil", [wrong_opening, wrong_received, wrong_closing, a_missing_account, an_account_too_many])
def test_the_database_refuses_balances_that_are_not_the_previous_ones_and_the_postings(opened: Store, spoil: Any) -> None:
    postings = month_postings(500_00)

    with pytest.raises(REFUSED, match=r"balances of a distribution must be|balance_closing"):
        record(opened, postings, spoil(sample.balances(OPENING, postings)))

    with opened.reading() as reader:
        assert [row.number for row in reader.distributions(DEAL)] == [0]
        assert reader.postings(DEAL, 1) == []


def test_the_database_refuses_a_beginning_that_does_not_sum_to_zero(opened: Store) -> None:
    with pytest.raises(REFUSED, match="must sum to zero"):
        record(opened, [], [BalanceRow("pool", 5, 0, 0, 5)], previous=None)


@pytest.mark.parametrize(
    ("bad", "name"),
    [(Posting("s", "", "1", "pool", "excess", 0), "posting_amount"), (Posting("s", "", "1", "pool", "pool", 5), "posting_accounts")],
)
def test_the_database_refuses_a_posting_that_is_no_transfer(opened: Store, bad: Any, name: str) -> None:
    with pytest.raises(REFUSED, match=name):
        record(opened, [bad], sample.balances(OPENING, []))


def test_a_sealed_distribution_takes_no_more_postings_or_balances(books: Store) -> None:
    with books.reading() as reader:
        deal_id = reader.deal_id(DEAL)
    more = {
        "posting": (posting, (deal_id, 3, 9, "s", "", "1", "pool", "excess", 5, None)),
        "balance": (balance, (deal_id, 3, "cash.other", 0, 0, 0, 0)),
    }

    for name, (table, row) in more.items():
        with pytest.raises(REFUSED, match=f"the distribution is sealed: no {name} may be added"), books.writing(DEAL) as writer:
            insert_rows(writer.connection, table, [row])


def test_a_distribution_needs_the_commit_that_records_it(opened: Store) -> None:
    postings = month_postings(500_00)

    with pytest.raises(sqlalchemy.exc.IntegrityError, match=r"FOREIGN KEY|distribution_commit"), opened.writing(DEAL) as writer:
        writer.record_distribution(header(), 99, postings, sample.balances(OPENING, postings))


def test_a_distribution_that_does_not_exist_is_named(opened: Store) -> None:
    with opened.reading() as reader, pytest.raises(ProblemsFound, match=f"{DEAL}: there is no distribution 7"):
        reader.distribution(DEAL, 7)


def test_the_latest_distribution_by_date_and_known_position(books: Store) -> Any:
    with books.reading() as reader:
        rows = {row.number: row for row in reader.distributions(DEAL)}
        paid = {number: row.distribution_date for number, row in rows.items()}

        def number_of(**conditions: Any) -> Any:
            row = reader.latest_distribution(DEAL, **conditions)
            return None if row is None else row.number

        assert number_of() == 3
        assert [number_of(on_or_before=paid[2]), number_of(on_or_before=paid[2].replace(day=24))] == [2, 1]
        assert [number_of(known_at=rows[2].known_at), number_of(known_at=rows[2].known_at - 1)] == [2, 1]
        assert number_of(on_or_before=date(2000, 1, 1)) is None


def test_a_later_version_of_a_period_is_the_latest_from_its_position_on(books: Store) -> None:
    with books.reading() as reader:
        second = reader.distribution(DEAL, 2)
    again = second.header._replace(number=4, previous=1, version=2)
    postings = month_postings(900_00)
    with books.reading() as reader:
        before = {account: row.closing for account, row in reader.balances(DEAL, 1).items() if row.closing}
    with books.writing(DEAL) as writer:
        position = writer.append(sample.draft([], period(2), treatment="reopen")).position
        writer.record_distribution(again, position, postings, sample.balances(before, postings))

    with books.reading() as reader:
        rows = [reader.latest_distribution(DEAL, on_or_before=second.distribution_date, known_at=at) for at in (position - 1, position)]
    assert [row and row.version for row in rows] == [1, 2]


def test_a_published_statement_is_kept_as_its_text(books: Store) -> None:
    with books.reading() as reader:
        (kept,) = reader.statements(DEAL, 2)
        assert len(reader.statements(DEAL)) == 3
    assert (kept.version, kept.body, kept.digest) == (1, '{"period":"2025-02-25"}', seal.digest('{"period":"2025-02-25"}'))
