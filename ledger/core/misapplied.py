"""Terms that were applied wrongly: what each payee was entitled to in a period under the right ones, less what it was given.

The closed periods are run again aside, one after the other, under the corrected terms. What differs in entitlement (interest, fees) is booked in the open
period and flows through its waterfall. What differs in principal, or in what a residual class received, is not: a balance that was not paid is still owed,
and the steps of the open period pay by the balances and the cash that they find.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ledger.core.money import Money, format_money
from ledger.core.problems import Problem
from ledger.core.state import Running
from ledger.core.terms import Terms

FOLLOWS = ("principal_paid", "other_paid")


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


def followed(right: Running, wrong: Running) -> Iterator[Difference]:
    """What a class would have been paid more of principal, for a ledger, or as a residual: nothing of it is booked."""
    for name, tranche in right.terms.deal.tranches.items():
        items = (*FOLLOWS, "interest_paid") if tranche.kind == "residual" else FOLLOWS
        amount = sum(right.figures[f"{name}.{item}"] - wrong.figures[f"{name}.{item}"] for item in items)
        if amount:
            yield Difference(name, amount)


def unbookable(right: Running, wrong: Running) -> Iterator[Problem]:
    """Accretion that differs: it changes what a class is owed as principal and as interest for good, and no later month can book that."""
    for name in right.terms.groups["tranches"]:
        amount = right.figures[f"{name}.accreted"] - wrong.figures[f"{name}.accreted"]
        if amount:
            fact = f"under the corrected terms `accreted` of {name} differs by {format_money(amount, right.terms.scale)} in {right.dates.scheduled}"
            yield Problem(fact, "a later month cannot book that: use --treatment reopen")
