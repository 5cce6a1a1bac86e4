"""Whether a month's facts agree: with each other, with the deal, and with the loans and pools as the last month left them.

Each check is a function of the month that yields problems, so that adding one is adding a line; those of single loans are in `ledger.files.loan_checks`.
What only the books can judge (cash, classes, closing balances of accounts) is for `ledger.core.checks`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import TypeVar

from ledger.core.events import PREPAYMENTS, Event
from ledger.core.money import LIMIT, Money
from ledger.core.problems import Problem
from ledger.core.receipts import reported_value
from ledger.files import loan_checks
from ledger.files.remittance import MOST_FOUND
from ledger.files.remittance_buckets import buckets_add_up, buckets_are_named, counts_are_whole, loans_are_not_counted_twice
from ledger.files.remittance_month import INCOMPLETE, Found, Group, LoansOf, Month, Part, Whole, no_loans
from ledger.files.spool import ALL, Share

_Ranked = tuple[int, int, str, Problem]
"""A problem after its row, the number of its check and its fact: the order in which problems are told."""


def check(
    months: Sequence[Month], opening: LoansOf = no_loans, pools: Mapping[str, Money] | None = None, shares: Iterable[Share] = (ALL,)
) -> Iterator[tuple[int, Problem]]:
    """(row, problem) of everything that does not agree in the months of a file, in the order of the file; of very many, the first `MOST_FOUND` and one more.

    `opening` are the loans before the first of them, and `pools` the balances of the pools before it, where they are known. Each month opens with what the
    one before leaves. The loans are gone through a share at a time.
    """
    found: list[_Ranked] = []
    wholes = [Whole(month) for month in months]
    for share in shares:
        loans, arrived = opening(share), set[str]()
        for whole in wholes:
            part = Part(whole.month, whole.month.rows.events.share(share), loans, whole.month.stated(share), frozenset(arrived))
            found += _ranked(len(CHECKS), loan_checks.CHECKS, part)
            whole.add(part)
            loans = part.closing
            arrived.update(part.rolled)
        found = sorted(found, key=itemgetter(0, 1, 2))[: MOST_FOUND + 1]
    for whole in wholes:
        whole.pools = pools or {}
        found += _ranked(0, CHECKS, whole)
        pools = whole.closing_pools
    yield from ((row, problem) for row, _, _, problem in sorted(found, key=itemgetter(0, 1, 2)))


Seen = TypeVar("Seen", Part, Whole)


def _ranked(first: int, checks: Iterable[Callable[[Seen], Found]], seen: Seen) -> Iterator[_Ranked]:
    for number, one in enumerate(checks, first):
        for event, problem in one(seen):
            yield event.source_row or 1 if event else 1, number, problem.fact, problem


def an_empty_month_is_empty(whole: Whole) -> Found:
    words = [event for _, event in whole.rows("nil_month", "missing_month")]
    for other in words[1:]:
        if other.kind != words[0].kind:
            yield other, Problem(f"`{other.kind}` stands beside `{words[0].kind}`", "keep one of them")
    moved = min((sums.moved for sums in whole.groups.values() if sums.moved), key=itemgetter(0), default=None) if words else None
    if moved is not None:
        fact = f"`{words[0].kind}` says that nothing was collected, and row {moved.source_row} reports `{moved.kind}`"
        yield words[0], Problem(fact, "remove one of the two")


def cash_is_collected(whole: Whole) -> Found:
    """Every cash kind that arrives has an account; said once for each kind and pool."""
    terms = whole.month.terms
    for (pool, _), firsts in whole.first_of.items():
        for component, first in firsts.items():
            if terms.components[component].cash and (pool, component) not in terms.collecting:
                yield first, Problem(f"no account collects `{component}`", f"add {component} to the `collects` of an account in the deal file")


def loans_or_totals(whole: Whole) -> Found:
    """A component comes loan by loan or as a total of its pool, never both, or it would count twice."""
    for (pool, of_loans), firsts in whole.first_of.items():
        if not of_loans:
            by_loan: dict[str, Event] = {}
            for component, first in whole.first_of.get((pool, True), {}).items():
                by_loan.setdefault(_family(component), first)
            for component, total in firsts.items():
                loan = by_loan.pop(_family(component), None)
                if loan is not None:
                    yield total, Problem(f"`{total.kind}` is reported for the pool, and loan by loan from row {loan.source_row}", "keep one of the two")


def files_agree_on_loans_or_totals(whole: Whole) -> Found:
    """The same between two files of one period."""
    month = whole.month
    other = {Group(group.kind, group.pool, not group.of_loans) for group in month.elsewhere}
    for (pool, of_loans), firsts in whole.first_of.items():
        counted = {_family(component) for group in other if (group.pool, group.of_loans) == (pool, of_loans) for _, component in month.components(group.kind)}
        for component, first in firsts.items():
            if _family(component) in counted:
                words = ("loan by loan", "for the pool") if of_loans else ("for the pool", "loan by loan")
                fact = f"`{component}` is reported {words[0]}, and another file of the period reports it {words[1]}"
                yield first, Problem(fact, "leave the row out, or correct the other file with `tranche correct`")


def _family(component: str) -> str:
    return "prepayment" if component in PREPAYMENTS else component


def sums_can_be_held(whole: Whole) -> Found:
    """The total of a kind over a pool, in whatever order the database adds it up."""
    for sums in whole.groups.values():
        for component, total in sums.sizes.items():
            if total > LIMIT:
                fact = f"`{component}` adds up to {whole.month.money(total)}, the books can hold {whole.month.money(LIMIT)}"
                yield sums.first, Problem(fact, "correct the figures")


def everything_is_reported(whole: Whole) -> Found:
    """Whatever has no stand-in, and does not come from a file of index fixings."""
    month = whole.month
    here = {event.subject for _, event in [*whole.rows("reported"), *month.reported]}
    for name, reported in month.terms.deal.reported.items() if month.is_whole else ():
        if reported.missing is None and not reported.index and name not in here:
            remedy = f"add a `reported` row for it, or give it `missing` in the deal file; where another file brings it, repeat with --accept {INCOMPLETE}"
            yield None, Problem(f"`{name}` is not reported for {month.rows.period}", remedy)


def reported_values_agree(whole: Whole) -> Found:
    """A value that the log has with another figure for the same period: an index fixing, or another source's."""
    terms, period = whole.month.terms, whole.month.rows.period
    for _, event in whole.rows("reported"):
        value = terms.deal.reported[event.subject or ""]
        for position, other in whole.month.reported:
            if other.subject == event.subject and reported_value(value, other) != reported_value(value, event):
                ours, theirs = (_shown(whole.month, fact) for fact in (event, other))
                remedy = f"find out which is right: take the row out, or use `tranche correct {terms.deal.deal} FILE --reason TEXT`"
                yield event, Problem(f"`{event.subject}` is {ours}, position {position} states {theirs} for {period}", remedy)


def _shown(month: Month, fact: Event) -> str:
    """A reported fact's figure as a file would write it."""
    return str(fact.rate or fact.code or fact.effective_on) if fact.amount is None else month.money(fact.amount)


def a_month_that_moves_has_its_loans(whole: Whole) -> Found:
    """Where loans are kept, a month of totals alone would leave every one of them where it stood."""
    month = whole.month
    if month.is_whole and whole.left_out and not whole.stated and not month.names_loans:
        moving = next((event for _, event in whole.rows() if month.rise([event])), None)
        if moving is not None:
            fact = f"`{moving.kind}` moves the pool, and none of its {whole.left_out} loans is reported"
            yield moving, Problem(fact, f"report the month loan by loan; where another file does, repeat with --accept {INCOMPLETE}")


def set_up_loans_make_the_pool(whole: Whole) -> Found:
    """The loans that a deal is first kept by add up to the pool of the books."""
    month = whole.month
    for group, sums in whole.groups.items():
        if group.kind == "loan_setup" and month.is_whole and not whole.opened and group.pool in whole.pools:
            pool = whole.pools[group.pool]
            if sums.balance != pool:
                fact = f"the loans set up add to {month.money(sums.balance)}, the pool of the books is {month.money(pool)}"
                yield sums.first, Problem(fact, "set up every loan that was in the pool at closing or boarding, with its balance then")


def stated_pools_agree(whole: Whole) -> Found:
    """A pool's stated closing balance is the sum of its loans, or else what its movements leave of its opening balance."""
    for group, event in whole.rows("closing_balance"):
        if event.subject not in whole.month.terms.deal.accounts:
            yield from _disagreement(whole, group.pool, event)


def _disagreement(whole: Whole, pool: str, event: Event) -> Found:
    month, stated = whole.month, event.balance or 0
    if any(group.of_loans and group.pool == pool for group in whole.groups):
        loans = whole.closing[pool]
        if stated != loans and month.is_whole:
            fact = f"the pool is stated to close at {month.money(stated)}, its loans add to {month.money(loans)}"
            yield event, Problem(fact, "find the loan that is missing or wrong")
    elif pool in whole.pools:
        opening = whole.pools[pool]
        left = opening + whole.pool_rise(pool)
        if stated != left:
            fact = f"the pool is stated to close at {month.money(stated)}, it opens at {month.money(opening)} and its movements leave {month.money(left)}"
            yield event, Problem(fact, "find the movement that is missing or wrong; what has no cause is a `pool_adjustment` with its reason")


CHECKS: tuple[Callable[[Whole], Found], ...] = (
    an_empty_month_is_empty,
    cash_is_collected,
    loans_or_totals,
    files_agree_on_loans_or_totals,
    sums_can_be_held,
    everything_is_reported,
    reported_values_agree,
    a_month_that_moves_has_its_loans,
    set_up_loans_make_the_pool,
    stated_pools_agree,
    counts_are_whole,
    buckets_are_named,
    buckets_add_up,
    loans_are_not_counted_twice,
)
