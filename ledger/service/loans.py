"""The loan ledger: every loan in a period, as known then; the loans behind a pool's figure; and whether loans and pools roll forward. Reads, all of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from itertools import islice
from typing import NamedTuple

from ledger.core import schedule
from ledger.core.figure import Figure
from ledger.core.loan_ledger import LoanRow, Rules, Span, loan_row, rules
from ledger.core.loan_listing import LoanCheck, LoanListing, PoolRoll
from ledger.core.loan_shares import Share, shares
from ledger.core.money import Money, parse_money
from ledger.core.names import pool_balance
from ledger.core.problems import Problem, ProblemsFound, nearest
from ledger.core.terms import Terms
from ledger.files.loan_condition import LoanTest, parse
from ledger.service.books import Stored, collections, latest
from ledger.service.collateral import loans_of
from ledger.service.known_at import KnownAt, position_of
from ledger.service.statements import day_of, drawn
from ledger.service.terms import Versions, terms_stated
from ledger.store.engine import Store
from ledger.store.loans import MOVING
from ledger.store.projections import Reader

_LOANS_AT_ONCE = 2_000
_COMPONENTS = {"payoff": "payoff", "repurchase": "repurchase_principal"}
"""The component by which each kind that ends a loan ends it."""


class _Asked(NamedTuple):
    """What is asked for: the period, the terms it runs under, the position that it is read at, and its distribution where there is one."""

    reader: Reader
    versions: Versions
    terms: Terms
    period: date
    position: int
    kept: Stored | None
    span: Span

    @property
    def rules(self) -> Rules:
        deal = self.terms.deal
        return rules(self.terms.components, deal.events, MOVING, by_pool=bool(deal.pools))


@contextmanager
def list_loans(
    store: Store, deal: str, *, on: str | None = None, period: str | None = None, known_at: KnownAt = None, where: str | None = None, of: str | None = None,
    ended: bool = False,
) -> Iterator[LoanListing]:  # fmt: skip
    """The loans of the last distribution on or before a day (by default the last), or of a `period`, distributed or not: those that live, moved or ended.

    A distribution is read as of its own commit, as its statement is. `where` is a condition on columns, `of` a figure of the statement such as
    `pool.charge_off`, of which only the loans that are part of it are given; with `ended` loans that ended before are listed too. Raises ProblemsFound.
    """
    with store.reading() as reader:
        asked = _asked(store, reader, deal, on, period, known_at)
        test = parse(where, asked.terms.scale) if where is not None else None
        subject, item, share, figure = _of(asked, of) if of is not None else ("", "", None, None)
        rows = _rows(asked, ended, test, share)
        of_deal, paid_on = asked.terms.deal, asked.kept.distribution.dates.distribution if asked.kept is not None else None
        yield LoanListing(
            deal, of_deal.title, of_deal.currency, asked.terms.scale, of_deal.rounding.printed, asked.period, paid_on, asked.position, rows, subject, item,
            share, figure,
        )  # fmt: skip


def check_loans(
    store: Store, deal: str, *, on: str | None = None, period: str | None = None, known_at: KnownAt = None, tolerance: str | None = None
) -> LoanCheck:
    """Whether opening - principal - loss + adjustment is the closing balance of each loan and of each pool of a period, within a tolerance.

    That is an amount as text, `5.00`, nil by default. Raises ProblemsFound.
    """
    with store.reading() as reader:
        asked = _asked(store, reader, deal, on, period, known_at)
        told, under, allowed = loans_of(asked.terms), asked.rules, _tolerance(tolerance or "0", asked.terms.scale)
        missed = tuple(reader.loans_that_do_not_roll(deal, asked.span, told, under, allowed))
        pools = [PoolRoll(roll, _books(asked, roll.subject)) for roll in reader.pools_rolled(deal, asked.span, told, under)]
        return LoanCheck(deal, asked.terms.scale, asked.period, asked.position, allowed, missed, tuple(pools))


def _tolerance(text: str, scale: int) -> Money:
    try:
        allowed = parse_money(text, scale)
    except ValueError as error:
        raise ProblemsFound([Problem(f"the tolerance `{text}` {error}", "write an amount such as 5.00")]) from None
    if allowed < 0:
        raise ProblemsFound([Problem(f"the tolerance {text} is below zero", "write an amount such as 5.00")])
    return allowed


def _books(asked: _Asked, pool: str) -> Money | None:
    """What the books hold of a pool and of its defaulted loans."""
    if asked.kept is None:
        return None
    balances, terms = asked.kept.distribution.closing.balances, asked.terms
    held = pool_balance(balances, terms, pool)
    return held + (balances.get(terms.defaulted_account(pool), 0) if terms.deal.all_pools[pool].defaulted == "excluded" else 0)


def _asked(store: Store, reader: Reader, deal: str, on: str | None, period: str | None, known_at: KnownAt) -> _Asked:
    versions = Versions(reader, deal)
    position = position_of(reader, deal, known_at, store.clock())
    if period is not None:
        key, kept = schedule.named(versions.at()[0].deal, period), None
        terms = versions.at(key, position)[0]
    else:
        day = day_of(reader, versions.at()[0], on, position) if on is not None else None
        kept = latest(reader, versions.at()[0], day and date.fromisoformat(str(day)), position)
        if kept.header.previous is None:
            remedy = "run `tranche distribute`, or name a month that was remitted with --period"
            raise ProblemsFound([Problem("nothing was distributed until then", remedy, place=deal)])
        key, position, terms = kept.period, kept.position, terms_stated(reader, deal, kept.header.terms_digest)
    span = reader.loan_span(deal, key, position, loans_of(terms))
    if span is None:
        fact, remedy = f"no loan was reported for {key} or before", "see `tranche statement`: a deal that is reported in totals has no loans of its own"
        raise ProblemsFound([Problem(fact, remedy, place=deal)])
    return _Asked(reader, versions, terms, key, position, kept, span)


# Rows -----------------------------------------------------------------------------------------------------------------


def _rows(asked: _Asked, ended: bool, test: LoanTest | None, share: Share | None) -> Iterator[LoanRow]:
    """The loans that are asked for, by their ids, a few thousand at once: how those ended that ended before is looked up for all of these together."""
    reader, deal, under, loans = asked.reader, asked.terms.deal, asked.rules, loans_of(asked.terms)
    own = reader.loan_lines_of_own_kinds(deal.deal, asked.period, asked.position, deal.events, loans) if deal.events else {}
    every = reader.loan_lines(deal.deal, asked.period, asked.position, loans, asked.span)
    lines = (one._replace(life=sorted([*one.life, *own[one.loan]])) if one.loan in own else one for one in every)
    endings = reader.loans_that_ended(deal.deal, asked.period, asked.position) if ended and share is None else None
    while some := list(islice(lines, _LOANS_AT_ONCE)):
        read = [(one, loan_row(*one, asked.span, under)) for one in some]
        found = [(one, row) for one, row in read if (share.of(row) if share is not None else ended or row.is_of_period)]
        gone = [row.loan for _, row in found if _ended_before(row)]
        by = endings if endings is not None else reader.loans_that_ended(deal.deal, asked.period, asked.position, gone) if gone else {}
        for one, row in found:
            told = loan_row(*one, asked.span, under, [_COMPONENTS[kind] for kind in by[row.loan]]) if _ended_before(row) and row.loan in by else row
            if test is None or test(told):
                yield told


def _ended_before(row: LoanRow) -> bool:
    return not row.opening_balance and not row.closing_balance


# The loans of a figure ------------------------------------------------------------------------------------------------


def _of(asked: _Asked, figure: str) -> tuple[str, str, Share, Figure]:
    """The subject, the item, each loan's share in it, and the figure of the statement. Raises ProblemsFound for what is no sum over loans."""
    deal, terms, kept = asked.terms.deal, asked.terms, asked.kept
    if kept is None:
        raise ProblemsFound([Problem(f"{asked.period} has no statement to take `{figure}` from", "name a distributed period with --date", place=deal.deal)])
    subject, dot, item = figure.rpartition(".")
    subjects = list(dict.fromkeys(["pool", *deal.all_pools]))
    if not dot or subject not in subjects:
        fact, remedy = f"`{figure}` is no figure of a pool", f"write it as {subjects[0]}.charge_off; the pools are {', '.join(subjects)}"
        raise ProblemsFound([Problem(fact, remedy, place=deal.deal)])
    pools = list(deal.all_pools) if subject == "pool" else [subject]
    flows = collections(asked.reader, terms, kept.period, kept.position).flows
    found = shares(terms, pools, {flow.pool or "pool" for flow in flows if flow.component == "realized_loss"})
    known = drawn(asked.reader, asked.versions, kept, asked.position).items(subject)
    item = "closing_balance" if item == "balance" else item
    if item not in found or item not in known:
        items = [name for name in found if name in known]
        why = f"`{figure}` is no sum over loans" if item in known else f"the statement has no `{figure}`"
        raise ProblemsFound([Problem(why, nearest(item, items) or f"it can be {', '.join(items)}", place=deal.deal)])
    return subject, item, found[item], known[item]


def drill_down(reader: Reader, terms: Terms, kept: Stored, subject: str, item: str) -> str:
    """The command that lists the loans behind a figure of a distribution; blank where no loans are behind it."""
    deal = terms.deal
    if kept.header.previous is None or subject not in ("pool", *deal.all_pools) or item not in shares(terms, list(deal.all_pools), ()):
        return ""
    if reader.loan_span(deal.deal, kept.period, kept.position, loans_of(terms)) is None:
        return ""
    return f"tranche loans {deal.deal} --date {kept.period:%Y-%m} --of {subject}.{item}"
