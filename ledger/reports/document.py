"""A statement as a document: its heading, the dates of its period, and its sections as tables, the same for every format that prints it.

A section the deal has no data for is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from ledger.core.schedule import PeriodDates
from ledger.core.statement import Statement
from ledger.reports.layout import Table
from ledger.reports.sections import sections


@dataclass(frozen=True, slots=True)
class Document:
    """What a statement says, in the order of a printed one: its heading, the dates of the period by name, the sections, and where it stands in the log."""

    title: str
    subtitle: str
    dates: tuple[tuple[str, str], ...]
    sections: tuple[Table, ...]
    footer: str


def document(statement: Statement, order: Sequence[str] = ()) -> Document:
    """The statement as a document, without the sections that have no rows. Where `order` names sections by key, those stand, in its order, and no others."""
    found = {table.key: table for table in sections(statement) if table.rows}
    chosen = [found[key] for key in order if key in found] if order else found.values()
    days = tuple(_dates(statement)) if statement.kind == "distribution" else ()
    return Document(
        f"{statement.deal}  {statement.title}".rstrip(), f"{_what(statement)}; amounts in {statement.currency}", days, tuple(chosen), footer(statement)
    )


def section_keys() -> tuple[str, ...]:
    """The keys of all sections that a statement can have, in the usual order: what a template may name."""
    days = dict.fromkeys(PeriodDates.__slots__, date.min)
    return tuple(table.key for table in sections(Statement("", "", "", 2, "position", 0, days, {}, {}, (), ())))


def _what(statement: Statement) -> str:
    """What the statement is of, and as of which day where one was asked for."""
    day, as_of = statement.dates["distribution"], f"Statement as of {statement.as_of}; " if statement.as_of else "Statement of "
    if statement.kind == "distribution":
        version = f", version {statement.revision.version}" if statement.revision.version > 1 else ""
        return f"{as_of}{'last ' if statement.as_of else ''}distribution {statement.number} of {day}{version}"
    where = "at closing" if statement.number == 0 else f"as boarded after distribution {statement.number}"
    return f"{as_of}the position {where}, {day}"


def _dates(statement: Statement) -> Iterator[tuple[str, str]]:
    days, spans = statement.dates, dict.fromkeys((item.begin, item.end, item.days, item.days_30_360) for item in statement.accruals)
    yield "closing date", f"{statement.key_dates.get('closing', '')}"
    yield "collection period", f"{days['collection_start']} to {days['collection_end']}"
    for begin, end, actual, days_30_360 in spans:
        yield "accrual period", f"{begin} to before {end}: {actual} days, {days_30_360} of 30/360"
    yield "determination date", f"{days['determination']}"
    yield "record date", f"{days['record']}"
    yield "distribution date", f"{days['distribution']}"
    if days["scheduled"] != days["distribution"]:
        yield "scheduled date", f"{days['scheduled']}"
    yield "previous distribution", f"{days['previous_distribution']}"
    yield "next distribution", f"{statement.key_dates.get('next_scheduled', '')}, as scheduled"


def footer(statement: Statement) -> str:
    """Up to which commit of the log the statement was drawn: what an auditor compares with the books. A draft was drawn from none."""
    return f"Drawn at position {statement.position}, head {statement.head}" if statement.position else "A draft: nothing of it is recorded"
