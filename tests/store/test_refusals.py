"""What the database itself refuses, walked table by table and operation by operation: no list made by hand can forget one."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy.exc
from sqlalchemy import Connection, Table, insert, select

from ledger.core.events import Event
from ledger.store.engine import Store
from ledger.store.log import CommitTreatment
from ledger.store.tables import event, head, log_commit, metadata
from ledger.store.verify import verify
from tests.store import sample
from tests.store.sample import DEAL, draft, month_events, period, reversal

TABLES = list(metadata.tables.values())
REFUSED = sqlalchemy.exc.DBAPIError
SAYS = r"append-only|moves only forward|one head|open position|must be|is sealed|duplicate key|column \"deal_id\""
"""The rules' own words, and PostgreSQL's for a key that is there and for a number of a deal that was not given by the database."""


def contents(store: Store) -> dict[str, list[tuple[object, ...]]]:
    with store.engine.connect() as connection:
        return {table.name: sorted(map(tuple, connection.execute(select(table))), key=repr) for table in TABLES}


def a_row(connection: Connection, table: Table) -> dict[str, object]:
    return dict(connection.execute(select(table).limit(1)).mappings().one())


def same(table: Table) -> str:
    """An assignment that changes nothing but is an UPDATE."""
    column = table.columns.keys()[-1]
    return f"{column} = {column}"


def update(connection: Connection, table: Table) -> None:
    connection.exec_driver_sql(f"UPDATE {table.name} SET {same(table)}")


def delete(connection: Connection, table: Table) -> None:
    connection.exec_driver_sql(f"DELETE FROM {table.name}")


def insert_again(connection: Connection, table: Table) -> None:
    connection.execute(insert(table), a_row(connection, table))


def replace(connection: Connection, table: Table) -> None:
    connection.exec_driver_sql("PRAGMA recursive_triggers = OFF")  # with it on, the DELETE triggers would already refuse
    connection.execute(insert(table).prefix_with("OR REPLACE"), a_row(connection, table))


def update_or_replace(connection: Connection, table: Table) -> None:
    connection.exec_driver_sql(f"UPDATE OR REPLACE {table.name} SET {same(table)}")


def upsert(connection: Connection, table: Table) -> None:
    keys = ", ".join(column.name for column in table.primary_key)
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    override = " OVERRIDING SYSTEM VALUE" if table.name == "deal" else ""
    connection.exec_driver_sql(
        f"INSERT INTO {table.name} ({columns}){override} SELECT {columns} FROM {table.name} LIMIT 1"
        f" ON CONFLICT ({keys}) DO UPDATE SET {table.columns.keys()[-1]} = excluded.{table.columns.keys()[-1]}"
    )


def truncate(connection: Connection, table: Table) -> None:
    connection.exec_driver_sql(f"TRUNCATE {table.name} CASCADE")


def as_replica(connection: Connection, table: Table) -> None:
    connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
    connection.exec_driver_sql(f"DELETE FROM {table.name}")


FORBIDDEN = {"sqlite": [update, delete, insert_again, replace, update_or_replace], "postgresql": [update, delete, insert_again, upsert, truncate, as_replica]}


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_no_operation_changes_or_removes_a_row_of(books: Store, table: Table) -> None:
    before = contents(books)

    for operation in FORBIDDEN[books.engine.dialect.name]:
        with pytest.raises(REFUSED, match=SAYS), books.engine.begin() as connection:
            operation(connection, table)

    assert contents(books) == before


# Events and commits only at the open position --------------------------------------------------------------------------


def event_row(deal_id: int, position: int, line: int = 99, **columns: object) -> dict[str, object]:
    return {"deal_id": deal_id, "position": position, "line": line, "kind": "interest", "interest": 5, "effect": 1, **columns}


@pytest.mark.parametrize(
    ("deal_shift", "position"),
    [(0, 2), (0, 13), (0, 15), (0, 0), (0, -1), (7, 1), (7, 14)],
    ids=["a sealed month", "the last month", "one too far", "before the first", "negative", "unknown deal", "unknown deal far"],
)
def test_a_row_is_refused_anywhere_but_at_the_open_position(books: Store, deal_shift: int, position: int) -> None:
    with books.reading() as reader:
        deal_id = reader.deal_id(DEAL) + deal_shift

    with pytest.raises(REFUSED, match="open position"), books.engine.begin() as connection:
        connection.execute(insert(event), event_row(deal_id, position))


def test_a_commit_out_of_order_or_with_a_wrong_count_is_refused(books: Store) -> None:
    with books.engine.connect() as connection:
        last = dict(connection.execute(select(log_commit).where(log_commit.c.position == 13)).mappings().one())
    free = {"previous_hash": last["hash"], "hash": b"1" * 32, "source": None, "attempt": None, "source_digest": None}
    later = last["recorded_at"].replace(year=2030)
    good = last | free | {"position": 14, "recorded_at": later, "event_count": 0}
    spoilt = {
        "must be the next": [good | {"position": 15}, good | {"previous_hash": b"2" * 32}, good | {"recorded_at": last["recorded_at"]}, good | {"deal_id": 99}],
        "must count its events": [good | {"event_count": 1}],
    }

    for says, rows in spoilt.items():
        for row in rows:
            with pytest.raises(REFUSED, match=says), books.engine.begin() as connection:
                connection.execute(insert(log_commit), row)


@pytest.mark.parametrize("change", [{"position": 12}, {"position": 14}, {"position": 15}, {"event_count": 1}, {"hash": b"3" * 32}])
def test_the_head_cannot_be_moved_where_there_is_no_commit(books: Store, change: Any) -> None:
    with pytest.raises(REFUSED, match="moves only forward"), books.engine.begin() as connection:
        connection.execute(head.update(), change)


def test_a_second_head_or_one_that_begins_elsewhere_is_refused(books: Store) -> None:
    with pytest.raises(REFUSED, match=r"one head|head_pkey"), books.engine.begin() as connection:
        connection.execute(insert(head), {"deal_id": 1, "position": 0, "hash": b"4" * 32, "event_count": 0, "recorded_at": None})
    with pytest.raises(REFUSED, match="begins at position 0"), books.engine.begin() as connection:
        connection.execute(insert(head), {"deal_id": 2, "position": 5, "hash": b"4" * 32, "event_count": 0, "recorded_at": None})


# Reversals -------------------------------------------------------------------------------------------------------------

WRONG = month_events(4)[0]
EXACT = reversal(2, 2, WRONG)


def append(store: Store, *events: Event, treatment: CommitTreatment = "supersede") -> None:
    with store.writing(DEAL) as writer:
        writer.append(draft(events, period(4), treatment=treatment))


@pytest.fixture
def remitted(empty: Store) -> Store:
    """Position 2 holds a month; its line 2 is WRONG."""
    sample.open_deal(empty)
    with empty.writing(DEAL) as writer:
        writer.append(sample.remittance(month_events(4), period(4)))
    return empty


@pytest.mark.parametrize(
    "change",
    [
        {"principal": -1}, {"interest": -1}, {"fee": None}, {"amount": 0}, {"balance": -1}, {"balance": None}, {"rate": "0.06"}, {"delinquency": 30},
        {"kind": "curtailment"}, {"subject": "L-0002"},
        {"corrects_line": 3}, {"corrects_line": 77}, {"corrects_position": 1}, {"corrects_position": 3},
    ],
    ids=str,
)  # fmt: skip
def test_a_reversal_that_is_not_exact_is_refused(remitted: Store, change: Any) -> None:
    with pytest.raises(REFUSED, match="exact negative"):
        append(remitted, EXACT._replace(**change))


def test_a_reversal_in_a_later_period_leaves_the_states_of_the_old_month_out(remitted: Store) -> None:
    append(remitted, EXACT._replace(balance=None, rate=None, delinquency=None), treatment="adjust")

    with remitted.reading() as reader:
        assert verify(reader, DEAL) == []


def test_a_line_is_reversed_once_and_restated_once(remitted: Store) -> None:
    append(remitted, EXACT, sample.restatement(2, 2, WRONG))

    for again in (EXACT, sample.restatement(2, 2, WRONG)):
        with pytest.raises(REFUSED, match=r"corrected already|event_corrected_once"):
            append(remitted, again)


def test_a_reversal_is_never_reversed(remitted: Store) -> None:
    append(remitted, EXACT)

    with pytest.raises(REFUSED, match="exact negative"):
        append(remitted, reversal(3, 1, EXACT))


def test_a_reversal_must_name_what_it_reverses(remitted: Store) -> None:
    with pytest.raises(REFUSED, match="event_effect"):
        append(remitted, EXACT._replace(corrects_position=None, corrects_line=None))
