"""Seven deals that another engine ran: our own deal files, its collections, and every class payment to the cent under its own floor rules."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ledger.core.collections import Collections, Flow
from ledger.core.distribution import Distribution
from ledger.core.events import Event
from ledger.core.money import allocate_pro_rata, parse_money
from ledger.core.opening import open_books
from ledger.core.posting import interest_on_unpaid, shortfall
from ledger.core.problems import ProblemsFound
from ledger.core.processor import distribute
from ledger.core.schedule import number_of, resolve
from ledger.core.terms import Terms
from ledger.files import deal_file
from ledger.files.calendars import is_open
from tests.conftest import shared
from tests.core.deals import Books

HERE = Path(__file__).parent
CASES = {path.stem: path for path in sorted(HERE.glob("*.yaml"))}
KINDS = {
    "interest": "interest",
    "principal": "scheduled_principal",
    "prepayment": "prepayment",
    "recovery": "liquidation_proceeds",
    "loss": "realized_loss",
}
"""The engine's word for each of our kinds."""


def cents(text: str) -> int:
    return parse_money(text, 2)


def case(name: str) -> dict[str, Any]:
    path = next(shared("cases/engine").glob(f"{name}-*.json"))
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def months(terms: Terms, case: dict[str, Any], last: date) -> Iterator[Distribution]:
    """Every distribution up to the last payment: each collects what is dated after the one before, up to its own day."""
    before = open_books(terms)
    rows = case["collections"]
    fees = {row["date"]: {name: amount for name, amount in row.items() if name != "date"} for row in case["fees_paid_by_date"]}
    while before.dates.scheduled < last:
        dates = resolve(terms.deal, before.number + 1, is_open(""), before.dates.distribution)
        due = [row for row in rows if row["date"] <= dates.scheduled.isoformat()]
        rows = rows[len(due) :]
        flows = [Flow(ours, None, cents(row[theirs])) for row in due for theirs, ours in KINDS.items()]
        reported = fees.get(dates.scheduled.isoformat(), {})
        facts = [Event(line, "reported", name, amount=cents(amount)) for line, (name, amount) in enumerate(reported.items()) if name in terms.deal.reported]
        before = distribute(terms, before.closing, dates, Collections(tuple(flows), tuple(facts)))
        yield before


def expected(case: dict[str, Any]) -> dict[date, dict[str, dict[str, int]]]:
    """The engine's payments by date and class, in cents; a class without a row was paid nothing."""
    found: dict[date, dict[str, dict[str, int]]] = defaultdict(dict)
    for row in case["expected_bond_payments"]:
        found[date.fromisoformat(row["date"])][row["bond"]] = {item: cents(figure) for item, figure in row.items() if item not in ("date", "bond")}
    return found


def ours(terms: Terms, distribution: Distribution, name: str, items: dict[str, int]) -> dict[str, int]:
    """Our figures for the items that the engine prints."""
    run = distribution.running(terms)
    balances = distribution.closing.balances
    figures = {
        "interest_paid": run.figures[f"{name}.interest_paid"],
        "principal_paid": run.figures[f"{name}.principal_paid"],
        "written_down": run.figures[f"{name}.realized_loss"],
        "end_balance": -balances.get(f"{name}.principal", 0),
        "interest_due_after": -balances.get(shortfall(name), 0),
        "interest_on_interest_due_after": -balances.get(interest_on_unpaid(name), 0),
    }
    return {item: figures[item] for item in items}


@pytest.mark.parametrize("name", CASES)
def test_every_payment_agrees_with_the_engine_to_the_cent(name: str) -> None:
    given = case(name)
    terms = deal_file.load(CASES[name].read_bytes(), CASES[name].name)
    printed = expected(given)
    on_schedule = [day for day in printed if number_of(terms.deal, day)]

    books = {distribution.dates.scheduled: distribution for distribution in months(terms, given, max(on_schedule))}

    differences = [
        (day.isoformat(), bond, items, found)
        for day in on_schedule
        for bond, items in printed[day].items()
        if (found := ours(terms, books[day], bond, items)) != items
    ]
    assert differences == []
    assert all(not any(items[paid] for paid in ("interest_paid", "principal_paid")) for day in printed if day not in books for items in printed[day].values())


@pytest.mark.parametrize("name", CASES)
def test_a_class_that_the_engine_does_not_print_is_paid_nothing(name: str) -> None:
    given = case(name)
    terms = deal_file.load(CASES[name].read_bytes(), CASES[name].name)
    printed = expected(given)

    for distribution in months(terms, given, max(day for day in printed if number_of(terms.deal, day))):
        silent = [tranche for tranche in terms.deal.tranches if tranche not in printed[distribution.dates.scheduled]]
        assert not any(posting.item in (f"{tranche}.interest_paid", f"{tranche}.principal_paid") for tranche in silent for posting in distribution.postings)


# Its unit vectors ------------------------------------------------------------------------------------------------------------


def vectors() -> dict[str, Any]:
    listed = json.loads(shared("cases/engine/unit-vectors.json").read_text())["vectors"]
    return {vector["id"]: vector["expected"] for vector in listed}


SMALL = """
deal: SMALL-1
closing_date: 2021-04-15
dates: {distribution: {day: 26, first: 2021-07-26}, accrual: payment, day_count: act/365}
rounding: {interest: down}
pool: {original_balance: 3_000}
tranches: {A1: {original_balance: 1_000, rate: 7%}, B: {original_balance: 100}, C: {original_balance: 3_000}}
accounts: {funds: {collects: [interest, scheduled_principal]}, reserve: {opening: 150, target: 210}}
reported: {loss_of_b: {type: money, missing: 0}}
waterfall:
  - {pay: interest, to: A1, from: funds}
  - {write_down: loss_of_b, to: B}
  - {pay: principal, to: C, from: funds, limit: pool.scheduled_principal}
"""


def test_pro_rata_shares_agree_with_its_vectors() -> None:
    printed = vectors()

    assert allocate_pro_rata(60, [100, 200, 300], "first") == printed["prorata-1"]
    assert allocate_pro_rata(60, [100, 200, 0], "first") == printed["prorata-2"]


def test_principal_first_interest_write_down_and_reserve_agree_with_its_vectors() -> None:
    printed = vectors()

    month = Books(SMALL).month(interest=20, scheduled_principal=600, loss_of_b=70)

    assert str(month["A1.interest_paid"]) == printed["absbox-first-int"]["first_interest"]
    assert month["C.balance"] == int(printed["prin-1"]["end_balance"])
    assert month["B.balance"] == int(printed["writeoff-1"]["end_balance"].removesuffix(".00"))
    assert month["reserve.shortfall"] == int(printed["reserve-gap-fixed"]["gap"])


def test_a_write_down_above_the_balance_is_refused_as_its_vector_says() -> None:
    assert vectors()["writeoff-2"].startswith("rejected")
    with pytest.raises(ProblemsFound, match=r"20\.00 of loss cannot be written down"):
        Books(SMALL).month(interest=20, loss_of_b=120)
