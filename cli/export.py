"""`tranche export`: a deal's log as one file, for another database or for an auditor."""

from __future__ import annotations

import json
from pathlib import Path

import click

from cli.common import DEMO, Settings, counted, example, progress, with_settings, writing_output


@click.command("export", epilog=example(f"{DEMO} export SMT-2000-4 -o sequoia.bundle"))
@click.argument("deal")
@click.option("--format", "format_", type=click.Choice(["bundle", "beancount"]), default="bundle", show_default=True, help="The format of FILE.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), metavar="FILE", help="Write to FILE, which is whole or not there.")
@with_settings
def command(settings: Settings, deal: str, format_: str, output: Path) -> None:
    """Write the log of DEAL to FILE, with the deal files that it names and the statements that were published.

    `tranche import FILE` takes it over into another database: the same commits, the same hashes, the same statements. The same books give the same bytes.
    With --format beancount the postings and balances are written instead, as a journal that `bean-check` adds up.
    """
    from ledger import service

    with settings.store() as store, writing_output(output) as stream, progress() as show:
        export = service.export_beancount if format_ == "beancount" else service.export_bundle
        done = export(store, deal, stream, lambda position: show(f"exported up to position {position}"))
    text = f"{output}: {done.deal} up to position {done.position}, {counted(done.events, 'event')}, head {done.hash}"
    click.echo(json.dumps(done._asdict(), sort_keys=True) if settings.json else text)
