"""Who may do what on PostgreSQL: each right does its work, and every other thing that each of them tries is refused by the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy.exc
from sqlalchemy import make_url

from ledger import service
from ledger.core.problems import ProblemsFound
from ledger.service import evidence
from ledger.store.advice import of_server
from ledger.store.engine import Store
from ledger.store.roles import RIGHTS, Right, allowances
from ledger.store.tables import metadata
from tests import servers
from tests.service import trust

TABLES = sorted(metadata.tables)
Users = dict[Right, str]


@pytest.fixture
def users(postgresql: str, postgresql_server: str) -> Iterator[Users]:
    """A user of the server for each right, which the owner of a database with one distributed month has granted."""
    names = {right: f"{right.replace('-', '_')}_{make_url(postgresql).database}" for right in RIGHTS}
    for name in names.values():
        servers.administer(postgresql_server, f"CREATE ROLE {name} LOGIN")
    with opened_as(postgresql, None) as owner:
        for right, name in names.items():
            owner.grant(right, name)
        a_published_month(owner)
    yield names
    with opened_as(postgresql, None) as owner, owner.engine.begin() as connection:
        for name in names.values():
            connection.exec_driver_sql(f"DROP OWNED BY {name}")
            connection.exec_driver_sql(f"DROP ROLE {name}")


@contextmanager
def opened_as(url: str, user: str | None) -> Iterator[Store]:
    address = make_url(url) if user is None else make_url(url).set(username=user)
    store = Store(address.render_as_string(hide_password=False))
    try:
        yield store
    finally:
        store.close()


def a_published_month(store: Store, called: str | None = None, sofr: str = "5%") -> None:
    deal = trust.open_trust(store, called=called)
    trust.remit(store, "2025-02-25", deal=deal, sofr=sofr)
    trust.distribute(store, deal)
    service.publish(store, deal, "2025-02-25", actor=store.user() or "")


FORBIDDEN = [
    *(f"UPDATE {table} SET {column} = {column}" for table in TABLES for column in ["name" if table == "deal" else metadata.tables[table].columns.keys()[0]]),
    *(f"DELETE FROM {table}" for table in (*TABLES, "alembic_version")),
    *(f"TRUNCATE {table} CASCADE" for table in TABLES),
    *(f"DROP TABLE {table} CASCADE" for table in TABLES),
    *(f"ALTER TABLE {table} DISABLE TRIGGER ALL" for table in TABLES),
    *(f"CREATE TRIGGER mine BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()" for table in TABLES),
    "DROP TRIGGER event_no_change ON event",
    "DROP FUNCTION refuse_change() CASCADE",
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
    "SET session_replication_role = replica",
    "INSERT INTO deal (deal_id, name) OVERRIDING SYSTEM VALUE VALUES (77, 'FORGED-1')",
    "SELECT setval(pg_get_serial_sequence('deal', 'deal_id'), 1)",
    "ALTER TABLE deal ALTER COLUMN deal_id RESTART WITH 1",
    "UPDATE head SET deal_id = deal_id",
    "INSERT INTO alembic_version VALUES ('9999')",
    "INSERT INTO act (number, kind, subject, value, recorded_at, actor, previous_hash, hash) VALUES (1, 'set', 'approval', 'not asked', now(), 'me', '', '')",
    "CREATE TABLE mine (one integer)",
    "CREATE SCHEMA mine",
    "SELECT * FROM elsewhere.secrets",
    "ALTER TABLE event OWNER TO CURRENT_USER",
    "SET ROLE postgres",
    "CREATE ROLE mine SUPERUSER",
    "COPY event TO PROGRAM 'cat'",
    "COPY event FROM '/etc/passwd'",
]
"""What nobody but the owner may do, whatever else is granted."""


@pytest.mark.parametrize("right", RIGHTS)
def test_nobody_but_the_owner_can_undo_or_forge_anything(postgresql: str, users: Users, right: Right) -> None:
    with opened_as(postgresql, None) as owner, owner.engine.begin() as connection:
        connection.exec_driver_sql("CREATE SCHEMA elsewhere")
        connection.exec_driver_sql("CREATE TABLE elsewhere.secrets (one integer)")

    with opened_as(postgresql, users[right]) as store:
        allowed = [statement for statement in FORBIDDEN if not is_refused(store, statement)]

    assert allowed == []


def is_refused(store: Store, statement: str) -> bool:
    """Whether the database refuses it for want of the right: any other error is one of the test."""
    try:
        with store.engine.begin() as connection:
            connection.exec_driver_sql(statement)
    except sqlalchemy.exc.DBAPIError as error:
        if getattr(error.orig, "sqlstate", "") != "42501":
            raise
        return True
    return False


@pytest.mark.parametrize("right", ["auditor", "investor-relations"])
def test_who_reads_cannot_append(postgresql: str, users: Users, right: Right) -> None:
    with opened_as(postgresql, users[right]) as store:
        appended = [table for table in TABLES if not is_refused(store, f"INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM {table}")]

    assert appended == []


def test_investor_relations_read_only_what_was_published(postgresql: str, users: Users) -> None:
    with opened_as(postgresql, users["investor-relations"]) as store:
        read = [table for table in TABLES if not is_refused(store, f"SELECT * FROM {table}")]

        given = service.published(store, "COVE-1")

    assert read == ["deal", "statement"]
    assert '"deal":"COVE-1"' in given


def test_nobody_can_hand_on_what_was_granted(postgresql: str, users: Users) -> None:
    with opened_as(postgresql, users["auditor"]) as store, store.engine.begin() as connection:
        connection.exec_driver_sql("GRANT SELECT ON event TO PUBLIC")  # which PostgreSQL takes with a warning

    with opened_as(postgresql, users["investor-relations"]) as store:
        assert is_refused(store, "SELECT * FROM event")


def test_application_does_a_whole_month(postgresql: str, users: Users) -> None:
    with opened_as(postgresql, users["application"]) as store:
        a_published_month(store, called="COVE-2", sofr="4%")
        verified = service.verify(store, "COVE-2")

    assert verified.problems == ()
    assert verified.periods == 1


def test_only_the_owner_erases_a_file(postgresql: str, users: Users) -> None:
    with opened_as(postgresql, users["application"]) as store:
        digest = evidence.arrived(store, "COVE-1")[0].arrival.digest
        with pytest.raises(ProblemsFound, match="permission denied for table evidence; do it as the owner"):
            evidence.erase(store, "COVE-1", digest, reason="why", actor=store.user() or "")
        position = service.verify(store, "COVE-1").position

    with opened_as(postgresql, None) as owner:
        assert evidence.erase(owner, "COVE-1", digest, reason="why", actor=owner.user() or "").position == position + 1
        assert service.verify(owner, "COVE-1").problems == ()


def test_auditor_verifies_everything_and_corrects_nothing(postgresql: str, users: Users) -> None:
    with opened_as(postgresql, users["auditor"]) as store:
        verified = service.verify(store, "COVE-1")
        with pytest.raises((ProblemsFound, sqlalchemy.exc.DBAPIError)):
            trust.remit(store, "2025-03-25")

    assert verified.problems == ()


def test_a_right_takes_back_what_was_granted_before(postgresql: str, users: Users) -> None:
    with opened_as(postgresql, None) as owner:
        owner.grant("investor-relations", users["application"])

    with opened_as(postgresql, users["application"]) as store:
        assert is_refused(store, "SELECT * FROM event")


def test_every_table_is_in_every_right_that_reads_all() -> None:
    assert set(allowances("auditor")) == {*TABLES, "alembic_version"}
    assert set(allowances("application")) == {*TABLES, "alembic_version"}


def test_advice_names_whoever_may_do_too_much(postgresql: str, users: Users) -> None:
    with opened_as(postgresql, None) as owner, owner.engine.begin() as connection:
        connection.exec_driver_sql(f"GRANT DELETE, TRUNCATE ON event TO {users['auditor']}")

    with opened_as(postgresql, users["application"]) as store:
        said = [str(problem) for problem in store.advice()]

    assert [line for line in said if "may" in line] == [f"event: {users['auditor']} may DELETE, TRUNCATE event; take it back: only the owner needs that"]


def test_advice_warns_of_working_as_a_superuser(postgresql: str) -> None:
    with opened_as(postgresql, None) as owner:
        assert any("a superuser, whom no trigger stops" in str(problem) for problem in owner.advice())


def test_grant_needs_a_database_with_users(sqlite: str) -> None:
    with opened_as(sqlite, None) as store, pytest.raises(ProblemsFound, match="SQLite knows no users"):
        store.grant("auditor", "ana")


def test_name_of_a_user_is_quoted(postgresql: str, postgresql_server: str) -> None:
    servers.administer(postgresql_server, 'CREATE ROLE "ana; DROP TABLE event"')

    with opened_as(postgresql, None) as owner:
        owner.grant("auditor", "ana; DROP TABLE event")
        with owner.engine.begin() as connection:
            connection.exec_driver_sql("SELECT * FROM event")
            connection.exec_driver_sql('DROP OWNED BY "ana; DROP TABLE event"')
            connection.exec_driver_sql('DROP ROLE "ana; DROP TABLE event"')


def test_advice_names_a_server_that_is_too_old() -> None:
    (problem,) = of_server(140_020)

    assert problem.fact == "the PostgreSQL server is of version 14"
    assert list(of_server(150_000)) == []
