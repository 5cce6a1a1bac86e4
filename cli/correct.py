"""`tranche correct`: correct what was appended."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.common import DEMO, Settings, example, progress, read_file, with_settings

if TYPE_CHECKING:
    from ledger.service import Corrected

TREATMENTS = ("supersede", "adjust", "reopen")


@click.command("correct", epilog=example(f'{DEMO} correct LANTERN-2024-1 tranche-demo/deals/lantern-2024-1/correction.csv --reason "left out"'))
@click.argument("deal")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--reason", required=True, metavar="TEXT", help="Why: it is part of the record.")
@click.option("--treatment", type=click.Choice(TREATMENTS), help="supersede where the period is open, adjust where it is distributed; reopen on demand.")
@with_settings
def command(settings: Settings, deal: str, file: Path, reason: str, treatment: Any) -> None:
    """Correct lines that were appended to DEAL, and add facts that came late.

    FILE is a remittance file with a column `corrects` that names a line as POSITION:LINE. Nothing is overwritten: a line is reversed and, where the row has
    figures, stated anew.
    """
    from ledger import service

    with settings.store() as store, progress() as show:
        show(f"reading {file}")
        done = service.correct(store, deal, read_file(file), str(file), reason=reason, treatment=treatment, actor=settings.actor)
    if settings.json:
        click.echo(json.dumps(_plain(done), sort_keys=True))
        return
    for line in _lines(done):
        click.echo(line)


def _plain(done: Corrected) -> dict[str, object]:
    booked = [
        {"period": str(period), "outcome": receipt.outcome, "position": receipt.position, "head": receipt.hash, "events": receipt.events}
        for period, receipt in done.booked.items()
    ]
    proposal = done.proposal.position if done.proposal else None
    return {"deal": done.deal, "treatment": done.treatment, "booked": booked, "reopened": [str(run.key) for run in done.reopened], "proposal": proposal}


def _lines(done: Corrected) -> list[str]:
    lines = []
    for period, receipt in done.booked.items():
        if receipt.outcome == "already appended":
            lines.append(f"{period}: already corrected at position {receipt.position}; nothing new")
            continue
        origins = [str(origin) for origin in done.origins.get(period, ()) if origin != period]
        of = f", of {', '.join(origins)}" if origins else ""
        lines.append(f"{period}: {receipt.events} events ({done.treatment}{of}) appended at position {receipt.position}")
    if done.reopened:
        lines.append(f"reopened: {len(done.reopened)} periods from {done.reopened[0].key} to {done.reopened[-1].key} have new versions")
    if done.proposal:
        lines.append(f"proposed at position {done.proposal.position}: another actor approves it by running the same command (--actor NAME)")
    return lines
