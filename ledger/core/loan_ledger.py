"""The loan ledger: what each loan opened a period with, what moved it, what it closes with and how it stands, folded from the lines of the log.

A balance is what the last month that states balances said, with the adjustments that were booked after that month's remittance: the servicer's next balance
includes those. So a loan opens a month as the last one closed it, and what moved it in between must say why the two differ.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Literal, NamedTuple

from ledger.core.collateral import BUCKETS, bucket_name
from ledger.core.events import KINDS, SET_UP, STATES, Component, Event, Kind, loan_movements
from ledger.core.money import Money

Line = tuple[int, Event]
"""A line of the log with the position of its commit."""
Part = Literal["principal", "loss", "adjustment"]
"""What moved a loan's balance: opening - principal - loss + adjustment = closing."""
ENDED: Mapping[str, Sequence[str]] = {
    "repurchased": ("repurchase_principal",), "liquidated": ("realized_loss", "liquidation_proceeds"), "paid_off": ("payoff",), "charged_off": ("charge_off",),
}  # fmt: skip
"""How a loan ended, by the components that say so; the first that has an amount holds."""
_BEARING = (*SET_UP, "modification")
"""Kinds that say what a loan bears and when it falls due."""
NOT_REPORTED = "not_reported"
"""The status of a loan that had a balance, was moved by nothing and has none: an incomplete month left it out."""
STATUSES = (*(bucket_name(days, None) for days in BUCKETS), *STATES, *ENDED, NOT_REPORTED)


class Told(NamedTuple):
    """Where the balances at the end of a period are read, by positions: the commits of the last period that `stated` balances, those of periods `since`,
    and of these the adjustments that came too `late` to be in what was stated."""

    stated: frozenset[int] = frozenset()
    since: frozenset[int] = frozenset()
    late: frozenset[int] = frozenset()

    @property
    def positions(self) -> frozenset[int]:
        return self.stated | self.since


class Span(NamedTuple):
    """What is read of a period: the balances before it, those at its end, the commits of its `own`, and which of all these are adjustments."""

    before: Told
    now: Told
    own: frozenset[int]
    adjusts: frozenset[int]

    @property
    def positions(self) -> frozenset[int]:
        return self.before.positions | self.now.positions | self.own


class Rules(NamedTuple):
    """How the kinds of a deal's events move its loans, each by the columns of an event that hold money.

    `components` names what each column holds, `parts` says (column, part, sign) of those that move the balance. `losing` are components by which a loan
    loses, `recovered` those that make losses good. `moving` are the kinds after which a month states the balance of a loan that is still alive.
    `by_pool`: a pool stands before a loan's id.
    """

    components: Mapping[str, Sequence[tuple[str, str]]]
    parts: Mapping[str, Sequence[tuple[str, Part, int]]]
    losing: frozenset[str]
    recovered: frozenset[str]
    moving: frozenset[str]
    by_pool: bool

    def rise(self, event: Event) -> Money:
        """By how much an event raises its loan's balance."""
        return sum((sign if part == "adjustment" else -sign) * (getattr(event, column) or 0) for column, part, sign in self.parts.get(event.kind, ()))


class LoanRow(NamedTuple):
    """A loan in a period. Money is units at carry scale, `rate` a rate a year as text; None is "not known".

    `amounts` are what the period's events say, by component; `principal` is all that lowered the balance and was no loss (proceeds less expenses among it).
    `reported_balance` is the closing balance without adjustments that came after the month's remittance, as the statement counts it; `in_default` is what
    was in default and is not liquidated, and `opening_in_default` the same before the period.
    """

    loan: str
    pool: str
    status: str
    opening_balance: Money
    amounts: Mapping[str, Money]
    principal: Money
    loss: Money
    adjustment: Money
    closing_balance: Money
    reported_balance: Money
    rate: str | None
    days_past_due: int | None
    paid_to: date | None
    maturity: date | None
    cumulative_loss: Money
    cumulative_recovery: Money
    recovery: Money
    opening_in_default: Money
    in_default: Money
    is_of_period: bool

    @property
    def scheduled_principal(self) -> Money:
        return self.amounts.get("scheduled_principal", 0)

    @property
    def curtailment(self) -> Money:
        return self.amounts.get("curtailment", 0)

    @property
    def payoff(self) -> Money:
        return self.amounts.get("payoff", 0)

    @property
    def prepayment(self) -> Money:
        """All prepayments, as `pool.prepayment` sums them."""
        return self.amounts.get("prepayment", 0) + self.curtailment + self.payoff

    @property
    def other_principal(self) -> Money:
        """Principal that is neither scheduled nor told as curtailment or payoff: repurchases, proceeds less expenses, advances and the like."""
        return self.principal - self.scheduled_principal - self.curtailment - self.payoff

    @property
    def interest(self) -> Money:
        return self.amounts.get("interest", 0)

    @property
    def fee(self) -> Money:
        return self.amounts.get("fee_retained", 0)

    @property
    def difference(self) -> Money:
        """What the closing balance is above what the opening balance and the movements make of it; nil for a loan that rolls forward."""
        return self.closing_balance - (self.opening_balance - self.principal - self.loss + self.adjustment)


# Rules ------------------------------------------------------------------------------------------------------------------


def rules(components: Mapping[str, Component], own: Collection[str], moving: Iterable[str], *, by_pool: bool) -> Rules:
    """The rules of a deal with these components, of which `own` are events of its own. `moving` are kinds, as in `Rules`."""
    kinds = {**KINDS, **{name: Kind({"amount": name}) for name in own}}
    parts = {
        kind: tuple((column, *_part(layout.components[column], components)) for column, _ in loan_movements(kind, layout, components))
        for kind, layout in kinds.items()
    }
    losing = {layout.components[column] for kind, layout in kinds.items() for column, part, _ in parts[kind] if part == "loss"}
    recovered = {name for name, component in components.items() if component.loss == "down"}
    named = {kind: tuple(layout.components.items()) for kind, layout in kinds.items()}
    return Rules(named, parts, frozenset(losing), frozenset(recovered), frozenset(moving), by_pool)


def _part(name: str, components: Mapping[str, Component]) -> tuple[Part, int]:
    """Which part of the roll-forward a component is, and whether it raises that part or lowers it."""
    component = components[name]
    if name == "liquidation_expense":
        return "principal", -1  # paid out of the proceeds; the realized loss has it in it
    if component.pool == "up":
        return "adjustment", 1
    if component.loss == "up":
        return "loss", 1
    return ("principal", 1) if component.cash == "in" else ("adjustment", -1)


# A loan in a period -----------------------------------------------------------------------------------------------------


def loan_row(loan: str, lines: Sequence[Line], life: Sequence[Line], span: Span, under: Rules, ended_by: Collection[str] = ()) -> LoanRow:
    """A loan's row, from the `lines` at the span's positions and from those of its `life` (kinds of `OF_LIFE`, and of the deal's own), in order of the log.

    `ended_by` are components by which it ended before, where its life does not tell.
    """
    own = [event for position, event in lines if position in span.own]
    amounts, parts = _sums(own, under)
    opening, _ = _balance(lines, span.before, span.adjusts, under)
    opening += sum(event.balance or 0 for event in own if event.kind == "loan_setup")
    closing, reported = _balance(lines, span.now, span.adjusts, under)
    lived, _ = _sums([event for _, event in life], under)
    before = lived if "default" not in lived else _sums([event for position, event in life if position not in span.own], under)[0]
    rate, maturity = _terms(life)
    stands = _standing(lines, span)
    status, days = stands.state or bucket(stands.days or 0), stands.days
    if not closing and not reported:
        told = amounts if opening else {**lived, **dict.fromkeys(ended_by, 1), **amounts}
        status, days = NOT_REPORTED if opening and not any(amounts.values()) else ending(told), None
    return LoanRow(
        loan, loan.partition("/")[0] if under.by_pool else "pool", status, opening, amounts, parts["principal"], parts["loss"], parts["adjustment"], closing,
        reported, stands.rate or rate, days, stands.paid_to, maturity, _total(lived, under.losing), _total(lived, under.recovered),
        _total(amounts, under.recovered),
        _in_default(before), _in_default(lived), bool(opening or closing or own),
    )  # fmt: skip


def bucket(days: int) -> str:
    """The bucket of a loan that is so many days past due, as the items of a statement name it."""
    return bucket_name(max((edge for edge in BUCKETS if edge <= days), default=0), None)


def ending(amounts: Mapping[str, Money]) -> str:
    """How a loan ended, from its amounts by component; one whose last payment was an ordinary one is paid off."""
    return next((word for word, names in ENDED.items() if any(amounts.get(name) for name in names)), "paid_off")


def _sums(events: Iterable[Event], under: Rules) -> tuple[dict[str, Money], dict[Part, Money]]:
    """Amounts by component, and what moved the balance by part."""
    amounts: dict[str, Money] = defaultdict(int)
    parts: dict[Part, Money] = {"principal": 0, "loss": 0, "adjustment": 0}
    for event in events:
        for column, name in under.components.get(event.kind, ()):
            amounts[name] += getattr(event, column) or 0
        for column, part, sign in under.parts.get(event.kind, ()):
            parts[part] += sign * (getattr(event, column) or 0)
    return dict(amounts), parts


def _balance(lines: Iterable[Line], told: Told, adjusts: Collection[int], under: Rules) -> tuple[Money, Money]:
    """The balance with adjustments that came late, and as it was stated: of a loan that nothing states or moves, what it came with."""
    stated: Money | None = None
    came, late, is_gone, was_moved = 0, 0, False, False
    for position, event in lines:
        if position in told.late:
            late += under.rise(event)
        if position not in told.stated and position not in told.since:
            continue
        if event.kind in SET_UP:
            came += event.balance if event.balance is not None else event.amount or 0
        elif position in told.stated and event.balance is not None:
            stated = (stated or 0) + event.balance
        if event.kind in under.moving and position not in adjusts:
            is_gone, was_moved = is_gone or position in told.since, True
    reported = 0 if is_gone else stated if stated is not None else 0 if was_moved else came
    return reported + late, reported


class _Standing(NamedTuple):
    """How a loan stands, by what was said last of it and nothing took back."""

    days: int | None = None
    state: str | None = None
    rate: str | None = None
    paid_to: date | None = None


def _standing(lines: Sequence[Line], span: Span) -> _Standing:
    """From the last month that was reported and the months since; of several days past due, states, rates or dates the largest."""
    of_end = [(position, event) for position, event in lines if position in span.now.stated or position in span.now.since]
    gone = {(event.corrects_position, event.corrects_line) for _, event in of_end if event.effect < 0}
    kept = [(position, event) for position, event in of_end if event.effect > 0 and (not gone or (position, event.line) not in gone)]
    days = [event.delinquency for _, event in kept if event.delinquency is not None]
    states = [event.code for _, event in kept if event.code in STATES]
    changed = [event.rate for position, event in kept if event.rate and event.kind == "modification" and position in span.own]
    usual = [event.rate for _, event in kept if event.rate and event.kind not in _BEARING]
    paid_to = [event.effective_on for position, event in kept if event.kind == "payment" and event.effective_on and not _is_late(position, event, span)]
    return _Standing(
        max(days) if days else None, max(states, key=STATES.index) if states else None, max(changed or usual) if changed or usual else None,
        max(paid_to) if paid_to else None,
    )  # fmt: skip


def _is_late(position: int, event: Event, span: Span) -> bool:
    """Whether a line belongs to an earlier month, whose date it then bears."""
    return position in span.adjusts or (event.corrects_position is not None and event.corrects_line is None)


def _terms(life: Sequence[Line]) -> tuple[str | None, date | None]:
    """The last rate and the last maturity that were said of a loan and stand."""
    gone = {(event.corrects_position, event.corrects_line) for _, event in life if event.effect < 0}
    rate: str | None = None
    maturity: date | None = None
    for position, event in life:
        if event.kind in _BEARING and event.effect > 0 and (position, event.line) not in gone:
            rate, maturity = event.rate or rate, event.effective_on or maturity
    return rate, maturity


def _total(amounts: Mapping[str, Money], names: Iterable[str]) -> Money:
    return sum(amounts.get(name, 0) for name in names)


def _in_default(amounts: Mapping[str, Money]) -> Money:
    liquidated = amounts.get("liquidation_proceeds", 0) + amounts.get("realized_loss", 0) - amounts.get("liquidation_expense", 0)
    return max(0, amounts.get("default", 0) - liquidated)
