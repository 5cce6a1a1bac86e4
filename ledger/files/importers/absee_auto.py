"""SEC ABS-EE, Exhibit 102 of an auto loan trust (Schedule AL, Item 3): collected amounts, a charge-off, recoveries and proceeds of repossession.

Loans that were charged off stay in every later file; loans that were paid off are shown once. Recoveries come on loans that ended, with either sign.
Elements that describe the vehicle or the obligor are not read; nor is the servicing fee, which a deal pays in its waterfall, as a rate of the pool.
The schema has 72 elements; some filings write one of them with a capital letter.
"""

from __future__ import annotations

from ledger.files import cells
from ledger.files.importers.mapping import Field, Importer, any_day, codes, month_day_year, rate, text
from ledger.files.importers.records import either, is_xml, table_records, xml_records

DAY = any_day(month_day_year("-"), month_day_year("/"), cells.day)
ENDS = {"1": "paid_off", "2": "liquidated", "3": "repurchased", "4": "charged_off"}

ABSEE_AUTO = Importer(
    name="absee-auto",
    title="SEC ABS-EE, auto loans (EX-102 XML, or a table with its element names)",
    records=either((is_xml, xml_records("autoloan")), (lambda _head: True, table_records())),
    recognizes=lambda head: b"absee/autoloan/assetdata" in head,
    fields=(
        Field("loan", "assetNumber", text),
        Field("period_end", "reportingPeriodEndingDate", DAY),
        Field("opening_balance", "reportingPeriodBeginningLoanBalanceAmount"),
        Field("closing_balance", "reportingPeriodActualEndBalanceAmount"),
        Field("principal", "actualPrincipalCollectedAmount"),
        Field("scheduled_principal", "scheduledPrincipalAmount"),
        Field("interest", "actualInterestCollectedAmount"),
        Field("adjustment", "otherPrincipalAdjustmentAmount"),
        Field("charge_off", "chargedoffPrincipalAmount"),
        Field("recovery", "recoveredAmount"),
        Field("recovery", "repossessedProceedsAmount"),
        Field("rate", "reportingPeriodInterestRatePercentage", rate),
        Field("delinquency", "currentDelinquencyStatus", cells.days),
        Field("paid_through", "interestPaidThroughDate", DAY),
        Field("end", "zeroBalanceCode", codes(ENDS, others="absent")),
    ),
    ignored=frozenset(
        (
            "assetTypeNumber", "reportingPeriodBeginningDate", "originatorName", "originationDate", "originalLoanAmount", "originalLoanTerm",
            "loanMaturityDate", "originalInterestRatePercentage", "interestCalculationTypeCode", "originalInterestRateTypeCode",
            "originalInterestOnlyTermNumber", "originalFirstPaymentDate", "underwritingIndicator", "gracePeriodNumber", "paymentTypeCode", "subvented",
            "vehicleManufacturerName", "vehicleModelName", "vehicleNewUsedCode", "vehicleModelYear", "vehicleTypeCode", "vehicleValueAmount",
            "vehicleValueSourceCode", "obligorCreditScoreType", "obligorCreditScore", "obligorIncomeVerificationLevelCode",
            "obligorEmploymentVerificationCode", "coObligorIndicator", "paymentToIncomePercentage", "obligorGeographicLocation", "assetAddedIndicator",
            "remainingTermToMaturityNumber", "reportingPeriodModificationIndicator", "servicingAdvanceMethodCode", "servicerAdvancedAmount",
            "nextReportingPeriodPaymentAmountDue", "nextInterestRatePercentage", "servicingFeePercentage", "servicingFlatFeeAmount",
            "otherServicerFeeRetainedByServicer", "otherAssessedUncollectedServicerFeeAmount", "scheduledInterestAmount",
            "reportingPeriodScheduledPaymentAmount", "totalActualAmountPaid", "actualOtherCollectedAmount", "zeroBalanceEffectiveDate",
            "primaryLoanServicerName", "mostRecentServicingTransferReceivedDate", "assetSubjectDemandIndicator", "assetSubjectDemandStatusCode",
            "repurchaseAmount", "demandResolutionDate", "DemandResolutionDate", "repurchaserName", "repurchaseReplacementReasonCode", "repossessedIndicator",
            "modificationTypeCode", "paymentExtendedNumber",
        )
    ),
)  # fmt: skip
