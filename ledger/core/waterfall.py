"""The waterfall: the file's steps in the file's order. This is the only place where cash leaves an account of the trust.

A step asks for an amount, and allocates it down its tree of payees; what each of them can take, and what is posted when it is given something, is in
`ledger.core.payees`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, assert_never

from ledger.core.allocation import UNLIMITED
from ledger.core.formula import Read
from ledger.core.money import Money, format_money
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
        case "shortfall":
            cut_interest(run, step)
        case "accrete" | "write_up":
            move_claims(run, step)
        case _:
            assert_never(step.verb)


def pay(run: Running, step: CompiledStep) -> None:
    """Pay the least of what is asked, the limit, the cash in the sources, and what the payees can take."""
    assert step.gives is not None
    if step.gives.can_take(run):
        cash = sum([run.payable(account) for account in step.sources])
        step.gives.allocate(run, min(_amount(run, step.amount), _amount(run, step.limit), cash))


def record(run: Running, step: CompiledStep) -> None:
    """Book an amount in a ledger: of the deal, or of each class of the tree up to its ceiling; a negative amount lowers."""
    assert step.amount is not None
    amount: Money = step.amount(run)
    allocation = step.gives if amount > 0 else step.takes_back
    if allocation is None:
        run.move_ledger(step.ledger or "", None, min(amount, _amount(run, step.limit)), step.label, step.cause)
    elif allocation.can_take(run):
        allocation.allocate(run, min(abs(amount), _amount(run, step.limit)))


def write_down(run: Running, step: CompiledStep) -> None:
    """Let classes bear a loss, at most their balance. Raises ProblemsFound for what no class can bear."""
    asked, placed = move_claims(run, step)
    if placed < asked:
        left = format_money(asked - placed, run.terms.scale)
        raise ProblemsFound(
            [Problem(f"{left} of loss cannot be written down: no class of the step has a balance left", "name further classes in `to`, or limit the amount")]
        )


def cut_interest(run: Running, step: CompiledStep) -> None:
    """Cut the entitlement to interest for good: prepayment interest shortfalls, Relief Act. What is asked is not read where there is nothing to cut."""
    assert step.gives is not None
    if step.gives.can_take(run):
        move_claims(run, step)


def move_claims(run: Running, step: CompiledStep) -> tuple[Any, Any]:
    """Allocate a step that moves claims and no cash: interest that is added to a balance or cut, losses given back. What was asked for, what was placed."""
    assert step.gives is not None
    asked = _amount(run, step.amount)
    if not asked or not step.gives.can_take(run):
        return asked, 0
    asked = min(asked, _amount(run, step.limit))
    return asked, step.gives.allocate(run, asked)


def _amount(run: Running, read: Read | None) -> Any:
    """An amount or a limit of a step, Money or still exact; below zero is zero, none is without end."""
    return UNLIMITED if read is None else max(0, read(run))
