"""A month of an invented auto loan trust of any size, as an Exhibit 102 with all elements of the schema: about 4,000 bytes a loan, as filings have."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from tests.importers.ex102 import Asset, parts

BALANCE, RATE, PRINCIPAL = Decimal("18250.00"), Decimal("0.0649"), Decimal("312.40")
ORIGIN = {
    "originatorName": "Example Motor Finance", "originationDate": "03/2024", "originalLoanAmount": "21000.00", "originalLoanTerm": "72",
    "loanMaturityDate": "03/2030", "originalInterestRatePercentage": ".06490000", "interestCalculationTypeCode": "1", "originalInterestRateTypeCode": "1",
    "originalInterestOnlyTermNumber": "0", "originalFirstPaymentDate": "04/2024", "underwritingIndicator": "true", "gracePeriodNumber": "0",
    "paymentTypeCode": "2", "subvented": ("1", "2"), "vehicleManufacturerName": "EXAMPLE", "vehicleModelName": "Model", "vehicleNewUsedCode": "1",
    "vehicleModelYear": "2024", "vehicleTypeCode": "3", "vehicleValueAmount": "23500.00", "vehicleValueSourceCode": "1",
    "obligorCreditScoreType": "FICO Auto Score 8", "obligorCreditScore": "731", "obligorIncomeVerificationLevelCode": "2",
    "obligorEmploymentVerificationCode": "2", "coObligorIndicator": "false", "paymentToIncomePercentage": ".08120000",
    "obligorGeographicLocation": "OH",
}  # fmt: skip
SERVICING = {
    "servicingAdvanceMethodCode": "99", "nextInterestRatePercentage": ".06490000", "servicingFeePercentage": ".01000000",
    "servicingFlatFeeAmount": "0.00", "otherServicerFeeRetainedByServicer": "0.00",
    "otherAssessedUncollectedServicerFeeAmount": "0.00", "primaryLoanServicerName": "Example Motor Finance",
    "mostRecentServicingTransferReceivedDate": "01-15-2025", "assetSubjectDemandIndicator": "false", "assetSubjectDemandStatusCode": "98",
    "repurchaseAmount": "0.00", "demandResolutionDate": "01-31-2025", "repurchaserName": "NA", "repurchaseReplacementReasonCode": "98",
    "modificationTypeCode": "98", "paymentExtendedNumber": "0", "repossessedIndicator": "false",
}  # fmt: skip


def tape(loans: int) -> Iterator[Asset]:
    """The loans of the first month: each a little different; one in a hundred is paid off, one in a thousand charged off, one in fifty pays nothing."""
    return map(loan, range(loans))


def loan(number: int) -> Asset:
    opening = BALANCE + number % 9_973
    code = "4" if number % 1_000 == 1 else "1" if number % 100 == 2 else ""
    paid = opening if code == "1" else Decimal(0) if code or number % 50 == 3 else PRINCIPAL + number % 97
    interest = Decimal(0) if code == "4" or number % 50 == 3 else (opening * RATE / 12).quantize(Decimal("0.01"))
    return {
        "assetTypeNumber": "Sponsor Assigned", "assetNumber": f"{number + 1:010d}",
        "reportingPeriodBeginningDate": "01-01-2025", "reportingPeriodEndingDate": "01-31-2025",
        **ORIGIN, "assetAddedIndicator": "false", "remainingTermToMaturityNumber": "62", "reportingPeriodModificationIndicator": "false",
        "reportingPeriodBeginningLoanBalanceAmount": money(opening), "nextReportingPeriodPaymentAmountDue": money(PRINCIPAL + interest),
        "reportingPeriodInterestRatePercentage": ".06490000", "scheduledInterestAmount": money(interest), "scheduledPrincipalAmount": money(PRINCIPAL),
        "otherPrincipalAdjustmentAmount": "0.00",
        "reportingPeriodActualEndBalanceAmount": money(Decimal(0) if code else opening - paid),
        "reportingPeriodScheduledPaymentAmount": money(PRINCIPAL + interest), "totalActualAmountPaid": money(paid + interest),
        "actualInterestCollectedAmount": money(interest), "actualPrincipalCollectedAmount": money(paid), "actualOtherCollectedAmount": "0.00",
        "servicerAdvancedAmount": "0.00", "interestPaidThroughDate": "01-20-2025", "zeroBalanceEffectiveDate": "01-31-2025" if code else "",
        "zeroBalanceCode": code, "currentDelinquencyStatus": "" if code else "34" if number % 50 == 3 else "0",
        "chargedoffPrincipalAmount": money(opening) if code == "4" else "", "recoveredAmount": "0.00", "repossessedProceedsAmount": "0.00",
        **SERVICING,
    }  # fmt: skip


def money(amount: Decimal) -> str:
    return f"{amount:.2f}"


def opening_balance(loans: int) -> Decimal:
    return sum((BALANCE + number % 9_973 for number in range(loans)), Decimal(0))


def write(path: Path, loans: int) -> None:
    """A file of so many loans; nothing of it is kept in memory."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(parts("autoloan", tape(loans)))
