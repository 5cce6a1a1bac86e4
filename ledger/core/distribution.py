"""A distribution: one period's postings between the state before and the state after, and what was read but not posted.

Postings are a projection of the log: they can be dropped and made again, and come out the same.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from itertools import takewhile
from typing import Any, NamedTuple

from ledger.core.collections import Collections
from ledger.core.formula import Value
from ledger.core.money import Exact, Money
from ledger.core.posting import Posting
from ledger.core.schedule import PeriodDates
from ledger.core.state import Running, State
from ledger.core.terms import Terms

RULES = 1
"""The number of the processor's rules: raised by every change that changes results. A period keeps the number it was distributed under."""


class BalanceRow(NamedTuple):
    """One account over one distribution: closing = opening + received - paid, units at carry scale."""

    account: str
    opening: Money
    received: Money
    paid: Money
    closing: Money


@dataclass(frozen=True, slots=True)
class Readings:
    """What a period read or found, beside its postings: reported values, rates and year fractions by class or fee, triggers as they held."""

    reported: Mapping[str, Value] = field(default_factory=dict)
    rates: Mapping[str, Exact] = field(default_factory=dict)
    fractions: Mapping[str, Exact] = field(default_factory=dict)
    triggers: Mapping[str, bool] = field(default_factory=dict)
    called: bool = False


@dataclass(frozen=True, slots=True)
class Distribution:
    """One period, distributed. Number 0 is the position at closing or boarding: its postings open the books."""

    number: int
    dates: PeriodDates
    opening: State
    closing: State
    postings: tuple[Posting, ...]
    readings: Readings

    def balance_rows(self) -> list[BalanceRow]:
        """Every account that has ever moved, in the order of their names."""
        received: dict[str, Money] = {}
        paid: dict[str, Money] = {}
        for _, _, _, source, destination, amount, _ in self.postings:
            paid[source] = paid.get(source, 0) + amount
            received[destination] = received.get(destination, 0) + amount
        opening, closing = self.opening.balances, self.closing.balances
        return [
            BalanceRow(account, opening.get(account, 0), received.get(account, 0), paid.get(account, 0), closing.get(account, 0))
            for account in sorted({*closing, *opening, *received, *paid})
        ]

    def before(self, causes: Collection[str]) -> Distribution:
        """The period as it stood when its postings had no other causes than these: before its first step, say."""
        return replace(self, postings=tuple(takewhile(lambda posted: posted.cause in causes, self.postings)))

    def running(self, terms: Terms) -> Running:
        """The period as it stood when it closed, so that a statement reads its figures through the same names as the formulas did."""
        run = Running(terms, self.opening, self.dates, Collections())
        for posted in self.postings:
            run.repeat(posted)
            if posted.step == "adjustment":
                run.opening = run.balances.copy()
        if run.opening is run.balances:
            run.opening = Running(terms, self.opening, self.dates, Collections()).balances
        run.reported, run.triggers = dict(self.readings.reported), dict(self.readings.triggers)
        run.rates, run.fractions, run.called = dict(self.readings.rates), dict(self.readings.fractions), self.readings.called
        return run


# Canonical text of what is no posting ---------------------------------------------------------------------------------


def encode_state(distribution: Distribution) -> str:
    """The readings and the carried values as canonical JSON: sorted keys, whole numbers as they are, other numbers as `n/d`, dates as ISO text."""
    closing, readings, dates = distribution.closing, distribution.readings, distribution.dates
    value = {
        "number": closing.number,
        "dates": dates.by_name(),
        "cumulative": closing.cumulative,
        "triggers": closing.triggers,
        "history": closing.history,
        "readings": {name: getattr(readings, name) for name in Readings.__slots__},
    }
    return json.dumps(value, default=_plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _plain(value: object) -> Any:
    """What JSON has no form of its own for."""
    match value:
        case Fraction():
            return value.numerator if value.denominator == 1 else f"{value.numerator}/{value.denominator}"
        case date():
            return value.isoformat()
        case Mapping():
            return dict(value)
        case _:
            raise TypeError(f"{value!r} is no value of a state")


def decode_state(text: str, balances: Mapping[str, Money]) -> tuple[State, PeriodDates, Readings]:
    """The closing state, the dates and the readings that `encode_state` wrote, with the closing balances of the accounts."""
    value = json.loads(text)
    dates = PeriodDates(**{name: date.fromisoformat(day) for name, day in value["dates"].items()})
    history = {name: tuple(map(_value, values)) for name, values in value["history"].items()}
    state = State(value["number"], dates.distribution, balances, value["cumulative"], value["triggers"], history)
    stored = value["readings"]
    read = {name: {key: _value(item) for key, item in stored[name].items()} for name in ("reported", "rates", "fractions", "triggers")}
    return state, dates, Readings(**read, called=stored["called"])


def _value(item: Any) -> Any:
    if not isinstance(item, str):
        return item
    return Fraction(item) if "/" in item else date.fromisoformat(item)
