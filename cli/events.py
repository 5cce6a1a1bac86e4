"""`tranche events`: the log."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from cli.common import DEMO, KNOWN_AT, Settings, example, with_settings

if TYPE_CHECKING:
    from ledger.core.events import Event
    from ledger.store.projections import Commit

LINE_COLUMNS = ("line", "kind", "subject", "principal", "interest", "fee", "amount", "balance", "rate", "delinquency", "code", "effective_on", "effect")
MONEY = ("principal", "interest", "fee", "amount", "balance")


@click.command("events", epilog=example(f"{DEMO} events SMT-2000-4"))
@click.argument("deal")
@click.option("--position", type=click.IntRange(min=1), metavar="POSITION", help="List the events of one commit, line by line.")
@KNOWN_AT
@with_settings
def command(settings: Settings, deal: str, position: int | None, known_at: str | None) -> None:
    """List what was appended to DEAL, commit by commit: when, by whom (with a key or not), why, from which file."""
    from ledger import service

    with settings.store() as store, store.reading() as reader:
        last = service.position_of(reader, deal, known_at if position is None else position, store.clock())
        if position is None:
            _commits(settings, list(reader.commits(deal, up_to=last)), {at: signed.key for at, signed in reader.signatures(deal).items()})
            return
        scale = service.terms_of(reader, deal)[0].scale
        _lines(settings, [event for _, event in reader.events(deal, position=position)], scale)


def _commits(settings: Settings, commits: list[Commit], keys: dict[int, str]) -> None:
    from ledger.reports.layout import in_words, plain

    if settings.json:
        click.echo(json.dumps([_plain(commit) | {"key": keys.get(commit.position)} for commit in commits], sort_keys=True))
        return
    headers = ("position", "recorded at (UTC)", "actor", "signed", "period", "events", "source", "reason", "hash")
    rows = [
        (
            str(commit.position), commit.recorded_at.strftime("%Y-%m-%d %H:%M:%S"), commit.actor, "signed" if commit.position in keys else "",
            str(commit.period or ""), str(commit.event_count), commit.source or "", commit.reason, commit.hash,
        )
        for commit in commits
    ]  # fmt: skip
    click.echo(plain([in_words("", headers, rows, left={1, 2, 3, 4, 6, 7, 8})]), nl=False)


def _plain(commit: Commit) -> dict[str, Any]:
    from dataclasses import asdict

    found = asdict(commit)
    return found | {"period": commit.period and commit.period.isoformat(), "recorded_at": commit.recorded_at.isoformat()}


def _lines(settings: Settings, events: list[Event], scale: int) -> None:
    from ledger.core.money import format_money
    from ledger.reports.layout import in_words, plain

    def shown(event: Event, column: str) -> str | None:
        value = getattr(event, column)
        if value is None:
            return None
        return format_money(value, scale, thousands=False) if column in MONEY and event.kind != "received" else str(value)

    lines = [{column: shown(event, column) for column in LINE_COLUMNS} for event in events]
    if settings.json:
        click.echo(json.dumps(lines, sort_keys=True))
        return
    columns = [column for column in LINE_COLUMNS if any(line[column] is not None for line in lines) and not all(line[column] == "1" for line in lines)]
    rows = [[line[column] or "" for column in columns] for line in lines]
    words = {index for index, column in enumerate(columns) if column in ("kind", "subject", "code", "effective_on")}
    click.echo(plain([in_words("", columns, rows, left=words)]), nl=False)
