"""`tranche database`: the tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.common import DEMO, Settings, counted, example, list_problems, progress, stop, with_settings

if TYPE_CHECKING:
    from ledger.core.problems import Problem
    from ledger.service.backups import Copied
    from ledger.store.engine import Store
    from ledger.store.roles import Right

RIGHTS = ("application", "auditor", "investor-relations")


@click.group("database")
def command() -> None:
    """Create, migrate and check the database that --database names."""


@command.command(epilog=example(f"{DEMO} database upgrade"))
@with_settings
def upgrade(settings: Settings) -> None:
    """Create the tables, or bring them to the version of this program. Books are never changed by it."""
    with settings.store() as store:
        store.upgrade()
        _say(settings, store, "is up to date")


@command.command(epilog=example(f"{DEMO} database check"))
@with_settings
def check(settings: Settings) -> None:
    """Check the database itself: version, settings, and the triggers that forbid any change of what was appended.

    What is wrong ends with exit code 1; what is merely unsafe (rights, checksums, the room on the disk) is listed as advice.
    """
    with settings.store() as store:
        problems = store.check()
        if problems:
            stop(problems)
        _say(settings, store, "is as it was created", store.advice())


@command.command(epilog=example(f"{DEMO} database backup tranche-demo/backup.db"))
@click.argument("file", type=click.Path(path_type=Path))
@with_settings
def backup(settings: Settings, file: Path) -> None:
    """Write the whole database to FILE, a SQLite database of its own that every command opens, and verify the copy."""
    from ledger import service

    with settings.store() as store, progress() as show:
        _say_copied(settings, service.backup(store, file, lambda table, rows: show(f"{table}: {rows:,} rows")), f"backed up to {file}")


@command.command(epilog=example("tranche --database sqlite:///tranche-demo/restored.db database restore tranche-demo/backup.db"))
@click.argument("file", type=click.Path(path_type=Path))
@with_settings
def restore(settings: Settings, file: Path) -> None:
    """Fill an empty database from the backup FILE, as its owner, and verify it. The tables are created where there are none."""
    from ledger import service

    with settings.store() as store, progress() as show:
        store.upgrade()
        _say_copied(settings, service.restore(store, file, lambda table, rows: show(f"{table}: {rows:,} rows")), f"restored from {file}")


@command.command(epilog=example(f"{DEMO} database grant auditor ana --sql"))
@click.argument("right", type=click.Choice(RIGHTS))
@click.argument("user")
@click.option("--sql", is_flag=True, help="Print the statements, for the schema public, and run none.")
@with_settings
def grant(settings: Settings, right: Right, user: str, sql: bool) -> None:
    """Give a USER of PostgreSQL a right on the books and no other, as their owner: to append, to read all, or to read what was published."""
    if sql:
        from ledger.store.roles import statements

        click.echo("".join(f"{statement};\n" for statement in statements(right, user, "public")), nl=False)
        return
    with settings.store() as store:
        store.grant(right, user)
        _say(settings, store, f"gives {user} the right {right}")


@command.command(epilog=example(f"{DEMO} database approval asked"))
@click.argument("setting", type=click.Choice(["asked", "not-asked"]))
@with_settings
def approval(settings: Settings, setting: str) -> None:
    """Say whether the distributions of every deal need another actor's approval, whatever its file says. Where keys are in use, --key must name one."""
    from ledger import service

    with settings.store() as store:
        act = service.set_approval(store, asked=setting == "asked", actor=settings.actor_in(store))
        asks = "asks for approval" if setting == "asked" else "does not ask for approval"
        _say(settings, store, f"{asks}, by act {act.number}" if act else f"{asks} already")


def _say_copied(settings: Settings, copied: Copied, fact: str) -> None:
    if settings.json:
        click.echo(json.dumps(copied._asdict(), sort_keys=True))
        return
    click.echo(f"{fact}: {counted(copied.deals, 'deal')}, {copied.rows:,} rows, every deal verified; SHA-256 of the backup {copied.digest}")


def _say(settings: Settings, store: Store, fact: str, advice: list[Problem] | None = None) -> None:
    """A fact of a database, by its address without the password, and what is unsafe about it."""
    address, unsafe = store.url.render_as_string(hide_password=True), advice or []
    if settings.json:
        click.echo(json.dumps({"database": address, "problems": [], "advice": [str(problem) for problem in unsafe]}))
        return
    click.echo(f"{address} {fact}")
    list_problems(unsafe)
