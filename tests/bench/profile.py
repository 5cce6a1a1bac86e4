"""Where the time of ours goes: the timed part of each figure, its set-up left out, as a tree of calls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pyinstrument import Profiler

from tests.bench.figure import WATCHED, Figure
from tests.bench.setting import Setting

TIMES = 5
"""Runs that are watched: a figure of a few milliseconds is sampled too seldom in one."""
INTERVAL = 0.0002
"""Seconds between samples."""
LEAST = 0.02
"""The share of a figure's time from which a call is shown."""


def profiles(chosen: Iterable[tuple[Figure, Setting]]) -> Iterator[tuple[str, str]]:
    """(title, tree) of each figure."""
    for figure, place in chosen:
        figure.ours(place)  # what is made once is there, and what is compiled once is compiled
        profiler = Profiler(interval=INTERVAL, async_mode="disabled")
        before = WATCHED.set(profiler)
        try:
            for _ in range(TIMES):
                figure.ours(place)
        finally:
            WATCHED.reset(before)
        yield figure.title(place.database), tree(profiler)


def tree(profiler: Profiler) -> str:
    """What a profiler saw, of the calls that took long enough."""
    if profiler.last_session is None:
        return "its time goes in a process of its own, which is not seen from here"
    return profiler.output_text(time="percent_of_total", processor_options={"filter_threshold": LEAST})
