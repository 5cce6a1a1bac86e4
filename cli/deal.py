"""`tranche deal`: deal files, and the deals in the books."""

from __future__ import annotations

import json
from pathlib import Path

import click

from cli.common import DEMO, OUTPUT, Day, Settings, counted, example, read_file, with_settings, write_output

FILE = click.Path(path_type=Path)


@click.group("deal")
def command() -> None:
    """Check a deal file, open a deal in the books, amend it, list, show and draw them."""


@command.command(epilog=example("tranche deal check tranche-demo/deals/sequoia-4/deal.yaml"))
@click.argument("file", type=FILE)
@with_settings
def check(settings: Settings, file: Path) -> None:
    """Check a deal FILE: all that is wrong with it, each with its line and its remedy."""
    from ledger import service

    terms = service.check_deal(read_file(file), str(file))
    deal = terms.deal
    counts = {
        "classes": len(deal.tranches),
        "fees": len(deal.fees),
        "accounts": len(deal.accounts),
        "triggers": len(deal.triggers),
        "steps": len(list(terms.every_step())),
    }
    if settings.json:
        click.echo(json.dumps({"deal": deal.deal, "title": deal.title, **counts}, sort_keys=True))
        return
    said = [counted(count, "class" if name == "classes" else name.removesuffix("s"), name) for name, count in counts.items() if count]
    click.echo(f"{file}: {deal.deal}, {', '.join(said)}: nothing is wrong")


@command.command("open", epilog=example(f"{DEMO} deal open tranche-demo/deals/sequoia-4/deal.yaml --as SMT-2000-4.copy"))
@click.argument("file", type=FILE)
@click.option("--boarding", type=FILE, metavar="FILE", help="The position of a deal that is taken over mid-life.")
@click.option("--as", "called", metavar="ID", help="The deal's id in the books, where it is not that of the file.")
@click.option("--reason", default="", metavar="TEXT", help="Why, for the log.")
@with_settings
def open_(settings: Settings, file: Path, boarding: Path | None, called: str | None, reason: str) -> None:
    """Open a deal in the books as its FILE states it: at closing, or as a boarding file says."""
    from ledger import service

    taken_over = (read_file(boarding), str(boarding)) if boarding else None
    with settings.store() as store:
        opened = service.open_deal(store, read_file(file), str(file), boarding=taken_over, called=called, actor=settings.actor_in(store), reason=reason)
    if settings.json:
        click.echo(json.dumps(opened._asdict(), sort_keys=True))
        return
    click.echo(f"{opened.deal} is open at position {opened.position}, head {opened.head}")


@command.command(epilog=example(f"{DEMO} deal amend SMT-2000-4 tranche-demo/deals/sequoia-4/deal.yaml --effective 2001-04"))
@click.argument("deal")
@click.argument("file", type=FILE)
@click.option("--effective", required=True, type=Day(), metavar="PERIOD", help="The first period that FILE counts for: a date, or 2025-04.")
@click.option("--reason", default="", metavar="TEXT", help="Why, for the log.")
@with_settings
def amend(settings: Settings, deal: str, file: Path, effective: str, reason: str) -> None:
    """Let FILE state the terms of DEAL from a period on that is not distributed yet; the periods before it keep theirs for ever.

    FILE is the whole deal file in its new version. The same file for the same period again adds nothing.
    """
    from ledger import service

    with settings.store() as store:
        amended = service.amend(store, deal, read_file(file), str(file), effective=effective, actor=settings.actor_in(store), reason=reason)
    receipt = amended.receipt
    if settings.json:
        said = {"outcome": "appended", "position": receipt.position, "head": receipt.hash} if receipt else {"outcome": "already in force"}
        click.echo(json.dumps({"deal": deal, "effective": str(amended.effective), "until": amended.until and str(amended.until), **said}, sort_keys=True))
        return
    until = f" until {amended.until}, from when another version counts," if amended.until else ""
    fact = f"is in force at position {receipt.position}" if receipt else "was in force already; nothing new"
    click.echo(f"{deal}: from {amended.effective} on{until} the amended file {fact}")


@command.command("list", epilog=example(f"{DEMO} deal list"))
@with_settings
def list_(settings: Settings) -> None:
    """List the deals in the books, with where each log ends."""
    from ledger.reports.layout import in_words, plain

    with settings.store() as store, store.reading() as reader:
        deals = reader.deals()
    if settings.json:
        rows = [{"deal": deal.name, "opened_at": deal.opened_at and deal.opened_at.isoformat(), "position": deal.position, "head": deal.hash} for deal in deals]
        click.echo(json.dumps(rows, sort_keys=True))
        return
    rows_of_text = [(deal.name, deal.opened_at.strftime("%Y-%m-%d %H:%M:%S") if deal.opened_at else "", str(deal.position), deal.hash) for deal in deals]
    click.echo(plain([in_words("", ("deal", "opened (UTC)", "position", "head"), rows_of_text, left={0, 1, 3})]), nl=False)


@command.command(epilog=example(f"{DEMO} deal show SMT-2000-4"))
@click.argument("deal")
@click.option("--boarding", is_flag=True, help="Show the boarding file instead.")
@click.option("--period", type=Day(), metavar="PERIOD", help="The file that counts for a period, where the deal was amended; else the last version.")
@OUTPUT
@with_settings
def show(settings: Settings, deal: str, boarding: bool, period: str | None, output: Path | None) -> None:
    """Print the deal file that DEAL runs on, to the byte as it was appended."""
    from ledger import service

    with settings.store() as store:
        key = service.period(store, deal, period) if period else None
        write_output(service.document(store, deal, "boarding" if boarding else "deal", key), output)


@command.command(epilog=example(f"{DEMO} deal draw SMT-2000-4 -o tranche-demo/sequoia-4.svg"))
@click.argument("deal_or_file")
@click.option(
    "--format", "format_", type=click.Choice(("svg", "mermaid")), default="svg", show_default=True, help="A picture, or text for a page that draws it."
)
@OUTPUT
@with_settings
def draw(settings: Settings, deal_or_file: str, format_: str, output: Path | None) -> None:
    """Draw the capital structure and the waterfall: of a deal in the books with its balances now, or of a deal file."""
    from ledger import service
    from ledger.reports.draw_mermaid import to_mermaid
    from ledger.reports.draw_svg import to_svg
    from ledger.reports.drawing import picture

    file = Path(deal_or_file)
    if file.suffix in (".yaml", ".yml") or file.is_file():
        drawn = picture(service.check_deal(read_file(file), str(file)))
    else:
        with settings.store() as store:
            drawn = service.deal_picture(store, deal_or_file)
    write_output(to_svg(drawn) if format_ == "svg" else to_mermaid(drawn), output)


@command.command(epilog=example("tranche deal schema -o tranche-demo/deal.schema.json"))
@click.option("--boarding", is_flag=True, help="The schema of boarding files instead.")
@OUTPUT
def schema(boarding: bool, output: Path | None) -> None:
    """Print the JSON Schema of deal files, for an editor that completes and checks them."""
    from ledger.files import deal_file

    found = deal_file.boarding_json_schema() if boarding else deal_file.json_schema()
    write_output(json.dumps(found, indent=2, sort_keys=True) + "\n", output)
