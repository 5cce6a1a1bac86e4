"""Migrations create exactly what the tables declare, whole or not at all; the check finds whatever somebody has changed since."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from ledger.core.problems import ProblemsFound
from ledger.store import schema
from ledger.store.engine import Store
from ledger.store.tables import Day, Instant, metadata
from tests.store import sample
from tests.store.owner import as_owner

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def bare(database: str, tmp_path: Path) -> Iterator[Store]:
    """A database without tables."""
    url = sa.make_url(database)
    if url.get_backend_name() == "sqlite":
        store = Store(f"sqlite:///{tmp_path / 'bare.db'}")
    else:
        name = f"bare_{uuid.uuid4().hex[:12]}"
        administer(url, f"CREATE DATABASE {name}")
        store = Store(url.set(database=name).render_as_string(hide_password=False))
    yield store
    store.close()
    if store.is_postgresql:
        administer(url, f"DROP DATABASE {name} WITH (FORCE)")


def administer(url: sa.URL, statement: str) -> None:
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


def tables_of(store: Store) -> set[str]:
    return set(sa.inspect(store.engine).get_table_names())


def types_agree(_context: Any, _inspected: Any, _declared: Any, inspected_type: Any, declared_type: Any) -> Any:
    """Days and times are text on SQLite; everything else is compared as Alembic does."""
    if isinstance(declared_type, Day | Instant) and isinstance(inspected_type, sa.Text):
        return False
    return None


def test_migrations_create_what_the_tables_declare(empty: Store) -> None:
    with empty.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": types_agree})

        assert compare_metadata(context, metadata) == []


def test_migrations_create_every_check_that_the_tables_declare(empty: Store) -> None:
    inspector = sa.inspect(empty.engine)
    declared = {
        (table.name, constraint.name) for table in metadata.tables.values() for constraint in table.constraints if isinstance(constraint, sa.CheckConstraint)
    }

    found = {(table, check["name"]) for table in metadata.tables for check in inspector.get_check_constraints(table)}

    assert found == declared
    assert len(declared) == 10


def test_sqlite_tables_read_as_if_they_had_been_created_from_the_declarations(sqlite: str) -> Any:
    made, declared = Store(sqlite), sa.create_engine("sqlite://")
    metadata.create_all(declared)

    def tables(engine: Any) -> Any:
        with engine.connect() as connection:
            rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name <> 'alembic_version'")
            return {name: sorted(line.strip(", \t") for line in sql.splitlines()) for name, sql in rows if not name.startswith("sqlite_")}

    expected = tables(declared)
    found = tables(made.engine)
    made.close()
    declared.dispose()
    assert found == expected
    assert all("STRICT" in "\n".join(lines) for lines in found.values())


def test_a_new_database_is_current_and_upgrading_again_changes_nothing(bare: Store) -> None:
    bare.upgrade()
    before = tables_of(bare)
    bare.upgrade()

    assert bare.check() == []
    assert tables_of(bare) == before == {*metadata.tables, "alembic_version"}


def test_an_upgrade_that_fails_leaves_nothing(bare: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(schema, "migrations_folder", lambda: ROOT / "tests" / "store" / "broken_migrations")
        with pytest.raises(RuntimeError, match="half way"):
            bare.upgrade()

    assert tables_of(bare) == set()
    bare.upgrade()
    assert bare.check() == []


UPGRADE = "import sys; from ledger.store.engine import Store; sys.stdin.readline(); Store(sys.argv[1]).upgrade()"


def test_two_upgrades_at_once_both_succeed(bare: Store) -> None:
    url = bare.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", UPGRADE, url]
    running = [subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    for process in running:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()

    said = [process.communicate()[1] for process in running]

    assert said == ["", "", ""]
    assert bare.check() == []


@pytest.mark.parametrize(
    ("version", "says"), [("0000", "needs 0004; bring it up to date"), ("9999", "knows only 0004; install a newer"), (None, "no tables yet")]
)
def test_a_database_of_another_version_is_not_touched(empty: Store, version: Any, says: str) -> None:
    with empty.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM alembic_version" if version is None else f"UPDATE alembic_version SET version_num = '{version}'")

    assert [str(problem) for problem in empty.check() if says in str(problem)]
    with pytest.raises(ProblemsFound, match=says):
        sample.open_deal(empty)
    with pytest.raises(ProblemsFound, match=says), empty.reading():
        pass


# What somebody has changed -----------------------------------------------------------------------------------------------


def names(store: Store) -> list[str]:
    return [problem.fact for problem in store.check()]


def triggers(store: Store) -> list[tuple[str, str]]:
    query = (
        "SELECT tgname, relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid WHERE NOT tgisinternal"
        if store.is_postgresql
        else "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'"
    )
    with store.engine.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(query)]


def test_the_check_names_every_trigger_that_was_dropped(empty: Store) -> None:
    dropped = triggers(empty)
    with empty.engine.begin() as connection:
        for name, table in dropped:
            connection.exec_driver_sql(f"DROP TRIGGER {name}" + (f" ON {table}" if empty.is_postgresql else ""))

    found = names(empty)

    assert len(found) == len(dropped) > 20
    assert all(any(f"trigger {name}" in fact and "is missing" in fact for fact in found) for name, _ in dropped)


def test_the_check_finds_nothing_where_an_owner_has_put_everything_back(empty: Store) -> None:
    with as_owner(empty):
        pass

    assert empty.check() == []


SQLITE_CHANGES = {
    "DROP TRIGGER event_no_update": "trigger event_no_update is missing",
    "DROP TRIGGER event_no_update THEN CREATE TRIGGER event_no_update BEFORE UPDATE ON event BEGIN SELECT 1; END": "trigger event_no_update is not as it was",
    "CREATE TRIGGER mine AFTER INSERT ON posting BEGIN SELECT 1; END": "trigger mine is not one of ours",
    "DROP INDEX event_by_subject": "index event_by_subject is missing",
    "DROP INDEX event_corrected_once THEN CREATE INDEX event_corrected_once ON event (deal_id)": "index event_corrected_once is not as it was",
    "ALTER TABLE document RENAME COLUMN body TO text": "table document is not as it was",
}
POSTGRESQL_CHANGES = {
    "DROP TRIGGER event_no_change ON event": "trigger event_no_change on event is missing",
    "ALTER TABLE event DISABLE TRIGGER event_no_change": "trigger event_no_change on event is not as it was",
    "ALTER TABLE event ENABLE TRIGGER event_no_change": "trigger event_no_change on event is not as it was",
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$": "function refuse_change is not as it was",
    "CREATE TRIGGER mine AFTER INSERT ON posting FOR EACH ROW EXECUTE FUNCTION refuse_change()": "trigger mine on posting is not one of ours",
    "DROP INDEX event_by_subject": "index event_by_subject is missing",
    "ALTER TABLE posting DROP CONSTRAINT posting_amount": "constraint posting_amount is missing",
    "ALTER TABLE balance ALTER COLUMN paid DROP NOT NULL": "column paid of balance is not as it was",
    "ALTER TABLE posting ALTER COLUMN amount TYPE numeric": "column amount of posting is not as it was",
}


def test_the_check_names_what_was_altered(empty: Store) -> None:
    changes = POSTGRESQL_CHANGES if empty.is_postgresql else SQLITE_CHANGES
    for change, says in changes.items():
        with empty.engine.connect() as connection, connection.begin() as transaction:
            for statement in change.split(" THEN "):
                connection.exec_driver_sql(statement)
            facts = [problem.fact for problem in schema.check(connection)]
            transaction.rollback()

        assert [fact for fact in facts if says in fact], (change, facts)
    assert empty.check() == []


@pytest.mark.parametrize("pragma", ["synchronous = NORMAL", "foreign_keys = OFF", "recursive_triggers = OFF"])
def test_the_check_names_a_careless_setting_of_sqlite(sqlite: str, pragma: str) -> None:
    store = Store(sqlite)
    sa.event.listen(store.engine, "connect", lambda connection, _: connection.execute(f"PRAGMA {pragma}"))

    facts = names(store)

    store.close()
    assert [fact.split(" = ")[0] for fact in facts] == [f"SQLite runs with {pragma.split(maxsplit=1)[0]}"]


def test_the_check_names_a_careless_setting_of_postgresql(postgresql: str) -> None:
    store = Store(postgresql)
    sa.event.listen(store.engine, "connect", lambda connection, _: (connection.execute("SET synchronous_commit = off"), connection.commit()))

    facts = names(store)

    store.close()
    assert facts == ["the PostgreSQL server runs with synchronous_commit = off"]
