"""`tranche seal`: where a log stands, to be kept elsewhere; with the time that an authority vouches for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from cli.common import DEMO, OUTPUT, Settings, example, read_file, with_settings, write_output


@click.command("seal", epilog=example(f"{DEMO} seal SMT-2000-4 -o sequoia.seal"))
@click.argument("deal", required=False)
@click.option(
    "--seal", "sealed", type=click.Path(path_type=Path), metavar="FILE", help="Take this seal, signed or not, in place of a new one of DEAL; needs no database."
)
@click.option("--timestamp", "authority", metavar="URL", help="Have the seal stamped by this time stamp authority (RFC 3161).")
@click.option("--timestamp-query", "query", type=click.Path(path_type=Path), metavar="FILE", help="Write what a time stamp authority is asked.")
@click.option("--timestamp-reply", "reply", type=click.Path(path_type=Path), metavar="FILE", help="Put this reply of an authority into the seal.")
@OUTPUT
@with_settings
def command(
    settings: Settings,
    deal: str | None,
    sealed: Path | None,
    authority: str | None,
    query: Path | None,
    reply: Path | None,
    output: Path | None,
) -> None:
    """Write a seal of DEAL: the position and hash of its last commit. Keep it where the database's owner cannot change it.

    `tranche verify DEAL --seal FILE` finds by it what the log alone cannot show: an end that was cut off, or a history that was written anew. A time stamp in
    it shows to others when that history was there; where there is no network, --timestamp-query and --timestamp-reply carry it by hand.
    """
    from ledger import service

    if (deal is None) == (sealed is None):
        raise click.UsageError("name a deal, or a seal with --seal")
    if authority and reply:
        raise click.UsageError("a seal has one time stamp: --timestamp or --timestamp-reply")
    made = service.read_seal(read_file(sealed).decode("utf-8", "replace"), str(sealed)) if sealed else _new(settings, str(deal))
    if query:
        write_output(service.timestamp_query(made), query)
    if authority:
        made = service.request_timestamp(made, authority)
    if reply:
        made = service.add_timestamp(made, read_file(reply))
    write_output(json.dumps(made, indent=2) + "\n", output)


def _new(settings: Settings, deal: str) -> dict[str, Any]:
    from ledger import service

    with settings.store() as store:
        return service.seal_log(store, deal, read_file(settings.key) if settings.key else None)
