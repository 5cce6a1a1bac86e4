"""The figures of a statement that are of the loans themselves: how many there are, what they bear, how they pay, how fast they prepay and default.

They are statistics of what the servicer reported and no sums of postings, but for `performance`, whose months are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from ledger.core.daycount import year_fraction
from ledger.core.distribution import Distribution
from ledger.core.events import STATES, Event
from ledger.core.figure import Figure
from ledger.core.loans import Bucket, Collateral, Tape, Weight
from ledger.core.money import Money
from ledger.core.names import pool_balance
from ledger.core.performance import Lived, rates
from ledger.core.pools import Pools
from ledger.core.terms import Terms

BUCKETS = (0, 30, 60, 90, 120, 150, 180)
"""Days past due at which a bucket of loans begins; the last has no end. 0 is called `current`."""
LATE = 30
"""From so many days past due a loan counts as delinquent."""
Items = dict[str, Figure]


def collateral(terms: Terms, distribution: Distribution, tape: Tape, lives: Mapping[str, Lived]) -> Collateral:
    """What a statement says of the loans of a distribution, from the loans at its end and the life until then of each pool and of all together."""
    pools = dict(Pools(terms).by_subject())
    balances = {pool: pool_balance(distribution.closing.balances, terms, pool) for pool in terms.deal.all_pools} | dict(tape.balances)
    after = distribution.dates.collection_end + timedelta(days=1)
    each = terms.deal.dates.distribution.months
    found = {
        "collateral": {name: dict(_loans(tape, members, balances, terms.scale, after)) for name, members in pools.items()},
        "delinquency": {name: dict(_delinquency(tape, members, balances)) for name, members in pools.items()},
        "performance": {name: dict(_performance(lived, each)) for name, lived in lives.items()},
    }
    sections = {section: {name: items for name, items in subjects.items() if items} for section, subjects in found.items()}
    methods = {pool: held.delinquency for pool, held in terms.deal.all_pools.items() if held.delinquency}
    return Collateral({section: subjects for section, subjects in sections.items() if subjects}, tape.losses, tape.modifications, methods)


# Loans ----------------------------------------------------------------------------------------------------------------


def _loans(tape: Tape, pools: Sequence[str], balances: Mapping[str, Money], scale: int, after: date) -> Iterator[tuple[str, Figure]]:
    """How many loans there are, and what they are and bear on average; what is not known of every loan is left out."""
    for item, counts in (("opening_loans", tape.opening_loans), ("closing_loans", tape.closing_loans)):
        if all(pool in counts for pool in pools):
            yield item, Figure("exact", sum(counts[pool] for pool in pools), 0)
    loans, balance = sum(tape.closing_loans.get(pool, 0) for pool in pools), sum(balances[pool] for pool in pools)
    if loans and all(pool in tape.closing_loans for pool in pools):
        yield "average_balance", Figure("exact", Fraction(balance, loans * 10**scale), min(2, scale))

    def months_left(maturity: date) -> Fraction:
        return 12 * year_fraction("30/360", after, max(after, maturity))

    for item, weights, measure in (("wac", tape.rates, Fraction), ("wam", tape.maturities, months_left)):
        average = _average([weight for weight in weights if weight.pool in pools], balance, measure)
        if average is not None:
            yield item, Figure("exact", average)


def _average(weights: Sequence[Weight], balance: Money, measure: Callable[[Any], Fraction]) -> Fraction | None:
    """An average by balance; None unless the terms of the whole balance are known."""
    if not weights or balance <= 0 or any(weight.term is None for weight in weights) or sum(weight.balance for weight in weights) != balance:
        return None
    return sum((weight.balance * measure(weight.term) for weight in weights), Fraction()) / balance


# Delinquency ----------------------------------------------------------------------------------------------------------


def stated_tape(counts: Sequence[Event], before: Sequence[Event], pools: Sequence[str]) -> Tape:
    """The loans of a deal that is reported in totals, from what it states of its buckets now and stated a period before."""
    buckets: dict[tuple[str, int | None, str | None], Bucket] = {}
    for fact in counts:
        key = (fact.subject or "pool", fact.delinquency, fact.code)
        known = buckets.get(key) or Bucket(*key, None, None)
        whole = None if fact.rate is None else int(Fraction(fact.rate))
        buckets[key] = known._replace(loans=whole) if fact.kind == "loan_count" else known._replace(balance=fact.amount)
    named = [bucket for bucket in buckets.values() if bucket.days is not None or bucket.state is not None]
    return Tape(_totals(before, pools), _totals(counts, pools), buckets=named, is_told=bool(named))


def _totals(facts: Sequence[Event], pools: Sequence[str]) -> dict[str, int]:
    whole = (fact for fact in facts if fact.kind == "loan_count" and fact.delinquency is None and fact.code is None)
    return {pool: int(Fraction(fact.rate or 0)) for fact in whole if (pool := fact.subject or "pool") in pools}


def bucket_name(days: int | None, state: str | None) -> str:
    """What a bucket is called in items: `current`, `30_days`, `foreclosure`, `bankruptcy_60_days`."""
    told = "" if days is None else "current" if days == 0 else f"{days}_days"
    return "_".join(word for word in (state, told) if word)


def _delinquency(tape: Tape, pools: Sequence[str], balances: Mapping[str, Money]) -> Iterator[tuple[str, Figure]]:
    """`loans`, `balance` and `share` of each bucket, and of all that are 30 days late or in a state."""
    whole = sum(balances[pool] for pool in pools)
    found = [bucket for bucket in tape.buckets if bucket.pool in pools] if tape.is_told else []
    for days, state in sorted({(bucket.days, bucket.state) for bucket in found}, key=_order):
        yield from _bucket(bucket_name(days, state), [bucket for bucket in found if (bucket.days, bucket.state) == (days, state)], whole)
    late = [bucket for bucket in found if bucket.state is not None or (bucket.days or 0) >= LATE]
    if found:
        yield from _bucket("delinquent", late, whole)


def _order(key: tuple[int | None, str | None]) -> tuple[int, int]:
    """Days past due first, then the states."""
    days, state = key
    return (STATES.index(state) + 1 if state else 0, days or 0)


def _bucket(name: str, buckets: Sequence[Bucket], whole: Money) -> Iterator[tuple[str, Figure]]:
    counts, held = [bucket.loans for bucket in buckets], [bucket.balance for bucket in buckets]
    if None not in counts:
        yield f"loans_{name}", Figure("exact", sum(filter(None, counts)), 0)
    if None not in held:
        balance = sum(filter(None, held))
        yield f"balance_{name}", Figure("money", balance)
        if whole > 0:
            yield f"share_{name}", Figure("exact", Fraction(balance, whole))


# Performance ----------------------------------------------------------------------------------------------------------


def _performance(lived: Lived, each: int) -> Iterator[tuple[str, Figure]]:
    """Rates of prepayment and default, and severities, over the windows of `ledger.core.performance`."""
    yield from ((item, Figure("exact", rate)) for item, rate in rates(lived, each))
