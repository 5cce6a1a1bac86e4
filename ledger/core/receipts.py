"""The opening of a period: what the servicer reported becomes postings, before any step runs.

Adjustments correct the opening balances; reported values are set; each kind's total is posted to its pool and to the account that collects it;
what was wired becomes cash. Chart of accounts and rules: docs/books.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from fractions import Fraction

from ledger.core import posting
from ledger.core.collections import Flow
from ledger.core.deal import Reported
from ledger.core.events import Event, Leg
from ledger.core.formula import Value
from ledger.core.misapplied import paid_items
from ledger.core.money import Money
from ledger.core.names import pool_balance
from ledger.core.netting import pay_back
from ledger.core.posting import EXCESS
from ledger.core.problems import Problem, ProblemsFound, stop_on
from ledger.core.state import Running
from ledger.core.terms import Terms

EVENTS = "events"
"""The cause of a posting that sums events of the period."""


def receive(run: Running) -> None:
    """Post all that the period knows of the world. Raises ProblemsFound."""
    adjust(run)
    run.opening = run.balances.copy()
    stop_on(set_reported(run))
    post_flows(run)
    restate_pools(run)
    for account, name, amount in run.terms.named_collections:
        run.transfer(EXCESS, run.terms.due_account(account), amount(run), name, f"{account}.{name}", EVENTS)
    settle(run)
    call(run)


# Adjustments and reported values ------------------------------------------------------------------------------------


def adjust(run: Running) -> None:
    """Correct opening balances by the signed amount of each `adjustment`, as a correction of the period it `applies_to`."""
    for fact in run.collections.of_kind("adjustment"):
        subject, amount = fact.subject or "", fact.amount or 0
        source, destination = adjusted_accounts(run.terms, subject)
        run.transfer(source, destination, amount, "adjustment", adjusted_item(subject), EVENTS, _origin(fact))


def adjusted_item(subject: str) -> str:
    """The figure that an adjustment is part of: a loss that a class should have borne is one of its losses, anything else stands alone."""
    return subject if subject.endswith(".realized_loss") else f"{subject}.adjustment"


def adjusted_subject(item: str) -> str:
    """The subject whose adjustment a figure, raised or lowered, is part of."""
    return item.removeprefix("-").removesuffix(".adjustment")


def _origin(fact: Event) -> date | None:
    """The earlier period that a fact is booked for."""
    return fact.effective_on if fact.corrects_position is not None else None


def adjusted_accounts(terms: Terms, subject: str) -> Leg:
    """(source, destination) of an adjustment that raises what its subject names. Raises ProblemsFound for a subject that is nothing of the deal."""
    deal = terms.deal
    name, _, item = subject.rpartition(".")
    if item == "unpaid_interest" and name in deal.tranches:
        return posting.shortfall(name), EXCESS
    if item == "realized_loss" and terms.has_balance(name):
        return EXCESS, posting.principal(name)
    if name in deal.tranches and item in paid_items(terms, name):
        return posting.misapplied(name), posting.principal(name) if item == "principal_paid" else EXCESS
    if item in deal.ledgers and name in terms.ledger_classes[item]:
        return posting.ledger_memo(item), posting.ledger(item, name)
    if subject in deal.ledgers:
        return posting.ledger_memo(subject), posting.ledger(subject)
    if subject in deal.tranches:
        return posting.principal(subject), EXCESS
    if subject in deal.fees:
        return posting.fee(subject), EXCESS
    if subject in deal.accounts:
        return EXCESS, terms.cash_account(subject)
    remedy = "name a class, CLASS.unpaid_interest, CLASS.realized_loss, CLASS.principal_paid, a fee, an account or a ledger"
    raise ProblemsFound([Problem(f"an adjustment names `{subject}`", remedy)])


def set_reported(run: Running) -> list[Problem]:
    """Set what was reported; what is missing is stood in for as the deal says, or is a problem."""
    stated = {fact.subject: fact for fact in run.collections.of_kind("reported")}
    problems = []
    for name, reported in run.terms.deal.reported.items():
        if name in stated:
            run.reported[name] = reported_value(reported, stated[name])
        elif name in run.terms.missing:
            run.reported[name] = run.terms.missing[name](run)
        else:
            problems.append(_not_reported(name, reported))
    return problems


def _not_reported(name: str, reported: Reported) -> Problem:
    fixing = f"state the fixing of {reported.index} with `tranche rates`, " if reported.index else ""
    return Problem(f"`{name}` was not reported", f"{fixing}add a `reported` row for {name}, or give it `missing` in the deal file", is_awaited=True)


def reported_value(reported: Reported, fact: Event) -> Value:
    """The one column of a reported fact that its declared type uses."""
    match reported.type:
        case "money":
            return fact.amount or 0
        case "date":
            return fact.effective_on or date.min
        case "flag":
            return fact.code == "yes"
        case _:
            return Fraction(fact.rate or 0)


# Flows --------------------------------------------------------------------------------------------------------------


Key = tuple[str, str | None, date | None]
"""A component, the pool that it was reported under, and the earlier period that it is booked for."""


def post_flows(run: Running) -> None:
    """Post the total of each component, pool and origin, in the order of the table of components."""
    totals: dict[Key, Money] = defaultdict(int)
    for component, pool, amount, origin in run.collections.flows:
        totals[component, pool, origin] += amount
    places = run.terms.places

    def in_order(key: Key) -> tuple[int, str, date]:
        component, pool, origin = key
        return places[component], pool or "", origin or date.min

    for component, pool, origin in sorted(totals, key=in_order):
        _post_total(run, Flow(component, pool, totals[component, pool, origin], origin), totals)


def _post_total(run: Running, flow: Flow, totals: Mapping[Key, Money]) -> None:
    match flow.component:
        case "liquidation_proceeds":
            _default_first(run, flow, flow.amount + _net_loss(flow, totals))
            _post(run, flow, flow.amount)
        case "realized_loss":
            _default_first(run, flow, _net_loss(flow, totals))
            _post(run, flow, _net_loss(flow, totals))
        case _:
            _post(run, flow, flow.amount)


def _net_loss(flow: Flow, totals: Mapping[Key, Money]) -> Money:
    """The realized loss of a pool and origin without its expenses, which were posted to the loss apart."""
    return totals.get(("realized_loss", flow.pool, flow.origin), 0) - totals.get(("liquidation_expense", flow.pool, flow.origin), 0)


def _pool(flow: Flow) -> str:
    return flow.pool or "pool"


def _default_first(run: Running, flow: Flow, liquidated: Money) -> None:
    """What is liquidated without a `default` before it leaves the pool by way of the defaulted loans: the balance that proceeds and loss make up."""
    defaulted = run.terms.defaulted_account(_pool(flow))
    missing = liquidated - max(0, run.balances[defaulted])
    if missing > 0:
        run.transfer(run.terms.pool_account(_pool(flow)), defaulted, missing, flow.component, "", EVENTS, flow.origin)


def _post(run: Running, flow: Flow, amount: Money) -> None:
    """The postings of one component; the first carries its figure."""
    pool, component = _pool(flow), flow.component
    item = f"{pool}.{component}"
    for source, destination in run.terms.legs.get((pool, component)) or legs_of(run.terms, pool, component):
        run.transfer(source, destination, amount, component, item, EVENTS, flow.origin)
        item = ""


def legs_of(terms: Terms, pool: str, component: str) -> tuple[Leg, ...]:
    """The legs of a component between the accounts that its words stand for. Raises ProblemsFound where no account collects it."""
    legs = terms.components[component].legs
    return tuple((_account(terms, pool, component, source), _account(terms, pool, component, destination)) for source, destination in legs)


def _account(terms: Terms, pool: str, component: str, word: str) -> str:
    """The account that a word of a leg stands for."""
    match word:
        case "pool":
            return terms.pool_account(pool)
        case "defaulted":
            return terms.defaulted_account(pool)
        case "due":
            return terms.due_account(collecting_account(terms, pool, component))
        case "cash":
            return terms.cash_account(collecting_account(terms, pool, component))
        case "payahead":
            return terms.cash_account(collecting_account(terms, pool, "payahead"))
        case _:
            return word


def collecting_account(terms: Terms, pool: str, component: str) -> str:
    """The account that collects a component of a pool. Raises ProblemsFound where none does."""
    account = terms.collecting.get((pool, component))
    if account is None:
        raise ProblemsFound([Problem(f"no account collects `{component}`", f"add {component} to the `collects` of an account in the deal file")])
    return account


def restate_pools(run: Running) -> None:
    """Where the remittance states the closing pool, what its movements do not explain leaves (or enters) the pool against `excess`."""
    for pool, stated in run.terms.pool_balances.items():
        difference = pool_balance(run.balances, run.terms, pool) - stated(run)
        run.transfer(run.terms.pool_account(pool), EXCESS, difference, "pool balance", f"{pool}.other_reduction", EVENTS)


# Cash ---------------------------------------------------------------------------------------------------------------


def settle(run: Running) -> None:
    """Turn what is due into cash: all of it where settlement is assumed, else what was wired; a due below zero stays owed back."""
    for fact in run.collections.of_kind("account_earnings"):
        run.transfer(EXCESS, _cash(run, fact), fact.amount or 0, "account_earnings", f"{fact.subject}.earnings", EVENTS, _origin(fact))
    for fact in run.collections.of_kind("settlement"):
        pay_back(run, fact.subject or "", fact.amount or 0, EVENTS)
    wired = {name: due for name, account in run.terms.due_accounts.items() if (due := run.balances[account]) > 0}
    if run.terms.deal.settlement == "wired":
        wired = _wires(run, wired)
    for account, amount in wired.items():
        run.transfer(run.terms.due_account(account), run.terms.cash_account(account), amount, "wire", f"{account}.wired", EVENTS)


def _wires(run: Running, due: Mapping[str, Money]) -> dict[str, Money]:
    """What was wired to each account. Raises ProblemsFound where something is due and no wire was reported."""
    wires: dict[str, Money] = {}
    for fact in run.collections.of_kind("wire"):
        _cash(run, fact)
        wires[fact.subject or ""] = wires.get(fact.subject or "", 0) + (fact.amount or 0)
    stop_on(_missing_wires(due, wires))
    return wires


def _missing_wires(due: Mapping[str, Money], wires: Mapping[str, Money]) -> Iterable[Problem]:
    for account in due:
        if account not in wires:
            remedy = f"append a `wire` row for {account}, of 0 if nothing came"
            yield Problem(f"something is due to account {account} and no wire was reported", remedy, is_awaited=True)


def _cash(run: Running, fact: Event) -> str:
    account = fact.subject or ""
    if account not in run.terms.deal.accounts:
        raise ProblemsFound([Problem(f"`{fact.kind}` names `{account}`, which is no account", f"name one of {', '.join(run.terms.deal.accounts)}")])
    return run.terms.cash_account(account)


def call(run: Running) -> None:
    """A `call` is judged before the first step: refused unless the deal allows it now."""
    for _ in run.collections.of_kind("call"):
        allowed = run.terms.call_allowed
        if allowed is None or not allowed(run):
            raise ProblemsFound([Problem("the call is not allowed now", "see `call.allowed_when` in the deal file; reverse the `call` event")])
        run.called = True
