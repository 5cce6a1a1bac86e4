"""`tranche distribute`: run the waterfall."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from cli.common import DEMO, Day, Settings, example, progress, stop, with_settings

if TYPE_CHECKING:
    from ledger.core.statement import Statement


@click.command("distribute", epilog=example(f"{DEMO} distribute SMT-2000-4"))
@click.argument("deal")
@click.option("--through", type=Day(), metavar="PERIOD", help="The last period to distribute: a date, or 2025-04 for the period of that month.")
@click.option("--draft", is_flag=True, help="Print the statements that would follow, and record nothing.")
@click.option("--reason", default="", metavar="TEXT", help="Why, for the log.")
@with_settings
def command(settings: Settings, deal: str, through: str | None, draft: bool, reason: str) -> None:
    """Run the waterfall of DEAL for each period that was remitted and not yet distributed, in order.

    Where one period cannot be distributed, those before it stay as they are. Where the deal asks for approval, the next period is proposed, and
    `tranche approve` closes it.
    """
    from ledger import service

    with settings.store() as store, progress() as show:
        last = service.period(store, deal, through) if through else None
        done = service.distribute(
            store, deal, through=last, draft=draft, actor=settings.actor, reason=reason, progress=lambda key: show(f"{key} is distributed")
        )
    statements = done.statements()
    if settings.json:
        click.echo(json.dumps([_plain(statement) for statement in statements], sort_keys=True))
    elif draft:
        _print(statements)
    else:
        _summarize(statements)
    if done.proposal is not None:
        click.echo(
            f"{done.proposal.period} is proposed, not distributed: somebody else runs `tranche approve {deal} {done.proposal.period}`", err=settings.json
        )
    if not statements and not done.problems:
        click.echo(f"{deal} has nothing to distribute: append the next month with `tranche remit`", err=True)
    if done.problems:
        stop(done.problems)


def _print(statements: list[Statement]) -> None:
    from ledger.reports.text import to_text

    for statement in statements:
        click.echo(to_text(statement))


def _plain(statement: Statement) -> dict[str, Any]:
    from ledger.reports.json import value

    return value(statement)


def _summarize(statements: list[Statement]) -> None:
    from ledger.reports.text import one_line

    for statement in statements:
        click.echo(one_line(statement))
