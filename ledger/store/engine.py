"""Opening a database: what every connection is set to, how transactions begin, and the two ways in, `reading` and `writing`."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy.exc
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url

from ledger.core.problems import Problem, ProblemsFound, stop_on
from ledger.store import log, roles, schema
from ledger.store.actors import ActWriter
from ledger.store.advice import advice
from ledger.store.driver import run
from ledger.store.evidence_key import EvidenceKey
from ledger.store.keys import Signer
from ledger.store.log import Writer
from ledger.store.projections import Reader
from ledger.store.roles import Right

BUSY_SECONDS = 30
"""How long a writer waits for another process's transaction on SQLite before it gives up."""
_PRAGMAS = [f"busy_timeout = {BUSY_SECONDS * 1000}", "journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "recursive_triggers = ON"]
_PRAGMAS += ["trusted_schema = OFF", "cell_size_check = ON"]  # a file from elsewhere brings its own schema, and pages that may be damaged
if sys.platform == "darwin":
    _PRAGMAS += ["fullfsync = ON", "checkpoint_fullfsync = ON"]  # fsync alone leaves data in the drive's cache there
_BEGIN = "tranche_begin"
_NO_RIGHT = "42501"
"""PostgreSQL's code for what a user has no right to do."""


class Unusable(ProblemsFound):
    """The database cannot be used, for now or by this user. It says nothing about what was to be written."""


class Store:
    """A database of books. `url` is `sqlite:///file`, `postgresql://...` or `postgresql+psycopg://...`; `clock` gives the time with its offset.

    With a `signer` all that is appended is signed: the key must be on the database's actor list. With an `evidence_key` files are kept encrypted.
    """

    evidence_key: EvidenceKey | None = None

    def __init__(self, url: str, *, clock: Callable[[], datetime] = log.utc_now, signer: Signer | None = None) -> None:
        """Opens nothing yet. Raises ProblemsFound for a URL that is not one of the above."""
        self.url = _parse(url)
        self.clock, self.signer = clock, signer
        self.engine = _create(self.url)
        self._is_current = False

    def close(self) -> None:
        self.engine.dispose()

    def upgrade(self) -> None:
        """Create the tables, or bring them to this version's schema; one transaction, so that a failed upgrade leaves nothing."""
        with self._begin("IMMEDIATE") as connection:
            schema.upgrade(connection)

    def check(self) -> list[Problem]:
        """What is wrong with the database itself: schema version, triggers, settings. The books are for `verify`."""
        if self._is_missing():
            return [self._no_tables()]
        with self._begin("") as connection:
            return schema.check(connection)

    def advice(self) -> list[Problem]:
        """What is unsafe about how the database is kept, though nothing is wrong with it."""
        with self._begin("") as connection:
            return list(advice(connection))

    def grant(self, right: Right, user: str) -> None:
        """Give a user of PostgreSQL a right on the books, as their owner. Raises ProblemsFound: also on SQLite, which knows no users."""
        if not self.is_postgresql:
            raise ProblemsFound([Problem("SQLite knows no users", "use the permissions of the file, or PostgreSQL where several people work on the books")])
        self._stop_if_outdated()
        with self._begin("") as connection:
            for statement in roles.statements(right, user, str(connection.exec_driver_sql("SELECT current_schema()").scalar_one())):
                connection.exec_driver_sql(statement)

    @contextmanager
    def reading(self) -> Iterator[Reader]:
        """One consistent snapshot; it sees nothing that is committed after it began. Raises ProblemsFound where there are no tables."""
        self._stop_if_outdated()
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True} if self.is_postgresql else {}
        with self._begin("", **options) as connection:
            yield Reader(connection)

    @contextmanager
    def writing(self, deal: str) -> Iterator[Writer]:
        """Holds the lock of the deal's head for the whole block, commits at its end, rolls back on any exception."""
        self._stop_if_outdated()
        with self._begin("IMMEDIATE") as connection:
            yield Writer(connection, deal, self.clock, self.signer)
            log.write_point("before commit")
        log.write_point("after commit")

    @contextmanager
    def acting(self) -> Iterator[ActWriter]:
        """Holds off every writer for the whole block, commits at its end, rolls back on any exception."""
        self._stop_if_outdated()
        with self._begin("IMMEDIATE") as connection:
            yield ActWriter(connection, self.clock, self.signer)

    @contextmanager
    def filling(self) -> Iterator[Connection]:
        """One transaction for an owner who fills an empty database row by row: see `ledger.store.copying`."""
        self._stop_if_outdated()
        with self._begin("IMMEDIATE") as connection:
            yield connection

    @property
    def is_postgresql(self) -> bool:
        return self.url.get_backend_name() == "postgresql"

    def user(self) -> str | None:
        """The user as whom the database is open; None on SQLite, which knows no users."""
        if not self.is_postgresql:
            return None
        with self._begin("") as connection:
            return str(connection.exec_driver_sql("SELECT session_user").scalar_one())

    @contextmanager
    def _begin(self, begin: str, **options: Any) -> Iterator[Connection]:
        """A transaction; what the database itself refuses in it (to open, to wait longer, to write to a full disk) becomes a problem."""
        try:
            with self.engine.connect() as connection, connection.execution_options(**{_BEGIN: begin}, **options).begin():
                yield connection
        except sqlalchemy.exc.DatabaseError as error:
            if problems := _unusable(error, self.url):
                raise Unusable(problems) from error
            raise

    def _is_missing(self) -> bool:
        database = self.url.database
        return not self.is_postgresql and bool(database) and database != ":memory:" and not Path(database or "").exists()

    def _stop_if_outdated(self) -> None:
        """Look at the schema's version once; without a look at the file first, SQLite would create an empty one."""
        if self._is_current:
            return
        if self._is_missing():
            raise ProblemsFound([self._no_tables()])
        with self._begin("") as connection:
            stop_on(schema.version_problems(connection))
        self._is_current = True

    def _no_tables(self) -> Problem:
        return Problem(f"there is no database {self.url.database}", "create it with `tranche database upgrade`, or name another with --database")


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except sqlalchemy.exc.ArgumentError as error:
        raise ProblemsFound([Problem(f"{url} is not a database URL", "write sqlite:///FILE or postgresql://USER@HOST/NAME")]) from error
    if parsed.drivername in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername not in ("sqlite", "sqlite+pysqlite", "postgresql+psycopg"):
        remedy = "write sqlite:///FILE or postgresql://USER@HOST/NAME"
        raise ProblemsFound([Problem(f"databases of the kind {parsed.drivername} are not supported", remedy)])
    return parsed


def _create(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, connect_args={"isolation_level": None})
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    try:
        engine = create_engine(url, isolation_level="READ COMMITTED")
    except ModuleNotFoundError as error:
        remedy = "install it with `pip install 'tranche-ledger[postgres]'`"
        raise ProblemsFound([Problem("PostgreSQL needs the package psycopg", remedy)]) from error
    event.listen(engine, "connect", _refuse_careless_postgresql)
    return engine


def _set_up_sqlite(connection: Any, _: object) -> None:
    try:
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
    except UnicodeDecodeError:  # SQLite's message quotes a damaged schema, byte for byte
        raise sqlite3.DatabaseError("malformed database schema, which is no text") from None


def _begin_sqlite(connection: Connection) -> None:
    # A deferred BEGIN that reads and then writes fails at once when another process has committed in between: writers lock first.
    run(connection, f"BEGIN {connection.get_execution_options().get(_BEGIN, 'IMMEDIATE')}")


def _refuse_careless_postgresql(connection: Any, _: object) -> None:
    """A server that does not wait for its disk loses what was acknowledged."""
    problems = []
    for setting in ("fsync", "full_page_writes"):
        if connection.execute(f"SHOW {setting}").fetchone()[0] != "on":
            problems.append(Problem(f"the PostgreSQL server runs with {setting} off", f"set {setting} = on in postgresql.conf and reload it"))
    connection.rollback()
    stop_on(problems)


def _unusable(error: sqlalchemy.exc.DatabaseError, url: URL) -> list[Problem]:
    """What stands in the way of using the database at all; nothing for what else it refuses of a statement, which is a defect of the program."""
    said = str(error.orig).strip()
    if said == "database is locked":
        return [Problem(f"another process has been writing to {url.database} for {BUSY_SECONDS} seconds", "run the command again when it has ended")]
    if getattr(error.orig, "sqlstate", None) == _NO_RIGHT:
        return [Problem(f"the database refuses it to {url.username}: {said}", "do it as the owner, who can also give the right: `tranche database grant`")]
    if isinstance(error, sqlalchemy.exc.OperationalError) or type(error) is sqlalchemy.exc.DatabaseError:  # the latter: no database, or a damaged one
        shown = url.render_as_string(hide_password=True)
        return [Problem(f"the database {shown} cannot be used: {said}", "look at its address, its rights and its disk, then run the command again")]
    return []
