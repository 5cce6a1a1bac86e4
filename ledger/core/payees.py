"""What one payee of a step can take, and the postings that give it: of each verb, and of each sort of payee.

Both depend on nothing but what the deal file says, so they are chosen once, when the deal is compiled, and every month runs what was chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from ledger.core import posting
from ledger.core.allocation import UNLIMITED, Payee, Room
from ledger.core.money import Exact, Money, round_exact, round_to_multiple
from ledger.core.names import claims_to_interest, cumulative_loss, unpaid_interest
from ledger.core.netting import net
from ledger.core.posting import EXCESS, LOSS, ROUNDING
from ledger.core.state import Running
from ledger.core.terms import CompiledStep, Terms

Give: TypeAlias = Callable[[Running, Money], None]
Pay: TypeAlias = Callable[[Running, str, Money], None]
"""Pays an amount out of an account of cash."""


def payee_of(step: CompiledStep, name: str, terms: Terms) -> Payee:
    """A leaf of a step's tree: a class, a fee or an account."""
    match step.verb:
        case "pay":
            return Payee(room_to_pay(step, name, terms), give_cash(step, name, terms))
        case "record":
            return ledger_raised(step, name, terms)
        case "shortfall" if terms.deal.rounding.interest_rounded == "due":
            return exact_interest_cut(step, name, terms)
        case _:
            return claim_moved(step, name, terms)


# What a `pay` can give it -----------------------------------------------------------------------------------------------


def room_to_pay(step: CompiledStep, name: str, terms: Terms) -> Room:
    """What it is owed of a sort, or any amount."""
    match step.what:
        case "interest":
            return owed_interest(name, terms)
        case "fees":
            return owed(posting.fee(name))
        case "due":
            return owed(posting.fee(name)) if name in terms.deal.fees else owed_interest(name, terms)
        case "principal":
            return balance_of(name)
        case "ledger":
            held = posting.ledger(step.ledger or "", name)
            return lambda run: run.balances[held]
        case _:
            return balance_of(name) if step.as_ == "principal" and terms.has_balance(name) else lambda _run: UNLIMITED


def owed(claim: str) -> Room:
    """What an account of a claim owes its payee."""
    return lambda run: max(0, -run.balances[claim])


def owed_interest(tranche: str, terms: Terms) -> Room:
    """On unpaid interest, brought forward, and this period's; a class that was paid too much is owed nothing."""
    unpaid = unpaid_interest(terms, tranche)
    return lambda run: max(0, unpaid(run))


def balance_of(tranche: str) -> Room:
    claim = posting.principal(tranche)
    return lambda run: -run.balances[claim]


# How it is paid ---------------------------------------------------------------------------------------------------------


def give_cash(step: CompiledStep, name: str, terms: Terms) -> Give:
    """Pay it out of the step's accounts in their order, and move the ledgers that the step names."""
    pay, moved = pay_from(step, name, terms), ledgers_moved(step, name)
    sources = [(account, terms.cash_accounts[account], terms.payable_units[account]) for account in step.sources]

    def give(run: Running, amount: Money) -> None:
        for account, source, unit in sources:
            part = min(amount, run.payable(account))
            if part:
                paid = pay(run, source, part, unit)
                amount -= part
                for ledger, tranche, sign in moved:
                    run.move_ledger(ledger, tranche, sign * paid, step.label, step.cause)
            if not amount:
                break

    return give


def ledgers_moved(step: CompiledStep, payee: str) -> list[tuple[str, str | None, int]]:
    """(ledger, class or None, sign) of what a payment settles and adds to; ("pdl", "") is the payee's own."""
    named = ((step.settles, -1), (step.adds_to, 1))
    return [(ledger[0], payee if ledger[1] == "" else ledger[1], sign) for ledger, sign in named if ledger is not None]


def pay_from(step: CompiledStep, name: str, terms: Terms) -> Callable[[Running, str, Money, Money], Money]:
    """Pay an amount out of one account, in whole units of cash; what rounds a payee's exact claim to them is posted apart. What was paid."""
    pay, owes = pay_of(step, name, terms), posting.misapplied(name)

    def pay_account(run: Running, source: str, amount: Money, unit: Money) -> Money:
        cash = round_to_multiple(amount, unit)
        pay(run, source, cash)
        return cash

    def pay_payee(run: Running, source: str, amount: Money, unit: Money) -> Money:
        cash = round_to_multiple(amount, unit)
        pay(run, source, amount)
        run.transfer(source, ROUNDING, cash - amount, step.label, "", step.cause)
        if run.balances[owes] > 0:
            net(run, step, source, name, cash)
        return amount

    return pay_account if name in terms.deal.accounts else pay_payee


def pay_of(step: CompiledStep, name: str, terms: Terms) -> Pay:
    """To another account, to a fee, or to a class as principal, for a ledger or as interest."""
    if name in terms.deal.accounts:
        return pay_into(step, terms.cash_account(name), "")
    if name in terms.deal.fees:
        return pay_fee(step, name)
    if step.what == "principal" or (step.as_ == "principal" and terms.has_balance(name)):
        return pay_into(step, posting.principal(name), terms.items[name].principal_paid)
    if step.ledger is not None:
        return pay_for_ledger(step, name, step.ledger, terms)
    if step.what in ("interest", "due"):
        return pay_owed_interest(step, name, terms)
    return pay_further_interest(step, name, terms)


def pay_into(step: CompiledStep, account: str, item: str) -> Pay:
    return lambda run, source, amount: run.transfer(source, account, amount, step.label, item, step.cause)


def pay_as_owed(step: CompiledStep, claim: str, accrued: str, paid: str) -> Pay:
    """Pay what is owed by being paid."""

    def pay(run: Running, source: str, amount: Money) -> None:
        run.transfer(claim, EXCESS, amount, step.label, accrued, step.cause)
        run.transfer(source, claim, amount, step.label, paid, step.cause)

    return pay


def pay_fee(step: CompiledStep, fee: str) -> Pay:
    """What a fee is owed, or an amount by formula."""
    claim, paid = posting.fee(fee), f"{fee}.paid"
    return pay_into(step, claim, paid) if step.what in ("fees", "due") else pay_as_owed(step, claim, f"{fee}.accrued", paid)


def pay_owed_interest(step: CompiledStep, tranche: str, terms: Terms) -> Pay:
    """Interest on unpaid interest first, then interest brought forward, then this period's."""
    claims, paid = claims_to_interest(terms, tranche), terms.items[tranche].interest_paid

    def pay(run: Running, source: str, amount: Money) -> None:
        for claim in claims:
            part = min(amount, -run.balances[claim])
            if part > 0:
                run.transfer(source, claim, part, step.label, paid, step.cause)
                amount -= part

    return pay


def pay_further_interest(step: CompiledStep, tranche: str, terms: Terms) -> Pay:
    """What a residual or an excess class receives: an income of the class."""
    is_residual = terms.deal.tranches[tranche].kind == "residual"
    return pay_as_owed(step, posting.residual(tranche) if is_residual else posting.interest(tranche), "", terms.items[tranche].interest_paid)


def pay_for_ledger(step: CompiledStep, tranche: str, ledger: str, terms: Terms) -> Pay:
    """Pay a class for a ledger, its own or one of the whole deal, and lower the ledger by it."""
    pay_other = pay_as_owed(step, posting.other(tranche), "", terms.items[tranche].other_paid)
    lowered = tranche if terms.ledger_classes[ledger] else None

    def pay(run: Running, source: str, amount: Money) -> None:
        pay_other(run, source, amount)
        run.move_ledger(ledger, lowered, -amount, step.label, step.cause)

    return pay


# Entitlement, which moves no cash -----------------------------------------------------------------------------------------


def claim_moved(step: CompiledStep, tranche: str, terms: Terms) -> Payee:
    """A class whose claim on the trust a step raises or lowers."""
    claims, items = terms.claims[tranche], terms.items[tranche]
    moves: Mapping[str, tuple[str, str, str, Room]] = {
        "accrete": (claims.principal, claims.interest, items.accreted, owed(claims.interest)),
        "write_down": (LOSS, claims.principal, items.realized_loss, owed(claims.principal)),
        "write_up": (claims.principal, LOSS, items.written_up, lambda run: max(0, cumulative_loss(run, tranche))),
        "shortfall": (EXCESS, claims.interest, items.interest_shortfall, lambda run: max(0, entitlement(run, tranche))),
    }
    source, destination, item, room = moves[step.verb]
    return Payee(room, lambda run, amount: run.transfer(source, destination, amount, step.label, item, step.cause))


def entitlement(run: Running, tranche: str) -> Money:
    """This period's interest as it stands: accrued less shortfall."""
    items = run.terms.items[tranche]
    return run.figures[items.interest_accrued] - run.figures[items.interest_shortfall]


def exact_interest_cut(step: CompiledStep, tranche: str, terms: Terms) -> Payee:
    """A class whose interest is cut by an exact share: what it is then due is rounded once, and its shortfall is the rounded accrual less that."""
    claim, item, mode = posting.interest(tranche), terms.items[tranche].interest_shortfall, terms.deal.rounding.interest

    def cut(run: Running, share: Exact) -> None:
        run.exact_interest[tranche] -= share
        due = round_exact(run.exact_interest[tranche], mode)
        run.transfer(EXCESS, claim, entitlement(run, tranche) - due, step.label, item, step.cause)

    return Payee(lambda run: max(0, run.exact_interest.get(tranche, 0)), cut)


# Ledgers ------------------------------------------------------------------------------------------------------------------


def ledger_raised(step: CompiledStep, tranche: str, terms: Terms) -> Payee:
    """A class whose ledger a `record` raises, up to its ceiling."""
    name = step.ledger or ""
    held, balance, is_capped = posting.ledger(name, tranche), posting.principal(tranche), terms.deal.ledgers[name].up_to == "balance"

    def room(run: Running) -> Money:
        return max(0, (-run.balances[balance] if is_capped else UNLIMITED) - run.balances[held])

    return Payee(room, lambda run, amount: run.move_ledger(name, tranche, amount, step.label, step.cause))


def ledger_lowered(step: CompiledStep, tranche: str) -> Payee:
    """A class whose ledger a `record` lowers, down to nothing."""
    name = step.ledger or ""
    held = posting.ledger(name, tranche)
    return Payee(lambda run: run.balances[held], lambda run, amount: run.move_ledger(name, tranche, -amount, step.label, step.cause))
