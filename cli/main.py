"""`tranche`: one command per file, found by name and imported only when it is run, so that `--help` answers fast."""

from __future__ import annotations

import importlib
import keyword
import sys
from typing import Any

import click

from cli.common import common_options, file_problem, list_problems
from ledger.core.problems import ProblemsFound

COMMANDS = {
    "demo": "run a real and an invented trust, from boarding to statement",
    "database": "create, migrate and check the database",
    "actor": "list who may write, and with which key",
    "deal": "check, open, amend, list, show and draw deals",
    "rates": "state an index fixing in every deal that names the index",
    "remit": "append a servicer's remittance",
    "correct": "correct what was appended, by reversal and restatement",
    "distribute": "run the waterfall for the months that were remitted",
    "status": "say where every deal stands",
    "approve": "close a period that somebody else proposed",
    "publish": "record a statement as it is given to investors",
    "published": "print the statement that was published last",
    "statement": "print an investor statement",
    "history": "print or draw a deal's life, distribution by distribution",
    "explain": "say why a figure is what it is, down to the rows it came from",
    "loans": "list the loans of a month, find those behind a figure, check that they roll forward",
    "diff": "list the figures that changed between two moments, and what changed them",
    "reconcile": "compare published figures with ours",
    "events": "list what was appended, commit by commit",
    "seal": "write down where a log stands, to be kept elsewhere",
    "prove": "prove that one line is in a log",
    "export": "write a deal's log to a file that another database can take over",
    "import": "take over a log from such a file, and make the books again from it",
    "evidence": "show the files that figures came from, and erase one with a reason",
    "verify": "recompute the chain and every distribution, and compare",
}
"""Commands in the order of a trust's month, each with its short help: listing them imports none."""


class Program(click.Group):
    """Imports a command's module when the command is asked for, and turns what goes wrong into a list of problems and exit code 1."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = f"{cmd_name}_" if keyword.iskeyword(cmd_name) else cmd_name
        command: click.Command = importlib.import_module(f"cli.{module}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ProblemsFound as found:
            list_problems(found.problems)
        except BrokenPipeError:
            raise
        except OSError as error:
            list_problems([file_problem(error, str(error.filename or "tranche"))])
        sys.exit(1)


def show_version(ctx: click.Context, _option: click.Parameter, wanted: bool) -> None:
    """Print the installed version; a checkout that is not installed has none."""
    if not wanted:
        return
    from importlib.metadata import PackageNotFoundError, version

    try:
        found = version("tranche-ledger")
    except PackageNotFoundError:
        found = "of a checkout that is not installed"
    click.echo(f"tranche, version {found}")
    ctx.exit()


@click.command(
    cls=Program,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
    epilog="\b\nBegin with\n  tranche demo",
)
@common_options
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=show_version, help="Show the version and exit.")
def main() -> None:
    """The books of a securitization trust: append what the servicer remits, run the waterfall, print the statement, prove it."""
