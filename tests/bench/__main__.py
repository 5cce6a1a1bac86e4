"""`python -m tests.bench`: every figure, ours and what is beside it measured in the same minutes, on both databases. docs/performance.md explains them."""

from __future__ import annotations

import argparse
import gc
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import chain, starmap
from pathlib import Path

from tests.bench import profile, results, table
from tests.bench.figure import Figure, Measured, measure
from tests.bench.figures import GROUPS
from tests.bench.setting import POSTGRESQL, SMALL, SQLITE, Fresh, Setting, Sizes, postgresql_databases, setting, sqlite_databases
from tests.servers import create_template, drop_database, serve_postgresql


@contextmanager
def databases(server: str, *, is_small: bool) -> Iterator[tuple[Path, Mapping[str, Fresh | None]]]:
    """A folder for files, and what makes databases of either kind, or of none."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        template = create_template(server)
        is_ours = is_small and "TRANCHE_TEST_POSTGRESQL" not in os.environ
        if not is_ours:
            stack.callback(drop_database, server, template)
        yield folder, {SQLITE: sqlite_databases(folder), POSTGRESQL: postgresql_databases(server, template, is_ours=is_ours), "": None}


@contextmanager
def _nothing_older_searched() -> Iterator[None]:
    """What was imported is no rubbish: it is looked through once, not before every run."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def chosen(server: str, sizes: Sizes, only: str = "") -> Iterator[tuple[Figure, Setting]]:
    """Every figure whose title holds a text, with what it is measured on."""
    with databases(server, is_small=sizes.is_small) as (folder, made), _nothing_older_searched():
        for group in GROUPS:
            for database, fresh in made.items():
                figures = [figure for figure in group if database in figure.databases and only.lower() in figure.title(database).lower()]
                with setting(database, sizes, folder, fresh) as place:
                    yield from ((figure, place) for figure in figures)


def run(server: str, arguments: argparse.Namespace) -> None:
    """Measure or profile."""
    figures = chosen(server, _sizes(arguments), arguments.only)
    if not arguments.profile:
        compare(server, arguments, starmap(measure, figures))
        return
    for title, tree in profile.profiles(figures):
        _print(iter((title, tree)))


def compare(server: str, arguments: argparse.Namespace, measured: Iterator[Measured]) -> None:
    """Print each figure as soon as it is there; keep and compare the results where that is asked for."""
    sizes = _sizes(arguments)
    before = results.read(arguments.against) if arguments.against else None
    about = results.environment(server, sizes)
    done = list[Measured]()
    _print(table.header())
    for one in measured:
        _print(table.lines(one, is_judged=not sizes.is_small))
        done.append(one)
    if arguments.json:
        results.write(arguments.json, about, done)
    if before:
        _print(table.changes(before, done))


def _print(lines: Iterator[str]) -> None:
    for line in lines:
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _sizes(arguments: argparse.Namespace) -> Sizes:
    asked = {name: getattr(arguments, name) for name in ("runs", "deals", "rows") if getattr(arguments, name) is not None}
    return replace(SMALL if arguments.small else Sizes(), **asked)


def parse(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", default="", metavar="TEXT", help="the figures whose title holds TEXT, such as 'SQLite: append'")
    parser.add_argument("--small", action="store_true", help="see in seconds whether everything runs; the figures mean nothing")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the results, every run of them")
    parser.add_argument("--together", type=Path, nargs="+", metavar="FILE", help="measure nothing: print the table of results that were kept, as one")
    parser.add_argument("--profile", action="store_true", help="measure nothing: show where the time of ours goes")
    parser.add_argument("--against", type=Path, metavar="FILE", help="compare with results that were kept earlier")
    for name, what in (("runs", "runs of each"), ("deals", "deals of the month-end"), ("rows", "rows of the file that is imported")):
        parser.add_argument(f"--{name}", type=int, metavar="N", help=what)
    return parser.parse_args(words)


def main() -> None:
    arguments = parse(sys.argv[1:])
    if arguments.together:
        _print(chain(table.header(), *(table.lines(one, is_judged=True) for one in results.together(arguments.together, GROUPS))))
        return
    with serve_postgresql() as server:
        run(server, arguments)


if __name__ == "__main__":
    main()
