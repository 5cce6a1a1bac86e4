"""What a servicer's file says of a loan in a month, and the events that follow from what the books knew of the loan before.

Servicers report states, again and again: a loss stands in every file after the liquidation, a loan that ended is listed for years. The books keep facts, each
once. So an event is appended on *change*: what a row says beyond what the books know already. What a row cannot explain, a balance that its own movements do
not lead to, is a difference: it is counted, must be accepted by name, and is booked as a `pool_adjustment` that says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Literal, NamedTuple

from ledger.core.events import AMOUNTS, Event
from ledger.core.money import Money, round_exact

End = Literal["paid_off", "liquidated", "charged_off", "repurchased"]
"""Why a loan has no balance any more."""
Outcome = Literal["new", "changed", "ended", "unchanged", "ended before", "without figures", "unknown"]
"""What a row means to the loan ledger. `without figures`: a stub, with neither balance of the period; `unknown`: a loan that is not of the pool."""
DIFFERENCE = "the balance differs from its movements"
RESTATED = "the opening balance was restated by the servicer"
REPORTED_ADJUSTMENT = "principal adjusted by the servicer"
LOSS_TAKEN_BACK = "a loss taken back by the servicer"
REINSTATED = "a loan that ended has a balance again"
"""Reason of the `pool_adjustment` that brings it back: the only one that a loan without a balance may have."""
PREMIUM = "prepayment_premium"
"""The kind of event, one of the deal's own, that premiums and penalties of prepayment come as."""
NOT_REPORTED = "not_reported"
"""`code` of the row of a live loan that a file left out, where that was accepted."""


class LoanMonth(NamedTuple):
    """A loan's month as a file states it, whatever the format. Amounts are units at carry scale; None is "not stated", which is not 0.

    `row` is the row of the file, `period_end` the last day that it covers. `principal` is what was collected in total, where a format does not part it;
    `scheduled_principal` is then what was due of it. `adjustment` raises the balance, and so does `capitalized_interest`. `realized_loss` is the loss of the
    loan so far, since formats repeat it; `loss` is the month's, of a format that says each loss once; `charge_off`, `recovery`, `proceeds` and `expense` are
    the month's, and so is the `prepayment_premium`, a kind that the deal file names. `next_due` is the day of the first payment that is not made, of a
    format that states no `delinquency`. Rates are a year's, as decimal digits. `state` is a word of `ledger.core.events.STATES` or the servicer's own.
    """

    row: int
    loan: str
    period_end: date | None = None
    opening_balance: Money | None = None
    closing_balance: Money | None = None
    principal: Money | None = None
    scheduled_principal: Money | None = None
    unscheduled_principal: Money | None = None
    interest: Money | None = None
    fee: Money | None = None
    adjustment: Money | None = None
    capitalized_interest: Money | None = None
    realized_loss: Money | None = None
    loss: Money | None = None
    charge_off: Money | None = None
    recovery: Money | None = None
    proceeds: Money | None = None
    expense: Money | None = None
    prepayment_premium: Money | None = None
    rate: str | None = None
    fee_rate: str | None = None
    net_rate: str | None = None
    delinquency: int | None = None
    next_due: date | None = None
    state: str | None = None
    paid_through: date | None = None
    maturity: date | None = None
    end: End | None = None


@dataclass(frozen=True, slots=True)
class LoansBefore:
    """What the books know of a pool's loans before a month: the live ones with their balance, those that ended, and the losses booked so far, by loan.

    `is_empty` where no loan was ever set up: the first file sets the pool up.
    """

    balances: Mapping[str, Money]
    losses: Mapping[str, Money] = field(default_factory=dict)
    has_ended: Callable[[str], bool] = lambda _loan: False
    is_empty: bool = False


class Change(NamedTuple):
    """What a row comes to: its outcome, the events, by how much its opening balance misses the books', and its closing one what its movements lead to."""

    outcome: Outcome
    events: tuple[Event, ...] = ()
    restated: Money = 0
    difference: Money = 0


def changes(said: LoanMonth, before: LoansBefore, unit: Money = 1) -> Change:
    """The events of one row. `unit` is the smallest payable amount, to which a fee that is only stated as a rate is rounded."""
    opening = before.balances.get(said.loan)
    if said.opening_balance is None and said.closing_balance is None and (opening is not None or not before.has_ended(said.loan)):
        return Change("without figures", tuple(_if(said, "recovery", amount=said.recovery)))
    if opening is not None:
        return _of_live(said, opening, before.losses.get(said.loan, 0), unit)
    if before.has_ended(said.loan):
        return _of_ended(said, before.losses.get(said.loan, 0), unit)
    balance = arriving(said)
    if not balance and not said.closing_balance:
        return Change("unknown", tuple(_if(said, "recovery", amount=said.recovery)))
    if not before.is_empty:
        return _of_live(said, balance, 0, unit)._replace(outcome="unknown")
    set_up = _event(said, "loan_setup", balance=balance, rate=said.rate, effective_on=said.maturity)
    moved = _of_live(said, balance, said.realized_loss or 0 if said.closing_balance else 0, unit)
    return moved._replace(outcome="new", events=(set_up, *moved.events))


def arriving(said: LoanMonth) -> Money:
    """The balance that a loan comes with: before the month, or, of a format that states no such balance, after it."""
    return (said.closing_balance if said.opening_balance is None else said.opening_balance) or 0


def purchase(said: LoanMonth) -> Event:
    """A loan that comes into a pool that has loans already, at the balance that it comes with."""
    return _event(said, "purchase", amount=arriving(said), rate=said.rate, effective_on=said.maturity)


def days_past_due(next_due: date, end: date, method: Literal["MBA", "OTS"]) -> int:
    """Days past due at the end of a collection period, in months of 30, by the day of the first payment that is not made.

    By the Mortgage Bankers Association a payment is 30 days past due once the next one is due tomorrow, by the Office of Thrift Supervision once it is due.
    """
    day = end + timedelta(days=method == "MBA")
    months = (day.year - next_due.year) * 12 + day.month - next_due.month - (day.day < next_due.day)
    return 30 * max(months, 0)


def not_reported(loan: str, balance: Money) -> Event:
    """The row of a live loan that the file left out: nothing came, and it stands as it stood."""
    return Event(0, "payment", loan, balance=balance, code=NOT_REPORTED)


# A loan with a balance ------------------------------------------------------------------------------------------------


def _of_live(said: LoanMonth, known: Money, booked: Money, unit: Money) -> Change:
    opening = known if said.opening_balance is None else said.opening_balance
    closing = max(said.closing_balance or 0, 0)
    loss = said.loss or 0 if said.realized_loss is None else said.realized_loss - booked
    scheduled, unscheduled = _principal(said, opening, closing, max(loss, 0))
    end = None if closing else said.end or ("liquidated" if loss > 0 else "charged_off" if said.charge_off else "paid_off")
    usual = _event(
        said, "payment", principal=scheduled, interest=said.interest, fee=_fee(said, unit), balance=closing, rate=said.rate,
        delinquency=said.delinquency, code=said.state, effective_on=said.paid_through,
    )  # fmt: skip
    moved = [usual, *_unscheduled(said, end, unscheduled, loss, opening - scheduled)]
    moved += _if(said, "capitalized_interest", amount=said.capitalized_interest)
    moved += _if(said, "pool_adjustment", amount=said.adjustment, code=REPORTED_ADJUSTMENT)
    restated, difference = opening - known, closing - opening - sum(map(_rise, moved))
    moved += _if(said, "pool_adjustment", amount=restated, code=RESTATED)
    moved += _if(said, "pool_adjustment", amount=difference, code=DIFFERENCE)
    moved += [*_if(said, "recovery", amount=said.recovery), *_if(said, PREMIUM, amount=said.prepayment_premium)]
    outcome: Outcome = "ended" if end else "changed" if any(map(_moves, moved)) else "unchanged"
    return Change(outcome, tuple(moved), restated, difference)


def _principal(said: LoanMonth, opening: Money, closing: Money, loss: Money) -> tuple[Money, Money]:
    """(scheduled, unscheduled). Of a total, what was due comes first; where nothing is stated, it is what the balance fell by and was not lost."""
    if said.principal is not None:
        due = said.scheduled_principal
        if due is None and not closing and said.end in (None, "paid_off", "repurchased") and not said.charge_off:
            return 0, said.principal  # what paid the loan off was not what was due of it
        scheduled = said.principal if due is None else min(said.principal, due)
        return scheduled, said.principal - scheduled
    if said.scheduled_principal is None and said.unscheduled_principal is None:
        fell = max(opening + (said.adjustment or 0) + (said.capitalized_interest or 0) - closing - loss, 0)
        if said.end in ("liquidated", "charged_off") or said.charge_off:
            return 0, 0
        return (fell, 0) if closing else (0, fell)
    return said.scheduled_principal or 0, said.unscheduled_principal or 0


def _unscheduled(said: LoanMonth, end: End | None, unscheduled: Money, loss: Money, left: Money) -> Iterator[Event]:
    """What came ahead of schedule, or in place of it; and what was lost. `left` is what remains of the balance after scheduled principal."""
    match end:
        case "liquidated":
            yield from _liquidation(said, unscheduled, loss, left)
        case "charged_off":
            yield from _if(said, "curtailment", principal=unscheduled)
            yield _event(said, "charge_off", amount=left - unscheduled if said.charge_off is None else said.charge_off)
        case _:
            kind = "repurchase" if end == "repurchased" else "payoff" if end else "curtailment"
            yield from _if(said, kind, principal=unscheduled)
            yield from _if(said, "charge_off", amount=said.charge_off)
            yield from _if(said, "modification_loss", principal=max(loss, 0))
            yield from _if(said, "pool_adjustment", amount=max(-loss, 0), code=LOSS_TAKEN_BACK)


def _liquidation(said: LoanMonth, unscheduled: Money, loss: Money, left: Money) -> Iterator[Event]:
    """A loss that is not stated is balance and expenses less proceeds."""
    proceeds, expense = unscheduled + (said.proceeds or 0), said.expense or 0
    yield from _if(said, "liquidation_expense", amount=expense)
    yield from _if(said, "liquidation_proceeds", amount=proceeds)
    yield _event(said, "realized_loss", amount=left + expense - proceeds if said.realized_loss is None and said.loss is None else loss)


def _fee(said: LoanMonth, unit: Money) -> Money | None:
    """What the servicer keeps: as stated, or the part of the interest that its rate is of the loan's, or what is left once the net rate is passed on."""
    if said.fee is not None or said.rate is None or said.interest is None or not Decimal(said.rate):
        return said.fee
    gross, interest = Fraction(said.rate), Fraction(said.interest, unit)
    if said.fee_rate is not None:
        kept = Fraction(said.fee_rate)
        return round_exact(interest * kept / gross, "half_up") * unit if kept else None
    if said.net_rate is None or Fraction(said.net_rate) == gross:
        return None
    # The servicer rounds what it passes on, and a product of days; without them the interest stands for itself.
    of_days = _interest_of_days(said, unit, gross, Fraction(said.net_rate))
    passed_on = interest * Fraction(said.net_rate) / gross if of_days is None else of_days
    return said.interest - round_exact(passed_on, "half_up") * unit


def _interest_of_days(said: LoanMonth, unit: Money, gross: Fraction, net: Fraction) -> Fraction | None:
    """The interest of the opening balance at the net rate, for the whole days of a year of 360 whose interest at the loan's rate is the stated one."""
    a_day = Fraction(said.opening_balance or 0, unit) * gross / 360
    days = round(Fraction(said.interest or 0, unit) / a_day) if a_day else 0
    if not days or round_exact(a_day * days, "half_up") * unit != said.interest:
        return None
    return a_day * days * net / gross


# A loan without one ---------------------------------------------------------------------------------------------------


def _of_ended(said: LoanMonth, booked: Money, unit: Money) -> Change:
    """Of a loan that ended, only what is new: what is still collected, recoveries of either sign, and a loss that was restated. That it has ended is known."""
    if said.closing_balance and said.closing_balance > 0:
        return _reinstated(said, booked, unit)
    collected = 0 if said.principal is None else said.principal + (said.interest or 0)
    recovery = (said.recovery or 0) - min(said.loss or 0, 0) + collected
    if recovery:
        return Change("ended before", tuple(_if(said, "recovery", amount=recovery)))
    return Change("ended before", tuple(_restated_loss(said, booked)))


def _reinstated(said: LoanMonth, booked: Money, unit: Money) -> Change:
    """A loan that has a balance again: the payment that ended it was taken back. What it comes back with is a difference, which must be accepted."""
    moved = _of_live(said._replace(opening_balance=None), 0, booked, unit)
    events = tuple(event._replace(code=REINSTATED) if event.code == DIFFERENCE else event for event in moved.events)
    return moved._replace(outcome="changed", events=events)


def _restated_loss(said: LoanMonth, booked: Money) -> Iterator[Event]:
    """More loss is an expense that came late; less is something that was received after all."""
    if said.loss and said.loss != booked:  # which would be the loss that is known, said again
        said = said._replace(realized_loss=booked + said.loss)
    more = 0 if said.realized_loss is None or not booked else said.realized_loss - booked
    if more > 0:
        yield _event(said, "liquidation_expense", amount=more)
        yield _event(said, "realized_loss", amount=more)
    elif more < 0 and said.realized_loss:  # a nil where a loss stood is a field that was cleared, and no news
        yield _event(said, "subsequent_recovery", amount=-more)


# Events ---------------------------------------------------------------------------------------------------------------

_FALLS = ("liquidation_proceeds", "realized_loss", "charge_off")
"""Kinds whose amount lowers their loan's balance; every principal does."""
_RISES = ("pool_adjustment", "capitalized_interest", "liquidation_expense")
"""Kinds whose amount raises it."""


def _event(said: LoanMonth, kind: str, **columns: Money | str | date | None) -> Event:
    return Event(0, kind, said.loan, source_row=said.row, **columns)  # type: ignore[arg-type]  # each by its name


def _if(said: LoanMonth, kind: str, code: str | None = None, **amount: Money | None) -> Iterator[Event]:
    """The event of an amount, where there is one."""
    ((_, given),) = amount.items()
    if given:
        yield _event(said, kind, code=code, **amount)


def _rise(event: Event) -> Money:
    """By how much an event of these raises its loan's balance."""
    amount = event.amount or 0
    return (-amount if event.kind in _FALLS else amount if event.kind in _RISES else 0) - (event.principal or 0)


def _moves(event: Event) -> bool:
    return any(getattr(event, column) for column in AMOUNTS)
