"""`tranche remit`: append what a servicer reports."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.common import DEMO, EVIDENCE_KEY, Settings, counted, example, progress, read_file, readable, with_settings
from cli.several import OfDeals, Outcome, each, is_pattern, print_outcomes
from ledger.core.problems import Problem, ProblemsFound
from ledger.reports import mapping

if TYPE_CHECKING:
    from ledger.service import Remitted


@click.command("remit", cls=OfDeals, epilog=example(f"{DEMO} remit SMT-2000-4 tranche-demo/deals/sequoia-4/remittances/2000-06-22.csv"))
@click.argument("deal")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--format", "format_", metavar="NAME", help="The format of FILE; else the one that its first bytes name, or the canonical csv.")
@click.option("--source", metavar="NAME", help="Who reports, where several do; else the name of the format.")
@click.option("--period", metavar="PERIOD", help="The period that a servicer's own file is read for, where its dates do not say.")
@click.option("--pool", metavar="NAME", help="The pool that a servicer's own file is of, where the deal has several.")
@click.option("--accept", multiple=True, metavar="WARNING", help="A warning that is known and meant; `tranche remit` names it where it stops.")
@click.option("--reason", default="", metavar="TEXT", help="Why, for the log.")
@click.option("--dry-run", is_flag=True, help="Check everything and append nothing.")
@EVIDENCE_KEY
@with_settings
def command(settings: Settings, /, deal: str, file: Path, **options: Any) -> None:
    """Append the months of a remittance FILE to DEAL: all of them, or none and the list of all that is wrong.

    FILE is the canonical CSV, or a file of the servicer's own (--format, docs/importers.md), which is reported on before anything is appended. The same file
    appended again adds nothing. With --all in place of DEAL, FILE is a folder: each file in it goes to the deal that its own `deal` column names, and one that
    is wrong does not stop the rest.
    """
    from ledger import service

    options["source_name"] = options.pop("source")
    with settings.store() as store, progress() as show:

        def one(path: Path, to: str) -> Outcome:
            show(f"reading {path}")
            months = service.remit(store, to, readable(path), str(path), actor=settings.actor_in(store), **options)
            return Outcome("\n".join(map(_line, months)), [_plain(month) for month in months])

        if not is_pattern(deal):
            print_outcomes(settings, {deal: _reported(settings, lambda: one(file, deal))}, several=False)
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


def _reported(settings: Settings, remit: Callable[[], Outcome]) -> Outcome:
    """What was remitted; where a servicer's file was refused, its report is printed before the problems."""
    from ledger.service import Refused

    try:
        return remit()
    except Refused as refused:
        if refused.report is not None and not settings.json:
            click.echo(mapping.text(refused.report))
        raise


def _files(folder: Path) -> list[str]:
    """The remittances of a folder, by name. Raises ProblemsFound where it has none."""
    names = sorted(path.name for path in folder.glob("*.csv"))
    if not names:
        raise ProblemsFound([Problem("there are no remittances here", "name a folder with .csv files", place=str(folder))])
    return names


def _plain(month: Remitted) -> dict[str, object]:
    receipt = month.receipt
    said = {"outcome": receipt.outcome, "position": receipt.position, "head": receipt.hash} if receipt else {"outcome": "checked"}
    report = {"report": mapping.plain(month.report)} if month.report else {}
    return {"period": month.period.isoformat(), "events": month.events, **said, **report}


def _line(month: Remitted) -> str:
    return "\n".join(([mapping.text(month.report)] if month.report else []) + [_appended(month)])


def _appended(month: Remitted) -> str:
    if month.receipt is None:
        return f"{month.period}: {counted(month.events, 'event')}, nothing is wrong; nothing was appended"
    if month.receipt.outcome == "appended":
        return f"{month.period}: {counted(month.events, 'event')} appended at position {month.receipt.position}"
    return f"{month.period}: already appended at position {month.receipt.position}; nothing new"
