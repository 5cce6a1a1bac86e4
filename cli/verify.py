"""`tranche verify`: is the log whole, and do the books follow from it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.common import DEMO, Settings, example, list_problems, progress, read_file, with_settings

if TYPE_CHECKING:
    from ledger.service import Verified


@click.command("verify", epilog=example(f"{DEMO} verify SMT-2000-4"))
@click.argument("deal", required=False)
@click.option("--seal", "sealed", type=click.Path(path_type=Path), metavar="FILE", help="A seal of DEAL that was kept elsewhere: `tranche seal`.")
@click.option("--trust", type=click.Path(path_type=Path), metavar="KEY", help="The Ed25519 public key (PEM) that must have signed the seal.")
@with_settings
def command(settings: Settings, deal: str | None, sealed: Path | None, trust: Path | None) -> None:
    """Recompute the hash chain of DEAL (of every deal, where none is named), run every distribution again from the log, and compare.

    What was altered is named, the first bad position first. That the log was cut off at its end only a seal can show.
    """
    from ledger import service

    if deal is None and sealed is not None:
        raise click.UsageError("a seal is of one deal: name it")
    anchor = service.Anchor(read_file(sealed).decode("utf-8", "replace"), str(sealed), read_file(trust) if trust else None) if sealed else None

    with settings.store() as store, progress() as show:
        with store.reading() as reader:
            deals = [deal] if deal else [row.name for row in reader.deals()]
        found = []
        for name in deals:
            show(f"verifying {name}")
            found.append(service.verify(store, name, anchor))
    if settings.json:
        click.echo(json.dumps([_plain(one) for one in found], sort_keys=True))
    for one in found:
        if one.problems:
            list_problems(one.problems)
        elif not settings.json:
            click.echo(_line(one))
    if not found:
        click.echo("there are no deals in this database", err=True)
    if any(one.problems for one in found):
        click.get_current_context().exit(1)


def _line(found: Verified) -> str:
    anchored = "anchored by the seal" if found.is_anchored else "unanchored: no seal was given"
    whole = f"{found.deal}: the chain is whole up to position {found.position}, head {found.head}"
    return f"{whole}; {found.periods} distributions replay to the same cents; {anchored}"


def _plain(found: Verified) -> dict[str, Any]:
    problems = [str(problem) for problem in found.problems]
    return {
        "deal": found.deal,
        "position": found.position,
        "head": found.head,
        "distributions": found.periods,
        "anchored": found.is_anchored,
        "problems": problems,
    }
