"""A period's collections: what the servicer reported for it, summed by kind, pool and origin, and the facts that are read one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from ledger.core.events import KINDS, Component, Event, Kind
from ledger.core.money import Money

STATED_EMPTY = ("nil_month", "missing_month")
"""Kinds that say that nothing was collected."""


class Total(NamedTuple):
    """The sums of one kind over one pool, as the log's `GROUP BY` gives them; None where no line reported that column.

    `origin_position` is what its lines correct (a position), `origin_date` the earlier period that they are booked for; None for the period's own.
    """

    kind: str
    pool: str | None
    origin_position: int | None
    origin_date: date | None
    principal: Money | None
    interest: Money | None
    fee: Money | None
    amount: Money | None


class Flow(NamedTuple):
    """One component's total of one pool: `amount` may be negative (a reversal exceeds the month's own). `origin` is an earlier period, or None."""

    component: str
    pool: str | None
    amount: Money
    origin: date | None = None


@dataclass(frozen=True, slots=True)
class Collections:
    """What a period knows of the world. `flows` in no order; `facts` in the order of the log, each kind read where it belongs.

    `is_stated`: whether the servicer has said what was collected, be it that nothing was.
    """

    flows: tuple[Flow, ...] = ()
    facts: tuple[Event, ...] = ()
    is_stated: bool = True

    def of_kind(self, kind: str) -> Iterator[Event]:
        return (fact for fact in self.facts if fact.kind == kind)


def collect(totals: Iterable[Total], facts: Iterable[Event], own_kinds: Mapping[str, Component]) -> Collections:
    """Turn sums by kind into flows by component; `own_kinds` are the deal's own."""
    flows, facts, totals = [], tuple(facts), tuple(totals)
    for total in totals:
        for place, component in _COMPONENTS_AT.get(total.kind) or _of_own_kind(total.kind, own_kinds):
            amount: Money | None = total[place]  # type: ignore[assignment]  # the columns of a kind are amounts
            if amount:
                flows.append(Flow(component, total.pool, amount, total.origin_date))
    return Collections(tuple(flows), facts, is_stated=bool(totals) or any(fact.kind in STATED_EMPTY for fact in facts))


def _components_at(kind: Kind) -> tuple[tuple[int, str], ...]:
    """(place in `Total`, component) of each column of a kind."""
    return tuple((Total._fields.index(column), component) for column, component in kind.components.items())


_COMPONENTS_AT = {name: _components_at(kind) for name, kind in KINDS.items()}


def _of_own_kind(kind: str, own_kinds: Mapping[str, Component]) -> tuple[tuple[int, str], ...]:
    """A kind of the deal's own; one that nobody knows has no component."""
    return _components_at(Kind({"amount": kind})) if kind in own_kinds else ()
