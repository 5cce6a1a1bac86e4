"""`tranche published`: what investors were given."""

from __future__ import annotations

from pathlib import Path

import click

from cli.common import DEMO, OUTPUT, Day, Settings, example, with_settings, write_output


@click.command("published", epilog=example(f"{DEMO} published SMT-2000-4"))
@click.argument("deal")
@click.option("--date", "on", type=Day(), metavar="DATE", help="The last published on or before this day; 2025-04 is the period of that month.")
@OUTPUT
@with_settings
def command(settings: Settings, deal: str, on: str | None, output: Path | None) -> None:
    """Print the statement of DEAL that was published last, as it was recorded: JSON, byte for byte.

    It reads nothing but what was published, so a user of PostgreSQL with the right `investor-relations` can run it.
    """
    from ledger import service

    with settings.store() as store:
        write_output(service.published(store, deal, on), output)
