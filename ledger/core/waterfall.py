"""The waterfall: the file's steps in the file's order. This is the only place where cash leaves an account of the trust.

A step asks for an amount, and allocates it down its tree of payees; what each of them can take, and what is posted when it is given something, is in
`ledger.core.payees`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import assert_never

from ledger.core.allocation import UNLIMITED, Allocation, Payee
from ledger.core.formula import Read
from ledger.core.money import Money, format_money, round_exact
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
        case "record":
            record(run, step)
        case "write_down":
            write_down(run, step)
        case "shortfall" if run.terms.deal.rounding.interest_rounded == "due":
            cut_exact_interest(run, step)
        case "accrete" | "write_up" | "shortfall":
            move_claims(run, step)
        case _:
            assert_never(step.verb)


def pay(run: Running, step: CompiledStep) -> None:
    """Pay the least of what is asked, the limit, the cash in the sources, and what the payees can take."""
    assert step.tree is not None
    if can_take(run, step.takers):
        cash = sum([run.payable(account) for account in step.sources])
        in_units(run, step.takers).allocate(step.tree, min(_amount(run, step.amount), _amount(run, step.limit), cash))


def record(run: Running, step: CompiledStep) -> None:
    """Book an amount in a ledger: of the deal, or of each class of the tree up to its ceiling; a negative amount lowers."""
    assert step.amount is not None
    amount = round_exact(step.amount(run), run.terms.deal.rounding.amounts)
    if step.tree is None:
        run.move_ledger(step.ledger or "", None, min(amount, _amount(run, step.limit)), step.label, step.cause)
        return
    payees = step.takers if amount > 0 else step.givers
    if can_take(run, payees):
        in_units(run, payees).allocate(step.tree, min(abs(amount), _amount(run, step.limit)))


def write_down(run: Running, step: CompiledStep) -> None:
    """Let classes bear a loss, at most their balance. Raises ProblemsFound for what no class can bear."""
    asked, placed = move_claims(run, step)
    if placed < asked:
        left = format_money(asked - placed, run.terms.scale)
        raise ProblemsFound(
            [Problem(f"{left} of loss cannot be written down: no class of the step has a balance left", "name further classes in `to`, or limit the amount")]
        )


def move_claims(run: Running, step: CompiledStep) -> tuple[Money, Money]:
    """Allocate a step that moves claims and no cash: interest that is added to a balance or cut, losses given back. What was asked for, what was placed."""
    assert step.tree is not None
    asked = _amount(run, step.amount)
    if not asked or not can_take(run, step.takers):
        return asked, 0
    asked = min(asked, _amount(run, step.limit))
    placed: Money = in_units(run, step.takers).allocate(step.tree, asked)
    return asked, placed


def cut_exact_interest(run: Running, step: CompiledStep) -> None:
    """Cut interest by exact shares, where the deal rounds what is due once."""
    assert step.tree is not None
    assert step.amount is not None
    if can_take(run, step.takers):
        asked = max(0, step.amount(run))
        if step.limit is not None:
            asked = min(asked, max(0, step.limit(run)))
        Allocation(run, step.takers, "exact", run.terms.deal.rounding.amounts).allocate(step.tree, asked)


def can_take(run: Running, payees: Mapping[str, Payee]) -> bool:
    """Whether any of them can take anything now."""
    return any(payee.room(run) for payee in payees.values())


def in_units(run: Running, payees: Mapping[str, Payee]) -> Allocation:
    """An allocation in whole units of money, by the deal's rules."""
    rounding = run.terms.deal.rounding
    return Allocation(run, payees, rounding.odd_cents, rounding.amounts)


def _amount(run: Running, read: Read | None) -> Money:
    """An amount or a limit of a step, rounded as the deal says; below zero is zero, none is without end."""
    if read is None:
        return UNLIMITED
    return max(0, round_exact(read(run), run.terms.deal.rounding.amounts))
