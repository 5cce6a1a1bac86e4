"""Whether a month's facts agree: with each other, with the deal, and with the loans and pools as the last month left them.

Each check is a function of the month that yields problems, so that adding one is adding a line. Events of one kind are looked at together, so that a
month of a million loans takes seconds. What only the books can judge (cash, classes, closing balances of accounts) is for `ledger.core.checks`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Set
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from operator import attrgetter, itemgetter
from typing import NamedTuple

from ledger.core.events import FACTS, KINDS, LOAN_FACTS, OF_BUCKETS, PREPAYMENTS, SET_UP, SIGNED, Event, Kind, loan_movements
from ledger.core.loan_months import REINSTATED
from ledger.core.money import LIMIT, Money, format_money
from ledger.core.problems import Problem
from ledger.core.terms import Terms
from ledger.files.remittance import RemittedMonth
from ledger.files.remittance_buckets import buckets_add_up, buckets_are_named, counts_are_whole, loans_are_not_counted_twice
from ledger.files.remittance_shapes import REASONED

Loans = Mapping[str, Money]
"""The unpaid balance of each live loan, by subject; units at carry scale. Empty where a deal is kept at pool level."""
INCOMPLETE = "incomplete"
"""The warning that a file is not the whole month; accepted by name where another file brings the rest."""
ENDED = "check the loan's number; only recoveries follow a payoff or a liquidation"
Amount = Callable[[Event], Money | None]
"""Reads one money column of an event."""
_subject = attrgetter("subject")


class Group(NamedTuple):
    """Events that are looked at together: of one kind, of one pool (`pool` stands for the only one, and for none), of loans or not."""

    kind: str
    pool: str
    of_loans: bool


@dataclass(frozen=True)
class Context:
    """A month of a file, with what is known beside it.

    `opening` are the loans before the month, `pools` the balances of the pools before it, where they are known. Other files of the same period have
    reported the loans `stated`, the values `reported`, and kinds as in `elsewhere`. `known` says which of some loans the log ever named. `is_whole` is
    false where a file is accepted as a part of the month.
    """

    month: RemittedMonth
    terms: Terms
    opening: Loans = field(default_factory=dict)
    pools: Mapping[str, Money] = field(default_factory=dict)
    stated: Loans = field(default_factory=dict)
    reported: Collection[str] = ()
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

    @cached_property
    def groups(self) -> Mapping[Group, list[Event]]:
        groups: dict[tuple[str, str, bool], list[Event]] = defaultdict(list)
        pools, accounts = self.terms.deal.pools, self.terms.deal.accounts
        never = {kind for kind in FACTS if kind not in LOAN_FACTS}
        for event in self.month.events:
            kind, subject = event.kind, event.subject
            if pools:
                pool, slash, _ = (subject or "pool").partition("/")
                groups[kind, pool, slash != ""].append(event)
            else:
                groups[kind, "pool", subject is not None and kind not in never and subject not in accounts].append(event)
        return {Group(*key): events for key, events in groups.items()}

    @cached_property
    def by_loan(self) -> Mapping[str, list[Event]]:
        """The month's events of each loan: for messages, and for the few loans that are looked at one by one."""
        loans: dict[str, list[Event]] = defaultdict(list)
        for group, events in self.groups.items():
            if group.of_loans:
                for event in events:
                    loans[event.subject or ""].append(event)
        return loans

    @cached_property
    def rolled(self) -> Mapping[str, Money]:
        """Each reported loan's closing balance by its movements, whatever is stated; also by what is booked late, as the pool's is."""
        rolled: dict[str, Money] = {}
        for group, events in self.groups.items():
            if group.of_loans:
                rolled.update((subject, self.opening.get(subject, 0)) for event in events if (subject := event.subject or "") not in rolled)
        for group, events in self.groups.items():
            for amount, sign in self.movements(group.kind) if group.of_loans else ():
                for event in events:
                    if moved := amount(event):
                        rolled[event.subject or ""] += sign * moved
        return rolled

    @cached_property
    def arrived(self) -> Set[str]:
        """The loans that come into the pool this month."""
        return {event.subject or "" for group, events in self.groups.items() if group.of_loans and group.kind in SET_UP for event in events}

    @cached_property
    def statements(self) -> list[Event]:
        """The rows that say with what balance a loan closes."""
        groups = (events for group, events in self.groups.items() if group.of_loans and group.kind not in SET_UP)
        return [event for events in groups for event in events if event.balance is not None]

    @cached_property
    def first_of(self) -> Mapping[tuple[str, bool], Mapping[str, Event]]:
        """By pool, and of loans or not: the first row that reports each component."""
        firsts: dict[tuple[str, bool], dict[str, Event]] = defaultdict(dict)
        for group, events in self.groups.items():
            for amount, component in self.components(group.kind):
                first = next((event for event in events if amount(event) is not None), None)
                if first is not None:
                    firsts[group.pool, group.of_loans].setdefault(component, first)
        return firsts

    def rise(self, events: list[Event]) -> Money:
        """By how much events raise the balance of their loan or pool."""
        return sum(sign * (amount(event) or 0) for event in events for amount, sign in self.movements(event.kind))

    def pool_of(self, loan: str) -> str:
        return loan.partition("/")[0] if self.terms.deal.pools else "pool"

    def pool_rise(self, pool: str) -> Money:
        return sum(self.rise(events) for group, events in self.groups.items() if group.pool == pool and group.kind != "loan_setup")


Found = Iterator[tuple[Event | None, Problem]]
"""Problems with the event that they are about; None for the whole file."""


def check(context: Context) -> Iterator[tuple[int, Problem]]:
    """(row, problem) of everything that does not agree, in the order of the file."""
    found = [(event.source_row or 1 if event else 1, problem) for one in CHECKS for event, problem in one(context)]
    yield from sorted(found, key=itemgetter(0))


def closing_loans(context: Context) -> dict[str, Money]:
    """The live loans after the month: as stated, or as rolled forward; one that ended is gone."""
    closing = {**context.opening, **context.stated, **context.rolled}
    return {loan: balance for loan, balance in closing.items() if balance}


def closing_pools(context: Context) -> dict[str, Money]:
    """The pools after the month, of those that were known before it and move by their events alone."""
    return {pool: balance + context.pool_rise(pool) for pool, balance in context.pools.items()}


# What every month must satisfy -------------------------------------------------------------------------------------------


def nothing_stands_twice(context: Context) -> Found:
    for group, events in context.groups.items():
        if len(set(map(_subject, events))) < len(events):
            yield from _repeated(context, group, events)


def _repeated(context: Context, group: Group, events: list[Event]) -> Found:
    """Rows of one kind that name the same thing, fill the same columns and belong to the same month; what has a reason, that have the same one.

    What is of a bucket names the bucket beside its pool.
    """
    remedy = "remove one of them" if group.kind == "reported" or not context.components(group.kind) else "add the two up, or remove one"
    amounts = [amount for amount, _ in context.components(group.kind)]
    seen: dict[tuple[object, ...], Event] = {}
    for event in events:
        filled = [index for index, amount in enumerate(amounts) if amount(event) is not None] or [-1]
        apart = (event.delinquency, event.code) if group.kind in OF_BUCKETS else event.code if group.kind in REASONED else None
        firsts = [seen.setdefault((event.subject, apart, index, context.month.applies_to.get(event.line)), event) for index in filled]
        first = next((first for first in firsts if first is not event), None)
        if first is not None:
            what = f"`{event.kind}` of {event.subject}" if event.subject else f"`{event.kind}`"
            yield event, Problem(f"{what} stands twice, first in row {first.source_row}", remedy)


def an_empty_month_is_empty(context: Context) -> Found:
    words = [event for group, events in context.groups.items() if group.kind in ("nil_month", "missing_month") for event in events]
    for other in words[1:]:
        if other.kind != words[0].kind:
            yield other, Problem(f"`{other.kind}` stands beside `{words[0].kind}`", "keep one of them")
    for group, events in context.groups.items() if words else ():
        moved = next((event for event in events if any(amount(event) for amount, _ in context.components(group.kind))), None)
        if moved is not None:
            fact = f"`{words[0].kind}` says that nothing was collected, and row {moved.source_row} reports `{moved.kind}`"
            yield words[0], Problem(fact, "remove one of the two")
            return


def cash_is_collected(context: Context) -> Found:
    """Every cash kind that arrives has an account; said once for each kind and pool."""
    for (pool, _), firsts in context.first_of.items():
        for component, first in firsts.items():
            if context.terms.components[component].cash and (pool, component) not in context.terms.collecting:
                yield first, Problem(f"no account collects `{component}`", f"add {component} to the `collects` of an account in the deal file")


def loans_or_totals(context: Context) -> Found:
    """A component comes loan by loan or as a total of its pool, never both, or it would count twice."""
    for (pool, of_loans), firsts in context.first_of.items():
        if not of_loans:
            by_loan = {_family(component): first for component, first in context.first_of.get((pool, True), {}).items()}
            for component, total in firsts.items():
                loan = by_loan.pop(_family(component), None)
                if loan is not None:
                    yield total, Problem(f"`{total.kind}` is reported for the pool, and loan by loan from row {loan.source_row}", "keep one of the two")


def files_agree_on_loans_or_totals(context: Context) -> Found:
    """The same between two files of one period."""
    other = {Group(group.kind, group.pool, not group.of_loans) for group in context.elsewhere}
    for (pool, of_loans), firsts in context.first_of.items():
        counted = {_family(component) for group in other if (group.pool, group.of_loans) == (pool, of_loans) for _, component in context.components(group.kind)}
        for component, first in firsts.items():
            if _family(component) in counted:
                words = ("loan by loan", "for the pool") if of_loans else ("for the pool", "loan by loan")
                fact = f"`{component}` is reported {words[0]}, and another file of the period reports it {words[1]}"
                yield first, Problem(fact, "leave the row out, or correct the other file with `tranche correct`")


def _family(component: str) -> str:
    return "prepayment" if component in PREPAYMENTS else component


def signs(context: Context) -> Found:
    for group, events in context.groups.items():
        for event in events:
            if (event.balance or 0) < 0:
                yield event, Problem(f"`{event.kind}` states a balance of {context.money(event.balance or 0)}", "a balance is zero or above")
        if group.kind == "wire":
            remedy = "a wire is zero or above; what is owed back is kept from the next one"
            yield from ((event, Problem(f"`wire` is {context.money(event.amount or 0)}", remedy)) for event in events if (event.amount or 0) < 0)
        if group.of_loans and group.kind not in SIGNED:
            for amount, component in context.components(group.kind):
                for event in events:
                    if (figure := amount(event) or 0) < 0:
                        remedy = "reverse what was reported with `tranche correct`; a total of the pool may be negative"
                        yield event, Problem(f"`{component}` of loan {event.subject} is {context.money(figure)}", remedy)


def rates_are_below_a_hundred_percent(context: Context) -> Found:
    for group, events in context.groups.items():
        high = {rate for rate in {event.rate for event in events} if rate and abs(Decimal(rate)) > 1} if group.of_loans else ()
        for event in events if high else ():
            if event.rate in high:
                percent = f"{Decimal(event.rate or 0) * 100:f}%"
                yield (
                    event,
                    Problem(f"`rate` of loan {event.subject} is {event.rate}, which is {percent}", f"where {event.rate}% is meant, write the percent sign"),
                )


def sums_can_be_held(context: Context) -> Found:
    """The total of a kind over a pool, in whatever order the database adds it up."""
    for group, events in context.groups.items():
        for amount, component in context.components(group.kind):
            total = sum(abs(amount(event) or 0) for event in events)
            if total > LIMIT:
                fact = f"`{component}` adds up to {context.money(total)}, the books can hold {context.money(LIMIT)}"
                yield events[0], Problem(fact, "correct the figures")


def everything_is_reported(context: Context) -> Found:
    """Whatever has no stand-in, and does not come from a file of index fixings."""
    deal = context.terms.deal
    here = {event.subject for group, events in context.groups.items() if group.kind == "reported" for event in events}
    for name, reported in deal.reported.items() if context.is_whole else ():
        if reported.missing is None and not reported.index and name not in here and name not in context.reported:
            remedy = f"add a `reported` row for it, or give it `missing` in the deal file; where another file brings it, repeat with --accept {INCOMPLETE}"
            yield None, Problem(f"`{name}` is not reported", remedy)


# Loan by loan --------------------------------------------------------------------------------------------------------------


def loans_are_in_the_pool(context: Context) -> Found:
    """Rows are of loans that are live or arrive; of a loan that has ended, only what leaves it where it was, or what says that it stands again."""
    unknown = context.rolled.keys() - context.opening.keys() - context.arrived
    known = context.known([*unknown, *context.arrived]) if unknown or context.arrived else frozenset()
    for loan in unknown:
        events = context.by_loan[loan]
        if loan not in known:
            yield events[0], Problem(f"loan {loan} is not in the pool", "append its `loan_setup` or `purchase` first, or remove the row")
        elif context.rolled[loan] and all(event.code != REINSTATED for event in events):
            # A restated liquidation moves proceeds against loss: together they leave the loan where it was.
            moved = next(event for event in events if context.rise([event]))
            yield moved, Problem(f"`{moved.kind}` of loan {loan}, which has no balance left", ENDED)
    for loan in context.arrived & (known | context.opening.keys()):
        for event in context.by_loan[loan]:
            if event.kind == "loan_setup":
                yield event, Problem(f"loan {loan} was set up before", "remove the row, or give the new loan its own id")


def loans_are_reported_by_one_file(context: Context) -> Found:
    for loan in context.rolled.keys() & context.stated.keys():
        reports = (event for event in context.by_loan[loan] if event.kind != "loan_setup")  # which is said apart, where the loan was set up before
        moved = next((event for event in reports if event.balance is not None or context.rise([event])), None)
        if moved is not None:
            fact = f"loan {loan} was reported for this period by another file, with a closing balance of {context.money(context.stated[loan])}"
            yield moved, Problem(fact, "remove the row, or correct the other file with `tranche correct`")


def balances_roll_forward(context: Context) -> Found:
    for loan, rolled in context.rolled.items():
        if rolled < 0 and (loan in context.opening or loan in context.arrived):
            taking = min(context.by_loan[loan], key=lambda event: context.rise([event]))
            taken, opening = context.money(-context.rise([taking])), context.money(context.opening.get(loan, 0))
            fact = f"`{taking.kind}` of {taken} leaves loan {loan}, which opens at {opening}, below zero"
            yield taking, Problem(fact, "check the amount and the loan's number")
    for event in context.statements:
        loan = event.subject or ""
        rolled = context.rolled[loan]
        if event.balance != rolled >= 0 and loan not in context.stated:
            stated, opening = context.money(event.balance or 0), context.money(context.opening.get(loan, 0))
            fact = f"loan {loan} is stated to close at {stated}, it opens at {opening} and its movements leave {context.money(rolled)}"
            yield event, Problem(fact, "find the movement that is missing or wrong")


def a_balance_is_stated_once(context: Context) -> Found:
    """The log adds up what is stated, so that a correction can take it back: stated twice, a loan would count twice."""
    statements = context.statements
    if len(set(map(_subject, statements))) == len(statements):
        return
    seen: dict[str | None, Event] = {}
    for event in statements:
        first = seen.setdefault(event.subject, event)
        if first is not event:
            yield (
                event,
                Problem(f"the balance of loan {event.subject} is stated twice, first in row {first.source_row}", "leave `balance` blank in one of them"),
            )


def defaults_are_owed(context: Context) -> Found:
    for group, events in context.groups.items():
        if group.kind == "default" and group.of_loans:
            for event in events:
                owed, defaulted = context.opening.get(event.subject or "", 0), event.principal or 0
                if defaulted > owed and event.subject not in context.arrived:
                    fact = f"`default` of {context.money(defaulted)} exceeds loan {event.subject}'s balance of {context.money(owed)}"
                    yield event, Problem(fact, "check the loan's number and the unpaid principal")


def losses_end_their_loans(context: Context) -> Found:
    """A realized loss is the balance, with the expenses, less the proceeds: what is known when nothing more of the loan is left."""
    for group, events in context.groups.items():
        if group.kind == "realized_loss" and group.of_loans:
            for event in events:
                left = context.rolled[event.subject or ""]
                if (event.amount or 0) > 0 and left > 0:
                    fact = f"`realized_loss` of loan {event.subject} leaves {context.money(left)} of its balance"
                    yield (
                        event,
                        Problem(fact, "a loss is balance and expenses less proceeds; a part that is lost while the loan goes on is a `modification_loss`"),
                    )


def no_loan_is_left_out(context: Context) -> Found:
    """Where loans are kept, every live one has a row: a loan that is silently dropped would vanish from the pool."""
    missing = context.opening.keys() - context.rolled.keys() - context.stated.keys() if context.is_whole else set()
    if not missing:
        return
    if context.rolled:
        for loan in sorted(missing):
            fact = f"loan {loan}, with a balance of {context.money(context.opening[loan])}, is not reported"
            remedy = f"add its `payment` row, with 0 where nothing was paid; where another file brings it, repeat with --accept {INCOMPLETE}"
            yield None, Problem(fact, remedy)
    elif not context.stated:
        moving = (events for group, events in context.groups.items() for event in events if context.rise([event]))
        for events in list(moving)[:1]:
            fact = f"`{events[0].kind}` moves the pool, and none of its {len(missing)} loans is reported"
            yield events[0], Problem(fact, f"report the month loan by loan; where another file does, repeat with --accept {INCOMPLETE}")


def every_loan_states_its_balance(context: Context) -> Found:
    """The next month rolls forward from what this one states."""
    stated = {event.subject for event in context.statements}
    set_up_only = context.arrived - {
        event.subject for group, events in context.groups.items() if group.of_loans and group.kind not in SET_UP for event in events
    }
    for loan, rolled in context.rolled.items():
        if rolled > 0 and loan not in stated and loan not in context.stated and loan not in set_up_only:
            remedy = f"fill `balance` in one of its rows: its movements leave {context.money(rolled)}"
            yield context.by_loan[loan][-1], Problem(f"loan {loan} states no closing balance", remedy)


# Pools ---------------------------------------------------------------------------------------------------------------------


def set_up_loans_make_the_pool(context: Context) -> Found:
    """The loans that a deal is first kept by add up to the pool of the books."""
    for group, events in context.groups.items():
        if group.kind == "loan_setup" and context.is_whole and not context.opening and group.pool in context.pools:
            total, pool = sum(event.balance or 0 for event in events), context.pools[group.pool]
            if total != pool:
                fact = f"the loans set up add to {context.money(total)}, the pool of the books is {context.money(pool)}"
                yield events[0], Problem(fact, "set up every loan that was in the pool at closing or boarding, with its balance then")


def stated_pools_agree(context: Context) -> Found:
    """A pool's stated closing balance is the sum of its loans, or else what its movements leave of its opening balance."""
    for group, events in context.groups.items():
        for event in events if group.kind == "closing_balance" and not group.of_loans else ():
            if event.subject not in context.terms.deal.accounts:
                yield from _disagreement(context, group.pool, event)


def _disagreement(context: Context, pool: str, event: Event) -> Found:
    stated = event.balance or 0
    if any(group.of_loans and group.pool == pool for group in context.groups):
        loans = sum(balance for loan, balance in closing_loans(context).items() if context.pool_of(loan) == pool)
        if stated != loans and context.is_whole:
            fact = f"the pool is stated to close at {context.money(stated)}, its loans add to {context.money(loans)}"
            yield event, Problem(fact, "find the loan that is missing or wrong")
    elif pool in context.pools:
        opening = context.pools[pool]
        left = opening + context.pool_rise(pool)
        if stated != left:
            fact = f"the pool is stated to close at {context.money(stated)}, it opens at {context.money(opening)} and its movements leave {context.money(left)}"
            yield event, Problem(fact, "find the movement that is missing or wrong; what has no cause is a `pool_adjustment` with its reason")


CHECKS: tuple[Callable[[Context], Found], ...] = (
    nothing_stands_twice,
    an_empty_month_is_empty,
    cash_is_collected,
    loans_or_totals,
    files_agree_on_loans_or_totals,
    signs,
    rates_are_below_a_hundred_percent,
    sums_can_be_held,
    everything_is_reported,
    loans_are_in_the_pool,
    loans_are_reported_by_one_file,
    balances_roll_forward,
    a_balance_is_stated_once,
    defaults_are_owed,
    losses_end_their_loans,
    no_loan_is_left_out,
    every_loan_states_its_balance,
    set_up_loans_make_the_pool,
    stated_pools_agree,
    counts_are_whole,
    buckets_are_named,
    buckets_add_up,
    loans_are_not_counted_twice,
)
