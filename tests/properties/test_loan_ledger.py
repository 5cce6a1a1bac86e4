"""Random lives of loans: the loan ledger's rows are those of a naive program that keeps balances in a dictionary, and a falsified balance is found alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import service
from ledger.core.events import Event
from ledger.service.loans import check_loans, list_loans
from ledger.store.engine import Store
from ledger.store.log import Draft
from tests.service.test_collateral import DEAL, NAME

Sums = tuple[int, int, int, int, int]
"""opening, principal, loss, adjustment, closing"""
Month = tuple[list[Event], dict[str, Sums]]


def periods(count: int) -> list[date]:
    return [date(2025 + (month + 1) // 12, (month + 1) % 12 + 1, 25) for month in range(count)]


@st.composite
def lives(draw: st.DrawFn) -> list[Month]:
    """Months of a few loans: the events, and what a naive program makes of each loan that the month touches."""
    balances = {f"L-{number}": draw(st.integers(1, 50)) * 100 for number in range(draw(st.integers(1, 5)))}
    set_up = [Event(0, "loan_setup", loan, balance=balance) for loan, balance in balances.items()]
    months: list[Month] = []
    for count in range(draw(st.integers(1, 5))):
        if count and draw(st.integers(0, 4)) == 0:
            months.append(([Event(0, "nil_month")], {loan: (balance, 0, 0, 0, balance) for loan, balance in balances.items()}))
            continue
        events, sums = ([] if count else list(set_up)), dict[str, Sums]()
        if count and draw(st.booleans()):
            loan, price = f"P-{count}", draw(st.integers(1, 9)) * 100
            events += [Event(0, "purchase", loan, amount=price), Event(0, "payment", loan, balance=price)]
            sums[loan] = (0, 0, 0, price, price)
        for loan, balance in balances.items():
            told, sums[loan] = draw(months_of(loan, balance))
            events += told
        balances = {loan: row[-1] for loan, row in sums.items() if row[-1]}
        months.append((events, sums))
    return months


@st.composite
def months_of(draw: st.DrawFn, loan: str, balance: int) -> tuple[list[Event], Sums]:
    """What happens to a loan in a month."""
    match draw(st.integers(0, 5)):
        case 0:
            return [Event(0, "payoff", loan, principal=balance, interest=5)], (balance, balance, 0, 0, 0)
        case 1:
            proceeds, expense = draw(st.integers(0, balance)), draw(st.integers(0, 30))
            lost = balance + expense - proceeds
            events = [Event(0, kind, loan, amount=amount) for kind, amount in (("liquidation_proceeds", proceeds), ("liquidation_expense", expense))]
            return [*events, Event(0, "realized_loss", loan, amount=lost)], (balance, proceeds - expense, lost, 0, 0)
        case 2:
            lost = draw(st.integers(1, balance))
            closes = balance - lost
            return [Event(0, "charge_off", loan, amount=lost, balance=closes)], (balance, 0, lost, 0, closes)
        case _:
            paid, ahead, added = draw(st.integers(0, balance // 2)), draw(st.integers(0, balance // 2)), draw(st.integers(0, 20))
            closes = balance - paid - ahead + added
            extra = [Event(0, "curtailment", loan, principal=ahead), Event(0, "capitalized_interest", loan, amount=added)]
            return [Event(0, "payment", loan, principal=paid, interest=7, balance=closes), *extra], (balance, paid + ahead, 0, added, closes)


@contextmanager
def books(months: list[Month]) -> Iterator[Store]:
    with TemporaryDirectory() as folder, closing(Store(f"sqlite:///{Path(folder) / 'books.db'}")) as store:
        store.upgrade()
        service.open_deal(store, DEAL.encode(), "deal.yaml", actor="trustee")
        with store.writing(NAME) as writer:
            for period, (events, _) in zip(periods(len(months)), months, strict=True):
                writer.append(Draft([event._replace(line=line) for line, event in enumerate(events, 1)], period, "trustee", "a month"))
        yield store


@settings(max_examples=30, deadline=None)
@given(lives())
def test_rows_are_those_of_a_naive_program_and_every_loan_rolls(months: list[Month]) -> None:
    lost = dict[str, int]()
    with books(months) as store:
        for period, (_, expected) in zip(periods(len(months)), months, strict=True):
            with list_loans(store, NAME, period=str(period)) as ledger:
                rows = {row.loan: row for row in ledger.rows}
            checked = check_loans(store, NAME, period=str(period))

            found = {loan: (row.opening_balance, row.principal, row.loss, row.adjustment, row.closing_balance) for loan, row in rows.items()}
            lost |= {loan: lost.get(loan, 0) + sums[2] for loan, sums in expected.items()}
            assert found == expected
            assert {loan: row.cumulative_loss for loan, row in rows.items()} == {loan: lost[loan] for loan in expected}
            assert checked.is_clean
            # A pool whose loans have all ended has a row of nil as long as the month that ended them is read.
            assert [tuple(pool.roll[1:]) for pool in checked.pools if any(pool.roll[1:])] == ([added_up(expected)] if expected else [])


def added_up(loans: dict[str, Sums]) -> tuple[int, ...]:
    return tuple(map(sum, zip(*loans.values(), strict=True)))


@settings(max_examples=30, deadline=None)
@given(lives(), st.data(), st.integers(1, 500))
def test_balance_that_is_falsified_is_found_in_its_month_and_the_next(months: list[Month], data: st.DataObject, by: int) -> None:
    stated = [(number, line) for number, (events, _) in enumerate(months) for line, event in enumerate(events) if event.balance and event.kind != "loan_setup"]
    if not stated:
        return
    number, line = data.draw(st.sampled_from(stated))
    events = months[number][0]
    events[line] = events[line]._replace(balance=(events[line].balance or 0) + by)
    loan = events[line].subject

    with books(months) as store:
        found = {period: check_loans(store, NAME, period=str(period)).loans for period in periods(len(months))}
        within = check_loans(store, NAME, period=str(periods(len(months))[number]), tolerance=f"{by // 100}.{by % 100:02d}").loans

    missed = [[(roll.subject, roll.closing - roll.rolled) for roll in rolls] for rolls in found.values()]
    # The next month that states balances opens higher than it accounts for; a month that says nothing leaves the falsified one as it is.
    later = next((other for other in range(number + 1, len(months)) if months[other][0][0].kind != "nil_month"), None)
    assert missed == [[(loan, by)] if at == number else [(loan, -by)] if at == later else [] for at in range(len(months))]
    assert within == ()
