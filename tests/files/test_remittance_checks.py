"""A month that agrees with itself passes; whatever figure of it is changed, something no longer agrees."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.events import Event
from ledger.core.terms import Terms
from ledger.files import deal_file, remittance_checks, spool
from ledger.files.remittance import RemittedMonth, spooled
from ledger.files.remittance_month import Loans, Month, Part
from ledger.files.spool import ALL, SHARES, Share
from tests.conftest import ROOT
from tests.files.test_remittance import MARCH

CATALOGUE = ROOT / "tests" / "errors" / "remittance"
MOVEMENTS = {"scheduled_principal": -1, "forgiveness": -1, "modification_loss": -1, "capitalized_interest": 1, "pool_adjustment": 1}
ONE_POOL = deal_file.load((CATALOGUE / "loans" / "deal.yaml").read_bytes(), "deal.yaml")
TWO_POOLS = deal_file.load(
    (CATALOGUE / "pools" / "deal.yaml").read_bytes().replace(b"reported: {index: rate}\n", b"").replace(b"rate: index", b"rate: 5%"), "deal.yaml"
)


class Case(NamedTuple):
    """Rows of a month, the terms of the deal, and the loans before it."""

    events: list[Event]
    terms: Terms
    opening: Loans

    @property
    def month(self) -> Month:
        return Month(RemittedMonth(MARCH, spooled(self.events)), self.terms)

    def opening_of(self, share: Share) -> Loans:
        return {loan: balance for loan, balance in self.opening.items() if share.holds(loan)}

    def problems(self, shares: Iterable[Share] = (ALL,)) -> list[tuple[int, str]]:
        return [(row, problem.fact) for row, problem in remittance_checks.check([self.month], self.opening_of, shares=shares)]

    def in_shares(self, parting: Callable[[object], int]) -> list[tuple[int, str]]:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(spool, "hash", parting, raising=False)
            return self.problems(Share(number, SHARES) for number in range(SHARES))


PARTINGS: list[Callable[[object], int]] = [hash, lambda subject: len(str(subject)), lambda subject: -sum(map(ord, str(subject)))]
"""Ways to part subjects into shares: no two runs of the program do it in the same way."""


@st.composite
def months(draw: st.DrawFn) -> tuple[Case, int]:
    """A month of loans that agrees, and the number of one of its figures: openings, movements of each kind, what they leave, and the pools' sums."""
    terms: Terms = draw(st.sampled_from([ONE_POOL, TWO_POOLS]))
    pools: list[str] = draw(st.lists(st.sampled_from([*terms.deal.pools] or [""]), min_size=1, max_size=6))
    opening, events, closing = dict[str, int](), list[Event](), dict[str, int]()
    for number, pool in enumerate(pools):
        loan = f"{pool}/L-{number}" if pool else f"L-{number}"
        opening[loan] = balance = draw(st.integers(1, 10**9))
        for kind in draw(st.lists(st.sampled_from([*MOVEMENTS]), unique=True, max_size=3)):
            amount = draw(st.integers(1, 10**9) if MOVEMENTS[kind] > 0 else st.integers(0, balance))
            event = Event(0, kind, loan, code="a reason")
            events.append(event._replace(amount=amount) if MOVEMENTS[kind] > 0 else event._replace(principal=amount))
            balance += MOVEMENTS[kind] * amount
        events.append(Event(0, "payment", loan, interest=draw(st.integers(0, 10**6)), balance=balance))
        closing[pool] = closing.get(pool, 0) + balance
    events += [Event(0, "closing_balance", pool or None, balance=balance) for pool, balance in closing.items()]
    lines = [event._replace(line=line, source_row=line + 1) for line, event in enumerate(draw(st.permutations(events)), 1)]
    numbers = [index for index, event in enumerate(lines) if event.principal is not None or event.amount is not None or event.balance is not None]
    return Case(lines, terms, opening), draw(st.sampled_from(numbers))


@given(months())
def test_month_that_agrees_has_no_problems_and_closes_with_what_it_states(month: tuple[Case, int]) -> None:
    case, _ = month

    assert case.problems() == []
    stated = {event.subject: event.balance for event in case.events if event.kind == "payment" and event.balance}
    assert Part(case.month, case.events, case.opening).closing == stated


@given(months(), st.integers(1, 10**9))
def test_any_figure_that_moves_or_states_a_balance_is_missed_when_it_is_changed(month: tuple[Case, int], change: int) -> None:
    case, index = month
    events = list(case.events)
    column = next(column for column in ("principal", "amount", "balance") if getattr(events[index], column) is not None)
    events[index] = events[index]._replace(**{column: getattr(events[index], column) + change})

    assert case._replace(events=events).problems() != []


@given(months())
def test_loan_whose_rows_are_all_left_out_is_missed(month: tuple[Case, int]) -> None:
    case, _ = month
    gone = next(iter(case.opening))
    events = [event for event in case.events if event.subject != gone]

    problems = case._replace(events=events).problems()

    assert len(case.opening) == 1 or any(fact.startswith(f"loan {gone}, with a balance of") for _, fact in problems)


@given(months())
def test_rows_repeated_are_found_one_by_one(month: tuple[Case, int]) -> None:
    case, _ = month
    count = len(case.events)
    twice = [event._replace(line=line, source_row=line + 1) for line, event in enumerate([*case.events, *case.events], 1)]

    found = {row for row, fact in case._replace(events=twice).problems() if "stands twice, first in row" in fact}

    assert found == set(range(count + 2, 2 * count + 2))


@given(months(), st.sets(st.integers(0, 20)), st.integers(1, 10**9))
def test_loans_looked_at_a_share_at_a_time_have_the_same_problems_as_all_at_once(month: tuple[Case, int], gone: set[int], change: int) -> None:
    case, index = month
    events = list(case.events)
    events[index] = events[index]._replace(interest=-change, balance=change)
    wrong = case._replace(events=[event for number, event in enumerate(events) if number not in gone])

    for parting in PARTINGS:
        assert wrong.in_shares(parting) == wrong.problems()


def test_row_that_is_named_is_the_first_whatever_the_shares() -> None:
    kinds = ["curtailment", "payoff", "payoff", "curtailment"]
    rows = [Event(0, kind, f"L-{number}", principal=5, balance=5) for number, kind in enumerate(kinds)]
    rows += [Event(0, "payoff", principal=1), Event(0, "curtailment", principal=1)]
    case = Case([row._replace(line=line, source_row=line + 1) for line, row in enumerate(rows, 1)], ONE_POOL, {f"L-{number}": 10 for number in range(4)})

    found = case.problems()

    assert "`payoff` is reported for the pool, and loan by loan from row 2" in [fact for _, fact in found]
    assert all(case.in_shares(parting) == found for parting in PARTINGS)
