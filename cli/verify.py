"""`tranche verify`: is the log whole, and do the books follow from it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from cli.common import DEMO, Settings, example, list_problems, progress, with_settings

if TYPE_CHECKING:
    from ledger.service import Verified


@click.command("verify", epilog=example(f"{DEMO} verify SMT-2000-4"))
@click.argument("deal", required=False)
@with_settings
def command(settings: Settings, deal: str | None) -> None:
    """Recompute the hash chain of DEAL (of every deal, where none is named), run every distribution again from the log, and compare.

    What was altered is named, the first bad position first.
    """
    from ledger import service

    with settings.store() as store, progress() as show:
        with store.reading() as reader:
            deals = [deal] if deal else [row.name for row in reader.deals()]
        found = []
        for name in deals:
            show(f"verifying {name}")
            found.append(service.verify(store, name))
    if settings.json:
        click.echo(json.dumps([_plain(one) for one in found], sort_keys=True))
    for one in found:
        if one.problems:
            list_problems(one.problems)
        elif not settings.json:
            click.echo(f"{one.deal}: the chain is whole up to position {one.position}, head {one.head}; {one.periods} distributions replay to the same cents")
    if not found:
        click.echo("there are no deals in this database", err=True)
    if any(one.problems for one in found):
        click.get_current_context().exit(1)


def _plain(found: Verified) -> dict[str, Any]:
    problems = [str(problem) for problem in found.problems]
    return {"deal": found.deal, "position": found.position, "head": found.head, "distributions": found.periods, "problems": problems}
