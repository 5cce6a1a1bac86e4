"""Whether a month's facts agree: with each other, with the deal, and with the loans as the last month left them.

Each check is a function of the month that yields problems, so that adding one is adding a line. Sums over pools and accounts that only the books can
judge are the processor's (`ledger.core.checks`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from ledger.core.events import FACTS, KINDS, LOAN_FACTS, PREPAYMENTS, SIGNED, Event, Kind
from ledger.core.money import Money, format_money
from ledger.core.problems import Problem
from ledger.core.terms import Terms
from ledger.files.remittance import Month

Loans = Mapping[str, Money]
"""The unpaid balance of each live loan, by subject; units at carry scale. Empty where a deal is kept at pool level."""


@dataclass(frozen=True)
class Context:
    """A month with what it is checked against.

    `opening` are the loans before it, `is_known` whether the log ever named a loan, `pools` the balance of each pool in the books, for the first month
    that sets loans up; `is_first` whether nothing was remitted for the period before.
    """

    month: Month
    terms: Terms
    opening: Loans
    is_known: Callable[[str], bool]
    pools: Mapping[str, Money]
    is_first: bool = True

    def kind(self, event: Event) -> Kind | None:
        """The layout of a kind that moves money; None for a fact."""
        return KINDS.get(event.kind) or (Kind({"amount": event.kind}) if event.kind in self.terms.deal.events else None)

    def flows(self, event: Event) -> Iterator[tuple[str, Money]]:
        """(component, amount) of each money column of an event."""
        kind = self.kind(event)
        for column, component in kind.components.items() if kind else ():
            amount = getattr(event, column)
            if amount is not None:
                yield component, amount

    def is_loan(self, event: Event) -> bool:
        """Whether an event is a fact of one loan rather than of a pool or of the deal."""
        if event.subject is None or (event.kind in FACTS and event.kind not in LOAN_FACTS):
            return False
        return event.subject not in self.terms.deal.pools and event.subject not in self.terms.deal.accounts

    def pool(self, event: Event) -> str:
        """The pool that an event belongs to; the only one is called `pool`, and so is what a fact of the whole deal stands under."""
        return (event.subject or "pool").partition("/")[0] if self.terms.deal.pools else "pool"

    def money(self, amount: Money) -> str:
        return format_money(amount, self.terms.scale)

    @cached_property
    def by_loan(self) -> Mapping[str, list[Event]]:
        """The month's events loan by loan. What applies to an earlier period is booked in this one: it moves the balance that this one closes with."""
        loans: dict[str, list[Event]] = defaultdict(list)
        for event in self.month.events:
            if self.is_loan(event):
                loans[event.subject or ""].append(event)
        return loans

    @cached_property
    def rolled(self) -> Mapping[str, Money]:
        """Each reported loan's closing balance by its movements, whatever is stated."""
        return {loan: self.opening.get(loan, 0) + sum(map(self._rise, events)) for loan, events in self.by_loan.items()}

    def _rise(self, event: Event) -> Money:
        """By how much an event raises its loan's balance. A default moves the balance, not the debt; a loss counts less the expenses it includes."""
        if event.kind == "loan_setup":
            return event.balance or 0
        rise = 0
        for component, amount in self.flows(event):
            movement = self.terms.components[component].pool
            if component == "liquidation_expense":
                rise += amount
            elif component != "default" and movement is not None:
                rise += amount if movement == "up" else -amount
        return rise


Check = Callable[[Context], Iterator[tuple[Event | None, Problem]]]


def check(context: Context) -> Iterator[tuple[int, Problem]]:
    """(row, problem) of everything that does not agree, in the order of the file."""
    found = [(event.source_row or 1 if event else 1, problem) for one in CHECKS for event, problem in one(context)]
    yield from sorted(found, key=lambda placed: placed[0])


def closing_loans(context: Context) -> dict[str, Money]:
    """The live loans after the month: as stated, or as rolled forward; one that ended is gone."""
    closing = dict(context.opening) | dict(context.rolled)
    return {loan: balance for loan, balance in closing.items() if balance}


# What every month must satisfy -------------------------------------------------------------------------------------------


def nothing_twice(context: Context) -> Iterator[tuple[Event | None, Problem]]:
    seen: dict[tuple[object, ...], Event] = {}
    for event in context.month.events:
        columns = tuple(column for column, _ in context.flows(event)) or (event.kind,)
        key = (event.kind, event.subject, columns, context.month.applies_to.get(event.line))
        if key in seen:
            what = f"`{event.kind}` of {event.subject}" if event.subject else f"`{event.kind}`"
            yield event, Problem(f"{what} stands twice, first in row {seen[key].source_row}", "add the two up, or remove one")
        seen.setdefault(key, event)


def an_empty_month_is_empty(context: Context) -> Iterator[tuple[Event | None, Problem]]:
    words = [event for event in context.month.events if event.kind in ("nil_month", "missing_month")]
    moved = next((event for event in context.month.events if any(amount for _, amount in context.flows(event))), None)
    for event in words[1:]:
        yield event, Problem(f"`{event.kind}` stands beside `{words[0].kind}`", "keep one of them")
    if words and moved:
        yield (
            words[0],
            Problem(f"`{words[0].kind}` says that nothing was collected, and row {moved.source_row} reports `{moved.kind}`", "remove one of the two"),
        )


def cash_is_collected(context: Context) -> Iterator[tuple[Event | None, Problem]]:
    """Every cash kind that arrives has an account; said once for each kind and pool."""
    told = set()
    for event in context.month.events:
        for component, _ in context.flows(event):
            key = (context.pool(event), component)
            if context.terms.components[component].cash and key not in context.terms.collecting and key not in told:
                told.add(key)
                yield event, Problem(f"no account collects `{component}`", f"add {component} to the `collects` of an account in the deal file")


def loans_or_totals(context: Context) -> Iterator[tuple[Event | None, Problem]]:
    """A component comes loan by loan or as a total of its pool, never both, or it would count twice."""
    totals: dict[tuple[str, str], Event] = {}
    for event in context.month.events:
        if not context.is_loan(event):
            totals |= {(context.pool(event), _family(component)): event for component, _ in context.flows(event)}
    told = set()
    for event in context.month.events:
        for component, _ in context.flows(event) if context.is_loan(event) else ():
            key = (context.pool(event), _family(component))
            if key in totals and key not in told:
                told.add(key)
                yield (
                    totals[key],
                    Problem(f"`{totals[key].kind}` is reported for the pool, and loan by loan from row {event.source_row}", "keep one of the two"),
                )


def _family(component: str) -> str:
    return "prepayment" if component in PREPAYMENTS else component


def signs(context: Context) -> Iterator[tuple[Event | None, Problem]]:
    for event in context.month.events:
        if event.balance is not None and event.balance < 0:
            yield event, Problem(f"`{event.kind}` states a balance of {context.money(event.balance)}", "a balance is zero or above")
        if context.is_loan(event) and event.kind not in SIGNED:
            for component, amount in context.flows(event):
                if amount < 0:
                    remedy = "reverse what was reported with a correction; a total of the pool may be negative"
                    yield event, Problem(f"`{component}` of loan {event.subject} is {context.money(amount)}", remedy)


# Loan by loan --------------------------------------------------------------------------------------------------------------


def loans_are_in_the_pool(context: Context) -> Iterator[tuple[Event | None, Problem]]:
    arrived = {loan for loan, events in context.by_loan.items() if any(event.kind in ("loan_setup", "purchase") for event in events)}
    for loan, events in context.by_loan.items():
        if loan in context.opening or loan in arrived:
            yield from _set_up_again(context, loan, events)
        elif not context.is_known(loan):
            yield events[0], Problem(f"loan {loan} is not in the pool", "append its `loan_setup` or `purchase` first, or remove the row")
        else:
            # A restated liquidation moves proceeds against loss: together they leave the loan where it was.
            moved = next((event for event in events if context._rise(event)), None) if context.rolled[loan] else None
            if moved is not None:
                yield (
                    moved,
                    Problem(
                        f"`{moved.kind}` of loan {loan}, which has no balance left", "check the loan's number; only recoveries follow a payoff or a liquidation"
                    ),
                )


def _set_up_again(context: Context, loan: str, events: list[Event]) -> Iterator[tuple[Event | None, Problem]]:
    for event in events:
        if event.kind == "loan_setup" and (loan in context.opening or context.is_known(loan)):
            yield event, Problem(f"loan {loan} was set up before", "remove the row, or give the new loan its own id")


def balances_roll_forward(context: Context) -> Iterator[tuple[Event | None, Problem]]:
    for loan, events in context.by_loan.items():
        rolled, opening = context.rolled[loan], context.money(context.opening.get(loan, 0))
        taking = max(events, key=lambda event: -context._rise(event))
        if rolled < 0:
            taken = context.money(-context._rise(taking))
            yield (
                taking,
                Problem(f"`{taking.kind}` of {taken} leaves loan {loan}, which opens at {opening}, below zero", "check the amount and the loan's number"),
            )
        for event in events:
            if event.kind != "loan_setup" and event.balance is not None and event.balance != rolled >= 0:
                fact = (
                    f"loan {loan} is stated to close at {context.money(event.balance)}, it opens at {opening} and its movements leave {context.money(rolled)}"
                )
                yield event, Problem(fact, "find the movement that is missing or wrong")
        for event in events:
            owed = context.opening.get(loan, 0)
            if event.kind == "default" and (event.principal or 0) > owed:
                fact = f"`default` of {context.money(event.principal or 0)} exceeds loan {loan}'s balance of {context.money(owed)}"
                yield event, Problem(fact, "check the loan's number and the unpaid principal")


def no_loan_is_left_out(context: Context) -> Iterator[tuple[Event | None, Problem]]:
    """Where a month is reported loan by loan, every live loan has a row: a loan that is silently dropped would vanish from the pool."""
    if not context.is_first or not context.by_loan:
        return
    for loan in context.opening:
        if loan not in context.by_loan:
            remedy = "add its `payment` row, with 0 where nothing was paid"
            yield None, Problem(f"loan {loan}, with a balance of {context.money(context.opening[loan])}, is not reported", remedy)


def every_loan_states_its_balance(context: Context) -> Iterator[tuple[Event | None, Problem]]:
    """The next month rolls forward from what this one states."""
    for loan, events in context.by_loan.items():
        stated = any(event.balance is not None for event in events if event.kind != "loan_setup")
        if context.rolled[loan] > 0 and not stated and any(event.kind != "loan_setup" for event in events):
            remedy = f"fill `balance` of its `payment` row: its movements leave {context.money(context.rolled[loan])}"
            yield events[-1], Problem(f"loan {loan} states no closing balance", remedy)


def set_up_loans_make_the_pool(context: Context) -> Iterator[tuple[Event | None, Problem]]:
    """The loans that a deal is first kept by add up to the pool of the books."""
    if context.opening:
        return
    sums: dict[str, Money] = defaultdict(int)
    first: dict[str, Event] = {}
    for event in context.month.events:
        if event.kind == "loan_setup":
            sums[context.pool(event)] += event.balance or 0
            first.setdefault(context.pool(event), event)
    for pool, total in sums.items():
        if total != context.pools[pool]:
            fact = f"the loans set up add to {context.money(total)}, the pool of the books is {context.money(context.pools[pool])}"
            yield first[pool], Problem(fact, "set up every loan that was in the pool at closing or boarding, with its balance then")


def stated_pool_is_the_sum_of_loans(context: Context) -> Iterator[tuple[Event | None, Problem]]:
    """A pool's stated closing balance is the sum of its loans, where the month is reported loan by loan."""
    if not context.by_loan:
        return
    closing: dict[str, Money] = defaultdict(int)
    for loan, balance in closing_loans(context).items():
        closing[context.pool(Event(0, "", loan))] += balance
    for event in context.month.events:
        if event.kind == "closing_balance" and not context.is_loan(event) and event.subject not in context.terms.deal.accounts:
            loans = closing[context.pool(event)]
            if event.balance != loans:
                fact = f"the pool is stated to close at {context.money(event.balance or 0)}, its loans add to {context.money(loans)}"
                yield event, Problem(fact, "find the loan that is missing or wrong")


CHECKS: tuple[Check, ...] = (
    nothing_twice,
    an_empty_month_is_empty,
    cash_is_collected,
    loans_or_totals,
    signs,
    loans_are_in_the_pool,
    balances_roll_forward,
    no_loan_is_left_out,
    every_loan_states_its_balance,
    set_up_loans_make_the_pool,
    stated_pool_is_the_sum_of_loans,
)
