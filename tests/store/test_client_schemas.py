"""Several clients in one PostgreSQL database, each in a schema that the address names."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import make_url

from ledger import service
from ledger.store.engine import Store
from tests.service import trust

CLIENTS = ("client_a", "client_b")


@pytest.fixture
def clients(postgresql: str) -> Iterator[list[Store]]:
    """The books of two clients, with the tables in place, in a database that has books in its own schema too."""
    owner = Store(postgresql)
    with owner.engine.begin() as connection:
        for client in CLIENTS:
            connection.exec_driver_sql(f"CREATE SCHEMA {client}")
    owner.close()
    address = make_url(postgresql)
    stores = [Store(address.update_query_dict({"options": f"-csearch_path={client}"}).render_as_string(hide_password=False)) for client in CLIENTS]
    for store in stores:
        store.upgrade()
    yield stores
    for store in stores:
        store.close()


def test_the_same_deal_of_two_clients_is_two_deals(clients: list[Store]) -> None:
    first, second = clients
    for store in clients:
        trust.open_trust(store)
    trust.remit(first, "2025-02-25")
    trust.distribute(first)

    assert service.verify(first, "COVE-1").periods == 1
    assert service.verify(second, "COVE-1").periods == 0


def test_each_client_is_checked_in_its_own_schema(clients: list[Store]) -> None:
    first, second = clients
    with first.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE client_a.event DISABLE TRIGGER ALL")

    assert any("trigger" in problem.fact for problem in first.check())
    assert second.check() == []


def test_right_in_one_schema_is_none_in_the_other(clients: list[Store]) -> None:
    first = clients[0]
    name = f"auditor_{make_url(first.url).database}"
    with first.engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {name} LOGIN")
    first.grant("auditor", name)

    seen = [may_read(store, name) for store in clients]

    assert seen == [True, False]
    with first.engine.begin() as connection:
        connection.exec_driver_sql(f"DROP OWNED BY {name}")
        connection.exec_driver_sql(f"DROP ROLE {name}")


def may_read(store: Store, user: str) -> bool:
    with store.engine.connect() as connection:
        may = "SELECT has_table_privilege(%s, 'event', 'SELECT') AND has_schema_privilege(%s, current_schema(), 'USAGE')"
        return bool(connection.exec_driver_sql(may, (user, user)).scalar_one())
