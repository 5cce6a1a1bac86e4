"""`tranche prove`: one line of a log, proven to be in it."""

from __future__ import annotations

import json
from pathlib import Path

import click

from cli.common import DEMO, OUTPUT, Settings, example, read_file, with_settings, write_output

MOST_DIGITS = 30
"""Of POSITION:LINE: more are no place in any log, and would take long to read."""


@click.command("prove", epilog=example(f"{DEMO} prove SMT-2000-4 2:3"))
@click.argument("deal", required=False)
@click.argument("place", metavar="[POSITION:LINE]", required=False)
@click.option("--check", type=click.Path(path_type=Path), metavar="FILE", help="Check a proof; needs no database.")
@OUTPUT
@with_settings
def command(settings: Settings, deal: str | None, place: str | None, check: Path | None, output: Path | None) -> None:
    """Prove that line LINE of the commit at POSITION is in the log of DEAL, without showing any other line.

    The proof is JSON: the line as it is hashed, the hashes that lead from it to the commit's root, and the commit as it is hashed.
    """
    from ledger import service

    if check is not None:
        proof = service.check_proof(read_file(check).decode("utf-8", "replace"), str(check))
        click.echo(f"the proof holds: line {proof.event[0]} is in commit {proof.hash}")
        return
    if deal is None or place is None:
        raise click.UsageError("name a deal and POSITION:LINE, or a proof with --check")
    position, line = _numbers(place)
    with settings.store() as store:
        made = service.prove(store, deal, position, line)
    write_output(json.dumps(made, indent=2, ensure_ascii=False) + "\n", output)


def _numbers(place: str) -> tuple[int, int]:
    position, _, line = place.partition(":")
    if not (position.isdecimal() and line.isdecimal() and len(place) <= MOST_DIGITS):
        raise click.UsageError(f"`{place}` is not POSITION:LINE, such as 2:3")
    return int(position), int(line)
