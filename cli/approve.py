"""`tranche approve`: the checker's word on what the maker proposed."""

from __future__ import annotations

import json

import click

from cli.common import Settings, with_settings


@click.command("approve", epilog="\b\nExample, where another actor ran `tranche distribute COVE-1`:\n  tranche approve COVE-1 2025-02 --actor checker")
@click.argument("deal")
@click.argument("period")
@click.option("--reason", default="", metavar="TEXT", help="Why, for the log.")
@with_settings
def command(settings: Settings, deal: str, period: str, reason: str) -> None:
    """Approve what `tranche distribute` proposed for PERIOD of DEAL, which closes it: exactly that, by its digest, and by another actor.

    It is refused where anything was appended since. A deal asks for it whose file says `approval: true`, and a database by `tranche database approval asked`.
    Where keys are in use, --key must name one.
    """
    from ledger import service
    from ledger.core.statement import draw
    from ledger.reports.json import value
    from ledger.reports.text import one_line

    with settings.store() as store:
        run = service.approve(store, deal, period, actor=settings.actor_in(store), reason=reason)
    statement = draw(run.terms, run.distribution)
    click.echo(json.dumps(value(statement), sort_keys=True) if settings.json else one_line(statement))
