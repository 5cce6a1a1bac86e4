"""`tranche publish`: record what investors are given."""

from __future__ import annotations

import click

from cli.common import DEMO, Settings, example, with_settings
from cli.several import OfDeals, Outcome, print_each


@click.command("publish", cls=OfDeals, epilog=example(f"{DEMO} publish SMT-2000-4 2000-10"))
@click.argument("deal")
@click.argument("period")
@click.option("--reason", default="", metavar="TEXT", help="Why, for the log.")
@with_settings
def command(settings: Settings, deal: str, period: str, reason: str) -> None:
    """Record the statement of DEAL (a pattern or --all for several) for PERIOD as it is known now: its canonical JSON, by digest.

    `tranche verify` produces every published statement again and says whether it is the same. A second time adds nothing.
    """
    from ledger import service

    with settings.store() as store:

        def one(name: str) -> Outcome:
            done = service.publish(store, name, period, actor=settings.actor_in(store), reason=reason)
            text = f"{done.period}: version {done.version} {done.outcome} at position {done.position}, SHA-256 {done.digest}"
            return Outcome(text, done._asdict() | {"period": done.period.isoformat()})

        print_each(settings, store, deal, one)
