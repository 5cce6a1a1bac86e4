"""Figures as lines of a Markdown table, each as soon as it was measured, and a table of what changed."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping
from typing import Any

from tests.bench.figure import LIMIT, Goal, Measured

_WIDTHS = (78, 10, 10, 46, 6, 20)


def header() -> Iterator[str]:
    yield _line("figure", "ours", "limit", "peer", "ratio", "goal")
    yield _line(*("-" * width for width in _WIDTHS))


def lines(measured: Measured, *, is_judged: bool) -> Iterator[str]:
    """A line for ours alone where it has a goal of its own or nothing is beside it, and one for all that is. Only the first is named."""
    first = [measured.title, number(measured.ours)]
    alone = measured.goal("")
    if alone is not None or not measured.beside:
        yield _line(*first, "", "", "", _goal(alone, measured.ours, is_judged=is_judged))
        first = ["", ""]
    for other in measured.beside:
        ratio, runs = measured.ratio(other), measured.runs[other]
        value = number(statistics.median(runs)) if runs else "not installed"
        shown = (value, "") if other == LIMIT else ("", f"{value} {other}")
        yield _line(*first, *shown, "" if ratio is None else f"{ratio:.2f}", _goal(measured.goal(other), ratio, is_judged=is_judged))
        first = ["", ""]


def _goal(goal: Goal | None, value: float | None, *, is_judged: bool) -> str:
    if goal is None or value is None or not is_judged:
        return str(goal or "")
    return f"{goal} {'met' if goal.is_met(value) else '**missed**'}"


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def _line(*cells: str) -> str:
    return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, _WIDTHS, strict=True)) + " |"


def changes(before: Mapping[str, Any], measured: list[Measured]) -> Iterator[str]:
    """Each figure that both runs have: before, now, and now by before."""
    known = {figure["figure"]: figure for figure in before["figures"]}
    yield f"since {before['version']} ({before['commit']}), {before['date']}:"
    for one in measured:
        if one.title in known:
            was = statistics.median(known[one.title]["runs"]["ours"])
            yield f"{one.title:<{_WIDTHS[0]}} {number(was):>10} -> {number(one.ours):>10}  x {one.ours / was:.2f}"
