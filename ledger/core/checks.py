"""Checks that can fail, run after every period: a list of functions with one signature, so that adding one is adding a line.

That postings sum to zero proves nothing, since a transfer does both halves. These compare what was computed in different ways.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from ledger.core.distribution import Distribution
from ledger.core.money import LIMIT, Money, format_money
from ledger.core.names import cumulative_loss, pool_balance
from ledger.core.netting import unmatched
from ledger.core.posting import LOSS, ROUNDING
from ledger.core.problems import Problem
from ledger.core.receipts import EVENTS
from ledger.core.state import Running

Check = Callable[[Running, Distribution], Iterable[Problem]]
OUR_FAULT = "this is a fault of the program: please report it"
"""The remedy of what no remittance and no deal file can cause."""
MOVEMENT_IS_WRONG = "find the movement that is missing or wrong; what has no cause is an `adjustment` or a `pool_adjustment` with its reason"


def check(run: Running, distribution: Distribution) -> list[Problem]:
    """Every problem that any check finds in a period."""
    return [problem for one in CHECKS for problem in one(run, distribution)]


def _text(run: Running, amount: Money) -> str:
    return format_money(amount, run.terms.scale)


def no_cash_below_zero(run: Running, _distribution: Distribution) -> Iterator[Problem]:
    for account in run.terms.cash_accounts.values():
        balance = run.balances[account]
        if balance < 0:
            yield Problem(f"{account} would be {_text(run, balance)}", "an account cannot pay what it does not hold; check what it collects")


def no_class_is_overpaid(run: Running, _distribution: Distribution) -> Iterator[Problem]:
    for claims in run.terms.claims.values():
        for claim in (claims.principal, claims.interest, claims.interest_on_unpaid):
            if run.balances[claim] > 0:
                yield Problem(
                    f"{claim} would be overpaid by {_text(run, run.balances[claim])}", "look for an adjustment that takes away more than the class is owed"
                )


def loss_is_allocated(run: Running, _distribution: Distribution) -> Iterator[Problem]:
    if run.balances.get(LOSS, 0):
        yield Problem(f"a loss of {_text(run, run.balances[LOSS])} is left unallocated", OUR_FAULT)


def written_down_losses_match_the_balances(run: Running, distribution: Distribution) -> Iterator[Problem]:
    """Write-ups never exceed the loss borne, and what a class has lost is what was taken from its balance."""
    figure, opening_balances, balances = run.figures.get, distribution.opening.balances, run.balances
    for tranche in run.terms.groups["tranches"]:
        borne = cumulative_loss(run, tranche)
        if borne < 0:
            yield Problem(f"class {tranche} is written up beyond the loss it bore, by {_text(run, -borne)}", "limit the `write_up`")
        items, account = run.terms.items[tranche], run.terms.claims[tranche].principal
        raised = figure(items.adjustment, 0) + figure(items.accreted, 0) + figure(items.written_up, 0)
        paid = figure(items.principal_paid, 0) + figure(f"{items.principal_paid}.adjustment", 0)
        rise = raised - paid - figure(items.realized_loss, 0)
        opening, closing = -opening_balances.get(account, 0), -balances[account]
        if opening + rise != closing:
            yield Problem(f"class {tranche} opens at {_text(run, opening)}, moves by {_text(run, rise)} and closes at {_text(run, closing)}", OUR_FAULT)


def sources_equal_uses_by_step(run: Running, distribution: Distribution) -> Iterator[Problem]:
    """What leaves the accounts in a step is what payees are said to have got, other accounts received, or rounding kept."""
    held = run.terms.held_funds
    left: dict[str, Money] = defaultdict(int)
    used: dict[str, Money] = defaultdict(int)
    for _, item, cause, source, destination, amount, _ in distribution.postings:
        if not cause.startswith("step "):
            continue
        from_cash, to_cash = source in held, destination in held
        if not (from_cash or to_cash):
            continue
        left[cause] += amount if from_cash else -amount
        if from_cash and to_cash:
            used[cause] += amount
        elif item.endswith(("_paid", ".paid", ".settled")):
            used[cause] += amount if from_cash else -amount
        elif ROUNDING in (source, destination):
            used[cause] += amount if destination == ROUNDING else -amount
    for cause, amount in left.items():
        if amount != used[cause]:
            yield Problem(f"{cause} took {_text(run, amount)} out of accounts and gave {_text(run, used[cause])} to payees", OUR_FAULT)


def sources_equal_uses(run: Running, distribution: Distribution) -> Iterator[Problem]:
    """What the accounts open with and events bring, wired or not yet, makes up what steps pay out of them and what they close with."""
    ours, opening, closing = run.terms.own_funds, distribution.opening.balances, distribution.closing.balances
    sources, uses = sum(opening.get(account, 0) for account in ours), sum(closing.get(account, 0) for account in ours)
    for _, _, cause, source, destination, amount, _ in distribution.postings:
        into = (destination in ours) - (source in ours)
        if into and cause == EVENTS:
            sources += into * amount
        elif into:
            uses -= into * amount
    if sources != uses:
        yield Problem(f"sources of funds are {_text(run, sources)}, uses and what is left {_text(run, uses)}", OUR_FAULT)


def what_closed_periods_left_is_matched(run: Running, _distribution: Distribution) -> Iterator[Problem]:
    """What one payee is owed because a closed period was corrected, another owes, or `cash.settlement` holds."""
    left = unmatched(run.balances)
    if left:
        fact = f"of what closed periods paid otherwise than they should have, {_text(run, abs(left))} stands on one side only"
        yield Problem(fact, "adjust what the other payee was paid by as much: what one should have had, another had")


def rounding_is_below_half_a_cent_a_payment(run: Running, distribution: Distribution) -> Iterator[Problem]:
    for step, _, _, source, destination, amount, _ in distribution.postings:
        if ROUNDING in (source, destination) and 2 * amount > run.terms.minor_unit:
            yield Problem(f"{step} rounds by {_text(run, amount)}, which is more than half a cent", OUR_FAULT)


def opening_and_postings_give_closing(run: Running, distribution: Distribution) -> Iterator[Problem]:
    """Summed again from the postings alone, beside the running sums that the steps read."""
    closing, rolled = distribution.closing.balances, defaultdict(int, distribution.opening.balances)
    for _, _, _, source, destination, amount, _ in distribution.postings:
        rolled[source] -= amount
        rolled[destination] += amount
    if {account: balance for account, balance in rolled.items() if balance} != closing:
        for row in distribution.balance_rows():
            if row.opening + row.received - row.paid != row.closing:
                opens, received, paid, closes = (_text(run, amount) for amount in row[1:])
                yield Problem(f"{row.account} opens at {opens}, receives {received}, pays {paid} and closes at {closes}", OUR_FAULT)


def amounts_can_be_held(run: Running, _distribution: Distribution) -> Iterator[Problem]:
    """Every column of the books has room for what an account holds and for all that it received or paid."""
    for what, sums in (("would hold", run.balances), ("would receive", run.received), ("would pay", run.paid)):
        for account, amount in sums.items():
            if abs(amount) > LIMIT:
                yield Problem(f"{account} {what} {_text(run, amount)}, more than the books' {_text(run, LIMIT)}", "correct the figures it is made of")


def books_sum_to_zero(run: Running, _distribution: Distribution) -> Iterator[Problem]:
    if sum(run.balances.values()):
        yield Problem(f"the books sum to {_text(run, sum(run.balances.values()))}", OUR_FAULT)


def servicer_agrees(run: Running, _distribution: Distribution) -> Iterator[Problem]:
    """Each pool and account equals the closing balance that the servicer or the bank reported for it.

    Where nothing at all was reported that moves money, the balance came before the month that leads to it.
    """
    deal, awaits_month = run.terms.deal, not run.collections.is_stated
    remedy = "append the month's remittance" if awaits_month else MOVEMENT_IS_WRONG
    for fact in run.collections.of_kind("closing_balance"):
        subject = fact.subject or "pool"
        if subject in run.terms.pool_accounts:
            ours = pool_balance(run.balances, run.terms, subject)
        elif subject in deal.accounts:
            ours = run.cash_of(subject)
        else:
            continue
        if ours != fact.balance:
            yield Problem(f"{subject} closes at {_text(run, ours)}, reported is {_text(run, fact.balance or 0)}", remedy, is_awaited=awaits_month)


def pools_are_not_negative(run: Running) -> Iterator[Problem]:
    """Judged before the first step, so that a figure of the remittance is not blamed on the waterfall."""
    for pool in run.terms.deal.all_pools:
        for account in (run.terms.pool_account(pool), run.terms.defaulted_account(pool)):
            if run.balances.get(account, 0) < 0:
                yield Problem(f"{account} would be {_text(run, run.balances[account])}", "more principal is reported than the pool holds; check the remittance")


CHECKS: tuple[Check, ...] = (
    no_cash_below_zero,
    no_class_is_overpaid,
    loss_is_allocated,
    written_down_losses_match_the_balances,
    sources_equal_uses_by_step,
    sources_equal_uses,
    what_closed_periods_left_is_matched,
    rounding_is_below_half_a_cent_a_payment,
    opening_and_postings_give_closing,
    amounts_can_be_held,
    books_sum_to_zero,
    servicer_agrees,
)
