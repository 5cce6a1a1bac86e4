"""A deal's books as a Beancount journal, so that a program that knows nothing of this one adds them up again.

The syntax is Beancount's (version 2 and 3): `open`, transactions, `balance`. Each step of a distribution is one transaction, each posting of it two
lines; after each distribution the balance of every account is asserted to the last digit.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import NamedTuple

from ledger.core.money import Money, format_money
from ledger.core.posting import EXCESS, LOSS, ROUNDING, Posting

_OWNED = frozenset(("pool", "defaulted", "cash", "due", "entitlement"))
"""What the trust owns; the rest, beside the three below, is what it owes, and its ledgers of memory."""
_BETWEEN = frozenset((EXCESS, LOSS, ROUNDING))


class Entry(NamedTuple):
    """A distribution as the journal shows it: its postings, and what every account that moved or held something closed with (units at carry scale)."""

    number: int
    day: date
    postings: Sequence[Posting]
    closing: Mapping[str, Money]


class Journal:
    """Writes the entries of one deal, in their order; nothing is kept but the names of the accounts."""

    def __init__(self, title: str, currency: str, scale: int) -> None:
        self._title, self._currency, self._scale = title, currency, scale
        self._names: dict[str, str] = {}

    def beginning(self) -> Iterator[str]:
        """The lines that stand before the first entry."""
        yield f'option "title" {_quoted(self._title)}'
        yield f'option "operating_currency" "{self._currency}"'

    def entry(self, entry: Entry) -> Iterator[str]:
        """A distribution: accounts that are new, a transaction a step, and the balance of each account when it closed."""
        yield ""
        yield f"; Distribution {entry.number}"
        yield from self._opened(entry)
        for (step, cause), postings in groupby(entry.postings, key=lambda posting: (posting.step, posting.cause)):
            yield from self._transaction(entry, step, cause, postings)
        morning_after = entry.day + timedelta(days=1)  # an assertion holds when its day begins
        for account, name in self._names.items():
            # Without a tolerance Beancount would let one unit of the last digit pass.
            yield f"{morning_after} balance {name} {self._amount(entry.closing.get(account, 0))} ~ 0 {self._currency}"

    def _opened(self, entry: Entry) -> Iterator[str]:
        used = {account for posting in entry.postings for account in (posting.source, posting.destination)} | set(entry.closing)
        for account in sorted(used - set(self._names)):
            self._names[account] = _account(account, self._names.values())
            yield f"{entry.day} open {self._names[account]} {self._currency}"
            yield f"  account: {_quoted(account)}"

    def _transaction(self, entry: Entry, step: str, cause: str, postings: Iterable[Posting]) -> Iterator[str]:
        yield f"{entry.day} * {_quoted(step)} {_quoted(cause)}"
        yield f"  distribution: {entry.number}"
        for posting in postings:
            yield f"  {self._names[posting.source]} {self._amount(-posting.amount)} {self._currency}"
            yield f"  {self._names[posting.destination]} {self._amount(posting.amount)} {self._currency}"

    def _amount(self, units: Money) -> str:
        return format_money(units, self._scale, thousands=False)


def _account(account: str, taken: Iterable[str]) -> str:
    """An account's name as Beancount has it: a root, then parts of letters, digits and `-` that begin with a capital or a digit.

    Two accounts that would be called the same are numbered.
    """
    first, *_ = account.split(".")
    root = "Assets" if first in _OWNED else "Equity" if account in _BETWEEN else "Liabilities"
    parts = [re.sub(r"[^A-Za-z0-9]", "-", part).lstrip("-") for part in account.split(".")]
    name = ":".join([root, *(part[:1].upper() + part[1:] for part in parts)])
    others, number, unique = set(taken), 1, name
    while unique in others:
        number += 1
        unique = f"{name}-{number}"
    return unique


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
