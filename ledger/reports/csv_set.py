"""A statement as a set of CSV files: a row for each class, fee, account and pool, a column for each of its items, and the lists. No figure is rounded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ledger.core.loans import LoanLoss, Modification
from ledger.core.money import Money, format_money
from ledger.core.statement import Statement
from ledger.reports import csv_text
from ledger.reports.csv import to_csv

SUBJECTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "classes": ("class", ("title", "cusip", "isin")),
    "fees": ("fee", ("title",)),
    "accounts": ("account", ()),
    "pools": ("pool", ()),
}
"""Sections with a file each: what the column of their subjects is called, and which labels stand beside it."""
FIRST = ("deal", "distribution_date")
"""What every row begins with; the date is the period's key, its scheduled date, as in a published file."""

CHANGES = ("old_rate", "new_rate", "old_maturity", "new_maturity", "modification")
"""What stands of a modification: the terms before it, those after it (empty where they stay), and the servicer's word for it."""


def to_csv_set(statement: Statement) -> dict[str, bytes]:
    """Each file's bytes by its name. No file is ever left out: one that the deal has nothing for has its header alone."""
    return {
        **{f"{section}.csv": _subjects(statement, section, word, labels) for section, (word, labels) in SUBJECTS.items()},
        "loans.csv": _loans(statement),
        "flow_of_funds.csv": _flow(statement),
        "adjustments.csv": _adjustments(statement),
        "figures.csv": to_csv(statement),
    }


def _subjects(statement: Statement, section: str, word: str, labels: tuple[str, ...]) -> bytes:
    """The subjects of a section; an item that one of them does not have is an empty cell."""
    subjects = statement.sections.get(section, {})
    items = list(dict.fromkeys(item for found in subjects.values() for item in found))
    rows = (
        [
            name,
            *(statement.labels.get(name, {}).get(label) for label in labels),
            *(statement.text(found[item]) if item in found else None for item in items),
        ]
        for name, found in subjects.items()
    )
    return _file(statement, (word, *labels, *items), rows)


def _loans(statement: Statement) -> bytes:
    """The loans that something happened to: what was lost on them, and how their terms changed; a loan of both lists has one row."""
    losses, changes = {loss.loan: loss for loss in statement.losses}, {change.loan: change for change in statement.modifications}
    rows = ([loan, *_lost(statement, losses.get(loan)), *_changed(changes.get(loan))] for loan in dict.fromkeys([*losses, *changes]))
    return _file(statement, ("loan", *LoanLoss._fields[1:], *CHANGES), rows)


def _lost(statement: Statement, loss: LoanLoss | None) -> list[str | None]:
    return [None] * (len(LoanLoss._fields) - 1) if loss is None else [_money(statement, amount) for amount in loss[1:]]


def _changed(change: Modification | None) -> list[object]:
    return [None] * len(CHANGES) if change is None else [change.old.rate, change.new.rate, change.old.maturity, change.new.maturity, change.code]


def _flow(statement: Statement) -> bytes:
    rows = (
        (line.number, line.label, line.source, line.payee, _money(statement, line.amount), _money(statement, line.left)) for line in statement.flow_of_funds
    )
    return _file(statement, ("step", "label", "from", "to", "amount", "left"), rows)


def _adjustments(statement: Statement) -> bytes:
    rows = ((item.subject, item.origin, _money(statement, item.amount)) for item in statement.adjustments)
    return _file(statement, ("subject", "of_period", "amount"), rows)


def _file(statement: Statement, header: tuple[str, ...], rows: Iterable[Iterable[object]]) -> bytes:
    first = (statement.deal, statement.dates["scheduled"])
    return csv_text.write((*FIRST, *header), ([*first, *row] for row in rows))


def _money(statement: Statement, amount: Money | None) -> str | None:
    return None if amount is None else format_money(amount, statement.scale, thousands=False)
