"""`tranche statement`: the investor statement."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.common import DEMO, KNOWN_AT, Day, Settings, example, with_settings, write_output
from cli.several import OfDeals, Outcome, is_pattern, print_each

if TYPE_CHECKING:
    from ledger.core.statement import Statement

FORMATS = ("text", "json", "csv")
ENDINGS = {"text": "txt", "json": "json", "csv": "csv"}


@click.command("statement", cls=OfDeals, epilog=example(f"{DEMO} statement SMT-2000-4 --date 2000-10"))
@click.argument("deal")
@click.option("--date", "on", type=Day(), metavar="DATE", help="The last distribution on or before this day; 2025-04 is the period of that month.")
@KNOWN_AT
@click.option("--format", "format_", type=click.Choice(FORMATS), help="text (the default), json or csv.")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write to FILE; for several deals to a file each in this folder.")
@with_settings
def command(settings: Settings, deal: str, on: str | None, known_at: str | None, format_: str | None, output: Path | None) -> None:
    """Print the statement of DEAL (a pattern or --all for several): of its last distribution, of the last one on or before a day, or as known earlier.

    It is a read and never writes to the books.
    """
    from ledger import service

    chosen_format = format_ or ("json" if settings.json else "text")
    with settings.store() as store:
        if not is_pattern(deal):
            write_output(rendered(service.statement(store, deal, on=on, known_at=known_at), chosen_format), output)
            return
        folder = output or Path()

        def one(name: str) -> Outcome:
            body = rendered(service.statement(store, name, on=on, known_at=known_at), chosen_format)
            file = folder / f"{name}.{ENDINGS[chosen_format]}"
            folder.mkdir(parents=True, exist_ok=True)
            write_output(body, file)
            return Outcome(str(file), str(file))

        print_each(settings, store, deal, one)


def rendered(drawn: Statement, format_: str) -> bytes | str:
    """A statement in one of the formats; a module is imported only for its own."""
    match format_:
        case "json":
            from ledger.reports.json import to_json

            return to_json(drawn)
        case "csv":
            from ledger.reports.csv import to_csv

            return to_csv(drawn)
        case _:
            from ledger.reports.text import to_text

            return to_text(drawn)
