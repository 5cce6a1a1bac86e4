"""`tranche status`: the month-end of every deal on one page."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from cli.common import DEMO, Settings, example, stop, who_acted, with_settings

if TYPE_CHECKING:
    from ledger.service.status import DealStatus, PeriodStatus


@click.command("status", epilog=example(f"{DEMO} status --date 2001-04-20"))
@click.option("--date", "on", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="Judge what is late on this day; by default today where each deal is.")
@with_settings
def command(settings: Settings, on: Any) -> None:
    """List for every deal the last period that was distributed, earlier ones that were reopened, and each one since: how far it has come, its deadlines,
    what is late and why.

    A period is missing, received (and waits for more), blocked, checked, proposed, approved, distributed, published, revised (reopened, and to
    be published anew) or reopening (proposed to be reopened).

    At the end: how many commits of the database prove who made them, by a listed key or as the database's user, and how many only declare an actor.
    """
    from ledger.service.status import status

    with settings.store() as store:
        deals = status(store, on.date() if on else None)
    if settings.json:
        click.echo(json.dumps([_plain(deal) for deal in deals], sort_keys=True))
    else:
        _print(deals)
    problems = [problem.at(deal.deal) for deal in deals for problem in deal.problems]
    if problems:
        stop(problems)


def _print(deals: list[DealStatus]) -> None:
    from ledger.reports.layout import in_words, plain
    from ledger.service.actors import Proof

    headers = ("deal", "position", "period", "determination", "pays on", "state", "late", "why")
    rows = [_row(deal, period) for deal in deals for period in deal.periods]
    click.echo(plain([in_words("", headers, rows, left={0, 2, 3, 4, 5, 6, 7})]), nl=False)
    if deals:
        click.echo(f"\n{who_acted(sum((deal.proof for deal in deals), Proof()))}")


def _row(deal: DealStatus, period: PeriodStatus) -> tuple[str, ...]:
    further = [f"and {period.further} more after it"] if period.further else []
    why = "; ".join([problem.fact for problem in period.problems] + further)
    days: tuple[date, ...] = (period.period, period.determination, period.pays_on)
    return (deal.deal, str(deal.position), *map(str, days), period.state, ", ".join(period.late), why)


def _plain(deal: DealStatus) -> dict[str, Any]:
    periods = [
        {
            "period": period.period.isoformat(), "determination": period.determination.isoformat(), "pays_on": period.pays_on.isoformat(),
            "state": period.state, "late": list(period.late), "further": period.further, "problems": [str(problem) for problem in period.problems],
        }
        for period in deal.periods
    ]  # fmt: skip
    problems = [str(problem) for problem in deal.problems]
    return {"deal": deal.deal, "position": deal.position, "actors": deal.proof._asdict(), "periods": periods, "problems": problems}
