"""The detail behind a statement's figures: over which days classes and fees accrued and at which reported rates, and what each step moved of a figure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from fractions import Fraction

from ledger.core.daycount import year_fraction
from ledger.core.deal import Deal
from ledger.core.disclosures import Accrual, ReportedRate, StepLine
from ledger.core.formula import Formula, names_in
from ledger.core.money import Money
from ledger.core.posting import Posting
from ledger.core.schedule import key_of
from ledger.core.state import Running
from ledger.core.terms import Terms

BY_STEP = ("interest_paid", "principal_paid", "other_paid", "accreted", "realized_loss", "written_up")
"""The items of a class that are listed by step; of an account they are `deposits` and `draws`."""


def key_dates(deal: Deal, number: int) -> dict[str, date]:
    """The deal's closing date, and the next distribution date after a numbered one as the schedule has it, before any roll."""
    return {"closing": deal.closing_date, "next_scheduled": key_of(deal, number + 1)}


def accruals(run: Running) -> Iterator[Accrual]:
    """The accrual period of each class and fee that accrues at a rate."""
    deal = run.terms.deal
    for name, terms in run.terms.accruals.items():
        begin, end = terms.clock.span(run.dates, run.number)
        rate = (deal.tranches.get(name) or deal.fees[name]).rate
        days_30_360 = int(year_fraction("30/360", begin, end) * 360)
        yield Accrual(name, begin, end, (end - begin).days, days_30_360, terms.clock.day_count, tuple(_reported_rates(run, rate)) if rate else ())


def _reported_rates(run: Running, rate: Formula) -> Iterator[ReportedRate]:
    """The reported rates that a rate is made of, also by way of the deal's ratios."""
    deal, seen, waiting = run.terms.deal, set[str](), [rate]
    while waiting:
        for name in names_in(waiting.pop(0).root):
            if name in seen:
                continue
            seen.add(name)
            if name in deal.ratios:
                waiting.append(deal.ratios[name])
            elif name in run.reported and deal.reported[name].type == "rate":
                value = run.reported[name]
                assert not isinstance(value, date)
                yield ReportedRate(name, deal.reported[name].index, Fraction(value))


def by_step(terms: Terms, postings: Sequence[Posting]) -> Iterator[StepLine]:
    """What each step, or a posting that no step made, moved of the figures of classes and accounts; the lines of a figure sum to it."""
    steps = {step.cause: step for step in terms.every_step()}
    moved: dict[tuple[str, str, int | None, str], Money] = {}
    for posted in postings:
        step = steps.get(posted.cause)
        for subject, item, amount in _figures(terms, posted):
            key = (subject, item, step.number if step else None, step.label if step else posted.step)
            moved[key] = moved.get(key, 0) + amount
    order = {name: place for place, name in enumerate((*terms.deal.tranches, *terms.deal.accounts))}
    for key in sorted(moved, key=lambda key: order[key[0]]):  # each figure's lines stay in the order in which they were posted
        yield StepLine(*key, moved[key])


def _figures(terms: Terms, posted: Posting) -> Iterator[tuple[str, str, Money]]:
    """The figures that a posting is part of: one of a class, and what an account received or paid."""
    lowers = posted.item.startswith("-")
    subject, _, item = posted.item[lowers:].rpartition(".")
    if item in BY_STEP and subject in terms.deal.tranches:
        yield subject, item, -posted.amount if lowers else posted.amount
    for account, moved in ((posted.destination, "deposits"), (posted.source, "draws")):
        if account in terms.accounts_of_cash:
            yield terms.accounts_of_cash[account], moved, posted.amount
