"""Terms that were applied wrongly: what each payee was entitled to in a period under the right ones, less what it was given.

The closed periods are run again aside, one after the other, under the corrected terms. What differs in entitlement (interest, fees) is booked in the open
period as a claim, and flows through its waterfall. What differs in principal, in what a residual received, or in what was paid for a ledger is money that
one payee has and another should have: as far as the two match, it is booked as owed by the one to the other (`ledger.core.netting`). What they do not
match by follows the claims: a residual that was paid 50 too little because a fee was 50 too high gets them from the next fee, which is 50 lower.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ledger.core.money import Money, format_money
from ledger.core.netting import towards
from ledger.core.problems import Problem
from ledger.core.state import Running
from ledger.core.terms import Terms


class Difference(NamedTuple):
    """What a payee should have had more (below zero: less). `subject` is what an adjustment of it names."""

    subject: str
    amount: Money


def entitlements(run: Running) -> Mapping[str, Money]:
    """What the period gave each payee a claim to, and what loss each class bore, by the subject that an adjustment of it names."""
    figures, deal = run.figures, run.terms.deal
    interest = {
        f"{name}.unpaid_interest": figures[f"{name}.interest_accrued"] - figures[f"{name}.interest_shortfall"] + figures[f"{name}.interest_on_unpaid_accrued"]
        for name in deal.tranches
    }
    losses = {f"{name}.realized_loss": figures[f"{name}.realized_loss"] - figures[f"{name}.written_up"] for name in run.terms.groups["tranches"]}
    return interest | {name: figures[f"{name}.accrued"] for name in deal.fees} | losses


def claimed(terms: Terms, subject: str) -> str:
    """The figure of a period that an adjustment of a subject stands beside."""
    name, _, item = subject.rpartition(".")
    if item == "unpaid_interest":
        return f"{name}.interest_accrued"
    return f"{subject}.accrued" if subject in terms.deal.fees else subject


def differences(right: Running, wrong: Running) -> Iterator[Difference]:
    """What each payee is entitled to more than it was given a claim to."""
    due, given = entitlements(right), entitlements(wrong)
    for subject in [*due, *(subject for subject in given if subject not in due)]:
        amount = due.get(subject, 0) - given.get(subject, 0)
        if amount:
            yield Difference(subject, amount)


def paid_items(terms: Terms, tranche: str) -> tuple[str, ...]:
    """The figures of what a class is paid by the cash and the balances that a period finds, not by an entitlement of the period."""
    principal = ("principal_paid",) if terms.has_balance(tranche) else ()
    return (*principal, "other_paid", *(("interest_paid",) if terms.deal.tranches[tranche].kind == "residual" else ()))


class Payments:
    """What classes should have been paid and were paid, summed from period to period: what an account kept in one may have gone to a payee in the next."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._due, self._paid = Counter[str](), Counter[str]()
        self._booked: Mapping[str, Money] = {}

    def add(self, right: Running, wrong: Running) -> Iterator[Difference]:
        """What a period adds to what payees owe each other. The differences sum to zero."""
        subjects = [f"{name}.{item}" for name in self._terms.deal.tranches for item in paid_items(self._terms, name)]
        self._due.update({subject: right.figures[subject] for subject in subjects})
        self._paid.update({subject: wrong.figures[subject] for subject in subjects})
        before, self._booked = self._booked, matched(self._terms, self._due, self._paid)
        for subject in subjects:
            amount = self._booked[subject] - before.get(subject, 0)
            if amount:
                yield Difference(subject, amount)


def matched(terms: Terms, due: Mapping[str, Money], paid: Mapping[str, Money]) -> dict[str, Money]:
    """The part of what was paid otherwise that one payee has and another should have, in whole minor units; it sums to zero.

    The rest came from claims or accounts and will go there again, through the waterfall: by way of the residuals, as far as what they were paid and should
    have been reaches, and then of the classes that differ in the same direction, the last named first.
    """
    left = {subject: _whole(due[subject] - paid[subject], terms.minor_unit) for subject in due}
    flows = sum(left.values())
    residual = [subject for subject in reversed(left) if subject.endswith(".interest_paid")]
    for subject in residual:
        part = towards(flows, due[subject] if flows > 0 else -paid[subject])
        left[subject] -= part
        flows -= part
    for subject in reversed(left):
        part = towards(flows, left[subject])
        left[subject] -= part
        flows -= part
    return left


def _whole(amount: Money, unit: Money) -> Money:
    """An amount in whole units, towards zero."""
    return (abs(amount) // unit * unit) * (1 if amount > 0 else -1)


def unbookable(right: Running, wrong: Running) -> Iterator[Problem]:
    """Accretion that differs: it changes what a class is owed as principal and as interest for good, and no later month can book that."""
    for name in right.terms.groups["tranches"]:
        amount = right.figures[f"{name}.accreted"] - wrong.figures[f"{name}.accreted"]
        if amount:
            fact = f"under the corrected terms `accreted` of {name} differs by {format_money(amount, right.terms.scale)} in {right.dates.scheduled}"
            yield Problem(fact, "a later month cannot book that: use --treatment reopen")
