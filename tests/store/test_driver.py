"""Statements that the driver is given directly: its errors are SQLAlchemy's, those sent together are one refusal, and a lost connection is given up."""

from __future__ import annotations

import psycopg
import pytest
import sqlalchemy.exc
from sqlalchemy import bindparam, select

from ledger.core.events import Event
from ledger.store import tables
from ledger.store.bulk import FEW
from ledger.store.driver import Prepared, run, together
from ledger.store.engine import Store, Unusable
from tests.store import sample
from tests.store.sample import DEAL

HEAD = Prepared(select(tables.head.c.position, tables.deal.c.name).join_from(tables.head, tables.deal).where(tables.deal.c.name == bindparam("deal")))


def test_a_statement_finds_the_same_on_both_databases(books: Store) -> None:
    with books.reading() as reader:
        found = [HEAD.run(reader.connection, deal=deal, more="than it asks for").fetchall() for deal in (DEAL, "NOBODY")]

    assert found == [[(13, DEAL)], []]


def test_the_errors_of_the_driver_come_out_as_those_of_sqlalchemy(books: Store) -> None:
    with books.reading() as reader, pytest.raises(sqlalchemy.exc.DBAPIError, match="no_table"):
        run(reader.connection, "SELECT a_column FROM no_table")


def test_the_first_refusal_of_statements_sent_together_is_raised_and_nothing_is_left(books: Store) -> None:
    def move_too_far() -> None:
        with books.writing(DEAL) as writer, together(writer.connection):
            run(writer.connection, "INSERT INTO deal (name) VALUES ('ANOTHER')")
            run(writer.connection, "UPDATE head SET position = position + 5")
            run(writer.connection, "SELECT 1")

    with pytest.raises(sqlalchemy.exc.DBAPIError, match="the head moves only forward"):
        move_too_far()

    with books.reading() as reader:
        assert [(deal.name, deal.position) for deal in reader.deals()] == [(DEAL, 13)]


@pytest.mark.parametrize("number", [0, 1, FEW, FEW + 1])
def test_a_commit_is_the_same_whether_its_events_are_sent_with_it_or_before(books: Store, number: int) -> None:
    events = sample.numbered(Event(0, "interest", interest=number, effective_on=sample.period(1)) for _ in range(number))

    with books.writing(DEAL) as writer:
        receipt = writer.append(sample.draft(events))

    with books.reading() as reader:
        assert list(reader.as_recorded(DEAL, receipt.position)) == events
        assert reader.signatures(DEAL)[receipt.position].act == 3


def test_connections_that_the_server_ended_are_given_to_nobody_again(postgresql: str) -> None:
    """A restart of the server ends all that are kept: the first use of one is the last that fails."""
    store = Store(postgresql)
    sample.open_deal(store)
    with store.engine.connect(), store.engine.connect(), store.engine.connect():
        pass
    with psycopg.connect(postgresql, autocommit=True) as server:
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")

    with pytest.raises(Unusable, match="cannot be used"), store.writing(DEAL):
        pass

    with store.writing(DEAL) as writer:
        assert writer.append(sample.draft([])).position == 2
    store.close()
