"""A month that is judged: what is known beside its rows, the rows of some of its loans together, and what all of them come to.

A month may have a million loans. What concerns single loans is looked at a share of the loans at a time (`Part`), and what the shares come to is summed
(`Whole`), so that memory holds one share and the rows that are not of loans. Rows of one kind are looked at together, so that it takes seconds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from operator import itemgetter
from typing import NamedTuple

from ledger.core.events import FACTS, KINDS, LOAN_FACTS, SET_UP, Event, Kind, loan_movements
from ledger.core.money import Money, format_money
from ledger.core.problems import Problem
from ledger.core.terms import Terms
from ledger.files.remittance import RemittedMonth
from ledger.files.spool import Share

Loans = Mapping[str, Money]
"""The unpaid balance of each live loan, by subject; units at carry scale. Empty where a deal is kept at pool level."""
LoansOf = Callable[[Share], Loans]
"""Gives the loans of a share."""
Amount = Callable[[Event], Money | None]
"""Reads one money column of an event."""
Found = Iterator[tuple[Event | None, Problem]]
"""Problems with the event that they are about; None for the whole file."""
INCOMPLETE = "incomplete"
"""The warning that a file is not the whole month; accepted by name where another file brings the rest."""
_line = itemgetter(Event._fields.index("line"))
_NEVER_OF_LOANS = {kind for kind in FACTS if kind not in LOAN_FACTS}


def no_loans(_share: Share) -> Loans:
    return {}


class Group(NamedTuple):
    """Events that are looked at together: of one kind, of one pool (`pool` stands for the only one, and for none), of loans or not."""

    kind: str
    pool: str
    of_loans: bool


@dataclass(frozen=True)
class Month:
    """A month of a file, with what is known beside it.

    Other files of the same period have reported the loans `stated`, the values `reported` (position, event), and kinds as in `elsewhere`. `known` says which of
    some loans the log ever named. `is_whole` is false where a file is accepted as a part of the month.
    """

    rows: RemittedMonth
    terms: Terms
    stated: LoansOf = no_loans
    reported: Sequence[tuple[int, Event]] = ()
    elsewhere: Collection[Group] = ()
    known: Callable[[Collection[str]], Set[str]] = lambda _loans: frozenset()
    is_whole: bool = True

    def money(self, amount: Money) -> str:
        return format_money(amount, self.terms.scale)

    def components(self, kind: str) -> list[tuple[Amount, str]]:
        """(amount, component) of each money column of a kind; none for a fact."""
        return [(itemgetter(Event._fields.index(column)), component) for column, component in self._layout(kind).components.items()]

    def _layout(self, kind: str) -> Kind:
        return KINDS.get(kind) or Kind({"amount": kind} if kind in self.terms.deal.events else {})

    def movements(self, kind: str) -> list[tuple[Amount, int]]:
        """(amount, sign) of the columns by which a kind moves a loan's balance, and its pool's."""
        moving = loan_movements(kind, self._layout(kind), self.terms.components)
        return [(itemgetter(Event._fields.index(column)), sign) for column, sign in moving]

    def rise(self, events: Iterable[Event]) -> Money:
        """By how much events raise the balance of their loan or pool."""
        return sum(sign * (amount(event) or 0) for event in events for amount, sign in self.movements(event.kind))

    def pool_of(self, loan: str) -> str:
        return loan.partition("/")[0] if self.terms.deal.pools else "pool"

    def grouped(self, events: Iterable[Event]) -> dict[Group, list[Event]]:
        groups: dict[tuple[str, str, bool], list[Event]] = defaultdict(list)
        pools, accounts = self.terms.deal.pools, self.terms.deal.accounts
        for event in events:
            kind, subject = event.kind, event.subject
            if pools:
                pool, slash, _ = (subject or "pool").partition("/")
                groups[kind, pool, slash != ""].append(event)
            else:
                groups[kind, "pool", subject is not None and kind not in _NEVER_OF_LOANS and subject not in accounts].append(event)
        return {Group(*key): events for key, events in groups.items()}

    @cached_property
    def names_loans(self) -> bool:
        """Whether any row is of a loan: the first one tells, nearly always."""
        return any(group.of_loans for event in self.rows.events for group in self.grouped([event]))


@dataclass(frozen=True)
class Part:
    """All rows of some subjects of a month.

    `opening` are those of them that are loans, before the month, `stated` those that other files of the period reported, and `earlier` those that earlier
    months of the file named.
    """

    month: Month
    events: Collection[Event]
    opening: Loans = field(default_factory=dict)
    stated: Loans = field(default_factory=dict)
    earlier: Set[str] = frozenset()

    @cached_property
    def groups(self) -> Mapping[Group, list[Event]]:
        return self.month.grouped(self.events)

    @cached_property
    def of_loans(self) -> Mapping[Group, list[Event]]:
        return {group: events for group, events in self.groups.items() if group.of_loans}

    @cached_property
    def by_loan(self) -> Mapping[str, list[Event]]:
        """The events of each loan in the order of the file: for messages, and for the few loans that are looked at one by one."""
        loans: dict[str, list[Event]] = defaultdict(list)
        for event in sorted(chain.from_iterable(self.of_loans.values()), key=_line):
            loans[event.subject or ""].append(event)
        return loans

    @cached_property
    def rolled(self) -> Mapping[str, Money]:
        """Each reported loan's closing balance by its movements, whatever is stated; also by what is booked late, as the pool's is."""
        rolled: dict[str, Money] = {}
        for events in self.of_loans.values():
            rolled.update((subject, self.opening.get(subject, 0)) for event in events if (subject := event.subject or "") not in rolled)
        for group, events in self.of_loans.items():
            for amount, sign in self.month.movements(group.kind):
                for event in events:
                    if moved := amount(event):
                        rolled[event.subject or ""] += sign * moved
        return rolled

    @cached_property
    def arrived(self) -> Set[str]:
        """The loans that come into the pool this month."""
        return {event.subject or "" for group, events in self.of_loans.items() if group.kind in SET_UP for event in events}

    def known(self, loans: Collection[str]) -> Set[str]:
        """Those of the loans that the log, or an earlier month of the file, ever named."""
        return (self.month.known(loans) if loans else frozenset()) | (self.earlier & set(loans))

    @cached_property
    def statements(self) -> list[Event]:
        """The rows that say with what balance a loan closes, in the order of the file."""
        groups = (events for group, events in self.of_loans.items() if group.kind not in SET_UP)
        return sorted((event for events in groups for event in events if event.balance is not None), key=_line)

    @cached_property
    def left_out(self) -> list[str]:
        """The loans that no file of the period reports."""
        return sorted(self.opening.keys() - self.rolled.keys() - self.stated.keys())

    @cached_property
    def closing(self) -> dict[str, Money]:
        """The live loans after the month: as stated, or as rolled forward; one that ended is gone."""
        closing = {**self.opening, **self.stated, **self.rolled}
        return {loan: balance for loan, balance in closing.items() if balance}


@dataclass(slots=True)
class Sums:
    """What the rows of a group come to: the first of them, the first that reports each component, by component the size of all amounts, and the balances.

    `moved` is the first that moves anything, and `rise` by how much all raise their pool.
    """

    first: Event
    firsts: dict[str, Event] = field(default_factory=dict)
    sizes: dict[str, Money] = field(default_factory=dict)
    moved: Event | None = None
    rise: Money = 0
    balance: Money = 0

    def add(self, month: Month, kind: str, events: list[Event]) -> None:
        self.first = _earlier(self.first, events[0])
        for amount, component in month.components(kind):
            figures = list(map(amount, events))
            reported = next((event for event, figure in zip(events, figures, strict=True) if figure is not None), None)
            if reported is not None:
                self.firsts[component] = _earlier(self.firsts.get(component, reported), reported)
                self.sizes[component] = self.sizes.get(component, 0) + sum(map(abs, filter(None, figures)))
            moved = next((event for event, figure in zip(events, figures, strict=True) if figure), None)
            if moved is not None:
                self.moved = _earlier(self.moved or moved, moved)
        for amount, sign in month.movements(kind):
            self.rise += sign * sum(filter(None, map(amount, events)))
        self.balance += sum(event.balance or 0 for event in events) if kind in SET_UP else 0


def _earlier(one: Event, other: Event) -> Event:
    return min(one, other, key=_line)


@dataclass
class Whole:
    """A month as a whole: what its groups come to, the rows that are not of loans, and how many loans there were before it and are left out.

    `closing` are the balances of the loans after it, by pool; `pools` those of the pools before it, where they are known.
    """

    month: Month
    pools: Mapping[str, Money] = field(default_factory=dict)
    groups: dict[Group, Sums] = field(default_factory=dict)
    of_pools: list[tuple[Group, Event]] = field(default_factory=list)
    opened: int = 0
    left_out: int = 0
    stated: int = 0
    closing: dict[str, Money] = field(default_factory=lambda: defaultdict(int))

    def add(self, part: Part) -> None:
        for group, events in part.groups.items():
            self.groups.setdefault(group, Sums(events[0])).add(self.month, group.kind, events)
            if not group.of_loans:
                self.of_pools += ((group, event) for event in events)
        self.opened += len(part.opening)
        self.stated += len(part.stated)
        self.left_out += len(part.left_out)
        for loan, balance in part.closing.items():
            self.closing[self.month.pool_of(loan)] += balance

    def rows(self, *kinds: str) -> Iterator[tuple[Group, Event]]:
        """The rows of these kinds, or of all, that are not of loans, with their group, in the order of the file."""
        return ((group, event) for group, event in sorted(self.of_pools, key=lambda row: row[1].line) if not kinds or group.kind in kinds)

    @cached_property
    def first_of(self) -> Mapping[tuple[str, bool], Mapping[str, Event]]:
        """By pool, and of loans or not: the first row that reports each component, in the order of the file."""
        firsts: dict[tuple[str, bool], dict[str, Event]] = defaultdict(dict)
        for group, sums in self.groups.items():
            for component, first in sums.firsts.items():
                of_level = firsts[group.pool, group.of_loans]
                of_level[component] = _earlier(of_level.get(component, first), first)
        return {level: dict(sorted(first.items(), key=lambda one: one[1].line)) for level, first in firsts.items()}

    @property
    def closing_pools(self) -> dict[str, Money]:
        """The pools after the month, of those that were known before it and move by their events alone."""
        return {pool: balance + self.pool_rise(pool) for pool, balance in self.pools.items()}

    def pool_rise(self, pool: str) -> Money:
        """By how much the rows raise a pool."""
        return sum(sums.rise for group, sums in self.groups.items() if group.pool == pool and group.kind != "loan_setup")
