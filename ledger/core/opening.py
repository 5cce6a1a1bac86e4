"""The books at the beginning: at closing, or taken over mid-life from another trustee; distribution number 0."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import islice

from ledger.core import posting
from ledger.core.checks import amounts_can_be_held
from ledger.core.collections import Collections
from ledger.core.deal import BoardedPool, Boarding, Step
from ledger.core.distribution import Distribution, Readings
from ledger.core.formula import Value
from ledger.core.money import format_exact, format_money, parse_money, parse_number
from ledger.core.posting import EXCESS
from ledger.core.problems import MOST_LISTED, Problem, nearest, stop_on
from ledger.core.schedule import PeriodDates, key_of
from ledger.core.state import Running, State
from ledger.core.steps import leaves
from ledger.core.terms import Terms

OPENING = "opening"
"""Step and cause of a posting that opens the books."""


def open_books(terms: Terms, boarding: Boarding | None = None) -> Distribution:
    """The position at closing, or the one that a boarding file states. Raises ProblemsFound with all that does not fit the deal."""
    if boarding is None:
        boarding = at_closing(terms)
        number = 0
    else:
        stop_on(islice(check_boarding(terms, boarding), MOST_LISTED + 1))
        number = boarding.period
    day = boarding.last_distribution
    dates = PeriodDates(**dict.fromkeys(PeriodDates.__slots__, day))
    before = State(
        number=number - 1,
        last_distribution=day,
        balances={},
        cumulative={name: terms.units(loss) for name, loss in _losses(boarding).items() if loss},
        triggers={name: state == "failed" for name, state in boarding.triggers.items()},
        history={name: tuple(_kept(terms, name, text) for text in values) for name, values in boarding.previous.items()},
    )
    run = Running(terms, before, dates, Collections())
    post_position(run, boarding)
    state = replace(before, number=number, balances={account: balance for account, balance in run.balances.items() if balance})
    opened = Distribution(number, dates, before, state, tuple(run.postings), Readings(triggers=state.triggers))
    stop_on(amounts_can_be_held(run, opened))
    return opened


def at_closing(terms: Terms) -> Boarding:
    """The deal's own figures as a position: original balances, accounts as they open, no loss, nothing unpaid."""
    deal = terms.deal
    pools = {name: {"balance": pool.original_balance} for name, pool in deal.all_pools.items()}
    return Boarding.model_validate(
        {
            "last_distribution": deal.closing_date,
            "period": 1,
            "pools": pools,
            "tranches": {name: {"balance": tranche.original_balance or Fraction(0)} for name, tranche in deal.tranches.items()},
            "accounts": {name: account.opening for name, account in deal.accounts.items()},
        }
    )


def _losses(boarding: Boarding) -> dict[str, Fraction]:
    """Losses borne until now, by class and pool."""
    classes = {name: tranche.cumulative_loss for name, tranche in boarding.tranches.items()}
    return classes | {name: pool.cumulative_loss for name, pool in pools_of(boarding).items()}


def pools_of(boarding: Boarding) -> Mapping[str, BoardedPool]:
    return boarding.pools or ({"pool": boarding.pool} if boarding.pool else {})


def post_position(run: Running, boarding: Boarding) -> None:
    """Post a position against `excess`, which takes the difference: overcollateralization, reserves, undistributed spread."""
    terms = run.terms
    for name, pool in pools_of(boarding).items():
        _open(run, EXCESS, terms.pool_account(name), pool.balance)
    for name, tranche in boarding.tranches.items():
        _open(run, posting.principal(name), EXCESS, tranche.balance)
        _open(run, posting.shortfall(name), EXCESS, tranche.unpaid_interest)
        _open(run, posting.interest_on_unpaid(name), EXCESS, tranche.interest_on_unpaid)
    for name, balance in boarding.accounts.items():
        _open(run, EXCESS, terms.cash_account(name), balance)
    for name, fee in boarding.fees.items():
        _open(run, posting.fee(name), EXCESS, fee.unpaid)
    for name, balance in boarding.ledgers.items():
        class_name, _, ledger = name.rpartition(".")
        _open(run, posting.ledger_memo(ledger), posting.ledger(ledger, class_name or None), balance)


def _open(run: Running, source: str, destination: str, amount: Fraction) -> None:
    run.transfer(source, destination, run.terms.units(amount), OPENING, "", OPENING)


def _kept(terms: Terms, name: str, text: str) -> Value:
    """One kept value of a boarding file, by the type of what it is a value of."""
    reported = terms.deal.reported.get(name)
    kind = reported.type if reported else "money" if name in terms.deal.amounts else "number"
    match kind:
        case "money":
            return parse_money(text.replace("_", ""), terms.scale)
        case "date":
            return _day(text)
        case "flag":
            return _flag(text)
        case _:
            return parse_number(text)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("is not a date such as 2024-01-30") from None


def _flag(text: str) -> bool:
    if text not in ("yes", "true", "no", "false"):
        raise ValueError("is neither yes nor no")
    return text in ("yes", "true")


# What a boarding file must satisfy --------------------------------------------------------------------------------------


def check_boarding(terms: Terms, boarding: Boarding) -> Iterator[Problem]:
    """Everything in a boarding file that does not fit the deal."""
    yield from _period(terms, boarding)
    yield from _unknown_names(terms, boarding)
    yield from _missing_names(terms, boarding)
    yield from _amounts(terms, boarding)
    yield from _balances(terms, boarding)
    yield from _kept_values(terms, boarding)


MOST_ROLL = timedelta(days=10)
"""Further than this no run of closed days moves a distribution."""


def _period(terms: Terms, boarding: Boarding) -> Iterator[Problem]:
    """The date and the number of the last distribution are those of one period."""
    key = key_of(terms.deal, boarding.period)
    if abs(boarding.last_distribution - key) > MOST_ROLL:
        fact = f"period {boarding.period} is that of {key}, but the last distribution was on {boarding.last_distribution}"
        yield Problem(fact, "correct `period` or `last_distribution`", path=("period",))


def _unknown_names(terms: Terms, boarding: Boarding) -> Iterator[Problem]:
    deal = terms.deal
    ledgers = [name for name, ledger in deal.ledgers.items() if not ledger.of]
    ledgers += [f"{tranche}.{name}" for name, classes in terms.ledger_classes.items() for tranche in classes]
    sections: list[tuple[str, Mapping[str, object], list[str]]] = [
        ("pools", pools_of(boarding), list(deal.all_pools)),
        ("tranches", boarding.tranches, list(deal.tranches)),
        ("accounts", boarding.accounts, list(deal.accounts)),
        ("fees", boarding.fees, list(deal.fees)),
        ("ledgers", boarding.ledgers, ledgers),
        ("triggers", boarding.triggers, list(deal.triggers)),
        ("previous", boarding.previous, list(terms.kept)),
    ]
    for section, given, known in sections:
        for name in given:
            if name not in known:
                yield Problem(f"`{name}` is not known to the deal", nearest(name, known) or f"known are {', '.join(known) or 'none'}", path=(section, name))


def _missing_names(terms: Terms, boarding: Boarding) -> Iterator[Problem]:
    deal = terms.deal
    for section, needed, given in (
        ("pools", list(deal.all_pools), pools_of(boarding)),
        ("tranches", list(terms.groups["tranches"]), boarding.tranches),
        ("accounts", list(deal.accounts), boarding.accounts),
        ("triggers", [trigger.name for trigger in terms.triggers if not trigger.curable], boarding.triggers),
        ("previous", list(terms.kept), boarding.previous),
    ):
        for name in needed:
            if name not in given:
                yield Problem(f"`{section}` says nothing of {name}", "state it, as of the last distribution", path=(section,))


def _amounts(terms: Terms, boarding: Boarding) -> Iterator[Problem]:
    amounts: list[tuple[tuple[str, ...], Fraction]] = [
        (("tranches", name, field), getattr(item, field)) for name, item in boarding.tranches.items() for field in type(item).model_fields
    ]
    amounts += [(("pools", name, field), getattr(item, field)) for name, item in pools_of(boarding).items() for field in type(item).model_fields]
    amounts += [(("accounts", name), amount) for name, amount in boarding.accounts.items()]
    amounts += [(("ledgers", name), amount) for name, amount in boarding.ledgers.items()]
    amounts += [(("fees", name, "unpaid"), fee.unpaid) for name, fee in boarding.fees.items()]
    for path, amount in amounts:
        yield from terms.unit_problems(path, amount)
        if amount < 0 and path[-1] != "unpaid_interest":
            yield Problem(f"{format_exact(amount)} is negative", "only `unpaid_interest` may be: interest that was paid too much", path=path)


def _balances(terms: Terms, boarding: Boarding) -> Iterator[Problem]:
    accreting = {payee for _, step in terms.deal.steps() if step.accrete is not None for payee in _payees(step)}
    for name, item in boarding.tranches.items():
        if name not in terms.original:
            continue
        stated, original = item.balance + item.cumulative_loss, terms.original[name]
        if terms.units(stated) > original and name not in accreting:
            fact = f"class {name}: balance and loss borne, {format_exact(stated)}, exceed its original balance, {format_money(original, terms.scale)}"
            yield Problem(fact, "check `balance` and `cumulative_loss`", path=("tranches", name))
    for name, amount in boarding.ledgers.items():
        tranche, _, ledger = name.rpartition(".")
        ceiling = boarding.tranches.get(tranche)
        if ledger in terms.deal.ledgers and terms.deal.ledgers[ledger].up_to and ceiling is not None and amount > ceiling.balance:
            fact = f"ledger {name} of {format_exact(amount)} is above the balance of {tranche}, {format_exact(ceiling.balance)}"
            yield Problem(fact, "check both", path=("ledgers", name))


def _payees(step: Step) -> list[str]:
    return leaves(step.to) if step.to else []


def _kept_values(terms: Terms, boarding: Boarding) -> Iterator[Problem]:
    for name, values in boarding.previous.items():
        if name not in terms.kept:
            continue
        for text in values:
            try:
                _kept(terms, name, text)
            except ValueError as error:
                yield Problem(f"`{text}` {error}", "give it as a remittance would state it", path=("previous", name))
