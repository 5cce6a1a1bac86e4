"""`tranche diff`: what changed between two moments, and which commits changed it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from cli.common import DEMO, Day, Settings, example, with_settings

if TYPE_CHECKING:
    from ledger.reports.layout import Table
    from ledger.service import Differences


@click.command("diff", epilog=example(f"{DEMO} diff LANTERN-2024-1 --known-at 3 --known-at 49"))
@click.argument("deal")
@click.option(
    "--known-at", "moments", multiple=True, required=True, metavar="POSITION|TIME|DATE",
    help="Twice, the earlier first: a commit's position, a time with its offset, or the end of a day where the deal is.",
)  # fmt: skip
@click.option("--date", "on", type=Day(), metavar="DATE", help="Only the last distribution on or before this day; 2025-04 is the period of that month.")
@with_settings
def command(settings: Settings, deal: str, moments: tuple[str, ...], on: str | None) -> None:
    """List each figure of DEAL that is known otherwise at the second moment than at the first, with the commits between that touched it.

    A commit touched a figure where one of its lines stands behind it (`tranche explain`); where none does, the corrections of earlier periods, and of
    terms, that came between are named. Periods that were distributed since are named, not compared.
    """
    from ledger import service

    if len(moments) != 2:
        raise click.UsageError("give --known-at twice: what was known first, and what was known later")
    with settings.store() as store:
        found = service.diff(store, deal, *moments, on=on)
    click.echo(_json(found) if settings.json else _text(found), nl=False)


COMMIT = ("position", "period", "treatment", "actor", "reason", "source_name", "source_digest")
"""What is told of a commit."""


def _json(found: Differences) -> str:
    value = asdict(found)
    value["commits"] = [{name: commit[name] for name in COMMIT} for commit in value["commits"]]
    return json.dumps(value, sort_keys=True, default=str) + "\n"


def _text(found: Differences) -> str:
    from ledger.reports.layout import plain

    head = f"{found.deal}: known at position {found.second}, beside position {found.first}\n"
    since = "".join(f"{period} was distributed since\n" for period in found.distributed)
    changes = plain([_changes(found)]) or "no figure changed\n"
    return "\n".join(part for part in (head, changes, plain([_commits(found)]), since) if part)


def _changes(found: Differences) -> Table:
    from ledger.reports.layout import in_words

    rows = [
        [str(change.period), change.subject, change.item, change.before or "", change.after or "", ", ".join(map(str, change.positions))]
        for change in found.changes
    ]
    return in_words("Changed figures", ["period", "subject", "item", "before", "after", "by position"], rows, left={0, 1, 2, 5})


def _commits(found: Differences) -> Table:
    from ledger.reports.layout import in_words

    rows = [
        [str(commit.position), str(commit.period or ""), commit.treatment, commit.actor, commit.source_name or "", commit.reason] for commit in found.commits
    ]
    return in_words("Commits between", ["position", "period", "treatment", "actor", "source", "reason"], rows, left={1, 2, 3, 4, 5})
