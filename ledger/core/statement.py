"""The investor statement: every figure of one distribution, by subject and item, read through the same names as the formulas read.

A Statement is a value; `ledger.reports` turns it into text, JSON and CSV. A money figure is a sum of postings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal

from ledger.core import posting
from ledger.core.distribution import Distribution
from ledger.core.formula import BOOLEAN, DATE, MONEY, NUMBER, Type, Value
from ledger.core.money import Money, round_to
from ledger.core.names import ACCOUNT_ITEMS, FEE_ITEMS, POOL_ITEMS, REPORTED_TYPES, SINGLE_TRANCHE_ITEMS, TRANCHE_ITEMS, Item, component_keys, pool_balance
from ledger.core.posting import Posting
from ledger.core.problems import ProblemsFound
from ledger.core.state import Running
from ledger.core.terms import Terms
from ledger.core.waterfall import steps_of

FigureKind = Literal["money", "exact", "date", "flag"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. Money is units at carry scale; `exact` a number with all its digits, or as many as the deal prints."""

    kind: FigureKind
    value: Value


@dataclass(frozen=True, slots=True)
class FlowLine:
    """One step of the flow of funds: what it moved, from account to payee. `payee` is the claim or account that received it."""

    number: int
    label: str
    source: str
    payee: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A correction booked in this period: what it names, the period it belongs to, and the signed amount."""

    subject: str
    origin: date | None
    amount: Money


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. `sections` maps a section (classes, fees, accounts, pools, deal, triggers) to subjects, and each to its items.

    `position` and `head` say up to which commit of the log it was drawn, and that commit's hash: every copy is an anchor of the chain.
    """

    deal: str
    title: str
    currency: str
    scale: int
    number: int
    dates: Mapping[str, date]
    sections: Mapping[str, Mapping[str, Mapping[str, Figure]]]
    flow_of_funds: tuple[FlowLine, ...]
    adjustments: tuple[Adjustment, ...]
    position: int = 0
    head: str = ""

    def figure(self, subject: str, item: str) -> Figure | None:
        """A figure by subject and item, as a published report names it; None where the deal has no such figure."""
        for section in self.sections.values():
            if item in section.get(subject, {}):
                return section[subject][item]
        return None


def draw(terms: Terms, distribution: Distribution, position: int = 0, head: str = "") -> Statement:
    """Draw the statement of a distribution as of the log's `position`."""
    run = distribution.running(terms)
    deal = terms.deal
    sections = {
        "classes": {name: dict(_class_figures(run, name)) for name in deal.tranches},
        "fees": {name: dict(_table(run, FEE_ITEMS, name)) for name in deal.fees},
        "accounts": {name: dict(_account_figures(run, name)) for name in deal.accounts},
        "pools": {name: dict(_pool_figures(run, name)) for name in (list(deal.all_pools) if len(deal.all_pools) < 2 else ["pool", *deal.all_pools])},
        "deal": {"deal": dict(_deal_figures(run))},
    }
    days = {name: getattr(distribution.dates, name) for name in type(distribution.dates).__slots__}
    return Statement(
        deal.deal, deal.title, deal.currency, terms.scale, distribution.number, days, sections,
        tuple(flow_of_funds(terms, distribution.postings)), tuple(adjustments(distribution.postings)), position, head,
    )  # fmt: skip


def _kind(kind: Type) -> FigureKind:
    return "money" if kind == MONEY else "exact" if kind.kind == "number" else "date" if kind == DATE else "flag"


def _figure(run: Running, kind: Type, read: Callable[[Running], Value]) -> Figure | None:
    """A figure as it reads at the close; None where it cannot be read (a share of a retired class, say)."""
    try:
        return Figure(_kind(kind), read(run))
    except (ProblemsFound, KeyError):
        return None


def _table(run: Running, items: Mapping[str, Item], subject: str) -> Iterator[tuple[str, Figure]]:
    for item, (kind, reader) in items.items():
        figure = _figure(run, kind, reader(run.terms, subject))
        if figure is not None:
            yield item, figure


def _class_figures(run: Running, name: str) -> Iterator[tuple[str, Figure]]:
    terms, figures = run.terms, run.figures
    items = {item: entry for item, entry in TRANCHE_ITEMS.items() if name in terms.original or "balance" not in item}
    yield from _table(run, items, name)
    if name in terms.accruals:
        yield from _table(run, {item: SINGLE_TRANCHE_ITEMS[item] for item in ("rate", "year_fraction")}, name)
        notional = _figure(run, MONEY, terms.accruals[name].basis)
        if notional is not None:
            yield "notional", notional
    other, principal, interest = (figures[f"{name}.{item}"] for item in ("other_paid", "principal_paid", "interest_paid"))
    yield "other_paid", Figure("money", other)
    yield "principal_net", Figure("money", principal - figures[f"{name}.accreted"])
    yield "total_paid", Figure("money", interest + principal + other)
    if name in terms.original:
        yield "closing_balance", Figure("money", -run.balances[posting.principal(name)])
        yield from _per_1000(run, name, interest, principal)
    for ledger, classes in terms.ledger_classes.items():
        if name in classes:
            yield ledger, Figure("money", run.balances[posting.ledger(ledger, name)])


def _per_1000(run: Running, name: str, interest: Money, principal: Money) -> Iterator[tuple[str, Figure]]:
    """Factor and payments per 1,000 of original balance, with the places that the deal prints."""
    original, rounding = run.terms.original[name], run.terms.deal.rounding
    if not original:
        return
    factor = Fraction(-run.balances[posting.principal(name)], original)
    yield "factor", Figure("exact", round_to(factor, rounding.factor.places, rounding.factor.mode))
    for item, paid in (("interest_per_1000", interest), ("principal_per_1000", principal)):
        yield item, Figure("exact", round_to(Fraction(paid * 1000, original), rounding.per_1000.places, rounding.per_1000.mode))


def _account_figures(run: Running, name: str) -> Iterator[tuple[str, Figure]]:
    cash = run.terms.cash_account(name)
    yield from _table(
        run, {item: entry for item, entry in ACCOUNT_ITEMS.items() if name in run.terms.targets or item not in ("target", "shortfall", "excess")}, name
    )
    yield "closing_balance", Figure("money", run.cash_of(name))
    yield "deposits", Figure("money", run.received[cash])
    yield "draws", Figure("money", run.paid[cash])
    yield "due", Figure("money", run.balances[run.terms.due_account(name)] if run.terms.deal.accounts[name].cash else 0)


def _pool_figures(run: Running, name: str) -> Iterator[tuple[str, Figure]]:
    terms = run.terms
    pools = [name] if name in terms.deal.all_pools else list(terms.deal.all_pools)
    for item, (kind, reader) in POOL_ITEMS.items():
        yield item, Figure(_kind(kind), sum(reader(terms, pool)(run) for pool in pools))
    balance, original = (sum(pool_balance(run.balances, terms, pool) for pool in pools), sum(terms.original[pool] for pool in pools))
    yield "closing_balance", Figure("money", balance)
    if original:
        rounding = terms.deal.rounding.factor
        yield "factor", Figure("exact", round_to(Fraction(balance, original), rounding.places, rounding.mode))
    for component in terms.components:
        amount = sum(run.figures[key] for pool in pools for key in component_keys(pool, component))
        if amount:
            yield component, Figure("money", amount)
    yield "other_reduction", Figure("money", sum(run.figures[f"{pool}.other_reduction"] for pool in pools))


def _deal_figures(run: Running) -> Iterator[tuple[str, Figure]]:
    """Reported values, amounts, ratios, ledgers of the whole deal, and triggers (yes: failed)."""
    deal, terms = run.terms.deal, run.terms
    for name, reported in deal.reported.items():
        if name in run.reported:
            yield name, Figure(_kind(REPORTED_TYPES[reported.type]), run.reported[name])
    for name in (*deal.amounts, *deal.ratios):
        figure = _figure(run, MONEY if name in deal.amounts else NUMBER, terms.values[name].read)
        if figure is not None:
            yield name, figure
    for name, ledger in deal.ledgers.items():
        if not ledger.of:
            yield name, Figure("money", run.balances[posting.ledger(name)])
    for name in deal.triggers:
        yield name, Figure(_kind(BOOLEAN), run.triggers.get(name, False))


def flow_of_funds(terms: Terms, postings: tuple[Posting, ...]) -> Iterator[FlowLine]:
    """Every movement of cash, loss and entitlement by the file's steps, in their order; several postings of one kind are one line."""
    labels = {step.cause: step for step in steps_of(terms)}
    lines: dict[tuple[str, str, str], Money] = {}
    for posted in postings:
        if posted.cause in labels and not (posted.destination == posting.EXCESS and not posted.item):
            key = (posted.cause, posted.source, posted.destination)
            lines[key] = lines.get(key, 0) + posted.amount
    for (cause, source, payee), amount in lines.items():
        yield FlowLine(labels[cause].number, labels[cause].label, source, payee, amount)


def adjustments(postings: tuple[Posting, ...]) -> Iterator[Adjustment]:
    """What this period books for earlier ones, and adjustments of opening balances."""
    for posted in postings:
        if posted.origin_period is not None or posted.step == "adjustment":
            lowers = posted.item.startswith("-")
            subject = posted.item[lowers:].removesuffix(".adjustment") or f"{posted.source} to {posted.destination}"
            yield Adjustment(subject, posted.origin_period, -posted.amount if lowers else posted.amount)
