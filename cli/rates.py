"""`tranche rates`: index fixings, once for every deal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.common import DEMO, Settings, example, list_problems, read_file, with_settings

if TYPE_CHECKING:
    from ledger.service import Fixed, Fixings


@click.command("rates", epilog=example(f"{DEMO} rates tranche-demo/deals/lantern-2024-1/rates.csv"))
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--reason", default="", metavar="TEXT", help="Why, for the log.")
@with_settings
def command(settings: Settings, file: Path, reason: str) -> None:
    """State the index fixings of FILE in every deal that names their index, for the open period that each is for.

    FILE is a CSV with the columns index, date and rate. A fixing that no open period waits for is listed. The same fixing again adds nothing. Where one deal
    cannot take a fixing, the others still do, and the command ends with exit code 1.
    """
    from ledger import service

    with settings.store() as store:
        found = service.fix_rates(store, read_file(file), str(file), actor=settings.actor_in(store), reason=reason)
    if settings.json:
        click.echo(json.dumps(_plain(found), sort_keys=True))
    else:
        for fixed in found.fixed:
            click.echo(_line(fixed))
        for row in found.unmatched:
            click.echo(f"{file}:{row.row}: no open period waits for {row.index} of {row.day}")
    list_problems(found.problems)
    if found.problems:
        click.get_current_context().exit(1)


def _line(fixed: Fixed) -> str:
    rates = ", ".join(f"{name} {rate}" for name, rate in fixed.rates.items())
    where = f"stated at position {fixed.receipt.position}" if fixed.receipt else "stated already; nothing new"
    return f"{fixed.deal} {fixed.period}: {rates} {where}"


def _plain(found: Fixings) -> dict[str, Any]:
    fixed = [
        {"deal": one.deal, "period": str(one.period), "rates": one.rates, "position": one.receipt.position if one.receipt else None} for one in found.fixed
    ]
    unmatched = [{"row": row.row, "index": row.index, "date": str(row.day)} for row in found.unmatched]
    return {"fixed": fixed, "unmatched": unmatched, "problems": [str(problem) for problem in found.problems]}
