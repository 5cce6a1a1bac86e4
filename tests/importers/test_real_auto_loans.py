"""Three samples of car loans as two trusts reported them, 202,488 loan-months: each month an Exhibit 102, imported, and distributed."""

from __future__ import annotations

import csv
from calendar import monthrange
from collections import Counter, defaultdict
from collections.abc import Mapping
from contextlib import closing
from decimal import Decimal
from itertools import islice
from typing import NamedTuple

import pytest

from ledger import service
from ledger.core.mapping_report import DIFFERENCES, MISSING_LOANS, Warned
from ledger.store.engine import Store
from tests.conftest import shared
from tests.importers.ex102 import Asset, exhibit

DEAL = """\
deal: CARS
closing_date: {first}-01
dates: {{distribution: {{day: 15, first: {next}-15}}, accrual: month, day_count: 30/360}}
pool: {{original_balance: {pool}}}
tranches: {{A: {{original_balance: {pool}, rate: 1%}}, R: {{kind: residual}}}}
accounts: {{funds: {{collects: [interest, scheduled_principal, curtailment, payoff, recovery]}}}}
waterfall:
  - {{pay: interest, to: A, from: funds}}
  - {{pay: principal, to: A, from: funds, limit: tranches.balance - pool.balance}}
  - {{write_down: tranches.balance - pool.balance, to: A}}
  - {{pay: rest, to: R, from: funds}}
"""
Row = Mapping[str, str]
Months = Mapping[str, list[Row]]


class Sample(NamedTuple):
    """A file of loan-months, and what it adds up to: amounts in cents and counts as the description of the files has them.

    The description lets balances fall below zero, where the books close a loan once nothing of it is left. So in the first sample two loans more are paid off,
    and of its differences 22 are the way below zero or back and are none here, while 23 payments of more than was owed are, and a loan that stands again.
    `recoveries` are rows with cash of a recovery or a repossession, those below zero last; `differences` are balances that no movement leads to: payments
    reversed and interest capitalized, loans that were paid more than they owed, and one that was paid off and stands again a month later. `late` is what
    was collected on loans that had ended, of which the principal is `late_principal`: payments in excess that were interest after all.
    """

    file: str
    loans: int
    months: int
    opening: int
    principal: int
    payoffs: int
    charge_offs: int
    charged_off: int
    recovered: int
    recoveries: tuple[int, int]
    differences: int = 0
    late: int = 0
    late_principal: int = 0


SAMPLES = (
    Sample(
        "auto-aart-2019-3/loan_months.csv",
        2_895,
        47,
        38_182_928_31,
        32_585_854_02,
        1_712 + 2,
        85,
        828_969_49,
        16_570_94 + 454_347_03,
        (142 + 3, 48),
        158 - 22 + 24,
        74_95,
        -159_33,
    ),
    Sample("auto-aart-2017-3/loan_months_73m.csv", 2_171, 44, 31_633_644_93, 25_902_909_68, 1_157, 77, 697_592_19, 42_567_84 + 338_839_50, (153, 45), 60),
    Sample(
        "auto-aart-2017-3/loan_months_new.csv",
        1_342,
        44,
        33_907_966_73,
        27_902_417_89,
        726,
        33,
        686_779_47,
        48_513_09 + 484_605_62,
        (63, 14),
        39 + 1,
        0,
        -6_003_82,
    ),
)


def rows_by_month(sample: Sample) -> Months:
    months: dict[str, list[Row]] = defaultdict(list)
    with shared(f"realdata/{sample.file}").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            months[row["period"]].append(row)
    return dict(sorted(months.items()))


def asset(row: Row) -> Asset:
    """A row as a loan of the schema; what the sample leaves blank is absent."""
    year, month = map(int, row["period"].split("-"))
    ended = not Decimal(row["ending_balance"]) and Decimal(row["beginning_balance"])
    return {
        "assetTypeNumber": "Sponsor Assigned",
        "assetNumber": row["loan_id"],
        "reportingPeriodBeginningDate": f"{month:02d}-01-{year}",
        "reportingPeriodEndingDate": f"{month:02d}-{monthrange(year, month)[1]}-{year}",
        "reportingPeriodBeginningLoanBalanceAmount": row["beginning_balance"],
        "reportingPeriodActualEndBalanceAmount": row["ending_balance"],
        "totalActualAmountPaid": row["total_paid"],
        "actualInterestCollectedAmount": row["derived_interest_and_other"],
        "actualPrincipalCollectedAmount": row["principal_collected"],
        "zeroBalanceCode": ("4" if row["derived_chargeoff"] else "1") if ended else "",
        "chargedoffPrincipalAmount": row["derived_chargeoff"],
        "recoveredAmount": row["recovered_amount"],
        "repossessedProceedsAmount": row["repossession_proceeds"],
    }


def is_late(row: Row) -> bool:
    """Whether a row is of a loan that had ended, and has; one that was paid too much stands below zero."""
    return Decimal(row["beginning_balance"]) <= 0 and Decimal(row["ending_balance"]) <= 0


def cents(rows: list[Row], *columns: str) -> int:
    return sum(int(Decimal(row[column] or 0) * 100) for row in rows for column in columns)


class Life(NamedTuple):
    """What came of the months: warnings by month, events by kind with their amounts, the pool at the end, and how many months were distributed."""

    warnings: list[Warned]
    events: Counter[str]
    amounts: Counter[str]
    below_zero: int
    pool: int
    loans: dict[str, int]
    distributed: int


def imported(url: str, months: Months) -> Life:
    """Every month imported, and all of them distributed."""
    first, warnings = next(iter(months)), list[Warned]()
    year, number = map(int, first.split("-"))
    text = DEAL.format(first=first, next=f"{year + number // 12}-{number % 12 + 1:02d}", pool=f"{Decimal(cents(months[first], 'beginning_balance')) / 100:.2f}")
    with closing(Store(url)) as store:
        service.open_deal(store, text.encode(), "deal.yaml", actor="trustee")
        for month, rows in months.items():
            source = exhibit("autoloan", map(asset, rows))
            (done,) = service.remit(store, "CARS", source, f"{month}.xml", accept=[DIFFERENCES, MISSING_LOANS], actor="trustee")
            assert done.report is not None
            warnings += done.report.warnings
        (again,) = service.remit(store, "CARS", source, "again.xml", accept=[DIFFERENCES, MISSING_LOANS], actor="trustee")
        assert again.receipt is not None
        assert again.receipt.outcome == "already appended"
        distributed = service.distribute(store, "CARS", actor="trustee")
        assert distributed.problems == ()
        events, amounts, below_zero = Counter[str](), Counter[str](), 0
        with store.reading() as reader:
            for _, event in reader.events("CARS"):
                events[event.kind] += 1
                amounts[event.kind] += event.amount or event.principal or 0
                amounts["interest"] += event.interest or 0
                below_zero += event.kind == "recovery" and (event.amount or 0) < 0
            loans = reader.loan_balances("CARS", not_loans={"pool", "funds"})
        last = distributed.distributions[-1]
    return Life(warnings, events, amounts, below_zero, last.closing.balances["pool"], dict(loans), len(distributed.distributions))


def principal(life: Life) -> int:
    return sum(life.amounts[kind] for kind in ("payment", "curtailment", "payoff"))


def expected_balances(months: Months) -> dict[str, int]:
    """How each loan stood when it was last reported; a balance below zero is none."""
    stood = {row["loan_id"]: max(cents([row], "ending_balance"), 0) for rows in months.values() for row in rows}
    return {loan: balance for loan, balance in stood.items() if balance}


def check_against(life: Life, months: Months) -> None:
    """What can be added up from the rows of any of the samples."""
    rows = [row for month in months.values() for row in month]
    live, late = [row for row in rows if not is_late(row)], [row for row in rows if is_late(row)]

    assert life.distributed == len(months)
    assert principal(life) == cents(live, "principal_collected")
    assert life.amounts["interest"] == cents(live, "derived_interest_and_other")
    assert life.amounts["charge_off"] == cents(rows, "derived_chargeoff")
    assert life.amounts["recovery"] == cents(rows, "recovered_amount", "repossession_proceeds") + cents(late, "total_paid")
    assert life.loans == expected_balances(months)
    assert life.pool == sum(life.loans.values())


def test_eight_months_of_real_car_loans_roll_forward_as_they_were_reported(sqlite: str) -> None:
    months = dict(islice(rows_by_month(SAMPLES[2]).items(), 8))
    check_against(imported(sqlite, months), months)


@pytest.mark.long
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.file)
def test_whole_lives_of_real_car_loans_add_up_to_what_their_trusts_reported(sample: Sample, sqlite: str) -> None:
    months = rows_by_month(sample)
    life = imported(sqlite, months)

    check_against(life, months)
    assert life.distributed == sample.months
    assert life.events["loan_setup"] == sample.loans
    assert cents(months[min(months)], "beginning_balance") == sample.opening
    assert principal(life) + sample.late_principal == sample.principal
    assert life.events["payoff"] == sample.payoffs
    assert (life.events["charge_off"], life.amounts["charge_off"]) == (sample.charge_offs, sample.charged_off)
    assert life.amounts["recovery"] == sample.recovered + sample.late
    assert (life.events["recovery"], life.below_zero) == sample.recoveries
    assert sum(one.loans for one in life.warnings if one.name == DIFFERENCES) == sample.differences
