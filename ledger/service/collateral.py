"""What a statement says of the loans behind a distribution, as they were known when it was made."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.core.collateral import BUCKETS, stated_tape
from ledger.core.collateral import collateral as said
from ledger.core.events import KINDS, LOAN_FACTS, OF_BUCKETS, Event, Kind, loan_movements
from ledger.core.loans import Collateral, LoanTerms, Modification, Tape
from ledger.core.terms import Terms
from ledger.service.books import Stored
from ledger.service.lives import pool_lives
from ledger.store.projections import Reader
from ledger.store.tapes import Loans


def collateral(reader: Reader, terms: Terms, kept: Stored) -> Collateral:
    """The collateral of a distribution under its own terms; nothing for the position that opens the books.

    The loans are read as of the distribution's commit, so that they agree with its postings: what is booked later does not change them.
    """
    if kept.header.previous is None:
        return Collateral()
    return said(terms, kept.distribution, tape(reader, terms, kept), pool_lives(reader, terms, kept.row))


def tape(reader: Reader, terms: Terms, kept: Stored) -> Tape:
    """The loans at the end of a distribution's period: of their own rows where the deal is kept loan by loan, else as the servicer states them in totals."""
    deal, loans = terms.deal.deal, loans_of(terms)
    pools = reader.loans_at(deal, kept.period, kept.position, loans, BUCKETS)
    if pools is None:
        return _stated(reader, terms, kept)
    balances = dict.fromkeys(pools.closing, 0)
    for weight in pools.rates:
        balances[weight.pool] += weight.balance
    losses = tuple(reader.loan_losses(deal, kept.period, kept.position, loans))
    changed = tuple(_modifications(reader, deal, kept))
    return Tape(pools.opening, pools.closing, balances, pools.buckets, pools.rates, pools.maturities, losses, changed, pools.is_told)


def loans_of(terms: Terms) -> Loans:
    """How the log tells loans of this deal from what else its events are about, and what moves them."""
    deal = terms.deal
    own = {name: Kind({"amount": name}) for name in deal.events}
    moving = {kind: loan_movements(kind, layout, terms.components) for kind, layout in {**KINDS, **own}.items()}
    movements = [(kind, column, sign) for kind, columns in moving.items() for column, sign in columns]
    return Loans((*KINDS, *own, *LOAN_FACTS), ("pool", *deal.all_pools, *deal.accounts), bool(deal.pools), movements)


def _modifications(reader: Reader, deal: str, kept: Stored) -> Iterator[Modification]:
    facts = [fact for _, fact in reader.facts(deal, kept.period, ["modification"], kept.position) if fact.subject and fact.effect > 0]
    before = reader.loan_terms_before(deal, kept.period, kept.position, {fact.subject or "" for fact in facts}) if facts else {}
    for fact in sorted(facts, key=lambda fact: (fact.subject or "", fact.line)):
        yield Modification(fact.subject or "", before.get(fact.subject or "", LoanTerms()), LoanTerms(fact.rate, fact.effective_on), fact.code)


def _stated(reader: Reader, terms: Terms, kept: Stored) -> Tape:
    deal, pools = terms.deal.deal, tuple(terms.deal.all_pools)
    counts = _facts(reader, kept, deal)
    if not counts:
        return Tape()
    before = reader.distribution(deal, kept.header.previous or 0)
    earlier = [fact for _, fact in reader.facts(deal, before.period, OF_BUCKETS, before.known_at)] if before.previous is not None else []
    return stated_tape(counts, earlier, pools)


def _facts(reader: Reader, kept: Stored, deal: str) -> list[Event]:
    return [fact for _, fact in reader.facts(deal, kept.period, OF_BUCKETS, kept.position) if fact.effect > 0]
