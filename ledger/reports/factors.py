"""The factor file of a statement: what a paying agent sends a depository before the payment, a row for each class."""

from __future__ import annotations

from ledger.core.money import format_exact
from ledger.core.statement import Items, Statement
from ledger.reports import csv_text

HEADER = ("cusip", "class", "payment_date", "principal_per_1000", "interest_per_1000", "factor", "next_rate", "version")


def to_factors(statement: Statement) -> bytes:
    """Rows in the order of the deal file, of the classes that have a balance.

    Amounts per 1,000 of original balance and the factor have the places that the deal states; multiplied by the face that somebody holds they give what
    that holder is paid, so their rounding is part of the contract. `next_rate` is blank where the next period fixes it. `version` is 2 and up where the
    period was reopened: the row takes the place of the earlier one.
    """
    classes = statement.sections.get("classes", {}).items()
    shown = ((name, items) for name, items in classes if "factor" in items and statement.label(name, "kind") != "reference")
    return csv_text.write(HEADER, (_row(statement, name, items) for name, items in shown))


def _row(statement: Statement, name: str, items: Items) -> list[str]:
    shown = [statement.text(items[item]) if item in items else "" for item in ("principal_per_1000", "interest_per_1000", "factor")]
    next_rate = format_exact(statement.exact(items["next_rate"])) if "next_rate" in items else ""
    return [statement.label(name, "cusip"), name, f"{statement.dates['distribution']}", *shown, next_rate, f"{statement.revision.version}"]
