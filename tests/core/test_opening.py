"""The books at the beginning: at closing, and taken over mid-life."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ledger.core.opening import open_books
from ledger.core.problems import ProblemsFound
from tests.core.deals import Books, boarding, terms

DEAL = """
pool: {original_balance: 1_000}
reported: {index: {type: rate, missing: previous}, sale: {type: date, missing: 2025-01-01}, sold: {type: flag, missing: false}}
tranches:
  A: {original_balance: 600, rate: 12%, interest_on_unpaid: 12%}
  B: {original_balance: 300, rate: 12%}
  Z: {original_balance: 100, rate: 12%}
  R: {kind: residual}
fees: {servicing: {amount: 1}}
ledgers: {pdl: {of: [A, B], up_to: balance}, year: {}}
accounts: {funds: {collects: [interest, scheduled_principal]}, reserve: {opening: 50}}
amounts: {collected: pool.scheduled_principal, mean: "average(collected, 3)", day: 1, fall: if previous(sold) then 1 else 0}
triggers: {for_good: {fails_when: pool.balance < 500, curable: false}, cured: {fails_when: previous(sale) > closing_date}}
waterfall:
  - {accrete: interest, to: Z}
  - {pay: interest, to: {sequential: [A, B]}, from: funds}
  - {pay: principal, to: {sequential: [A, B]}, from: funds, limit: mean + fall}
"""
BOARDING = """
last_distribution: 2026-03-15
period: 14
pool: {balance: 700, cumulative_loss: 40}
tranches:
  A: {balance: 300, unpaid_interest: 5, interest_on_unpaid: 0.50}
  B: {balance: 260, cumulative_loss: 40}
  Z: {balance: 115.97}
accounts: {funds: 0, reserve: 60}
fees: {servicing: {unpaid: 2}}
ledgers: {B.pdl: 20, year: 7}
triggers: {for_good: passed}
previous: {index: 4.50%, collected: [10, 1_000.50], sold: no, sale: 2025-06-01}
"""


def refused(text: str, deal: str = DEAL) -> list[str]:
    with pytest.raises(ProblemsFound) as found:
        open_books(terms(deal), boarding(text))
    return [f"{'.'.join(map(str, problem.path))}: {problem.fact}" for problem in found.value.problems]


def test_at_closing_the_books_hold_the_deals_own_figures() -> None:
    opening = Books(DEAL).opening

    assert [opening.account(name) for name in ("pool", "A.principal", "B.principal", "Z.principal", "cash.reserve", "excess")] == [
        1_000,
        -600,
        -300,
        -100,
        50,
        -50,
    ]
    assert opening.distribution.number == 0


def test_figures_that_can_be_held_alone_and_not_together_do_not_open() -> None:
    half = "50_000_000_000_000_000"

    with pytest.raises(ProblemsFound, match=r"excess would hold -99,999,999,999,999,999\.00, more than the books' 92,233,720,368,547,758\.07"):
        Books(f"""
            pools: {{one: {{original_balance: {half}}}, two: {{original_balance: {half}}}}}
            tranches: {{A: {{original_balance: 1}}}}
            accounts: {{funds: {{collects: [interest]}}}}
            waterfall: [{{pay: rest, to: A, from: funds, as: principal}}]
        """)


def test_a_boarded_deal_opens_as_its_file_says() -> None:
    opening = Books(DEAL, BOARDING).opening

    assert opening.distribution.number == 14
    assert (opening["A.balance"], opening["A.unpaid_interest"], opening["B.cumulative_loss"]) == (300, Decimal("5.50"), 40)
    assert (opening["pool.balance"], opening["pool.cumulative_loss"], opening["servicing.unpaid"]) == (700, 40, 2)
    assert (opening["reserve.balance"], opening["B.pdl"], opening["year"]) == (60, 20, 7)
    assert opening["for_good"] is False


def test_the_next_period_of_a_boarded_deal_goes_on_from_there() -> None:
    month = Books(DEAL, BOARDING).month(interest=100, scheduled_principal=90)

    assert month["period"] == 15
    assert month["distribution_date"].isoformat() == "2026-04-15"
    assert month["index"] == Decimal("0.045")
    assert month["A.interest_due"] == Decimal("8.55")  # 3 + 5 + 0.50 + 1% of 5
    assert month["mean"] == Decimal("366.83")  # of 10, 1,000.50 and 90
    assert month["cured"] is True
    assert month["B.cumulative_loss"] == 40


def test_a_trigger_that_cannot_be_cured_stays_failed_after_boarding() -> None:
    month = Books(DEAL, BOARDING.replace("for_good: passed", "for_good: failed")).month(interest=10)

    assert month["for_good"] is True


def test_a_class_that_accretes_may_be_above_its_original_balance_and_another_not() -> None:
    assert refused(BOARDING.replace("B: {balance: 260,", "B: {balance: 260.01,")) == [
        "tranches.B: class B: balance and loss borne, 300.01, exceed its original balance, 300.00"
    ]


def test_everything_that_a_boarding_file_leaves_out_is_listed() -> None:
    assert refused("last_distribution: 2026-03-15\nperiod: 14\n") == [
        "pools: `pools` says nothing of pool",
        "tranches: `tranches` says nothing of A",
        "tranches: `tranches` says nothing of B",
        "tranches: `tranches` says nothing of Z",
        "accounts: `accounts` says nothing of funds",
        "accounts: `accounts` says nothing of reserve",
        "triggers: `triggers` says nothing of for_good",
        "previous: `previous` says nothing of collected",
        "previous: `previous` says nothing of sold",
        "previous: `previous` says nothing of index",
        "previous: `previous` says nothing of sale",
    ]


@pytest.mark.parametrize(
    ("old", "new", "fact"),
    [
        ("year: 7", "yaer: 7", "ledgers.yaer: `yaer` is not known to the deal"),
        ("  Z: {", "  Y: {balance: 1}\n  Z: {", "tranches.Y: `Y` is not known to the deal"),
        ("reserve: 60", "reserve: 60.001", "accounts.reserve: 60.001 has more decimal places than the 2 of `rounding.carry`"),
        ("reserve: 60", "reserve: -60", "accounts.reserve: -60 is negative"),
        ("{balance: 700", "{balance: -700", "pools.pool.balance: -700 is negative"),
        ("B.pdl: 20", "B.pdl: 261", "ledgers.B.pdl: ledger B.pdl of 261 is above the balance of B, 260"),
        ("index: 4.50%", "index: high", "previous.index: `high` is not a plain number such as 0.0425 or 4.25%"),
        ("sold: no", "sold: perhaps", "previous.sold: `perhaps` is neither yes nor no"),
        ("sale: 2025-06-01", "sale: June", "previous.sale: `June` is not a date such as 2024-01-30"),
        ("[10,", "[10.123,", "previous.collected: `10.123` has more than 2 decimal places"),
    ],
)
def test_a_boarding_file_that_does_not_fit_its_deal_is_refused(old: str, new: str, fact: str) -> None:
    assert refused(BOARDING.replace(old, new)) == [fact]


def test_interest_that_was_overpaid_before_boarding_may_be_negative() -> None:
    month = Books(DEAL, BOARDING.replace("unpaid_interest: 5, interest_on_unpaid: 0.50", "unpaid_interest: -1")).month(interest=10)

    assert month["A.interest_paid"] == 2
