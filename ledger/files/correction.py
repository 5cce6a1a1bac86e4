"""The correction CSV: a remittance file with one more column, `corrects`, that names a line of the log as POSITION:LINE.

Such a row is that line as it should have read; without figures it only takes the line back. Cells that say of what and when (kind, subject, loan,
distribution date) may be left blank: they are the line's. A row that corrects nothing is a fact that came late, and names its period.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import NamedTuple

from ledger.core.correction import LoggedLine
from ledger.core.events import FACTS, LOAN_FACTS, Event
from ledger.core.problems import Problem
from ledger.core.terms import Terms
from ledger.files import csv_text, remittance
from ledger.files.csv_text import Row
from ledger.files.remittance import stop_on_listed
from ledger.files.remittance_shapes import FIGURES, REASONED, TermsAt
from ledger.files.sources import Source

ADDED = "corrects"
READ = tuple(column for column in remittance.COLUMNS if column != "applies_to")
_NAME = re.compile(r"([1-9][0-9]{0,8}):([1-9][0-9]{0,8})", re.ASCII)

Find = Callable[[int, int], LoggedLine | Problem]
"""The line of a position and number, or why it cannot be corrected."""


class Correction(NamedTuple):
    """One row: the line that it corrects (None: a late fact), the event that it states (None: the line is only taken back), the period it counts for."""

    row: int
    line: LoggedLine | None
    event: Event | None
    period: date


def read(source: Source, name: str, terms_at: TermsAt, find: Find) -> list[Correction]:
    """The rows of a correction file, in order. Raises ProblemsFound with everything that is wrong."""
    rows = list(csv_text.read(source, name, (*READ, ADDED), ()))
    if not rows:
        stop_on_listed([Problem("the file has no rows", "write a row for each line that is wrong, and for each fact that came late", place=name)])
    lines, problems = _lines(rows, find)
    stop_on_listed(problem.at(f"{name}:{number}") for number, problem in problems)
    stated = [_completed(row, lines.get(row.number), terms_at) for row in rows if row.number not in lines or _has_figures(row)]
    events = {event.source_row: (month.period, event) for month in remittance.read(_text(stated), name, terms_at) for event in month.events} if stated else {}
    found = []
    for row in rows:
        line, (period, event) = lines.get(row.number), events.get(row.number, (None, None))
        found.append(Correction(row.number, line, event, line.origin if line else period or date.max))
    return found


def _lines(rows: Sequence[Row], find: Find) -> tuple[dict[int, LoggedLine], list[tuple[int, Problem]]]:
    """The line that each row corrects, by row, and what is wrong with the rows that name one."""
    lines: dict[int, LoggedLine] = {}
    problems: list[tuple[int, Problem]] = []
    first: dict[str, int] = {}
    for row in rows:
        text = row.cells.get(ADDED, "")
        if not text:
            problems += [(row.number, problem) for problem in _late_problems(row)]
            continue
        named = _NAME.fullmatch(text)
        line = find(int(named[1]), int(named[2])) if named else Problem(f"`corrects` is `{text}`", "write POSITION:LINE as `tranche events` lists them")
        if isinstance(line, Problem):
            problems.append((row.number, line))
        elif text in first:
            remedy = "keep one row; what is new needs no `corrects`"
            problems.append((row.number, Problem(f"line {text} is corrected twice, first in row {first[text]}", remedy)))
        else:
            lines[row.number], first[text] = line, row.number
            problems += [(row.number, problem) for problem in _moved_problems(row, line)]
    return lines, problems


def _late_problems(row: Row) -> Iterator[Problem]:
    for column in ("kind", "distribution_date"):
        if not row.cells.get(column):
            remedy = "a fact that came late says what it is and which period it belongs to"
            yield Problem(f"the row names neither a line in `corrects` nor a `{column}`", remedy)


def _moved_problems(row: Row, line: LoggedLine) -> Iterator[Problem]:
    """A line stays in its period: a fact of another one is taken back here and comes late there."""
    day = row.cells.get("distribution_date")
    if day and day != str(line.origin):
        remedy = f"leave the date blank; where the fact belongs to {day}, take the line back and add a row for {day} without `corrects`"
        yield Problem(f"line {line.name} belongs to {line.origin}, the row says {day}", remedy)


def _has_figures(row: Row) -> bool:
    return any(row.cells.get(column) for column in ("value", *FIGURES))


def _completed(row: Row, line: LoggedLine | None, terms_at: TermsAt) -> Row:
    """A row with the blank cells that its line knows."""
    if line is None:
        return row
    cells = {column: text for column, text in row.cells.items() if text and column != ADDED}
    same_kind = cells.get("kind", line.event.kind) == line.event.kind
    known = {"distribution_date": str(line.origin), "kind": line.event.kind}
    if same_kind and "subject" not in cells and "loan" not in cells:
        known |= _named(line.event, terms_at(line.origin))
    if same_kind and line.event.kind in REASONED:
        known["note"] = line.event.code or ""
    return Row(row.number, known | cells)


def _named(event: Event, terms: Terms) -> dict[str, str]:
    """What an event names, as the cells `subject` and `loan`."""
    subject, deal = event.subject or "", terms.deal
    pool, slash, loan = subject.partition("/")
    if deal.pools and slash:
        return {"subject": pool, "loan": loan}
    is_other = deal.pools or subject in deal.accounts or (event.kind in FACTS and event.kind not in LOAN_FACTS)
    return {"subject": subject} if is_other else {"loan": subject}


def _text(rows: Sequence[Row]) -> bytes:
    """The rows as a remittance file, each in its own line, so that a problem is found where it stands."""
    by_number = {row.number: row for row in rows}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(READ)
    for number in range(2, max(by_number) + 1):
        if number in by_number:
            writer.writerow([by_number[number].cells.get(column, "") for column in READ])
        else:
            text.write("\n")
    return text.getvalue().encode()
