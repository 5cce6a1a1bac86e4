"""Thirty years of a trust of five classes with losses: appended, processed from the stored events, and read again as statements."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from ledger import service
from ledger.core import schedule
from ledger.core.events import Event
from ledger.core.processor import distribute as run_period
from ledger.core.terms import Terms
from ledger.service import books
from ledger.service.terms import terms_of
from ledger.store.engine import Store
from tests.bench.appending import Databases
from tests.bench.timing import Figure, interleave, seconds
from tests.store import sample

MONTHS = 360
DEAL = "BENCH-5"
DEAL_FILE = b"""
deal: BENCH-5
title: Five classes, thirty years
currency: USD
closing_date: 2025-01-25
time_zone: America/New_York
dates:
  distribution: {day: 25, roll: following, calendar: US-FED}
  accrual: month
  day_count: 30/360
pool: {original_balance: 1_000_000_000}
tranches:
  A: {original_balance: 800_000_000, rate: 4.00%}
  M1: {original_balance: 80_000_000, rate: 4.50%}
  M2: {original_balance: 60_000_000, rate: 5.00%}
  B1: {original_balance: 40_000_000, rate: 5.50%}
  B2: {original_balance: 20_000_000, rate: 6.00%}
  R: {kind: residual}
fees:
  servicer: {rate: 0.25%, of: pool.opening_balance}
accounts:
  interest_funds: {collects: [interest]}
  principal_funds: {collects: [scheduled_principal, prepayment, liquidation_proceeds, recovery]}
waterfall:
  - {pay: fees, to: servicer, from: interest_funds}
  - {pay: interest, to: {sequential: [A, M1, M2, B1, B2]}, from: interest_funds}
  - {pay: principal, to: {sequential: [A, M1, M2, B1, B2]}, from: principal_funds}
  - {pay: principal, name: turbo, to: {sequential: [A, M1, M2, B1, B2]}, from: interest_funds, limit: tranches.balance - pool.balance}
  - {write_down: tranches.balance - pool.balance, to: {sequential: [B2, B1, M2, M1, A]}}
  - {pay: rest, to: R, from: [interest_funds, principal_funds]}
"""


def servicer_months() -> list[list[Event]]:
    """What the servicer reports: a pool that shrinks by one part in 150 a month and loses one part in 2,000."""
    balance, months = 1_000_000_000_00, []
    for _ in range(MONTHS):
        principal, default = balance // 150, balance // 2_000
        proceeds = default * 2 // 5
        balance -= principal + default
        months.append([
            Event(0, "interest", interest=balance * 55 // 12_000),
            Event(0, "scheduled_principal", principal=principal // 3),
            Event(0, "prepayment", principal=principal - principal // 3),
            Event(0, "default", principal=default),
            Event(0, "liquidation_proceeds", amount=proceeds),
            Event(0, "realized_loss", amount=default - proceeds),
            Event(0, "closing_balance", balance=balance),
        ])  # fmt: skip
    return months


def open_deal(store: Store) -> Terms:
    service.open_deal(store, DEAL_FILE, "deal.yaml", actor=sample.ACTOR)
    with store.reading() as reader:
        return terms_of(reader, DEAL)[0]


def append(store: Store, terms: Terms, months: list[list[Event]]) -> None:
    """Every month a commit with its dates, all in one transaction."""
    deal = terms.deal
    previous: date | None = None
    with store.writing(DEAL) as writer:
        for number, events in enumerate(months, 1):
            dates = schedule.resolve(deal, number, lambda day: day.weekday() < 5, previous)
            previous = dates.distribution
            opened = [Event(0, "period_date", name, effective_on=getattr(dates, name)) for name in books.PERIOD_DATES]
            writer.append(sample.remittance([*opened, *events], dates.scheduled))


def process(store: Store, terms: Terms) -> int:
    """Read each month's stored events and run its waterfall; nothing is written."""
    with store.reading() as reader:
        state, done = books.latest(reader, terms).distribution.closing, 0
        months = books.Months(reader)
        while (recorded := months.at(terms, schedule.key_of(terms.deal, state.number + 1))) is not None:
            state = run_period(terms, state, *recorded).closing
            done += 1
        return done


def run_core(terms: Terms, inputs: list[tuple[object, object]], state: object) -> None:
    """The waterfall alone, from collections already read."""
    for dates, collections in inputs:
        state = run_period(terms, state, dates, collections).closing  # type: ignore[arg-type]  # pairs of dates and collections


def whole(store: Store, months: list[list[Event]]) -> float:
    terms = open_deal(store)
    return (seconds(lambda: append(store, terms, months)) + seconds(lambda: service.distribute(store, DEAL, actor=sample.ACTOR))) * 1000


def measure(name: str, fresh: Databases) -> Iterator[Figure]:
    months, stores = servicer_months(), []

    def appended_and_distributed() -> float:
        stores.append(Store(fresh()))
        return whole(stores[-1], months)

    store = Store(fresh())
    terms = open_deal(store)
    append(store, terms, months)
    with store.reading() as reader:
        opening = books.latest(reader, terms).distribution.closing
        keys = [schedule.key_of(terms.deal, number) for number in range(1, MONTHS + 1)]
        inputs = [(books.recorded_dates(reader, DEAL, key), books.collections(reader, terms, key)) for key in keys]
    core, processed, everything = interleave(
        lambda: seconds(lambda: run_core(terms, inputs, opening)) * 1000,  # type: ignore[arg-type]  # as above
        lambda: seconds(lambda: process(store, terms)) * 1000,
        appended_and_distributed,
    )
    yield Figure(f"{name}: waterfall of 360 months x 5 classes, from values in memory", core, "ms")
    yield Figure(f"{name}: the same from stored events", processed, "ms", "<= 30")
    yield Figure(f"{name}: appended, processed and committed", everything, "ms", "<= 300" if name == "SQLite" else "<= 500")
    yield from statements(name, stores[-1])
    for used in (store, *stores):
        used.close()


def statements(name: str, store: Store) -> Iterator[Figure]:
    with store.reading() as reader:
        paid = {row.number: row.distribution_date for row in reader.distributions(DEAL)}

    def at(month: int) -> float:
        return seconds(lambda: service.statement(store, DEAL, on=paid[month])) * 1000

    early, late = interleave(lambda: at(12), lambda: at(MONTHS), runs=15)
    yield Figure(f"{name}: statement of month 12", early, "ms", "<= 20")
    yield Figure(f"{name}: statement of month 360", late, "ms", "<= 20")
