"""Interleaved runs, medians, and the table that they are printed in."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

RUNS = 5


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured: the median of some runs, in a unit, with the goal where one was set and the runs themselves."""

    name: str
    runs: list[float]
    unit: str
    goal: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.runs)


def seconds(action: Callable[[], object]) -> float:
    """How long one call takes; rubbish of the call before is not charged to it."""
    gc.collect()
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def interleave(*actions: Callable[[], float], runs: int = RUNS) -> list[list[float]]:
    """Call each in turn, some times over, so that a slow minute of the machine falls on all; the results by action."""
    results: list[list[float]] = [[] for _ in actions]
    for _ in range(runs):
        for result, action in zip(results, actions, strict=True):
            result.append(action())
    return results


def ratio(name: str, numerator: list[float], denominator: list[float], goal: str = "") -> Figure:
    """The median of the ratios of runs made side by side."""
    return Figure(name, [one / other for one, other in zip(numerator, denominator, strict=True)], "ratio", goal)


def table(figures: Iterator[Figure]) -> Iterator[str]:
    """Lines to print, each as soon as its figure is there."""
    yield f"{'figure':<72}{'median':>12} {'unit':<12}{'goal':<10} runs"
    for figure in figures:
        runs = " ".join(_number(run) for run in sorted(figure.runs))
        yield f"{figure.name:<72}{_number(figure.median):>12} {figure.unit:<12}{figure.goal:<10} {runs}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"
