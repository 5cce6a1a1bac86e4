"""A small deal with something of everything that a statement shows, and its first two months."""

from __future__ import annotations

from datetime import date

from ledger.core.statement import Statement, draw
from tests.core.deals import Books, fact

DEAL = """
deal: HARBOUR-1
title: Harbour Trust 2025-1
closing_date: 2025-01-15
dates: {distribution: {day: 25, first: 2025-02-25, roll: following, calendar: US-FED}, accrual: month, day_count: 30/360}
rounding: {factor: {places: 7, mode: half_up}, per_1000: {places: 4, mode: half_up}}
reported: {delinquent: money, index: rate, audited: flag, as_at: {type: date, missing: previous_distribution_date}}
pool: {original_balance: 1_000_000}
tranches:
  A: {original_balance: 800_000, rate: 6%, title: Senior, cusip: 12345ABC9}
  B: {original_balance: 200_000, rate: 9%}
  IO: {of: A.opening_balance, rate: 0.5%}
  R: {kind: residual}
groups: {notes: [A, B]}
fees: {trustee: {amount: 100}}
accounts:
  funds: {collects: [interest, scheduled_principal, curtailment, payoff]}
  reserve: {opening: 500, target: 1_000}
ledgers: {pdl: {of: [A, B]}, advanced: {}}
amounts: {losses: pool.charge_off}
ratios: {share: A.balance / pool.balance}
triggers: {late: {fails_when: delinquent > 1_000}}
waterfall:
  - {pay: fees, to: trustee, from: funds}
  - {pay: interest, to: {sequential: [A, IO, B]}, from: [funds, reserve]}
  - {pay: principal, to: A, from: funds, limit: pool.scheduled_principal + pool.prepayment}
  - {record: losses, as: pdl, to: {sequential: [B, A]}}
  - {write_down: tranches.balance - pool.balance, to: {sequential: [B, A]}}
  - {pay: reserve.shortfall, to: reserve, from: funds}
  - {pay: rest, to: R, from: funds}
"""
HEAD = "ab" * 32
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d4944415478da63fccfc0500f00048501808f5a7a4b0000000049454e44ae426082"
)
"""A picture of one point."""


def books() -> Books:
    """Opened, then February (all is well, an overfull month) and March (a loss, and interest that the reserve has to help with)."""
    made = Books(DEAL)
    made.month(interest=8_000, scheduled_principal=10_000, delinquent=500, index="4.25%", audited=True)
    made.month(
        fact("adjustment", "B", "-0.01", corrects_position=1, effective_on=date(2025, 2, 25)),
        interest=5_000, curtailment=2_000, payoff=3_000, charge_off=7_000, delinquent=1_500, index="4.5%", audited=False, as_at="2025-03-01",
    )  # fmt: skip
    return made


def statement(month: int = 2, **said: object) -> Statement:
    """The statement of a month; 0 is the position at closing."""
    made = books()
    return draw(made.terms, made.months[month].distribution, **{"position": 7, "head": HEAD, **said})  # type: ignore[arg-type]  # said by the test
