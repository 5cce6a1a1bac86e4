"""What all commands share: the options that may stand before or after a command's name, files in and out, and problems as a list on stderr."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Concatenate, ParamSpec, TypeVar

import click

from ledger.core.problems import Problem, ProblemsFound

if TYPE_CHECKING:
    from ledger.service.actors import Proof
    from ledger.store.engine import Store
    from ledger.store.evidence_key import EvidenceKey
    from ledger.store.keys import Signer

P = ParamSpec("P")
R = TypeVar("R")
AnyFunction = TypeVar("AnyFunction", bound=Callable[..., Any])

DATABASE = "sqlite:///tranche.db"
_CHOSEN = "tranche.chosen"


@dataclass(frozen=True, slots=True)
class Settings:
    """The shared options as they hold for one command."""

    database: str
    declared: str | None
    json: bool
    key: Path | None = None
    evidence_key: Path | None = None

    def actor_in(self, store: Store) -> str:
        """Who is writing: the one whose key --key names, else the database's own user where it has users, else who is declared, else the user of the system.

        From here on the store signs with that key. Raises ProblemsFound for a key that is none or is not on the database's list, and for another actor than
        the one that is proven.
        """
        from ledger import service

        store.signer = _signer(self.key) if self.key else None
        named = service.signing_as(store)
        proven = named or store.user()
        if proven is None:
            return self.declared or _user()
        if self.declared not in (None, proven):
            how, remedy = (
                ("whose key --key names", "leave out --actor") if named else ("as whom the database is open", "connect as that user, or leave out --actor")
            )
            raise ProblemsFound([Problem(f"the actor is {proven}, {how}, and not {self.declared}", remedy)])
        return proven

    @contextmanager
    def store(self) -> Iterator[Store]:
        """The database, closed at the end; files are kept there with the key of `--evidence-key`. It must have its tables."""
        from ledger.store.engine import Store

        store = Store(self.database)
        store.evidence_key = _evidence_key(self.evidence_key) if self.evidence_key else None
        try:
            yield store
        finally:
            store.close()


def _keep(ctx: click.Context, option: click.Parameter, value: object) -> None:
    """Note what was given; what stands after the command's name is read last and holds."""
    if value not in (None, False):
        ctx.find_root().meta.setdefault(_CHOSEN, {})[option.name] = value


def common_options(command: AnyFunction) -> AnyFunction:
    """`--database`, `--actor`, `--key` and `--json`, on the program and on every command."""
    for option in (
        click.option("--json", is_flag=True, expose_value=False, callback=_keep, help="Print JSON, for scripts."),
        click.option(
            "--key",
            type=click.Path(path_type=Path),
            metavar="FILE",
            expose_value=False,
            callback=_keep,
            help="Sign with this Ed25519 private key (TRANCHE_KEY), and write as the actor that `tranche actor` lists it for.",
        ),
        click.option(
            "--actor",
            metavar="NAME",
            expose_value=False,
            callback=_keep,
            help="Who is writing, on SQLite (TRANCHE_ACTOR; else the user of the system); on PostgreSQL it is the database's user.",
        ),
        click.option("--database", metavar="URL", expose_value=False, callback=_keep, help=f"Where the books are (TRANCHE_DATABASE; else {DATABASE})."),
    ):
        command = option(command)
    return command


def settings() -> Settings:
    """What the options say, else the environment, else the usual values."""
    chosen = click.get_current_context().find_root().meta.get(_CHOSEN, {})
    database = chosen.get("database") or os.environ.get("TRANCHE_DATABASE") or DATABASE
    key = chosen.get("key") or os.environ.get("TRANCHE_KEY")
    actor = chosen.get("actor") or os.environ.get("TRANCHE_ACTOR")
    return Settings(database, actor, bool(chosen.get("json")), Path(key) if key else None, chosen.get("evidence_key"))


def _signer(path: Path) -> Signer:
    """The private key of a file. Raises ProblemsFound, with the file's name."""
    from ledger.store import keys

    try:
        return keys.read_private(read_file(path))
    except ProblemsFound as found:
        raise ProblemsFound(problem.at(str(path)) for problem in found.problems) from None


def _evidence_key(path: Path) -> EvidenceKey:
    """The evidence key of a file. Raises ProblemsFound, with the file's name."""
    from ledger.store import evidence_key

    try:
        return evidence_key.read(read_file(path))
    except ProblemsFound as found:
        raise ProblemsFound(problem.at(str(path)) for problem in found.problems) from None


def _user() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, in a container for instance
        return "unknown"


def with_settings(function: Callable[Concatenate[Settings, P], R]) -> Callable[P, R]:
    """Hand a command its settings as the first argument, and give it the shared options."""

    @wraps(function)
    def command(*args: P.args, **kwargs: P.kwargs) -> R:
        return function(settings(), *args, **kwargs)

    return common_options(command)


# Files ------------------------------------------------------------------------------------------------------------------


MOST_BYTES = 250_000_000
"""Of any file that is read whole; what is smaller by its nature has a limit of its own where it is understood."""


def read_file(path: Path) -> bytes:
    """A file's bytes. Raises ProblemsFound where it cannot be read, or is larger than anything that the books take, such as a device without end."""
    try:
        with path.open("rb") as stream:
            body = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise ProblemsFound([file_problem(error, str(path))]) from None
    if len(body) > MOST_BYTES:
        raise ProblemsFound([Problem(f"the file has more than {MOST_BYTES:,} bytes", "name another one, or split it", place=str(path))])
    return body


def readable(path: Path) -> Path:
    """A file that is read in parts, however large. Raises ProblemsFound where it cannot be read."""
    try:
        with path.open("rb") as stream:
            stream.read(1)
    except OSError as error:
        raise ProblemsFound([file_problem(error, str(path))]) from None
    return path


def write_output(body: bytes | str, path: Path | None) -> None:
    """To a file, or to standard output as it is. Raises ProblemsFound where the file cannot be written."""
    data = body.encode() if isinstance(body, str) else body
    if path is None:
        click.echo(data, nl=False)
        return
    try:
        path.write_bytes(data)
    except OSError as error:
        raise ProblemsFound([file_problem(error, str(path))]) from None


@contextmanager
def writing_output(path: Path) -> Iterator[BinaryIO]:
    """A file to be written piece by piece: under another name until it is whole, and gone where it never is. Raises ProblemsFound."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    try:
        with unfinished.open("wb") as stream:
            yield stream
        unfinished.replace(path)
    except OSError as error:
        raise ProblemsFound([file_problem(error, str(path))]) from None
    finally:
        unfinished.unlink(missing_ok=True)


def file_problem(error: OSError, name: str) -> Problem:
    """What the operating system says about a file, in words that say what to do."""
    match error:
        case FileNotFoundError():
            return Problem("there is no such file or directory", "check the path", place=name)
        case IsADirectoryError():
            return Problem("this is a directory", "name a file in it", place=name)
        case PermissionError():
            return Problem("permission denied", "ask for the right to read or write it", place=name)
        case FileExistsError() | NotADirectoryError():
            return Problem("this, or a folder on its way, is a file", "name a directory", place=name)
        case _:
            return Problem(error.strerror or str(error), "look at the path, and at the room on its disk", place=name)


# Dates and positions ----------------------------------------------------------------------------------------------------


class Day(click.ParamType[str]):
    """A date, or the beginning of one: `2025-04` stands for the one period whose scheduled date begins so."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        parts = str(value).split("-")
        if [len(part) for part in parts] not in ([4], [4, 2], [4, 2, 2]) or not all(part.isdecimal() for part in parts):
            self.fail(f"`{value}` is not a date: write 2025-04-25, or 2025-04 for the period of that month", param, ctx)
        return str(value)


KNOWN_AT = click.option(
    "--known-at", metavar="POSITION|TIME|DATE", help="As known then: a commit's position, a time with its offset, or the end of a day where the deal is."
)
EVIDENCE_KEY = click.option(
    "--evidence-key",
    envvar="TRANCHE_EVIDENCE_KEY",
    type=click.Path(path_type=Path),
    metavar="FILE",
    expose_value=False,
    callback=_keep,
    help="The key under which files are kept (TRANCHE_EVIDENCE_KEY); see `tranche evidence key`.",
)
OUTPUT = click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write to FILE.")


def counted(number: int, one: str, many: str = "") -> str:
    """`1 fee`, `2 fees`; a word whose plural is not its own with an s comes with it."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def who_acted(proof: Proof) -> str:
    """How far commits prove who made them, in words."""
    ways = {
        "signed with a listed key": proof.signed,
        "by the database's user": proof.database_user,
        "by a declared actor, which proves nothing": proof.declared,
    }
    return "who acted: " + (", ".join(f"{counted(number, 'commit')} {how}" for how, number in ways.items() if number) or "nobody yet")


# Problems, and what takes long ------------------------------------------------------------------------------------------


def list_problems(problems: Any) -> None:
    """Each problem on its own line of standard error."""
    for problem in problems:
        click.echo(str(problem), err=True)


def stop(problems: Any) -> None:
    """List problems and end the program with exit code 1."""
    list_problems(problems)
    click.get_current_context().exit(1)


@contextmanager
def progress(seconds: float = 1.0) -> Iterator[Callable[[str], None]]:
    """A line on a terminal's standard error that says how far something is, once it takes longer than a second; nothing anywhere else."""
    begun, widest, terminal = time.monotonic(), 0, sys.stderr

    def show(text: str) -> None:
        nonlocal widest
        if terminal.isatty() and time.monotonic() - begun > seconds:
            terminal.write(f"\r{text.ljust(widest)}")
            terminal.flush()
            widest = max(widest, len(text))

    try:
        yield show
    finally:
        if widest:
            terminal.write(f"\r{' ' * widest}\r")


def example(line: str) -> str:
    """The end of a command's help: a line that runs after `tranche demo`."""
    return f"\b\nExample, after `tranche demo`:\n  {line}"


DEMO = "tranche --database sqlite:///tranche-demo/books.db"
