"""`tranche reconcile`: published figures beside ours."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.common import DEMO, KNOWN_AT, OUTPUT, Settings, example, read_file, stop, with_settings, write_output

if TYPE_CHECKING:
    from ledger.reports.reconcile import Reconciliation


@click.command("reconcile", epilog=example(f"{DEMO} reconcile SMT-2000-4 tranche-demo/deals/sequoia-4/published.csv"))
@click.argument("deal")
@click.argument("published", type=click.Path(path_type=Path))
@KNOWN_AT
@click.option("--format", "format_", type=click.Choice(("text", "html", "xlsx")), default="text", help="text (the default); html and xlsx have every line.")
@OUTPUT
@click.option("--every-line", is_flag=True, help="Show the figures that tie as well.")
@with_settings
def command(
    settings: Settings, deal: str, published: Path, known_at: str | None, format_: str, output: Path | None, every_line: bool
) -> None:  # fmt: skip
    """Compare each figure of PUBLISHED with the books of DEAL, to the last place that was printed.

    PUBLISHED is a published.csv, a CREFC Bond Level file, or the JSON of a statement.

    A figure ties, is derived (an input was worked out from it), is tolerated (declared in tolerated.csv beside the file, with the exact difference and its
    reason), differs, or is not compared. The last two, undeclared, and a tolerance that nothing needs end the command with exit code 1.
    """
    from ledger import service

    if format_ == "xlsx" and output is None:
        raise click.UsageError("xlsx is not text: write it to a file with -o FILE.xlsx")
    beside = published.with_name("tolerated.csv")
    tolerated = (read_file(beside), str(beside)) if beside.exists() else None
    with settings.store() as store:
        found = service.reconcile(store, deal, (read_file(published), str(published)), tolerated, known_at)
    write_output(rendered(found, "json" if settings.json else format_, deal, published.name, every_line), output)
    if found.problems:
        stop(found.problems)


def rendered(found: Reconciliation, format_: str, deal: str, name: str, every_line: bool) -> bytes | str:
    """The comparison in one of the forms; a module is imported only for its own."""
    from ledger.reports import reconcile

    match format_:
        case "json":
            return reconcile.to_json(found)
        case "html":
            from ledger.reports.html import page

            return page(reconcile.document(found, deal, name), deal)
        case "xlsx":
            from ledger.reports.xlsx import A4, workbook

            return workbook(reconcile.document(found, deal, name), deal, max(line.published.key[0] for line in found.lines), A4)
        case _:
            return reconcile.to_text(found, every_line)
