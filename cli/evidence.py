"""`tranche evidence`: the files that figures came from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.actor import write_new
from cli.common import DEMO, EVIDENCE_KEY, OUTPUT, Settings, example, with_settings, write_output, writing_output

if TYPE_CHECKING:
    from ledger.service.evidence import Listed

_SHORT = 12
"""Digits of a digest in a list."""


@click.group("evidence")
def command() -> None:
    """Look at the files that servicers sent, as they came, and erase one with a reason. They are kept by digest, outside of what is hashed."""


@command.command("list", epilog=example(f"{DEMO} evidence list SMT-2000-4"))
@click.argument("deal")
@with_settings
def list_(settings: Settings, deal: str) -> None:
    """List every file that came for DEAL: when, what became of it, and whether it is still kept."""
    from ledger.reports.layout import in_words, plain
    from ledger.service import evidence

    with settings.store() as store:
        found = evidence.arrived(store, deal)
    if settings.json:
        click.echo(json.dumps([_plain(one) for one in found], sort_keys=True))
        return
    headers = ("digest", "size", "arrived", "name", "format", "outcome", "problems")
    rows = [_row(one) for one in found]
    click.echo(plain([in_words("", headers, rows, left={0, 2, 3, 4, 5})]) if rows else f"no file came for {deal}\n", nl=False)


def _row(one: Listed) -> tuple[str, ...]:
    arrival = one.arrival
    size = f"{one.size:,}" if one.size is not None else f"erased at {one.erased_at}"
    came = f"{arrival.arrived_at:%Y-%m-%dT%H:%M:%SZ}"
    return (arrival.digest[:_SHORT], size, came, arrival.source_name, arrival.format, arrival.outcome, str(arrival.problem_count or ""))


def _plain(one: Listed) -> dict[str, object]:
    arrived_at, period = one.arrival.arrived_at.isoformat(), one.arrival.period and one.arrival.period.isoformat()
    return {**one.arrival._asdict(), "arrived_at": arrived_at, "period": period, "bytes": one.size, "erased_at": one.erased_at}


@command.command(epilog=f"\b\nExample, with the beginning of a digest that `tranche evidence list` prints:\n  {DEMO} evidence show SMT-2000-4 3f3c4455 --row 2")
@click.argument("deal")
@click.argument("digest")
@click.option("--row", type=click.IntRange(min=1), metavar="N", help="One line of it, counted from 1, the header's included.")
@click.option("--problems", is_flag=True, help="What it was refused for when it came last.")
@OUTPUT
@EVIDENCE_KEY
@with_settings
def show(settings: Settings, deal: str, digest: str, row: int | None, problems: bool, output: Path | None) -> None:
    """Print the file of DEAL whose digest begins with DIGEST, exactly as it came; or a row of it, made fit to be printed."""
    from ledger.service import evidence

    if problems and row is not None:
        raise click.UsageError("--row and --problems are two questions: ask one of them")
    with settings.store() as store:
        if problems:
            write_output("".join(f"{problem}\n" for problem in evidence.refusals(store, deal, digest)), output)
        elif row is not None:
            write_output(f"{evidence.row_of(store, deal, digest, row)}\n", output)
        elif output is None:
            for piece in evidence.file_of(store, deal, digest):
                click.echo(piece, nl=False)
        else:
            with writing_output(output) as stream:
                stream.writelines(evidence.file_of(store, deal, digest))


@command.command(epilog=f'\b\nExample, as the owner of the tables:\n  {DEMO} evidence erase SMT-2000-4 3f3c4455 --reason "the sender asked for it"')
@click.argument("deal")
@click.argument("digest")
@click.option("--reason", required=True, metavar="TEXT", help="Why: it is part of the record.")
@with_settings
def erase(settings: Settings, deal: str, digest: str, reason: str) -> None:
    """Erase the bytes of the file of DEAL whose digest begins with DIGEST.

    The log keeps what was read from it, and says that it was erased, by whom and why. The chain still verifies. Backups that were taken before hold the file.
    """
    from ledger.service import evidence

    with settings.store() as store:
        erased = evidence.erase(store, deal, digest, reason=reason, actor=settings.actor_in(store))
    click.echo(json.dumps(erased._asdict(), sort_keys=True) if settings.json else f"{erased.digest}: erased, as position {erased.position} of {deal} says")


@command.command(epilog="\b\nExample:\n  tranche evidence key evidence.key")
@click.argument("file", type=click.Path(path_type=Path))
@with_settings
def key(settings: Settings, file: Path) -> None:
    """Make a key for --evidence-key and write it to FILE, which only its owner can read. Who loses it loses the files that were kept with it."""
    from ledger.store import evidence_key

    text = evidence_key.make()
    made = evidence_key.read(text)
    write_new(file, text, 0o600)
    click.echo(json.dumps({"file": str(file), "key": made.name}, sort_keys=True) if settings.json else f"{file}: the evidence key {made.name}")
