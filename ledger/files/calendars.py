"""Business-day calendars by the names that deal files use, from the `holidays` library; the core only ever sees a function of a day."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from ledger.core.problems import Problem, ProblemsFound, nearest
from ledger.core.schedule import IsOpen

SATURDAY = 5


def _financial(code: str) -> Callable[[], Any]:
    def load() -> Any:
        from holidays import financial_holidays

        return financial_holidays(code)

    return load


def _england() -> Any:
    from holidays import country_holidays

    return country_holidays("GB", subdiv="ENG")


CALENDARS: Mapping[str, Callable[[], Any]] = {
    "US-FED": _financial("XFED"),
    "US-SIFMA": _financial("XSIF"),
    "TARGET": _financial("XECB"),
    "UK": _england,
}
"""The days on which the Federal Reserve, the US bond market, the euro's payment system and banks in England are closed, besides weekends."""


@lru_cache
def is_open(names: str) -> IsOpen:
    """Business days of a calendar, or of several joined by `+` (open only where all are); without a name every weekday is one.

    Raises ProblemsFound for a calendar that is not known.
    """
    listed = [name.strip() for name in names.split("+")] if names else []
    unknown = [name for name in listed if name not in CALENDARS]
    if unknown:
        remedy = nearest(unknown[0].upper(), CALENDARS) or f"the calendars are {', '.join(CALENDARS)}, joined by +"
        raise ProblemsFound([Problem(f"`{unknown[0]}` is not a calendar", remedy)])
    closed = [CALENDARS[name]() for name in listed]
    return lambda day: day.weekday() < SATURDAY and not any(day in holidays for holidays in closed)
