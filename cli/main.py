"""`tranche`: one command per file, found by name and imported only when it is run, so that `--help` answers fast."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import rich_click as click

from cli.common import Settings, common_options

COMMANDS = {
    "demo": "run a real and an invented trust, from boarding to statement",
    "database": "create, migrate and check the database",
    "deal": "check, open, list and show deals",
    "remit": "append a servicer's remittance",
    "distribute": "run the waterfall for the months that were remitted",
    "statement": "print an investor statement",
    "reconcile": "compare published figures with ours",
    "events": "list what was appended, commit by commit",
    "verify": "recompute the chain and every distribution, and compare",
}
"""Commands in the order of a trust's month, each with its short help: listing them imports none."""


class Lazy(click.RichGroup):
    """A group that imports a command's module when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: Any) -> None:
        width = max(map(len, COMMANDS))
        with formatter.section("Commands"):
            formatter.write_dl([(name.ljust(width), text) for name, text in COMMANDS.items()])


@click.group(cls=click.Group if "--plain-help" in sys.argv else None)
def _unused() -> None:
    """Never called."""


@click.command(cls=Lazy)
@common_options
@click.version_option(package_name="tranche-ledger", prog_name="tranche")
@click.pass_context
def main(ctx: click.Context, settings: Settings) -> None:
    """The books of a securitization trust: append what the servicer remits, run the waterfall, print the statement, prove it."""
    ctx.obj = settings
