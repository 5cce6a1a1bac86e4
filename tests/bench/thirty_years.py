"""The deal of the bench, of five classes with losses, and thirty years of what its servicer reports."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cache

from ledger import service
from ledger.core import schedule
from ledger.core.events import Event
from ledger.core.terms import Terms
from ledger.service.books import in_order
from ledger.service.terms import terms_of
from ledger.store.engine import Store
from ledger.store.log import Draft
from tests.store import sample

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


@cache
def months(count: int) -> list[list[Event]]:
    """What the servicer reports: a pool that shrinks by one part in 150 a month and loses three in 2,000: more than the excess interest makes good."""
    balance, made = 1_000_000_000_00, []
    for _ in range(count):
        principal, default = balance // 150, balance // 400
        proceeds = default * 2 // 5
        balance -= principal + default
        made.append([
            Event(0, "interest", interest=balance * 55 // 12_000),
            Event(0, "scheduled_principal", principal=principal // 3),
            Event(0, "prepayment", principal=principal - principal // 3),
            Event(0, "default", principal=default),
            Event(0, "liquidation_proceeds", amount=proceeds),
            Event(0, "realized_loss", amount=default - proceeds),
            Event(0, "closing_balance", balance=balance),
        ])  # fmt: skip
    return made


def open_deal(store: Store, deal: str = DEAL, file: bytes = DEAL_FILE) -> Terms:
    service.open_deal(store, file, "deal.yaml", called=deal, actor=sample.ACTOR)
    with store.reading() as reader:
        return terms_of(reader, deal)[0]


def drafts(terms: Terms, count: int) -> Iterator[Draft]:
    """Every month a remittance that opens its period with its dates."""
    previous: date | None = None
    for number, events in enumerate(months(count), 1):
        dates = schedule.resolve(terms.deal, number, lambda day: day.weekday() < 5, previous)
        previous = dates.distribution
        opened = [Event(0, "period_date", name, effective_on=day) for name, day in dates.by_name().items()]
        received = Event(0, "received", "csv", amount=1, code="csv")
        digest = f"{number:064x}"
        yield Draft(in_order([received, *opened, *events]), dates.scheduled, sample.ACTOR, "a month", source="csv", attempt=1, source_digest=digest)


def append(store: Store, terms: Terms, count: int, deal: str = DEAL) -> None:
    """All in one transaction."""
    with store.writing(deal) as writer:
        for draft in drafts(terms, count):
            writer.append(draft)
