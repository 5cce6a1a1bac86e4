"""As known when: a position of the log, a moment, or a day, told apart by their form and turned into the position that a read is made at."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from ledger.core.problems import Problem, ProblemsFound
from ledger.service.terms import terms_of
from ledger.store.projections import Reader

KnownAt = int | str | None
"""A position; a time with its offset, `2025-05-15T14:00-04:00`; a date, which stands for its end in the deal's time zone; None for all that is known."""

MOST_DIGITS = 18
"""Of a position: more are none, and would take long to read."""
_LISTED = "see `tranche events`"


def position_of(reader: Reader, deal: str, known_at: KnownAt, now: datetime) -> int:
    """The last position that was known then. What is still to come is refused: it could be answered otherwise tomorrow. Raises ProblemsFound."""
    if known_at is None:
        return reader.head(deal).position
    text = str(known_at)
    if text.isdecimal() and len(text) <= MOST_DIGITS:
        return existing(reader, deal, int(text))
    moment = _moment(reader, deal, text)
    if moment > now:
        remedy = "leave out --known-at for all that is known now, or name an earlier time"
        raise ProblemsFound([Problem(f"`{text}` is not over yet: it is {now:%Y-%m-%dT%H:%M%z}", remedy, place=deal)])
    position = reader.position_at(deal, moment)
    if not position:
        raise ProblemsFound([Problem(f"nothing was known at {text}: the deal was opened later", _LISTED, place=deal)])
    return position


def existing(reader: Reader, deal: str, position: int) -> int:
    """The position, where the deal has a commit there. Raises ProblemsFound."""
    last = reader.head(deal).position
    if not 1 <= position <= last:
        raise ProblemsFound([Problem(f"{deal} has positions 1 to {last}, not {position}", _LISTED, place=deal)])
    return position


def _moment(reader: Reader, deal: str, text: str) -> datetime:
    """The moment that a time names, or the last one of a day."""
    try:
        if len(text) == len("2025-05-15"):
            zone = ZoneInfo(terms_of(reader, deal)[0].deal.time_zone)
            moment = datetime.combine(date.fromisoformat(text), time.max, zone)
        else:
            moment = datetime.fromisoformat(text)
        utc = moment.astimezone(UTC)
    except (ValueError, OverflowError):  # the first and the last day of the calendar are no days everywhere
        remedy = "write a position, a date, or a time with its offset such as 2025-05-15T14:00-04:00"
        raise ProblemsFound([Problem(f"`{text}` is no time of the log", remedy, place=deal)]) from None
    if moment.tzinfo is None:
        raise ProblemsFound([Problem(f"`{text}` has no offset", f"write it as {text}+00:00 if it is UTC, or with the offset that it has", place=deal)])
    return utc
