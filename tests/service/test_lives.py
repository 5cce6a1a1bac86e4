"""The lives of pools that are kept every twelfth period: a statement says the same with them and without, and reads no more of a long life than of a short."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update

from ledger import service
from ledger.core import schedule
from ledger.core.pools import Pools
from ledger.reports.json import to_json
from ledger.service.lives import pool_lives
from ledger.service.terms import terms_of
from ledger.store.engine import Store
from ledger.store.tables import distribution, pool_life
from tests.store.owner import as_owner

DEAL = """
deal: {name}
closing_date: 2025-01-10
dates: {{distribution: {{day: 25, months: {each}}}, accrual: payment, day_count: 30/360}}
events: {events}
{pools}
tranches: {{A: {{original_balance: 20_000_000, rate: 1%}}, R: {{kind: residual}}}}
accounts: {{funds: {{collects: [interest, scheduled_principal, prepayment, liquidation_proceeds]}}}}
waterfall:
  - {{pay: interest, to: A, from: funds}}
  - {{pay: principal, to: A, from: funds, limit: pool.scheduled_principal + pool.prepayment + pool.liquidation_proceeds}}
  - {{write_down: tranches.balance - pool.balance, to: A}}
  - {{pay: rest, to: R, from: funds}}
"""
POOLS = {
    ("",): "pool: {original_balance: 20_000_000}",
    ("North", "South"): "pools: {North: {original_balance: 12_000_000}, South: {original_balance: 8_000_000, defaulted: excluded}}",
}
KINDS = ("scheduled_principal", "prepayment", "default", "liquidation_proceeds", "realized_loss")
NAMES = itertools.count()


@dataclass
class Trust:
    """A trust in the books, and which of its periods were remitted."""

    store: Store
    name: str
    pools: Sequence[str] = ("",)
    each: int = 1
    remitted: int = 0

    def open(self, events: str = "{credit_event: {pool: down}}") -> None:
        service.open_deal(self.store, self.text(events), "deal.yaml", actor="t")

    def text(self, events: str) -> bytes:
        return DEAL.format(name=self.name, each=self.each, events=events, pools=POOLS[tuple(self.pools)]).encode()

    def key(self, number: int) -> date:
        with self.store.reading() as reader:
            return schedule.key_of(terms_of(reader, self.name)[0].deal, number)

    def run(self, amounts: Sequence[Sequence[int]], unnamed: int | None = None) -> None:
        """Remit and distribute so many periods, each with an amount of each kind for each pool; one may move in a way that has no name."""
        rows = ["distribution_date,kind,subject,value"]
        for number, month in enumerate(amounts, self.remitted + 1):
            key = self.key(number)
            rows += [f"{key},interest,{self.pools[0]},90000"]
            rows += [f"{key},{kind},{pool},{amount}" for pool in self.pools for kind, amount in zip(KINDS, month, strict=True)]
            rows += [f"{key},credit_event,{self.pools[0]},77"] if number == unnamed else []
        service.remit(self.store, self.name, "\n".join([*rows, ""]).encode(), f"{self.remitted}.csv", actor="t")
        self.remitted += len(amounts)
        assert not service.distribute(self.store, self.name, actor="t").problems

    def correct(self, number: int, amount: int, treatment: str) -> None:
        """Restate a period's prepayment of the first pool by reopening it, or book more of it as an adjustment."""
        key = self.key(number)
        row = f"{self._line(key)},,,,{amount}" if treatment == "reopen" else f",{key},prepayment,{self.pools[0]},{amount}"
        file = f"corrects,distribution_date,kind,subject,value\n{row}\n"
        service.correct(self.store, self.name, file.encode(), f"{next(NAMES)}.csv", reason="r", treatment=treatment, actor="t")  # type: ignore[arg-type]

    def _line(self, key: date) -> str:
        """The line of the prepayment as it stands."""
        with self.store.reading() as reader:
            found = [(position, one) for position, one in reader.events(self.name, period=key, kinds=["prepayment"])]
        lines = [(position, one.line) for position, one in found if one.effect > 0 and one.subject in (None, "pool", self.pools[0])]
        gone = {(one.corrects_position, one.corrects_line) for _, one in found if one.effect < 0}
        return next(f"{position}:{line}" for position, line in lines if (position, line) not in gone)

    def statements(self) -> list[bytes]:
        """The statements of every third period and of the last, as known now and as known half way."""
        with self.store.reading() as reader:
            rows, last = reader.distributions(self.name)[:0:-3], reader.head(self.name).position
        known = {(row.period, position) for row in rows for position in (last, (row.known_at + last) // 2)}
        return [to_json(service.statement(self.store, self.name, on=str(period), known_at=position)) for period, position in sorted(known)]

    def drop(self) -> None:
        """Remove all that is kept of the lives."""
        with as_owner(self.store) as connection:
            connection.execute(delete(pool_life))

    def kept(self) -> list[int]:
        with self.store.reading() as reader:
            return [one.distribution for one in reader.kept_lives(self.name)]


MONTHS = st.tuples(*[st.integers(0, 900)] * len(KINDS))
STEPS = st.lists(st.tuples(st.sampled_from(["reopen", "adjust", "go on"]), st.integers(1, 36), st.integers(0, 900)), max_size=3)


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    pools=st.sampled_from(list(POOLS)), each=st.sampled_from([1, 3, 6, 12]), months=st.lists(MONTHS, min_size=25, max_size=37),
    unnamed=st.integers(1, 99), steps=STEPS,
)  # fmt: skip
def test_statements_are_the_same_with_what_is_kept_and_without(
    store: Store, pools: tuple[str, ...], each: int, months: list[tuple[int, ...]], unnamed: int, steps: list[tuple[str, int, int]]
) -> None:
    trust = Trust(store, f"T-{next(NAMES)}", pools, each)
    trust.open()
    trust.run(months, unnamed)
    for treatment, number, amount in steps:
        if treatment != "go on":
            trust.correct(min(number, trust.remitted), amount, treatment)
        trust.run([(amount,) * len(KINDS)])

    with_lives = trust.statements()
    assert trust.kept()
    assert service.verify(store, trust.name).problems == ()
    trust.drop()
    assert trust.statements() == with_lives


@pytest.fixture
def trust(store: Store) -> Trust:
    made = Trust(store, f"T-{next(NAMES)}")
    made.open()
    made.run([(50, number, 20, 10, 5) for number in range(30)])
    return made


def lived(trust: Trust, number: int) -> tuple[int, int]:
    """Of a distribution, how many periods are taken as one, and how many are read one by one."""
    with trust.store.reading() as reader:
        life = pool_lives(reader, terms_of(reader, trust.name)[0], number)["pool"]
    return life.before.periods, len(life.months)


def test_a_statement_reads_a_year_of_months_and_what_came_before_as_one(trust: Trust) -> None:
    assert trust.kept() == [12, 24]
    assert [lived(trust, number) for number in (1, 12, 23, 24, 30)] == [(0, 1), (0, 12), (0, 23), (12, 12), (12, 18)]


def test_each_version_of_a_reopened_period_has_lives_of_its_own(trust: Trust) -> None:
    trust.correct(20, 3, "reopen")  # distributions 31 to 41 are the periods 20 to 30

    assert trust.kept() == [12, 24, 35]
    assert [lived(trust, number) for number in (30, 35, 41)] == [(12, 18), (12, 12), (12, 18)]
    assert service.verify(trust.store, trust.name).problems == ()


def test_what_was_dropped_is_kept_again_from_the_next_twelfth_period_on(trust: Trust) -> None:
    trust.drop()
    assert lived(trust, 30) == (0, 30)

    trust.run([(50, 1, 0, 0, 0)] * 18)

    assert trust.kept() == [36, 48]
    assert lived(trust, 48) == (36, 12)


def test_terms_that_count_otherwise_do_not_take_what_was_kept_under_the_old_ones(trust: Trust) -> None:
    with trust.store.reading() as reader:
        before = Pools(terms_of(reader, trust.name)[0]).counting
    service.amend(trust.store, trust.name, trust.text("{windfall: {pool: up}}"), "deal.yaml", effective=str(trust.key(31)), actor="t")
    trust.run([(50, 1, 0, 0, 0)] * 18)

    with trust.store.reading() as reader:
        assert Pools(terms_of(reader, trust.name)[0]).counting != before
        assert [one.counting == before for one in reader.kept_lives(trust.name)] == [True, True, False, False]
    assert lived(trust, 35) == (0, 35)
    assert lived(trust, 48) == (36, 12)


def test_periods_that_are_run_together_are_counted_each_under_its_own_terms(store: Store) -> None:
    trust = Trust(store, f"T-{next(NAMES)}")
    trust.open()
    service.amend(store, trust.name, trust.text("{windfall: {pool: up}}"), "deal.yaml", effective=str(trust.key(20)), actor="t")
    trust.run([(50, number, 20, 10, 5) for number in range(37)], unnamed=3)

    with store.reading() as reader:
        counted = [one.counting for one in reader.kept_lives(trust.name)]
    assert [counting == counted[0] for counting in counted] == [True, False, False]
    assert service.verify(store, trust.name).problems == ()
    with_lives = trust.statements()
    trust.drop()
    assert trust.statements() == with_lives


def test_books_that_are_imported_or_restored_keep_the_same_lives(trust: Trust, tmp_path: Path) -> None:
    trust.correct(20, 3, "reopen")
    backup, bundle = tmp_path / "backup.db", BytesIO()
    service.backup(trust.store, backup)
    service.export_bundle(trust.store, trust.name, bundle)
    bundle.seek(0)
    other = Store(f"sqlite:///{tmp_path / 'other.db'}")
    other.upgrade()
    service.import_bundle(other, bundle, "T.bundle")

    for store in (other, Store(f"sqlite:///{backup}")):
        with store.reading() as found, trust.store.reading() as reader:
            assert found.kept_lives(trust.name) == reader.kept_lives(trust.name)
        store.close()


def test_a_chain_that_was_bent_into_a_ring_is_followed_once(trust: Trust) -> None:
    """Books that were altered are not followed for ever."""
    trust.drop()
    with as_owner(trust.store) as connection:
        connection.execute(update(distribution).where(distribution.c.number == 3).values(previous=6))

    assert lived(trust, 30) == (0, 27)


ALTERED: dict[str, dict[str, Any]] = {
    "other lives": {"lives": '{"pool":{}}'},
    "no lives at all": {"lives": "["},
    "counted otherwise": {"counting": "[]"},
    "of another distribution": {"distribution": 11},
    "of none": {"distribution": 0},
}


@pytest.mark.parametrize("values", ALTERED.values(), ids=ALTERED)
def test_lives_that_were_altered_are_found(trust: Trust, values: dict[str, Any]) -> None:
    with as_owner(trust.store) as connection:
        connection.execute(update(pool_life).where(pool_life.c.distribution == 12).values(values))

    (problem,) = service.verify(trust.store, trust.name).problems
    assert "are not what its months come to" in problem.fact
