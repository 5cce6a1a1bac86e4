"""`tranche seal`: where a log stands, to be kept elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

import click

from cli.common import DEMO, OUTPUT, Settings, example, read_file, with_settings, write_output


@click.command("seal", epilog=example(f"{DEMO} seal SMT-2000-4 -o sequoia.seal"))
@click.argument("deal")
@OUTPUT
@with_settings
def command(settings: Settings, deal: str, output: Path | None) -> None:
    """Write a seal of DEAL: the position and hash of its last commit. Keep it where the database's owner cannot change it.

    `tranche verify DEAL --seal FILE` finds by it what the log alone cannot show: an end that was cut off, or a history that was written anew.
    """
    from ledger import service

    with settings.store() as store:
        sealed = service.seal_log(store, deal, read_file(settings.key) if settings.key else None)
    write_output(json.dumps(sealed, indent=2) + "\n", output)
