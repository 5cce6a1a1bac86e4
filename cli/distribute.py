"""`tranche distribute`: run the waterfall."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.common import DEMO, Day, Settings, example, progress, with_settings
from cli.several import OfDeals, Outcome, print_each

if TYPE_CHECKING:
    from ledger.service import Distributed


@click.command("distribute", cls=OfDeals, epilog=example(f"{DEMO} distribute SMT-2000-4"))
@click.argument("deal")
@click.option("--through", type=Day(), metavar="PERIOD", help="The last period to distribute: a date, or 2025-04 for the period of that month.")
@click.option("--draft", is_flag=True, help="Print the statements that would follow, and record nothing.")
@click.option("--reason", default="", metavar="TEXT", help="Why, for the log.")
@with_settings
def command(settings: Settings, deal: str, through: str | None, draft: bool, reason: str) -> None:
    """Run the waterfall of DEAL (a pattern or --all for several) for each period that was remitted and not yet distributed, in order.

    Where one period cannot be distributed, those before it stay as they are. Where deal or database ask for approval, the next period is proposed, and
    `tranche approve` closes it.
    """
    from ledger import service

    with settings.store() as store, progress() as show:

        def one(name: str) -> Outcome:
            last = service.period(store, name, through) if through else None
            done = service.distribute(
                store,
                name,
                through=last,
                draft=draft,
                actor=settings.actor_in(store),
                reason=reason,
                progress=lambda key: show(f"{name}: {key} is distributed"),
            )
            return _outcome(name, done, draft=draft, as_json=settings.json)

        print_each(settings, store, deal, one)


def _outcome(deal: str, done: Distributed, *, draft: bool, as_json: bool) -> Outcome:
    from ledger.reports.json import value
    from ledger.reports.text import one_line, to_text

    statements = done.statements()
    if as_json:
        return Outcome("", [value(statement) for statement in statements], _note(deal, done), done.problems)
    text = "\n".join(to_text(statement) if draft else one_line(statement) for statement in statements)
    return Outcome(text, None, _note(deal, done), done.problems)


def _note(deal: str, done: Distributed) -> str:
    if done.proposal is not None:
        return f"{done.proposal.period} is proposed, not distributed: somebody else runs `tranche approve {deal} {done.proposal.period}`"
    if not done.runs and not done.problems:
        return f"{deal} has nothing to distribute: append the next month with `tranche remit`"
    return ""
