"""What a class without a balance of its own accrues on: at closing of the deal, when the period accrued, and at the period's close."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.core import posting
from ledger.core.collections import Collections
from ledger.core.distribution import Distribution, Readings
from ledger.core.formula import Read
from ledger.core.money import Money, round_exact
from ledger.core.problems import ProblemsFound
from ledger.core.receipts import EVENTS
from ledger.core.state import Running, State


def notionals(run: Running, tranche: str) -> Iterator[tuple[str, Money]]:
    """`original_notional`, `notional` (what the period's interest ran on) and `closing_notional`, units at carry scale.

    One that cannot be known is left out: a notional that the servicer reports each month has neither a first nor a next one.
    """
    basis = run.terms.accruals[tranche].basis
    for name, at in (("original_notional", at_first(run)), ("notional", as_accrued(run)), ("closing_notional", at_close(run))):
        amount = _read(basis, at)
        if amount is not None:
            yield name, amount


def as_accrued(run: Running) -> Running:
    """A closed period as it stood when interest accrued: after what was received, before the first step."""
    readings = Readings(run.reported, run.rates, run.fractions, run.triggers, run.called)
    return Distribution(run.number, run.dates, run.state, run.state, tuple(run.postings), readings).before((EVENTS,)).running(run.terms)


def at_close(run: Running) -> Running:
    """The balances at the close, with which the next period opens; nothing is reported for it yet."""
    return Running(run.terms, State(run.number, run.dates.distribution, run.balances), run.dates, Collections())


def at_first(run: Running) -> Running:
    """Every class and pool at its original balance."""
    terms = run.terms
    balances = {posting.principal(name): -terms.original[name] for name in terms.groups["tranches"]}
    balances |= {terms.pool_account(name): terms.original[name] for name in terms.deal.all_pools}
    return Running(terms, State(0, terms.deal.closing_date, balances), run.dates, Collections())


def _read(basis: Read, run: Running) -> Money | None:
    try:
        return round_exact(basis(run), "half_up")
    except (ProblemsFound, KeyError):
        return None
