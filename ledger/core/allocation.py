"""Allocation trees: how an amount is split among payees, in sequence or pro rata, under limits and conditions.

A tree is compiled with its payees once, when its step is; a period runs what that gave.
"""

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
Room = Callable[[Any], Any]
"""What can be taken now, of the running period: Money, or Exact where shares stay exact; the same holds for amounts that are given."""
Allocate = Callable[[Any, Any], Any]
"""Gives up to an amount, in the running period; what was placed."""


class Payee(NamedTuple):
    """Who stands at a leaf: `room(run)` is what it can take now, `give(run, amount)` books what it is given."""

    room: Room
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
    """A tree with its payees: what all of it can take now, by limits and conditions too, and how it is given an amount."""

    payees: Mapping[str, Payee]
    room: Room
    allocate: Allocate

    def can_take(self, run: Any) -> bool:
        """Whether any payee can take anything now, whatever limits and conditions say: they are not read."""
        return any(payee.room(run) for payee in self.payees.values())


def allocation_of(branch: Branch, payees: Mapping[str, Payee], odd: Odd, mode: RoundingMode) -> Allocation:
    """A tree ready to run, by the deal's rules for odd units and for rounding a limit."""
    if branch.payee is not None:
        room, allocate = _leaf(payees[branch.payee])
    else:
        children = [allocation_of(child, payees, odd, mode) for child in branch.children]
        room = _together([child.room for child in children])
        allocate = _pro_rata(branch, children, odd) if branch.pro_rata else _sequential([child.allocate for child in children])
    if branch.limit is not None or branch.when is not None:
        room = _cut(room, branch.limit, branch.when, odd, mode)
        allocate = _within(room, allocate)
    return Allocation(payees, room, allocate)


def _leaf(payee: Payee) -> tuple[Room, Allocate]:
    room, give = payee

    def allocate(run: Any, amount: Any) -> Any:
        amount = min(amount, room(run))
        if amount <= 0:
            return 0
        give(run, amount)
        return amount

    return room, allocate


def _together(rooms: Sequence[Room]) -> Room:
    return lambda run: sum([room(run) for room in rooms])


def _cut(whole: Room, limit: Read | None, when: Read | None, odd: Odd, mode: RoundingMode) -> Room:
    """What there is room for, cut by a limit; nothing where a condition does not hold."""

    def room(run: Any) -> Any:
        if when is not None and not when(run):
            return 0
        most = whole(run)
        if not most or limit is None:
            return most
        exact = max(0, limit(run))
        return min(most, exact if odd == "exact" else round_exact(exact, mode))

    return room


def _within(room: Room, allocate: Allocate) -> Allocate:
    return lambda run, amount: allocate(run, min(amount, room(run)))


def _sequential(children: Sequence[Allocate]) -> Allocate:
    def allocate(run: Any, amount: Any) -> Any:
        left = amount
        for child in children:
            if left <= 0:
                break
            left -= child(run, left)
        return amount - left

    return allocate


def _pro_rata(branch: Branch, children: Sequence[Allocation], odd: Odd) -> Allocate:
    """Split by weight. What a child could not place after all (a payee that stands below two of them was filled by the first) is split again."""

    def allocate(run: Any, amount: Any) -> Any:
        left = amount
        while left > 0:
            rooms = [child.room(run) for child in children]
            weights = rooms if branch.weigh is None else [branch.weigh(run, child) for child in branch.children]
            shares = share_within(left, weights, rooms, odd)
            placed = sum([child.allocate(run, share) for child, share in zip(children, shares, strict=True)])
            left -= placed
            if not placed:
                break
            if odd == "each" and left < len(shares) and any(child.room(run) for child in children):
                return amount  # shares rounded each alone are meant to miss the amount: the difference is nobody's
        return amount - left

    return allocate


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
