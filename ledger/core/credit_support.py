"""How far a class is protected: its part of all classes and of the pool, the classes that bear losses before it, and what the pool holds beyond them.

Credit support of a class is the balance of the classes below it over that of all classes that `seniority` lists (the deal file); overcollateralization
is the pool's balance less theirs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction

from ledger.core import posting
from ledger.core.money import Money
from ledger.core.names import pool_balance
from ledger.core.state import Running
from ledger.core.terms import Terms

SUPPORT: Mapping[str, str] = {
    "original_credit_support": "original_balance", "opening_credit_support": "opening_balance", "credit_support": "closing_balance",
}  # fmt: skip
"""The items of a class, with the balances that each is worked out from."""
OVERCOLLATERALIZATION: Mapping[str, str] = {"opening_overcollateralization": "opening_balance", "overcollateralization": "closing_balance"}
"""The items of the pool."""
SHARES = ("share_of_classes", "share_of_pool")


def listed(terms: Terms) -> tuple[str, ...]:
    """The classes that `seniority` lists."""
    return tuple(name for rank in terms.seniority for name in rank)


def below(terms: Terms, tranche: str) -> tuple[str, ...]:
    """The classes that bear losses before a class."""
    rank = next(number for number, members in enumerate(terms.seniority) if tranche in members)
    return tuple(name for members in terms.seniority[rank + 1 :] for name in members)


def shares(run: Running, tranche: str) -> Iterator[tuple[str, Fraction]]:
    """A class's closing part of all classes and of the pool, and its credit support; what has nothing to be divided by is left out."""
    closing = -run.balances[posting.principal(tranche)]
    pool = sum(pool_balance(run.balances, run.terms, name) for name in run.terms.deal.all_pools)
    for item, whole in zip(SHARES, (_sum(run, run.terms.groups["tranches"], "closing_balance"), pool), strict=True):
        if whole:
            yield item, Fraction(closing, whole)
    for item, balance in SUPPORT.items() if run.terms.seniority else ():
        whole = _sum(run, listed(run.terms), balance)
        if whole:
            yield item, Fraction(_sum(run, below(run.terms, tranche), balance), whole)


def overcollateralization(run: Running) -> Iterator[tuple[str, Money]]:
    """What the pool holds beyond the classes of `seniority`, below zero what it lacks; nothing where the deal has no pool or no such list."""
    if not (run.terms.seniority and run.terms.deal.all_pools):
        return
    for item, balance in OVERCOLLATERALIZATION.items():
        balances = run.opening if balance == "opening_balance" else run.balances
        pool = sum(pool_balance(balances, run.terms, name) for name in run.terms.deal.all_pools)
        yield item, pool - _sum(run, listed(run.terms), balance)


def _sum(run: Running, tranches: Iterable[str], balance: str) -> Money:
    if balance == "original_balance":
        return sum(run.terms.original[name] for name in tranches)
    balances = run.opening if balance == "opening_balance" else run.balances
    return -sum(balances[posting.principal(name)] for name in tranches)
