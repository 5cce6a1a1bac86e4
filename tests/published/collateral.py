"""Cash flows of a pool of level-payment mortgages at a constant multiple of the PSA curve, in whole cents, as a servicer would report them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, localcontext
from typing import NamedTuple

CENT = Decimal("0.01")
POOL = Decimal(400_000_000)
COUPON, NET, TERM, AGE = Decimal("0.08125"), Decimal("0.075"), 357, 3
"""Borrowers pay 8.125 % over 357 months; investors get 7.5 %."""


class Month(NamedTuple):
    """What the pool pays in one month: net interest, principal that was due, prepayments; and its exact closing balance."""

    interest: Decimal
    scheduled: Decimal
    prepaid: Decimal
    balance: Decimal

    @property
    def principal(self) -> Decimal:
        return self.scheduled + self.prepaid


def single_month_mortality(speed: int, age: int) -> Decimal:
    """The part of the balance that prepays in a month: at 100 PSA 0.2 % a year in the first month, 0.2 % more each month up to 6 % in the thirtieth."""
    yearly = Decimal("0.002") * min(age, 30) * speed / 100
    return 1 - (1 - yearly) ** (Decimal(1) / 12)


def exact_months(speed: int) -> Iterator[Month]:
    """Each month before any rounding; the level payment is found afresh from the balance and the months that are left."""
    with localcontext(prec=50):
        balance, rate = POOL, COUPON / 12
        for month in range(1, TERM + 1):
            left = TERM - month + 1
            scheduled = balance * rate / ((1 + rate) ** left - 1)
            prepaid = (balance - scheduled) * single_month_mortality(speed, AGE + month)
            interest, balance = balance * NET / 12, balance - scheduled - prepaid
            yield Month(interest, scheduled, prepaid, balance)


def months(speed: int) -> Iterator[Month]:
    """The same in cents: balances are rounded, and what they fall by is principal."""
    opening = POOL
    for exact in exact_months(speed):
        closing = exact.balance.quantize(CENT)
        scheduled = min(exact.scheduled.quantize(CENT), opening - closing)
        yield Month((opening * NET / 12).quantize(CENT), scheduled, opening - closing - scheduled, closing)
        opening = closing
