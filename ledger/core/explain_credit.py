"""Shares, credit support and overcollateralization explained: the balances of classes and pools that they are worked out from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Protocol

from ledger.core import credit_support
from ledger.core.explanation import Explanation, less, quotient, total
from ledger.core.terms import Terms

ITEMS = frozenset((*credit_support.SHARES, *credit_support.SUPPORT, *credit_support.OVERCOLLATERALIZATION))


class Figures(Protocol):
    """What explains the figures of classes and pools."""

    @property
    def terms(self) -> Terms: ...

    def figure(self, subject: str, item: str, upto: int) -> Explanation | None: ...


def credit_explained(figures: Figures, subject: str, item: str, upto: int) -> Explanation:
    """A figure of `ITEMS`."""
    terms = figures.terms
    if item in credit_support.OVERCOLLATERALIZATION:
        balance = credit_support.OVERCOLLATERALIZATION[item]
        return total(item, [_sum(figures, "pool", terms.deal.all_pools, balance, upto), less(_listed(figures, balance, upto))])
    if item in credit_support.SUPPORT:
        balance = credit_support.SUPPORT[item]
        return quotient(item, _sum(figures, "classes below", credit_support.below(terms, subject), balance, upto), _listed(figures, balance, upto))
    whole = terms.deal.all_pools if item == "share_of_pool" else terms.groups["tranches"]
    return quotient(item, *(_sum(figures, item, names, "closing_balance", upto) for names in ([subject], whole)))


def _listed(figures: Figures, balance: str, upto: int) -> Explanation:
    return _sum(figures, "all classes of the list", credit_support.listed(figures.terms), balance, upto)


def _sum(figures: Figures, label: str, subjects: Iterable[str], item: str, upto: int) -> Explanation:
    found = ((subject, figures.figure(subject, item, upto)) for subject in subjects)
    return total(label, [replace(part, label=f"{subject} {item}") for subject, part in found if part is not None])
