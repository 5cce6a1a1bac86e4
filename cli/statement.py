"""`tranche statement`: the investor statement."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Mapping
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
    from ledger.core.history import History
    from ledger.core.statement import Statement
    from ledger.store.engine import Store


@dataclass(frozen=True, slots=True)
class Format:
    """One form of a statement: the ending of its file, and the function that makes it, `module:name`, imported only when it is asked for.

    `takes` names what the function wants beside the statement: the deal's `history`, for pictures, and the `branding` of a template. A form that is
    `binary` means nothing on a terminal. Without an ending the form is a folder of files, and the function gives each file's bytes by its name.
    """

    ending: str
    function: str
    takes: Collection[str] = ()
    binary: bool = False

    def render(self, store: Store, drawn: Statement, branding: Branding) -> Any:
        """The statement in this form: bytes, text, or a folder's files by name."""
        module, _, name = self.function.partition(":")
        given: Mapping[str, Callable[[], Any]] = {"history": lambda: life_until(store, drawn), "branding": lambda: branding}
        return getattr(import_module(module), name)(drawn, **{name: given[name]() for name in self.takes})


FORMATS: Mapping[str, Format] = {
    "text": Format("txt", "ledger.reports.text:to_text"),
    "json": Format("json", "ledger.reports.json:to_json"),
    "csv": Format("csv", "ledger.reports.csv:to_csv"),
    "crefc": Format("csv", "ledger.reports.crefc:to_crefc"),
    "factors": Format("csv", "ledger.reports.factors:to_factors"),
    "esma": Format("", "ledger.reports.esma:to_esma"),
    "pdf": Format("pdf", "ledger.reports.pdf:to_pdf", takes=("history", "branding"), binary=True),
    "xlsx": Format("xlsx", "ledger.reports.xlsx:to_xlsx", takes=("history", "branding"), binary=True),
    "csv-set": Format("", "ledger.reports.csv_set:to_csv_set"),
    "html": Format("html", "ledger.reports.html:to_html", takes=("history", "branding")),
    "exhibit": Format("htm", "ledger.reports.html:to_exhibit", takes=("branding",)),
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
    if template and "branding" not in form.takes:
        printed = ", ".join(name for name, form in FORMATS.items() if "branding" in form.takes)
        raise click.UsageError(f"--template is for printed formats, and {name} is none: take one of {printed}")
    if not is_pattern(deal):
        refuse_to_show(name, form, output)
    branding = branding_of(template)
    with settings.store() as store:
        if not is_pattern(deal):
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


def life_until(store: Store, drawn: Statement) -> History:
    """The deal's life up to a statement, as it was known then."""
    from ledger import service

    return service.history(store, drawn.deal, drawn.position).until(drawn.number)


def branding_of(template: Path | None) -> Branding:
    """What a template says, with the logo that lies beside it; the plain look without one. Raises ProblemsFound."""
    from ledger import service
    from ledger.core.branding import PLAIN

    return service.branding(read_file(template), str(template), lambda logo: read_file(template.parent / logo)) if template else PLAIN


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
