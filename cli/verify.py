"""`tranche verify`: is the log whole, and do the books follow from it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.common import DEMO, Settings, example, progress, read_file, who_acted, with_settings
from cli.several import OfDeals, Outcome, is_pattern, print_each

if TYPE_CHECKING:
    from ledger.service import Verified


@click.command("verify", cls=OfDeals, epilog=example(f"{DEMO} verify SMT-2000-4"))
@click.argument("deal", default="*", metavar="[DEAL]")
@click.option("--seal", "sealed", type=click.Path(path_type=Path), metavar="FILE", help="A seal of DEAL that was kept elsewhere: `tranche seal`.")
@click.option("--trust", type=click.Path(path_type=Path), metavar="KEY", help="The Ed25519 public key (PEM) that must have signed the seal.")
@with_settings
def command(settings: Settings, deal: str, sealed: Path | None, trust: Path | None) -> None:
    """Recompute the hash chain of DEAL (a pattern for several; of every deal, where none is named), run every distribution again from the log, and compare.

    What was altered is named, the first bad position first; every signature is checked, and every approval that was asked for. That the log was cut off at
    its end only a seal can show.
    """
    from ledger import service

    if is_pattern(deal) and sealed is not None:
        raise click.UsageError("a seal is of one deal: name it")
    anchor = service.Anchor(read_file(sealed).decode("utf-8", "replace"), str(sealed), read_file(trust) if trust else None) if sealed else None
    with settings.store() as store, progress() as show:

        def one(name: str) -> Outcome:
            show(f"verifying {name}")
            found = service.verify(store, name, anchor)
            line = _line(found) if is_pattern(deal) else f"{name}: {_line(found)}"
            return Outcome("" if found.problems else line, _plain(found), problems=found.problems)

        print_each(settings, store, deal, one)


def _line(found: Verified) -> str:
    anchored = "anchored by the seal" if found.is_anchored else "unanchored: no seal was given"
    whole = f"the chain is whole up to position {found.position}, head {found.head}"
    return f"{whole}; {found.periods} distributions replay to the same cents; {who_acted(found.proof)}; {anchored}"


def _plain(found: Verified) -> dict[str, Any]:
    problems = [str(problem) for problem in found.problems]
    return {
        "deal": found.deal,
        "position": found.position,
        "head": found.head,
        "distributions": found.periods,
        "anchored": found.is_anchored,
        "actors": found.proof._asdict(),
        "problems": problems,
    }
