"""Processes of their own for what a test kills, or lets run beside others; and databases to kill them on."""

from __future__ import annotations

import multiprocessing
import multiprocessing.context

import pytest

from tests.crash.databases import Template, new_template, old_template

PATIENCE = 60
"""Seconds after which a child or server that does not answer fails the test."""
Processes = multiprocessing.context.ForkServerContext


@pytest.fixture(scope="session")
def processes() -> Processes:
    """Children are forked from a server that has imported the ledger, and nothing of this process's connections."""
    context = multiprocessing.get_context("forkserver")
    # Beside the modules, what they import only when it is used: a child is to spend its time on the command.
    late = ["alembic.command", "alembic.config", "sqlalchemy.dialects.sqlite", "sqlalchemy.dialects.postgresql.psycopg", "psycopg"]
    context.set_forkserver_preload(["tests.crash.work", "tests.crash.writers", *late])
    return context


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest) -> str | None:
    """Where databases are made: a server of PostgreSQL, or nowhere but in files."""
    return None if request.param == "sqlite" else request.getfixturevalue("postgresql_server")


@pytest.fixture(scope="session")
def new(server: str | None, tmp_path_factory: pytest.TempPathFactory) -> Template:
    """Databases with the tables in place and no deal."""
    return new_template(server, tmp_path_factory.mktemp("new"))


@pytest.fixture(scope="session")
def old(server: str | None, tmp_path_factory: pytest.TempPathFactory) -> Template:
    """Databases with the books of release 0.1 in the tables of that release."""
    return old_template(server, tmp_path_factory.mktemp("old"))
