"""SEC ABS-EE, Exhibit 102 of a CMBS trust (Schedule AL, Item 2): scheduled balances, a loss that every later file repeats.

A liquidated loan stays in the files for years. Elements of the properties and their tenants are not read. The same elements come as a table, one row a loan,
from whoever collects filings.
"""

from __future__ import annotations

from ledger.files.importers.absee_auto import DAY
from ledger.files.importers.mapping import Field, Importer, codes, rate, text
from ledger.files.importers.records import either, is_xml, table_records, xml_records

ENDS = {
    "2": "paid_off", "3": "liquidated", "4": "repurchased", "5": "paid_off", "6": "liquidated", "7": "paid_off", "8": "paid_off", "9": "paid_off",
}  # fmt: skip
"""Liquidation/prepayment codes that end a loan: payoff before maturity, liquidation, repurchase, payoff at maturity, discounted payoff, payoff with penalty or
yield maintenance. 1, 10 and 11 are curtailments."""
DAYS = {"A": 0, "B": 0, "0": 0, "1": 30, "2": 60, "3": 90, "4": 0, "5": 90}
"""Days past due by the payment status: in grace, late below 30 days, current, 30-59, 60-89, 90 and more, a matured balloon that performs or does not."""

LOAN = frozenset((
    "assetTypeNumber", "GroupID", "reportingPeriodBeginningDate", "originatorName", "originationDate", "originalLoanAmount", "originalTermLoanNumber",
    "originalAmortizationTermNumber", "originalInterestRatePercentage", "interestRateSecuritizationPercentage", "interestAccrualMethodCode",
    "originalInterestRateTypeCode", "originalInterestOnlyTermNumber", "firstLoanPaymentDueDate", "underwritingIndicator", "lienPositionSecuritizationCode",
    "loanStructureCode", "paymentTypeCode", "periodicPrincipalAndInterestPaymentSecuritizationAmount", "scheduledPrincipalBalanceSecuritizationAmount",
    "paymentFrequencyCode", "NumberPropertiesSecuritization", "NumberProperties", "graceDaysAllowedNumber", "interestOnlyIndicator", "balloonIndicator",
    "prepaymentPremiumIndicator", "negativeAmortizationIndicator", "modifiedIndicator", "armIndexCode", "firstRateAdjustmentDate",
    "firstPaymentAdjustmentDate", "armMarginNumber", "lifetimeRateCapPercentage", "lifetimeRateFloorPercentage", "periodicRateIncreaseLimitPercentage",
    "periodicRateDecreaseLimitPercentage", "periodicPaymentAdjustmentMaximumAmount", "periodicPaymentAdjustmentMaximumPercent", "rateResetFrequencyCode",
    "paymentResetFrequencyCode", "indexLookbackDaysNumber", "prepaymentLockOutEndDate", "yieldMaintenanceEndDate", "prepaymentPremiumsEndDate",
    "maximumNegativeAmortizationAllowedPercentage", "maximumNegativeAmortizationAllowedAmount", "negativeAmortizationDeferredInterestCapAmount",
    "deferredInterestCumulativeAmount", "deferredInterestCollectedAmount", "assetAddedIndicator", "reportPeriodModificationIndicator",
    "totalScheduledPrincipalInterestDueAmount", "otherInterestAdjustmentAmount", "reportPeriodEndActualBalanceAmount", "hyperAmortizingDate",
    "servicingAdvanceMethodCode", "nonRecoverabilityIndicator", "totalPrincipalInterestAdvancedOutstandingAmount",
    "totalTaxesInsuranceAdvancesOutstandingAmount", "otherExpensesAdvancedOutstandingAmount", "armIndexRatePercentage", "nextInterestRatePercentage",
    "nextInterestRateChangeAdjustmentDate", "nextPaymentAdjustmentDate", "primaryServicerName", "mostRecentSpecialServicerTransferDate",
    "mostRecentMasterServicerReturnDate", "assetSubjectDemandIndicator", "assetSubjectDemandStatusCode", "repurchaseAmount", "demandResolutionDate",
    "repurchaserName", "repurchaseReplacementReasonCode", "liquidationPrepaymentDate", "prepaymentPremiumYieldMaintenanceReceivedAmount",
    "workoutStrategyCode", "lastModificationDate", "modificationCode", "postModificationInterestPercentage", "postModificationPaymentAmount",
    "postModificationMaturityDate", "postModificationAmortizationPeriodAmount",
))  # fmt: skip
"""Elements of a loan that are not read: terms at securitization, advances outstanding (balances, not flows), modifications, demands to repurchase."""
PROPERTY = frozenset((
    "property",
    "propertyName", "propertyAddress", "propertyCity", "propertyState", "propertyZip", "propertyCounty", "propertyTypeCode", "netRentableSquareFeetNumber",
    "netRentableSquareFeetSecuritizationNumber", "unitsBedsRoomsNumber", "unitsBedsRoomsSecuritizationNumber", "yearBuiltNumber", "yearLastRenovated",
    "valuationSecuritizationAmount", "valuationSourceSecuritizationCode", "valuationSecuritizationDate", "mostRecentValuationAmount",
    "mostRecentValuationDate", "mostRecentValuationSourceCode", "physicalOccupancySecuritizationPercentage", "mostRecentPhysicalOccupancyPercentage",
    "propertyStatusCode", "defeasanceOptionStartDate", "DefeasedStatusCode", "largestTenant", "squareFeetLargestTenantNumber",
    "leaseExpirationLargestTenantDate", "secondLargestTenant", "squareFeetSecondLargestTenantNumber", "leaseExpirationSecondLargestTenantDate",
    "thirdLargestTenant", "squareFeetThirdLargestTenantNumber", "leaseExpirationThirdLargestTenantDate", "financialsSecuritizationDate",
    "mostRecentFinancialsStartDate", "mostRecentFinancialsEndDate", "revenueSecuritizationAmount", "mostRecentRevenueAmount",
    "operatingExpensesSecuritizationAmount", "operatingExpensesAmount", "netOperatingIncomeSecuritizationAmount", "mostRecentNetOperatingIncomeAmount",
    "netCashFlowFlowSecuritizationAmount", "mostRecentNetCashFlowAmount", "netOperatingIncomeNetCashFlowSecuritizationCode",
    "netOperatingIncomeNetCashFlowCode", "mostRecentDebtServiceAmount", "debtServiceCoverageNetOperatingIncomeSecuritizationPercentage",
    "mostRecentDebtServiceCoverageNetOperatingIncomePercentage", "debtServiceCoverageNetCashFlowSecuritizationPercentage",
    "mostRecentDebtServiceCoverageNetCashFlowpercentage", "debtServiceCoverageSecuritizationCode", "mostRecentDebtServiceCoverageCode",
    "mostRecentAnnualLeaseRolloverReviewDate",
))  # fmt: skip
"""Elements of a property, its tenants and its finances."""
COLLECTED = frozenset(("CIK", "trustName", "prospectusDate", "formType", "dateFiled", "accessionNumber", "loanID", "propertyID"))
"""Columns with which whoever collects filings says where a row is from."""

ABSEE_CMBS = Importer(
    name="absee-cmbs",
    title="SEC ABS-EE, commercial mortgages (EX-102 XML, or a table with its element names)",
    records=either((is_xml, xml_records("cmbs")), (lambda _head: True, table_records())),
    recognizes=lambda head: b"absee/cmbs/assetdata" in head,
    fields=(
        Field("loan", "assetNumber", text),
        Field("period_end", "reportingPeriodEndDate", DAY),
        Field("opening_balance", "reportPeriodBeginningScheduleLoanBalanceAmount"),
        Field("closing_balance", "reportPeriodEndScheduledLoanBalanceAmount"),
        Field("scheduled_principal", "scheduledPrincipalAmount"),
        Field("unscheduled_principal", "unscheduledPrincipalCollectedAmount"),
        Field("interest", "scheduledInterestAmount"),
        Field("adjustment", "otherPrincipalAdjustmentAmount", sign=-1),
        Field("realized_loss", "realizedLossToTrustAmount"),
        Field("rate", "reportPeriodInterestRatePercentage", rate),
        Field("fee_rate", "servicerTrusteeFeeRatePercentage", rate),
        Field("delinquency", "paymentStatusLoanCode", codes(DAYS)),
        Field("paid_through", "paidThroughDate", DAY),
        Field("maturity", "maturityDate", DAY),
        Field("end", "liquidationPrepaymentCode", codes(ENDS, others="absent")),
    ),
    ignored=LOAN | PROPERTY | COLLECTED,
)  # fmt: skip
