"""`tranche explain`: why a figure is what it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from cli.common import DEMO, EVIDENCE_KEY, KNOWN_AT, OUTPUT, Day, Settings, example, with_settings, write_output


@click.command("explain", epilog=example(f"{DEMO} explain SMT-2000-4 A --item interest_paid"))
@click.argument("deal")
@click.argument("subject")
@click.option("--item", metavar="ITEM", help="One figure of SUBJECT, as the statement names it; else every figure that is not nil.")
@click.option("--date", "on", type=Day(), metavar="DATE", help="The last distribution on or before this day; 2025-04 is the period of that month.")
@click.option("--rows", is_flag=True, help="Print the text of each row, which may hold personal data, where its file is kept.")
@KNOWN_AT
@OUTPUT
@EVIDENCE_KEY
@with_settings
def command(settings: Settings, deal: str, subject: str, item: str | None, on: str | None, known_at: str | None, rows: bool, output: Path | None) -> None:
    """Explain the figures of SUBJECT (a class, group, fee, account or pool, or an amount, ratio, ledger or trigger of DEAL) on its statement.

    The period is run once more from the log. Each figure is taken apart: the postings it sums, the step behind each with its formula and the value of
    each name, what the accounts held, and the lines of the remittance files at the bottom. It is a read and never writes to the books.
    """
    from ledger import service
    from ledger.reports import explanation
    from ledger.service.evidence import explained_by_rows

    with settings.store() as store:
        found = service.explain(store, deal, subject, item=item, on=on, known_at=known_at)
        if rows:
            found = replace(found, figures=explained_by_rows(store, deal, found.figures))
    if settings.json:
        write_output(explanation.to_json(found.statement, found.subject, found.figures), output)
    else:
        write_output(explanation.to_text(found.statement, found.subject, found.figures, found.drill_down), output)
