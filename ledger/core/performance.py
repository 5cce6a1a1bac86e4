"""How fast a pool prepays and defaults, and what defaults cost: rates of one month, of several, and of a pool's whole life.

SMM is what was prepaid of the balance that was left after scheduled principal, MDR what defaulted of the opening balance; CPR and CDR are the same a year
(SIFMA Standard Formulas, chapter SF, sections B and C). Over several months the parts that survived are multiplied, as if each month's rate had been the same.
Rates are exact where no root is needed, and otherwise exact to `PLACES`. None stands for a rate that nothing tells: there was no balance, or the pool
moved in a way that the servicer did not name.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Context, Decimal
from fractions import Fraction
from math import prod
from typing import Any, NamedTuple

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
    "liquidation_proceeds": Role(defaulted=1, liquidated=1),
    "realized_loss": Role(defaulted=1, liquidated=1, loss=1),  # as it is posted: without the expenses, which are beside it
    "liquidation_expense": Role(loss=1),
    "charge_off": Role(defaulted=1, liquidated=1, loss=1),
    "recovery": Role(recovered=1),
    "subsequent_recovery": Role(recovered=1),
    # Forgiven or modified principal was not paid and its loan goes on; the others are corrections and new loans.
    **dict.fromkeys(("default", "forgiveness", "modification_loss", "pool_adjustment", "purchase"), NONE),
}
"""The one table that says which component counts as what. A default is counted where it reaches the defaulted loans, with what is liquidated without one."""


_COUNTED = {name: [(column, sign) for column, sign in enumerate(role) if sign] for name, role in ROLES.items()}
"""The same by component: the columns that it counts in, with its sign."""


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
    columns = [0] * len(NONE)
    for name, amount in figures.items():
        for column, sign in _COUNTED.get(name, ()):
            columns[column] += sign * amount
    scheduled, unscheduled, defaulted, liquidated, loss, recovered = columns
    # What entered the defaulted loans is what left them, which is counted with the components, and what they rose by.
    defaulted += defaulted_loans[1] - defaulted_loans[0]
    unnamed = abs(figures.get("other_reduction", 0))
    unnamed += sum([abs(figures.get(name, 0)) for name, component in own.items() if component.pool and name not in COMPONENTS])
    return PoolMonth(period, opening, scheduled, unscheduled, defaulted, loss, recovered, closing, liquidated, unnamed)


def together(pools: Sequence[Sequence[PoolMonth]]) -> list[PoolMonth]:
    """The months of several pools as those of one; all have the same periods."""
    if len(pools) == 1:
        return list(pools[0])
    return [PoolMonth(months[0].period, *(sum(column) for column in zip(*(month[1:] for month in months), strict=True))) for months in zip(*pools, strict=True)]


# A life --------------------------------------------------------------------------------------------------------------


class Survival(NamedTuple):
    """Over so many periods, how much was left of how much: products of both over the periods, exact, so that they grow by some 40 bits a period."""

    periods: int = 0
    left: int = 1
    whole: int = 1

    @classmethod
    def of(cls, parts: Iterable[tuple[Money, Money]]) -> Survival:
        """From what was gone of how much in each period. One without a balance says nothing and does not count; nobody prepays more than all."""
        counted = [(max(0, of - gone), of) for gone, of in parts if of > 0]
        return cls(len(counted), prod(left for left, _ in counted), prod(of for _, of in counted))

    def then(self, later: Survival) -> Survival:
        return Survival(self.periods + later.periods, self.left * later.left, self.whole * later.whole)


class Life(NamedTuple):
    """All that rates ask of some neighbouring periods of a pool; of none, as it stands. The lives of neighbouring spans add up to that of both.

    `liquidated`, `loss` and `unnamed` are sums of what each `PoolMonth` says, units at carry scale.
    """

    periods: int = 0
    prepaid: Survival = Survival()
    defaulted: Survival = Survival()
    liquidated: Money = 0
    loss: Money = 0
    unnamed: Money = 0

    @classmethod
    def of(cls, months: Sequence[PoolMonth]) -> Life:
        return cls(
            len(months),
            Survival.of((month.unscheduled, month.opening - month.scheduled) for month in months),
            Survival.of((month.defaulted, month.opening) for month in months),
            sum(month.liquidated for month in months),
            sum(month.loss for month in months),
            sum(month.unnamed for month in months),
        )

    def then(self, later: Life) -> Life:
        """The life of both spans."""
        sums = (before + after for before, after in zip(self[3:], later[3:], strict=True))
        return Life(self.periods + later.periods, self.prepaid.then(later.prepaid), self.defaulted.then(later.defaulted), *sums)


class Lived(NamedTuple):
    """A pool's whole life: what came before its last months taken as one, and those months, as many as the longest window needs or all there are."""

    before: Life
    months: Sequence[PoolMonth]


def encode_lives(lives: Mapping[str, Life]) -> str:
    """Lives by pool as canonical JSON; products are hexadecimal, since they outgrow the 4,300 decimal digits that Python reads."""
    return json.dumps({pool: _encoded(life) for pool, life in lives.items()}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _encoded(life: Life) -> Mapping[str, Any]:
    products = {name: (of.periods, f"{of.left:x}", f"{of.whole:x}") for name, of in (("prepaid", life.prepaid), ("defaulted", life.defaulted))}
    return life._asdict() | products


def decode_lives(text: str) -> dict[str, Life]:
    """What `encode_lives` wrote."""
    return {pool: Life(**said | {name: _survival(*said[name]) for name in ("prepaid", "defaulted")}) for pool, said in json.loads(text).items()}


def _survival(periods: int, left: str, whole: str) -> Survival:
    return Survival(periods, int(left, 16), int(whole, 16))


# Rates ----------------------------------------------------------------------------------------------------------------


def smm(months: Sequence[PoolMonth], months_each: int = 1) -> Exact | None:
    """The monthly prepayment rate over some periods of so many months each: 1 - (product of 1 - unscheduled / (opening - scheduled)) ^ (1 / months)."""
    return _prepayment(Life.of(months), months_each, 1)


def cpr(months: Sequence[PoolMonth], months_each: int = 1) -> Exact | None:
    """The same a year: 1 - (1 - SMM) ^ 12."""
    return _prepayment(Life.of(months), months_each, 12)


def mdr(months: Sequence[PoolMonth], months_each: int = 1) -> Exact | None:
    """The monthly default rate: 1 - (product of 1 - defaulted / opening) ^ (1 / months)."""
    return _default(Life.of(months), months_each, 1)


def cdr(months: Sequence[PoolMonth], months_each: int = 1) -> Exact | None:
    """The same a year: 1 - (1 - MDR) ^ 12."""
    return _default(Life.of(months), months_each, 12)


def severity(months: Sequence[PoolMonth]) -> Exact | None:
    """What was lost of the balance of the loans that were liquidated; their recoveries in later months do not lower it."""
    return _severity(Life.of(months))


def rates(lived: Lived, months_each: int = 1) -> Iterator[tuple[str, Exact]]:
    """`smm_1_month`, `cpr_3_month`, `severity_life` and so on: the rates of the last months of a pool and of its life, where there are as many."""
    before, months = lived
    counts = {f"{window}_month": window // months_each for window in WINDOWS if window % months_each == 0}
    spans = {name: Life.of(months[-count:]) for name, count in counts.items() if count <= len(months)}
    for name, life in {**spans, "life": before.then(Life.of(months))}.items():
        found = {
            "smm": _prepayment(life, months_each, 1), "cpr": _prepayment(life, months_each, 12), "mdr": _default(life, months_each, 1),
            "cdr": _default(life, months_each, 12), "severity": _severity(life),
        }  # fmt: skip
        yield from ((f"{measure}_{name}", rate) for measure, rate in found.items() if rate is not None)


def _prepayment(life: Life, months_each: int, per: int) -> Exact | None:
    """None where some movement is without a name."""
    return None if life.unnamed else _rate(life.prepaid, months_each, per)


def _default(life: Life, months_each: int, per: int) -> Exact | None:
    return None if life.unnamed else _rate(life.defaulted, months_each, per)


def _severity(life: Life) -> Exact | None:
    return Fraction(life.loss, life.liquidated) if life.liquidated > 0 else None


def _rate(survival: Survival, months_each: int, per: int) -> Exact | None:
    """One less what survived, brought to `per` months."""
    if not survival.periods:
        return None
    months = survival.periods * months_each
    if per % months == 0:
        return 1 - Fraction(survival.left, survival.whole) ** (per // months)
    share = Decimal(survival.left * 10**_DIGITS // survival.whole).scaleb(-_DIGITS, _ROOTS)
    return 1 - round_to(Fraction(_ROOTS.power(share, _ROOTS.divide(Decimal(per), Decimal(months)))), PLACES, "half_even")
