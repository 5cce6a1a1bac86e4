"""A statement as CSV: a row for each figure, in the shape of a published.csv, so that a statement reconciles against itself."""

from __future__ import annotations

import csv
import io

from ledger.core.statement import Statement

HEADER = ("distribution_date", "subject", "item", "amount")


def to_csv(statement: Statement) -> bytes:
    """Rows by section and subject. `distribution_date` is the period's key, its scheduled date; amounts are plain, with all their places.

    A figure that was corrected since has two more rows, its item with `_adjustments` and with `_restated`.
    """
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(HEADER)
    for subjects in statement.sections.values():
        for subject, items in subjects.items():
            rows.writerows((statement.dates["scheduled"], subject, item, statement.text(figure)) for item, figure in items.items())
    for changed in statement.revision.restated.values():
        for subject, restated in changed.items():
            for item, found in restated.items():
                rows.writerow((statement.dates["scheduled"], subject, f"{item}_adjustments", statement.text(found.adjustment)))
                rows.writerow((statement.dates["scheduled"], subject, f"{item}_restated", statement.text(found.restated)))
    return text.getvalue().encode()
