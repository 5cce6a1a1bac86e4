"""ESMA's investor report of a non-ABCP securitisation: sections IVSS (the securitisation), IVSR (tests) and IVSF (cash flows), a CSV file each.

The fields are those of Annex XII of Delegated Regulation (EU) 2020/1224, by code and order. Percentages are numbers, 12.5 for 12.5 %. What the books do not
hold is left blank for the reporting entity to fill; `ND5` stands where a field does not apply to this deal. No compliance is claimed by writing them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ledger.core.disclosures import Tested
from ledger.core.figure import Figure
from ledger.core.money import Money, format_exact, format_money
from ledger.core.statement import Statement
from ledger.reports import csv_text
from ledger.reports.cells import units

NOT_APPLICABLE = "ND5"
PERCENT_PLACES = 10
IVSS = (
    "Unique Identifier", "Data Cut-Off Date", "Securitisation Name", "Reporting Entity Name", "Reporting Entity Contact Person",
    "Reporting Entity Contact Telephone", "Reporting Entity Contact Emails", "Risk Retention Method", "Risk Retention Holder", "Underlying Exposure Type",
    "Risk Transfer Method", "Trigger Measurements/Ratios", "Revolving/Ramp-Up Period End-Date", "Principal Recoveries In The Period",
    "Interest Recoveries In The Period", "Principal Collections In The Period", "Interest Collections In The Period", "Drawings Under Liquidity Facility",
    "Securitisation Excess Spread", "Excess Spread Trapping Mechanism", "Current Overcollateralisation", "Annualised Constant Prepayment Rate", "Dilutions",
    "Gross Charge Offs In The Period", "Repurchased Exposures", "Restructured Exposures", "Annualised Constant Default Rate", "Defaulted Exposures",
)  # fmt: skip
"""The fields 1 to 28; those after them are about capital requirements and are the originator's."""
IVSR = (
    "Unique Identifier", "Original Test/Event/Trigger Identifier", "New Test/Event/Trigger Identifier", "Description", "Threshold Level", "Actual Value",
    "Status", "Cure Period", "Calculation Frequency", "Consequence for Breach",
)  # fmt: skip
IVSF = (
    "Unique Identifier", "Original Cashflow Item Identifier", "New Cashflow Item Identifier", "Cashflow Item", "Amount Paid During Period",
    "Available Funds Post",
)  # fmt: skip


def to_esma(statement: Statement) -> dict[str, bytes]:
    """Each section's bytes by the name of its file."""
    codes = {name: [f"{name}{number}" for number in range(1, len(fields) + 1)] for name, fields in (("IVSS", IVSS), ("IVSR", IVSR), ("IVSF", IVSF))}
    rows = zip(codes["IVSS"], IVSS, _securitisation(statement), strict=True)
    return {
        "IVSS.csv": csv_text.write(("field", "name", "value"), rows),
        "IVSR.csv": csv_text.write(codes["IVSR"], _tests(statement)),
        "IVSF.csv": csv_text.write(codes["IVSF"], _cash_flows(statement)),
    }


# The securitisation -----------------------------------------------------------------------------------------------------


def _securitisation(statement: Statement) -> Iterator[str]:
    """The values of IVSS in order."""
    triggers = statement.sections.get("triggers", {}).get("deal", {})
    failed = any(figure.value for name, figure in triggers.items() if name != "called")
    yield from (statement.deal, f"{statement.dates['collection_end']}", statement.title)
    yield from [""] * 8
    yield ("Y" if failed else "N") if triggers else NOT_APPLICABLE
    yield ""
    yield _collected(statement, "liquidation_proceeds", "recovery", "subsequent_recovery")
    yield ""
    yield _collected(statement, "scheduled_principal", "curtailment", "payoff", "prepayment")
    yield _collected(statement, "interest")
    yield ""
    yield _excess(statement)
    yield ""
    yield _share(statement, "overcollateralization")
    yield _percent(statement, "cpr_1_month")
    yield NOT_APPLICABLE
    yield _collected(statement, "realized_loss", "charge_off")
    yield _collected(statement, "repurchase_principal")
    yield ""
    yield _percent(statement, "cdr_1_month")
    yield _collected(statement, "default", "charge_off")


def _pool(statement: Statement) -> Mapping[str, Figure]:
    return statement.items("pool")


def _collected(statement: Statement, *kinds: str) -> str:
    """What the pools reported of some kinds. A servicer that tells curtailments and payoffs apart is not asked for their sum as well."""
    found = _pool(statement)
    told = [
        kind for kind in kinds if kind in found and not (kind == "prepayment" and any(part in kinds for part in ("curtailment", "payoff")) and _parts(found))
    ]
    return _money(statement, sum(units(found[kind].value) for kind in told))


def _parts(found: Mapping[str, Figure]) -> bool:
    return any(found[kind].value for kind in ("curtailment", "payoff") if kind in found)


def _excess(statement: Statement) -> str:
    """What the residual classes were paid."""
    residual = [name for name, label in statement.labels.items() if label.get("kind") == "residual"]
    paid = [units(figure.value) for name in residual if (figure := statement.figure(name, "interest_paid")) is not None]
    return _money(statement, sum(paid)) if residual else NOT_APPLICABLE


def _share(statement: Statement, item: str) -> str:
    """An amount as a percentage of the pool's balance."""
    amount, balance = statement.figure("pool", item), statement.figure("pool", "balance")
    if amount is None or balance is None or not statement.exact(balance):
        return ""
    return format_exact(100 * statement.exact(amount) / statement.exact(balance), PERCENT_PLACES)


def _percent(statement: Statement, item: str) -> str:
    figure = statement.figure("pool", item)
    return "" if figure is None else format_exact(100 * statement.exact(figure), PERCENT_PLACES)


# Tests and cash flows ---------------------------------------------------------------------------------------------------


def _tests(statement: Statement) -> Iterator[tuple[str, ...]]:
    """A row for each comparison of a trigger. What a breach leads to is in the deal file's waterfall, and not in words."""
    for test in statement.tests:
        threshold, actual = (_side(statement, side) for side in (test.threshold, test.actual))
        status = "Y" if test.failed else "N"
        yield (statement.deal, test.trigger, test.trigger, _description(test), threshold, actual, status, "", "", "")


def _description(test: Tested) -> str:
    return test.comparison or test.trigger


def _side(statement: Statement, side: Figure | None) -> str:
    return "" if side is None else statement.text(side)


def _cash_flows(statement: Statement) -> Iterator[tuple[str, ...]]:
    """A row for each movement of the flow of funds, in the order of the priority of payments, with what is left in its account."""
    for line in statement.flow_of_funds:
        item = f"{line.number}.{line.payee}"
        left = NOT_APPLICABLE if line.left is None else _money(statement, line.left)
        yield (statement.deal, item, item, f"{line.label}: {line.payee}", _money(statement, line.amount), left)


def _money(statement: Statement, amount: Money) -> str:
    return format_money(amount, statement.scale, thousands=False)
