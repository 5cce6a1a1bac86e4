"""`tranche remit`: append what a servicer reports."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.common import DEMO, Settings, counted, example, progress, read_file, with_settings
from cli.several import OfDeals, Outcome, each, is_pattern, print_outcomes
from ledger.core.problems import Problem, ProblemsFound

if TYPE_CHECKING:
    from ledger.service import Remitted


@click.command("remit", cls=OfDeals, epilog=example(f"{DEMO} remit SMT-2000-4 tranche-demo/deals/sequoia-4/remittances/2000-06-22.csv"))
@click.argument("deal")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--format", "format_", default="csv", show_default=True, metavar="NAME", help="The format of FILE.")
@click.option("--source", metavar="NAME", help="Who reports, where several do; else the name of the format.")
@click.option("--accept", multiple=True, metavar="WARNING", help="A warning that is known and meant: incomplete or same-file.")
@click.option("--reason", default="", metavar="TEXT", help="Why, for the log.")
@click.option("--dry-run", is_flag=True, help="Check everything and append nothing.")
@with_settings
def command(settings: Settings, deal: str, file: Path, format_: str, source: str | None, accept: tuple[str, ...], reason: str, dry_run: bool) -> None:
    """Append the months of a remittance FILE to DEAL: all of them, or none and the list of all that is wrong.

    The same file appended again adds nothing. With --all in place of DEAL, FILE is a folder: each file in it goes to the deal that its own `deal` column
    names, and one that is wrong does not stop the rest.
    """
    from ledger import service

    with settings.store() as store, progress() as show:

        def one(path: Path, to: str) -> Outcome:
            show(f"reading {path}")
            body = read_file(path)
            months = service.remit(
                store, to, body, str(path), format_=format_, source_name=source, accept=accept, actor=settings.actor_in(store), reason=reason, dry_run=dry_run
            )
            return Outcome("\n".join(map(_line, months)), [_plain(month) for month in months])

        if not is_pattern(deal):
            print_outcomes(settings, {deal: one(file, deal)}, several=False)
            return
        with store.reading() as reader:
            addresses = service.Addresses(reader)

        def of_folder(name: str) -> Outcome:
            path = file / name
            to = addresses.deal_of(read_file(path), str(path))
            if not fnmatchcase(to, deal):
                return Outcome(f"left alone: it is of {to}", [])
            return one(path, to)

        print_outcomes(settings, dict(each(_files(file), of_folder)), several=True)


def _files(folder: Path) -> list[str]:
    """The remittances of a folder, by name. Raises ProblemsFound where it has none."""
    names = sorted(path.name for path in folder.glob("*.csv"))
    if not names:
        raise ProblemsFound([Problem("there are no remittances here", "name a folder with .csv files", place=str(folder))])
    return names


def _plain(month: Remitted) -> dict[str, object]:
    receipt = month.receipt
    said = {"outcome": receipt.outcome, "position": receipt.position, "head": receipt.hash} if receipt else {"outcome": "checked"}
    return {"period": month.period.isoformat(), "events": month.events, **said}


def _line(month: Remitted) -> str:
    if month.receipt is None:
        return f"{month.period}: {counted(month.events, 'event')}, nothing is wrong; nothing was appended"
    if month.receipt.outcome == "appended":
        return f"{month.period}: {counted(month.events, 'event')} appended at position {month.receipt.position}"
    return f"{month.period}: already appended at position {month.receipt.position}; nothing new"
