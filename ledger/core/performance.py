"""How fast a pool prepays and defaults, and what defaults cost: rates of one month, of several, and of a pool's whole life.

SMM is what was prepaid of the balance that was left after scheduled principal, MDR what defaulted of the opening balance; CPR and CDR are the same a year
(SIFMA Standard Formulas, chapter SF, sections B and C). Over several months the parts that survived are multiplied, as if each month's rate had been the same.
Rates are exact where no root is needed, and otherwise exact to `PLACES`. None stands for a rate that nothing tells: there was no balance, or the pool
moved in a way that the servicer did not name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Context, Decimal
from fractions import Fraction
from math import prod
from typing import NamedTuple

from ledger.core.events import COMPONENTS, Component
from ledger.core.money import Exact, Money, round_to

PLACES = 20
"""Decimal places of a rate that is a root."""
WINDOWS = (1, 3, 6, 12)
"""The months over which a statement gives rates, beside the pool's life."""
_ROOTS = Context(prec=60)
_DIGITS = 50
"""Decimal places of the share that a root is taken of."""


class Role(NamedTuple):
    """What an amount of a component is to performance: 1 where it counts in a column of `PoolMonth`, -1 where it lowers it."""

    scheduled: int = 0
    unscheduled: int = 0
    defaulted: int = 0
    liquidated: int = 0
    loss: int = 0
    recovered: int = 0


NONE = Role()
ROLES: Mapping[str, Role] = {
    "scheduled_principal": Role(scheduled=1),
    "advance_principal": Role(scheduled=1),
    "payahead_applied": Role(scheduled=1),
    "capitalized_interest": Role(scheduled=-1),  # a payment that does not cover its interest is scheduled principal below zero
    "curtailment": Role(unscheduled=1),
    "payoff": Role(unscheduled=1),
    "prepayment": Role(unscheduled=1),
    "repurchase_principal": Role(unscheduled=1),
    "liquidation_proceeds": Role(liquidated=1),
    "realized_loss": Role(liquidated=1, loss=1),  # as it is posted: without the expenses, which are beside it
    "liquidation_expense": Role(loss=1),
    "charge_off": Role(defaulted=1, liquidated=1, loss=1),
    "recovery": Role(recovered=1),
    "subsequent_recovery": Role(recovered=1),
    # Forgiven or modified principal was not paid and its loan goes on; the others are corrections and new loans.
    **dict.fromkeys(("default", "forgiveness", "modification_loss", "pool_adjustment", "purchase"), NONE),
}
"""The one table that says which component counts as what. A default is counted where it reaches the defaulted loans, with what is liquidated without one."""


_COUNTED = [[(name, role[column]) for name, role in ROLES.items() if role[column]] for column in range(len(NONE))]
"""The same by column: each component that counts in it, with its sign."""


class PoolMonth(NamedTuple):
    """One period of a pool, in units at carry scale. `period` is its key.

    `liquidated` is the balance of the loans that `loss` (with expenses, before `recovered`) was realized on. `unnamed` is by how much the pool moved in
    ways that are neither scheduled, prepaid nor defaulted as far as anybody said: events of the deal's own, or a stated closing balance.
    """

    period: date
    opening: Money
    scheduled: Money
    unscheduled: Money
    defaulted: Money
    loss: Money
    recovered: Money
    closing: Money
    liquidated: Money = 0
    unnamed: Money = 0


def pool_month(
    period: date, opening: Money, closing: Money, defaulted_loans: tuple[Money, Money], figures: Mapping[str, Money], own: Mapping[str, Component]
) -> PoolMonth:
    """A period's month from the postings' sums by component (`other_reduction` among them).

    `defaulted_loans` are the balances of loans in default before and after; `own` are the kinds of event of the deal's own.
    """
    scheduled, unscheduled, defaulted, liquidated, loss, recovered = (
        sum([sign * figures[name] for name, sign in counted if name in figures]) for counted in _COUNTED
    )
    # What entered the defaulted loans is what they rose by and what left them as proceeds and losses.
    defaulted += defaulted_loans[1] - defaulted_loans[0] + figures.get("liquidation_proceeds", 0) + figures.get("realized_loss", 0)
    unnamed = [figures.get("other_reduction", 0), *(figures.get(name, 0) for name, component in own.items() if component.pool and name not in COMPONENTS)]
    return PoolMonth(period, opening, scheduled, unscheduled, defaulted, loss, recovered, closing, liquidated, sum(map(abs, unnamed)))


def together(pools: Sequence[Sequence[PoolMonth]]) -> list[PoolMonth]:
    """The months of several pools as those of one; all have the same periods."""
    if len(pools) == 1:
        return list(pools[0])
    return [PoolMonth(months[0].period, *(sum(column) for column in zip(*(month[1:] for month in months), strict=True))) for months in zip(*pools, strict=True)]


# Rates ----------------------------------------------------------------------------------------------------------------


def smm(months: Sequence[PoolMonth], months_each: int = 1) -> Exact | None:
    """The monthly prepayment rate over some periods of so many months each: 1 - (product of 1 - unscheduled / (opening - scheduled)) ^ (1 / months)."""
    return _rate(_prepaid(months), months_each, 1)


def cpr(months: Sequence[PoolMonth], months_each: int = 1) -> Exact | None:
    """The same a year: 1 - (1 - SMM) ^ 12."""
    return _rate(_prepaid(months), months_each, 12)


def mdr(months: Sequence[PoolMonth], months_each: int = 1) -> Exact | None:
    """The monthly default rate: 1 - (product of 1 - defaulted / opening) ^ (1 / months)."""
    return _rate(_defaulted(months), months_each, 1)


def cdr(months: Sequence[PoolMonth], months_each: int = 1) -> Exact | None:
    """The same a year: 1 - (1 - MDR) ^ 12."""
    return _rate(_defaulted(months), months_each, 12)


def severity(months: Sequence[PoolMonth]) -> Exact | None:
    """What was lost of the balance of the loans that were liquidated; their recoveries in later months do not lower it."""
    liquidated = sum(month.liquidated for month in months)
    return Fraction(sum(month.loss for month in months), liquidated) if liquidated > 0 else None


def rates(months: Sequence[PoolMonth], months_each: int = 1) -> Iterator[tuple[str, Exact]]:
    """`smm_1_month`, `cpr_3_month`, `severity_life` and so on: the rates of the last months of a pool and of all of them, where there are as many."""
    windows = {f"{window}_month": window // months_each for window in WINDOWS if window % months_each == 0}
    for name, count in {**windows, "life": len(months)}.items():
        if 0 < count <= len(months):
            last = months[-count:]
            prepaid, defaulted = _prepaid(last), _defaulted(last)
            found = {
                "smm": _rate(prepaid, months_each, 1), "cpr": _rate(prepaid, months_each, 12), "mdr": _rate(defaulted, months_each, 1),
                "cdr": _rate(defaulted, months_each, 12), "severity": severity(last),
            }  # fmt: skip
            yield from ((f"{measure}_{name}", rate) for measure, rate in found.items() if rate is not None)


class _Survival(NamedTuple):
    """Over so many periods, how much was left of how much: products of both over the periods."""

    periods: int
    left: int
    whole: int


def _prepaid(months: Sequence[PoolMonth]) -> _Survival | None:
    """What was not prepaid, of what could be; None where some movement is without a name."""
    return None if any(month.unnamed for month in months) else _survival([(month.unscheduled, month.opening - month.scheduled) for month in months])


def _defaulted(months: Sequence[PoolMonth]) -> _Survival | None:
    return None if any(month.unnamed for month in months) else _survival([(month.defaulted, month.opening) for month in months])


def _survival(parts: Sequence[tuple[Money, Money]]) -> _Survival | None:
    """A period without a balance says nothing and does not count; nobody prepays more than all."""
    counted = [(max(0, of - gone), of) for gone, of in parts if of > 0]
    return _Survival(len(counted), prod(left for left, _ in counted), prod(of for _, of in counted)) if counted else None


def _rate(survival: _Survival | None, months_each: int, per: int) -> Exact | None:
    """One less what survived, brought to `per` months."""
    if survival is None:
        return None
    months = survival.periods * months_each
    if per % months == 0:
        return 1 - Fraction(survival.left, survival.whole) ** (per // months)
    share = Decimal(survival.left * 10**_DIGITS // survival.whole).scaleb(-_DIGITS, _ROOTS)
    return 1 - round_to(Fraction(_ROOTS.power(share, _ROOTS.divide(Decimal(per), Decimal(months)))), PLACES, "half_even")
