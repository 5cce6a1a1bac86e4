"""`tranche history`: a deal's life, as figures and as pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from cli.common import DEMO, KNOWN_AT, OUTPUT, Settings, example, with_settings, write_output

if TYPE_CHECKING:
    from ledger.service import KnownAt
    from ledger.store.engine import Store

FORMATS = ("text", "json", "csv")


@click.command("history", epilog=example(f"{DEMO} history LANTERN-2024-1 --plot lantern.svg"))
@click.argument("deal")
@click.argument("subject", required=False)
@click.option("--item", "items", multiple=True, metavar="ITEM", help="Only this figure, as the statement names it; may be given more than once.")
@KNOWN_AT
@click.option("--plot", type=click.Path(path_type=Path), metavar="FILE", help="Write pictures of the deal's life to FILE.svg, FILE.png or FILE.pdf.")
@click.option("--format", "format_", type=click.Choice(FORMATS), help="text (the default), json, or csv in the shape of a published file.")
@OUTPUT
@with_settings
def command(
    settings: Settings,
    deal: str,
    subject: str | None,
    items: tuple[str, ...],
    known_at: str | None,
    plot: Path | None,
    format_: str | None,
    output: Path | None,
) -> None:
    """Print the life of DEAL, a row for each distribution: what each class and the pool stood at, or the figures of SUBJECT.

    SUBJECT is a class, group, fee, account or pool, or `deal` for its amounts, ratios, ledgers and triggers. With --plot the pictures are drawn instead:
    class balances, paydown and losses, credit support, rates of prepayment and default with severity, collections against distributions; a picture
    that would be empty is left out. It is a read and never writes to the books.
    """
    from ledger import service
    from ledger.reports import history

    if plot is not None and (subject or items or format_ or output):
        raise click.UsageError("--plot draws the whole deal: leave out SUBJECT, --item, --format and -o")
    with settings.store() as store:
        if plot is not None:
            draw(store, deal, known_at, plot)
            return
        found = service.history(store, deal, known_at, subject=subject, items=items or (() if subject else ("closing_balance",)))
    match format_ or ("json" if settings.json else "text"):
        case "json":
            write_output(history.to_json(found), output)
        case "csv":
            write_output(history.to_csv(found), output)
        case _:
            write_output(history.to_text(found), output)


def draw(store: Store, deal: str, known_at: KnownAt, file: Path) -> None:
    """Write a deal's pictures to a file of the sort that its ending names. Raises ProblemsFound, and UsageError for another ending."""
    from ledger import service
    from ledger.core.problems import Problem, ProblemsFound
    from ledger.reports import pictures
    from ledger.reports.charts import charts

    endings: dict[str, pictures.Picture] = {f".{ending}": ending for ending in get_args(pictures.Picture)}
    if file.suffix.lower() not in endings:
        raise click.UsageError(f"{file.name} has no ending of a picture: name it {file.stem or 'life'}{', '.join(endings)}")
    shown = charts(service.history(store, deal, known_at))
    if not shown:
        raise ProblemsFound([Problem("there is nothing to draw yet", "run `tranche distribute`, or name a later position", place=deal)])
    write_output(pictures.picture(shown, endings[file.suffix.lower()]), file)
    click.echo(f"{file}: {', '.join(chart.key for chart in shown)}", err=True)
