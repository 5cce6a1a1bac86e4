"""The investor statement: every figure of one distribution, by subject and item, read through the same names as the formulas read.

A Statement is a value and carries all that a printed statement needs; `ledger.reports` turns it into text, JSON and CSV. A money figure is a sum of
postings. Before the first distribution the statement is a position: balances at closing or boarding, and no movement.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from typing import Literal, TypeVar

from ledger.core import credit_support, details, funds, posting
from ledger.core.collections import Collections, Flow
from ledger.core.deal import Digits
from ledger.core.disclosures import Accrual, Correction, StepLine, Tested
from ledger.core.distribution import Distribution
from ledger.core.events import Component
from ledger.core.figure import Figure as Figure  # noqa: PLC0414  # a statement gives its figures out: who reads it imports them from here
from ledger.core.figure import kind_of
from ledger.core.formula import BOOLEAN, MONEY, NUMBER, Type, Value
from ledger.core.judgements import judged
from ledger.core.loans import NOTHING_SAID, Collateral, LoanLoss, Modification
from ledger.core.money import Money, format_exact, format_money, round_exact
from ledger.core.names import ACCOUNT_ITEMS, FEE_ITEMS, POOL_ITEMS, REPORTED_TYPES, TRANCHE_ITEMS, Item, add, component_keys, pool_balance
from ledger.core.netting import outstanding
from ledger.core.notional import notionals
from ledger.core.posting import EXCESS, Posting
from ledger.core.problems import ProblemsFound
from ledger.core.state import Running
from ledger.core.terms import Terms

Items = Mapping[str, "Figure"]
Kept = TypeVar("Kept")
Sections = Mapping[str, Mapping[str, Mapping[str, Kept]]]
"""By section, subject and item."""

BALANCE = "closing_balance"
"""What statements call `balance`: at the close, the balance now is the closing balance."""

POSITION_ITEMS = frozenset({"original_balance", BALANCE, "unpaid_interest", "unpaid", "cumulative_loss", "factor", "original_credit_support", "credit_support"})
"""The items of a subject that a position has before anything was distributed."""


@dataclass(frozen=True, slots=True)
class FlowLine:
    """One movement of the flow of funds, by the accounts of the books. `left` is what the source holds afterwards, None where that is no account of cash."""

    number: int
    label: str
    source: str
    payee: str
    amount: Money
    left: Money | None


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A correction booked in this period: what it names, the period it belongs to, and the signed amount."""

    subject: str
    origin: date | None
    amount: Money


@dataclass(frozen=True, slots=True)
class Restated:
    """A figure that was corrected: as first reported, what was booked for it since (or a new version changed), and the two together."""

    first: Figure
    adjustment: Figure
    restated: Figure


@dataclass(frozen=True, slots=True)
class Booked:
    """What a later period booked for this one: the period that booked it, what it names, and the signed amount."""

    period: date
    subject: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Revision:
    """What was learned of a closed period since: its version (2 and up: reopened), the figures that changed, and what later periods booked for it."""

    version: int = 1
    restated: Sections[Restated] = field(default_factory=dict)
    booked: tuple[Booked, ...] = ()


@dataclass(frozen=True, slots=True)
class Received:
    """What the servicer has reported for a period that is not distributed yet, by pool (None: the only one) and kind."""

    period: date
    pool: str | None
    kind: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. `sections` maps a section to its subjects, and each to its items.

    `as_of` is the day that was asked for, None for the last distribution. `labels` holds the title, CUSIP, ISIN and kind of classes and the title of
    fees, where they have one. `position` and `head` say up to which commit of the log it was drawn, and that commit's hash: every copy is an anchor
    of the chain. `owed` is what closed periods left owed to a payee (above zero) or by one. `methods` are those by which pools count days past due.
    """

    deal: str
    title: str
    currency: str
    scale: int
    kind: Literal["distribution", "position"]
    number: int
    dates: Mapping[str, date]
    labels: Mapping[str, Mapping[str, str]]
    sections: Mapping[str, Mapping[str, Items]]
    flow_of_funds: tuple[FlowLine, ...]
    adjustments: tuple[Adjustment, ...]
    received: tuple[Received, ...] = ()
    as_of: date | None = None
    position: int = 0
    head: str = ""
    printed: Digits = Digits(places=2)
    revision: Revision = Revision()
    owed: Mapping[str, Money] = field(default_factory=dict)
    tests: tuple[Tested, ...] = ()
    corrections: tuple[Correction, ...] = ()
    accruals: tuple[Accrual, ...] = ()
    by_step: tuple[StepLine, ...] = ()
    key_dates: Mapping[str, date] = field(default_factory=dict)
    losses: tuple[LoanLoss, ...] = ()
    modifications: tuple[Modification, ...] = ()
    methods: Mapping[str, str] = field(default_factory=dict)

    def label(self, subject: str, name: str) -> str:
        """A label of a class or fee, such as its title; blank where it has none."""
        return self.labels.get(subject, {}).get(name, "")

    def subjects(self) -> set[str]:
        """Every subject that has a figure."""
        return {subject for section in self.sections.values() for subject in section}

    def items(self, subject: str) -> dict[str, Figure]:
        """All figures of a subject."""
        return {item: figure for section in self.sections.values() for item, figure in section.get(subject, {}).items()}

    def figure(self, subject: str, item: str) -> Figure | None:
        """A figure by subject and item, as a published report names it; None where the deal has no such figure.

        A value that is reported by pool is known by its name (`deal`, `one.net_wac`) and as an item of the pool (`one`, `net_wac`).
        """
        for ending, part in (("_adjustments", "adjustment"), ("_restated", "restated")):
            if item.endswith(ending):
                return self._revised(subject, item.removesuffix(ending), part)
        item = BALANCE if item == "balance" else item
        for section in self.sections.values():
            if item in section.get(subject, {}):
                return section[subject][item]
        return self.sections.get("reported", {}).get("deal", {}).get(f"{subject}.{item}")

    def _revised(self, subject: str, item: str, part: str) -> Figure | None:
        """A figure with what was booked for it since, or that alone; one that nothing corrects is restated as it is."""
        item = BALANCE if item == "balance" else item
        found = [section[subject][item] for section in self.revision.restated.values() if item in section.get(subject, {})]
        if found:
            figure: Figure = getattr(found[0], part)
            return figure
        plain = self.figure(subject, item)
        return plain if plain is None or part == "restated" else replace(plain, value=0)

    def exact(self, figure: Figure) -> Fraction:
        """A figure as a number with all its digits, money in whole currency; a date or a flag has none."""
        assert not isinstance(figure.value, date)
        return Fraction(figure.value, 10**self.scale) if figure.kind == "money" else Fraction(figure.value)

    def text(self, figure: Figure, thousands: bool = False) -> str:
        """A figure with all the places that the books carry or the deal prints; a number without end is rounded half up to 12 places."""
        if figure.kind == "money":
            assert isinstance(figure.value, int)
            return format_money(figure.value, self.scale, thousands=thousands)
        if figure.kind == "exact":
            if figure.places is None:
                return format_exact(self.exact(figure))
            return format_money(round_exact(self.exact(figure) * 10**figure.places, figure.mode), figure.places, thousands=thousands)
        return f"{figure.value}" if figure.kind == "date" else "yes" if figure.value else "no"


def draw(
    terms: Terms, distribution: Distribution, *, received: Iterable[Received] = (), as_of: date | None = None, position: int = 0, head: str = "",
    revision: Revision = Revision(), corrections: Iterable[Correction] = (), collateral: Collateral = NOTHING_SAID,
) -> Statement:  # fmt: skip
    """Draw the statement of a distribution as of the log's `position`."""
    # The position that opens the books is not a period: it has one day, that of the closing or of the boarding.
    opens = distribution.dates.previous_distribution == distribution.dates.distribution
    run = Running(terms, distribution.closing, distribution.dates, Collections()) if opens else distribution.running(terms)
    sections = {name: dict(subjects) for name, subjects in (_position(run) if opens else (*sections_of(run), *_funds(run)))}
    days = distribution.dates.by_name()
    deal, shown = terms.deal, () if opens else distribution.postings
    return Statement(
        deal.deal, deal.title, deal.currency, terms.scale, "position" if opens else "distribution", distribution.number, days, _labels(terms),
        {name: subjects for name, subjects in {**sections, **collateral.sections}.items() if subjects},
        tuple(flow_of_funds(terms, run.state.balances, shown)),
        tuple(adjustments(shown)), tuple(received), as_of, position, head, deal.rounding.printed, revision, outstanding(distribution.closing.balances),
        tests=() if opens else tuple(judged(terms, distribution)), corrections=tuple(corrections),
        accruals=() if opens else tuple(details.accruals(run)), by_step=tuple(details.by_step(terms, shown)),
        key_dates=details.key_dates(deal, distribution.number),
        losses=collateral.losses, modifications=collateral.modifications, methods=collateral.methods,
    )  # fmt: skip


def received(period: date, flows: Iterable[Flow]) -> Iterator[Received]:
    """What came in for a period, as a statement lists it between two distributions."""
    sums: dict[tuple[str, str], Money] = {}
    for flow in flows:
        key = (flow.pool or "", flow.component)
        sums[key] = sums.get(key, 0) + flow.amount
    for (pool, kind), amount in sorted(sums.items()):
        yield Received(period, pool or None, kind, amount)


def _labels(terms: Terms) -> dict[str, dict[str, str]]:
    deal = terms.deal
    classes = {name: {"title": item.title, "cusip": item.cusip, "isin": item.isin, "kind": item.kind} for name, item in deal.tranches.items()}
    fees = {name: {"title": fee.title} for name, fee in deal.fees.items()}
    return {name: {key: text for key, text in found.items() if text} for name, found in {**classes, **fees}.items()}


# Sections -------------------------------------------------------------------------------------------------------------


def sections_of(run: Running) -> Iterator[tuple[str, Iterable[tuple[str, Items]]]]:
    """Every section with its subjects and their figures."""
    deal, terms = run.terms.deal, run.terms
    yield "classes", ((name, dict(_class_figures(run, name))) for name in deal.tranches)
    yield "groups", ((name, dict(_group_figures(run, members))) for name, members in terms.groups.items() if members)
    yield "fees", ((name, dict(_fee_figures(run, name))) for name in deal.fees)
    yield "accounts", ((name, dict(_account_figures(run, name))) for name in deal.accounts)
    yield "pools", ((name, dict(_pool_figures(run, name, pools))) for name, pools in _pools(terms))
    credit = {item: _money(amount) for item, amount in credit_support.overcollateralization(run)}
    yield "credit", [("pool", credit)] if credit else []
    for section, figures in (
        ("reported", _reported_figures(run)),
        ("amounts", _value_figures(run)),
        ("ledgers", _ledger_figures(run)),
        ("triggers", _trigger_figures(run)),
    ):
        found = dict(figures)
        yield section, [("deal", found)] if found else []


def _funds(run: Running) -> Iterator[tuple[str, Iterable[tuple[str, Items]]]]:
    """Sources and uses of funds, and advances: sums of the period's own postings, which no later period restates."""
    for section, subjects in funds.sums(run).items():
        yield section, ((name, {item: _money(amount) for item, amount in items.items()}) for name, items in subjects.items())


def _position(run: Running) -> Iterator[tuple[str, Iterable[tuple[str, Items]]]]:
    """The sections that a position has, with the items that need no period."""
    for section, subjects in sections_of(run):
        if section in ("classes", "groups", "fees", "accounts", "pools"):
            yield section, ((name, {item: figure for item, figure in items.items() if item in POSITION_ITEMS}) for name, items in subjects)
        elif section == "ledgers":
            yield section, subjects


def _figure(run: Running, kind: Type, read: Callable[[Running], Value]) -> Figure | None:
    """A figure as it reads at the close; None where it cannot be read (a share of a retired class, say)."""
    try:
        return Figure(kind_of(kind), read(run))
    except (ProblemsFound, KeyError):
        return None


def _money(amount: Money) -> Figure:
    return Figure("money", amount)


def _table(run: Running, items: Mapping[str, Item], subjects: Sequence[str]) -> Iterator[tuple[str, Figure]]:
    """The items of a table as sums over some subjects."""
    for item, (kind, reader) in items.items():
        figure = _figure(run, kind, add([reader(run.terms, subject) for subject in subjects]))
        if figure is not None:
            yield BALANCE if item == "balance" else item, figure


def _class_figures(run: Running, name: str) -> Iterator[tuple[str, Figure]]:
    terms = run.terms
    yield from _summed_figures(run, [name])
    if name in terms.accruals:
        for item, read in (("rate", lambda run: run.rate(name)), ("year_fraction", lambda run: run.year_fraction(name))):
            figure = _figure(run, NUMBER, read)
            if figure is not None:
                yield item, figure
        fixed = terms.values[f"{name}.rate"].constant
        if fixed is not None:
            yield "next_rate", Figure("exact", fixed)
        own = [("notional", terms.accruals[name].basis(run))] if name in terms.original else notionals(run, name)
        yield from ((item, _money(amount)) for item, amount in own)
    if name in terms.original:
        yield from ((item, Figure("exact", share)) for item, share in credit_support.shares(run, name))
    for ledger, classes in terms.ledger_classes.items():
        if name in classes:
            yield ledger, _money(run.balances[posting.ledger(ledger, name)])


def _group_figures(run: Running, members: Sequence[str]) -> Iterator[tuple[str, Figure]]:
    yield from _summed_figures(run, members)
    for ledger, classes in run.terms.ledger_classes.items():
        kept = [member for member in members if member in classes]
        if kept:
            yield ledger, _money(sum(run.balances[posting.ledger(ledger, member)] for member in kept))


def _summed_figures(run: Running, members: Sequence[str]) -> Iterator[tuple[str, Figure]]:
    """What a class has, and what a group has as the sum of its classes."""
    terms, figures = run.terms, run.figures
    with_balance = [name for name in members if name in terms.original]
    yield from _table(run, {item: entry for item, entry in TRANCHE_ITEMS.items() if "balance" in item}, with_balance) if with_balance else ()
    yield from _table(run, {item: entry for item, entry in TRANCHE_ITEMS.items() if "balance" not in item}, members)
    total = {item: sum(figures[f"{name}.{item}"] for name in members) for item in (*_PAID, *_ALSO)}
    yield "interest_on_unpaid", _money(total["interest_on_unpaid_accrued"])
    yield "interest_lost", _money(total["interest_lost"])
    yield "other_paid", _money(total["other_paid"])
    yield "principal_net", _money(total["principal_paid"] - total["accreted"])
    yield "total_paid", _money(sum(total[item] for item in _PAID))
    original = sum(terms.original[name] for name in with_balance)
    if original:
        opening, closing = (-sum(balances[posting.principal(name)] for name in with_balance) for balances in (run.opening, run.balances))
        yield from _per_original(run, original, {**total, "opening_balance": opening, BALANCE: closing})


_PAID = ("interest_paid", "principal_paid", "other_paid")
_ALSO = ("accreted", "interest_on_unpaid_accrued", "interest_lost", "realized_loss")
PER_1000: Mapping[str, str] = {
    "opening_per_1000": "opening_balance", "interest_per_1000": "interest_paid", "principal_per_1000": "principal_paid",
    "loss_per_1000": "realized_loss", "closing_per_1000": BALANCE,
}  # fmt: skip
"""Items per 1,000 of original balance, each with the amount that it is of."""


def _per_original(run: Running, original: Money, amounts: Mapping[str, Money]) -> Iterator[tuple[str, Figure]]:
    """Factor, and balances, payments and loss per 1,000 of original balance, which print with the places that the deal states."""
    rounding = run.terms.deal.rounding
    yield "factor", Figure("exact", Fraction(amounts[BALANCE], original), rounding.factor.places, rounding.factor.mode)
    for item, of in PER_1000.items():
        yield item, Figure("exact", Fraction(amounts[of] * 1000, original), rounding.per_1000.places, rounding.per_1000.mode)


def _fee_figures(run: Running, name: str) -> Iterator[tuple[str, Figure]]:
    yield from _table(run, FEE_ITEMS, [name])
    yield "accrued", _money(run.figures[f"{name}.accrued"])


def _account_figures(run: Running, name: str) -> Iterator[tuple[str, Figure]]:
    terms, cash = run.terms, run.terms.cash_account(name)
    wanted = {item: entry for item, entry in ACCOUNT_ITEMS.items() if name in terms.targets or item not in ("target", "shortfall", "excess")}
    yield from _table(run, wanted, [name])
    yield "deposits", _money(run.received[cash])
    yield "draws", _money(run.paid[cash])
    yield "earnings", _money(run.figures[f"{name}.earnings"])
    due = terms.due_account(name) if terms.deal.accounts[name].cash else ""
    yield "opening_not_wired", _money(run.opening.get(due, 0))
    yield "wired", _money(run.figures[f"{name}.wired"])
    yield "not_wired", _money(run.balances.get(due, 0))


def _pools(terms: Terms) -> list[tuple[str, list[str]]]:
    """The pools, after all of them together where they have names of their own."""
    names = list(terms.deal.all_pools)
    return [*([("pool", names)] if terms.deal.pools else []), *((name, [name]) for name in names)]


def _pool_figures(run: Running, subject: str, pools: Sequence[str]) -> Iterator[tuple[str, Figure]]:
    """Figures of one pool, or of all together with the facts of the whole deal."""
    terms = run.terms
    yield from _table(run, POOL_ITEMS, pools)
    balance, original = (sum(pool_balance(run.balances, terms, pool) for pool in pools), sum(terms.original[pool] for pool in pools))
    if original:
        yield "factor", Figure("exact", Fraction(balance, original), terms.deal.rounding.factor.places, terms.deal.rounding.factor.mode)
    collected = {component for pool, component in terms.collecting if pool in (subject, *pools)}
    for name, component in terms.components.items():
        reported_under = terms.pools_of(name) if subject == "pool" else pools
        amount = sum(run.figures[key] for pool in reported_under for key in component_keys(pool, name))
        if amount or name in collected or moves_the_pool(component):
            yield name, _money(amount)
    yield "other_reduction", _money(sum(run.figures[f"{pool}.other_reduction"] for pool in pools))


def moves_the_pool(component: Component) -> bool:
    """Whether an amount of this name changes the pool's balance or its loss."""
    return component.pool is not None or component.loss is not None


def _reported_figures(run: Running) -> Iterator[tuple[str, Figure]]:
    for name, reported in run.terms.deal.reported.items():
        if name in run.reported:
            yield name, Figure(kind_of(REPORTED_TYPES[reported.type]), run.reported[name])


def _value_figures(run: Running) -> Iterator[tuple[str, Figure]]:
    """Amounts and ratios of the deal file, as they read at the close."""
    deal = run.terms.deal
    for name in (*deal.amounts, *deal.ratios):
        figure = _figure(run, MONEY if name in deal.amounts else NUMBER, run.terms.values[name].read)
        if figure is not None:
            yield name, figure


def _ledger_figures(run: Running) -> Iterator[tuple[str, Figure]]:
    """Ledgers of the deal; one that is kept per class as the sum of its classes."""
    for name in run.terms.deal.ledgers:
        accounts = [posting.ledger(name, tranche) for tranche in run.terms.ledger_classes.get(name, ())] or [posting.ledger(name)]
        yield name, _money(sum(run.balances[account] for account in accounts))


def _trigger_figures(run: Running) -> Iterator[tuple[str, Figure]]:
    """Triggers as they held in the period; yes: failed."""
    for name in run.terms.deal.triggers:
        yield name, Figure(kind_of(BOOLEAN), run.triggers.get(name, False))
    if run.terms.call_allowed is not None:
        yield "called", Figure(kind_of(BOOLEAN), run.called)


# Movements ------------------------------------------------------------------------------------------------------------


def flow_of_funds(terms: Terms, opening: Mapping[str, Money], postings: Sequence[Posting]) -> Iterator[FlowLine]:
    """Every movement of cash, loss and entitlement by the file's steps, in their order; several postings between the same accounts are one line."""
    labels = {step.cause: step for step in terms.every_step()}
    cash = {terms.cash_account(name) for name in terms.deal.accounts}
    balances, lines, left = dict(opening), dict[tuple[str, str, str], Money](), dict[tuple[str, str, str], Money]()
    for posted in postings:
        balances[posted.source] = balances.get(posted.source, 0) - posted.amount
        balances[posted.destination] = balances.get(posted.destination, 0) + posted.amount
        # What becomes owed by being paid is no movement of its own.
        if posted.cause in labels and posted.destination != EXCESS:
            key = (posted.cause, posted.source, posted.destination)
            lines[key], left[key] = lines.get(key, 0) + posted.amount, balances[posted.source]
    for (cause, source, payee), amount in lines.items():
        yield FlowLine(labels[cause].number, labels[cause].label, source, payee, amount, left[cause, source, payee] if source in cash else None)


def adjustments(postings: Sequence[Posting]) -> Iterator[Adjustment]:
    """What this period books for earlier ones, and adjustments of opening balances."""
    for posted in postings:
        if posted.origin_period is not None or posted.step == "adjustment":
            lowers = posted.item.startswith("-")
            subject = posted.item[lowers:].removesuffix(".adjustment") or f"{posted.source} to {posted.destination}"
            yield Adjustment(subject, posted.origin_period, -posted.amount if lowers else posted.amount)
