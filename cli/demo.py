"""`tranche demo`: a real and an invented trust from boarding to statement, in a folder of their own."""

from __future__ import annotations

import csv
import shutil
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from cli.common import stop
from ledger.core.problems import Problem, ProblemsFound

if TYPE_CHECKING:
    from ledger.core.statement import Statement
    from ledger.service import WorkedDeal
    from ledger.store.engine import Store

REAL = "sequoia-4"
MARKER = ".tranche-demo"
MADE = (MARKER, "deals", "books.db", "books.db-wal", "books.db-shm")
"""What the demo writes, and all that it ever removes."""


@click.command("demo", epilog="\b\nExample:\n  tranche demo")
@click.argument("directory", metavar="[DIR]", type=click.Path(path_type=Path), default=Path("tranche-demo"))
def command(directory: Path) -> None:
    """Run two trusts: a real one, checked against what its trustee published, and an invented one that suffers losses.

    It writes only under DIR (./tranche-demo if none is given): a database and a copy of the deal files. Running it again makes both afresh.
    """
    from ledger import service
    from ledger.store.engine import Store

    prepare(directory)
    url = f"sqlite:///{directory / 'books.db'}"
    store = Store(url)
    try:
        store.upgrade()
        for folder in chosen(service.worked_folders()):
            copy = directory / "deals" / folder.name
            shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("__pycache__", "*.py"))
            for worked in service.worked_deals(copy):
                run(store, worked, moments(copy / "moments.csv"))
    finally:
        store.close()
    click.echo(f"Everything is in {directory}: the books in books.db, the deal files and remittances in deals.")
    click.echo(f"Look further, for example: tranche --database {url} deal list")


def chosen(folders: list[Path]) -> list[Path]:
    """The real trust, then those whose moments are told."""
    return [folder for folder in folders if folder.name == REAL] + [folder for folder in folders if (folder / "moments.csv").exists()]


# The directory ----------------------------------------------------------------------------------------------------------


def prepare(directory: Path) -> None:
    """An empty directory, or one that an earlier demo made, cleared of what it made. Raises ProblemsFound for any other."""
    if directory.exists() and not directory.is_dir():
        raise ProblemsFound([Problem("this is a file", "name a directory", place=str(directory))])
    if directory.is_dir() and any(directory.iterdir()) and not (directory / MARKER).is_file():
        raise ProblemsFound([Problem("the directory holds something that no demo made", "name a new or an empty directory", place=str(directory))])
    directory.mkdir(parents=True, exist_ok=True)
    for name in MADE:
        remove(directory / name)
    (directory / MARKER).write_text("Made by `tranche demo`, which may make it afresh.\n", encoding="utf-8")


def remove(path: Path) -> None:
    """A file, a link or a folder that an earlier demo left, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


# A trust ----------------------------------------------------------------------------------------------------------------


class Moment(NamedTuple):
    """What a month of an invented trust shows, and the figure that shows it."""

    period: date
    subject: str
    item: str
    text: str


def moments(file: Path) -> list[Moment]:
    """The months worth telling; none where the folder has no such file."""
    if not file.exists():
        return []
    with file.open(encoding="utf-8", newline="") as lines:
        return [Moment(date.fromisoformat(row["distribution_date"]), row["subject"], row["item"], row["text"]) for row in csv.DictReader(lines)]


def run(store: Store, worked: WorkedDeal, told: list[Moment]) -> None:
    """Board a trust, append and distribute each of its months, print and publish its last statement, reconcile it and prove it."""
    from ledger import service
    from ledger.reports.text import to_text

    opened = service.board(store, worked, actor="demo")
    deal = opened.deal
    click.echo(f"{deal} is open, {'boarded mid-life' if worked.boarding else 'at closing'}.")
    for file in worked.remittances:
        service.remit(store, deal, file.read_bytes(), file.name, actor="demo")
    done = service.distribute(store, deal, actor="demo")
    if done.problems:
        stop(done.problems)
    last = None
    for last in done.statements():
        tell(last, told)
    if last is not None:
        click.echo(f"\n{to_text(service.statement(store, deal))}")
        service.publish(store, deal, str(last.dates["scheduled"]), actor="demo")
    prove(store, deal, worked.run)


def tell(statement: Statement, told: list[Moment]) -> None:
    """One line for the month, and one for each moment of it."""
    from ledger.reports.text import one_line

    click.echo(f"  {one_line(statement)}")
    for moment in told:
        figure = statement.figure(moment.subject, moment.item)
        if moment.period == statement.dates["scheduled"] and figure is not None:
            click.echo(f"    > {moment.text}: {moment.subject} {moment.item} {statement.text(figure, thousands=True)}")


def prove(store: Store, deal: str, folder: Path) -> None:
    """Reconcile against what was published, and verify the books."""
    from ledger import service
    from ledger.reports.reconcile import to_text

    published, tolerated = folder / "published.csv", folder / "tolerated.csv"
    beside = (tolerated.read_bytes(), tolerated.name) if tolerated.exists() else None
    found = service.reconcile(store, deal, (published.read_bytes(), published.name), beside)
    click.echo(f"{deal} against {published.name}: {to_text(found)}", nl=False)
    verified = service.verify(store, deal)
    problems = [*found.problems, *verified.problems]
    if problems:
        stop(problems)
    click.echo(f"{deal}: the chain is whole up to position {verified.position}; {verified.periods} distributions replay to the same cents.\n")
