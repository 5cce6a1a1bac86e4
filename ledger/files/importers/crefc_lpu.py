"""CREFC Investor Reporting Package, Loan Periodic Update: 150 columns without a header, as CSV or as a workbook; a row for each loan of a CMBS trust.

Balances, interest and principal are the scheduled ones, which the servicer advances. A loss, and the proceeds and expenses it is made of, are repeated in
every later file. Columns are named by their positions, L1 to L150.
"""

from __future__ import annotations

from collections.abc import Callable

from ledger.core.loan_months import LoanMonth
from ledger.files import cells
from ledger.files.importers.absee_cmbs import DAYS, ENDS
from ledger.files.importers.mapping import Field, Importer, codes, text, year_month_day
from ledger.files.importers.records import either, is_workbook, positional_records, sheet_records

WIDTH = 150
NAMES = {
    1: "transaction id", 3: "loan id", 4: "prospectus loan id", 5: "distribution date", 6: "beginning scheduled balance", 7: "ending scheduled balance",
    8: "paid-through date", 10: "note rate", 11: "maturity date", 12: "servicer and trustee fee rate", 13: "strip rate 1", 14: "strip rate 2",
    15: "strip rate 3", 16: "strip rate 4", 17: "strip rate 5", 18: "net rate", 23: "scheduled interest", 24: "scheduled principal",
    25: "total scheduled due", 26: "negative amortization", 27: "unscheduled principal", 28: "other principal adjustments",
    29: "liquidation or prepayment date", 30: "prepayment premium", 31: "prepayment interest excess or shortfall", 32: "liquidation or prepayment code",
    33: "ASER", 35: "cumulative ASER", 36: "actual balance", 37: "principal and interest advances", 38: "taxes and insurance advances",
    39: "other advances", 40: "payment status", 41: "bankruptcy", 42: "foreclosure date", 43: "REO date", 44: "bankruptcy date",
    45: "net liquidation proceeds", 46: "liquidation expense", 47: "realized loss", 104: "reserve balance", 106: "special servicing fee",
    119: "principal adjustment after the loss", 121: "cumulative adjustments after the loss", 132: "other adjustment after the loss",
}  # fmt: skip
"""What positions hold, of those that are known; the others are no figures of a month's cash."""
COLUMNS = tuple(f"L{position} {NAMES[position]}" if position in NAMES else f"L{position}" for position in range(1, WIDTH + 1))


def column(position: int) -> str:
    """The name of the column at a position, counted from 1."""
    return COLUMNS[position - 1]


def _dated(state: str) -> Callable[[str], str]:
    """The state of a loan whose row has a date of it."""

    def parse(value: str) -> str:
        year_month_day(value)
        return state

    return parse


def _completed(said: LoanMonth) -> LoanMonth:
    """Of a liquidation, unscheduled principal is what its net proceeds leave after the expenses: the same money, where both are stated."""
    if said.proceeds and not said.closing_balance:
        return said._replace(unscheduled_principal=0)
    return said


def _recognizes(head: bytes) -> bool:
    """The first line has the width, and a date where the distribution's stands."""
    fields = head.partition(b"\n")[0].split(b",")
    return len(fields) == WIDTH and len(fields[4]) == len("20240130") and fields[4].isdigit()


FIELDS = (
    Field("loan", column(4), text),
    Field("loan", column(3), text),
    Field("period_end", column(5), year_month_day),
    Field("opening_balance", column(6)),
    Field("closing_balance", column(7)),
    Field("paid_through", column(8), year_month_day),
    Field("rate", column(10), cells.rate),
    Field("net_rate", column(18), cells.rate),
    Field("maturity", column(11), year_month_day),
    Field("interest", column(23)),
    Field("scheduled_principal", column(24)),
    Field("capitalized_interest", column(26)),
    Field("unscheduled_principal", column(27)),
    Field("adjustment", column(28), sign=-1),
    Field("end", column(32), codes(ENDS, others="absent")),
    Field("delinquency", column(40), codes(DAYS)),
    Field("state", column(43), _dated("reo")),
    Field("state", column(42), _dated("foreclosure")),
    Field("state", column(41), codes({"Y": "bankruptcy"}, others="absent")),
    Field("proceeds", column(45)),
    Field("expense", column(46)),
    Field("realized_loss", column(47)),
    Field("recovery", column(119)),
    Field("recovery", column(132)),
    Field("prepayment_premium", column(30)),
)

CREFC_LPU = Importer(
    name="crefc-lpu",
    title="CREFC Loan Periodic Update: 150 columns without a header, CSV or XLSX",
    records=either((is_workbook, sheet_records(COLUMNS)), (lambda _head: True, positional_records({WIDTH: COLUMNS}, title="loan of a Loan Periodic Update"))),
    recognizes=_recognizes,
    dated="distribution",
    deal=column(1),
    fields=FIELDS,
    completed=_completed,
    # Rates that the net rate sums up, sums of columns that are read, advances outstanding, and what a trust's documents treat in their own way:
    # interest shortfalls and fees, which come beside the file as reported values. The rest describes properties, their income and the loan's history.
    ignored=frozenset(COLUMNS) - {field.column for field in FIELDS} - {column(1)},
)
