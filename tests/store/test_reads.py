"""What a period collected, as known at a position: against a naive model; single facts; loans; and the plan by which SQLite finds them."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.core.collections import Total
from ledger.core.events import AMOUNTS, Event
from ledger.store.engine import Store
from ledger.store.months import sums
from ledger.store.projections import Reader
from tests.store import sample
from tests.store.sample import DEAL, draft, month_events, period, remittance, restatement, reversal

KINDS = ("payment", "curtailment", "realized_loss")
APRIL, MAY = period(4), period(5)


@pytest.fixture
def opened(empty: Store) -> Store:
    sample.open_deal(empty)
    return empty


def append(store: Store, *drafts: Any) -> Any:
    with store.writing(DEAL) as writer:
        return [writer.append(one).position for one in drafts]


def one(totals: Any, kind: str) -> Any:
    return [total for total in totals if total.kind == kind]


# Sums of a period ------------------------------------------------------------------------------------------------------


def test_a_period_is_summed_by_kind(opened: Store) -> None:
    append(opened, remittance(month_events(4), APRIL), remittance(month_events(5), MAY))

    with opened.reading() as reader:
        totals = reader.collections(DEAL, APRIL, ["payment", "curtailment"], by_pool=False)
    assert totals == [
        Total("curtailment", None, None, None, 7_00, None, None, None),
        Total("payment", None, None, None, 6 * 100_00, 6 * 41_67 + 21, 6 * 2_08, None),
    ]


def test_sums_keep_not_reported_apart_from_zero(opened: Store) -> None:
    append(opened, draft([Event(0, "payment", "L-1", principal=0), Event(0, "payment", "L-2")], APRIL))

    with opened.reading() as reader:
        (total,) = reader.collections(DEAL, APRIL, KINDS, by_pool=False)
    assert (total.principal, total.interest) == (0, None)


def test_a_period_is_summed_by_pool_where_the_deal_has_several(opened: Store) -> None:
    rows = [("1", 5), ("1/L-1", 10), ("1/L-2", 20), ("2/L-1", 400), (None, 8000)]
    append(opened, draft([Event(0, "payment", subject, principal=amount) for subject, amount in rows], APRIL))

    with opened.reading() as reader:
        totals = reader.collections(DEAL, APRIL, KINDS, by_pool=True)
    assert {total.pool: total.principal for total in totals} == {"1": 35, "2": 400, None: 8000}


def test_a_corrected_line_counts_as_restated_and_only_from_the_correction_on(opened: Store) -> None:
    events = month_events(4)
    (first,) = append(opened, remittance(events, APRIL))
    (second,) = append(opened, draft([reversal(first, 2, events[0]), restatement(first, 2, events[0]._replace(principal=1_00))], APRIL, treatment="supersede"))

    with opened.reading() as reader:
        sums = [sum(total.principal for total in one(reader.collections(DEAL, APRIL, KINDS, False, known), "payment")) for known in (first, second)]
    assert sums == [600_00, 501_00]


def test_a_fact_of_an_earlier_period_is_summed_apart_with_its_origin(opened: Store) -> None:
    (march,) = append(opened, remittance([Event(0, "recovery", amount=1)], period(3)))
    rows = [
        Event(0, "recovery", amount=10),
        Event(0, "recovery", amount=20, corrects_position=march, effective_on=period(3)),
        Event(0, "recovery", amount=40, corrects_position=1, effective_on=date(2020, 6, 25)),
        Event(0, "recovery", amount=80, corrects_position=1, effective_on=date(2020, 7, 25)),
    ]
    append(opened, remittance(rows, APRIL))

    with opened.reading() as reader:
        totals = reader.collections(DEAL, APRIL, ["recovery"], by_pool=False)
    assert [(total.origin_position, total.origin_date, total.amount) for total in sorted(totals, key=lambda total: total.amount or 0)] == [
        (None, None, 10), (march, period(3), 20), (1, date(2020, 6, 25), 40), (1, date(2020, 7, 25), 80),
    ]  # fmt: skip


amounts = st.none() | st.integers(-10_000, 10_000)
facts = st.builds(
    lambda kind, subject, principal, interest, amount: Event(0, kind, subject, principal=principal, interest=interest, amount=amount),
    st.sampled_from(KINDS), st.sampled_from([None, "1", "2", "1/L-1", "2/L-1"]), amounts, amounts, amounts,
)  # fmt: skip
months = st.sampled_from([APRIL, MAY])
commits = st.tuples(months, st.lists(facts, max_size=4), st.lists(st.tuples(st.integers(0, 30), facts), max_size=3), st.sampled_from(["supersede", "adjust"]))
deal_names = (f"H-{number}" for number in itertools.count())


def history_of(commits_drawn: Any) -> Iterator[Any]:
    """Drafts, each with its rows: new facts, and corrections of lines that no one has corrected yet."""
    standing: dict[tuple[int, int], tuple[date, Event]] = {}
    for position, (month, new, corrections, treatment) in enumerate(commits_drawn, 1):
        rows, taken = list(new), []
        for choice, wanted in corrections:
            keys = [key for key, (origin, _) in standing.items() if key not in taken and (treatment == "adjust" or origin == month)]
            if keys:
                key = keys[choice % len(keys)]
                wrong = standing[key][1]
                rows += [reversal(key[0], key[1], wrong), restatement(key[0], key[1], wanted._replace(kind=wrong.kind, subject=wrong.subject))]
                taken.append(key)
        for key in taken:
            del standing[key]
        lines = sample.numbered(rows)
        standing |= {(position, event.line): (month, event) for event in lines if event.effect > 0 and event.corrects_position is None}
        yield month, draft(lines, month, treatment=treatment if taken else "original")


def naive_sums(history: Any, month: date, known_at: int) -> Any:
    """Add up line by line what the list of commits says, up to a position."""
    sums: dict[tuple[str, str | None], dict[str, int | None]] = defaultdict(lambda: dict.fromkeys(AMOUNTS))
    for position, (of_month, one_draft) in enumerate(history, 1):
        for event in one_draft.events if of_month == month and position <= known_at else ():
            pool = None if event.subject is None else event.subject.partition("/")[0]
            for name in AMOUNTS:
                if (amount := getattr(event, name)) is not None:
                    sums[event.kind, pool][name] = (sums[event.kind, pool][name] or 0) + amount
    return {key: row for key, row in sums.items() if any(value is not None for value in row.values())}


def stored_sums(reader: Reader, deal: str, month: date, known_at: int) -> Any:
    sums: dict[tuple[str, str | None], dict[str, int | None]] = defaultdict(lambda: dict.fromkeys(AMOUNTS))
    for total in reader.collections(deal, month, KINDS, by_pool=True, known_at=known_at):
        for name in AMOUNTS:
            if (amount := getattr(total, name)) is not None:
                sums[total.kind, total.pool][name] = (sums[total.kind, total.pool][name] or 0) + amount
    return {key: row for key, row in sums.items() if any(value is not None for value in row.values())}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(commits, min_size=1, max_size=8))
def test_sums_as_known_at_every_position_are_those_of_a_naive_model(empty: Store, drawn: Any) -> None:
    deal, history = next(deal_names), list(history_of(drawn))
    with empty.writing(deal) as writer:
        writer.open_deal()
    for _, one_draft in history:
        with empty.writing(deal) as writer:
            writer.append(one_draft)

    with empty.reading() as reader:
        for known_at, month in itertools.product(range(len(history) + 1), (APRIL, MAY)):
            assert stored_sums(reader, deal, month, known_at) == naive_sums(history, month, known_at)


def test_many_periods_read_at_once_are_those_read_one_by_one(books: Store) -> None:
    kinds, facts = ["payment", "curtailment"], ["publication", "reported"]
    with books.reading() as reader:
        together = reader.months(DEAL, period(1), kinds, facts, by_pool=True)
        apart = {key: (set(reader.collections(DEAL, key, kinds, True)), reader.facts(DEAL, key, facts)) for key in map(period, (1, 2, 3))}
        two = reader.months(DEAL, period(2), kinds, facts, by_pool=True, at_most=1)

    assert {key: (set(month.totals), month.facts) for key, month in together.items()} == apart
    assert list(two) == [period(2)]


def test_sqlite_finds_a_period_by_its_positions_and_never_scans_the_deal(sqlite: str) -> None:
    store = Store(sqlite)
    with store.reading() as reader:
        query = sums(1, Reader.positions(1, APRIL, 9), KINDS, True, "sqlite")
        compiled = query.compile(dialect=reader.connection.dialect, compile_kwargs={"literal_binds": True})
        plan = [row[3] for row in reader.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}")]
    store.close()

    assert "SEARCH event USING PRIMARY KEY (deal_id=? AND position=?)" in plan
    assert any(step.startswith("SEARCH log_commit USING COVERING INDEX log_commit_by_period (deal_id=? AND period=? AND position<?)") for step in plan)
    assert not any(step.startswith("SCAN event") for step in plan)


def test_sqlite_finds_one_loan_through_its_months_by_the_index(sqlite: str) -> None:
    store = Store(sqlite)
    with store.reading() as reader:
        statement = (
            "EXPLAIN QUERY PLAN SELECT line FROM event WHERE deal_id = 1 AND subject = 'L-0001'"
            " AND position IN (SELECT position FROM log_commit WHERE deal_id = 1)"
        )
        plan = [row[3] for row in reader.connection.exec_driver_sql(statement)]
    store.close()

    assert any("event_by_subject (deal_id=? AND position=? AND subject=?)" in step for step in plan)


# Facts, one by one -----------------------------------------------------------------------------------------------------


def test_facts_of_a_period_leave_out_what_was_corrected_within_it(opened: Store) -> None:
    rate = Event(0, "reported", "sofr", rate="0.0431")
    (first,) = append(opened, remittance([rate, Event(0, "reported", "count", amount=6)], APRIL))
    (second,) = append(opened, draft([reversal(first, 2, rate), restatement(first, 2, rate._replace(rate="0.0433"))], APRIL, treatment="supersede"))

    with opened.reading() as reader:
        known = [[(position, event.rate, event.amount) for position, event in reader.facts(DEAL, APRIL, ["reported"], at)] for at in (first, second)]
    assert known == [[(first, "0.0431", None), (first, None, 6)], [(first, None, 6), (second, "0.0433", None)]]


def test_documents_that_the_log_names_are_found_without_a_period(opened: Store) -> None:
    append(opened, remittance(month_events(4), APRIL))

    with opened.reading() as reader:
        assert [(position, event.subject) for position, event in reader.terms(DEAL)] == [(1, "deal")]


def test_reading_events_can_stop_early(books: Store) -> None:
    with books.reading() as reader:
        position, event = next(reader.events(DEAL, subject="L-0002"))

    assert (position, event.line, event.subject) == (2, 3, "L-0002")


def test_events_are_found_by_period_kind_loan_and_known_position(books: Store) -> None:
    with books.reading() as reader:
        by_loan = [(position, event.kind) for position, event in reader.events(DEAL, subject="L-0001", known_at=6)]
        by_period = {position for position, _ in reader.events(DEAL, period=period(2))}
        by_kind = [position for position, _ in reader.events(DEAL, kinds=["publication"])]

    assert by_loan == [(2, "payment"), (2, "curtailment"), (3, "payment"), (3, "payment"), (6, "payment"), (6, "curtailment")]
    assert by_period == {6, 7, 8, 9}
    assert by_kind == [5, 9, 13]


# Loans -----------------------------------------------------------------------------------------------------------------


def set_up(loan: str, balance: int) -> Any:
    return Event(0, "loan_setup", loan, balance=balance)


def payment(loan: str, balance: int) -> Any:
    return Event(0, "payment", loan, principal=1, balance=balance)


def balances_of(store: Store, known_at: int | None = None, **options: Any) -> Any:
    with store.reading() as reader:
        return reader.loan_balances(DEAL, known_at, **options)


def test_loans_have_the_balance_they_were_set_up_with_until_a_month_reports_them(opened: Store) -> None:
    append(opened, draft([set_up("L-1", 100), set_up("L-2", 200)], APRIL))

    assert balances_of(opened) == {"L-1": 100, "L-2": 200}


def test_loans_have_the_balance_that_the_last_month_reported_and_paid_off_ones_are_gone(opened: Store) -> None:
    append(opened, draft([set_up("L-1", 100), set_up("L-2", 200), set_up("L-3", 300)], APRIL))
    append(opened, draft([payment("L-1", 99), payment("L-2", 0), payment("L-3", 299)], APRIL))
    append(opened, draft([payment("L-1", 98), payment("L-3", 298), Event(0, "purchase", "L-4", amount=400)], MAY))

    assert balances_of(opened, 3) == {"L-1": 99, "L-3": 299}
    assert balances_of(opened) == {"L-1": 98, "L-3": 298, "L-4": 400}


def test_a_loan_that_is_liquidated_in_the_month_that_sets_it_up_is_gone(opened: Store) -> None:
    liquidated = [Event(0, "liquidation_proceeds", "L-2", amount=150), Event(0, "realized_loss", "L-2", amount=50)]
    append(opened, draft([set_up("L-1", 100), set_up("L-2", 200), set_up("L-3", 300), payment("L-1", 99), *liquidated], APRIL))

    assert balances_of(opened) == {"L-1": 99, "L-3": 300}


def test_a_corrected_balance_is_the_restated_one(opened: Store) -> None:
    (first,) = append(opened, draft([payment("L-1", 99)], APRIL))
    append(opened, draft([reversal(first, 1, payment("L-1", 99)), restatement(first, 1, payment("L-1", 95))], APRIL, treatment="supersede"))

    assert balances_of(opened, first) == {"L-1": 99}
    assert balances_of(opened) == {"L-1": 95}


def test_pools_and_accounts_are_no_loans(opened: Store) -> None:
    append(opened, draft([payment("L-1", 99), Event(0, "closing_balance", "reserve", balance=10)], APRIL))

    assert balances_of(opened, not_loans=["reserve"]) == {"L-1": 99}


def test_a_pool_level_deal_has_no_loans(opened: Store) -> None:
    append(opened, draft([Event(0, "interest", interest=5), Event(0, "closing_balance", balance=10)], APRIL))

    assert balances_of(opened) == {}


def test_a_loan_is_known_from_the_commit_that_brings_it(opened: Store) -> None:
    (first,) = append(opened, draft([Event(0, "loan_setup", "L-1", balance=100), payment("L-1", 99), payment("L-2", 99)], APRIL))

    with opened.reading() as reader:
        assert [reader.loans_known(DEAL, ["L-1", "L-2"], known_at) for known_at in (first - 1, None)] == [set(), {"L-1"}]
