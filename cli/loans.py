"""`tranche loans`: the loan ledger."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.common import DEMO, KNOWN_AT, OUTPUT, Day, Settings, example, with_settings, write_output, writing_output

if TYPE_CHECKING:
    from ledger.core.loan_listing import LoanListing

FORMATS = ("text", "json", "csv")


@click.command("loans", epilog=example(f"{DEMO} loans LANTERN-2024-1 --date 2025-03 --where 'balance > 90000 or loss > 0'"))
@click.argument("deal")
@click.option("--date", "on", type=Day(), metavar="DATE", help="The last distribution on or before this day; 2025-04 is the period of that month.")
@click.option("--period", type=Day(), metavar="PERIOD", help="A period, distributed or not, by what is known of it at --known-at.")
@KNOWN_AT
@click.option("--where", metavar="CONDITION", help="Only these loans, such as 'balance > 100000 and days >= 60', 'status = foreclosure', 'loss > 0'.")
@click.option("--of", metavar="FIGURE", help="Only the loans behind a pool's figure, such as pool.charge_off or pool.balance_60_days, with their parts.")
@click.option("--ended", is_flag=True, help="Also the loans that ended in earlier periods.")
@click.option("--total", is_flag=True, help="Only the sums, by pool.")
@click.option("--check", is_flag=True, help="Check that each loan and each pool rolls forward; exit code 1 where one does not.")
@click.option("--tolerance", metavar="AMOUNT", help="By how much a loan or a pool may miss its closing balance in --check; nil by default.")
@click.option("--format", "format_", type=click.Choice(FORMATS), help="text (the default), json, or csv.")
@OUTPUT
@with_settings
def command(
    settings: Settings, deal: str, on: str | None, period: str | None, known_at: str | None, where: str | None, of: str | None, ended: bool, total: bool,
    check: bool, tolerance: str | None, format_: str | None, output: Path | None,
) -> None:  # fmt: skip
    """List the loans of DEAL at the end of a period, a row each: balances before and after and what moved them, status, rate, dates, loss so far.

    Those are listed that have a balance, were moved in the period or ended in it. A distributed period is read as its statement is, as of the commit of
    its distribution. docs/loans.md has the columns, and what a condition can be. It is a read and never writes to the books.
    """
    from ledger.service.loans import list_loans

    if on and period:
        raise click.UsageError("--date names a distributed period and --period any: give one of them")
    if tolerance and not check:
        raise click.UsageError("--tolerance is for --check")
    chosen = format_ or ("json" if settings.json else "text")
    if check and (where or of or ended or total or chosen == "csv"):
        raise click.UsageError("--check looks at every loan and prints text or JSON: leave out --where, --of, --ended, --total and csv")
    if total and chosen == "csv":
        raise click.UsageError("--total prints text or JSON")
    if check:
        _check(settings, deal, on, period, known_at, tolerance, chosen, output)
        return
    with settings.store() as store, list_loans(store, deal, on=on, period=period, known_at=known_at, where=where, of=of, ended=ended) as found:
        _write(_rendered(found, chosen, total), output)


def _rendered(found: LoanListing, format_: str, only_sums: bool) -> Iterable[bytes]:
    from ledger.reports import loans

    match format_, only_sums:
        case "csv", _:
            return loans.to_csv(found)
        case "json", True:
            return loans.totals_json(found)
        case "json", False:
            return loans.to_json(found)
        case _, True:
            return [loans.totals_text(found).encode()]
        case _:
            return [loans.to_text(found).encode()]


def _write(pieces: Iterable[bytes], output: Path | None) -> None:
    """Piece by piece, so that nothing is held that is written."""
    if output is None:
        for piece in pieces:
            write_output(piece, None)
        return
    with writing_output(output) as stream:
        stream.writelines(pieces)


def _check(
    settings: Settings, deal: str, on: str | None, period: str | None, known_at: str | None, tolerance: str | None, format_: str, output: Path | None
) -> None:
    from ledger.reports import loans
    from ledger.service.loans import check_loans

    with settings.store() as store:
        found = check_loans(store, deal, on=on, period=period, known_at=known_at, tolerance=tolerance)
    write_output(loans.check_json(found) if format_ == "json" else loans.check_text(found), output)
    if not found.is_clean:
        click.get_current_context().exit(1)
