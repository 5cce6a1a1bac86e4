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


def pools_by_subject(terms: Terms) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The pools, after all of them together where they have names of their own."""
    names = tuple(terms.deal.all_pools)
    if terms.deal.pools:
        yield "pool", names
    yield from ((name, (name,)) for name in names)


class Moved(NamedTuple):
    """A period as far as its pools are asked: what accounts held before and after it, and what its postings add up to by item; units at carry scale."""

    period: date
    opening: Mapping[str, Money]
    closing: Mapping[str, Money]
    figures: Mapping[str, Money]

    @classmethod
    def of(cls, period: date, balances: Mapping[str, BalanceRow], figures: Mapping[str, Money]) -> Moved:
        return cls(period, {account: row.opening for account, row in balances.items()}, {account: row.closing for account, row in balances.items()}, figures)


def pool_month(terms: Terms, moved: Moved, pool: str) -> PoolMonth:
    """A pool's month."""
    period, opening, closing, figures = moved
    prefix, defaulted = f"{pool}.", terms.defaulted_account(pool)
    components = {item[len(prefix) :]: amount for item, amount in figures.items() if item.startswith(prefix)}
    own = {name: terms.components[name] for name in terms.deal.events}
    held = (opening.get(defaulted, 0), closing.get(defaulted, 0))
    return performance.pool_month(period, pool_balance(opening, terms, pool), pool_balance(closing, terms, pool), held, components, own)


def pool_months(terms: Terms, periods: Iterable[Moved]) -> dict[str, list[PoolMonth]]:
    """The months of each pool, and of all together."""
    lived = list(periods)
    months = {pool: [pool_month(terms, moved, pool) for moved in lived] for pool in terms.deal.all_pools}
    return {subject: performance.together([months[pool] for pool in pools]) for subject, pools in pools_by_subject(terms)}


def pool_items(terms: Terms, pool: str) -> dict[str, str]:
    """The items of a pool's postings by component: all that a `PoolMonth` is made of."""
    return {name: f"{pool}.{name}" for name in (*terms.components, "other_reduction")}


def pool_accounts(terms: Terms, pool: str) -> tuple[str, str]:
    """The accounts that hold a pool's loans."""
    return terms.pool_account(pool), terms.defaulted_account(pool)


def counting(terms: Terms) -> str:
    """All that makes one distribution another month under other terms, as canonical JSON: lives are of use only to terms that count in the same way.

    These are the pools with the accounts that their balances are in, and the kinds of event of the deal's own that move a pool.
    """
    pools = sorted(terms.pool_accounts.values())
    moving = sorted(name for name in terms.deal.events if terms.components[name].pool)
    return json.dumps([pools, moving], separators=(",", ":"), ensure_ascii=False)
