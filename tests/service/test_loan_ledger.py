"""The loan ledger on both databases: rows worked out by hand, corrections of every treatment, several pools, and loans that do not roll forward."""

from __future__ import annotations

from datetime import date

import pytest

from ledger import service
from ledger.core.events import Event
from ledger.core.loan_ledger import LoanRow
from ledger.core.problems import ProblemsFound
from ledger.service.loans import check_loans, list_loans
from ledger.store.engine import Store
from ledger.store.log import Draft
from tests.service.example import correct, line_of
from tests.service.test_collateral import DEAL, NAME

HEADER = "distribution_date,kind,subject,loan,value,principal,interest,balance,rate,delinquency,code,effective_on,applies_to"
FEBRUARY = """
2025-02-25,loan_setup,,L-1,600.00,,,,6%,,,2035-02-01,
2025-02-25,loan_setup,,L-2,300.00,,,,5%,,,2030-02-01,
2025-02-25,loan_setup,,L-3,100.00,,,,4%,,,2026-02-01,
2025-02-25,payment,,L-1,,10.00,9.00,590.00,6%,0,,2025-02-01,
2025-02-25,payment,,L-2,,10.00,9.00,290.00,5%,31,,2025-01-01,
2025-02-25,payment,,L-3,,0.00,9.00,100.00,4%,95,foreclosure,,
"""
MARCH = """
2025-03-25,payment,,L-1,,10.00,9.00,560.00,,0,,2025-03-01,
2025-03-25,curtailment,,L-1,20.00,,,,,,,,
2025-03-25,payment,,L-2,,0.00,9.00,290.00,,61,,,
2025-03-25,modification,,L-2,3%,,,,,,rate cut,2032-03-01,
2025-03-25,liquidation_proceeds,,L-3,70.00,,,,,,,,
2025-03-25,liquidation_expense,,L-3,5.00,,,,,,,,
2025-03-25,realized_loss,,L-3,35.00,,,,,,,,
"""
APRIL = """
2025-04-25,payoff,,L-1,,560.00,3.00,0.00,,,,,
2025-04-25,payment,,L-2,,20.00,9.00,270.00,,,,,
2025-04-25,subsequent_recovery,,L-3,4.00,,,,,,,,
"""


def remit(store: Store, rows: str, deal: str = NAME) -> int:
    file = f"{HEADER}\n{rows.strip()}\n"
    (remitted,) = service.remit(store, deal, file.encode(), f"{rows.strip()[:7]}.csv", actor="trustee")
    assert remitted.receipt is not None
    return remitted.receipt.position


def distribute(store: Store, deal: str = NAME) -> None:
    assert not service.distribute(store, deal, actor="trustee").problems


@pytest.fixture
def rowan(store: Store) -> Store:
    service.open_deal(store, DEAL.encode(), "deal.yaml", actor="trustee")
    for month in (FEBRUARY, MARCH, APRIL):
        remit(store, month)
        distribute(store)
    return store


def rows(store: Store, deal: str = NAME, **asked: object) -> dict[str, LoanRow]:
    with list_loans(store, deal, **asked) as ledger:  # type: ignore[arg-type]  # options of the test
        return {row.loan: row for row in ledger.rows}


def rolls(row: LoanRow) -> tuple[int, ...]:
    """opening, principal, loss, adjustment, closing"""
    return row.opening_balance, row.principal, row.loss, row.adjustment, row.closing_balance


def test_month_is_as_worked_out_by_hand(rowan: Store) -> None:
    found = rows(rowan, on="2025-03")

    assert {loan: rolls(row) for loan, row in found.items()} == {
        "L-1": (590_00, 30_00, 0, 0, 560_00),
        "L-2": (290_00, 0, 0, 0, 290_00),
        "L-3": (100_00, 65_00, 35_00, 0, 0),  # 70.00 less expenses of 5.00; what is lost includes those
    }
    one, two, three = found.values()
    assert [row.status for row in found.values()] == ["current", "60_days", "liquidated"]
    assert (one.scheduled_principal, one.curtailment, one.prepayment, one.interest, one.other_principal) == (10_00, 20_00, 20_00, 9_00, 0)
    assert (one.rate, one.days_past_due, one.paid_to, one.maturity) == ("0.06", 0, date(2025, 3, 1), date(2035, 2, 1))
    assert (two.rate, two.days_past_due, two.paid_to, two.maturity) == ("0.03", 61, None, date(2032, 3, 1))
    assert (three.days_past_due, three.other_principal, three.cumulative_loss) == (None, 65_00, 35_00)


def test_first_month_opens_with_what_the_loans_came_with(rowan: Store) -> None:
    found = rows(rowan, on="2025-02")

    assert [rolls(row) for row in found.values()] == [(600_00, 10_00, 0, 0, 590_00), (300_00, 10_00, 0, 0, 290_00), (100_00, 0, 0, 0, 100_00)]
    assert [row.status for row in found.values()] == ["current", "30_days", "foreclosure"]
    assert found["L-2"].maturity == date(2030, 2, 1)  # March changed it


def test_loan_that_ended_is_listed_while_something_happens_to_it_or_where_it_is_asked_for(rowan: Store) -> None:
    remit(rowan, "2025-05-25,payment,,L-2,,0.00,0.00,270.00,,,,,")
    distribute(rowan)

    assert [(loan, row.status, row.recovery, row.cumulative_recovery) for loan, row in rows(rowan, on="2025-04").items()] == [
        ("L-1", "paid_off", 0, 0), ("L-2", "current", 0, 0), ("L-3", "liquidated", 4_00, 4_00),
    ]  # fmt: skip
    assert list(rows(rowan)) == ["L-2"]
    assert [(loan, row.status) for loan, row in rows(rowan, ended=True).items()] == [("L-1", "paid_off"), ("L-2", "current"), ("L-3", "liquidated")]
    assert [loan for loan, row in rows(rowan, ended=True, where="cumulative_loss > 0").items()] == ["L-3"]


def test_month_of_silence_leaves_loans_as_they_were(rowan: Store) -> None:
    remit(rowan, "2025-05-25,nil_month,,,,,,,,,,,")
    distribute(rowan)

    assert {loan: (rolls(row), row.status) for loan, row in rows(rowan, on="2025-05").items()} == {"L-2": ((270_00, 0, 0, 0, 270_00), "current")}
    assert check_loans(rowan, NAME, on="2025-05").is_clean


def test_month_that_is_not_distributed_is_read_as_it_is_known(rowan: Store) -> None:
    first = remit(rowan, "2025-05-25,payment,,L-2,,20.00,9.00,250.00,,30,,,")
    correct(
        rowan,
        f"{line_of(rowan, first, 'payment', deal=NAME)},,,25.00,245.00,30",
        deal=NAME,
        header="corrects,distribution_date,kind,principal,balance,delinquency",
    )

    now, then = rows(rowan, period="2025-05")["L-2"], rows(rowan, period="2025-05", known_at=first)["L-2"]

    assert (rolls(then), rolls(now)) == ((270_00, 20_00, 0, 0, 250_00), (270_00, 25_00, 0, 0, 245_00))
    assert (then.status, now.status) == ("30_days", "30_days")
    assert check_loans(rowan, NAME, period="2025-05").is_clean


def test_adjustment_before_the_months_remittance_is_in_what_that_states(rowan: Store) -> None:
    with rowan.reading() as reader:
        (march,) = {position for position, event in reader.events(NAME, kinds=["curtailment"])}
    correct(rowan, f"{line_of(rowan, march, 'curtailment', deal=NAME)},,,15.00", deal=NAME)
    remit(rowan, "2025-05-25,payment,,L-1,,5.00,0.00,0.00,,,,,\n2025-05-25,payment,,L-2,,20.00,9.00,250.00,,,,,")
    distribute(rowan)

    # 5.00 of March's curtailment never came: L-1, which was paid off, owed them, and pays.
    one, two = rows(rowan, on="2025-05").values()
    assert (rolls(one), one.curtailment, one.scheduled_principal, one.status) == ((0, 0, 0, 0, 0), -5_00, 5_00, "paid_off")
    assert rolls(two) == (270_00, 20_00, 0, 0, 250_00)
    assert check_loans(rowan, NAME, on="2025-05").is_clean


def test_adjustment_after_the_months_remittance_counts_for_the_next_one(rowan: Store) -> None:
    remit(rowan, "2025-05-25,payment,,L-2,,20.00,9.00,250.00,,,,,")
    with rowan.reading() as reader:
        line = next(f"{position}:{event.line}" for position, event in reader.events(NAME, period=date(2025, 4, 25)) if event.subject == "L-2")
    correct(rowan, f"{line},,,25.00", deal=NAME, header="corrects,distribution_date,kind,principal")
    distribute(rowan)
    remit(rowan, "2025-06-25,payment,,L-2,,5.00,9.00,240.00,,,,,")
    distribute(rowan)

    may, june = rows(rowan, on="2025-05")["L-2"], rows(rowan, on="2025-06")["L-2"]

    assert (rolls(may), may.reported_balance) == ((270_00, 25_00, 0, 0, 245_00), 250_00)
    assert rolls(june) == (245_00, 5_00, 0, 0, 240_00)
    assert [check_loans(rowan, NAME, on=month).is_clean for month in ("2025-05", "2025-06")] == [True, True]


def test_reopened_month_has_its_new_version_and_its_old_one(rowan: Store) -> None:
    with rowan.reading() as reader:
        line = next(f"{position}:{event.line}" for position, event in reader.events(NAME, period=date(2025, 4, 25)) if event.subject == "L-2")
        before = reader.head(NAME).position
    correct(rowan, f"{line},,,15.00,275.00", deal=NAME, header="corrects,distribution_date,kind,principal,balance", treatment="reopen")

    assert rolls(rows(rowan, on="2025-04")["L-2"]) == (290_00, 15_00, 0, 0, 275_00)
    assert rolls(rows(rowan, on="2025-04", known_at=before)["L-2"]) == (290_00, 20_00, 0, 0, 270_00)


def test_loan_that_does_not_roll_is_named_with_its_difference(rowan: Store) -> None:
    """Nothing that comes by a remittance fails to roll: this month is written past its checks."""
    events = [Event(1, "payment", "L-2", principal=20_00, balance=253_00)]
    with rowan.writing(NAME) as writer:
        writer.append(Draft(events, date(2025, 5, 25), "trustee", "past the checks"))

    found = check_loans(rowan, NAME, period="2025-05-25")

    assert [(roll.subject, roll.rolled, roll.closing) for roll in found.loans] == [("L-2", 250_00, 253_00)]
    assert not found.is_clean
    assert rows(rowan, period="2025-05-25")["L-2"].difference == 3_00
    assert not check_loans(rowan, NAME, period="2025-05-25", tolerance="2.99").is_clean
    assert check_loans(rowan, NAME, period="2025-05-25", tolerance="3.00").is_clean


def test_loan_that_is_left_out_of_an_incomplete_month_is_not_reported(rowan: Store) -> None:
    with rowan.writing(NAME) as writer:
        writer.append(
            Draft([Event(1, "purchase", "L-9", amount=5_00), Event(2, "closing_balance", "L-9", balance=5_00)], date(2025, 5, 25), "trustee", "a part")
        )

    found = rows(rowan, period="2025-05-25")

    assert {loan: (row.status, rolls(row)) for loan, row in found.items()} == {
        "L-2": ("not_reported", (270_00, 0, 0, 0, 0)), "L-9": ("current", (0, 0, 0, 5_00, 5_00)),
    }  # fmt: skip
    assert [roll.subject for roll in check_loans(rowan, NAME, period="2025-05-25").loans] == ["L-2"]


# Several pools --------------------------------------------------------------------------------------------------------

POOLS = """
deal: TWIN-1
closing_date: 2025-01-10
dates: {distribution: {day: 25, first: 2025-02-25}, accrual: month, day_count: 30/360}
pools: {one: {original_balance: 600}, two: {original_balance: 400, defaulted: excluded}}
tranches: {A: {original_balance: 1_000, rate: 1%}, R: {kind: residual}}
accounts: {funds: {collects: [interest, scheduled_principal, prepayment, liquidation_proceeds, liquidation_expense, lottery_win]}}
events: {lottery_win: {cash: in, pool: down}, quake: {pool: down, loss: up}}
waterfall:
  - {pay: interest, to: A, from: funds}
  - {pay: principal, to: A, from: funds, limit: tranches.balance - pool.balance}
  - {write_down: tranches.balance - pool.balance, to: A}
  - {pay: rest, to: R, from: funds}
"""
TWINS = (
    """
2025-02-25,loan_setup,one,L-1,600.00,,,,6%,,,,
2025-02-25,loan_setup,two,L-1,300.00,,,,5%,,,,
2025-02-25,loan_setup,two,L-2,100.00,,,,5%,,,,
2025-02-25,payment,one,L-1,,10.00,9.00,,6%,0,,,
2025-02-25,lottery_win,one,L-1,40.00,,,550.00,,,,,
2025-02-25,payment,two,L-1,,10.00,9.00,290.00,5%,0,,,
2025-02-25,payment,two,L-2,,0.00,9.00,100.00,5%,95,,,
2025-02-25,default,two,L-2,100.00,,,,,,,,
""",
    """
2025-03-25,payment,one,L-1,,10.00,9.00,,6%,0,,,
2025-03-25,quake,one,L-1,30.00,,,510.00,,,,,
2025-03-25,payment,two,L-1,,10.00,9.00,280.00,5%,0,,,
2025-03-25,liquidation_proceeds,two,L-2,70.00,,,,,,,,
2025-03-25,realized_loss,two,L-2,30.00,,,,,,,,
""",
)


@pytest.fixture
def twins(store: Store) -> Store:
    service.open_deal(store, POOLS.encode(), "deal.yaml", actor="trustee")
    for month in TWINS:
        remit(store, month, "TWIN-1")
        distribute(store, "TWIN-1")
    return store


def test_loans_of_several_pools_are_told_apart(twins: Store) -> None:
    found = rows(twins, "TWIN-1", on="2025-02")

    assert {loan: (row.pool, rolls(row)) for loan, row in found.items()} == {
        "one/L-1": ("one", (600_00, 50_00, 0, 0, 550_00)), "two/L-1": ("two", (300_00, 10_00, 0, 0, 290_00)), "two/L-2": ("two", (100_00, 0, 0, 0, 100_00)),
    }  # fmt: skip
    assert list(rows(twins, "TWIN-1", where="pool = two and loan = L-1")) == ["two/L-1"]
    assert [pool.roll.subject for pool in check_loans(twins, "TWIN-1").pools] == ["one", "two"]
    assert all(check_loans(twins, "TWIN-1", on=month).is_clean for month in ("2025-02", "2025-03"))


def test_kinds_of_the_deals_own_move_and_lose(twins: Store) -> None:
    found = rows(twins, "TWIN-1", on="2025-03")["one/L-1"]

    assert (found.loss, found.cumulative_loss, found.other_principal) == (30_00, 30_00, 0)
    assert rows(twins, "TWIN-1", on="2025-02")["one/L-1"].other_principal == 40_00


SUMS = ("opening_balance", "closing_balance", "loss", "cumulative_loss", "default", "scheduled_principal", "closing_loans", "balance_90_days")


@pytest.mark.parametrize("month", ["2025-02", "2025-03"])
def test_figures_of_pools_are_sums_of_their_loans_also_where_defaulted_loans_are_excluded(twins: Store, month: str) -> None:
    stated = service.statement(twins, "TWIN-1", on=month)

    told: dict[tuple[str, str], object] = {}
    for subject in ("pool", "one", "two"):
        for item in SUMS:
            with list_loans(twins, "TWIN-1", on=month, of=f"{subject}.{item}") as ledger:
                assert ledger.share is not None
                told[subject, item] = sum(map(ledger.share.of, ledger.rows))
    assert told == {(subject, item): stated.items(subject)[item].value for subject, item in told}
    assert told["pool", "closing_balance"] == {"2025-02": 840_00, "2025-03": 790_00}[month]


def test_deal_that_nothing_was_remitted_for_has_no_loans(store: Store) -> None:
    service.open_deal(store, DEAL.encode(), "deal.yaml", actor="trustee")

    with pytest.raises(ProblemsFound, match="nothing was distributed until then"):
        rows(store)
    with pytest.raises(ProblemsFound, match="no loan was reported for 2025-02-25 or before"):
        rows(store, period="2025-02")
