"""A statement as CSV: a row for each figure, in the shape of a published.csv, so that a statement reconciles against itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from ledger.core.statement import Statement
from ledger.reports import csv_text

HEADER = ("distribution_date", "subject", "item", "amount")


def to_csv(statement: Statement) -> bytes:
    """Rows by section and subject. `distribution_date` is the period's key, its scheduled date; amounts are plain, with all their places.

    A figure that was corrected since has two more rows, its item with `_adjustments` and with `_restated`.
    """
    return csv_text.write(HEADER, _rows(statement, statement.dates["scheduled"]))


def _rows(statement: Statement, day: date) -> Iterator[tuple[object, ...]]:
    for subjects in statement.sections.values():
        for subject, items in subjects.items():
            yield from ((day, subject, item, statement.text(figure)) for item, figure in items.items())
    for changed in statement.revision.restated.values():
        for subject, restated in changed.items():
            for item, found in restated.items():
                yield day, subject, f"{item}_adjustments", statement.text(found.adjustment)
                yield day, subject, f"{item}_restated", statement.text(found.restated)
