"""The loan ledger between two months: what loans and pools open with, as the last month left them and as adjustments have moved them since.

An adjustment states no balance: it was never the closing balance of any month. The month it is booked in opens with what it moves, so that the servicer's
next closing balance, which includes it, agrees. One that is booked after its month was remitted counts for the month after.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from operator import itemgetter
from typing import Any, TypeVar

from ledger.core.events import Event
from ledger.core.money import Money
from ledger.core.problems import Problem
from ledger.core.terms import Terms
from ledger.files import remittance_checks
from ledger.files.correction import Correction
from ledger.files.remittance import RemittedMonth, spooled
from ledger.files.remittance_month import Loans, Month, Part, Whole
from ledger.files.spool import ALL, Share, Spool
from ledger.service.books import opened_at
from ledger.service.terms import Versions
from ledger.store.loans import Bearing, live_loans
from ledger.store.projections import Reader

Row = TypeVar("Row", bound=tuple[Any, ...])


def not_loans(terms: Terms) -> set[str]:
    """Names that stand where a loan's id may, and are none."""
    return {"pool", *terms.deal.pools, *terms.deal.accounts}


def known_before(reader: Reader, deal: str, period: date) -> int | None:
    """The position until which the log was known before anything was remitted for a period; None where nothing was yet."""
    opened = opened_at(reader, deal).get(period)
    return None if opened is None else opened - 1


class Opening:
    """The live loans before anything was remitted for a period, with what was adjusted until then; of a share of them at a time where they are many."""

    def __init__(self, reader: Reader, versions: Versions, period: date) -> None:
        deal, terms = versions.deal, versions.at(period)[0]
        known_at, others = known_before(reader, deal, period), not_loans(terms)
        self._bearings = spooled_loans(Bearing._make, reader.loans_bearing(deal, known_at, not_loans=others))
        last = reader.last_stated(deal, known_at, not_loans=others)
        self._adjusted = _moved(reader.adjusting(deal, after=last, up_to=known_at), terms).rolled

    def __len__(self) -> int:
        """How many rows are gone through to know them."""
        return len(self._bearings)

    def of(self, share: Share = ALL) -> dict[str, Money]:
        loans = live_loans(self._bearings.share(share))
        for loan, moved in self._adjusted.items():
            if share.holds(loan):
                loans[loan] = loans.get(loan, 0) + moved
        return {loan: balance for loan, balance in loans.items() if balance} if self._adjusted else loans


def spooled_loans(make: Callable[[Iterable[Any]], Row], rows: Iterable[Row]) -> Spool[Row]:
    """Rows that each begin with a loan."""
    return Spool(itemgetter(0), make, rows)


def pools_adjusted(reader: Reader, terms: Terms, period: date) -> Mapping[str, Money]:
    """By how much what is booked in a period for earlier ones raises each pool."""
    moved = _moved(reader.adjusting(terms.deal.deal, period=period), terms)
    whole = Whole(moved.month)
    whole.add(moved)
    return {pool: whole.pool_rise(pool) for pool in terms.deal.all_pools}


def _moved(events: Iterable[tuple[int, Event]], terms: Terms) -> Part:
    return Part(Month(RemittedMonth(date.max), terms), [event for _, event in events])


# Superseded months ----------------------------------------------------------------------------------------------------------


def month_problems(reader: Reader, versions: Versions, corrections: Sequence[Correction]) -> Iterator[tuple[int, Problem]]:
    """(row, problem) of what no longer agrees in the open months that a file corrects: its own facts, and the loans that it touches, with all their rows."""
    for period in sorted({one.period for one in corrections}):
        of_period = [one for one in corrections if one.period == period]
        terms = versions.at(period)[0]
        rows = {event.subject: one.row for one in of_period for event in _both(one) if event.subject is not None}
        gone = {(one.line.position, one.line.event.line) for one in of_period if one.line}
        stated = [one.event for one in of_period if one.event is not None]
        kept = [event._replace(source_row=row) for subject, row in rows.items() for event in _standing(reader, versions.deal, period, subject, gone)]
        loans = [event for event in kept if Part(Month(RemittedMonth(period), terms), [event]).by_loan]
        month = RemittedMonth(period, spooled(event._replace(line=line) for line, event in enumerate((*stated, *loans), 1)))
        touched = {loan: balance for loan, balance in Opening(reader, versions, period).of().items() if loan in rows}
        # A loan that the month itself set up was not known before it.
        known = partial(reader.loans_known, versions.deal, known_at=known_before(reader, versions.deal, period))
        yield from remittance_checks.check([Month(month, terms, known=known, is_whole=False)], partial(_held, touched))


def _held(loans: Loans, share: Share) -> Loans:
    return {loan: balance for loan, balance in loans.items() if share.holds(loan)}


def _both(one: Correction) -> Iterator[Event]:
    if one.line is not None:
        yield one.line.event
    if one.event is not None:
        yield one.event


def _standing(reader: Reader, deal: str, period: date, subject: str, gone: Collection[tuple[int, int]]) -> Iterator[Event]:
    """The lines of a period that name a subject, and that nothing takes back."""
    return (event for position, event in reader.standing_of(deal, period, subject) if (position, event.line) not in gone)
