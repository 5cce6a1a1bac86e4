"""Reading a deal's whole life at once: the chain of distributions up to one, what the postings of each add up to, and what its accounts held."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, select

from ledger.core.distribution import BalanceRow
from ledger.core.money import Money
from ledger.store import tables
from ledger.store.books import DistributionRow
from ledger.store.deals import DealReader

_DISTRIBUTION = [tables.distribution.c[name] for name in DistributionRow._fields]
_BALANCE = [tables.balance.c[name] for name in BalanceRow._fields]


@dataclass(frozen=True, slots=True)
class Summed:
    """A distribution with its accounts, and with its postings added up by item; `adjusted` is by how much adjustments moved each account at its opening."""

    row: DistributionRow
    balances: dict[str, BalanceRow] = field(default_factory=dict)
    figures: dict[str, Money] = field(default_factory=dict)
    adjusted: dict[str, Money] = field(default_factory=dict)


class LifeReader(DealReader):
    """The part of `Reader` that reads a chain of distributions."""

    def life(self, deal: str, number: int, *, items: Collection[str] | None = None, accounts: Collection[str] | None = None) -> list[Summed]:
        """The distributions that lead to one, oldest first, each opened by the one before it.

        Of `items` and `accounts` alone, where they are given; then without what each distribution carried in its `state`.
        """
        deal_id = self.deal_id(deal)
        chain, columns = _chain(deal_id, number), tables.distribution.c
        # The text of a state is long, and of no use to whoever wants a few figures.
        read = _DISTRIBUTION if items is None else [literal("").label("state") if column.name == "state" else column for column in _DISTRIBUTION]
        chosen = select(*read).where(columns.deal_id == deal_id, columns.number.in_(chain)).order_by(columns.number)
        found = {row.number: Summed(DistributionRow(*row)) for row in self.connection.execute(chosen)}
        for distribution, item, amount in self.connection.execute(_sums(deal_id, chain, items)).all():
            figures, lowers = found[distribution].figures, item.startswith("-")
            figures[item[lowers:]] = figures.get(item[lowers:], 0) + (-int(amount) if lowers else int(amount))
        for row in self.connection.execute(_balances(deal_id, chain, accounts)).all():
            found[row[0]].balances[row[1]] = BalanceRow(*row[1:])
        if accounts is None:
            self._adjust(deal_id, chain, found)
        return list(found.values())

    def _adjust(self, deal_id: int, chain: Select[tuple[int]], found: dict[int, Summed]) -> None:
        postings = tables.posting.c
        chosen = select(postings.distribution, postings.source, postings.destination, postings.amount)
        of_chain = (postings.deal_id == deal_id, postings.distribution.in_(chain), postings.step == "adjustment")
        moved: dict[tuple[int, str], Money] = defaultdict(int)
        for number, source, destination, amount in self.connection.execute(chosen.where(*of_chain)):
            moved[number, source] -= amount
            moved[number, destination] += amount
        for (number, account), amount in moved.items():
            found[number].adjusted[account] = amount


def _chain(deal_id: int, number: int) -> Select[tuple[int]]:
    """The numbers of the distributions that lead to one: a period that was reopened later or earlier has versions that are not among them."""
    columns = tables.distribution.c
    last = select(columns.number, columns.previous).where(columns.deal_id == deal_id, columns.number == number).cte("chain", recursive=True)
    chain = last.union_all(select(columns.number, columns.previous).where(columns.deal_id == deal_id, columns.number == last.c.previous))
    return select(chain.c.number)


def _sums(deal_id: int, chain: Select[tuple[int]], items: Collection[str] | None) -> Select[Any]:
    postings = tables.posting.c
    chosen = select(postings.distribution, postings.item, func.sum(postings.amount)).where(postings.deal_id == deal_id, postings.distribution.in_(chain))
    wanted = postings.item != "" if items is None else postings.item.in_(sorted({*items, *(f"-{item}" for item in items)}))
    return chosen.where(wanted).group_by(postings.distribution, postings.item)


def _balances(deal_id: int, chain: Select[tuple[int]], accounts: Collection[str] | None) -> Select[Any]:
    columns = tables.balance.c
    conditions: Sequence[ColumnElement[bool]] = [] if accounts is None else [columns.account.in_(sorted(accounts))]
    return select(columns.distribution, *_BALANCE).where(columns.deal_id == deal_id, columns.distribution.in_(chain), *conditions)
