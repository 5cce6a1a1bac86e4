"""Allocation trees: how an amount is split among payees, in sequence or pro rata, under limits and conditions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from ledger.core.formula import Read
from ledger.core.money import Exact, Money, OddUnits, RoundingMode, allocate_pro_rata, exact_shares, round_exact

UNLIMITED: Money = 10**30
"""The room of a payee that can take any amount."""

Weigh = Callable[[Any, "Branch"], Exact]
Odd = OddUnits | Literal["exact"]
"""The deal's rule for odd units, or `exact` where nothing is rounded yet."""


class Payee(NamedTuple):
    """Who stands at a leaf: `room(run)` is what it can take now, `give(run, amount)` books what it is given; Money, or Exact where shares stay exact."""

    room: Callable[[Any], Any]
    give: Callable[[Any, Any], None]


@dataclass(frozen=True, slots=True)
class Branch:
    """A node of a tree: a `payee`, or children; with `pro_rata` they share by `weigh` (None: by what each can take), else each waits for the one before.

    `limit` gives units of money, exact; both formulas are read when the allocation reaches the node, counting what this step already gave.
    """

    payee: str | None = None
    children: tuple[Branch, ...] = ()
    pro_rata: bool = False
    weigh: Weigh | None = None
    limit: Read | None = None
    when: Read | None = None

    def payees(self) -> Iterator[str]:
        """The leaves below, in order; one that occurs twice comes twice."""
        if self.payee is not None:
            yield self.payee
        for child in self.children:
            yield from child.payees()


class Allocation(NamedTuple):
    """One step's allocation: who its payees are, by name, and the deal's rules for odd units and for rounding a limit."""

    run: Any
    payees: Mapping[str, Payee]
    odd: Odd
    mode: RoundingMode

    def room_of(self, branch: Branch) -> Any:
        """What a branch can take now: the sum of its payees' room, cut by its limit; nothing where its condition does not hold."""
        if branch.when is not None and not branch.when(self.run):
            return 0
        room = self.payees[branch.payee].room(self.run) if branch.payee is not None else sum(map(self.room_of, branch.children))
        return min(room, self._limit(branch.limit)) if room and branch.limit is not None else room

    def _limit(self, limit: Read) -> Any:
        exact = max(0, limit(self.run))
        return exact if self.odd == "exact" else round_exact(exact, self.mode)

    def allocate(self, branch: Branch, amount: Any) -> Any:
        """Give up to `amount` to a branch; what was placed."""
        if branch.payee is not None or branch.limit is not None or branch.when is not None:
            amount = min(amount, self.room_of(branch))
        if amount <= 0:
            return 0
        if branch.payee is not None:
            self.payees[branch.payee].give(self.run, amount)
            return amount
        return self._pro_rata(branch, amount) if branch.pro_rata else self._sequential(branch, amount)

    def _sequential(self, branch: Branch, amount: Any) -> Any:
        left = amount
        for child in branch.children:
            if left <= 0:
                break
            left -= self.allocate(child, left)
        return amount - left

    def _pro_rata(self, branch: Branch, amount: Any) -> Any:
        """Split by weight. What a child could not place after all (a payee that stands below two of them was filled by the first) is split again."""
        left = amount
        while left > 0:
            rooms = [self.room_of(child) for child in branch.children]
            weights = rooms if branch.weigh is None else [branch.weigh(self.run, child) for child in branch.children]
            shares = share_within(left, weights, rooms, self.odd)
            placed = sum(self.allocate(child, share) for child, share in zip(branch.children, shares, strict=True))
            left -= placed
            if not placed:
                break
            if self.odd == "each" and left < len(shares) and any(map(self.room_of, branch.children)):
                return amount  # shares rounded each alone are meant to miss the amount: the difference is nobody's
        return amount - left


def share_within(amount: Any, weights: Sequence[Exact], rooms: Sequence[Any], odd: Odd) -> list[Any]:
    """Split `amount` by weight; a share above its room is cut to it, and what that leaves is split again among the others, until it is placed."""
    shares: list[Any] = [0] * len(rooms)
    unsettled = [index for index, room in enumerate(rooms) if room > 0]
    while unsettled and amount > 0:
        left = [weights[index] for index in unsettled]
        proposed: Sequence[Exact] = exact_shares(amount, left) if odd == "exact" else allocate_pro_rata(amount, left, odd)
        over = {index for index, share in zip(unsettled, proposed, strict=True) if share > rooms[index]}
        if not over:
            for index, share in zip(unsettled, proposed, strict=True):
                shares[index] = share
            break
        for index in over:
            shares[index] = rooms[index]
            amount -= rooms[index]
        unsettled = [index for index in unsettled if index not in over]
    return shares
