"""Running the migrations, and comparing a database with what they create."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, inspect, text

from ledger.core.problems import Problem
from ledger.store.tables import metadata

_UPGRADE = "bring it up to date with `tranche database upgrade`"


def migrations_folder() -> Path:
    """`ledger/migrations` where the ledger is installed, the checkout's `migrations` otherwise."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "migrations"
    return installed if installed.is_dir() else package.parent / "migrations"


def _configuration() -> Any:
    from alembic.config import Config

    configuration = Config()
    configuration.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    return configuration


def upgrade(connection: Connection) -> None:
    """Bring the schema to the newest version inside the caller's transaction."""
    from alembic import command

    configuration = _configuration()
    configuration.attributes["connection"] = connection
    command.upgrade(configuration, "head")


def newest_version() -> str:
    """The newest revision, by the names of the files: `0001_books.py` is 0001. Loading Alembic would take longer than the command."""
    return max(path.name for path in (migrations_folder() / "versions").glob("[0-9]*.py")).partition("_")[0]


def version(connection: Connection) -> str | None:
    """The revision that the database is at; None for one without tables. Of a table that somebody else filled, whatever it says."""
    if not (_has_plain_table(connection) if connection.dialect.name == "sqlite" else inspect(connection).has_table("alembic_version")):
        return None
    found = [str(said)[:40] for said in connection.execute(text("SELECT version_num FROM alembic_version LIMIT 2")).scalars()]
    return " and ".join(said if said.isprintable() else ascii(said) for said in found) or None


def _has_plain_table(connection: Connection) -> bool:
    """Whether the table of versions is one: a view or a computed column would run what a file from elsewhere says, before anything of it was looked at."""
    is_table = connection.exec_driver_sql("SELECT count(*) FROM pragma_table_list('alembic_version') WHERE schema = 'main' AND type = 'table'").scalar_one()
    return bool(is_table) and not connection.exec_driver_sql("SELECT count(*) FROM pragma_table_xinfo('alembic_version') WHERE hidden").scalar_one()


def version_problems(connection: Connection) -> list[Problem]:
    """Whether this program and the database agree about the schema."""
    found, newest = version(connection), newest_version()
    if found is None:
        return [Problem("the database has no tables yet", "create them with `tranche database upgrade`")]
    if found < newest:
        return [Problem(f"the database is at version {found}, this program needs {newest}", _UPGRADE)]
    if found > newest:
        return [Problem(f"the database is at version {found}, this program knows only {newest}", "install a newer tranche-ledger")]
    return []


def check(connection: Connection) -> list[Problem]:
    """Version, settings, and every table, index, trigger and function against what the migrations create."""
    outdated = version_problems(connection)
    if outdated:
        return outdated
    if connection.dialect.name == "sqlite":
        return _check_sqlite(connection)
    return _check_postgresql(connection)


def _check_sqlite(connection: Connection) -> list[Problem]:
    """Compare the schema's own text with that of a database made now, in memory."""
    wanted = {"journal_mode": ("wal", "memory"), "synchronous": (2,), "foreign_keys": (1,), "recursive_triggers": (1,)}
    problems = [
        Problem(f"SQLite runs with {pragma} = {found}", "use a local disk and an unmodified SQLite")
        for pragma, allowed in wanted.items()
        if (found := connection.exec_driver_sql(f"PRAGMA {pragma}").scalar_one()) not in allowed
    ]
    return problems + differences(_expected_sqlite(), _sqlite_schema(connection))


def _expected_sqlite() -> dict[str, str]:
    engine = create_engine("sqlite://")
    with engine.begin() as fresh:
        upgrade(fresh)
        expected = _sqlite_schema(fresh)
    engine.dispose()
    return expected


def _sqlite_schema(connection: Connection) -> dict[str, str]:
    rows = connection.exec_driver_sql("SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'")
    return {f"{kind} {name}": sql for kind, name, sql in rows}


def differences(expected: dict[str, str], found: dict[str, str]) -> list[Problem]:
    """What was dropped, altered or added, by its name."""
    remedy = "somebody with the owner's rights has changed the database: run `tranche verify`, and restore a backup where it finds anything"
    missing = [Problem(f"the {name} is missing", remedy) for name in expected if name not in found]
    altered = [Problem(f"the {name} is not as it was created", remedy) for name, text in expected.items() if found.get(name, text) != text]
    added = [Problem(f"the {name} is not one of ours", remedy) for name in found if name not in expected and name.startswith("trigger")]
    return missing + altered + added


def _check_postgresql(connection: Connection) -> list[Problem]:
    settings = {"fsync": "on", "full_page_writes": "on", "server_encoding": "UTF8"}
    problems = [
        Problem(f"the PostgreSQL server runs with {setting} = {found}", f"set {setting} to {wanted}")
        for setting, wanted in settings.items()
        if (found := connection.exec_driver_sql(f"SHOW {setting}").scalar_one()) != wanted
    ]
    if connection.exec_driver_sql("SHOW synchronous_commit").scalar_one() == "off":
        problems.append(Problem("the PostgreSQL server runs with synchronous_commit = off", "turn it on: what is acknowledged could be lost"))
    return problems + differences(_expected_postgresql(), _postgresql_schema(connection))


def _expected_postgresql() -> dict[str, str]:
    """Constraints and indexes by their names, columns by their types, and the triggers and functions that the revisions say they create.

    A later revision replaces what an earlier one made.
    """
    from alembic.script import ScriptDirectory
    from sqlalchemy.dialects import postgresql

    expected: dict[str, str] = {}
    for table in metadata.tables.values():
        expected |= {f"constraint {constraint.name}": "" for constraint in table.constraints if constraint.name}
        expected |= {f"index {index.name}": "" for index in table.indexes}
        for column in table.columns:
            kind = column.type.compile(dialect=postgresql.dialect())  # type: ignore[no-untyped-call]  # SQLAlchemy's dialects are not typed
            expected[f"column {column.name} of {table.name}"] = f"{kind.lower()}{'' if column.nullable else ' not null'}"
    for revision in reversed(list(ScriptDirectory.from_config(_configuration()).walk_revisions())):
        for statement in revision.module.refusals("postgresql"):
            words = statement.split()
            if words[1] == "TRIGGER":
                table = words[words.index("ON") + 1]
                expected[f"trigger {words[2]} on {table}"] = f"{statement} (always)"
            else:
                expected[f"function {words[words.index('FUNCTION') + 1].partition('(')[0]}"] = statement.split("$$")[1]
    return expected


def _postgresql_schema(connection: Connection) -> dict[str, str]:
    triggers = connection.exec_driver_sql(
        "SELECT tgname, relname, pg_get_triggerdef(pg_trigger.oid, true), tgenabled::text FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
        " WHERE NOT tgisinternal AND relnamespace = current_schema()::regnamespace"
    )
    found = {f"trigger {name} on {table}": f"{text} ({'always' if enabled == 'A' else 'not always'})" for name, table, text, enabled in triggers}
    functions = connection.exec_driver_sql("SELECT proname, prosrc FROM pg_proc WHERE pronamespace = current_schema()::regnamespace")
    found |= {f"function {name}": body for name, body in functions}
    constraints = connection.exec_driver_sql("SELECT conname FROM pg_constraint WHERE convalidated AND connamespace = current_schema()::regnamespace")
    found |= {f"constraint {name}": "" for (name,) in constraints}
    indexes = connection.exec_driver_sql(
        "SELECT relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE indisvalid AND relnamespace = current_schema()::regnamespace"
    )
    found |= {f"index {name}": "" for (name,) in indexes}
    columns = connection.exec_driver_sql(
        "SELECT attname, relname, format_type(atttypid, atttypmod), attnotnull FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid"
        " WHERE attnum > 0 AND NOT attisdropped AND relkind = 'r' AND relnamespace = current_schema()::regnamespace"
    )
    return found | {f"column {name} of {table}": f"{kind}{' not null' if needed else ''}" for name, table, kind, needed in columns}
