"""Sources and uses of funds: what came into the trust's cash accounts from outside and what left them, by kind and payee; and the advances behind it.

Drawn from the postings alone. Opening cash and all sources equal all uses and closing cash; `ledger.core.checks` holds every period to that sum.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ledger.core import posting
from ledger.core.events import SERVICER_ADVANCES
from ledger.core.money import Money
from ledger.core.posting import Posting
from ledger.core.receipts import EVENTS
from ledger.core.state import Running
from ledger.core.terms import Terms

SOURCES, USES = "deal.sources", "deal.uses"
"""The subjects of the sections `sources` and `uses`: the whole deal, in words that no class, fee or account can be called."""
OPENING, NOT_YET_WIRED, CLOSING = "cash.opening", "cash.not_yet_wired", "cash.closing"
ADVANCES = frozenset(("advance", "advance_principal", "advance_interest", "advance_reimbursement"))

Sums = dict[str, dict[str, dict[str, Money]]]
"""By section, subject and item; units at carry scale."""


class Move(NamedTuple):
    """A posting as a part of a figure: its place among the postings, and whether it raises (1) or lowers (-1) the figure."""

    section: str
    subject: str
    item: str
    at: int
    sign: int


class Holding(NamedTuple):
    """A figure that is what some accounts held: at the `opening` or the close, or the first less the second (`fall`). `sign` is -1 for a claim."""

    section: str
    subject: str
    item: str
    accounts: tuple[str, ...]
    when: str
    sign: int = 1


def sums(run: Running) -> Sums:
    """The figures of the sections `sources`, `uses` and `advances` of a period that has closed."""
    found: Sums = defaultdict(lambda: defaultdict(lambda: defaultdict(int)))
    for section, subject, item, accounts, when, sign in holdings(run.terms):
        opening, closing = (sum(balances.get(account, 0) for account in accounts) for balances in (run.opening, run.balances))
        found[section][subject][item] = sign * (opening if when == "opening" else closing if when == "close" else opening - closing)
    for claimant in claimants(run.terms):
        found["advances"][claimant] |= {"made": 0, "reimbursed": 0}
    for section, subject, item, at, sign in moves(run.terms, run.postings):
        found[section][subject][item] += sign * run.postings[at].amount
    moved = {
        section: {subject: dict(items) for subject, items in subjects.items() if section != "advances" or any(items.values())}
        for section, subjects in found.items()
    }
    return {section: subjects for section, subjects in moved.items() if subjects}


def holdings(terms: Terms) -> Iterator[Holding]:
    """The figures that are balances."""
    held, due = _held(terms), _due(terms)
    if held:
        yield Holding("sources", SOURCES, OPENING, held, "opening")
        yield Holding("sources", SOURCES, NOT_YET_WIRED, due, "fall")
        yield Holding("uses", USES, CLOSING, held, "close")
    for claimant, claim in claimants(terms).items():
        yield Holding("advances", claimant, "opening", (claim,), "opening", -1)
        yield Holding("advances", claimant, "closing", (claim,), "close", -1)


def moves(terms: Terms, postings: Sequence[Posting]) -> Iterator[Move]:
    """Each posting as a part of a source, a use, or what a claimant advanced; what moves between the trust's own accounts is none."""
    held, ours, claims = set(_held(terms)), terms.own_funds, {claim: name for name, claim in claimants(terms).items()}
    for at, posted in enumerate(postings):
        into = (posted.destination in ours) - (posted.source in ours)
        # An adjustment corrects the balance with which the period opens: it is no movement of the period.
        if into and posted.step != "adjustment":
            yield _source_or_use(posted, at, into, is_cash=bool({posted.source, posted.destination} & held))
        for account, sign in ((posted.source, 1), (posted.destination, -1)):
            if account in claims and posted.step != "adjustment":
                yield _advance(terms, claims[account], account, posted, at, sign)


def _source_or_use(posted: Posting, at: int, into: int, *, is_cash: bool) -> Move:
    """What events report is a source, also what the servicer keeps of it, which lowers it; a purchase and what steps pay is a use."""
    lowers = posted.item.startswith("-")
    pays_out = is_cash and into * (-1 if lowers else 1) < 0
    if posted.cause == EVENTS and not pays_out:
        return Move("sources", SOURCES, posted.step, at, into)
    counterpart = posted.destination if into < 0 else posted.source
    named = posted.step if posted.cause == EVENTS else posted.item.removeprefix("-") or counterpart
    return Move("uses", USES, named, at, -into)


def _advance(terms: Terms, claimant: str, claim: str, posted: Posting, at: int, sign: int) -> Move:
    """An advance made, or one reimbursed: a reversal lowers what it reverses."""
    component = terms.components.get(posted.step) if posted.cause == EVENTS else None
    made = sign > 0 if component is None else any(claim == source for source, _ in component.legs)
    return Move("advances", claimant, "made" if made else "reimbursed", at, sign if made else -sign)


def claimants(terms: Terms) -> Mapping[str, str]:
    """Who is owed advances, with the account of the claim: the servicer, or a payee that is owed by nothing else."""
    fees = (name for name, kinds in terms.owed_by.items() if ADVANCES & kinds.keys() and name not in terms.fee_amounts and name not in terms.accruals)
    return {SERVICER_ADVANCES: SERVICER_ADVANCES, **{name: posting.fee(name) for name in fees}}


def _held(terms: Terms) -> tuple[str, ...]:
    """The accounts that hold money; entitlements of reference tranches are none."""
    return tuple(terms.cash_account(name) for name, account in terms.deal.accounts.items() if account.cash)


def _due(terms: Terms) -> tuple[str, ...]:
    return tuple(terms.due_account(name) for name, account in terms.deal.accounts.items() if account.cash)
