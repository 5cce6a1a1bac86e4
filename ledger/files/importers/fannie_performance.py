"""Fannie Mae, loan performance of single-family loans and of CAS deals: pipes between fields, no header, 108 fields and, by release, up to 113.

A row states the balance after the month. The files of CAS deals state principal, scheduled and in total; in the others it is what the balance fell by. No
interest is stated, and none is booked. Principal that was forgiven or written off is stated as it adds up.
"""

from __future__ import annotations

import re

from ledger.core.loan_months import LoanMonth
from ledger.files.importers.freddie_performance import months_past_due, repurchased
from ledger.files.importers.mapping import Field, Importer, codes, end_of_month, first_of_month, per_cent, text
from ledger.files.importers.records import positional_records

COLUMNS = (
    "reference pool id", "loan identifier", "monthly reporting period", "channel", "seller name", "servicer name", "master servicer",
    "original interest rate", "current interest rate", "original UPB", "UPB at issuance", "current actual UPB", "original loan term", "origination date",
    "first payment date", "loan age", "remaining months to legal maturity", "remaining months to maturity", "maturity date",
    *(f"column {position}" for position in range(20, 40)),  # credit and property
    "current loan delinquency status", "loan payment history", "modification flag", "mortgage insurance cancellation indicator", "zero balance code",
    "zero balance effective date", "UPB at the time of removal", "repurchase date", "scheduled principal current", "total principal current",
    "unscheduled principal current", "last paid installment date", "foreclosure date", "disposition date", "foreclosure costs",
    "property preservation and repair costs", "asset recovery costs", "miscellaneous holding expenses and credits", "associated taxes for holding property",
    "net sales proceeds", "credit enhancement proceeds", "repurchase make whole proceeds", "other foreclosure proceeds",
    "modification-related non-interest-bearing UPB", "principal forgiveness amount",
    *(f"column {position}" for position in range(65, 75)),  # list prices, scores, mortgage insurance, servicing
    "current period modification loss", "cumulative modification loss", "current period credit event net gain or loss",
    "cumulative credit event net gain or loss", "special eligibility program", "foreclosure principal write-off amount", "relocation mortgage indicator",
    "zero balance code change date", "loan holdback indicator", "loan holdback effective date", "delinquent accrued interest",
    *(f"column {position}" for position in range(86, 102)),  # adjustable rates
    "borrower assistance plan", "high loan to value refinance option", "deal name", "repurchase make whole proceeds flag",
    "alternative delinquency resolution", "alternative delinquency resolution count", "total deferral amount", "payment deferral modification event",
    "interest-bearing UPB", "column 111", "column 112", "column 113",
)  # fmt: skip
LEAST, MOST = 108, 113
ENDS = {
    "01": "paid_off", "02": "liquidated", "03": "liquidated", "06": "repurchased", "09": "liquidated", "15": "liquidated", "16": "repurchased",
    "96": "repurchased", "97": "charged_off", "98": "charged_off",
}  # fmt: skip
"""Prepaid or matured, third-party sale, short sale, repurchase, deed in lieu or disposition of the property, sale of the note, sale of a loan that performs
again, removal for another reason. 97 and 98 are credit events of CAS deals up to 2015-C03, of a loan 180 days past due and others: the whole balance leaves the
reference pool, and the deal's terms say which share of it the notes bear."""
YEAR, MONTH = slice(2, 6), slice(0, 2)


def _acquired(value: str) -> str:
    """That the property is owned, by the month in which it was acquired."""
    first_of_month(YEAR, MONTH)(value)
    return "reo"


def _completed(said: LoanMonth) -> LoanMonth:
    """What was written off while the loan went on is known; the loss of a liquidation is what is left with the costs, less what came."""
    if said.end == "charged_off":
        # Whatever principal says then is the balance that left the pool: nothing was collected.
        said = said._replace(principal=None, scheduled_principal=None, unscheduled_principal=None)
    if said.end == "liquidated":
        if said.proceeds is None:
            remedy = "read a release of the file that has its figures, or leave the row out and remit the loan in a canonical file"
            raise ValueError(f"is liquidated, and no proceeds are stated; {remedy}")
        said = said._replace(realized_loss=None)
    return said if said.closing_balance is not None or said.end is None else said._replace(closing_balance=0)


FIELDS = (
    Field("loan", "loan identifier", text),
    Field("period_end", "monthly reporting period", end_of_month(YEAR, MONTH)),
    Field("rate", "current interest rate", per_cent),
    Field("closing_balance", "current actual UPB"),
    Field("maturity", "maturity date", first_of_month(YEAR, MONTH)),
    Field("delinquency", "current loan delinquency status", months_past_due(("XX",))),
    Field("end", "repurchase date", repurchased(first_of_month(YEAR, MONTH))),
    Field("end", "zero balance code", codes(ENDS)),
    Field("scheduled_principal", "scheduled principal current"),
    Field("principal", "total principal current"),
    Field("unscheduled_principal", "unscheduled principal current"),
    Field("paid_through", "last paid installment date", first_of_month(YEAR, MONTH)),
    Field("state", "foreclosure date", _acquired),
    Field("expense", "foreclosure costs"),
    Field("expense", "property preservation and repair costs"),
    Field("expense", "asset recovery costs"),
    Field("expense", "miscellaneous holding expenses and credits"),
    Field("expense", "associated taxes for holding property"),
    Field("expense", "delinquent accrued interest"),
    Field("proceeds", "net sales proceeds"),
    Field("proceeds", "credit enhancement proceeds"),
    Field("proceeds", "repurchase make whole proceeds"),
    Field("proceeds", "other foreclosure proceeds"),
    Field("realized_loss", "principal forgiveness amount"),
    Field("realized_loss", "foreclosure principal write-off amount"),
)


def _recognizes(head: bytes) -> bool:
    """The first line has a width of the format, and a loan and a month where they stand."""
    first = head.partition(b"\n")[0]
    return LEAST <= first.count(b"|") + 1 <= MOST and re.match(rb"[^|]*\|[0-9]+\|(0[1-9]|1[0-2])(19|20)[0-9]{2}\|", first) is not None


FANNIE_PERFORMANCE = Importer(
    name="fannie-performance",
    title="Fannie Mae loan performance and CAS: 108 to 113 fields between pipes, without a header",
    records=positional_records({width: COLUMNS[:width] for width in range(LEAST, MOST + 1)}, delimiter="|", title="loan month"),
    recognizes=_recognizes,
    deal="deal name",
    fields=FIELDS,
    completed=_completed,
    # Terms at origination, scores, flags and histories; the balance at removal, which the books know; gains and losses that a CAS deal's terms work out.
    ignored=frozenset(COLUMNS) - {field.column for field in FIELDS} - {"deal name"},
)
