"""The life of a deal as known at a position: the figures of every distribution up to one, drawn from the sums of its postings.

A history is a row of statements without their lists, so that a figure of it is the statement's figure and prints as that does. Unless one subject is asked
for, it holds what pictures and a page of a deal's life need (`watched`), which costs a hundredth of drawing every statement.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction

from ledger.core import performance, posting
from ledger.core.collections import Collections
from ledger.core.distribution import BalanceRow, Readings
from ledger.core.formula import Read
from ledger.core.money import Exact, Money
from ledger.core.names import POOL_ITEMS, TRANCHE_ITEMS, add
from ledger.core.performance import PoolMonth
from ledger.core.pools import Moved, Pools
from ledger.core.schedule import PeriodDates
from ledger.core.state import Running, State
from ledger.core.statement import BALANCE, POSITION_ITEMS, Figure, Items, Revision, Sections, Statement, sections_of
from ledger.core.terms import Terms

CLASS_ITEMS = ("balance", "interest_paid", "principal_paid", "realized_loss", "written_up", "unpaid_interest", "cumulative_loss")
POSITION_SECTIONS = ("classes", "groups", "fees", "accounts", "pools", "ledgers")
LIFE_OF_POOL = ("opening_balance", "balance", "loss", "cumulative_loss")
CASH = "deal.cash"
"""The subject of what the accounts took in and paid out, all together; no class, fee or account can be called so."""


@dataclass(frozen=True, slots=True)
class Month:
    """A distribution as sums: the state it opened with, its balances by account, its postings added up by item, and by how much adjustments moved accounts
    at its opening."""

    terms: Terms
    number: int
    version: int
    dates: PeriodDates
    opening: State
    readings: Readings
    balances: Mapping[str, BalanceRow]
    figures: Mapping[str, Money]
    adjusted: Mapping[str, Money] = field(default_factory=dict)

    @property
    def opens(self) -> bool:
        """Whether it is the position that opens the books, which is no period."""
        return self.dates.previous_distribution == self.dates.distribution

    def running(self) -> Running:
        """The period as it stood when it closed, without its postings one by one."""
        run = Running(self.terms, self.opening, self.dates, Collections())
        run.balances = defaultdict(int, {account: row.closing for account, row in self.balances.items()})
        run.opening = run.balances
        run.reported, run.triggers = dict(self.readings.reported), dict(self.readings.triggers)
        if self.opens:
            return run
        run.opening = defaultdict(int, {account: row.opening + self.adjusted.get(account, 0) for account, row in self.balances.items()})
        run.figures.update(self.figures)
        run.received.update((account, row.received) for account, row in self.balances.items())
        run.paid.update((account, row.paid) for account, row in self.balances.items())
        run.rates, run.fractions, run.called = dict(self.readings.rates), dict(self.readings.fractions), self.readings.called
        return run


@dataclass(frozen=True, slots=True)
class History:
    """The statements of a deal, oldest first, beginning with the position at closing or boarding, and the months of its pools (`pool`: all together).

    `months_each` are the months between two distributions.
    """

    statements: tuple[Statement, ...]
    pools: Mapping[str, tuple[PoolMonth, ...]] = field(default_factory=dict)
    months_each: int = 1

    @property
    def last(self) -> Statement:
        return self.statements[-1]

    @property
    def distributions(self) -> tuple[Statement, ...]:
        """The statements without the position they begin with."""
        return tuple(statement for statement in self.statements if statement.kind == "distribution")

    def until(self, number: int) -> History:
        """The life until a distribution, as if none had come after it."""
        statements = tuple(statement for statement in self.statements if statement.number <= number)
        last = statements[-1].dates["scheduled"]
        pools = {name: tuple(month for month in months if month.period <= last) for name, months in self.pools.items()}
        return replace(self, statements=statements, pools=pools)

    def only(self, items: Collection[str]) -> History:
        """The same with nothing but some items; `balance` is the closing balance."""
        wanted = {BALANCE if item == "balance" else item for item in items}
        return replace(self, statements=tuple(replace(one, sections=_only(one.sections, wanted)) for one in self.statements))

    def items(self) -> list[str]:
        """Every item that a statement has."""
        return list(dict.fromkeys(item for one in self.statements for subjects in one.sections.values() for items in subjects.values() for item in items))

    def subjects(self, section: str) -> list[str]:
        """Every subject that a section ever had, in the order in which they came."""
        return list(dict.fromkeys(subject for statement in self.statements for subject in statement.sections.get(section, {})))

    def series(self, subject: str, item: str) -> list[tuple[date, Figure]]:
        """A figure over life, by the day on which it was distributed; where a statement has none, the day is left out."""
        found = ((statement.dates["distribution"], statement.figure(subject, item)) for statement in self.statements)
        return [(day, figure) for day, figure in found if figure is not None]


def _only(sections: Sections[Figure], items: Collection[str]) -> Sections[Figure]:
    kept = {
        section: {subject: {item: figure for item, figure in found.items() if item in items} for subject, found in subjects.items()}
        for section, subjects in sections.items()
    }
    standing = {section: {subject: found for subject, found in subjects.items() if found} for section, subjects in kept.items()}
    return {section: subjects for section, subjects in standing.items() if subjects}


def draw(months: Sequence[Month], subject: str | None = None, *, position: int = 0, head: str = "") -> History:
    """The history of a chain of months, oldest first; with a subject, every figure of that one and nothing else."""
    pools = {name: lived for name, lived in _pools(months).items() if subject in (None, name)}
    watches: dict[int, Watch] = {}
    statements, each = [], months[-1].terms.deal.dates.distribution.months
    for count, month in enumerate(months):
        run = month.running()
        reads = watches.get(id(month.terms)) or watches.setdefault(id(month.terms), watch(month.terms))
        sections = dict(watched(run, reads, month.opens) if subject is None else _of_subject(run, subject, opens=month.opens))
        rates = {pool: dict(_rates(lived[: count + len(lived) - len(months) + 1], each)) for pool, lived in pools.items()}
        if any(rates.values()):
            sections["performance"] = {pool: found for pool, found in rates.items() if found}
        statements.append(_statement(month, sections, position, head))
    return History(tuple(statements), pools, each)


def _statement(month: Month, sections: Sections[Figure], position: int, head: str) -> Statement:
    deal = month.terms.deal
    return Statement(
        deal.deal, deal.title, deal.currency, month.terms.scale, "position" if month.opens else "distribution", month.number, month.dates.by_name(),
        {}, sections, (), (), position=position, head=head, printed=deal.rounding.printed, revision=Revision(month.version),
    )  # fmt: skip


# Figures --------------------------------------------------------------------------------------------------------------


Watch = tuple[tuple[str, str, str, Read], ...]
"""(section, subject, item, reader) of figures of money."""


def watch(terms: Terms) -> Watch:
    """What a deal's life is told by: the balances of classes and pools, and what moved them. Found once for the terms, and read in each period."""
    classes = [("classes", name, (name,), item, TRANCHE_ITEMS) for name in terms.original if name in terms.deal.tranches for item in CLASS_ITEMS]
    pools = [("pools", name, members, item, POOL_ITEMS) for name, members in Pools(terms).by_subject() for item in LIFE_OF_POOL]
    return tuple(
        (section, name, BALANCE if item == "balance" else item, add([table[item][1](terms, member) for member in members]))
        for section, name, members, item, table in (*classes, *pools)
    )


def watched(run: Running, reads: Watch, opens: bool) -> dict[str, Mapping[str, Items]]:
    """The watched figures of a period, with credit support where the deal ranks its classes, and cash in and out."""
    found: dict[str, dict[str, dict[str, Figure]]] = defaultdict(lambda: defaultdict(dict))
    for section, subject, item, read in reads:
        if not opens or item in POSITION_ITEMS:
            found[section][subject][item] = Figure("money", read(run))
    for name, support in _support(run):
        found["classes"][name]["credit_support"] = support
    if not opens:
        found["cash"][CASH] = dict(_cash(run))
    return {section: dict(subjects) for section, subjects in found.items()}


def _support(run: Running) -> Iterator[tuple[str, Figure]]:
    """The credit support of each ranked class, as `ledger.core.credit_support` has it: the balance of the classes below over that of all."""
    ranks = [(members, -sum(run.balances[posting.principal(name)] for name in members)) for members in run.terms.seniority]
    below = whole = sum(balance for _, balance in ranks)
    for members, balance in ranks if whole else ():
        below -= balance
        figure = Figure("exact", Fraction(below, whole))
        yield from ((name, figure) for name in members)


def _cash(run: Running) -> Iterator[tuple[str, Figure]]:
    """What the accounts took in (wired or earned), and what left them: opening cash and that less closing cash."""
    accounts = [name for name, account in run.terms.deal.accounts.items() if account.cash]
    took = sum(run.figures.get(f"{name}.{item}", 0) for name in accounts for item in ("wired", "earnings"))
    held = sum(run.opening[posting.cash(name)] - run.balances[posting.cash(name)] for name in accounts)
    yield "collected", Figure("money", took)
    yield "distributed", Figure("money", took + held)


def _standing(subjects: Mapping[str, dict[str, Figure]]) -> dict[str, dict[str, Figure]]:
    """What a position has of the items."""
    return {name: {item: items[item] for item in items if item in POSITION_ITEMS} for name, items in subjects.items()}


def _of_subject(run: Running, subject: str, *, opens: bool) -> Mapping[str, Mapping[str, Items]]:
    """Every figure that a statement has of one subject; a position has ledgers, and some items of what has a balance."""
    found = {section: {name: dict(items) for name, items in subjects if name == subject} for section, subjects in sections_of(run)}
    if opens:
        found = {section: own if section == "ledgers" else _standing(own) for section, own in found.items() if section in POSITION_SECTIONS}
    return {section: own for section, own in found.items() if any(own.values())}


# Pools ----------------------------------------------------------------------------------------------------------------


def _pools(months: Sequence[Month]) -> dict[str, tuple[PoolMonth, ...]]:
    """The months of each pool that is in every one of them, each month under its own terms, and of all together."""
    under: dict[int, Pools] = {}
    lived = []
    for month in months:
        if not month.opens:
            pools = under.get(id(month.terms)) or under.setdefault(id(month.terms), Pools(month.terms))
            lived.append(pools.month(Moved.of(month.dates.scheduled, month.balances, month.figures)))
    subjects = Pools(months[-1].terms).by_subject() if lived else ()
    return {
        name: tuple(performance.together([[month[pool] for month in lived] for pool in pools]))
        for name, pools in subjects
        if all(set(pools) <= month.keys() for month in lived)
    }


def _rates(months: Sequence[PoolMonth], each: int) -> Iterator[tuple[str, Figure]]:
    """Prepayment and default rates of a month and of three, and the severity of a year, of periods of so many months each: what a picture shows."""
    for window in (1, 3):
        last = months[-(window // each) :] if window % each == 0 and len(months) >= window // each else ()
        yield from _rate(f"cpr_{window}_month", performance.cpr(last, each))
        yield from _rate(f"cdr_{window}_month", performance.cdr(last, each))
    yield from _rate("severity_12_month", performance.severity(months[-max(1, 12 // each) :]))


def _rate(item: str, rate: Exact | None) -> Iterator[tuple[str, Figure]]:
    if rate is not None:
        yield item, Figure("exact", Fraction(rate))
