"""A closed period beside what was learned since: as first reported, the adjustments booked in later periods, and the two together.

Nothing here is booked. The corrections are applied to the period as it closed, in memory, and its figures are read again, so that a sum, a factor or an
amount of the deal file is restated with what it is made of. An adjustment of unpaid interest or of a fee restates what was due and what was paid: it is
settled by the month that books it. One of a class's balance restates the principal that the period paid; a loss is adjusted as such.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import NamedTuple

from ledger.core.collections import Collections, Flow, Total, collect
from ledger.core.distribution import Distribution
from ledger.core.events import FACTS, Event
from ledger.core.money import Exact
from ledger.core.problems import ProblemsFound
from ledger.core.receipts import EVENTS, adjusted_accounts, adjusted_item, post_flows
from ledger.core.state import Running
from ledger.core.statement import Booked, Figure, Restated, Sections, sections_of
from ledger.core.terms import Terms


class Late(NamedTuple):
    """A line of the log that was booked for an earlier period: where, and for which."""

    booked: date
    origin: date
    event: Event


def restated(terms: Terms, distribution: Distribution, lines: Iterable[Late], first: tuple[Terms, Distribution] | None = None) -> Sections[Restated]:
    """The figures of a period that corrections change; `first` is the version that was paid, where the period was reopened."""
    of_period = [line for line in lines if line.origin <= distribution.dates.scheduled < line.booked]
    if not of_period and first is None:
        return {}
    under, reported = first or (terms, distribution)
    before, now = _figures(reported.running(under)), _figures(_corrected(terms, distribution, of_period))
    found: dict[str, dict[str, dict[str, Restated]]] = defaultdict(lambda: defaultdict(dict))
    for (section, subject, item), figure in now.items():
        was = before.get((section, subject, item))
        if was is not None and was.kind == figure.kind and was.kind in ("money", "exact") and was.value != figure.value:
            change = Figure(figure.kind, _number(figure) - _number(was), figure.places, figure.mode)
            found[section][subject][item] = Restated(was, change, figure)
    return {section: dict(subjects) for section, subjects in found.items()}


def booked_since(terms: Terms, lines: Iterable[Late], period: date) -> Iterator[Booked]:
    """What later periods booked for this one, by what it names."""
    sums: dict[tuple[date, str], int] = defaultdict(int)
    for line in lines:
        if line.origin != period:
            continue
        if line.event.kind in FACTS:
            sums[line.booked, line.event.subject or ""] += line.event.amount or 0
        for flow in flows(terms, [line.event]):
            sums[line.booked, f"{flow.pool or 'pool'}.{flow.component}"] += flow.amount
    for (booked, subject), amount in sorted(sums.items()):
        if amount:
            yield Booked(booked, subject, amount)


def flows(terms: Terms, events: Iterable[Event]) -> tuple[Flow, ...]:
    """Events as flows by component, each alone."""
    own = {name: terms.components[name] for name in terms.deal.events}
    return collect((_total(terms, event) for event in events), (), own).flows


def _total(terms: Terms, event: Event) -> Total:
    pool = (event.subject or "").partition("/")[0] or None if terms.deal.pools else None
    return Total(event.kind, pool, None, None, event.principal, event.interest, event.fee, event.amount)


def _figures(run: Running) -> Mapping[tuple[str, str, str], Figure]:
    return {(section, subject, item): figure for section, subjects in sections_of(run) for subject, items in subjects for item, figure in items.items()}


def _number(figure: Figure) -> Exact:
    assert not isinstance(figure.value, date)
    return figure.value


# Applying -----------------------------------------------------------------------------------------------------------------


def _corrected(terms: Terms, distribution: Distribution, lines: list[Late]) -> Running:
    """The period as it closed, with what belongs to earlier ones in its opening and closing balances, and with its own corrections in its figures."""
    run, period = distribution.running(terms), distribution.dates.scheduled
    own = [line.event for line in lines if line.origin == period]
    earlier = [line.event for line in lines if line.origin < period]
    kept = (run.figures.copy(), run.received.copy(), run.paid.copy(), run.balances.copy())
    _apply(run, earlier)
    moved = {account: balance - kept[3].get(account, 0) for account, balance in run.balances.items()}
    run.figures, run.received, run.paid = kept[:3]
    run.opening = defaultdict(int, {account: run.opening.get(account, 0) + moved.get(account, 0) for account in {*run.opening, *moved}})
    _apply(run, own)
    return run


def _apply(run: Running, events: list[Event]) -> None:
    try:
        run.collections = Collections(flows(run.terms, events))
        post_flows(run)
    except ProblemsFound:  # terms that no longer collect a kind restate nothing of it
        pass
    for event in events:
        if event.kind == "account_earnings":
            run.transfer("excess", run.terms.cash_account(event.subject or ""), event.amount or 0, event.kind, f"{event.subject}.earnings", EVENTS)
        elif event.kind == "adjustment":
            _adjust(run, event.subject or "", event.amount or 0)


def _adjust(run: Running, subject: str, amount: int) -> None:
    name, _, item = subject.rpartition(".")
    if item == "unpaid_interest":
        run.figures[f"{name}.interest_accrued"] += amount
        run.figures[f"{name}.interest_paid"] += amount
    elif subject in run.terms.deal.fees:
        run.figures[f"{subject}.accrued"] += amount
        run.figures[f"{subject}.paid"] += amount
    else:
        source, destination = adjusted_accounts(run.terms, subject)
        run.transfer(source, destination, amount, "adjustment", adjusted_item(subject), EVENTS)
        if subject in run.terms.deal.tranches:
            run.figures[f"{subject}.principal_paid"] -= amount
        elif item.endswith("_paid"):
            run.figures[subject] += amount
