"""Whether what a servicer says of the loans of a pool as a whole agrees: how many there are, and how many, or how much, are in each bucket."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from ledger.core.events import OF_BUCKETS, STATES, Event
from ledger.core.problems import Problem
from ledger.files.remittance_month import Found, Whole


def _of_buckets(whole: Whole) -> Iterator[Event]:
    return (event for _, event in whole.rows(*OF_BUCKETS))


def _is_whole(event: Event) -> bool:
    count = Decimal(event.rate or 0)
    return count >= 0 and count == count.to_integral_value()


def counts_are_whole(whole: Whole) -> Found:
    for event in _of_buckets(whole):
        if event.kind == "loan_count" and not _is_whole(event):
            yield event, Problem(f"`loan_count` is {event.rate}", "count the loans: a whole number, zero or above")
        elif (event.amount or 0) < 0:
            owed = whole.month.money(event.amount or 0)
            yield event, Problem(f"`delinquent_balance` is {owed}", "state the unpaid balance of the bucket's loans, zero or above")


def buckets_are_named(whole: Whole) -> Found:
    """A balance is that of a bucket; the whole of a pool is its `closing_balance`."""
    for event in _of_buckets(whole):
        if event.code is not None and event.code not in STATES:
            remedy = f"write one of {', '.join(STATES)}, or the days past due in `delinquency`"
            yield event, Problem(f"`code` of `{event.kind}` is `{event.code}`, which is no bucket", remedy)
        elif event.kind == "delinquent_balance" and event.code is None and event.delinquency is None:
            yield event, Problem("`delinquent_balance` names no bucket", f"write the least days past due in `delinquency`, or {', '.join(STATES)} in `code`")


def buckets_add_up(whole: Whole) -> Found:
    """A loan is in one bucket, so that the buckets of a pool have at most the loans that the pool has."""
    counts = [event for event in _of_buckets(whole) if event.kind == "loan_count" and _is_whole(event)]
    for total in counts:
        if total.code is None and total.delinquency is None:
            parts = sum(Decimal(event.rate or 0) for event in counts if event is not total and event.subject == total.subject)
            if parts > Decimal(total.rate or 0):
                fact = f"`loan_count` of the pool is {total.rate}, its buckets have {parts:f} loans"
                yield total, Problem(fact, "count each loan in one bucket: a state of `code` before its days past due")


def loans_are_not_counted_twice(whole: Whole) -> Found:
    """Where loans are kept they are counted from their own rows."""
    if whole.opened or whole.month.names_loans:
        for event in _of_buckets(whole):
            fact = f"`{event.kind}` is stated for a pool that is kept loan by loan"
            yield event, Problem(fact, "leave the row out: its loans are counted, by the `delinquency` and `code` of their own rows")
