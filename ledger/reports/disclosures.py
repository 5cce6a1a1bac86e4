"""What a statement lists beside its figures, as tables and as JSON: tests with both sides, and corrections since the last distribution."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ledger.core.figure import Figure
from ledger.core.statement import Statement
from ledger.reports.cells import cell, words
from ledger.reports.layout import Table


def disclosures(statement: Statement) -> Iterator[Table]:
    yield _tests(statement)
    yield _corrections(statement)


def _tests(statement: Statement) -> Table:
    rows = [
        [
            *words(test.trigger, test.comparison), cell(statement, "", test.actual), *words(test.operator), cell(statement, "", test.threshold),
            *words("failed" if test.failed else "passed"),
        ]
        for test in statement.tests
    ]  # fmt: skip
    closing = ", ".join(dict.fromkeys(test.trigger for test in statement.tests if test.tested == "closing"))
    note = f"Tested at the close, for the next period: {closing}" if closing else ""
    return Table("tests", "Tests of triggers", ["trigger", "fails when", "actual", "", "threshold", "result"], rows, left={0, 1, 3, 5}, note=note)


def _corrections(statement: Statement) -> Table:
    rows = [
        words(item.position, item.recorded_at[:10], item.treatment, ", ".join(map(str, item.periods)), item.reason, item.actor)
        for item in statement.corrections
    ]  # fmt: skip
    headers = ["position", "recorded", "treatment", "of period", "reason", "by"]
    return Table("corrections", "Corrections since the previous distribution", headers, rows, left={1, 2, 3, 4, 5})


def values(statement: Statement) -> dict[str, list[dict[str, Any]]]:
    """The lists as JSON holds them."""

    def said(figure: Figure | None) -> str | bool | None:
        return None if figure is None else bool(figure.value) if figure.kind == "flag" else statement.text(figure)

    return {
        "tests": [
            {
                "trigger": test.trigger, "comparison": test.comparison, "actual": said(test.actual), "operator": test.operator or None,
                "threshold": said(test.threshold), "failed": test.failed, "tested": test.tested,
            }
            for test in statement.tests
        ],
        "corrections": [
            {
                "position": item.position, "recorded_at": item.recorded_at, "treatment": item.treatment, "of_periods": [str(day) for day in item.periods],
                "reason": item.reason, "actor": item.actor,
            }
            for item in statement.corrections
        ],
    }  # fmt: skip
