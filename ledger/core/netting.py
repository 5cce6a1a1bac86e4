"""What closed periods left between payees: what one was paid of another's is kept back of its next payments, and goes to whom it belongs.

`owed.PAYEE` is what reopened periods left, `misapplied.PAYEE` what adjustments booked. Only the second is netted by the waterfall; either is settled by a
`settlement` row, where a payee pays back, or is paid, outside it. All of them and `cash.settlement` sum to zero at any moment.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from ledger.core import posting
from ledger.core.money import Money, format_money
from ledger.core.posting import SETTLEMENT_CASH
from ledger.core.problems import Problem, ProblemsFound
from ledger.core.state import Running
from ledger.core.terms import CompiledStep

ACCOUNTS = (posting.owed, posting.misapplied)
"""The accounts of what closed periods left, by payee."""
OUTSTANDING = tuple(account("") for account in ACCOUNTS)


def outstanding(balances: Mapping[str, Money]) -> Mapping[str, Money]:
    """What is owed to each payee (below zero: by it) because a closed period was corrected; a claim on the trust has a negative balance."""
    found: dict[str, Money] = defaultdict(int)
    for account, balance in sorted(balances.items()):
        if account.startswith(OUTSTANDING):
            found[account.partition(".")[2]] -= balance
    return {payee: amount for payee, amount in found.items() if amount}


def net(run: Running, step: CompiledStep, cash: str, payee: str, paid: Money) -> None:
    """Keep back what a class owes of what it was just paid out of an account of cash, and pay it to the classes that should have had it.

    Whole minor units only. They are made good in the order of the deal file; what was to be theirs and is settled already belongs to `cash.settlement`.
    """
    unit = run.terms.minor_unit
    kept = min(run.balances[posting.misapplied(payee)], paid) // unit * unit
    if kept <= 0:
        return
    run.transfer(posting.misapplied(payee), cash, kept, step.label, f"{payee}.settled", step.cause)
    for other in run.terms.deal.tranches:
        part = min(kept, -run.balances[posting.misapplied(other)])
        if part > 0:
            run.transfer(posting.misapplied(other), cash, -part, step.label, f"{other}.settled", step.cause)
            kept -= part
    run.transfer(cash, SETTLEMENT_CASH, kept, step.label, "", step.cause)


def pay_back(run: Running, payee: str, amount: Money, cause: str) -> None:
    """Book cash that a payee paid back (below zero: was paid) of what closed periods left. Raises ProblemsFound for more than that."""
    left = {account(payee): run.balances[account(payee)] for account in ACCOUNTS}
    least, most = (sum(bound(0, balance) for balance in left.values()) for bound in (min, max))
    if not least <= amount <= most:
        held, asked = (format_money(units, run.terms.scale) for units in (sum(left.values()), amount))
        remedy = "a payee that owes pays back an amount above zero, one that is owed is paid one below zero"
        raise ProblemsFound([Problem(f"`settlement` of {payee} is {asked}, it owes {held} because closed periods were corrected", remedy)])
    for account, balance in left.items():
        part = towards(amount, balance)
        run.transfer(account, SETTLEMENT_CASH, part, "settlement", f"{payee}.settled", cause)
        amount -= part


def towards(amount: Money, limit: Money) -> Money:
    """As much of an amount as another of the same sign has room for; nothing of one of the other sign."""
    return max(0, min(amount, limit)) if amount > 0 else min(0, max(amount, limit))


def unmatched(balances: Mapping[str, Money]) -> Money:
    """What closed periods left with one payee and with no other, nor in `cash.settlement`: always nothing."""
    return sum(balance for account, balance in balances.items() if balance and (account == SETTLEMENT_CASH or account.startswith(OUTSTANDING)))
