"""Credit structures of textbooks: losses from the bottom, shifting interest, and an overcollateralization account over five years."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest

from tests.conftest import shared
from tests.core.deals import Books, Month

TRANCHED = """
pool: {original_balance: 400_000_000}
accounts: {funds: {collects: [scheduled_principal]}}
tranches:
  X1: {original_balance: 350_000_000}
  X2: {original_balance: 20_000_000}
  X3: {original_balance: 10_000_000}
  X4: {original_balance: 5_000_000}
  X5: {original_balance: 5_000_000}
  X6: {original_balance: 5_000_000}
  X7: {original_balance: 5_000_000}
amounts: {below_X1: tranches.balance - X1.balance, below_X4: X5.balance + X6.balance + X7.balance}
waterfall: [{write_down: pool.loss, to: {sequential: [X7, X6, X5, X4, X3, X2, X1]}}]
"""
SHIFTING = """
pool: {original_balance: 100_000_000}
accounts: {funds: {collects: [scheduled_principal, prepayment]}}
tranches: {senior: {original_balance: 75_000_000}, subordinate: {original_balance: 25_000_000}}
ratios:
  senior_share: senior.opening_balance / tranches.opening_balance
  prepayment_share: senior_share + 85% * (100% - senior_share)
waterfall:
  - {pay: principal, to: senior, from: funds, limit: senior_share * pool.scheduled_principal + prepayment_share * pool.prepayment}
  - {pay: principal, to: subordinate, from: funds}
"""
FIVE_YEARS = """
deal: FIVE-YEARS
closing_date: 2025-01-01
dates: {distribution: {day: 1, months: 12, first: 2026-01-01}, accrual: scheduled, day_count: 30/360}
pool: {original_balance: 100_000_000}
tranches:
  senior: {original_balance: 85_000_000, rate: 5.50%}
  mezzanine: {original_balance: 10_000_000, rate: 10%}
  equity: {kind: residual}
groups: {bonds: [senior, mezzanine]}
amounts: {earned: 5% * overcollateralization.opening_balance}
accounts:
  funds: {collects: [interest, scheduled_principal]}
  overcollateralization: {collects: [recovery, earned]}
waterfall:
  - {pay: interest, to: {sequential: bonds}, from: [funds, overcollateralization]}
  - when: period < 5
    steps:
      - {pay: rest, to: overcollateralization, from: funds, limit: 1_750_000}
      - {pay: rest, to: equity, from: funds}
  - when: period == 5
    steps:
      - {pay: principal, to: {sequential: bonds}, from: [funds, overcollateralization]}
      - {pay: rest, to: equity, from: [funds, overcollateralization]}
"""
MILLION = 1_000_000


def book() -> Any:
    return json.loads(shared("cases/published/credit.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", [0, 1])
def test_losses_are_borne_by_the_lowest_classes_as_printed(case: int) -> None:
    printed = book()["loss_tranching"]
    books = Books(TRANCHED)
    loss = printed["cases"][case]

    month = books.month(charge_off=int(loss["loss"]) * MILLION)

    borne = {name: month[f"{name}.realized_loss"] / MILLION for name in books.terms.deal.tranches}
    assert {name: amount for name, amount in borne.items() if amount} == {name: Decimal(amount) for name, amount in loss["writedown"].items()}
    support = {name: books.opening[f"below_{name}"] / MILLION for name in printed["credit_support"]}
    assert support == {name: Decimal(amount) for name, amount in printed["credit_support"].items()}


def test_prepayments_shift_to_the_senior_class_as_printed() -> None:
    printed = book()["shifting_interest"]
    books = Books(SHIFTING)

    month = books.month(scheduled_principal=printed["sched"], prepayment=printed["prepay"])

    assert month["prepayment_share"] == Decimal(printed["senior_prepay_pct"])
    assert month["senior.principal_paid"] == Decimal(printed["senior_sched"]) + Decimal(printed["senior_prepay"])
    assert month["subordinate.principal_paid"] == 4_200_000 - month["senior.principal_paid"]


def five_years(defaults: list[int]) -> list[Month]:
    """The deal's years: loans of 100 million pay 8.5 % and are redeemed in the fifth, 40 % of what defaults is recovered."""
    books, loans, years = Books(FIVE_YEARS), 100 * MILLION, []
    for number, defaulted in enumerate((default * MILLION for default in defaults), start=1):
        loans -= defaulted
        redeemed = loans if number == 5 else 0
        years.append(books.month(interest=loans * 85 // 1000, scheduled_principal=redeemed, charge_off=defaulted, recovery=defaulted * 4 // 10))
    return years


def millions(amounts: Iterable[Decimal]) -> list[str]:
    return [f"{amount / MILLION:.3f}" for amount in amounts]


@pytest.mark.parametrize("case", [0, 1])
def test_an_account_traps_spread_for_five_years_and_redeems_the_bonds_as_printed(case: int) -> None:
    printed = book()["malz_waterfall"]["cases"][case]
    years = five_years(printed["defaults"])
    last = years[4]
    held = last["overcollateralization.opening_balance"] + last["earned"]

    assert millions(year["equity.interest_paid"] for year in years) == printed["equity"]
    assert millions([*(year["overcollateralization.balance"] for year in years[:4]), held]) == printed["oc_account"]
    assert millions(year["pool.recovery"] for year in years) == printed["recovery"]
    assert millions([last["funds.collected"] + held + last["pool.recovery"]]) == [printed["terminal"]]
    assert last["bonds.balance"] == 0


def test_bonds_that_the_account_cannot_redeem_stay_unpaid() -> None:
    printed = book()["malz_waterfall"]["cases"][2]
    last = five_years(printed["defaults"])[4]

    # 86.3564 million are there in the end; interest takes 5.675 of them, and the senior class, of 85, the rest.
    assert f"{last['bonds.interest_paid'] / MILLION + last['senior.principal_paid'] / MILLION:.4f}" == printed["terminal"]
    assert (last["mezzanine.balance"], last["equity.interest_paid"]) == (10 * MILLION, 0)
