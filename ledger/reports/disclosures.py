"""What a statement lists beside its figures, as tables and as JSON: accrual periods, figures by step, credit support, tests, corrections."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from ledger.core.figure import Figure
from ledger.core.money import Money, format_exact, format_money
from ledger.core.statement import Statement
from ledger.reports.cells import cell, money, number, words
from ledger.reports.layout import Cell, Table

SHARES: Mapping[str, str] = {
    "share_of_classes": "of all classes", "share_of_pool": "of the pool", "original_credit_support": "support, original",
    "opening_credit_support": "support, opening", "credit_support": "support, closing",
}  # fmt: skip
PERCENT_PLACES = 6
PRINCIPAL: Mapping[str, str] = {"principal_paid": "principal", "accreted": "accreted", "realized_loss": "loss", "written_up": "write-up"}
MOVEMENTS: Mapping[str, str] = {"deposits": "deposits", "draws": "draws"}


def accrual_periods(statement: Statement) -> Table:
    """Over which days each class and fee accrued, and the rates that were reported for it."""
    rows = [
        [
            *words(accrual.subject), *(Cell(f"{day}", day) for day in (accrual.begin, accrual.end)),
            *(number(Fraction(days), 0) for days in (accrual.days, accrual.days_30_360)),
            *words(accrual.day_count, ", ".join(rate.name for rate in accrual.rates)),
            *words(", ".join(f"{format_exact(rate.value * 100)}%" for rate in accrual.rates)),
        ]
        for accrual in statement.accruals
    ]  # fmt: skip
    headers = ["", "from", "to, not counted", "days", "of 30/360", "day count", "reported rate", "value"]
    return Table("accruals", "Accrual periods", headers, rows, left={0, 1, 2, 5, 6})


def principal_by_step(statement: Statement) -> Table:
    return _by_step(statement, "principal", "Principal and loss by step", "class", PRINCIPAL)


def movements(statement: Statement) -> Table:
    return _by_step(statement, "movements", "Deposits and draws by step", "account", MOVEMENTS)


def _by_step(statement: Statement, key: str, title: str, subject: str, items: Mapping[str, str]) -> Table:
    """A row for each step of each subject, and a column for each item that any step moved."""
    lines: dict[tuple[str, int | None, str], dict[str, Money]] = {}
    for line in statement.by_step:
        if line.item in items:
            lines.setdefault((line.subject, line.number, line.label), {})[line.item] = line.amount
    columns = [item for item in items if any(item in moved for moved in lines.values())]
    rows = [
        [*words(name, number, label.replace("_", " ") if number is None else label),
         *(money(statement, moved[item]) if item in moved else Cell("") for item in columns)]
        for (name, number, label), moved in lines.items()
    ]  # fmt: skip
    return Table(key, title, [subject, "step", "what", *(items[item] for item in columns)], rows, left={0, 2})


def credit_support(statement: Statement) -> Table:
    """Each class's part of all classes and of the pool, and the part of them that bears losses before it; what the pool holds beyond them below."""
    classes = {name: items for name, items in statement.sections.get("classes", {}).items() if any(item in items for item in SHARES)}
    columns = [item for item in SHARES if any(item in items for items in classes.values())]
    rows = [[*words(name), *(_share(items.get(item)) for item in columns)] for name, items in classes.items()]
    return Table("credit", "Closing shares and credit support", ["class", *(SHARES[item] for item in columns)], rows)


def overcollateralization(statement: Statement) -> Table:
    found = statement.sections.get("credit", {}).get("pool", {})
    rows = [[*words(item.replace("_", " ")), cell(statement, item, figure)] for item, figure in found.items()]
    return Table("overcollateralization", "Pool beyond the classes", ["", ""], rows)


def _share(figure: Figure | None) -> Cell:
    return number(Fraction(figure.value), PERCENT_PLACES, percent=True) if figure is not None and not isinstance(figure.value, date) else Cell("")


def disclosures(statement: Statement) -> Iterator[Table]:
    """The tests and what was corrected."""
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


def values(statement: Statement) -> dict[str, Any]:
    """The lists as JSON holds them."""

    def said(figure: Figure | None) -> str | bool | None:
        return None if figure is None else bool(figure.value) if figure.kind == "flag" else statement.text(figure)

    return {
        "key_dates": {name: str(day) for name, day in statement.key_dates.items()},
        "accruals": [
            {
                "subject": item.subject, "begin": str(item.begin), "end": str(item.end), "days": item.days, "days_30_360": item.days_30_360,
                "day_count": item.day_count,
                "rates": [{"name": rate.name, "index": rate.index or None, "value": format_exact(rate.value)} for rate in item.rates],
            }
            for item in statement.accruals
        ],
        "by_step": [
            {
                "subject": line.subject, "item": line.item, "step": line.number, "label": line.label,
                "amount": format_money(line.amount, statement.scale, thousands=False),
            }
            for line in statement.by_step
        ],
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
