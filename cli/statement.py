"""`tranche statement`: the investor statement."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.batch import Batch, life_until, write_batch
from cli.common import DEMO, KNOWN_AT, Day, Settings, example, read_file, with_settings, write_output
from cli.folder import make_folder
from cli.several import OfDeals, is_pattern

if TYPE_CHECKING:
    from ledger.core.branding import Branding
    from ledger.core.history import History
    from ledger.core.statement import Statement


@dataclass(frozen=True, slots=True)
class Format:
    """One form of a statement: the ending of its file, and the function that makes it, `module:name`, imported only when it is asked for.

    `takes` names what the function wants beside the statement: the deal's `history`, for pictures, and the `branding` of a template. A form that is
    `binary` means nothing on a terminal. Without an ending the form is a folder of files, and the function gives each file's bytes by its name. No two
    forms have the same ending, so that all of a deal can lie in one folder.
    """

    ending: str
    function: str
    takes: Collection[str] = ()
    binary: bool = False

    def render(self, drawn: Statement, branding: Branding, life: Callable[[], History | None]) -> Any:
        """The statement in this form: bytes, text, or a folder's files by name."""
        module, _, name = self.function.partition(":")
        given: Mapping[str, Callable[[], Any]] = {"history": life, "branding": lambda: branding}
        return getattr(import_module(module), name)(drawn, **{name: given[name]() for name in self.takes})


FORMATS: Mapping[str, Format] = {
    "text": Format("txt", "ledger.reports.text:to_text"),
    "json": Format("json", "ledger.reports.json:to_json"),
    "csv": Format("csv", "ledger.reports.csv:to_csv"),
    "crefc": Format("crefc.csv", "ledger.reports.crefc:to_crefc"),
    "factors": Format("factors.csv", "ledger.reports.factors:to_factors"),
    "esma": Format("", "ledger.reports.esma:to_esma"),
    "pdf": Format("pdf", "ledger.reports.pdf:to_pdf", takes=("history", "branding"), binary=True),
    "xlsx": Format("xlsx", "ledger.reports.xlsx:to_xlsx", takes=("history", "branding"), binary=True),
    "csv-set": Format("", "ledger.reports.csv_set:to_csv_set"),
    "html": Format("html", "ledger.reports.html:to_html", takes=("history", "branding")),
    "exhibit": Format("htm", "ledger.reports.html:to_exhibit", takes=("branding",)),
}


class Formats(click.ParamType[tuple[str, ...]]):
    """One form of a statement, or several with commas between them: `pdf,html,json`."""

    name = "format"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        names = tuple(dict.fromkeys(value.split(","))) if isinstance(value, str) else value
        for name in names:
            if name not in FORMATS:
                self.fail(f"`{name}` is not one of {', '.join(FORMATS)}", param, ctx)
        return names


@click.command("statement", cls=OfDeals, epilog=example(f"{DEMO} statement SMT-2000-4 --date 2000-10"))
@click.argument("deal")
@click.option("--date", "on", type=Day(), metavar="DATE", help="The last distribution on or before this day; 2025-04 is the period of that month.")
@click.option("--paying-on", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="Only deals that pay on just this day: the folder of a distribution day.")
@KNOWN_AT
@click.option("--format", "formats", type=Formats(), metavar="NAMES", help=f"{', '.join(FORMATS)}; several with commas, as pdf,html.")
@click.option("--template", type=click.Path(path_type=Path), metavar="FILE", help="Name, logo, contact and order of sections, for the printed formats.")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write to FILE; several deals or formats to files in this folder.")
@with_settings
def command(
    settings: Settings, deal: str, on: str | None, paying_on: datetime | None, known_at: str | None, formats: tuple[str, ...] | None, template: Path | None,
    output: Path | None,
) -> None:  # fmt: skip
    """Print the statement of DEAL (a pattern or --all for several): of its last distribution, of the last one on or before a day, or as known earlier.

    It is a read and never writes to the books. Several deals, or formats, go to a file each in a folder, with a manifest of their digests; what holds up
    which deal is listed, and stops no other.
    """
    from ledger import service

    if on and paying_on:
        raise click.UsageError("--date and --paying-on are two ways to name a day: take one")
    forms = {name: FORMATS[name] for name in formats or (("json",) if settings.json else ("text",))}
    several = is_pattern(deal) or len(forms) > 1 or paying_on is not None
    refuse_template(template, forms)
    if not several:
        refuse_to_show(*next(iter(forms.items())), output)
    branding = branding_of(template)
    with settings.store() as store:
        if several:
            day = paying_on.date() if paying_on else None
            write_batch(settings, store, deal, Batch(on, day, known_at, forms, branding, output or Path()))
            return
        drawn = service.statement(store, deal, on=on, known_at=known_at)
        write(next(iter(forms.values())).render(drawn, branding, lambda: life_until(store, drawn)), output)


def refuse_template(template: Path | None, forms: Mapping[str, Format]) -> None:
    """A template is for printed forms: one of them must be asked for. Raises UsageError."""
    if template and not any("branding" in form.takes for form in forms.values()):
        printed = ", ".join(name for name, form in FORMATS.items() if "branding" in form.takes)
        raise click.UsageError(f"--template is for printed formats, and {', '.join(forms)} is none: take one of {printed}")


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
