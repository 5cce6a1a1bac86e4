"""The canonical remittance CSV: one row a fact, loan by loan or for a pool, in; events, or every problem by row and column, out.

docs/remittance.md is the reference. A file may hold several periods; each becomes a commit. Whether the facts agree with each other and with what the
books know is for `ledger.files.remittance_checks`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple

from ledger.core import schedule
from ledger.core.events import ALIASES, FACTS, KINDS, LOAN_FACTS, WITHOUT_VALUE, Column, Event
from ledger.core.money import parse_money, parse_number
from ledger.core.problems import Problem, ProblemsFound, nearest
from ledger.core.receipts import adjusted_accounts
from ledger.core.terms import Terms
from ledger.files import csv_text
from ledger.files.csv_text import Row

MONEY: tuple[Column, ...] = ("principal", "interest", "fee", "amount", "balance")
STATES: tuple[Column, ...] = ("rate", "delinquency", "code", "effective_on")
COLUMNS = ("deal", "distribution_date", "kind", "subject", "loan", "value", *MONEY, *STATES, "applies_to", "note")
REQUIRED = ("distribution_date", "kind")
MOST_PROBLEMS = 200
"""How many problems are listed; a file with more is wrong in one way many times."""
FLAGS = {"yes": "yes", "no": "no", "true": "yes", "false": "no"}
REPORTED_COLUMNS: Mapping[str, Column] = {"money": "amount", "rate": "rate", "number": "rate", "date": "effective_on", "flag": "code"}


@dataclass(frozen=True, slots=True)
class Month:
    """What a file reports for one period. `applies_to` gives, by an event's line, the earlier period that it belongs to."""

    period: date
    events: tuple[Event, ...]
    applies_to: Mapping[int, date]


class Layout(NamedTuple):
    """How rows of a kind are read: the event's kind, the column that `value` fills, and the money columns that it may fill."""

    kind: str
    value: Column
    columns: frozenset[str]


def read(source: bytes, name: str, terms: Terms) -> list[Month]:
    """The months of a file, in order. Raises ProblemsFound with everything that is wrong, at most `MOST_PROBLEMS` of it."""
    reader = _Reader(terms)
    for row in csv_text.read(source, name, COLUMNS, REQUIRED):
        reader.read(row)
    if not reader.months and not reader.problems:
        reader.problems.append(Problem("the file has no rows", "a month without collections says so in a `nil_month` row", place=name))
    stop_on_listed(problem.at(f"{name}:{row}") for row, problem in reader.placed())
    return [Month(period, tuple(events), reader.applies_to.get(period, {})) for period, events in sorted(reader.months.items())]


def periods(source: bytes, name: str) -> list[date]:
    """The dates that a file's rows name as their periods, in order; what is no date is left to `read`. Raises ProblemsFound for what is no such file."""
    texts = {row.cells["distribution_date"] for row in csv_text.read(source, name, COLUMNS, REQUIRED)}
    return sorted(day for text in texts if isinstance(day := _date("distribution_date", text), date))


def stop_on_listed(problems: Iterator[Problem]) -> None:
    """Raise ProblemsFound with the first problems, and the number of those not listed."""
    found = list(problems)
    if len(found) > MOST_PROBLEMS:
        found[MOST_PROBLEMS:] = [Problem(f"and {len(found) - MOST_PROBLEMS} more problems", "mend those above, then try again")]
    if found:
        raise ProblemsFound(found)


@dataclass(slots=True)
class _Reader:
    """Reads rows of one deal. What is said often (dates, kinds) is understood once."""

    terms: Terms
    months: dict[date, list[Event]] = field(default_factory=dict)
    applies_to: dict[date, dict[int, date]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    _periods: dict[str, date | Problem] = field(default_factory=dict)
    _layouts: dict[tuple[str, str], Layout | Problem] = field(default_factory=dict)

    def placed(self) -> Iterator[tuple[int, Problem]]:
        """Each problem with the row that it was found in."""
        return zip(self.rows or [1] * len(self.problems), self.problems, strict=True)

    def read(self, row: Row) -> None:
        """One row as an event of its month, or as problems."""
        found: list[Problem] = []
        cell = partial(_cell, row.cells)
        period = _noted(found, self._period(cell("distribution_date")))
        layout = _noted(found, self._layout(cell("kind"), cell("subject")))
        if cell("deal") and cell("deal") not in (self.terms.deal.deal, *self.terms.deal.aliases):
            found.append(
                Problem(f"`deal` is `{cell('deal')}`, this deal is {self.terms.deal.deal}", "remit the file to its own deal, or list the name under `aliases`")
            )
        if period is not None and layout is not None:
            self._event(row, period, layout, found)
        self.problems.extend(found)
        self.rows.extend([row.number] * len(found))

    def _event(self, row: Row, period: date, layout: Layout, found: list[Problem]) -> None:
        cell = partial(_cell, row.cells)
        subject = _noted(found, self._subject(layout.kind, cell("subject"), cell("loan")))
        columns = self._columns(layout, row.cells, found)
        origin = _noted(found, self._origin(cell("applies_to"), period)) if cell("applies_to") else None
        if layout.kind in ("adjustment", "pool_adjustment") and not cell("note"):
            found.append(Problem(f"`{layout.kind}` has no `note`", "say why: the reason is part of the record"))
        if found:
            return
        if cell("note") and not cell("loan"):
            columns.setdefault("code", cell("note"))
        events = self.months.setdefault(period, [])
        events.append(Event(len(events) + 1, layout.kind, subject, source_row=row.number, **columns))
        if origin is not None:
            self.applies_to.setdefault(period, {})[len(events)] = origin

    # When, and what kind ---------------------------------------------------------------------------------------------

    def _period(self, text: str) -> date | Problem:
        if text not in self._periods:
            self._periods[text] = self._find_period(text)
        return self._periods[text]

    def _find_period(self, text: str) -> date | Problem:
        day = _date("distribution_date", text)
        if isinstance(day, Problem) or schedule.number_of(self.terms.deal, day) is not None:
            return day
        deal, first = self.terms.deal, schedule.key_of(self.terms.deal, 1)
        if day < first:
            return Problem(f"`distribution_date` {day} lies before the first, {first}", "write the period's scheduled distribution date")
        number = schedule.number_before(deal, day)
        near = f"{schedule.key_of(deal, number)} or {schedule.key_of(deal, number + 1)}"
        return Problem(f"`distribution_date` {day} is not on the deal's schedule", f"write the scheduled day, before it is moved off a holiday: {near}")

    def _layout(self, kind: str, subject: str) -> Layout | Problem:
        key = (kind, subject if kind == "reported" else "")
        if key not in self._layouts:
            self._layouts[key] = self._find_layout(*key)
        return self._layouts[key]

    def _find_layout(self, kind: str, subject: str) -> Layout | Problem:
        deal = self.terms.deal
        if kind == "reported":
            reported = deal.reported.get(subject)
            column = REPORTED_COLUMNS[reported.type] if reported else "amount"
            return Layout(kind, column, frozenset([column]))
        if kind in ALIASES:
            name, column = ALIASES[kind]
            return Layout(name, column, frozenset([column]))
        if kind in KINDS:
            return Layout(kind, KINDS[kind].value, frozenset(KINDS[kind].components))
        if kind in FACTS:
            return Layout(kind, FACTS[kind], frozenset([FACTS[kind]]))
        if kind in deal.events:
            return Layout(kind, "amount", frozenset(["amount"]))
        known = [*KINDS, *ALIASES, *FACTS, *deal.events]
        if kind in deal.reported:
            return Problem(f"`kind` is `{kind}`, which is a reported value", f"write the kind `reported` and the subject {kind}")
        return Problem(
            f"`kind` is `{kind}`, which is not a kind of event", nearest(kind, known) or "see the kinds in docs/remittance.md, or define it under `events`"
        )

    # Of what -----------------------------------------------------------------------------------------------------------

    def _subject(self, kind: str, subject: str, loan: str) -> str | Problem | None:
        """What the event names: a loan, a pool (None: the only one), an account, a reported name, or what an adjustment changes."""
        if loan and kind in FACTS and kind not in LOAN_FACTS:
            return Problem(f"`{kind}` has a loan, `{loan}`", "leave `loan` blank: it is not a fact of one loan")
        if not loan and (kind in ("loan_setup", "status") or (kind in KINDS and KINDS[kind].loan_level_only)):
            return Problem(f"`{kind}` names no loan", "write its id in `loan`")
        match kind:
            case "reported":
                return self._known(kind, subject, self.terms.deal.reported, "a reported value")
            case "wire" | "account_earnings":
                return self._known(kind, subject, self.terms.deal.accounts, "an account")
            case "nil_month" | "missing_month" | "call":
                return Problem(f"`{kind}` has a subject, `{subject}`", "leave `subject` blank") if subject else None
            case "adjustment":
                return self._adjusted(subject)
            case "closing_balance" if subject in self.terms.deal.accounts and not loan:
                return subject
            case _:
                return self._of_pool(kind, subject, loan)

    def _known(self, kind: str, subject: str, known: Mapping[str, Any], what: str) -> str | Problem:
        if subject in known:
            return subject
        return Problem(f"`subject` of `{kind}` is `{subject}`, which is not {what}", nearest(subject, known) or f"known are {', '.join(known) or 'none'}")

    def _adjusted(self, subject: str) -> str | Problem:
        try:
            adjusted_accounts(self.terms, subject)
        except ProblemsFound as found:
            return found.problems[0]
        return subject

    def _of_pool(self, kind: str, subject: str, loan: str) -> str | Problem | None:
        deal = self.terms.deal
        if "/" in loan:
            return Problem(f"`loan` is `{loan}`, with a `/`", "a loan's id has none: in the books it parts pool and loan")
        if not deal.pools:
            return (
                (loan or None) if subject in ("", "pool") else Problem(f"`subject` is `{subject}`, which is no pool", "leave it blank: the deal has one pool")
            )
        if not subject and not loan and kind in deal.events and not deal.events[kind].of_a_pool:
            return None
        if subject not in deal.pools:
            return Problem(f"`subject` is `{subject}`, which is no pool", nearest(subject, deal.pools) or f"the pools are {', '.join(deal.pools)}")
        return f"{subject}/{loan}" if loan else subject

    # How much ----------------------------------------------------------------------------------------------------------

    def _columns(self, layout: Layout, cells: Mapping[str, str], found: list[Problem]) -> dict[str, Any]:
        """The event's columns: `value` in the kind's own, and the log's columns by their names."""
        given: dict[str, tuple[str, str]] = {column: (column, cells[column]) for column in (*MONEY, *STATES) if cells.get(column)}
        value = cells.get("value", "")
        if value and layout.value in given:
            found.append(Problem(f"`value` and `{layout.value}` are both filled, with `{value}` and `{given[layout.value][1]}`", "fill one of them"))
        elif value and layout.kind in WITHOUT_VALUE and value != "yes":
            found.append(Problem(f"`value` of `{layout.kind}` is `{value}`", "leave it blank: the row alone says it"))
        elif value:
            given[layout.value] = ("value", value)
        found.extend(self._misplaced(layout, given, cells))
        columns = {}
        for column, (written, text) in given.items():
            columns[column] = _noted(found, self._value(layout, column, written, text))
        return columns

    def _misplaced(self, layout: Layout, given: Mapping[str, Any], cells: Mapping[str, str]) -> Iterator[Problem]:
        """Money in a column that the kind does not have, and rows that say nothing."""
        for column in given:
            if column in MONEY and column not in layout.columns and not (column == "balance" and cells.get("loan")):
                yield Problem(f"`{column}` of `{layout.kind}` is filled", f"`{layout.kind}` has {', '.join(sorted(layout.columns))}")
        if not layout.columns & set(given) and layout.kind not in WITHOUT_VALUE and not (layout.kind in LOAN_FACTS and given):
            yield Problem(f"`{layout.kind}` has no value", "write 0 where it is nil, or leave the row out where it is not reported")

    def _value(self, layout: Layout, column: str, written: str, text: str) -> Any:
        """One cell by the type of its column; a figure that cannot be read is a problem that names the column it was written in."""
        try:
            match column:
                case "rate":
                    return rate_digits(text)
                case "delinquency":
                    return _days(text)
                case "effective_on":
                    return _date(written, text)
                case "code":
                    return self._code(layout, text)
                case _:
                    return parse_money(text, self.terms.scale)
        except ValueError as error:
            return Problem(f"`{written}` of `{layout.kind}`, `{text}`, {error}", "correct the figure")

    def _code(self, layout: Layout, text: str) -> str:
        if layout.kind != "reported":
            return text
        if text.lower() not in FLAGS:
            raise ValueError("is neither yes nor no")
        return FLAGS[text.lower()]

    def _origin(self, text: str, period: date) -> date | Problem:
        day = _date("applies_to", text)
        if isinstance(day, Problem):
            return day
        if schedule.number_of(self.terms.deal, day) is None or day >= period:
            return Problem(f"`applies_to` {day} is not an earlier period", f"write the scheduled distribution date of a period before {period}")
        return day


def _cell(cells: Mapping[str, str], column: str) -> str:
    return cells.get(column, "")


def _noted(found: list[Problem], value: Any) -> Any:
    """The value, or None with its problem noted."""
    if isinstance(value, Problem):
        found.append(value)
        return None
    return value


def _date(column: str, text: str) -> date | Problem:
    try:
        if len(text) == len("2024-01-30"):
            return date.fromisoformat(text)
    except ValueError:
        pass
    return Problem(f"`{column}` is `{text}`, which is not a date", "write it as 2024-01-30")


def rate_digits(text: str) -> str:
    """A rate's exact decimal digits, all of them: `6.50500%` is 0.0650500."""
    parse_number(text)
    number = Decimal(text.removesuffix("%").replace("_", ""))
    return format(number.scaleb(-2) if text.endswith("%") else number, "f")


def _days(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= len("99999")):
        raise ValueError("is not a number of days")
    return int(text)
