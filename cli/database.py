"""`tranche database`: the tables."""

from __future__ import annotations

import click

from cli.common import DEMO, Settings, example, stop, with_settings


@click.group("database", short_help="create, migrate and check the database")
def command() -> None:
    """Create, migrate and check the database that --database names."""


@command.command(epilog=example(f"{DEMO} database upgrade"))
@with_settings
def upgrade(settings: Settings) -> None:
    """Create the tables, or bring them to the version of this program. Books are never changed by it."""
    with settings.store() as store:
        store.upgrade()
        click.echo(f"{store.url.render_as_string(hide_password=True)} is up to date")


@command.command(epilog=example(f"{DEMO} database check"))
@with_settings
def check(settings: Settings) -> None:
    """Check the database itself: version, settings, and the triggers that forbid any change of what was appended."""
    with settings.store() as store:
        problems = store.check()
        if problems:
            stop(problems)
        click.echo(f"{store.url.render_as_string(hide_password=True)} is as it was created")
