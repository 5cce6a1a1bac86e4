"""What a deal has to show for a day, among many: its statement, or the period that should have one and holds it up. A read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from ledger.core.problems import Problem, ProblemsFound
from ledger.core.statement import Statement
from ledger.service.known_at import KnownAt
from ledger.service.statements import period, statement
from ledger.service.status import PeriodState, PeriodStatus, undistributed
from ledger.store.engine import Store

_LATEST_ROLL = timedelta(days=31)
"""A distribution date is less than a month after the date on which it is scheduled."""

REMEDIES: dict[PeriodState, tuple[str, str]] = {
    "missing": ("nothing was remitted for it", "append the servicer's file with `tranche remit`"),
    "received": ("not all that it needs is there", "append what is awaited"),
    "blocked": ("something in it is wrong", "correct it with `tranche correct`, or amend the deal"),
    "checked": ("it can be distributed and is not", "run `tranche distribute`"),
    "proposed": ("it was proposed and waits for another actor", "approve it with `tranche approve`"),
}
"""What holds up a period in each state before it is distributed, and what to do."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One deal's part of a day: its statement, if it has one to show, and the first period due by then that is not distributed, if there is one.

    `due` is the period that the day asks for, which may stand behind the one that holds it up. Neither: the deal does not pay on that day.
    """

    statement: Statement | None = None
    held_by: PeriodStatus | None = None
    due: date | None = None

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What holds the deal up, in words."""
        if self.held_by is None:
            return ()
        held, (fact, remedy) = self.held_by, REMEDIES[self.held_by.state]
        behind = f"the period {self.due} waits behind {held.period}" if self.due != held.period else f"the period {held.period}"
        late = f" and late (after its {' and '.join(held.late)} date)" if held.late else ""
        first = Problem(f"{behind}, which pays on {held.pays_on} and is {held.state}{late}: {fact}", remedy, place=held.deal)
        return (first, *(problem.at(held.deal) for problem in held.problems))


def paying_on(store: Store, deal: str, day: date, known_at: KnownAt = None) -> Turn:
    """The statement of the distribution that was paid on just that day; a deal without one, due or made, has no part in the day. Raises ProblemsFound."""
    waiting = undistributed(store, deal, day)
    if waiting and waiting[-1].pays_on == day:
        return Turn(None, waiting[0], waiting[-1].period)
    drawn = statement(store, deal, on=day, known_at=known_at)
    if _pays(drawn, day):
        return Turn(drawn)
    if known_at is not None and _pays(statement(store, deal, on=day), day):
        remedy = "leave out --known-at, or name a later one"
        raise ProblemsFound([Problem(f"its distribution of {day} was not known at position {drawn.position}", remedy, place=deal)])
    return Turn()


def _pays(drawn: Statement, day: date) -> bool:
    return drawn.kind == "distribution" and drawn.dates["distribution"] == day


def as_of(store: Store, deal: str, on: str | None = None, known_at: KnownAt = None) -> Turn:
    """The statement of the last distribution on or before a day, and the first period that was due by then and is not distributed.

    The beginning of a date, such as 2025-04, asks for the period of that month, and no other statement stands in for it. Without a day nothing is due.
    Raises ProblemsFound.
    """
    if on is None:
        return Turn(statement(store, deal, known_at=known_at))
    key = period(store, deal, on)
    if on != str(key):
        waiting = [each for each in undistributed(store, deal, key + _LATEST_ROLL) if each.period <= key]
        if waiting and waiting[-1].period == key:
            return Turn(None, undistributed(store, deal, waiting[-1].pays_on)[0], key)
        return Turn(statement(store, deal, on=on, known_at=known_at))
    waiting = undistributed(store, deal, key)
    first = waiting[0] if waiting else None
    return Turn(statement(store, deal, on=on, known_at=known_at), first, first.period if first else None)
