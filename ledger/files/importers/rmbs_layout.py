"""The Standard File Layout of master servicing, an exhibit of residential trusts' servicing agreements: a row for each loan and cycle, with a header or not.

A file says nothing of its basis, which decides what the trust receives, and nothing of its month: three formats read it, and `--period` names the month.

- scheduled/scheduled: the servicer advances. Scheduled principal and interest are passed on, whether borrowers paid or not; balances are the scheduled ones.
- scheduled/actual: interest is advanced, principal is not. Scheduled interest is passed on, and the principal that was collected; balances are the actual ones.
- actual/actual: nothing is advanced. Principal and interest are passed on as collected; balances are the actual ones.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from ledger.core.daycount import months_before
from ledger.core.loan_months import LoanMonth
from ledger.files.importers.mapping import Field, Importer, codes, month_day_year, per_cent, text
from ledger.files.importers.records import either, positional_records, table_records

COLUMNS = (
    "SER_INVESTOR_NBR", "LOAN_NBR", "SERVICER_LOAN_NBR", "BORROWER_NAME", "SCHED_PAY_AMT", "NOTE_INT_RATE", "NET_INT_RATE", "SERV_FEE_RATE", "SERV_FEE_AMT",
    "NEW_PAY_AMT", "NEW_LOAN_RATE", "ARM_INDEX_RATE", "ACTL_BEG_PRIN_BAL", "ACTL_END_PRIN_BAL", "BORR_NEXT_PAY_DUE_DATE",
    "SERV_CURT_AMT_1", "SERV_CURT_DATE_1", "CURT_ADJ_AMT_1", "SERV_CURT_AMT_2", "SERV_CURT_DATE_2", "CURT_ADJ_AMT_2",
    "SERV_CURT_AMT_3", "SERV_CURT_DATE_3", "CURT_ADJ_AMT_3", "PIF_AMT", "PIF_DATE", "ACTION_CODE", "INT_ADJ_AMT", "SOLDIER_SAILOR_ADJ_AMT",
    "NON_ADV_LOAN_AMT", "LOAN_LOSS_AMT", "SCHED_BEG_PRIN_BAL", "SCHED_END_PRIN_BAL", "SCHED_PRIN_AMT", "SCHED_NET_INT", "ACTL_PRIN_AMT", "ACTL_NET_INT",
    "PREPAY_PENALTY_AMT", "PREPAY_PENALTY_WAIVED", "MOD_DATE", "MOD_TYPE", "DELINQ_P&I_ADVANCE_AMT",
)  # fmt: skip
"""In the order of the exhibit, which is that of a file without a header."""
ACTIONS = {"60": "paid_off", "63": "repurchased", "65": "repurchased", "15": None, "30": None, "70": None, "0": None, "00": None}
"""Paid in full, substitution, repurchase; bankruptcy, foreclosure and an owned property leave the loan in the pool."""
STATES = {"15": "bankruptcy", "30": "foreclosure", "70": "reo"}
DAY = month_day_year("/")
LEAST_RATE = Decimal("0.001")


def _note_rate(value: str) -> str:
    """A rate in per cent; a fraction of one would be taken for a hundredth of what it is."""
    digits = per_cent(value)
    if 0 < Decimal(digits) < LEAST_RATE:
        raise ValueError("is below a tenth of a per cent; write the rate in per cent, as 6.25")
    return digits


SHARED = (
    Field("loan", "LOAN_NBR", text),
    Field("loan", "SERVICER_LOAN_NBR", text),
    Field("rate", "NOTE_INT_RATE", _note_rate),
    Field("fee", "SERV_FEE_AMT"),
    Field("interest", "SERV_FEE_AMT"),  # net interest and the fee are what was paid on the note
    *(Field("unscheduled_principal", f"SERV_CURT_AMT_{number}") for number in (1, 2, 3)),
    Field("unscheduled_principal", "PIF_AMT"),
    Field("next_due", "BORR_NEXT_PAY_DUE_DATE", DAY),
    Field("end", "ACTION_CODE", codes(ACTIONS)),
    Field("state", "ACTION_CODE", codes(STATES, others="absent")),
    Field("loss", "LOAN_LOSS_AMT"),
    Field("prepayment_premium", "PREPAY_PENALTY_AMT"),
)
SCHEDULED_BALANCES = (Field("opening_balance", "SCHED_BEG_PRIN_BAL"), Field("closing_balance", "SCHED_END_PRIN_BAL"))
ACTUAL_BALANCES = (Field("opening_balance", "ACTL_BEG_PRIN_BAL"), Field("closing_balance", "ACTL_END_PRIN_BAL"))
SCHEDULED_INTEREST = (
    Field("interest", "SCHED_NET_INT"),
    Field("interest", "INT_ADJ_AMT"),
    *(Field("interest", f"CURT_ADJ_AMT_{number}") for number in (1, 2, 3)),
    Field("interest", "SOLDIER_SAILOR_ADJ_AMT", sign=-1),  # interest that a law forgives
    Field("interest", "NON_ADV_LOAN_AMT", sign=-1),  # what is not advanced does not come; the scheduled balance falls all the same
)
ACTUAL_INTEREST = (Field("interest", "ACTL_NET_INT"),)  # what came, with whatever lessened it
SCHEDULED_PRINCIPAL = (Field("scheduled_principal", "SCHED_PRIN_AMT"),)
ACTUAL_PRINCIPAL = (Field("principal", "ACTL_PRIN_AMT"),)


def _completed(balances: tuple[Field, Field]) -> Callable[[LoanMonth], LoanMonth]:
    opening, closing = (field.column for field in balances)

    def completed(said: LoanMonth) -> LoanMonth:
        """A row with the parts of its principal, and the end that its loss makes of it. Raises ValueError where a balance of its basis is missing."""
        if (said.opening_balance is None) != (said.closing_balance is None):
            raise ValueError(f"states no {opening if said.opening_balance is None else closing}; read the file by its basis, or ask for both balances")
        if said.principal is not None:  # all that was collected, prepayments among it
            said = said._replace(scheduled_principal=said.principal - (said.unscheduled_principal or 0))
        if (said.loss or 0) > 0 and not said.closing_balance:
            said = said._replace(end="liquidated")
        return said if said.next_due is None else said._replace(paid_through=months_before(said.next_due, 1))

    return completed


def _has_header(head: bytes) -> bool:
    """Whether the first line, as far as it is looked at, names columns."""
    return not {column.encode() for column in COLUMNS}.isdisjoint(head.partition(b"\n")[0].split(b","))


def _importer(basis: str, balances: tuple[Field, Field], principal: tuple[Field, ...], interest: tuple[Field, ...]) -> Importer:
    fields = (*SHARED, *balances, *principal, *interest)
    without = positional_records({len(COLUMNS): COLUMNS}, title="loan of the Standard File Layout")
    return Importer(
        name=f"rmbs-{basis}",
        title=f"RMBS Standard File Layout, remitted {basis.replace('-', '/')}: CSV, with a header or without",
        records=either((_has_header, table_records()), (lambda _head: True, without)),
        deal="SER_INVESTOR_NBR",
        fields=fields,
        completed=_completed(balances),
        # The other basis, new terms, days on which something happened, rates of the fees that are stated, and advances, which scheduled amounts contain.
        # Names of borrowers are not read.
        ignored=frozenset(COLUMNS) - {field.column for field in fields} - {"SER_INVESTOR_NBR"},
    )


RMBS_LAYOUTS = (
    _importer("scheduled-scheduled", SCHEDULED_BALANCES, SCHEDULED_PRINCIPAL, SCHEDULED_INTEREST),
    _importer("scheduled-actual", ACTUAL_BALANCES, ACTUAL_PRINCIPAL, SCHEDULED_INTEREST),
    _importer("actual-actual", ACTUAL_BALANCES, ACTUAL_PRINCIPAL, ACTUAL_INTEREST),
)
