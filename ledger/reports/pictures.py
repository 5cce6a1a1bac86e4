"""Charts as pictures, by matplotlib: SVG, PNG or PDF, the same bytes on every run.

Made to be read in print, in grey and by who cannot tell colours apart: bands and bars go from dark to light and have hatches, lines have their own dashes
and marks, and each series is named beside its end. Axes of amounts begin at zero. Text in an SVG is drawn as shapes, so that it needs no font.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from xml.sax.saxutils import escape, quoteattr

from ledger.reports.charts import Chart, Series
from ledger.reports.extras import missing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Picture = Literal["svg", "png", "pdf"]

WIDTH, HEIGHT = 7.4, 3.5
"""Inches of one chart."""
FILLS = ("#0b3c5d", "#6fa3c8", "#2f6f9f", "#b7d3e8", "#4a4a4a", "#a8a8a8", "#7a7a7a", "#dedede")
HATCHES = ("", "", "////", "", "....", "\\\\\\\\", "xxxx", "")
LINES = ("#0b3c5d", "#b3541e", "#2f7d4f", "#4a4a4a", "#6a51a3", "#7a5c00", "#1f78b4", "#8c2d04")
DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1, 1.2)), (0, (6, 1.5, 1, 1.5)), (0, (3, 1)), (0, (8, 2)), (0, (4, 1, 1, 1, 1, 1)), (0, (2, 2)))
MARKS = "os^Dv<>P"
STACKED = ("band", "bar")
FEW = 40
"""Up to so many points, each is marked."""
MOST_TICKS = 8
LONGEST_NAME = 26
"""Characters of a name beside its series; of a longer one the middle is left out."""
STYLE: Mapping[str, Any] = {
    "svg.fonttype": "path", "svg.hashsalt": "tranche", "font.size": 8.5, "axes.titlesize": 10, "axes.spines.top": False, "axes.spines.right": False,
    "axes.edgecolor": "#555555", "axes.grid": True, "axes.grid.axis": "y", "axes.axisbelow": True, "grid.color": "#e2e2e2", "grid.linewidth": 0.6,
    "hatch.linewidth": 0.5, "text.parse_math": False, "figure.dpi": 100, "savefig.dpi": 160, "path.simplify": False, "axes.unicode_minus": False,
    "xtick.color": "#333333", "ytick.color": "#333333", "pdf.fonttype": 42, "lines.solid_capstyle": "butt",
}  # fmt: skip


@lru_cache(maxsize=16)
def svg(chart: Chart) -> bytes:
    """One chart as an SVG element with its title and description, ready to stand in a page. Raises ProblemsFound where matplotlib is not installed.

    The last ones drawn are kept: a distribution day asks for those of a deal for its page, and again for its PDF.
    """
    with _styled():
        figure = _figure(1)
        _draw(figure, figure.add_gridspec(1, 1), 0, chart)
        return _element(_saved(figure, "svg"), chart.key, chart.title, chart.description)


def picture(charts: Sequence[Chart], ending: Picture) -> bytes:
    """All charts below each other in one file. Raises ProblemsFound where matplotlib is not installed."""
    with _styled():
        figure = _figure(len(charts))
        grid = figure.add_gridspec(len(charts), 1, hspace=0.3)
        for row, chart in enumerate(charts):
            _draw(figure, grid, row, chart)
        body = _saved(figure, ending)
    return _element(body, "charts", "; ".join(chart.title for chart in charts), " ".join(chart.description for chart in charts)) if ending == "svg" else body


# The page -------------------------------------------------------------------------------------------------------------


@contextmanager
def _styled() -> Iterator[None]:
    """matplotlib as it comes, whatever the machine's settings are, in the style of our charts; no display is ever opened."""
    try:
        import matplotlib as plotting
        import matplotlib.style as styles
    except ImportError:
        raise missing("matplotlib", "a picture", "pdf") from None
    with styles.context(["default", dict(STYLE)]):
        plotting.rcParams["svg.id"] = None
        yield


def _figure(charts: int) -> Figure:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, HEIGHT * charts))
    top, bottom = 0.42 / (HEIGHT * charts), 0.42 / (HEIGHT * charts)
    figure.subplots_adjust(left=0.095, right=0.79, top=1 - top, bottom=bottom)
    return figure


def _saved(figure: Figure, ending: Picture) -> bytes:
    """The figure as a file without a date, in the font that comes with matplotlib."""
    from matplotlib import get_data_path
    from matplotlib.font_manager import FontProperties
    from matplotlib.text import Text

    fonts = Path(get_data_path()) / "fonts" / "ttf"
    for text in figure.findobj(Text):
        file = "DejaVuSans-Bold.ttf" if text.get_fontweight() == "bold" else "DejaVuSans.ttf"
        text.set_fontproperties(FontProperties(fname=str(fonts / file), size=text.get_fontsize()))
    stream = io.BytesIO()
    nothing: dict[Picture, dict[str, Any]] = {
        "svg": {"Date": None, "Creator": None, "Format": None, "Type": None},
        "png": {"Software": None},
        "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    }
    figure.savefig(stream, format=ending, metadata=nothing[ending], facecolor="white")
    return stream.getvalue()


_NAMED = re.compile(rb'(id="|href="#|url\(#)')


def _element(body: bytes, key: str, title: str, description: str) -> bytes:
    """The SVG element alone, with names of its own (several may stand in one page), and what it shows in words."""
    at, end = body.index(b"<svg "), body.index(b">", body.index(b"<svg "))
    words = f"<title>{escape(title)}</title><desc>{escape(description)}</desc>".encode()
    said = f' role="img" aria-label={quoteattr(title)}>'.encode()
    return body[at:end] + said + words + _NAMED.sub(rb"\g<1>" + key.encode() + b"-", body[end + 1 :])


# A chart --------------------------------------------------------------------------------------------------------------


def _draw(figure: Figure, grid: Any, row: int, chart: Chart) -> None:
    """A chart in its row of the page: an axis for each panel, all over the same dates."""
    inner = grid[row, 0].subgridspec(len(chart.panels), 1, hspace=0.28, height_ratios=_heights(chart))
    days = [day for series in chart.series for day in series.dates]
    for place, panel in enumerate(chart.panels):
        axes = figure.add_subplot(inner[place, 0])
        own = [series for series in chart.series if series.panel == panel]
        _plot(axes, own)
        _scale(axes, own, chart.unit)
        _date_ticks(axes, min(days), max(days), bars=any(series.mark == "bar" for series in own), count=len(own[0].dates))
        _name(axes, own)
        if panel:
            axes.annotate(panel, (0, 1), xycoords="axes fraction", xytext=(0, 4), textcoords="offset points", fontsize=7.5, color="#333333")
        if place == 0:
            axes.set_title(chart.title, loc="left", fontweight="bold", pad=14 if panel else 8)
        if place < len(chart.panels) - 1:
            axes.tick_params(labelbottom=False)


def _heights(chart: Chart) -> list[int]:
    """Panels share the height of a chart by what they hold."""
    return [1 + min(2, sum(series.panel == panel for series in chart.series)) for panel in chart.panels]


def _plot(axes: Axes, series: Sequence[Series]) -> None:
    """Bands and bars upon each other (bars below zero under each other), lines over them."""
    above, below = ([0.0] * len(series[0].dates) for _ in range(2))
    for order, each in enumerate(series):
        values = [value if value is not None else 0.0 for value in each.values]
        floor = [low if value < 0 else high for low, high, value in zip(below, above, values, strict=True)] if each.mark in STACKED else above
        match each.mark:
            case "band":
                tops = [low + value for low, value in zip(floor, values, strict=True)]
                axes.fill_between(_numbers(each.dates), floor, tops, facecolor=FILLS[order], hatch=HATCHES[order], edgecolor="white", linewidth=0.6)
            case "bar":
                width = _bar_width(each.dates)
                axes.bar(_numbers(each.dates), values, width, floor, facecolor=FILLS[order], hatch=HATCHES[order], edgecolor="white", linewidth=0.4)
            case _:
                _line(axes, each, order)
        if each.mark in STACKED:
            above = [high + max(0.0, value) for high, value in zip(above, values, strict=True)]
            below = [low + min(0.0, value) for low, value in zip(below, values, strict=True)]


def _line(axes: Axes, series: Series, order: int) -> None:
    values = [float("nan") if value is None else value for value in series.values]
    marked = len(series.dates) <= FEW
    outline = series.mark == "outline"
    if outline:  # upon white, so that it shows over dark bars
        axes.plot(_numbers(series.dates), values, color="white", linewidth=3, zorder=3)
    axes.plot(
        _numbers(series.dates), values, color="black" if outline else LINES[order], linestyle=(0, (2, 1)) if outline else DASHES[order], linewidth=1.3,
        marker=MARKS[order % len(MARKS)] if marked else "", markersize=3.2, markerfacecolor="white", clip_on=False, zorder=4,
    )  # fmt: skip


def _numbers(days: Sequence[date]) -> list[float]:
    """Days as matplotlib counts them, which needs no time zone."""
    return [float(day.toordinal()) for day in days]


def _bar_width(days: Sequence[date]) -> float:
    """Most of the time between two bars."""
    return 0.78 * min((float((later - day).days) for day, later in pairwise(days)), default=20.0)


# Scales ---------------------------------------------------------------------------------------------------------------


def _scale(axes: Axes, series: Sequence[Series], unit: str) -> None:
    """From zero to somewhat above the highest value, with few ticks, in percent, or in millions or thousands."""
    lowest, highest = _reach(series)
    axes.set_ylim(lowest * 1.1, highest * 1.06 or 1.0)
    axes.locator_params(axis="y", nbins=5)
    size, word = (0.01, "%") if unit == "%" else (1e6, f"{unit} millions") if highest >= 1e6 else (1e3, f"{unit} thousands")
    ticks = [tick for tick in axes.get_yticks() if axes.get_ylim()[0] <= tick <= axes.get_ylim()[1]]
    axes.set_yticks(ticks, [f"{round(tick / size, 6):,g}" if tick / size < 1e6 else f"{tick / size:,.0f}" for tick in ticks])
    axes.set_ylabel(word)
    if lowest < 0:
        axes.axhline(0, color="#555555", linewidth=0.6)


def _reach(series: Sequence[Series]) -> tuple[float, float]:
    """The bottom (zero, or what lies below it) and the top of the stack, or of what stands by itself."""
    stacked = [[value or 0.0 for value in each.values] for each in series if each.mark in STACKED]
    columns = list(zip(*stacked, strict=True))
    alone = [value for each in series if each.mark not in STACKED for value in each.values if value is not None]
    tops = [sum(max(0.0, value) for value in column) for column in columns]
    bottoms = [sum(min(0.0, value) for value in column) for column in columns]
    return min([0.0, *bottoms, *alone]), max([0.0, *tops, *alone])


def _date_ticks(axes: Axes, first: date, last: date, *, bars: bool, count: int) -> None:
    """A few dates on round months or years."""
    margin = (0.6 * 365 if count > 1 and (last - first).days / max(1, count - 1) > 200 else 18.0) if bars else max(1.0, (last - first).days * 0.01)
    axes.set_xlim(first.toordinal() - margin, last.toordinal() + margin)
    ticks = list(_round_dates(first, last))
    axes.set_xticks(_numbers([day for day, _ in ticks]), [label for _, label in ticks])


@dataclass(frozen=True, slots=True)
class _Step:
    """So many months between two ticks."""

    months: int

    def days(self, first: date, last: date) -> Iterator[date]:
        count = first.year * 12 + first.month - 1
        for month in range(-(-count // self.months) * self.months, last.year * 12 + last.month, self.months):
            day = date(month // 12, month % 12 + 1, 1)
            if day >= first:
                yield day


def _round_dates(first: date, last: date) -> Iterator[tuple[date, str]]:
    """The first step that gives few enough ticks; of a history of days, its ends."""
    for step in map(_Step, (1, 2, 3, 6, 12, 24, 60, 120)):
        days = list(step.days(first, last))
        if len(days) <= MOST_TICKS:
            break
    if len(days) < 2:
        days = sorted({first, last})
        yield from ((day, day.isoformat()) for day in days)
    else:
        yield from ((day, f"{day:%Y}" if step.months >= 12 else f"{day:%Y-%m}") for day in days)


# Names ----------------------------------------------------------------------------------------------------------------


def _name(axes: Axes, series: Sequence[Series]) -> None:
    """Each series by its name on the right: those of a stack beside a sample, top to bottom as they lie, the others where they end."""
    stacked = [(order, each) for order, each in enumerate(series) if each.mark in STACKED]
    low, high = axes.get_ylim()
    if stacked:
        _legend(axes, series)
        return
    ends = [((_end(each) - low) / (high - low), order, each.name) for order, each in enumerate(series)]
    at = {order: end for end, order, _ in ends}
    for place, order, name in _apart(ends, 0.085 * 3.4 / _panel_height(axes)):
        axes.plot((1.0, 1.018), (at[order], place), transform=axes.transAxes, color=LINES[order], linewidth=0.5, clip_on=False)
        axes.annotate(
            shortened(name), (1.024, place), xycoords="axes fraction", color=LINES[order], va="center", fontsize=8, annotation_clip=False,
        )  # fmt: skip


def _panel_height(axes: Axes) -> float:
    """Inches of an axis."""
    return float(axes.get_window_extent().height / STYLE["figure.dpi"])


def _legend(axes: Axes, series: Sequence[Series]) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    samples: list[tuple[Any, str]] = []
    for order, each in enumerate(series):
        if each.mark in STACKED:
            samples.insert(0, (Patch(facecolor=FILLS[order], hatch=HATCHES[order], edgecolor="white", linewidth=0.4), shortened(each.name)))
        else:
            mark = MARKS[order % len(MARKS)] if len(each.dates) <= FEW else ""
            samples.append(
                (Line2D([], [], color="black", linestyle=(0, (2, 1)), linewidth=1.3, marker=mark, markersize=3.2, markerfacecolor="white"), each.name)
            )
    axes.legend(
        [sample for sample, _ in samples], [name for _, name in samples], loc="upper left", bbox_to_anchor=(1.01, 1.02), frameon=False, fontsize=8,
        handlelength=2.2, borderaxespad=0, labelspacing=0.6,
    )  # fmt: skip


def _end(series: Series) -> float:
    """Where a line ends."""
    return next((value for value in reversed(series.values) if value is not None), 0.0)


def _apart(ends: list[tuple[float, int, str]], gap: float) -> list[tuple[float, int, str]]:
    """Places moved up until no two are nearer than a gap, and all down again where they leave the axis."""
    placed: list[tuple[float, int, str]] = []
    for place, order, name in sorted(ends):
        placed.append((max(place, placed[-1][0] + gap) if placed else place, order, name))
    over = max(0.0, placed[-1][0] - 1.0)
    for index in range(len(placed) - 1, -1, -1):
        place, order, name = placed[index]
        above = placed[index + 1][0] if index + 1 < len(placed) else None
        wanted = place - over if above is None else min(place, above - gap)
        placed[index] = (wanted, order, name)
    return placed


def shortened(name: str) -> str:
    """A name that fits beside its series; what the font of the pictures does not draw is a question mark."""
    plain = "".join(character if character.isprintable() and ord(character) < 0x250 else "?" for character in name)
    return plain if len(plain) <= LONGEST_NAME else f"{plain[: LONGEST_NAME - 12]}...{plain[-9:]}"
