"""Statements of any date, as known at a position, and published figures beside them: reads, which never write to the books."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

from ledger.core import schedule
from ledger.core.problems import Problem, ProblemsFound
from ledger.core.restated import Late, booked_since, restated
from ledger.core.statement import Received, Revision, Statement, draw, received
from ledger.core.terms import Terms
from ledger.service.books import Stored, collections, latest, stored
from ledger.service.collateral import collateral
from ledger.service.corrections_since import corrections_since
from ledger.service.known_at import KnownAt, position_of
from ledger.service.terms import Versions, terms_of, terms_stated
from ledger.store.engine import Store
from ledger.store.projections import Reader

if TYPE_CHECKING:
    from ledger.files.published_forms import Names, Sort
    from ledger.reports.reconcile import Reconciliation


def statement(store: Store, deal: str, *, on: date | str | None = None, known_at: KnownAt = None) -> Statement:
    """The statement of the last distribution on or before a day (by default the last), as it was known then.

    `on` may be text: a whole date, or the beginning of one that names a single distributed period, such as 2025-04. Raises ProblemsFound.
    """
    with store.reading() as reader:
        versions = Versions(reader, deal)
        terms, _ = versions.at()
        position = position_of(reader, deal, known_at, store.clock())
        day = day_of(reader, terms, on, position) if isinstance(on, str) else on
        return drawn(reader, versions, latest(reader, terms, day, position), position, day)


def drawn(reader: Reader, versions: Versions, shown: Stored, position: int, as_of: date | None = None) -> Statement:
    """The statement of a distribution as known at a position; that of the last one also says what was received since."""
    deal = versions.deal
    last = reader.latest_distribution(deal, known_at=position)
    pending = _received_since(reader, versions, last.period, position) if last is not None and shown.row == last.number else ()
    head = reader.commit(deal, position).hash
    under = terms_stated(reader, deal, shown.header.terms_digest)
    revision = revision_of(reader, under, shown, position)
    corrected = corrections_since(reader, deal, shown)
    return draw(
        under, shown.distribution, received=pending, as_of=as_of, position=position, head=head, revision=revision, corrections=corrected,
        collateral=collateral(reader, under, shown),
    )  # fmt: skip


def revision_of(reader: Reader, terms: Terms, shown: Stored, position: int) -> Revision:
    """What was learned of a distributed period until a position: its version, the figures that changed, what later periods booked for it."""
    if shown.header.previous is None:
        return Revision()
    deal, first = terms.deal.deal, None
    if shown.header.version > 1:
        paid = next(row for row in reader.distributions(deal) if row.period == shown.period)
        first = (terms_stated(reader, deal, paid.terms_digest), stored(reader, terms, paid.number).distribution)
    lines = [Late(*line) for line in reader.booked_for(deal, shown.period, position)]
    changed = restated(terms, shown.distribution, lines, first)
    return Revision(shown.header.version, changed, tuple(booked_since(terms, lines, shown.period)))


def period(store: Store, deal: str, text: str) -> date:
    """The key of the one period whose scheduled date begins with `text`; a whole date stands for itself. Raises ProblemsFound."""
    with store.reading() as reader:
        return schedule.named(terms_of(reader, deal)[0].deal, text)


def day_of(reader: Reader, terms: Terms, text: str, position: int) -> date:
    """The day to look up: a whole date as it is, a period's by the day on which it was paid. Raises ProblemsFound where it is not distributed yet."""
    key = schedule.named(terms.deal, text)
    if text == str(key):
        return key
    paid = [row.distribution_date for row in reader.distributions(terms.deal.deal) if row.period == key and row.known_at <= position]
    if not paid:
        remedy = "run `tranche distribute`, or name an earlier period"
        raise ProblemsFound([Problem(f"the period {key} is not distributed as of position {position}", remedy, place=terms.deal.deal)])
    return paid[-1]


def _received_since(reader: Reader, versions: Versions, last: date, known_at: int | None) -> Iterator[Received]:
    """What is reported for the periods after the last one that is distributed."""
    for row in reader.periods(versions.deal, known_at, after=last):
        terms, _ = versions.at(row.period, known_at)
        yield from received(row.period, collections(reader, terms, row.period, known_at).flows)


def _names(reader: Reader, terms: Terms) -> Names:
    """What the words of published files are in this deal."""
    from ledger.files.published_forms import Names

    paid = {row.distribution_date: row.period for row in reader.distributions(terms.deal.deal) if row.number}
    classes = {title: name for name, tranche in terms.deal.tranches.items() for title in (name, tranche.title) if title}
    return Names(paid.get, classes, {name: _sort(terms, name) for name in terms.deal.tranches})


def _sort(terms: Terms, name: str) -> Sort:
    if terms.has_balance(name):
        return "balance"
    return "notional" if name in terms.accruals else "paid"


def reconcile(store: Store, deal: str, published: tuple[bytes, str], tolerated: tuple[bytes, str] | None = None, known_at: KnownAt = None) -> Reconciliation:
    """Each figure of a published file beside ours: of a published.csv, a CREFC Bond Level file, or a statement's JSON. Raises ProblemsFound."""
    from ledger.files.published import read_tolerated
    from ledger.files.published_forms import read_any
    from ledger.reports import reconcile as reconciliation

    allowed = read_tolerated(*tolerated) if tolerated else []
    with store.reading() as reader:
        terms, _ = terms_of(reader, deal)
        rows = read_any(*published, _names(reader, terms))
        position = position_of(reader, deal, known_at, store.clock())
        numbers = {row.period: row.number for row in reader.distributions(deal) if row.number and row.known_at <= position}

        def of(key: date) -> Statement | None:
            if key not in numbers:
                return None
            kept = stored(reader, terms, numbers[key])
            under = terms_stated(reader, deal, kept.header.terms_digest)
            return draw(under, kept.distribution, revision=revision_of(reader, under, kept, position), collateral=collateral(reader, under, kept))

        return reconciliation.reconcile(rows, allowed, of)
