"""What a reopened period leaves between the trust and its payees: cash that was paid stays paid, and the difference is owed.

A new version of a period says what each payee should have received; the first version says what it did receive. The difference is posted between
`cash.settlement` and `owed.PAYEE`, so that the cash accounts of every version add up to what the bank holds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from ledger.core import posting
from ledger.core.distribution import Distribution
from ledger.core.money import Money
from ledger.core.posting import ROUNDING, Posting

SETTLEMENT = "settlement"
"""Step and cause of a posting that settles a new version against the first."""
SERVICER = "servicer"
"""Who brings and takes what is no payment to a payee: the remittances."""
_CASH = posting.cash("")
_CLAIMS = frozenset(("principal", "interest", "shortfall", "interest_on_unpaid", "residual", "other", "fee", "advances", "reimbursement", "net"))


def settled(distribution: Distribution, first: Iterable[Posting]) -> Distribution:
    """A new version of a period with what it leaves owed: `first` are the postings of the version that was paid."""
    paid, due = paid_out(first), paid_out(distribution.postings)
    balances, postings = dict(distribution.closing.balances), list(distribution.postings)
    for payee in sorted({*paid, *due}):
        source, destination, amount = posting.SETTLEMENT_CASH, posting.owed(payee), paid.get(payee, 0) - due.get(payee, 0)
        if amount < 0:
            source, destination, amount = destination, source, -amount
        if amount:
            postings.append(Posting(SETTLEMENT, "", SETTLEMENT, source, destination, amount))
            balances[source] = balances.get(source, 0) - amount
            balances[destination] = balances.get(destination, 0) + amount
    held = {account: balance for account, balance in balances.items() if balance}
    return replace(distribution, closing=replace(distribution.closing, balances=held), postings=tuple(postings))


def paid_out(postings: Iterable[Posting]) -> dict[str, Money]:
    """What the cash accounts paid each payee, less what they received from it. What rounds a payment belongs to who was paid."""
    paid: dict[str, Money] = defaultdict(int)
    last = SERVICER
    for posted in postings:
        out, into = _is_cash(posted.source), _is_cash(posted.destination)
        if out == into:
            continue
        other = posted.destination if out else posted.source
        last = last if other == ROUNDING else payee_of(other)
        paid[last] += posted.amount if out else -posted.amount
    return {payee: amount for payee, amount in paid.items() if amount}


def payee_of(account: str) -> str:
    """Whose claim an account of the books is; what is no claim comes from the servicer or goes to it."""
    if account.startswith(posting.misapplied("")):
        return account.removeprefix(posting.misapplied(""))
    name, _, claim = account.rpartition(".")
    return name if claim in _CLAIMS and not account.startswith((posting.due(""), _CASH)) else SERVICER


def _is_cash(account: str) -> bool:
    return account.startswith(_CASH) and account != posting.SETTLEMENT_CASH
