"""Corrections as events: a line is reversed by its exact negative and, where it should read otherwise, restated. Nothing is changed or removed.

A correction is booked in the period that it corrects, or as an *adjustment* in a later one. An adjustment says in `effective_on` which period it belongs
to, and leaves out balance, rate and delinquency: they are states of that month, and would falsify those of the month it is booked in.
"""

from __future__ import annotations

from datetime import date
from typing import Literal, NamedTuple

from ledger.core.events import AMOUNTS, OURS, Event

Treatment = Literal["supersede", "adjust", "reopen"]

ADJUSTABLE_FACTS = ("adjustment", "account_earnings")
"""Of the kinds that are read one by one, those that a later month can book: they are amounts, not states."""


class LoggedLine(NamedTuple):
    """A line of the log that is to be corrected, with the period that it counts for, and the one that it was booked in."""

    position: int
    event: Event
    origin: date
    booked: date

    @property
    def name(self) -> str:
        """How a file names it."""
        return f"{self.position}:{self.event.line}"


def is_correctable(event: Event) -> bool:
    """Whether a line is a fact of the servicer's that nobody reversed with this very line."""
    return event.kind not in OURS and event.effect > 0


def reversal(line: LoggedLine, adjusted: date | None = None) -> Event:
    """The exact negative of a line; `adjusted` is its period where the reversal is booked in another."""
    amounts = {name: -amount for name in (*AMOUNTS, "balance") if (amount := getattr(line.event, name)) is not None}
    negative = line.event._replace(effect=-1, corrects_position=line.position, corrects_line=line.event.line, source_row=None, **amounts)
    return _booked(negative, adjusted)


def restatement(line: LoggedLine, event: Event, adjusted: date | None = None) -> Event:
    """A line as it should have read."""
    return _booked(event._replace(corrects_position=line.position, corrects_line=line.event.line), adjusted)


def late(event: Event, adjusted: date | None = None, first_position: int = 1) -> Event:
    """A fact that came late; as an adjustment it names the first commit of the period that it belongs to."""
    return event if adjusted is None else _booked(event._replace(corrects_position=first_position), adjusted)


def _booked(event: Event, adjusted: date | None) -> Event:
    return event if adjusted is None else event._replace(effective_on=adjusted, balance=None, rate=None, delinquency=None)


def moves_money(event: Event) -> bool:
    """Whether anything of an event is left to book in another month than its own."""
    return any(getattr(event, name) for name in AMOUNTS)
