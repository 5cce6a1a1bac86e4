"""The waterfall: the file's steps in the file's order. This is the only place where cash leaves an account of the trust."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import assert_never

from ledger.core import posting
from ledger.core.allocation import UNLIMITED, Allocation, Give, Room
from ledger.core.formula import Read
from ledger.core.money import Exact, Money, format_money, round_exact, round_to_multiple
from ledger.core.names import cumulative_loss
from ledger.core.netting import net
from ledger.core.posting import EXCESS, LOSS, ROUNDING
from ledger.core.problems import Problem, ProblemsFound
from ledger.core.state import Running
from ledger.core.terms import CompiledBlock, CompiledStep, Steps


def run_steps(run: Running, steps: Iterable[Steps]) -> None:
    """Run steps top to bottom; a block's condition is read once, on entry. Raises ProblemsFound, naming the step."""
    for step in steps:
        if isinstance(step, CompiledBlock):
            if step.when(run):
                run_steps(run, step.steps)
            continue
        try:
            if step.when is None or step.when(run):
                run_step(run, step)
        except ProblemsFound as found:
            raise ProblemsFound(problem.at(f"step {step.number}, {step.label}") for problem in found.problems) from None


def run_step(run: Running, step: CompiledStep) -> None:
    match step.verb:
        case "pay":
            pay(run, step)
        case "accrete":
            accrete(run, step)
        case "write_down":
            write_down(run, step)
        case "write_up":
            write_up(run, step)
        case "shortfall":
            cut_interest(run, step)
        case "record":
            record(run, step)
        case _:
            assert_never(step.verb)


def _amount(run: Running, read: Read | None) -> Money:
    """An amount or a limit of a step, rounded as the deal says; below zero is zero, none is without end."""
    if read is None:
        return UNLIMITED
    return max(0, round_exact(read(run), run.terms.deal.rounding.amounts))


# pay ------------------------------------------------------------------------------------------------------------------


def pay(run: Running, step: CompiledStep) -> None:
    """Pay the least of what is asked, the limit, the cash in the sources, and what the payees can take."""
    assert step.tree is not None
    if not any(payee.room(run) for payee in step.paid.values()):
        return
    cash = sum(payable_cash(run, account) for account in step.sources)
    allocation = in_units(run, lambda payee: room_to_pay(run, step, payee), lambda payee, amount: give(run, step, payee, amount))
    allocation.allocate(step.tree, min(_amount(run, step.amount), _amount(run, step.limit), cash))


def payable_cash(run: Running, account: str) -> Money:
    """What an account can pay: whole minor units of what it holds. A fraction of a cent that it has collected stays until others make it whole."""
    held = run.cash_of(account)
    return held - held % run.terms.payable_units[account] if held > 0 else 0


def in_units(run: Running, room: Room, give_to: Give) -> Allocation:
    """An allocation in whole units of money, by the deal's rules."""
    rounding = run.terms.deal.rounding
    return Allocation(run, room, give_to, rounding.odd_cents, rounding.amounts)


def room_to_pay(run: Running, step: CompiledStep, payee: str) -> Money:
    """What one payee can take in a `pay`: what it is owed of a sort, or any amount."""
    return step.paid[payee].room(run)


def give(run: Running, step: CompiledStep, payee: str, amount: Money) -> None:
    """Pay one payee out of the step's accounts in order, and move the ledgers that the step names."""
    for account in step.sources:
        if not amount:
            break
        part = min(amount, payable_cash(run, account))
        paid = pay_from(run, step, account, payee, part) if part else 0
        amount -= part
        if step.settles is not None:
            _move_ledger(run, step, step.settles, payee, -paid)
        if step.adds_to is not None:
            _move_ledger(run, step, step.adds_to, payee, paid)


def pay_from(run: Running, step: CompiledStep, account: str, payee: str, amount: Money) -> Money:
    """Pay an amount out of one account, in whole units of cash; what rounds a payee's exact claim to them is posted apart. What was paid."""
    source, cash = run.terms.cash_accounts[account], round_to_multiple(amount, run.terms.payable_units[account])
    if payee in run.terms.cash_accounts:
        step.paid[payee].pay(run, source, cash)
        return cash
    step.paid[payee].pay(run, source, amount)
    run.transfer(source, ROUNDING, cash - amount, step.label, "", step.cause)
    net(run, step, source, payee, cash)
    return amount


# Ledgers --------------------------------------------------------------------------------------------------------------


def _move_ledger(run: Running, step: CompiledStep, ledger: tuple[str, str | None], payee: str, amount: Money) -> None:
    """Raise or lower a ledger that a step names. ("pdl", "") is the payee's own."""
    name, tranche = ledger
    run.move_ledger(name, payee if tranche == "" else tranche, amount, step.label, step.cause)


def record(run: Running, step: CompiledStep) -> None:
    """Book an amount in a ledger: of the deal, or of each class of the tree up to its ceiling; a negative amount lowers."""
    assert step.amount is not None
    amount = round_exact(step.amount(run), run.terms.deal.rounding.amounts)
    name = step.ledger or ""
    if step.tree is None:
        _move_ledger(run, step, (name, None), "", min(amount, _amount(run, step.limit)))
        return
    up = amount > 0

    def room(payee: str) -> Money:
        held = run.balances[posting.ledger(name, payee)]
        if not up:
            return held
        ceiling = -run.balances[posting.principal(payee)] if run.terms.deal.ledgers[name].up_to == "balance" else UNLIMITED
        return max(0, ceiling - held)

    def book(payee: str, part: Money) -> None:
        _move_ledger(run, step, (name, ""), payee, part if up else -part)

    if any(map(room, step.payees)):
        in_units(run, room, book).allocate(step.tree, min(abs(amount), _amount(run, step.limit)))


# Entitlement ------------------------------------------------------------------------------------------------------------


def accrete(run: Running, step: CompiledStep) -> None:
    """Add this period's interest to the balance of an accrual class; the cash stays where it is."""

    def add(tranche: str, amount: Money) -> None:
        run.transfer(posting.principal(tranche), posting.interest(tranche), amount, step.label, f"{tranche}.accreted", step.cause)

    _move_claims(run, step, lambda tranche: -run.balances[posting.interest(tranche)], add)


def write_down(run: Running, step: CompiledStep) -> None:
    """Let classes bear a loss, at most their balance. Raises ProblemsFound for what no class can bear."""

    def bear(tranche: str, amount: Money) -> None:
        run.transfer(LOSS, posting.principal(tranche), amount, step.label, f"{tranche}.realized_loss", step.cause)

    asked, placed = _move_claims(run, step, lambda tranche: -run.balances[posting.principal(tranche)], bear)
    if placed < asked:
        left = format_money(asked - placed, run.terms.scale)
        raise ProblemsFound(
            [Problem(f"{left} of loss cannot be written down: no class of the step has a balance left", "name further classes in `to`, or limit the amount")]
        )


def write_up(run: Running, step: CompiledStep) -> None:
    """Give recovered loss back to classes, at most the loss that each has borne."""

    def restore(tranche: str, amount: Money) -> None:
        run.transfer(posting.principal(tranche), LOSS, amount, step.label, f"{tranche}.written_up", step.cause)

    _move_claims(run, step, lambda tranche: cumulative_loss(run, tranche), restore)


def cut_interest(run: Running, step: CompiledStep) -> None:
    """Cut the entitlement to interest for good: prepayment interest shortfalls, Relief Act."""
    if run.terms.deal.rounding.interest_rounded == "due":
        cut_exact_interest(run, step)
        return

    def cut(tranche: str, amount: Money) -> None:
        run.transfer(EXCESS, posting.interest(tranche), amount, step.label, f"{tranche}.interest_shortfall", step.cause)

    _move_claims(run, step, lambda tranche: _entitlement(run, tranche), cut)


def _entitlement(run: Running, tranche: str) -> Money:
    """This period's interest as it stands: accrued less shortfall."""
    return run.figures[f"{tranche}.interest_accrued"] - run.figures[f"{tranche}.interest_shortfall"]


def cut_exact_interest(run: Running, step: CompiledStep) -> None:
    """Cut interest by exact shares; what a class is then due is rounded once, and its shortfall is the rounded accrual less that."""
    assert step.tree is not None
    assert step.amount is not None
    exact = run.exact_interest

    def room(tranche: str) -> Exact:
        return max(0, exact.get(tranche, 0))

    def cut(tranche: str, share: Exact) -> None:
        exact[tranche] -= share
        due = round_exact(exact[tranche], run.terms.deal.rounding.interest)
        run.transfer(EXCESS, posting.interest(tranche), _entitlement(run, tranche) - due, step.label, f"{tranche}.interest_shortfall", step.cause)

    if any(map(room, step.payees)):
        asked = max(0, step.amount(run))
        if step.limit is not None:
            asked = min(asked, max(0, step.limit(run)))
        Allocation(run, room, cut, "exact", run.terms.deal.rounding.amounts).allocate(step.tree, asked)


def _move_claims(run: Running, step: CompiledStep, room: Callable[[str], Money], give_to: Give) -> tuple[Money, Money]:
    """Allocate a step that moves claims and no cash; what was asked for and what was placed."""
    assert step.tree is not None
    asked = _amount(run, step.amount)

    def room_above_zero(tranche: str) -> Money:
        return max(0, room(tranche))

    if not asked or not any(map(room_above_zero, step.payees)):
        return asked, 0
    asked = min(asked, _amount(run, step.limit))
    placed: Money = in_units(run, room_above_zero, give_to).allocate(step.tree, asked)
    return asked, placed
