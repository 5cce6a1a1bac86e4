"""SEC ABS-EE, Exhibit 102 of a residential mortgage trust (Schedule AL, Item 1): actual balances, collected amounts, principal forgiven or charged off.

Neither the schema nor a filing was at hand. Certain are the namespace and the names for advances, modifications, charge-offs and payments past due; where
Item 1 asks what the items on auto loans and commercial mortgages ask too, an element is expected under the name that it has there, in every way that they
spell it. One of another name is listed as unknown in the report on the file, and nothing is dropped in silence.

Scheduled balances are not read, nor what the servicer advanced: a trust to which principal is advanced is remitted in another format. Elements that describe
the borrower or the property are not read; nor are fees, which a deal pays in its waterfall, as a rate of the pool.
"""

from __future__ import annotations

from ledger.core.loan_months import LoanMonth
from ledger.files import cells
from ledger.files.importers.absee_auto import DAY, ENDS
from ledger.files.importers.freddie_performance import months_past_due
from ledger.files.importers.mapping import Field, Importer, codes, rate, text
from ledger.files.importers.records import either, is_xml, table_records, xml_records

PERIODS = ("reportingPeriod", "reportPeriod")
"""How the names of what is said of the period begin: as for auto loans, or as, here and there, for commercial mortgages."""
CLOSING_BALANCES = ("reportingPeriodActualEndBalanceAmount", *(f"{period}EndActualBalanceAmount" for period in PERIODS))
"""Of auto loans, of commercial mortgages. A schema has one of them."""


def _completed(said: LoanMonth) -> LoanMonth:
    """What paid a loan in full is part of the principal that was collected, or stands where that is not stated. Raises ValueError without an ending balance."""
    if not said.opening_balance:
        # What ended a loan may stand in every later file; nothing is paid in full or forgiven of a loan that had no balance.
        return said._replace(unscheduled_principal=None, loss=None)
    if said.closing_balance is None and said.end is None:
        # Read as no balance, it would be a loan that was paid off.
        raise ValueError(f"states no {' or '.join(CLOSING_BALANCES)}; compare the names of the file's elements, or ask for the balance")
    principal = max(said.principal or 0, said.unscheduled_principal) if said.unscheduled_principal else said.principal
    return said._replace(principal=principal, unscheduled_principal=None)


ABSEE_RMBS = Importer(
    name="absee-rmbs",
    title="SEC ABS-EE, residential mortgages (EX-102 XML, or a table with its element names)",
    records=either((is_xml, xml_records("rmbs")), (lambda _head: True, table_records())),
    recognizes=lambda head: b"absee/rmbs/assetdata" in head,
    fields=(
        Field("loan", "assetNumber", text),
        *(Field("period_end", f"{period}{end}Date", DAY) for period in PERIODS for end in ("Ending", "End")),
        *(Field("opening_balance", f"{period}BeginningLoanBalanceAmount") for period in PERIODS),
        *(Field("closing_balance", balance) for balance in CLOSING_BALANCES),
        Field("principal", "actualPrincipalCollectedAmount"),
        Field("unscheduled_principal", "paidFullAmount"),
        Field("scheduled_principal", "scheduledPrincipalAmount"),
        Field("interest", "actualInterestCollectedAmount"),
        Field("adjustment", "otherPrincipalAdjustmentAmount"),
        Field("loss", "forgivenPrincipalReportingPeriodAmount"),
        Field("charge_off", "chargeOffPrincipalAmount"),
        Field("recovery", "recoveredAmount"),
        *(Field("rate", f"{period}InterestRatePercentage", rate) for period in PERIODS),
        Field("delinquency", "currentDelinquencyStatus", cells.days),
        Field("delinquency", "paymentPastDueNumber", months_past_due()),
        Field("paid_through", "interestPaidThroughDate", DAY),
        Field("end", "zeroBalanceCode", codes(ENDS, others="absent")),
    ),
    completed=_completed,
    ignored=frozenset(
        (
            # the loan and its terms
            "assetTypeNumber", "assetGroupNumber", "originatorName", "originationDate", "originalLoanAmount", "originalLoanTerm", "loanMaturityDate",
            "maturityDate", "originalAmortizationTermNumber", "originalInterestRatePercentage", "originalInterestRateTypeCode",
            "originalInterestOnlyTermNumber", "originalFirstPaymentDate", "underwritingIndicator", "gracePeriodNumber", "paymentTypeCode",
            "initialFixedRatePeriodHybridARMNumber", "HELOCDrawNumber", "assetAddedIndicator", "remainingTermToMaturityNumber",
            *(f"{period}{element}" for period in PERIODS for element in (
                "BeginningDate", "BeginDate", "ModificationIndicator", "BeginningScheduledLoanBalanceAmount", "BeginningScheduleLoanBalanceAmount",
                "EndScheduledLoanBalanceAmount", "ScheduledPaymentAmount",
            )),
            # what was due or collected besides, fees, and what the other elements contain
            "scheduledInterestAmount", "otherInterestAdjustmentAmount", "totalActualPaidAmount", "totalActualAmountPaid", "actualOtherCollectedAmount",
            "nextReportingPeriodPaymentAmountDue", "nextInterestRatePercentage", "servicingFeePercentage", "servicingFlatFeeAmount",
            "otherServicerFeeRetainedByServicer", "otherAssessedUncollectedServicerFeeAmount", "zeroBalanceEffectiveDate",
            "mostRecentTwelveMonthHistoryCode", "primaryLoanServicerName", "mostRecentServicingTransferReceivedDate",
            # advances, which the trust does not receive on top of collections
            "servicingAdvanceMethodCode",
            *(f"servicerAdvanced{kind}{of}Amount" for kind in ("", "Repaid", "Cumulative") for of in ("Principal", "Interest", "TaxesInsurance", "Corporate")),
            # new terms after a modification, and interest, of which only what is collected is booked
            "chargeOffInterestAmount", "forgivenInterestReportingPeriodAmount", "totalDeferredAmount", "totalCapAmount", "modificationTypeCode",
            "postModificationInterestPercentage", "postModificationPaymentAmount", "postModificationMaturityDate", "postModificationInterestResetNumber",
            "postModificationARMInterestRateTeaserNumber", "postModificationARMPaymentTeaserNumber", "postModificationARMPaymentRecastFrequency",
            # demands to repurchase
            "assetSubjectDemandIndicator", "assetSubjectDemandStatusCode", "repurchaseAmount", "demandResolutionDate", "repurchaserName",
            "repurchaseReplacementReasonCode",
        )
    ),
)  # fmt: skip
