"""Reading a deal's whole life at once: the chain of distributions up to one, what the postings of each add up to, and what its accounts held."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, bindparam, literal, select
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from ledger.core.distribution import BalanceRow
from ledger.core.money import Money
from ledger.store import tables
from ledger.store.books import DistributionRow
from ledger.store.deals import DealReader

_DISTRIBUTIONS, _POSTINGS, _ACCOUNTS = tables.distribution.c, tables.posting.c, tables.balance.c


def _of_span(table: ReadOnlyColumnCollection[str, Column[Any]], *columns: ColumnElement[Any]) -> Select[Any]:
    distribution = table["distribution"]
    return select(distribution, *columns).where(table["deal_id"] == bindparam("deal"), distribution.between(bindparam("first"), bindparam("last")))


# Put together once: a statement is asked for these again and again.
_COLUMNS = [_DISTRIBUTIONS[name] for name in DistributionRow._fields]
_DISTRIBUTED = select(*_COLUMNS).where(_DISTRIBUTIONS.deal_id == bindparam("deal"), _DISTRIBUTIONS.number <= bindparam("last"))
# The text of a state is long, and of no use to whoever wants a few figures.
_WITHOUT_STATE = _DISTRIBUTED.with_only_columns(*(literal("").label("state") if column.name == "state" else column for column in _COLUMNS))
_POSTED = _of_span(_POSTINGS, _POSTINGS.item, _POSTINGS.amount).where(_POSTINGS.item != "")
_POSTED_FOR = _of_span(_POSTINGS, _POSTINGS.item, _POSTINGS.amount).where(_POSTINGS.item.in_(bindparam("items", expanding=True)))
_HELD = _of_span(_ACCOUNTS, *(_ACCOUNTS[name] for name in BalanceRow._fields))
_HELD_IN = _HELD.where(_ACCOUNTS.account.in_(bindparam("accounts", expanding=True)))
_ADJUSTING = _of_span(_POSTINGS, _POSTINGS.source, _POSTINGS.destination, _POSTINGS.amount).where(_POSTINGS.step == "adjustment")


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
        rows = self._all(_DISTRIBUTED if items is None else _WITHOUT_STATE, deal=deal_id, last=number)
        found = {row.number: Summed(row) for row in _chain({row[0]: DistributionRow(*row) for row in rows}, number)}
        # A span is read faster than a list of numbers; what another version of a reopened period has in it is passed over.
        span = {"deal": deal_id, "first": min(found, default=0), "last": number}
        posted = self._all(_POSTED, **span) if items is None else self._all(_POSTED_FOR, **span, items=_either_sign(items))
        for distribution, item, amount in posted:
            if distribution in found:
                figures, lowers = found[distribution].figures, item.startswith("-")
                figures[item[lowers:]] = figures.get(item[lowers:], 0) + (-amount if lowers else amount)
        held = self._all(_HELD, **span) if accounts is None else self._all(_HELD_IN, **span, accounts=sorted(accounts))
        for row in held:
            if row[0] in found:
                found[row[0]].balances[row[1]] = BalanceRow(*row[1:])
        if accounts is None:
            self._adjust(span, found)
        return list(found.values())

    def _all(self, query: Select[Any], **values: Any) -> Sequence[Any]:
        """All rows at once: one by one they take twice as long."""
        return self.connection.execute(query, values).all()

    def _adjust(self, span: dict[str, int], found: dict[int, Summed]) -> None:
        moved: dict[tuple[int, str], Money] = defaultdict(int)
        for number, source, destination, amount in self._all(_ADJUSTING, **span):
            moved[number, source] -= amount
            moved[number, destination] += amount
        for (number, account), amount in moved.items():
            if number in found:
                found[number].adjusted[account] = amount


def _chain(rows: Mapping[int, DistributionRow], number: int) -> list[DistributionRow]:
    """The distributions that lead to one, oldest first: a period that was reopened has versions that are not among them."""
    chain, at = list[DistributionRow](), rows.get(number)
    while at is not None:
        chain.append(at)
        at = None if at.previous is None else rows[at.previous]
    return chain[::-1]


def _either_sign(items: Collection[str]) -> list[str]:
    """Items as postings have them: one that lowers its figure begins with a minus."""
    return sorted({*items, *(f"-{item}" for item in items)})
