"""Small deals for tests: a deal file as text, months as keywords, and any formula of the deal read at the close.

    books = Books(DEAL)
    month = books.month(interest=4_600, scheduled_principal=20_000)

    assert month["A.balance"] == 780_000

Amounts are in currency, as whole numbers or as text (`"0.33"`); what is read comes back as a Decimal, a date or a flag.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from textwrap import dedent
from typing import Any

from ledger.core.collections import Collections, Flow
from ledger.core.compiler import DealCompiler
from ledger.core.deal import Boarding
from ledger.core.distribution import Distribution
from ledger.core.events import Event
from ledger.core.formula import compile_open
from ledger.core.money import parse_money, parse_number
from ledger.core.opening import open_books
from ledger.core.problems import ProblemsFound
from ledger.core.processor import distribute
from ledger.core.schedule import PeriodDates, resolve
from ledger.core.state import Running
from ledger.core.terms import Terms
from ledger.files import deal_file, formula_text
from ledger.files.calendars import is_open

FRAME = """
deal: TEST-1
closing_date: 2025-01-15
dates: {distribution: {day: 15}, accrual: month, day_count: 30/360}
"""


def terms(text: str) -> Terms:
    """The terms of a deal file; a text without `deal:` stands in the frame above."""
    text = dedent(text)
    return deal_file.load((text if "deal:" in text else FRAME + text).encode(), "deal.yaml")


def boarding(text: str) -> Boarding:
    return deal_file.load_boarding(dedent(text).encode(), "boarding.yaml")


def problems_of(text: str) -> list[str]:
    """What is wrong with a deal file, one line each; empty where it loads."""
    try:
        terms(text)
    except ProblemsFound as found:
        return [f"{problem.fact}; {problem.remedy}" for problem in found.problems]
    return []


def units(terms: Terms, amount: int | str) -> int:
    return parse_money(str(amount), terms.scale)


Fact = tuple[str, str | None, int | str | None, dict[str, Any]]


def fact(kind: str, subject: str | None = None, amount: int | str | None = None, **columns: Any) -> Fact:
    """A fact that is read by itself, or a component of another pool or period.

    `fact("adjustment", "A", "-0.01")`, `fact("closing_balance", "pool", balance=100)`, `fact("interest", None, -5, origin=date(2025, 3, 15))`.
    """
    return kind, subject, amount, columns


class Month:
    """One distribution, to be read: `month["A.interest_paid"]`, `month["A.balance + B.balance"]`, `month.account("excess")`."""

    def __init__(self, terms: Terms, distribution: Distribution) -> None:
        self.terms, self.distribution = terms, distribution

    def __getitem__(self, formula: str) -> Any:
        compiler = DealCompiler(self.terms.deal)
        compiler.check_names()
        compiler.compile()
        term = compile_open(formula_text.parse(formula), compiler.names)
        value = term.read(self.distribution.running(self.terms))
        if isinstance(value, bool | date):
            return value
        exact = Fraction(value) / (10**self.terms.scale if term.type.power == 1 else 1)
        return exact if exact.denominator != 1 and (10**12 % exact.denominator) else Decimal(exact.numerator) / Decimal(exact.denominator)

    def account(self, name: str) -> Any:
        """The balance of an account of the books as a Decimal, a claim below zero."""
        return Decimal(self.distribution.closing.balances.get(name, 0)).scaleb(-self.terms.scale)

    def moved(self, source: str, destination: str) -> Any:
        """What went from one account to another as a Decimal, turned round counting below zero."""
        total = sum(
            posting.amount * ((posting.source, posting.destination) == (source, destination))
            - posting.amount * ((posting.source, posting.destination) == (destination, source))
            for posting in self.distribution.postings
        )
        return Decimal(total).scaleb(-self.terms.scale)


class Books:
    """A deal and its months so far."""

    def __init__(self, text: str | Terms, boarded: Boarding | str | None = None) -> None:
        self.terms = text if isinstance(text, Terms) else terms(text)
        position = boarding(boarded) if isinstance(boarded, str) else boarded
        self.months = [Month(self.terms, open_books(self.terms, position))]

    @property
    def opening(self) -> Month:
        return self.months[0]

    def month(self, *facts: Fact, **reported: Any) -> Month:
        """Distribute the next period: components by name (`interest=5`), reported values by name, and facts. Raises ProblemsFound."""
        before = self.months[-1].distribution.closing
        month = Month(self.terms, distribute(self.terms, before, self.dates(), self.collections(facts, reported)))
        self.months.append(month)
        return month

    def dates(self) -> PeriodDates:
        before = self.months[-1].distribution.closing
        calendar = is_open(self.terms.deal.dates.distribution.calendar)
        return resolve(self.terms.deal, before.number + 1, calendar, before.last_distribution)

    def running(self, *facts: Fact, **reported: Any) -> Running:
        """The next period before anything happened in it."""
        return Running(self.terms, self.months[-1].distribution.closing, self.dates(), self.collections(facts, reported))

    def collections(self, facts: Iterable[Fact], reported: dict[str, Any]) -> Collections:
        deal = self.terms.deal
        flows: list[Flow] = []
        events: list[Event] = []
        for name, value in reported.items():
            pool, _, component = name.rpartition("__")
            if component in self.terms.components:
                flows.append(Flow(component, pool or None, units(self.terms, value)))
            else:
                subject = next(known for known in deal.reported if known.replace(".", "__") == name)
                events.append(self._reported(len(events), subject, deal.reported[subject].type, value))
        for kind, of, amount, columns in facts:
            if kind in self.terms.components:
                flows.append(Flow(kind, of, units(self.terms, amount or 0), columns.get("origin")))
                continue
            given: dict[str, Any] = {column: units(self.terms, value) if column == "balance" else value for column, value in columns.items()}
            events.append(Event(len(events), kind, of, amount=None if amount is None else units(self.terms, amount), **given))
        return Collections(tuple(flows), tuple(events))

    def _reported(self, line: int, subject: str, kind: str, value: Any) -> Event:
        match kind:
            case "money":
                return Event(line, "reported", subject, amount=units(self.terms, value))
            case "date":
                return Event(line, "reported", subject, effective_on=date.fromisoformat(value))
            case "flag":
                return Event(line, "reported", subject, code="yes" if value else "no")
            case _:
                return Event(line, "reported", subject, rate=str(parse_number(str(value))))
