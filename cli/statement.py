"""`tranche statement`: the investor statement."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.common import DEMO, KNOWN_AT, Day, Settings, example, file_problem, read_file, with_settings, write_output
from cli.several import OfDeals, Outcome, is_pattern, print_each
from ledger.core.problems import ProblemsFound

if TYPE_CHECKING:
    from ledger.core.branding import Branding
    from ledger.core.statement import Statement
    from ledger.store.engine import Store


@dataclass(frozen=True, slots=True)
class Format:
    """One form of a statement: the function that makes it, `module:name`, imported only when it is asked for, and the ending of its file.

    A form that is `printed` is laid out for people: its function also takes the deal's history, for the pictures, and the branding. One that is
    `binary` means nothing on a terminal. Without an ending the form is a folder of files, and the function gives each file's bytes by its name.
    """

    ending: str
    function: str
    printed: bool = False
    binary: bool = False

    def render(self, store: Store, drawn: Statement, branding: Branding | None) -> Any:
        """The statement in this form: bytes, text, or a folder's files by name."""
        module, _, name = self.function.partition(":")
        function = getattr(import_module(module), name)
        return function(drawn, None, *([branding] if branding else [])) if self.printed else function(drawn)


FORMATS: Mapping[str, Format] = {
    "text": Format("txt", "ledger.reports.text:to_text"),
    "json": Format("json", "ledger.reports.json:to_json"),
    "csv": Format("csv", "ledger.reports.csv:to_csv"),
    "crefc": Format("csv", "ledger.reports.crefc:to_crefc"),
    "factors": Format("csv", "ledger.reports.factors:to_factors"),
}


@click.command("statement", cls=OfDeals, epilog=example(f"{DEMO} statement SMT-2000-4 --date 2000-10"))
@click.argument("deal")
@click.option("--date", "on", type=Day(), metavar="DATE", help="The last distribution on or before this day; 2025-04 is the period of that month.")
@KNOWN_AT
@click.option("--format", "format_", type=click.Choice(list(FORMATS)), help="text (the default), or one of the others.")
@click.option("--template", type=click.Path(path_type=Path), metavar="FILE", help="Name, logo, contact and order of sections, for the printed formats.")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write to FILE; for several deals to a file each in this folder.")
@with_settings
def command(
    settings: Settings, deal: str, on: str | None, known_at: str | None, format_: str | None, template: Path | None, output: Path | None
) -> None:  # fmt: skip
    """Print the statement of DEAL (a pattern or --all for several): of its last distribution, of the last one on or before a day, or as known earlier.

    It is a read and never writes to the books.
    """
    from ledger import service

    name = format_ or ("json" if settings.json else "text")
    form = FORMATS[name]
    if template and not form.printed:
        raise click.UsageError(f"--template is for printed formats, and {name} is none: take one of {_listed(lambda form: form.printed)}")
    branding = branding_of(template) if template else None
    with settings.store() as store:
        if not is_pattern(deal):
            refuse_to_show(name, form, output)
            write(form.render(store, service.statement(store, deal, on=on, known_at=known_at), branding), output)
            return
        folder = output or Path()

        def one(each: str) -> Outcome:
            body = form.render(store, service.statement(store, each, on=on, known_at=known_at), branding)
            file = folder / (f"{each}.{form.ending}" if form.ending else each)
            make_folder(folder)
            write(body, file)
            return Outcome(str(file), str(file))

        print_each(settings, store, deal, one)


def _listed(holds: Callable[[Format], bool]) -> str:
    return ", ".join(name for name, form in FORMATS.items() if holds(form))


def branding_of(template: Path) -> Branding:
    """What a template says, with the logo that lies beside it. Raises ProblemsFound."""
    from ledger import service

    return service.branding(read_file(template), str(template), lambda logo: read_file(template.parent / logo))


def refuse_to_show(name: str, form: Format, output: Path | None) -> None:
    """What is no text does not go to a terminal, and what is several files goes nowhere but into a folder. Raises UsageError, which says what to add."""
    if output is None and not form.ending:
        raise click.UsageError(f"{name} is a folder of files: name it with -o FOLDER")
    if output is None and form.binary and sys.stdout.isatty():
        raise click.UsageError(f"{name} is not text, and this is a terminal: write it to a file with -o FILE.{form.ending}")


def write(body: bytes | str | Mapping[str, bytes], output: Path | None) -> None:
    """Text or bytes to a file, or to standard output; files by name into a folder. Raises ProblemsFound."""
    if not isinstance(body, Mapping):
        write_output(body, output)
        return
    folder = output or Path()
    make_folder(folder)
    for name, data in body.items():
        write_output(data, folder / name)


def make_folder(folder: Path) -> None:
    """A folder to write into. Raises ProblemsFound where there can be none."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ProblemsFound([file_problem(error, str(folder))]) from None
