"""`tranche reconcile`: published figures beside ours."""

from __future__ import annotations

from pathlib import Path

import click

from cli.common import DEMO, KNOWN_AT, Settings, example, read_file, stop, with_settings


@click.command("reconcile", epilog=example(f"{DEMO} reconcile SMT-2000-4 tranche-demo/deals/sequoia-4/published.csv"))
@click.argument("deal")
@click.argument("published", type=click.Path(path_type=Path))
@KNOWN_AT
@click.option("--every-line", is_flag=True, help="Show the figures that tie as well.")
@with_settings
def command(settings: Settings, deal: str, published: Path, known_at: str | None, every_line: bool) -> None:
    """Compare each figure of PUBLISHED with the books of DEAL, to the last place that was printed.

    PUBLISHED is a published.csv, a CREFC Bond Level file, or the JSON of a statement.

    A figure ties, is derived (an input was worked out from it), is tolerated (declared in tolerated.csv beside the file, with the exact difference and its
    reason), differs, or is not compared. The last two, undeclared, and a tolerance that nothing needs end the command with exit code 1.
    """
    from ledger import service
    from ledger.reports.reconcile import to_json, to_text

    beside = published.with_name("tolerated.csv")
    tolerated = (read_file(beside), str(beside)) if beside.exists() else None
    with settings.store() as store:
        found = service.reconcile(store, deal, (read_file(published), str(published)), tolerated, known_at)
    click.echo(to_json(found) if settings.json else to_text(found, every_line), nl=False)
    if found.problems:
        stop(found.problems)
