"""Reading a deal's life at once: the chain of distributions up to one, what the postings of each add up to, and what its accounts held.

Of the whole life, for histories; or of its last months, and before them what was kept of the lives of pools (`pool_life`), for a statement.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Column, ColumnElement, Select, TextualSelect, bindparam, insert, select, text
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from ledger.core.distribution import BalanceRow
from ledger.core.money import Money
from ledger.store import tables
from ledger.store.books import DistributionRow
from ledger.store.deals import DealReader

if TYPE_CHECKING:
    from ledger.store.log import Writer

_DISTRIBUTIONS, _POSTINGS, _ACCOUNTS, _LIVES = tables.distribution.c, tables.posting.c, tables.balance.c, tables.pool_life.c

# The chain of distributions that leads to one, oldest first, and the lives that are kept of where it begins. The database follows it back, so that of a
# reopened period it finds only the version that leads there: to the one that opened the books, or to the first that is at least so many steps back and of
# which lives are kept that count alike.
_CHAIN = """
WITH RECURSIVE chain AS (
  SELECT {columns}, 0 AS back FROM distribution WHERE deal_id = :deal AND number = :number
  UNION ALL
  SELECT {columns}, back + 1
  FROM chain JOIN distribution ON deal_id = :deal AND distribution.number = chain.previous AND distribution.number < chain.number
  WHERE back < :least
  OR NOT EXISTS (SELECT 1 FROM pool_life WHERE deal_id = :deal AND distribution = chain.number AND counting = :counting)
)
SELECT lives, chain.*
FROM chain LEFT JOIN pool_life ON deal_id = :deal AND distribution = chain.number AND counting = :counting AND back >= :least
ORDER BY back DESC
"""


def _led_to(*without: str) -> TextualSelect:
    """The query with the columns of `DistributionRow`, some of them empty."""
    columns = ", ".join(f"'' AS {name}" if name in without else f"distribution.{name}" for name in DistributionRow._fields)
    return text(_CHAIN.format(columns=columns)).columns(_LIVES.lives, *(_DISTRIBUTIONS[name] for name in DistributionRow._fields))


def _of(table: ReadOnlyColumnCollection[str, Column[Any]], *columns: ColumnElement[Any]) -> Select[Any]:
    return select(table["distribution"], *columns).where(table["deal_id"] == bindparam("deal"))


# Put together once: a statement is asked for these again and again.
_LED_TO = _led_to()
_LED_TO_WITHOUT_STATE = _led_to("state")  # its text is long, and of no use to whoever wants a few figures
_POSTED = _of(_POSTINGS, _POSTINGS.item, _POSTINGS.amount)
_HELD = _of(_ACCOUNTS, *(_ACCOUNTS[name] for name in BalanceRow._fields))
_ADJUSTING = _of(_POSTINGS, _POSTINGS.source, _POSTINGS.destination, _POSTINGS.amount).where(_POSTINGS.step == "adjustment")


def _span(query: Select[Any], number: Column[Any]) -> Select[Any]:
    """Of a whole life: a span is read faster than a list of numbers; what another version of a reopened period has in it is passed over."""
    return query.where(number.between(bindparam("first"), bindparam("last")))


def _listed(query: Select[Any], number: Column[Any], word: Column[Any]) -> Select[Any]:
    """Of a few months and of a few words: a span would have every version in it that lies between two of them."""
    return query.where(number.in_(bindparam("numbers", expanding=True)), word.in_(bindparam("words", expanding=True)))


_POSTED_IN_SPAN = _span(_POSTED.where(_POSTINGS.item != ""), _POSTINGS.distribution)
_HELD_IN_SPAN = _span(_HELD, _ACCOUNTS.distribution)
_ADJUSTING_IN_SPAN = _span(_ADJUSTING, _POSTINGS.distribution)
_POSTED_FOR = _listed(_POSTED, _POSTINGS.distribution, _POSTINGS.item)
_HELD_IN = _listed(_HELD, _ACCOUNTS.distribution, _ACCOUNTS.account)


class KeptLives(NamedTuple):
    """What the lives of a deal's pools come to at a distribution (`encode_lives`), and how the terms counted its months (`counting`)."""

    distribution: int
    counting: str
    lives: str


@dataclass(frozen=True, slots=True)
class Summed:
    """A distribution with its accounts, and with its postings added up by item; `adjusted` is by how much adjustments moved each account at its opening."""

    row: DistributionRow
    balances: dict[str, BalanceRow] = field(default_factory=dict)
    figures: dict[str, Money] = field(default_factory=dict)
    adjusted: dict[str, Money] = field(default_factory=dict)


class LifeReader(DealReader):
    """The part of `Reader` that reads a chain of distributions."""

    def life(self, deal: str, number: int) -> list[Summed]:
        """The distributions that lead to one, oldest first, each opened by the one before it."""
        rows = self._all(_LED_TO, deal=self.deal_id(deal), number=number, least=0, counting=None)
        found = _by_number(rows)
        span = {"deal": self.deal_id(deal), "first": min(found, default=0), "last": number}
        _post(found, self._all(_POSTED_IN_SPAN, **span))
        _hold(found, self._all(_HELD_IN_SPAN, **span))
        _adjust(found, self._all(_ADJUSTING_IN_SPAN, **span))
        return list(found.values())

    def last_months(
        self, deal: str, number: int, least: int, counting: str | None, items: Iterable[str], accounts: Iterable[str]
    ) -> tuple[str | None, list[Summed]]:
        """The months that lead to a distribution, oldest first, of some items and accounts alone, and what is kept of the lives before them.

        At least so many months where there are any before; where nothing is kept that counts alike, or it is not asked for, all of them, and None before.
        """
        deal_id = self.deal_id(deal)
        (lives, *_), *rows = self._all(_LED_TO_WITHOUT_STATE, deal=deal_id, number=number, least=least, counting=counting)
        found = _by_number(rows)
        if found:
            numbers = {"deal": deal_id, "numbers": list(found)}
            _post(found, self._all(_POSTED_FOR, **numbers, words=list(items)))
            _hold(found, self._all(_HELD_IN, **numbers, words=list(accounts)))
        return lives, list(found.values())

    def kept_lives(self, deal: str) -> list[KeptLives]:
        """All that is kept of the lives of a deal's pools, in the order of the distributions."""
        chosen = select(*(_LIVES[name] for name in KeptLives._fields)).where(_LIVES.deal_id == self.deal_id(deal)).order_by(_LIVES.distribution)
        return [KeptLives(*row) for row in self.connection.execute(chosen)]

    def _all(self, query: Select[Any] | TextualSelect, **values: Any) -> Sequence[Any]:
        """All rows at once: one by one they take twice as long."""
        return self.connection.execute(query, values).all()


def add_lives(writer: Writer, lives: Iterable[KeptLives]) -> None:
    """Keep what lives come to at some distributions of which nothing is kept yet."""
    rows = [{"deal_id": writer.deal_id(writer.deal), **one._asdict()} for one in lives]
    if rows:
        writer.connection.execute(insert(tables.pool_life), rows)


def _by_number(rows: Iterable[Sequence[Any]]) -> dict[int, Summed]:
    """Distributions without anything in them, from rows of a chain."""
    return {row.number: Summed(row) for row in (DistributionRow(*columns) for _, *columns, _ in rows)}


def _post(found: Mapping[int, Summed], postings: Iterable[tuple[int, str, Money]]) -> None:
    for distribution, item, amount in postings:
        if distribution in found:
            figures, lowers = found[distribution].figures, item.startswith("-")
            figures[item[lowers:]] = figures.get(item[lowers:], 0) + (-amount if lowers else amount)


def _hold(found: Mapping[int, Summed], accounts: Iterable[Sequence[Any]]) -> None:
    for number, account, *held in accounts:
        if number in found:
            found[number].balances[account] = BalanceRow(account, *held)


def _adjust(found: Mapping[int, Summed], postings: Iterable[tuple[int, str, str, Money]]) -> None:
    moved: dict[tuple[int, str], Money] = defaultdict(int)
    for number, source, destination, amount in postings:
        moved[number, source] -= amount
        moved[number, destination] += amount
    for (number, account), amount in moved.items():
        if number in found:
            found[number].adjusted[account] = amount
