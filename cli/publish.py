"""`tranche publish`: record what investors are given."""

from __future__ import annotations

import json

import click

from cli.common import DEMO, Settings, example, with_settings


@click.command("publish", epilog=example(f"{DEMO} publish SMT-2000-4 2000-10"))
@click.argument("deal")
@click.argument("period")
@click.option("--reason", default="", metavar="TEXT", help="Why, for the log.")
@with_settings
def command(settings: Settings, deal: str, period: str, reason: str) -> None:
    """Record the statement of DEAL for PERIOD as it is known now: its canonical JSON, by digest.

    `tranche verify` produces every published statement again and says whether it is the same. A second time adds nothing.
    """
    from ledger import service

    with settings.store() as store:
        done = service.publish(store, deal, period, actor=settings.actor, reason=reason)
    if settings.json:
        click.echo(json.dumps(done._asdict() | {"period": done.period.isoformat()}, sort_keys=True))
        return
    click.echo(f"{done.period}: version {done.version} {done.outcome} at position {done.position}, SHA-256 {done.digest}")
