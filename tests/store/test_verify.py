"""Tampering as the owner of the database would: triggers aside, rows changed, triggers back. `verify` finds it and names the first bad position."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import Connection, Table, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from ledger.core.problems import Problem
from ledger.store.engine import Store
from ledger.store.tables import (
    act,
    arrival,
    balance,
    commit_signature,
    deal,
    distribution,
    document,
    event,
    evidence,
    evidence_part,
    head,
    log_commit,
    metadata,
    pool_life,
    posting,
    statement,
)
from ledger.store.verify import verify
from ledger.store.verify_books import orphans
from tests.store import sample
from tests.store.owner import as_owner
from tests.store.sample import DEAL

APART = (deal, act, evidence, evidence_part, arrival, pool_life)
"""Tables with tests of their own: what is of no deal in test_actors.py, the files that are kept outside of what is hashed in test_evidence.py, the lives of
pools, of which only the terms say what they come to, in tests/service/test_lives.py."""
TABLES = [table for table in metadata.tables.values() if table not in APART]
POSITION = {
    act.name: "number",
    commit_signature.name: "position",
    event.name: "position",
    log_commit.name: "position",
    distribution.name: "known_at",
    statement.name: "known_at",
}


def found(store: Store) -> list[Problem]:
    with store.reading() as reader:
        return [*verify(reader, DEAL), *orphans(reader.connection)]


def first_position(problems: list[Problem]) -> int:
    match = re.match(r"position (\d+):", problems[0].fact)
    assert match is not None, problems[0]
    return int(match[1])


def test_untouched_books_verify_and_progress_counts_events(books: Store) -> None:
    told: list[int] = []
    with books.reading() as reader:
        problems = verify(reader, DEAL, told.append)

    assert problems == []
    assert told[-1] == 38


# Any one change ----------------------------------------------------------------------------------------------------------


@dataclass
class Tampering:
    """A change that was made, and the positions where a reader may be sent to look: the earliest that the change touches."""

    what: str
    positions: frozenset[int]


def where(table: Table, row: dict[str, Any]) -> Any:
    keys = [column == row[column.name] for column in table.primary_key]
    condition = keys[0]
    for key in keys[1:]:
        condition &= key
    return condition


def positions_of(connection: Connection, table: Table, row: dict[str, Any]) -> frozenset[int]:
    """The position that a row stands at or rests on."""
    if table.name in POSITION:
        return frozenset([row[POSITION[table.name]]])
    if table in (posting, balance):
        chosen = select(distribution.c.known_at).where(distribution.c.number == row["distribution"])
        return frozenset(connection.execute(chosen).scalars())
    return frozenset([1] if table is document else [row["position"], row["position"] + 1])


def other_value(value: Any, chance: random.Random, *, is_key_number: bool) -> Any:
    """A value of the same type that is not the same."""
    match value:
        case bytes():
            at = chance.randrange(len(value))
            return value[:at] + bytes([value[at] ^ (1 << chance.randrange(8))]) + value[at + 1 :]
        case bool() | int():
            return value + chance.choice([100, 1000] if is_key_number else [1, -1, 1000])
        case datetime():
            return value + timedelta(microseconds=1)
        case date():
            return value + timedelta(days=1)
        case str():
            return value + "x" if chance.random() < 0.5 or not value else chr(ord(value[0]) ^ 1) + value[1:]
        case _:
            return None


NULLS: dict[str, Any] = {
    "period": date(2025, 1, 25),
    "effective_on": date(2025, 1, 3),
    "origin_period": date(2024, 12, 25),
    "rate": "0.1",
    "code": "x",
    "subject": "x",
    "key": b"x",
    "signature": b"x",
}


def mutate(connection: Connection, table: Table, rows: list[dict[str, Any]], chance: random.Random) -> Tampering:
    """Change one column of one row."""
    row = chance.choice(rows)
    column = chance.choice([column for column in table.columns if column.name != "deal_id"])
    old = row[column.name]
    new = other_value(old, chance, is_key_number=column.primary_key) if old is not None else NULLS.get(column.name, "x" if "source_" in column.name else 7)
    touched = positions_of(connection, table, row)
    if table is document and column.name == "digest":
        touched = frozenset([1])
    connection.execute(update(table).where(where(table, row)).values({column.name: new}))
    if table is event and column.name == "position":
        touched = frozenset([row["position"]])
    if table.name in POSITION and column.name == POSITION[table.name]:
        touched |= {new}
    if column.name in ("number", "distribution", "known_at"):
        touched |= positions_of(connection, table, row | {column.name: new})
    return Tampering(f"{table.name}.{column.name}: {old!r} -> {new!r} in {row}", touched)


def remove(connection: Connection, table: Table, rows: list[dict[str, Any]], chance: random.Random) -> Tampering:
    row = chance.choice(rows)
    touched = positions_of(connection, table, row)
    connection.execute(delete(table).where(where(table, row)))
    return Tampering(f"removed {row} of {table.name}", touched)


def add(connection: Connection, table: Table, rows: list[dict[str, Any]], chance: random.Random) -> Tampering:
    """A copy of a row under a key that is free."""
    row = dict(chance.choice(rows))
    touched = positions_of(connection, table, row)
    key = [column.name for column in table.primary_key if column.name != "deal_id"][-1]
    row[key] = row[key] + 50 if isinstance(row[key], int) else row[key] + "-2"
    if table is log_commit:
        row |= {"previous_hash": chance.randbytes(32), "source": None, "attempt": None, "source_digest": None}
        touched = frozenset([14, row["position"]])
    if table is commit_signature:
        touched = frozenset([row["position"]])
    if table is event:
        row["corrects_position"] = row["corrects_line"] = None
        row["effect"] = 1
    connection.execute(insert(table), row)
    return Tampering(f"added {row} to {table.name}", touched)


def swap(connection: Connection, table: Table, rows: list[dict[str, Any]], chance: random.Random) -> Tampering:
    """Exchange what two rows say, each keeping its key."""
    different = [(one, two) for one in rows for two in rows if one is not two and contents(table, one) != contents(table, two)]
    one, two = chance.choice(different)
    touched = positions_of(connection, table, one) | positions_of(connection, table, two)
    for row in (one, two):
        connection.execute(delete(table).where(where(table, row)))
    for key, content in ((one, two), (two, one)):
        connection.execute(insert(table), key | contents(table, content))
    return Tampering(f"swapped {one} and {two} of {table.name}", touched)


def contents(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    return {column.name: row[column.name] for column in table.columns if not column.primary_key}


Change = Callable[[Connection, Table, list[dict[str, Any]], random.Random], Tampering]
CHANGES: list[tuple[Change, Table]] = [
    (change, table)
    for table in TABLES
    for change in (mutate, remove, add, swap)
    if not (change is add and table is head) and not (change is swap and table in (head, document))  # a deal has one head, the sample one document
]


def tamper(store: Store, change: Change, table: Table, seed: int) -> Iterator[tuple[Tampering, list[Problem]]]:
    """Make the change, verify, and undo it by hand."""
    chance = random.Random(seed)  # noqa: S311 - a sample that can be repeated
    with as_owner(store) as connection:
        rows = [dict(row) for row in connection.execute(select(table)).mappings()]
        made = change(connection, table, rows, chance)
    yield made, found(store)
    with as_owner(store) as connection:
        connection.execute(delete(table))
        connection.execute(insert(table), rows)


def check_tampering(store: Store, change: Change, table: Table, first_seed: int, wanted: int) -> None:
    """As many different changes as are wanted; one that even the owner is refused does not count."""
    done = 0
    for seed in count(first_seed):
        if done == wanted:
            break
        assert seed < first_seed + 10 * wanted, "nearly every change is refused even to the owner"
        try:
            for made, problems in tamper(store, change, table, seed):
                assert problems, f"seed {seed}: {made.what}: not found"
                assert first_position(problems) in made.positions, f"seed {seed}: {made.what}: {problems[0]}, not one of {sorted(made.positions)}"
                done += 1
        except IntegrityError:  # a key, CHECK or NOT NULL refuses this one even to the owner, and it was rolled back
            continue
    assert found(store) == []


@pytest.mark.parametrize(("change", "table"), CHANGES, ids=[f"{change.__name__} {table.name}" for change, table in CHANGES])
def test_any_change_of_one_row_is_found_where_it_was_made(books: Store, change: Any, table: Table) -> None:
    check_tampering(books, change, table, 0, wanted=2)


@pytest.mark.long
@pytest.mark.parametrize(("change", "table"), CHANGES, ids=[f"{change.__name__} {table.name}" for change, table in CHANGES])
def test_any_of_many_changes_is_found_where_it_was_made(books: Store, change: Any, table: Table) -> None:
    check_tampering(books, change, table, 1000, wanted=100)


# Larger changes ----------------------------------------------------------------------------------------------------------


def cut(connection: Connection, last: int) -> None:
    """Remove the commits after a position with their events, and what rests on them."""
    for table, column in ((statement, "known_at"), (distribution, "known_at"), (event, "position"), (log_commit, "position")):
        connection.execute(delete(table).where(table.c[column] > last))
    left = select(distribution.c.number)
    for table in (posting, balance, pool_life):
        connection.execute(delete(table).where(table.c.distribution.not_in(left)))


@pytest.mark.parametrize("last", [0, 1, 7, 12])
def test_a_tail_that_was_cut_is_found_by_the_head(books: Store, last: int) -> None:
    with as_owner(books) as connection:
        cut(connection, last)

    assert first_position(found(books)) == last + 1


def test_events_left_behind_by_a_cut_are_found(books: Store) -> None:
    with as_owner(books) as connection:
        connection.execute(delete(log_commit).where(log_commit.c.position > 10))

    facts = [problem.fact for problem in found(books)]
    assert facts[0] == "position 11: the commit is missing; the head stands at 13"
    assert "position 13: 1 events belong to no commit" in facts


def test_rows_appended_without_a_commit_are_found(books: Store) -> None:
    with books.engine.begin() as connection:
        connection.execute(insert(event), {"deal_id": 1, "position": 14, "line": 1, "kind": "interest", "interest": 5, "effect": 1})

    assert [problem.fact for problem in found(books)] == ["position 14: 1 events belong to no commit"]


def test_a_removed_deal_leaves_rows_that_belong_to_none(books: Store) -> None:
    sample.build(books, months=1, name="OTHER")
    with as_owner(books) as connection:
        connection.execute(delete(deal).where(deal.c.name == "OTHER"))

    with books.reading() as reader:
        facts = [problem.fact for problem in orphans(reader.connection)]
    assert "14 rows of event belong to no deal" in facts
    assert len(facts) == len([table for table in metadata.tables.values() if table is not deal and "deal_id" in table.c])


def test_a_renamed_deal_does_not_give_its_own_hashes(books: Store) -> None:
    with as_owner(books) as connection:
        connection.execute(update(deal).values(name="MERIDIAN-2025-2"))

    with books.reading() as reader:
        problems = verify(reader, "MERIDIAN-2025-2")
    assert first_position(problems) == 1


def test_the_first_of_several_changes_comes_first(books: Store) -> None:
    with as_owner(books) as connection:
        connection.execute(update(event).where(event.c.position == 10, event.c.line == 2).values(interest=1))
        connection.execute(update(posting).where(posting.c.distribution == 1, posting.c.line == 1).values(amount=1))
        connection.execute(update(event).where(event.c.position == 6, event.c.line == 2).values(interest=1))

    problems = found(books)
    assert [first_position([problem]) for problem in problems] == sorted(first_position([problem]) for problem in problems)
    assert first_position(problems) == 4


def test_text_that_cannot_be_read_is_found_and_named(sqlite: str) -> None:
    store = Store(sqlite, clock=sample.Ticking())
    sample.build(store)
    with as_owner(store) as connection:
        for table, column, key in (("event", "subject", "position = 6 AND line = 2"), ("log_commit", "actor", "position = 9"), ("posting", "step", "line = 1")):
            connection.exec_driver_sql(f"UPDATE {table} SET {column} = CAST(x'ff00fe' AS TEXT) WHERE {key}")
        connection.exec_driver_sql("UPDATE document SET body = CAST(x'ff' AS TEXT)")

    facts = [problem.fact for problem in found(store)]

    store.close()
    for said in ("position 6: a row of event", "position 9: a row of log_commit", "distribution 2: a row of posting", "position 1: a row of document"):
        assert [fact for fact in facts if fact.startswith(said) and "cannot be read" in fact], said


def test_a_date_that_is_none_is_found(sqlite: str) -> None:
    store = Store(sqlite, clock=sample.Ticking())
    sample.build(store)
    with as_owner(store) as connection:
        connection.exec_driver_sql("UPDATE posting SET origin_period = 'tomorrow' WHERE distribution = 1 AND line = 3")
        connection.exec_driver_sql("UPDATE log_commit SET recorded_at = 'yesterday' WHERE position = 7")

    positions = [first_position([problem]) for problem in found(store)]

    store.close()
    assert {4, 7} <= set(positions)
    assert positions[0] == 4
