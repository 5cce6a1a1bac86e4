"""The columns of a listing of loans: what each is called, what sort of value it holds, and how it is read from a loan's row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from fractions import Fraction
from typing import Literal, NamedTuple

from ledger.core.loan_ledger import LoanRow

Sort = Literal["text", "status", "money", "number", "rate", "date"]
Value = str | int | Fraction | date | None
"""Money in units at carry scale; None is "not known"."""


class LoanColumn(NamedTuple):
    """A column; `short` is another name for it in a condition."""

    sort: Sort
    read: Callable[[LoanRow], Value]
    short: str = ""


COLUMNS: Mapping[str, LoanColumn] = {
    "loan": LoanColumn("text", lambda row: row.loan.removeprefix(f"{row.pool}/")),
    "pool": LoanColumn("text", lambda row: row.pool),
    "status": LoanColumn("status", lambda row: row.status),
    "opening_balance": LoanColumn("money", lambda row: row.opening_balance, "opening"),
    "scheduled_principal": LoanColumn("money", lambda row: row.scheduled_principal),
    "curtailment": LoanColumn("money", lambda row: row.curtailment),
    "payoff": LoanColumn("money", lambda row: row.payoff),
    "prepayment": LoanColumn("money", lambda row: row.prepayment),
    "other_principal": LoanColumn("money", lambda row: row.other_principal),
    "principal": LoanColumn("money", lambda row: row.principal),
    "loss": LoanColumn("money", lambda row: row.loss),
    "adjustment": LoanColumn("money", lambda row: row.adjustment),
    "closing_balance": LoanColumn("money", lambda row: row.closing_balance, "balance"),
    "interest": LoanColumn("money", lambda row: row.interest),
    "fee": LoanColumn("money", lambda row: row.fee),
    "recovery": LoanColumn("money", lambda row: row.recovery),
    "rate": LoanColumn("rate", lambda row: None if row.rate is None else Fraction(row.rate)),
    "days_past_due": LoanColumn("number", lambda row: row.days_past_due, "days"),
    "paid_to": LoanColumn("date", lambda row: row.paid_to),
    "maturity": LoanColumn("date", lambda row: row.maturity),
    "cumulative_loss": LoanColumn("money", lambda row: row.cumulative_loss),
    "cumulative_recovery": LoanColumn("money", lambda row: row.cumulative_recovery),
}
"""In the order of a listing: opening less scheduled, curtailed, paid off and other principal and loss, with the adjustment, is closing."""
BY_SHORT: Mapping[str, str] = {column.short: name for name, column in COLUMNS.items() if column.short}
