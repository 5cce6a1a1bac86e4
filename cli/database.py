"""`tranche database`: the tables."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from cli.common import DEMO, Settings, example, stop, with_settings

if TYPE_CHECKING:
    from ledger.store.engine import Store


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
    """Check the database itself: version, settings, and the triggers that forbid any change of what was appended."""
    with settings.store() as store:
        problems = store.check()
        if problems:
            stop(problems)
        _say(settings, store, "is as it was created")


def _say(settings: Settings, store: Store, fact: str) -> None:
    """A fact of a database, by its address without the password."""
    address = store.url.render_as_string(hide_password=True)
    click.echo(json.dumps({"database": address, "problems": []}) if settings.json else f"{address} {fact}")
