"""What a figure of a pool is made of, loan by loan: for every figure of a statement that is a sum over loans, or a count of them, each loan's part in it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from typing import Literal, NamedTuple

from ledger.core.collateral import BUCKETS, LATE, bucket_name
from ledger.core.events import PREPAYMENTS, STATES
from ledger.core.loan_ledger import LoanRow
from ledger.core.money import Money
from ledger.core.statement import BALANCE
from ledger.core.terms import Terms


class Share(NamedTuple):
    """How a figure is made of loans: of money in units at carry scale, or of whole loans."""

    kind: Literal["money", "loans"]
    of: Callable[[LoanRow], int]


def shares(terms: Terms, pools: Collection[str], losing: Collection[str]) -> Mapping[str, Share]:
    """The shares of the figures of some pools by item. `losing` are those of the pools in which a realized loss was reported in the period."""
    found: dict[str, Share] = {}
    for name in terms.components:
        found[name] = Share("money", partial(_amount, name, losing))
    found["loss"] = Share("money", partial(_loss, terms, losing))
    found["cumulative_loss"] = Share("money", lambda row: row.cumulative_loss - row.cumulative_recovery)
    excluded = {pool for pool in pools if terms.deal.all_pools[pool].defaulted == "excluded"}
    found["opening_balance"] = Share("money", partial(_opening, excluded))
    found[BALANCE] = Share("money", partial(_closing, excluded))
    found["opening_loans"] = Share("loans", lambda row: int(_reported_opening(row) > 0))
    found["closing_loans"] = Share("loans", lambda row: int(row.reported_balance > 0))
    for name, belongs in _buckets():
        found[f"loans_{name}"] = Share("loans", partial(_counted, belongs))
        found[f"balance_{name}"] = Share("money", partial(_held, belongs))
    return {item: share._replace(of=partial(_in_pools, frozenset(pools), share.of)) for item, share in found.items()}


def _in_pools(pools: Collection[str], of: Callable[[LoanRow], int], row: LoanRow) -> int:
    return of(row) if row.pool in pools else 0


def _amount(component: str, losing: Collection[str], row: LoanRow) -> Money:
    """An amount of a component as a statement sums it: prepayments of each sort, and expenses as a loss until a realized loss includes them."""
    if component == "prepayment":
        return sum(row.amounts.get(name, 0) for name in PREPAYMENTS)
    if component == "realized_loss" and row.pool not in losing:
        return row.amounts.get("liquidation_expense", 0)
    return row.amounts.get(component, 0)


def _loss(terms: Terms, losing: Collection[str], row: LoanRow) -> Money:
    """What the loan added to the loss that waits to be borne, less what was recovered; expenses are in its realized loss."""
    signs = {name: 1 if component.loss == "up" else -1 for name, component in terms.components.items() if component.loss and name != "liquidation_expense"}
    return sum(sign * _amount(name, losing, row) for name, sign in signs.items())


def _opening(excluded: Collection[str], row: LoanRow) -> Money:
    return row.opening_balance - (row.opening_in_default if row.pool in excluded else 0)


def _closing(excluded: Collection[str], row: LoanRow) -> Money:
    return row.closing_balance - (row.in_default if row.pool in excluded else 0)


def _reported_opening(row: LoanRow) -> Money:
    return row.reported_balance + row.principal + row.loss - row.adjustment


def _buckets() -> Iterator[tuple[str, Callable[[LoanRow], bool]]]:
    """Buckets of delinquency by the name of their items, each with whether a loan that has a balance is in it."""
    for name in (*(bucket_name(days, None) for days in BUCKETS), *STATES):
        yield name, partial(_stands, name)
    yield "delinquent", lambda row: row.status in STATES or (row.days_past_due or 0) >= LATE


def _stands(status: str, row: LoanRow) -> bool:
    return row.status == status


def _counted(belongs: Callable[[LoanRow], bool], row: LoanRow) -> int:
    return int(row.reported_balance > 0 and belongs(row))


def _held(belongs: Callable[[LoanRow], bool], row: LoanRow) -> Money:
    return row.reported_balance if belongs(row) else 0
