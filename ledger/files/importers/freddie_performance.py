"""Freddie Mac, Single-Family Loan-Level Dataset, performance: pipes between fields and no header, of 32 fields, or of 35 from Release 47 on.

A row states the balance after the month, and no payment: principal is what the balance fell by, and no interest is booked. In a loan's first six months its
balance is rounded to thousands. A loss is negative, and so are expenses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ledger.core.loan_months import LoanMonth
from ledger.files import cells
from ledger.files.cells import Parse
from ledger.files.importers.mapping import Field, Importer, codes, end_of_month, first_of_month, per_cent, text
from ledger.files.importers.records import positional_records

COLUMNS = (
    "loan sequence number", "monthly reporting period", "current actual UPB", "current loan delinquency status", "loan age",
    "remaining months to legal maturity", "defect settlement date", "modification flag", "zero balance code", "zero balance effective date",
    "current interest rate", "current non-interest-bearing UPB", "due date of last paid installment", "MI recoveries", "net sales proceeds",
    "non-MI recoveries", "total expenses", "legal costs", "maintenance and preservation costs", "taxes and insurance", "miscellaneous expenses",
    "actual loss", "cumulative modification cost", "step modification flag", "payment deferral", "estimated loan-to-value", "zero balance removal UPB",
    "delinquent accrued interest", "delinquency due to disaster", "borrower assistance status code", "current month modification cost",
    "interest-bearing UPB", "MI cancellation indicator", "servicer name", "bankruptcy cramdown",
)  # fmt: skip
WIDTHS = (32, 35)
ENDS = {
    "01": "paid_off", "02": "liquidated", "03": "liquidated", "06": "repurchased", "09": "liquidated", "15": "liquidated", "16": "repurchased",
    "96": "repurchased",
}  # fmt: skip
"""Prepaid or matured, third-party sale, short sale or charge-off, repurchase, disposition of the property, sale of the note, securitization of a loan that
performs again, defect."""
YEAR, MONTH = slice(0, 4), slice(4, 6)


def months_past_due(unknown: Iterable[str] = ()) -> Parse:
    """Days past due by a number of months, which may have a zero before it or not; some words say nothing of them."""
    words = frozenset(unknown)

    def parse(value: str) -> int | None:
        if value in words:
            return None
        try:
            return cells.days(value) * 30
        except ValueError:
            raise ValueError(f"is not a number of months; write {' or '.join(('digits only', *sorted(words)))}") from None

    return parse


def repurchased(day: Parse) -> Parse:
    """That a loan was repurchased, by the day of it."""

    def parse(value: str) -> str:
        day(value)
        return "repurchased"

    return parse


def _completed(said: LoanMonth) -> LoanMonth:
    """A loan that ended has no balance, said or not; what a liquidation brought must be said. Raises ValueError."""
    if said.end is None:
        return said
    if said.end == "liquidated" and said.proceeds is None and said.realized_loss is None:
        remedy = "read a release of the file that has its figures, or leave the row out and remit the loan in a canonical file"
        raise ValueError(f"is liquidated, and neither proceeds nor loss are stated; {remedy}")
    return said if said.closing_balance is not None else said._replace(closing_balance=0)


FIELDS = (
    Field("loan", "loan sequence number", text),
    Field("period_end", "monthly reporting period", end_of_month(YEAR, MONTH)),
    Field("closing_balance", "current actual UPB"),
    Field("delinquency", "current loan delinquency status", months_past_due(("RA", "XX"))),
    Field("state", "current loan delinquency status", codes({"RA": "reo"}, others="absent")),
    Field("end", "defect settlement date", repurchased(first_of_month(YEAR, MONTH))),
    Field("end", "zero balance code", codes(ENDS)),
    Field("rate", "current interest rate", per_cent),
    Field("paid_through", "due date of last paid installment", first_of_month(YEAR, MONTH)),
    Field("proceeds", "MI recoveries"),
    Field("proceeds", "net sales proceeds", blanks=frozenset(("", "U", "C"))),
    Field("proceeds", "non-MI recoveries"),
    Field("expense", "total expenses", sign=-1),
    Field("expense", "delinquent accrued interest"),
    Field("realized_loss", "actual loss", sign=-1),
)

FREDDIE_PERFORMANCE = Importer(
    name="freddie-performance",
    title="Freddie Mac loan-level performance: 32 or 35 fields between pipes, without a header",
    records=positional_records({width: COLUMNS[:width] for width in WIDTHS}, delimiter="|", title="loan month"),
    recognizes=lambda head: re.match(rb"[FA][0-9]{2}Q[1-4][0-9]{7}\|[0-9]{6}\|", head) is not None,
    fields=FIELDS,
    completed=_completed,
    # The loan's age and term, flags, parts of what is read as a whole, and costs of modifications, which are no principal.
    ignored=frozenset(COLUMNS) - {field.column for field in FIELDS},
)
