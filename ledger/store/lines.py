"""Reading single lines of the log, for those who correct them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from sqlalchemy import bindparam, or_, select

from ledger.core.events import Event
from ledger.core.upcasts import present
from ledger.store import tables
from ledger.store.deals import DealReader
from ledger.store.months import standing

_COLUMNS = tables.event.c
_OF_DEAL = _COLUMNS.deal_id == bindparam("deal")
_LINE = select(*(_COLUMNS[name] for name in Event._fields)).where(_OF_DEAL, _COLUMNS.position == bindparam("at"), _COLUMNS.line == bindparam("number"))
_CORRECTED = select(_COLUMNS.position, _COLUMNS.line, _COLUMNS.effect).where(
    _OF_DEAL, _COLUMNS.corrects_position == bindparam("at"), _COLUMNS.corrects_line == bindparam("number")
)
_COMMITS = tables.log_commit.c
_EVENTS = select(_COLUMNS.position, *(_COLUMNS[name] for name in Event._fields)).order_by(_COLUMNS.position, _COLUMNS.line)

_EVENTS_AT_ONCE = 10_000


class LineReader(DealReader):
    """The part of `Reader` that reads lines one by one."""

    def line(self, deal: str, position: int, line: int) -> Event | None:
        """A line by position and number; None where the log has no such line."""
        row = self.connection.execute(_LINE, {"deal": self.deal_id(deal), "at": position, "number": line}).one_or_none()
        return None if row is None else present(Event(*row))

    def as_recorded(self, deal: str, position: int) -> Iterator[Event]:
        """The events of a commit as they stand in the log, which is what is hashed; everybody else reads `events`."""
        chosen = _EVENTS.where(_COLUMNS.deal_id == self.deal_id(deal), _COLUMNS.position == position)
        with self.connection.execute(chosen.execution_options(yield_per=_EVENTS_AT_ONCE)) as rows:  # closed also where the reader stops early
            for row in rows:
                yield Event(*row[1:])

    def corrected_by(self, deal: str, position: int, line: int) -> dict[int, tuple[int, int]]:
        """(position, line) of what corrects a line, by its effect: -1 took it back, 1 states it anew."""
        rows = self.connection.execute(_CORRECTED, {"deal": self.deal_id(deal), "at": position, "number": line})
        return {effect: (at, number) for at, number, effect in rows}

    def adjusting(self, deal: str, *, after: int = 0, up_to: int | None = None, period: date | None = None) -> list[tuple[int, Event]]:
        """(position, event) of all that commits of treatment `adjust` have booked for earlier periods: in one period, or at `after` < position <= `up_to`."""
        deal_id = self.deal_id(deal)
        commits = select(_COMMITS.position).where(_COMMITS.deal_id == deal_id, _COMMITS.treatment == "adjust", _COMMITS.position > after)
        if up_to is not None:
            commits = commits.where(_COMMITS.position <= up_to)
        if period is not None:
            commits = commits.where(_COMMITS.period == period)
        chosen = _EVENTS.where(_COLUMNS.deal_id == deal_id, _COLUMNS.position.in_(commits))
        return [(position, present(Event(*event))) for position, *event in self.connection.execute(chosen)]

    def standing_of(self, deal: str, period: date, subject: str | None = None) -> list[tuple[int, Event]]:
        """(position, event) of what a period says, of one subject or of all, without what was taken back and what it books for earlier periods."""
        deal_id = self.deal_id(deal)
        commits = self.positions(deal_id, period, None).where(_COMMITS.treatment != "adjust")
        chosen = _EVENTS.where(_COLUMNS.deal_id == deal_id, _COLUMNS.position.in_(commits))
        if subject is not None:
            chosen = chosen.where(_COLUMNS.subject == subject)
        return standing((position, present(Event(*event))) for position, *event in self.connection.execute(chosen))

    def booked_for(self, deal: str, period: date, known_at: int) -> list[tuple[date, date, Event]]:
        """(period that booked it, period that it is for, event) of every line that a later period booked for this one or an earlier one, as known then."""
        deal_id = self.deal_id(deal)
        adjusts = select(_COMMITS.position).where(_COMMITS.deal_id == deal_id, _COMMITS.treatment == "adjust")
        later = select(_COMMITS.position).where(_COMMITS.deal_id == deal_id, _COMMITS.period > period, _COMMITS.position <= known_at)
        chosen = _EVENTS.where(
            # The index of corrected lines holds few rows, whatever the age of the deal.
            _COLUMNS.deal_id == deal_id, _COLUMNS.corrects_position > 0, _COLUMNS.effective_on <= period, _COLUMNS.position.in_(later),
            or_(_COLUMNS.corrects_line.is_(None), _COLUMNS.position.in_(adjusts)),
        )  # fmt: skip
        found = [(position, present(Event(*event))) for position, *event in self.connection.execute(chosen)]
        of_position = select(_COMMITS.position, _COMMITS.period).where(_COMMITS.deal_id == deal_id, _COMMITS.position.in_({position for position, _ in found}))
        booked = {row.position: row.period for row in self.connection.execute(of_position)} if found else {}
        return [(booked[position], event.effective_on, event) for position, event in found if event.effective_on is not None]
