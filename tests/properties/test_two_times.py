"""Append, correct by each treatment, distribute, approve, amend, publish: whatever the order, the books say what a naive list of facts says, as known then."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from typing import ClassVar, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from ledger import service
from ledger.core.correction import Treatment
from ledger.core.problems import ProblemsFound
from ledger.core.statement import Statement
from ledger.reports.json import to_json
from ledger.store.engine import Store
from tests.properties.two_times import DEAL, PAYEES, Fact, Model, Proposed

amounts = st.integers(1, 9_000_00)
fees = st.integers(0, 500)
MAKER, CHECKER = ACTORS = ("m.okafor", "a.lindqvist")
actors = st.sampled_from(ACTORS)
KINDS = ("interest", "scheduled_principal")
Done = TypeVar("Done", service.Corrected, service.CorrectedTerms)
DATES_OF_A_PERIOD = 8
AT_LEAST = 200


def key(period: int) -> date:
    return date(2025 + period // 12, period % 12 + 1, 25)


def money(units: int) -> str:
    return f"{'-' if units < 0 else ''}{abs(units) // 100}.{abs(units) % 100:02d}"


class TwoTimes(RuleBasedStateMachine):
    """Every rule writes to the books and to the model; `check` compares them, now and as known at an earlier position."""

    store: ClassVar[Store]
    taken: ClassVar[Counter[str]]
    names: ClassVar[Iterator[str]] = (f"T-{number}" for number in itertools.count())

    @initialize(fee=fees, asks=st.booleans())
    def open(self, fee: int, asks: bool) -> None:
        self.name, self.asks = next(self.names), asks
        service.open_deal(self.store, self.deal(str(fee)), "deal.yaml", actor="t")
        self.model = Model([(0, 1, fee * 100)])
        self.files = itertools.count(1)
        self.said: dict[tuple[int, int], bytes] = {}

    def deal(self, fee: str) -> bytes:
        return DEAL.format(name=self.name, fee=fee, asks=str(self.asks).lower()).encode()

    # What the machine knows ---------------------------------------------------------------------------------------------

    @property
    def position(self) -> int:
        with self.store.reading() as reader:
            return reader.head(self.name).position

    def lines(self, closed: bool) -> list[Fact]:
        return [fact for fact in self.model.facts if fact.gone_at is None and (fact.origin <= self.model.closed) == closed]

    def chosen(self, data: st.DataObject, closed: bool) -> Fact:
        return data.draw(st.sampled_from(self.lines(closed)))

    def correct(self, rows: list[str], treatment: Treatment) -> service.Corrected:
        text = "\n".join(["corrects,distribution_date,kind,value,note", *rows, ""])
        file = f"{next(self.files)}.csv"
        return self.by_two(
            lambda actor: service.correct(
                self.store, self.name, text.replace("NOTE", file).encode(), file, reason="r", treatment=treatment, actor=actor
            )
        )  # fmt: skip

    def by_two(self, act: Callable[[str], Done]) -> Done:
        """Do it; what only becomes a proposal is refused to its maker, and done by the other."""
        done = act(MAKER)
        if not done.proposal:
            return done
        with pytest.raises(ProblemsFound, match="cannot approve it too"):
            act(MAKER)
        return act(CHECKER)

    def restate(self, fact: Fact, amount: int, treatment: Treatment) -> None:
        done = self.correct([f"{fact.position}:{fact.line},,,{money(amount)},NOTE"], treatment)
        (receipt,) = done.booked.values()
        (period,) = done.booked
        booked = next(number for number in itertools.count(1) if key(number) == period)
        self.model.add(receipt.position, booked, fact.origin, fact.kind, -fact.amount)
        self.model.add(receipt.position, booked, fact.origin, fact.kind, amount)
        fact.gone_at = receipt.position
        self.model.facts.append(Fact(receipt.position, 2, booked, fact.origin, fact.kind, amount))
        self.follow(receipt.position, done)
        self.taken[treatment] += 1

    def follow(self, position: int, done: service.Corrected | service.CorrectedTerms) -> None:
        """Close in the model what a reopening closed in the books: a commit each, one after the other."""
        for number, run in enumerate(done.reopened, position + 1):
            self.model.close(number, run.distribution.number)

    # Rules --------------------------------------------------------------------------------------------------------------

    @rule(interest=amounts, principal=amounts)
    def remit(self, interest: int, principal: int) -> None:
        period = self.model.remitted + 1
        values = dict(zip(KINDS, (interest, principal), strict=True))
        rows = [f"{key(period)},{kind},{money(amount)}" for kind, amount in values.items()]
        (done,) = service.remit(
            self.store, self.name, "\n".join(["distribution_date,kind,value", *rows, ""]).encode(), f"{period}.csv", accept=["same-file"], actor="t"
        )
        assert done.receipt is not None
        for line, (kind, amount) in enumerate(values.items(), DATES_OF_A_PERIOD + 3):  # after what was received, and what was accepted
            self.model.facts.append(Fact(done.receipt.position, line, period, period, kind, amount))
            self.model.add(done.receipt.position, period, period, kind, amount)
        self.model.remitted = period
        self.taken["remit"] += 1

    @precondition(lambda self: not self.asks and self.model.remitted > self.model.closed)
    @rule()
    def distribute(self) -> None:
        position = self.position
        done = service.distribute(self.store, self.name, actor="t")
        assert done.problems == ()
        for number, run in enumerate(done.runs, position + 1):
            self.model.close(number, run.distribution.number)
        self.taken["distribute"] += 1

    @precondition(lambda self: self.asks and self.model.remitted > self.model.closed)
    @rule(actor=actors)
    def propose(self, actor: str) -> None:
        """The next period; the same again, with nothing appended since, stays with who proposed it first."""
        period, position, standing = self.model.closed + 1, self.position, self.model.proposed
        done = service.distribute(self.store, self.name, actor=actor)
        if standing is None or (standing.period, standing.position) != (period, position):
            self.model.proposed = Proposed(position + 1, period, actor)
        assert self.model.proposed is not None
        assert done.proposal is not None
        assert (done.proposal.position, done.proposal.period, done.proposal.actor) == (self.model.proposed[0], key(period), self.model.proposed[2])
        self.taken["propose"] += 1

    @precondition(lambda self: self.asks and self.model.remitted > self.model.closed)
    @rule()
    def approve(self) -> None:
        """Refused to whoever proposed it, then done by the other."""
        self.propose(MAKER)
        assert self.model.proposed is not None
        period, maker = self.model.proposed.period, self.model.proposed.actor
        (checker,) = {*ACTORS} - {maker}
        self.approve_in_vain(period, maker)
        run = service.approve(self.store, self.name, str(key(period)), actor=checker)
        assert run.distribution.number == period
        self.model.close(self.position, period)
        self.taken["approve"] += 1

    @precondition(lambda self: self.asks and self.model.remitted > self.model.closed)
    @rule(actor=actors, interest=amounts, principal=amounts)
    def approve_too_late(self, actor: str, interest: int, principal: int) -> None:
        """A month that comes after the proposal takes it back, and the month itself was never proposed."""
        self.propose(MAKER)
        self.remit(interest, principal)
        self.approve_in_vain(self.model.closed + 1, actor)
        self.approve_in_vain(self.model.closed + 2, actor)

    def approve_in_vain(self, period: int, actor: str) -> None:
        position = self.position
        refused = self.model.refused(period, actor, position)
        assert refused
        with pytest.raises(ProblemsFound, match=refused):
            service.approve(self.store, self.name, str(key(period)), actor=actor)
        assert self.position == position
        self.taken[refused] += 1

    @precondition(lambda self: self.lines(closed=False))
    @rule(data=st.data(), amount=amounts)
    def supersede(self, data: st.DataObject, amount: int) -> None:
        self.restate(self.chosen(data, closed=False), amount, "supersede")

    @precondition(lambda self: self.lines(closed=True))
    @rule(data=st.data(), amount=amounts)
    def adjust(self, data: st.DataObject, amount: int) -> None:
        self.restate(self.chosen(data, closed=True), amount, "adjust")

    @precondition(lambda self: self.model.closed)
    @rule(data=st.data(), amount=amounts, kind=st.sampled_from(KINDS))
    def late(self, data: st.DataObject, amount: int, kind: str) -> None:
        origin = data.draw(st.integers(1, self.model.closed))
        (receipt,) = self.correct([f",{key(origin)},{kind},{money(amount)},NOTE"], "adjust").booked.values()
        booked = self.model.closed + 1
        self.model.facts.append(Fact(receipt.position, 1, booked, origin, kind, amount))
        self.model.add(receipt.position, booked, origin, kind, amount)
        self.taken["late"] += 1

    @precondition(lambda self: any(fact.booked == fact.origin for fact in self.lines(closed=True)))
    @rule(data=st.data(), amount=amounts)
    def reopen(self, data: st.DataObject, amount: int) -> None:
        fact = data.draw(st.sampled_from([fact for fact in self.lines(closed=True) if fact.booked == fact.origin]))
        self.restate(fact, amount, "reopen")

    @precondition(lambda self: len(self.model.fees) <= 2 + self.model.closed)
    @rule(fee=fees, ahead=st.integers(1, 3))
    def amend(self, fee: int, ahead: int) -> None:
        period = self.model.closed + ahead
        text = self.deal(f"{fee}.{next(self.files):02d}" if fee else "0")
        done = service.amend(self.store, self.name, text, "deal.yaml", effective=str(key(period)), actor="t")
        if done.receipt:
            self.model.fees.append((period, done.receipt.position, self.units(text)))
        self.taken["amend"] += 1

    @precondition(lambda self: self.model.closed)
    @rule(data=st.data(), fee=fees, treatment=st.sampled_from(["adjust", "reopen"]))
    def correct_terms(self, data: st.DataObject, fee: int, treatment: Treatment) -> None:
        period = data.draw(st.integers(1, self.model.closed))
        text = self.deal(f"{fee}.{next(self.files):02d}")
        wrong = {number: self.model.fee(number) for number in range(1, self.model.closed + 1)}
        until = min((begins for begins, _, _ in self.model.fees if begins > period), default=10**6)
        effective = str(key(period))
        done = self.by_two(
            lambda actor: service.correct_terms(
                self.store, self.name, text, "deal.yaml", effective=effective, reason="r", treatment=treatment, actor=actor
            )
        )  # fmt: skip
        begins = period if treatment == "reopen" else self.model.closed + 1
        terms_at = self.position - len(done.reopened) - (1 if done.receipt else 0)
        if treatment == "reopen" or until > begins:
            self.model.fees.append((begins, terms_at, self.units(text)))
        if treatment == "adjust":
            for number in range(period, min(until, self.model.closed + 1)):
                booked = sum(row[4] for row in self.model.movements if row[2:4] == (number, "trustee"))
                version = self.model.standing(number, 10**9)
                assert version is not None
                self.model.add(terms_at + 1, self.model.closed + 1, number, "trustee", self.units(text) - wrong[number] - booked)
        self.follow(terms_at, done)
        self.taken["correct_terms"] += 1

    @staticmethod
    def units(text: bytes) -> int:
        whole, _, cents = text.decode().partition("amount: ")[2].partition("}")[0].partition(".")
        return int(whole) * 100 + int(cents.ljust(2, "0") or 0)

    @precondition(lambda self: self.model.closed)
    @rule(data=st.data())
    def publish(self, data: st.DataObject) -> None:
        service.publish(self.store, self.name, str(key(data.draw(st.integers(1, self.model.closed)))), actor="t")
        self.taken["publish"] += 1

    # Comparing ----------------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.model.closed)
    @rule(data=st.data())
    def check(self, data: st.DataObject) -> None:
        period = data.draw(st.integers(1, self.model.closed))
        known_at = data.draw(st.integers(self.model.first(period).position, self.position))
        shown = service.statement(self.store, self.name, on=str(key(period)), known_at=known_at)

        self.compare(shown, period, known_at)
        assert self.said.setdefault((period, known_at), to_json(shown)) == to_json(shown)
        self.taken["check"] += 1

    def compare(self, shown: Statement, period: int, known_at: int) -> None:
        expected = self.model.standing(period, known_at)
        assert expected is not None
        found = {
            ("pool", "closing_balance"): expected.pool, ("A", "closing_balance"): expected.class_a, ("A", "principal_paid"): expected.paid["A"],
            ("R", "interest_paid"): expected.paid["R"], ("trustee", "paid"): expected.paid["trustee"], ("trustee", "unpaid"): expected.fee_unpaid,
            ("funds", "not_wired"): expected.due,
        } | {("pool", kind): amount for kind, amount in expected.collected.items()}  # fmt: skip
        for kind in KINDS:
            found["pool", f"{kind}_restated"] = expected.collected[kind] + self.model.adjustments(period, kind, known_at)
        figures = {place: shown.figure(*place) for place in found}
        differing = {place: (figure and figure.value, found[place]) for place, figure in figures.items() if figure is None or figure.value != found[place]}
        assert not differing, differing
        assert {payee: -shown.owed.get(payee, 0) for payee in PAYEES} == {payee: -expected.owed[payee] for payee in PAYEES}
        assert shown.revision.version == expected.version

    def teardown(self) -> None:
        if hasattr(self, "name"):
            for period in range(1, self.model.closed + 1):
                first, last = self.model.first(period).position, self.position
                for known_at in {first, (first + last) // 2, last}:
                    self.compare(service.statement(self.store, self.name, on=str(key(period)), known_at=known_at), period, known_at)
            for (period, known_at), said in self.said.items():
                assert to_json(service.statement(self.store, self.name, on=str(key(period)), known_at=known_at)) == said
            assert service.verify(self.store, self.name).problems == ()


def run(url: str, examples: int, steps: int) -> Counter[str]:
    with closing(Store(url)) as store:
        TwoTimes.store, TwoTimes.taken = store, Counter()
        checks = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
        run_state_machine_as_test(
            TwoTimes, settings=settings(max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=checks)
        )  # fmt: skip
    return TwoTimes.taken


def test_the_books_say_what_a_list_of_facts_says_at_every_known_time(sqlite: str) -> None:
    taken = run(sqlite, examples=8, steps=30)

    assert set(taken) >= {"remit", "distribute", "supersede", "adjust"}


@pytest.mark.long
def test_ten_thousand_steps_without_a_difference(sqlite: str) -> None:
    taken = run(sqlite, examples=300, steps=50)

    assert sum(taken.values()) >= 10_000, taken
    assert min(taken.values()) >= AT_LEAST, taken
