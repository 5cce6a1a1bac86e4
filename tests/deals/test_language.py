"""Three kinds of trust, each with its own way of paying, said in a deal file from its documentation alone: their months, against figures worked out by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

import pytest

from ledger.files import deal_file
from tests.conftest import ROOT
from tests.core.deals import Books

FOLDER = ROOT / "tests" / "deals" / "language"


class Month(NamedTuple):
    """What is reported for a month, and figures of it, each of which its comment works out."""

    reported: dict[str, Any]
    expected: dict[str, str]


CARD_MASTER_TRUST = [
    Month(
        {"interest": 15_000_000, "scheduled_principal": 200_000_000, "charge_off": 4_000_000, "recovery": 300_000, "new_receivables": 204_000_000}
        | {"sofr": "4.32%"},
        {
            "floating_share": "0.6",  # 600 of 1,000 million
            "A.interest_paid": "2228888.89",  # 500,000,000 x 4.72 % x 34 / 360, from January 15 to February 18
            "B.interest_paid": "189644.44",  # 40,000,000 x 5.02 % x 34 / 360
            "C.interest_paid": "325000.00",  # 60,000,000 x 6.50 % / 12
            "covered": "2400000.00",  # 60 % of 4,000,000, all of it made good
            "seller.paid": "211556466.67",  # 40 % of 15,300,000 and of 200,000,000; 122,400,000 reinvested; of spread what 9,180,000 leaves, 3,036,466.67
            "C.realized_loss": "0",
            "pool.balance": "1000000000",
        },
    ),
    Month(
        {"interest": 4_000_000, "scheduled_principal": 450_000_000, "charge_off": 5_000_000, "new_receivables": 180_000_000, "sofr": "4.33%"},
        {
            "A.interest_paid": "1773750.00",  # 500,000,000 x 4.73 % x 27 / 360
            "B.interest_paid": "150900.00",  # 40,000,000 x 5.03 % x 27 / 360
            "servicer.paid": "475350.00",  # what 2,400,000 leaves after A and B
            "servicer.unpaid": "524650.00",
            "C.realized_loss": "3000000.00",  # 60 % of 5,000,000, none of it made good
            "C.unpaid_interest": "325000.00",
            "accumulation.balance": "250000000",
            "principal.balance": "0",
        },
    ),
    Month(
        {"interest": 16_000_000, "scheduled_principal": 400_000_000, "charge_off": 5_000_000, "new_receivables": 155_000_000, "sofr": "4.33%"},
        {
            "covered": "2393103.45",  # 347 / 725 of 5,000,000: the series is 597 million less 250 million laid by
            "reimbursed": "2094627.58",  # 7,657,931.03 less A 1,905,138.89, B 162,077.78, servicer 1,102,983.33, and the above
            "C.balance": "59094627.58",  # 57,000,000 and what was made good
            "A.principal_paid": "500000000",
            "A.balance": "0",
            "accumulation.shortfall": "0",
        },
    ),
]
UK_MORTGAGES = [
    Month(
        {"interest": 5_500_000, "scheduled_principal": 2_000_000, "prepayment": 6_000_000, "charge_off": 150_000}
        | {"sonia": "4.65%", "arrears": 2_000_000, "enforced": False},
        {
            "A.interest_paid": "2926575.34",  # 350,000,000 x 5.45 % x 56 / 365, from January 23 to March 20
            "B.interest_paid": "283068.49",  # 30,000,000 x 6.15 % x 56 / 365
            "C.interest_paid": "227068.49",  # 20,000,000 x 7.40 % x 56 / 365
            "servicer.paid": "92054.79",  # 400,000,000 x 0.15 % x 56 / 365
            "C.pdl": "0",  # 150,000 written to it, and paid
            "A.principal_paid": "8150000.00",  # 8,000,000 collected and the deficiency that was paid
            "reserve.balance": "5700000.00",  # 1.5 % of 380,000,000
            "X.interest_paid": "2121232.89",  # 300,000 of the reserve, 1,821,232.89 of 5,500,000
        },
    ),
    Month(
        {"interest": 1_000_000, "scheduled_principal": 1_500_000, "charge_off": 21_000_000, "sonia": "4.45%", "senior_expenses": 25_000, "arrears": 9_000_000},
        {
            "A.interest_paid": "4523658.90",  # 341,850,000 x 5.25 % x 92 / 365
            "C.pdl": "20000000",  # up to the balance of C,
            "B.pdl": "1000000",  # and the rest to B: less than a quarter of it, so B is still paid
            "reserve.balance": "1553271.78",  # 5,700,000 less A 3,696,810.41 and B 449,917.81
            "C.unpaid_interest": "362958.90",  # 20,000,000 x 7.20 % x 92 / 365
            "A.principal_paid": "1500000.00",
        },
    ),
    Month(
        {"interest": 900_000, "scheduled_principal": 2_500_000, "recovery": 100_000, "sonia": "4.20%", "arrears": 9_000_000, "enforced": True},
        {
            "B.pdl": "1000000",  # nothing is recorded after an enforcement but losses
            "servicer.paid": "142680.41",  # 369,350,000 x 0.15 % x 94 / 365
            "A.interest_paid": "4382589.04",  # 340,350,000 x 5.00 % x 94 / 365
            "A.principal_paid": "528002.33",  # 1,000,000, 1,553,271.78 and 2,500,000, less the two above
            "reserve.balance": "0",
            "B.interest_paid": "0",
        },
    ),
]
AGENCY_CMO = [
    Month(
        {"interest": "458333.33", "scheduled_principal": 100_000, "prepayment": 600_000, "sofr": "4.30%"},
        {
            "PI.interest_paid": "33333.33",  # 40,000,000 x 1 % / 12
            "FS.interest_paid": "79166.67",  # 20,000,000 x 4.75 % / 12
            "SS.interest_paid": "29166.67",  # 10,000,000 x 3.50 % / 12
            "Z.balance": "20091666.67",  # 20,000,000 and its interest at 5.50 %
            "PA.principal_paid": "200000.00",  # down to the plan of 49,800,000
            "FS.principal_paid": "394444.44",  # two thirds of 500,000 and of 91,666.67, each rounded
            "SS.principal_paid": "197222.23",
            "tranches.balance": "99300000.00",  # as the pool
        },
    ),
    Month(
        {"interest": 455_125, "scheduled_principal": 100_000, "prepayment": 20_000, "sofr": "6.50%"},
        {
            "FS.rate": "0.065",  # its cap
            "SS.interest_paid": "0",  # its floor
            "PA.principal_paid": "120000.00",  # all that came in: the plan asks for 300,000
            "FS.principal_paid": "61391.21",  # two thirds of 92,086.81, the interest of Z
            "planned.balance - plan": "180000",
            "tranches.balance": "99180000.00",
        },
    ),
    Month(
        {"interest": 454_575, "scheduled_principal": 99_000, "prepayment": 60_000_000, "sofr": "4.30%"},
        {
            "support.balance": "0",
            "Z.balance": "0",  # all that the plan does not ask for went to the support classes and to Z,
            "PA.balance": "29081000.00",  # and the rest again to PA, below the plan: 99,180,000 less 60,099,000 is left
            "PB.balance": "10000000",
        },
    ),
]
TRUSTS = {"card-master-trust": CARD_MASTER_TRUST, "uk-mortgages": UK_MORTGAGES, "agency-cmo": AGENCY_CMO}
CASES = [(name, number, month) for name, months in TRUSTS.items() for number, month in enumerate(months, start=1)]


@pytest.fixture(scope="module")
def run() -> dict[str, Books]:
    """Each trust with all of its months distributed."""
    found = {}
    for name, months in TRUSTS.items():
        path = FOLDER / f"{name}.yaml"
        found[name] = Books(deal_file.load(path.read_bytes(), path.name))
        for month in months:
            found[name].month(**month.reported)
    return found


@pytest.mark.parametrize(("name", "number", "month"), CASES, ids=[f"{name}-{number}" for name, number, _ in CASES])
def test_month_pays_what_was_worked_out_by_hand(run: dict[str, Books], name: str, number: int, month: Month) -> None:
    distributed = run[name].months[number]

    assert {figure: distributed[figure] for figure in month.expected} == {figure: Decimal(value) for figure, value in month.expected.items()}
