"""What must hold of every deal and every history: money is conserved, nothing is negative, losses and factors match, replays are identical."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.core.accrual import accrue
from ledger.core.allocation import Branch
from ledger.core.collections import Collections
from ledger.core.distribution import Distribution, decode_state, encode_state
from ledger.core.money import round_exact
from ledger.core.names import SINGLE_TRANCHE_ITEMS
from ledger.core.opening import open_books
from ledger.core.posting import ROUNDING, principal
from ledger.core.processor import distribute
from ledger.core.receipts import receive
from ledger.core.schedule import PeriodDates, resolve
from ledger.core.state import Running, State
from ledger.core.terms import CompiledStep, Terms
from ledger.core.triggers import judge
from ledger.core.waterfall import run_step
from ledger.files import deal_file
from ledger.files.calendars import is_open
from tests.properties.strategies import deals, histories, scaled, split

QUICK = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
LONG = settings(max_examples=2_000, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def replay(terms: Terms, months: Sequence[Collections]) -> list[Distribution]:
    """Every period from closing on."""
    books = [open_books(terms)]
    for collections in months:
        before = books[-1].closing
        dates = resolve(terms.deal, before.number + 1, is_open(""), before.last_distribution)
        books.append(distribute(terms, before, dates, collections))
    return books


def digest(books: Sequence[Distribution]) -> str:
    """One hash over every posting and every carried value."""
    text = "\n".join(f"{distribution.postings!r}\n{encode_state(distribution)}" for distribution in books)
    return hashlib.sha256(text.encode()).hexdigest()


@st.composite
def cases(draw: st.DrawFn) -> tuple[str, list[Collections]]:
    """A deal's text and a history of its pool, in the deal's units."""
    text = draw(deals())
    terms = load(text)
    finer = 10 ** (terms.scale - 2)
    months = draw(histories(terms.original["pool"] // finer))
    return text, [scaled(collections, finer) for collections in months]


def load(text: str) -> Terms:
    return deal_file.load(text.encode(), "random.yaml")


def _holding(distribution: Distribution, prefix: str, *, opening: bool = False) -> int:
    balances = (distribution.opening if opening else distribution.closing).balances
    return sum(balance for account, balance in balances.items() if account.startswith(prefix))


def _paid_to_payees(distribution: Distribution) -> int:
    """What statements say that payees received; an item that begins with `-` lowers."""
    return sum(
        posting.amount if not posting.item.startswith("-") else -posting.amount
        for posting in distribution.postings
        if posting.item.lstrip("-").endswith((".interest_paid", ".principal_paid", ".other_paid", ".paid"))
    )


def cash_in_is_cash_out_and_balances(terms: Terms, books: Sequence[Distribution], months: Sequence[Collections]) -> None:
    signs = {"in": 1, "out": -1, None: 0}
    for distribution, collections in zip(books[1:], months, strict=True):
        collected = sum(signs[terms.components[flow.component].cash] * flow.amount for flow in collections.flows)
        held = [_holding(distribution, prefix, opening=opening) for opening in (True, False) for prefix in ("cash.", "due.")]
        rounded = distribution.closing.balances.get(ROUNDING, 0) - distribution.opening.balances.get(ROUNDING, 0)

        assert sum(held[:2]) + collected == sum(held[2:]) + _paid_to_payees(distribution) + rounded


def cash_moves_in_whole_cents(terms: Terms, books: Sequence[Distribution]) -> None:
    unit = terms.deal.rounding.minor_unit
    for distribution in books:
        assert all(balance % unit == 0 for account, balance in distribution.closing.balances.items() if account.startswith("cash."))


def nothing_is_negative(terms: Terms, books: Sequence[Distribution]) -> None:
    ledgers = [f"{name}." for name in terms.deal.ledgers]
    for distribution in books:
        for account, balance in distribution.closing.balances.items():
            if account.startswith(("cash.", "pool", "defaulted")) or (account.startswith(tuple(ledgers)) and not account.endswith(".memo")):
                assert balance >= 0, account
            elif account.endswith((".principal", ".shortfall", ".interest_on_unpaid", ".fee")):
                assert balance <= 0, account
        assert not any(account.endswith(".interest") for account in distribution.closing.balances), "this period's interest is carried or lost at the close"
        assert distribution.closing.balances.get("loss", 0) == 0


def losses_and_factors_match_balances(terms: Terms, books: Sequence[Distribution]) -> None:
    moved = dict.fromkeys(terms.groups["tranches"], 0)
    borne = dict.fromkeys(terms.groups["tranches"], 0)
    for distribution in books[1:]:
        run = distribution.running(terms)
        for name in moved:
            borne[name] += run.figures[f"{name}.realized_loss"] - run.figures[f"{name}.written_up"]
            moved[name] += run.figures[f"{name}.accreted"] - run.figures[f"{name}.principal_paid"]
            balance = -distribution.closing.balances.get(principal(name), 0)

            assert borne[name] == distribution.closing.cumulative.get(name, 0) >= 0
            assert balance == terms.original[name] + moved[name] - borne[name]
            assert SINGLE_TRANCHE_ITEMS["factor"][1](terms, name)(run) == Fraction(balance, terms.original[name])


def what_leaves_the_accounts_in_a_step_is_what_its_payees_get(books: Sequence[Distribution]) -> None:
    for cause, out, received in _by_step(books):
        assert out == received, cause


def _by_step(books: Sequence[Distribution]) -> Iterator[tuple[str, int, int]]:
    for distribution in books:
        for cause in {posting.cause for posting in distribution.postings if posting.cause.startswith("step ")}:
            postings = [posting for posting in distribution.postings if posting.cause == cause]
            held = ("cash.", "entitlement.")
            out = sum(posting.amount * (posting.source.startswith(held) - posting.destination.startswith(held)) for posting in postings)
            paid = sum(posting.amount for posting in postings if posting.item.endswith((".interest_paid", ".principal_paid", ".other_paid", ".paid")))
            rounded = sum(posting.amount * ((posting.destination == ROUNDING) - (posting.source == ROUNDING)) for posting in postings)
            yield f"{distribution.dates.scheduled} {cause}", out, paid + rounded


def the_books_read_back(distribution: Distribution) -> None:
    """A state survives its canonical text, and the postings give the closing balances."""
    state, dates, readings = decode_state(encode_state(distribution), distribution.closing.balances)
    moved = {row.account: row.opening + row.received - row.paid for row in distribution.balance_rows()}

    assert (state, dates, readings) == (distribution.closing, distribution.dates, distribution.readings)
    assert {account: balance for account, balance in moved.items() if balance} == distribution.closing.balances


def everything_holds(text: str, months: list[Collections]) -> None:
    terms = load(text)

    books = replay(terms, months)

    cash_in_is_cash_out_and_balances(terms, books, months)
    cash_moves_in_whole_cents(terms, books)
    nothing_is_negative(terms, books)
    losses_and_factors_match_balances(terms, books)
    what_leaves_the_accounts_in_a_step_is_what_its_payees_get(books)
    for distribution in books[1:]:
        the_books_read_back(distribution)


@QUICK
@given(cases())
def test_the_books_hold_for_random_deals_and_histories(case: tuple[str, list[Collections]]) -> None:
    everything_holds(*case)


@pytest.mark.long
@LONG
@given(cases())
def test_the_books_hold_for_many_random_deals_and_histories(case: tuple[str, list[Collections]]) -> None:
    everything_holds(*case)


@QUICK
@given(cases(), st.data())
def test_a_replay_in_other_batches_and_another_order_gives_identical_postings(case: tuple[str, list[Collections]], data: st.DataObject) -> None:
    text, months = case

    shuffled = [data.draw(st.composite(split)(collections)) for collections in months]

    assert digest(replay(load(text), months)) == digest(replay(load(text), shuffled))


def is_free(branch: Branch) -> bool:
    """Whether nothing but room bounds what a tree can take."""
    return branch.limit is None and branch.when is None and all(map(is_free, branch.children))


def before_the_steps(terms: Terms, opening: State, dates: PeriodDates, collections: Collections) -> Running:
    run = Running(terms, opening, dates, collections)
    receive(run)
    accrue(run)
    judge(run, at_closing=False)
    return run


def room(run: Running, step: CompiledStep) -> int:
    """What the payees of a step can take, each counted once."""
    return sum(payee.room(run) for payee in step.gives.payees.values()) if step.gives else 0


def least(run: Running, step: CompiledStep) -> int:
    """The least of the room, the cash and the limit."""
    most = min(room(run, step), sum(run.cash_of(account) for account in step.sources))
    return min(most, max(0, round_exact(step.limit(run), "half_up"))) if most and step.limit is not None else most


@QUICK
@given(cases())
def test_a_step_pays_the_least_of_its_limit_the_cash_and_the_room_of_its_payees(case: tuple[str, list[Collections]]) -> None:
    terms, months = load(case[0]), case[1]
    # A payment in whole cents takes up to half a cent more or less out of an account than the finer claim; a share rounded alone, up to a unit.
    rounded = terms.minor_unit // 2 + (terms.deal.rounding.odd_cents == "each")

    for distribution, collections in zip(replay(terms, months)[1:], months, strict=True):
        run = before_the_steps(terms, distribution.opening, distribution.dates, collections)
        for step in terms.every_step():
            if step.when is not None and not step.when(run):
                continue
            measured = step.verb == "pay" and step.what in ("interest", "fees", "principal") and step.tree is not None and is_free(step.tree)
            before, expected = (room(run, step), least(run, step)) if measured else (0, 0)
            run_step(run, step)

            assert not measured or abs(before - room(run, step) - expected) <= rounded * len(step.payees) * len(step.sources)
        assert tuple(run.postings) == distribution.postings[: len(run.postings)]
