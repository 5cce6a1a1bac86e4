"""`tranche correct`: correct what was appended."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.common import DEMO, EVIDENCE_KEY, Day, Settings, counted, example, progress, read_file, readable, with_settings
from ledger.reports import mapping

if TYPE_CHECKING:
    from ledger.service import Corrected, CorrectedTerms
    from ledger.service.distributions import Run

TREATMENTS = ("supersede", "adjust", "reopen")


@click.command("correct", epilog=example(f'{DEMO} correct LANTERN-2024-1 tranche-demo/deals/lantern-2024-1/correction.csv --reason "left out"'))
@click.argument("deal")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--reason", required=True, metavar="TEXT", help="Why: it is part of the record.")
@click.option("--treatment", type=click.Choice(TREATMENTS), help="supersede where the period is open, adjust where it is distributed; reopen on demand.")
@click.option("--effective", type=Day(), metavar="PERIOD", help="FILE is a deal file: the one in the books was wrong from this period on.")
@click.option("--format", "format_", metavar="NAME", help="FILE is a month that the servicer filed again, in this format of its own (docs/importers.md).")
@click.option("--period", metavar="PERIOD", help="With --format: the period that the file is read for, where its dates do not say.")
@click.option("--pool", metavar="NAME", help="With --format: the pool that the file is of, where the deal has several.")
@click.option("--accept", multiple=True, metavar="WARNING", help="With --format: a warning that is known and meant.")
@EVIDENCE_KEY
@with_settings
def command(settings: Settings, /, deal: str, file: Path, reason: str, treatment: Any, effective: str | None, **read: Any) -> None:
    """Correct lines that were appended to DEAL, and add facts that came late.

    FILE is a remittance file with a column `corrects` that names a line as POSITION:LINE. Nothing is overwritten: a line is reversed and, where the row has
    figures, stated anew. With --format FILE is a whole month that the servicer filed again: what it says otherwise than the books is the correction. With
    --effective FILE is the deal file as it should have read: closed periods are run again under it, and what each payee
    should have had is booked in the open period.
    """
    from ledger import service

    with settings.store() as store, progress() as show:
        show(f"reading {file}")
        if effective is not None:
            asked = {"effective": effective, "reason": reason, "treatment": treatment, "actor": settings.actor_in(store)}
            _say_terms(settings, service.correct_terms(store, deal, read_file(file), str(file), **asked))
            return
        done = service.correct(store, deal, readable(file), str(file), reason=reason, treatment=treatment, actor=settings.actor_in(store), **read)
    if settings.json:
        click.echo(json.dumps(_plain(done), sort_keys=True))
        return
    for line in _lines(done):
        click.echo(line)


def _say_terms(settings: Settings, done: CorrectedTerms) -> None:
    position, proposal = (receipt.position if receipt else None for receipt in (done.receipt, done.proposal))
    booked = [{"period": str(one.period), "subject": found.subject, "units": found.amount} for one in done.periods for found in one.booked]
    if settings.json:
        said = {
            "deal": done.deal,
            "treatment": done.treatment,
            "effective": str(done.effective),
            "until": done.until and str(done.until),
            "booked": booked,
            "position": position,
        }
        click.echo(json.dumps({**said, "reopened": [str(run.key) for run in done.reopened], "proposal": proposal}, sort_keys=True))
        return
    if done.until:
        click.echo(f"the file counts until {done.until}, from when another version does")
    if position:
        click.echo(f"{len(booked)} differences of {len(done.periods)} periods from {done.effective} on are booked at position {position}")
    elif done.treatment == "adjust":
        click.echo(f"no payee was entitled to anything else in the {len(done.periods)} periods from {done.effective} on; nothing is booked")
    for line in _said_of(done.reopened, proposal):
        click.echo(line)


def _plain(done: Corrected) -> dict[str, object]:
    booked = [
        {"period": str(period), "outcome": receipt.outcome, "position": receipt.position, "head": receipt.hash, "events": receipt.events}
        for period, receipt in done.booked.items()
    ]
    proposal = done.proposal.position if done.proposal else None
    return {"deal": done.deal, "treatment": done.treatment, "booked": booked, "reopened": [str(run.key) for run in done.reopened], "proposal": proposal}


def _lines(done: Corrected) -> list[str]:
    lines = [mapping.text(done.report)] if done.report else []
    if done.left_out:
        lines.append(f"{counted(done.left_out, 'line')} that move no money are left out: --treatment reopen restates them")
    for period, receipt in done.booked.items():
        if receipt.outcome == "already appended":
            lines.append(f"{period}: already corrected at position {receipt.position}; nothing new")
            continue
        origins = [str(origin) for origin in done.origins.get(period, ()) if origin != period]
        of = f", of {', '.join(origins)}" if origins else ""
        lines.append(f"{period}: {receipt.events} events ({done.treatment}{of}) appended at position {receipt.position}")
    return [*lines, *_said_of(done.reopened, done.proposal.position if done.proposal else None)]


def _said_of(reopened: Sequence[Run], proposal: int | None) -> list[str]:
    lines = [f"reopened: {len(reopened)} periods from {reopened[0].key} to {reopened[-1].key} have new versions"] if reopened else []
    return [*lines, f"proposed at position {proposal}: another actor approves it by running the same command (--actor NAME)"] if proposal else lines
