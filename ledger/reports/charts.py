"""The pictures of a deal's life: which there are, and what each shows. `ledger.reports.plot` draws them.

A chart is plain values, for whoever draws it otherwise, a spreadsheet for instance. Its numbers are for looking at (floats, whole currency or parts of
one); every figure that is printed comes from a statement. A chart that would be empty is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from ledger.core.history import CASH, History
from ledger.core.performance import PoolMonth
from ledger.core.statement import Figure, Statement

MOST_BANDS = 8
"""How many bands of a stack, or lines, can be told apart; the smallest of more are drawn as one, or left out of a picture of lines."""
MOST_BARS = 72
"""Of more periods than this, the bars show years."""

Mark = Literal["line", "band", "bar", "outline"]
"""How a series is drawn: by itself, upon the one before it (bands and bars), or as a line around all bars or bands."""


@dataclass(frozen=True, slots=True)
class Series:
    """Values by date; None where there is none. `panel` names the axis it belongs to, where a chart has several."""

    name: str
    dates: tuple[date, ...]
    values: tuple[float | None, ...]
    mark: Mark = "line"
    panel: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture. `description` says it in words, for who cannot see it; `unit` is a currency, or `%` for parts of one."""

    key: str
    title: str
    description: str
    series: tuple[Series, ...]
    unit: str = "%"

    @property
    def panels(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(series.panel for series in self.series))


def charts(history: History) -> tuple[Chart, ...]:
    """The charts that a history has data for, in the order of a report; none before the first distribution."""
    return () if not history.distributions else tuple(chart for build in BUILDERS for chart in [build(history)] if chart is not None)


# What each shows ------------------------------------------------------------------------------------------------------


def _balances(history: History) -> Chart | None:
    """Class balances as a stack, the most senior at the bottom, and the pool's as a line."""
    classes = [_over_life(history, name, "closing_balance", mark="band") for name in history.subjects("classes")]
    pool = [_over_life(history, name, "closing_balance", mark="outline") for name in _whole_pool(history)]
    bands = _largest([series for series in classes if _moves(series)])
    outline = [replace(series, name="pool balance") for series in pool if _moves(series) and bands]
    return _chart(history, "balances", "Class balances", (*bands, *outline), _currency(history))


def _paydown(history: History) -> Chart | None:
    """What the pool lost of its balance, by reason; where servicers do not say why, in one."""
    months = [month for name in _whole_pool(history) for month in history.pools.get(name, ())]
    days = [statement.dates["distribution"] for statement in history.distributions]
    columns: list[tuple[str, Callable[[PoolMonth], int]]] = [
        ("scheduled", lambda month: month.scheduled), ("prepaid", lambda month: month.unscheduled),
        ("not told apart", _unnamed), ("defaulted", lambda month: month.defaulted),
    ]  # fmt: skip
    bars = [Series(name, tuple(days), tuple(_whole(history, column(month)) for month in months), "bar") for name, column in columns]
    loss = Series("net loss", tuple(days), tuple(_whole(history, month.loss - month.recovered) for month in months), "outline")
    found, span = _by_year(history, [series for series in (*bars, loss) if _moves(series)])
    return _chart(history, "paydown", f"Paydown of the pool and losses by {span}", found, _currency(history))


def _unnamed(month: PoolMonth) -> int:
    """By how much the pool fell beside what is named."""
    return month.opening - month.closing - month.scheduled - month.unscheduled - month.defaulted if month.unnamed else 0


def _support(history: History) -> Chart | None:
    """Credit support of each class where the deal ranks them; otherwise each class's part of all class balances."""
    names = history.subjects("classes")
    lines = [series for name in names if _moves(series := _over_life(history, name, "credit_support"))]
    if lines:
        return _chart(history, "support", "Credit support", lines[:MOST_BANDS])
    parts = _largest([_over_life(history, name, "closing_balance") for name in names])
    totals = [sum(value or 0.0 for value in values) for values in zip(*(series.values for series in parts), strict=True)]
    shares = [_of_totals(series, totals) for series in parts if _moves(series)]
    return _chart(history, "support", "Each class's part of all class balances", shares if len(shares) > 1 else [])


def _of_totals(series: Series, totals: Sequence[float]) -> Series:
    return replace(series, values=tuple((value or 0.0) / total if total else None for value, total in zip(series.values, totals, strict=True)))


def _speeds(history: History) -> Chart | None:
    """Prepayment and default rates a year and the severity of losses, of all pools together."""
    window = 3 if len(history.distributions) >= 6 else 1
    wanted = (
        (f"cpr_{window}_month", "CPR", f"rate a year, over {_months(window)}"), (f"cdr_{window}_month", "CDR", f"rate a year, over {_months(window)}"),
        ("severity_12_month", "severity", "loss on what was liquidated, over 12 months"),
    )  # fmt: skip
    found = [replace(_over_life(history, pool, item), name=name, panel=panel) for pool in _whole_pool(history) for item, name, panel in wanted]
    return _chart(history, "speeds", "Prepayments, defaults and severity", [series for series in found if _moves(series)])


def _cash(history: History) -> Chart | None:
    """What came in against what was paid out."""
    collected = replace(_over_life(history, CASH, "collected", mark="bar"), name="collected")
    distributed = replace(_over_life(history, CASH, "distributed", mark="outline"), name="distributed")
    found, span = _by_year(history, [series for series in (collected, distributed) if _moves(series)])
    return _chart(history, "cash", f"Collections against distributions by {span}", found, _currency(history))


BUILDERS = (_balances, _paydown, _support, _speeds, _cash)


# How it is put together -----------------------------------------------------------------------------------------------


def _chart(history: History, key: str, title: str, series: Sequence[Series], unit: str = "%") -> Chart | None:
    """The chart with its words; None where there is nothing to see."""
    return Chart(key, title, _in_words(history, title, series, unit), tuple(series), unit) if series else None


def _in_words(history: History, title: str, series: Sequence[Series], unit: str) -> str:
    first, last = (one.dates["distribution"] for one in (history.statements[0], history.last))
    ends = "; ".join(f"{each.name} {_ends(each, unit)}" for each in series)
    return f"{title}: {history.last.deal}, {first} to {last}{'' if unit == '%' else f', in {unit}'}. {ends}."


def _ends(series: Series, unit: str) -> str:
    """The first, the last and the highest value, as words."""
    known = [value for value in series.values if value is not None]
    first, last, highest = (f"{value:.2%}" if unit == "%" else f"{value:,.0f}" for value in (known[0], known[-1], max(known)))
    return f"from {first} to {last}, at most {highest}"


def _currency(history: History) -> str:
    return history.last.currency


def _months(count: int) -> str:
    return f"{count} months" if count > 1 else "a month"


def _whole_pool(history: History) -> list[str]:
    """The subject that stands for all pools together."""
    return history.subjects("pools")[:1]


def _over_life(history: History, subject: str, item: str, mark: Mark = "line") -> Series:
    """A figure over life. What has none at the beginning that opens the books, a movement or a rate, begins with the first distribution."""
    values = [(one.dates["distribution"], _number(one, one.figure(subject, item))) for one in history.statements]
    begun = values if values[0][1] is not None else values[1:]
    return Series(subject, tuple(day for day, _ in begun), tuple(value for _, value in begun), mark)


def _number(statement: Statement, figure: Figure | None) -> float | None:
    return None if figure is None else float(statement.exact(figure))


def _whole(history: History, amount: int) -> float:
    """An amount in whole currency."""
    return float(history.last.exact(Figure("money", amount)))


def _moves(series: Series) -> bool:
    """Whether it is anything but nil."""
    return any(series.values)


def _largest(series: Sequence[Series]) -> list[Series]:
    """The series in their order, the smallest beyond what can be told apart added up at the end."""
    if len(series) <= MOST_BANDS:
        return list(series)
    ranked = sorted(series, key=lambda each: -max(value or 0.0 for value in each.values))
    kept, rest = ranked[: MOST_BANDS - 1], ranked[MOST_BANDS - 1 :]
    columns = zip(*([value or 0.0 for value in each.values] for each in rest), strict=True)
    others = replace(rest[0], name=f"{len(rest)} others", values=tuple(sum(column) for column in columns))
    return [*(each for each in series if each in kept), others]


def _by_year(history: History, series: Sequence[Series]) -> tuple[list[Series], str]:
    """Movements as they are, or added up by year where there are too many to be told apart; and which of the two."""
    if all(len(each.dates) <= MOST_BARS for each in series):
        return list(series), "month" if history.months_each == 1 else "period"
    return [_yearly(each) for each in series], "year"


def _yearly(series: Series) -> Series:
    sums: dict[date, float] = {}
    for day, value in zip(series.dates, series.values, strict=True):
        year = day.replace(month=1, day=1)
        sums[year] = sums.get(year, 0.0) + (value or 0.0)
    return replace(series, dates=tuple(sums), values=tuple(sums.values()))
