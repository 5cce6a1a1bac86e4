"""What one payee of a `pay` can take, and the postings that pay it.

Both depend on nothing but what the deal file says, so they are chosen once, when the deal is compiled, and every month runs what was chosen.
"""

from __future__ import annotations

from ledger.core import posting
from ledger.core.allocation import UNLIMITED
from ledger.core.money import Money
from ledger.core.posting import EXCESS
from ledger.core.state import Running
from ledger.core.terms import CompiledStep, Pay, Payee, RoomNow, Terms


def payee_of(step: CompiledStep, name: str, terms: Terms) -> Payee:
    """A payee of a `pay`: a class, a fee or an account."""
    return Payee(room_of(step, name, terms), pay_of(step, name, terms))


# What it can take -------------------------------------------------------------------------------------------------------


def room_of(step: CompiledStep, name: str, terms: Terms) -> RoomNow:
    """What it is owed of a sort, or any amount."""
    match step.what:
        case "interest":
            return owed_interest(name)
        case "fees":
            return owed_fee(name)
        case "due":
            return owed_fee(name) if name in terms.deal.fees else owed_interest(name)
        case "principal":
            return balance_of(name)
        case "ledger":
            held = posting.ledger(step.ledger or "", name)
            return lambda run: run.balances[held]
        case _:
            return balance_of(name) if step.as_ == "principal" and terms.has_balance(name) else lambda _run: UNLIMITED


def owed_interest(tranche: str) -> RoomNow:
    return lambda run: max(0, run.owed_interest(tranche))


def owed_fee(fee: str) -> RoomNow:
    claim = posting.fee(fee)
    return lambda run: max(0, -run.balances[claim])


def balance_of(tranche: str) -> RoomNow:
    claim = posting.principal(tranche)
    return lambda run: -run.balances[claim]


# How it is paid ---------------------------------------------------------------------------------------------------------


def pay_of(step: CompiledStep, name: str, terms: Terms) -> Pay:
    """To another account, to a fee, or to a class as principal, for a ledger or as interest."""
    if name in terms.deal.accounts:
        return pay_account(step, terms.cash_account(name))
    if name in terms.deal.fees:
        return pay_fee(step, name)
    if step.what == "principal" or (step.as_ == "principal" and terms.has_balance(name)):
        return pay_principal(step, name)
    if step.ledger is not None:
        return pay_for_ledger(step, name, step.ledger, terms)
    if step.what in ("interest", "due"):
        return pay_owed_interest(step, name)
    return pay_further_interest(step, name, terms)


def pay_account(step: CompiledStep, account: str) -> Pay:
    return lambda run, source, amount: run.transfer(source, account, amount, step.label, "", step.cause)


def pay_fee(step: CompiledStep, fee: str) -> Pay:
    """Pay what a fee is owed; an amount by formula is owed by being paid."""
    claim, accrued, paid, is_owed = posting.fee(fee), f"{fee}.accrued", f"{fee}.paid", step.what in ("fees", "due")

    def pay(run: Running, source: str, amount: Money) -> None:
        if not is_owed:
            run.transfer(claim, EXCESS, amount, step.label, accrued, step.cause)
        run.transfer(source, claim, amount, step.label, paid, step.cause)

    return pay


def pay_principal(step: CompiledStep, tranche: str) -> Pay:
    claim, paid = posting.principal(tranche), f"{tranche}.principal_paid"
    return lambda run, source, amount: run.transfer(source, claim, amount, step.label, paid, step.cause)


def pay_owed_interest(step: CompiledStep, tranche: str) -> Pay:
    """Interest on unpaid interest first, then interest brought forward, then this period's."""
    claims, paid = posting.claims(tranche), f"{tranche}.interest_paid"
    in_order = (claims.interest_on_unpaid, claims.shortfall, claims.interest)

    def pay(run: Running, source: str, amount: Money) -> None:
        for claim in in_order:
            part = min(amount, -run.balances[claim])
            if part > 0:
                run.transfer(source, claim, part, step.label, paid, step.cause)
                amount -= part

    return pay


def pay_further_interest(step: CompiledStep, tranche: str, terms: Terms) -> Pay:
    """What a residual or an excess class receives: an income of the class that is owed by being paid."""
    is_residual, paid = terms.deal.tranches[tranche].kind == "residual", f"{tranche}.interest_paid"
    claim = posting.residual(tranche) if is_residual else posting.interest(tranche)

    def pay(run: Running, source: str, amount: Money) -> None:
        run.transfer(claim, EXCESS, amount, step.label, "", step.cause)
        run.transfer(source, claim, amount, step.label, paid, step.cause)

    return pay


def pay_for_ledger(step: CompiledStep, tranche: str, ledger: str, terms: Terms) -> Pay:
    """Pay a class for a ledger, its own or one of the whole deal, and lower the ledger by it."""
    claim, paid, lowered = posting.other(tranche), f"{tranche}.other_paid", tranche if terms.ledger_classes[ledger] else None

    def pay(run: Running, source: str, amount: Money) -> None:
        run.transfer(claim, EXCESS, amount, step.label, "", step.cause)
        run.transfer(source, claim, amount, step.label, paid, step.cause)
        run.move_ledger(ledger, lowered, -amount, step.label, step.cause)

    return pay
