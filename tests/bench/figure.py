"""A figure: what of ours is measured, beside which limit and which peers, and what it should come to."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from tests.bench.setting import POSTGRESQL, SQLITE, Setting

OURS, LIMIT = "ours", "limit"
EITHER, NEITHER = (SQLITE, POSTGRESQL), ("",)
Run: TypeAlias = Callable[[Setting], float]
"""Does one thing once, and gives what it took in the unit of its figure."""


@dataclass(frozen=True, slots=True)
class Goal:
    """What a median should reach, or what its ratio to the limit or to a peer should (`of`); `on` one database, where the two differ."""

    bound: float
    is_least: bool
    of: str = ""
    on: str = ""

    def is_met(self, value: float) -> bool:
        return value >= self.bound if self.is_least else value <= self.bound

    def __str__(self) -> str:
        return f"{'>=' if self.is_least else '<='} {self.bound:,g}"


def at_least(bound: float, *, of: str = "", on: str = "") -> Goal:
    return Goal(bound, True, of, on)


def at_most(bound: float, *, of: str = "", on: str = "") -> Goal:
    return Goal(bound, False, of, on)


@dataclass(frozen=True, slots=True)
class Figure:
    """`ours` and what runs beside it, all in one unit. The limit is what the machine allows, a peer is what else does it; `runs` where not the usual number."""

    name: str
    unit: str
    ours: Run
    limit: Run | None = None
    peers: Mapping[str, Run] = field(default_factory=dict)
    goals: Sequence[Goal] = ()
    databases: Sequence[str] = EITHER
    runs: int | None = None

    def title(self, database: str) -> str:
        """Its name on one of its databases."""
        return f"{database}: {self.name}, {self.unit}" if database else f"{self.name}, {self.unit}"

    def goals_on(self, database: str) -> list[Goal]:
        return [goal for goal in self.goals if goal.on in ("", database)]


@dataclass(frozen=True, slots=True)
class Measured:
    """The runs of ours, of the limit and of each peer; none of what is not installed."""

    title: str
    runs: Mapping[str, Sequence[float]]
    goals: Sequence[Goal]

    @property
    def ours(self) -> float:
        return statistics.median(self.runs[OURS])

    @property
    def beside(self) -> list[str]:
        """What ours was measured against: the limit first."""
        return [name for name in self.runs if name != OURS]

    def ratio(self, other: str) -> float | None:
        """Ours by the other, side by side: the median over the runs. None for what is not installed."""
        pairs = zip(self.runs[OURS], self.runs[other], strict=False)
        return statistics.median(ours / theirs for ours, theirs in pairs) if self.runs[other] else None

    def goal(self, of: str) -> Goal | None:
        return next((goal for goal in self.goals if goal.of == of), None)


WATCHED: ContextVar[AbstractContextManager[Any]] = ContextVar("WATCHED", default=nullcontext())  # noqa: B039  # it has no state
"""What the timed part of a run is entered in: a profiler, where one is asked for."""


def seconds(action: Callable[[], object]) -> float:
    """How long one call takes; rubbish of the call before is not charged to it."""
    gc.collect()
    with WATCHED.get():
        started = time.perf_counter()
        action()
        return time.perf_counter() - started


def measure(figure: Figure, setting: Setting) -> Measured:
    """Ours and what is beside it in turn, some times over, every second time backwards, so that a slow minute of the machine falls on all."""
    contestants = {OURS: figure.ours, **({LIMIT: figure.limit} if figure.limit else {}), **figure.peers}
    runs: dict[str, list[float]] = {name: [] for name in contestants}
    absent = set[str]()
    times = setting.sizes.runs if setting.sizes.is_small else figure.runs or setting.sizes.runs
    for number in range(times):
        for name in [*contestants][:: -1 if number % 2 else 1]:
            if name not in absent:
                _run(contestants[name], setting, runs[name], absent, name)
    return Measured(figure.title(setting.database), runs, figure.goals_on(setting.database))


def _run(run: Run, setting: Setting, results: list[float], absent: set[str], name: str) -> None:
    """One run; what needs a package that is not installed has none, save ours."""
    try:
        results.append(run(setting))
    except ModuleNotFoundError:
        if name == OURS:
            raise
        absent.add(name)
