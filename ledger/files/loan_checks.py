"""Whether the rows of single loans agree: with each other, with the deal, and with the loans as the last month left them.

Each check is a function of some of a month's loans with all their rows that yields problems.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from operator import attrgetter

from ledger.core.events import OF_BUCKETS, SET_UP, SIGNED, Event
from ledger.core.loan_months import REINSTATED
from ledger.core.problems import Problem
from ledger.files.remittance_month import INCOMPLETE, Found, Group, Part
from ledger.files.remittance_shapes import REASONED

ENDED = "check the loan's number; only recoveries follow a payoff or a liquidation"
_subject = attrgetter("subject")


def nothing_stands_twice(part: Part) -> Found:
    for group, events in part.groups.items():
        if len(set(map(_subject, events))) < len(events):
            yield from _repeated(part, group, events)


def _repeated(part: Part, group: Group, events: list[Event]) -> Found:
    """Rows of one kind that name the same thing, fill the same columns and belong to the same month; what has a reason, that have the same one.

    What is of a bucket names the bucket beside its pool.
    """
    remedy = "remove one of them" if group.kind == "reported" or not part.month.components(group.kind) else "add the two up, or remove one"
    amounts = [amount for amount, _ in part.month.components(group.kind)]
    seen: dict[tuple[object, ...], Event] = {}
    for event in events:
        filled = [index for index, amount in enumerate(amounts) if amount(event) is not None] or [-1]
        apart = (event.delinquency, event.code) if group.kind in OF_BUCKETS else event.code if group.kind in REASONED else None
        firsts = [seen.setdefault((event.subject, apart, index, part.month.rows.applies_to.get(event.line)), event) for index in filled]
        first = next((first for first in firsts if first is not event), None)
        if first is not None:
            what = f"`{event.kind}` of {event.subject}" if event.subject else f"`{event.kind}`"
            yield event, Problem(f"{what} stands twice, first in row {first.source_row}", remedy)


def signs(part: Part) -> Found:
    for group, events in part.groups.items():
        for event in events:
            if (event.balance or 0) < 0:
                yield event, Problem(f"`{event.kind}` states a balance of {part.month.money(event.balance or 0)}", "a balance is zero or above")
        if group.kind == "wire":
            remedy = "a wire is zero or above; what is owed back is kept from the next one"
            yield from ((event, Problem(f"`wire` is {part.month.money(event.amount or 0)}", remedy)) for event in events if (event.amount or 0) < 0)
        if group.of_loans and group.kind not in SIGNED:
            for amount, component in part.month.components(group.kind):
                for event in events:
                    if (figure := amount(event) or 0) < 0:
                        remedy = "reverse what was reported with `tranche correct`; a total of the pool may be negative"
                        yield event, Problem(f"`{component}` of loan {event.subject} is {part.month.money(figure)}", remedy)


def rates_are_below_a_hundred_percent(part: Part) -> Found:
    for events in part.of_loans.values():
        high = {rate for rate in {event.rate for event in events} if rate and abs(Decimal(rate)) > 1}
        for event in events if high else ():
            if event.rate in high:
                percent = f"{Decimal(event.rate or 0) * 100:f}%"
                yield (
                    event,
                    Problem(f"`rate` of loan {event.subject} is {event.rate}, which is {percent}", f"where {event.rate}% is meant, write the percent sign"),
                )


def loans_are_in_the_pool(part: Part) -> Found:
    """Rows are of loans that are live or arrive; of a loan that has ended, only what leaves it where it was, or what says that it stands again."""
    unknown = part.rolled.keys() - part.opening.keys() - part.arrived
    known = part.known(unknown | part.arrived)
    for loan in unknown:
        events = part.by_loan[loan]
        if loan not in known:
            yield events[0], Problem(f"loan {loan} is not in the pool", "append its `loan_setup` or `purchase` first, or remove the row")
        elif part.rolled[loan] and all(event.code != REINSTATED for event in events):
            # A restated liquidation moves proceeds against loss: together they leave the loan where it was.
            moved = next(event for event in events if part.month.rise([event]))
            yield moved, Problem(f"`{moved.kind}` of loan {loan}, which has no balance left", ENDED)
    for loan in part.arrived & (known | part.opening.keys()):
        for event in part.by_loan[loan]:
            if event.kind == "loan_setup":
                yield event, Problem(f"loan {loan} was set up before", "remove the row, or give the new loan its own id")


def loans_are_reported_by_one_file(part: Part) -> Found:
    for loan in part.rolled.keys() & part.stated.keys():
        reports = (event for event in part.by_loan[loan] if event.kind != "loan_setup")  # which is said apart, where the loan was set up before
        moved = next((event for event in reports if event.balance is not None or part.month.rise([event])), None)
        if moved is not None:
            fact = f"loan {loan} was reported for this period by another file, with a closing balance of {part.month.money(part.stated[loan])}"
            yield moved, Problem(fact, "remove the row, or correct the other file with `tranche correct`")


def balances_roll_forward(part: Part) -> Found:
    for loan, rolled in part.rolled.items():
        if rolled < 0 and (loan in part.opening or loan in part.arrived):
            taking = min(part.by_loan[loan], key=lambda event: part.month.rise([event]))
            taken, opening = part.month.money(-part.month.rise([taking])), part.month.money(part.opening.get(loan, 0))
            fact = f"`{taking.kind}` of {taken} leaves loan {loan}, which opens at {opening}, below zero"
            yield taking, Problem(fact, "check the amount and the loan's number")
    for event in part.statements:
        loan = event.subject or ""
        rolled = part.rolled[loan]
        if event.balance != rolled >= 0 and loan not in part.stated:
            stated, opening = part.month.money(event.balance or 0), part.month.money(part.opening.get(loan, 0))
            fact = f"loan {loan} is stated to close at {stated}, it opens at {opening} and its movements leave {part.month.money(rolled)}"
            yield event, Problem(fact, "find the movement that is missing or wrong")


def a_balance_is_stated_once(part: Part) -> Found:
    """The log adds up what is stated, so that a correction can take it back: stated twice, a loan would count twice."""
    statements = part.statements
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


def defaults_are_owed(part: Part) -> Found:
    for group, events in part.of_loans.items():
        if group.kind == "default":
            for event in events:
                owed, defaulted = part.opening.get(event.subject or "", 0), event.principal or 0
                if defaulted > owed and event.subject not in part.arrived:
                    fact = f"`default` of {part.month.money(defaulted)} exceeds loan {event.subject}'s balance of {part.month.money(owed)}"
                    yield event, Problem(fact, "check the loan's number and the unpaid principal")


def losses_end_their_loans(part: Part) -> Found:
    """A realized loss is the balance, with the expenses, less the proceeds: what is known when nothing more of the loan is left."""
    for group, events in part.of_loans.items():
        if group.kind == "realized_loss":
            for event in events:
                left = part.rolled[event.subject or ""]
                if (event.amount or 0) > 0 and left > 0:
                    fact = f"`realized_loss` of loan {event.subject} leaves {part.month.money(left)} of its balance"
                    yield (
                        event,
                        Problem(fact, "a loss is balance and expenses less proceeds; a part that is lost while the loan goes on is a `modification_loss`"),
                    )


def no_loan_is_left_out(part: Part) -> Found:
    """Where loans are kept, every live one has a row: a loan that is silently dropped would vanish from the pool."""
    if part.month.is_whole and part.month.names_loans:
        for loan in part.left_out:
            fact = f"loan {loan}, with a balance of {part.month.money(part.opening[loan])}, is not reported for {part.month.rows.period}"
            remedy = f"add its `payment` row, with 0 where nothing was paid; where another file brings it, repeat with --accept {INCOMPLETE}"
            yield None, Problem(fact, remedy)


def every_loan_states_its_balance(part: Part) -> Found:
    """The next month rolls forward from what this one states."""
    stated = {event.subject for event in part.statements}
    set_up_only = part.arrived - {event.subject for group, events in part.of_loans.items() if group.kind not in SET_UP for event in events}
    for loan, rolled in part.rolled.items():
        if rolled > 0 and loan not in stated and loan not in part.stated and loan not in set_up_only:
            remedy = f"fill `balance` in one of its rows: its movements leave {part.month.money(rolled)}"
            yield part.by_loan[loan][-1], Problem(f"loan {loan} states no closing balance", remedy)


CHECKS: tuple[Callable[[Part], Found], ...] = (
    nothing_stands_twice,
    signs,
    rates_are_below_a_hundred_percent,
    loans_are_in_the_pool,
    loans_are_reported_by_one_file,
    balances_roll_forward,
    a_balance_is_stated_once,
    defaults_are_owed,
    losses_end_their_loans,
    no_loan_is_left_out,
    every_loan_states_its_balance,
)
