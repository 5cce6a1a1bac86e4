"""What was published is kept, and verified by being produced again; on both databases."""

from __future__ import annotations

import hashlib
import json

import pytest

from ledger import service
from ledger.core.problems import ProblemsFound
from ledger.reports.json import to_json
from ledger.service import publications
from ledger.store.engine import Store
from tests.cli.conftest import DEAL, FEBRUARY, MARCH


@pytest.fixture
def books(store: Store) -> Store:
    """COVE-1 with February distributed and March remitted."""
    service.open_deal(store, DEAL.encode(), "deal.yaml", actor="tester")
    service.remit(store, "COVE-1", FEBRUARY.encode(), "2025-02.csv", actor="tester")
    service.distribute(store, "COVE-1", actor="tester")
    service.remit(store, "COVE-1", MARCH.encode(), "2025-03.csv", actor="tester")
    return store


def test_what_is_published_is_the_statement_as_known_then(books: Store) -> None:
    statement = to_json(service.statement(books, "COVE-1"))
    published = service.publish(books, "COVE-1", "2025-02", actor="m.okafor")

    with books.reading() as reader:
        (row,) = reader.statements("COVE-1")
    assert row.body.encode() == statement
    assert published.digest == hashlib.sha256(statement).hexdigest()
    assert (published.version, published.position) == (1, 5)


def test_publishing_again_adds_nothing(books: Store) -> None:
    first = service.publish(books, "COVE-1", "2025-02-25", actor="m.okafor")
    service.distribute(books, "COVE-1", actor="tester")
    again = service.publish(books, "COVE-1", "2025-02", actor="somebody else")

    assert again == first._replace(outcome="already published")


def test_what_is_published_stays_what_the_books_give_whatever_comes_later(books: Store) -> None:
    service.publish(books, "COVE-1", "2025-02", actor="m.okafor")
    service.distribute(books, "COVE-1", actor="tester")
    service.publish(books, "COVE-1", "2025-03", actor="m.okafor")

    assert service.verify(books, "COVE-1").problems == ()


def test_a_period_that_is_not_distributed_cannot_be_published(books: Store) -> None:
    with pytest.raises(ProblemsFound, match="COVE-1: the period 2025-03-25 is not distributed; run `tranche distribute` first"):
        service.publish(books, "COVE-1", "2025-03", actor="m.okafor")


@pytest.mark.parametrize(("rules", "verdict"), [(1, "altered"), (2, "differs under rules 2 (published under 1)")])
def test_verify_tells_a_changed_program_from_altered_books(books: Store, monkeypatch: pytest.MonkeyPatch, rules: int, verdict: str) -> None:
    """A statement that comes out otherwise under the rules it was published under was altered; under later rules it differs."""
    service.publish(books, "COVE-1", "2025-02", actor="m.okafor")
    monkeypatch.setattr(publications, "RULES", rules)
    monkeypatch.setattr(publications, "to_json", lambda statement, _form: json.dumps(statement.number).encode())

    (problem,) = service.verify(books, "COVE-1").problems

    assert f"version 1 of the statement of distribution 1 is not what the books give: {verdict}" in str(problem)


def test_published_statement_is_printed_as_it_was_recorded(books: Store) -> None:
    service.publish(books, "COVE-1", "2025-02", actor="m.okafor")
    with books.reading() as reader:
        (row,) = reader.statements("COVE-1")

    assert service.published(books, "COVE-1") == row.body
    assert service.published(books, "COVE-1", "2025-02") == row.body
    assert service.published(books, "COVE-1", "2025-12-31") == row.body


@pytest.mark.parametrize("on", ["2025-01-31", "2025-03"])
def test_nothing_published_by_then_is_a_problem(books: Store, on: str) -> None:
    service.publish(books, "COVE-1", "2025-02", actor="m.okafor")

    with pytest.raises(ProblemsFound, match=f"no statement was published for {on}"):
        service.published(books, "COVE-1", on)
