"""One command over several deals: a pattern such as 'SMT-*', or --all, in place of DEAL. One failing deal never stops the rest."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from cli.common import Settings, stop
from ledger.core.problems import Problem, ProblemsFound

if TYPE_CHECKING:
    from ledger.store.engine import Store


class Outcome(NamedTuple):
    """What a command did with one deal: the text it prints, the value it prints as JSON, a note for the person, and what went wrong."""

    text: str
    value: Any
    note: str = ""
    problems: tuple[Problem, ...] = ()


class OfDeals(click.Command):
    """A command that takes `--all` in place of DEAL."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        valued = {name: option.nargs for option in self.get_params(ctx) if isinstance(option, click.Option) and not option.is_flag for name in option.opts}
        return super().parse_args(ctx, list(_with_pattern(args, valued)))


def _with_pattern(args: Iterable[str], valued: Mapping[str, int]) -> Iterator[str]:
    """`*` for each `--all` that is no option's value and does not stand after `--`. `valued`: how many values follow an option."""
    left = iter(args)
    for argument in left:
        yield "*" if argument == "--all" else argument
        yield from left if argument == "--" else islice(left, valued.get(argument, 0))


def is_pattern(deal: str) -> bool:
    """A deal's id has none of these characters."""
    return any(character in deal for character in "*?[")


def chosen(store: Store, pattern: str) -> list[str]:
    """The deals of the database that a pattern means, by name. Raises ProblemsFound where it means none."""
    with store.reading() as reader:
        names = [row.name for row in reader.deals() if fnmatchcase(row.name, pattern)]
    if not names:
        fact = "there are no deals in this database" if pattern == "*" else f"no deal is named like {pattern}"
        raise ProblemsFound([Problem(fact, "see `tranche deal list`")])
    return names


def print_each(settings: Settings, store: Store, deal: str, one: Callable[[str], Outcome]) -> None:
    """Do one thing with a deal, or with each that a pattern means, and print what came of it."""
    several = is_pattern(deal)
    print_outcomes(settings, dict(each(chosen(store, deal), one)) if several else {deal: one(deal)}, several=several)


def print_outcomes(settings: Settings, outcomes: Mapping[str, Outcome], *, several: bool, last: str = "") -> None:
    """What came of each, by name, and a `last` line for the person; with exit code 1 at the end where anything went wrong."""
    if settings.json:
        values = {name: outcome.value for name, outcome in outcomes.items()}
        click.echo(json.dumps(values if several else next(iter(values.values())), sort_keys=True))
    for name, outcome in outcomes.items():
        if not settings.json and outcome.text:
            click.echo(_headed(name, outcome.text) if several else outcome.text)
        if outcome.note:
            click.echo(outcome.note, err=True)
    if last and not settings.json:
        click.echo(last)
    problems = [problem for outcome in outcomes.values() for problem in outcome.problems]
    if problems:
        stop(problems)


def each(names: Iterable[str], one: Callable[[str], Outcome]) -> Iterator[tuple[str, Outcome]]:
    """Do one thing for each name; what goes wrong with one is kept, and does not stop the rest."""
    for name in names:
        try:
            yield name, one(name)
        except ProblemsFound as found:
            yield name, Outcome("", None, problems=tuple(_of_one(problem, name) for problem in found.problems))


def _headed(name: str, text: str) -> str:
    """Each line with its deal, so that a search through the output finds both."""
    return "\n".join(f"{name}: {line}" for line in text.splitlines())


def _of_one(problem: Problem, name: str) -> Problem:
    """The problem with the name, unless its place says it already."""
    if name in problem.place:
        return problem
    return replace(problem, place=f"{name}, {problem.place}" if problem.place else name)
