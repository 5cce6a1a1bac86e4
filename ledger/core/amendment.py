"""Whether new terms can follow the old ones: what both must say alike, and what the books hold that the new terms have no place for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from ledger.core import posting
from ledger.core.deal import Pool, Tranche
from ledger.core.formula import Binary, Call, Conditional, Expression, Formula, Name, Unary
from ledger.core.money import format_exact, format_money
from ledger.core.problems import Path, Problem
from ledger.core.schedule import key_of
from ledger.core.state import State
from ledger.core.terms import Terms


def check_amendment(before: Terms, after: Terms, number: int, state: State) -> Iterator[Problem]:
    """Everything that keeps `after` from following `before` from period `number` on, with the books as the last distribution left them (`state`)."""
    yield from what_never_changes(before, after)
    yield from second_actor_stays(before, after)
    yield from schedule_agrees(before, after, number)
    yield from original_balances_agree(before, after)
    yield from new_accounts_open_empty(before, after)
    yield from nothing_held_is_gone(before, after, state)
    yield from earlier_values_are_kept(before, after, number)


def what_never_changes(before: Terms, after: Terms) -> Iterator[Problem]:
    """The trust itself, the unit in which all that happened is booked, and the zone in which the days of its log end."""
    old, new = before.deal, after.deal
    facts: list[tuple[Path, str, str]] = [
        (("deal",), old.deal, new.deal),
        (("currency",), old.currency, new.currency),
        (("closing_date",), str(old.closing_date), str(new.closing_date)),
        (("time_zone",), old.time_zone, new.time_zone),
        (("rounding", "carry"), str(old.rounding.carry), str(new.rounding.carry)),
    ]
    for path, was, is_ in facts:
        if was != is_:
            name = ".".join(map(str, path))
            yield Problem(f"`{name}` is {is_}, in the books it is {was}", f"write {was}: an amendment leaves it as it is", path=path)


def second_actor_stays(before: Terms, after: Terms) -> Iterator[Problem]:
    """One actor alone must not take away what asks for another's approval."""
    if before.deal.approval and not after.deal.approval:
        yield Problem("`approval` is taken away", "write `approval: true`: once a deal asks for another actor, every later period does", path=("approval",))


def schedule_agrees(before: Terms, after: Terms, number: int) -> Iterator[Problem]:
    """Every period up to the one that the new terms begin with keeps its number and its key."""
    for period in range(1, number + 1):
        was, is_ = key_of(before.deal, period), key_of(after.deal, period)
        if was != is_:
            fact = f"period {period} would be that of {is_}, in the books it is that of {was}"
            yield Problem(fact, "leave `day`, `months` and `first` as they are", path=("dates", "distribution"))
            return


def original_balances_agree(before: Terms, after: Terms) -> Iterator[Problem]:
    """Factors and losses are measured by the original balance for ever. A class or pool that is new has one of its own."""
    old, new = before.deal, after.deal
    pairs: list[tuple[Path, str, Tranche | Pool, Tranche | Pool]] = [
        (("tranches", name), name, old.tranches[name], item) for name, item in new.tranches.items() if name in old.tranches
    ]
    sections: dict[str, Path] = {name: ("pool",) if new.pool else ("pools", name) for name in new.all_pools}
    pairs += [(sections[name], name, old.all_pools[name], item) for name, item in new.all_pools.items() if name in old.all_pools]
    for path, name, was, is_ in pairs:
        if was.original_balance != is_.original_balance:
            ours, stated = ("none" if item.original_balance is None else format_exact(item.original_balance) for item in (was, is_))
            yield Problem(f"the original balance of {name} is {stated}, in the books it is {ours}", f"write {ours}", path=(*path, "original_balance"))


def new_accounts_open_empty(before: Terms, after: Terms) -> Iterator[Problem]:
    """`opening` is what an account held at closing; one that an amendment adds holds nothing until cash comes in."""
    for name, account in after.deal.accounts.items():
        if name not in before.deal.accounts and account.opening:
            fact = f"account {name} is new and would open with {format_exact(account.opening)}"
            yield Problem(fact, "leave `opening` out, and bring the cash in with the month: a `deposit`, or a step", path=("accounts", name, "opening"))


# What the books hold ----------------------------------------------------------------------------------------------------


def nothing_held_is_gone(before: Terms, after: Terms, state: State) -> Iterator[Problem]:
    """Whatever has a balance has a place in the new terms."""
    places = set(held_by(after))
    for account, (section, subject) in held_by(before).items():
        balance = state.balances.get(account, 0)
        if balance and account not in places:
            amount = format_money(abs(balance), before.scale)
            fact = f"{subject} stands in the books with {amount} (`{account}`), and the new terms have no place for it"
            yield Problem(fact, "keep it in the file until it holds nothing", path=(section,))


def held_by(terms: Terms) -> Mapping[str, tuple[str, str]]:
    """Each account of the books that holds something of a subject of the deal, with the section and the name of that subject.

    What residual classes and carry-forwards were paid in all is a memory and holds nothing.
    """
    deal, held = terms.deal, dict[str, tuple[str, str]]()
    for name in deal.tranches:
        held |= dict.fromkeys((*terms.claims[name], posting.misapplied(name)), ("tranches", f"class {name}"))
    for name in deal.fees:
        held[posting.fee(name)] = ("fees", f"fee {name}")
    for name in deal.accounts:
        held |= dict.fromkeys((terms.cash_account(name), terms.due_account(name)), ("accounts", f"account {name}"))
    for name in deal.all_pools:
        held |= dict.fromkeys((terms.pool_account(name), terms.defaulted_account(name)), ("pool" if deal.pool else "pools", f"pool {name}"))
    for name, classes in terms.ledger_classes.items():
        for tranche in classes or (None,):
            held[posting.ledger(name, tranche)] = ("ledgers", f"ledger {f'{tranche}.' if tranche else ''}{name}")
    return held


# Values of earlier periods ----------------------------------------------------------------------------------------------


def earlier_values_are_kept(before: Terms, after: Terms, number: int) -> Iterator[Problem]:
    """`previous(x)` of an x that the old terms did not keep has no value in the first period: there a formula must do without it."""
    new = set(after.kept) - set(before.kept)
    for path, formula in formulas_of(after.deal):
        for name in always_read(formula.root) if path[0] != "reported" else ():
            if name.name in new:
                fact = f"`previous({name.name})` has no value in period {number}: the terms until then do not keep {name.name}"
                remedy = f"write `if period == {number} then VALUE else previous({name.name})`, with the VALUE it had before"
                yield Problem(fact, remedy, path=path, offset=name.at)


def formulas_of(part: Any, path: Path = ()) -> Iterator[tuple[Path, Formula]]:
    """Every formula below a part of a deal, with its path in the file."""
    match part:
        case Formula():
            yield path, part
        case BaseModel():
            for name, field in type(part).model_fields.items():
                yield from formulas_of(getattr(part, name), (*path, field.alias or name))
        case Mapping():
            for key, value in part.items():
                yield from formulas_of(value, (*path, key))
        case tuple():
            for index, value in enumerate(part):
                yield from formulas_of(value, (*path, index))
        case _:
            return


def always_read(node: Expression) -> Iterator[Name]:
    """The names whose earlier value an expression reads whatever the period: not those behind `if`, nor those right of `and` and `or`."""
    match node:
        case Call("previous", (Name() as name, *_)):
            yield name
        case Call():
            for argument in node.arguments:
                yield from always_read(argument)
        case Unary():
            yield from always_read(node.operand)
        case Binary():
            yield from always_read(node.left)
            yield from always_read(node.right) if node.operator not in ("and", "or") else ()
        case Conditional():
            yield from always_read(node.test)
        case _:
            return
