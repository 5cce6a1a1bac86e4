"""The pools of a deal and their months: which accounts hold them, and which items of postings a month of one is made of."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import NamedTuple

from ledger.core import performance
from ledger.core.distribution import BalanceRow
from ledger.core.money import Money
from ledger.core.names import pool_balance
from ledger.core.performance import PoolMonth
from ledger.core.terms import Terms


class Moved(NamedTuple):
    """A period as far as its pools are asked: what accounts held before and after it, and amounts by item, each of one posting or of several together.

    An amount whose item begins with `-` lowers it. Units at carry scale.
    """

    period: date
    opening: Mapping[str, Money]
    closing: Mapping[str, Money]
    amounts: Iterable[tuple[str, Money]]

    @classmethod
    def of(cls, period: date, balances: Mapping[str, BalanceRow], figures: Mapping[str, Money]) -> Moved:
        opening = {account: row.opening for account, row in balances.items()}
        return cls(period, opening, {account: row.closing for account, row in balances.items()}, figures.items())


class Pools:
    """The pools of a deal as its terms have them, looked up once for any number of periods.

    `accounts` are those that hold their loans; `items` those of the postings that their months are made of, as they raise a figure and as they lower it.
    `counting` is all that makes one distribution another month under other terms, as canonical JSON: the pools with the accounts that their balances are in,
    and the kinds of event of the deal's own that move a pool.
    """

    def __init__(self, terms: Terms) -> None:
        self._terms, self._own = terms, {name: terms.components[name] for name in terms.deal.events}
        self._defaulted = {pool: terms.defaulted_account(pool) for pool in terms.deal.all_pools}
        components = (*terms.components, "other_reduction")
        self._counted = {f"{sign}{pool}.{name}": (pool, name, -1 if sign else 1) for pool in terms.deal.all_pools for name in components for sign in ("", "-")}

    @property
    def items(self) -> Iterable[str]:
        return self._counted

    @property
    def accounts(self) -> Iterable[str]:
        return [account for pool, defaulted in self._defaulted.items() for account in (self._terms.pool_account(pool), defaulted)]

    @property
    def counting(self) -> str:
        moving = sorted(name for name, component in self._own.items() if component.pool)
        return json.dumps([sorted(self._terms.pool_accounts.values()), moving], separators=(",", ":"), ensure_ascii=False)

    def by_subject(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The pools, after all of them together where they have names of their own."""
        if self._terms.deal.pools:
            yield "pool", tuple(self._defaulted)
        yield from ((name, (name,)) for name in self._defaulted)

    def month(self, moved: Moved) -> dict[str, PoolMonth]:
        """The month of each pool."""
        counted = self._counted
        figures: dict[str, dict[str, Money]] = {pool: {} for pool in self._defaulted}
        for item, amount in moved.amounts:
            if item in counted:
                pool, name, sign = counted[item]
                components = figures[pool]
                components[name] = components.get(name, 0) + sign * amount
        return {pool: self._month(pool, moved, components) for pool, components in figures.items()}

    def _month(self, pool: str, moved: Moved, components: Mapping[str, Money]) -> PoolMonth:
        period, opening, closing, _ = moved
        defaulted = opening.get(self._defaulted[pool], 0), closing.get(self._defaulted[pool], 0)
        before, after = (pool_balance(balances, self._terms, pool) for balances in (opening, closing))
        return performance.pool_month(period, before, after, defaulted, components, self._own)

    def months(self, periods: Iterable[Moved]) -> dict[str, list[PoolMonth]]:
        """The months of each pool, and of all together."""
        months = [self.month(moved) for moved in periods]
        return {subject: performance.together([[month[pool] for month in months] for pool in pools]) for subject, pools in self.by_subject()}
