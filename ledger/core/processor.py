"""The processor: from a closing state and a period's collections to a distribution. Pure: the same inputs give the same postings, everywhere.

Opening (`receipts`), accrual, triggers, the file's steps (`waterfall`), closing, checks: in this order, as docs/deal-file.md says.
"""

from __future__ import annotations

from dataclasses import replace

from ledger.core import posting
from ledger.core.accrual import accrue
from ledger.core.checks import check, pools_are_not_negative
from ledger.core.collections import Collections
from ledger.core.distribution import Distribution, Readings
from ledger.core.formula import Value
from ledger.core.money import Money
from ledger.core.names import cumulative_loss, pool_loss
from ledger.core.posting import EXCESS, LOSS
from ledger.core.problems import Problem, ProblemsFound, stop_on
from ledger.core.receipts import receive
from ledger.core.schedule import PeriodDates
from ledger.core.state import Running, State
from ledger.core.terms import Terms
from ledger.core.triggers import judge
from ledger.core.waterfall import run_steps

CLOSE = "close"
"""Step and cause of a posting that closes a period."""


def distribute(terms: Terms, opening: State, dates: PeriodDates, collections: Collections) -> Distribution:
    """Run one period. Raises ProblemsFound with the deal, the period and the step, and then nothing of it counts."""
    run = Running(terms, opening, dates, collections)
    try:
        receive(run)
        stop_on(pools_are_not_negative(run))
        accrue(run)
        judge(run, at_closing=False)
        run_steps(run, terms.steps)
        distribution = close(run)
        stop_on(check(run, distribution))
    except ProblemsFound as found:
        raise ProblemsFound(_placed(found, f"{terms.deal.deal} {dates.scheduled}")) from None
    return distribution


def _placed(found: ProblemsFound, period: str) -> list[Problem]:
    return [replace(problem, place=f"{period}, {problem.place}" if problem.place else period) for problem in found.problems]


def close(run: Running) -> Distribution:
    """Carry or forget what is unpaid, empty `loss`, judge the triggers of the closing, keep what later periods will read."""
    carry(run)
    run.transfer(LOSS, EXCESS, run.balances[LOSS], CLOSE, "", CLOSE)
    readings, kept = Readings(run.reported, run.rates, run.fractions, dict(run.triggers), run.called), history(run)
    judge(run, at_closing=True)
    state = State(
        number=run.number,
        last_distribution=run.dates.distribution,
        balances={account: balance for account, balance in run.balances.items() if balance},
        cumulative=cumulative(run),
        triggers=run.triggers,
        history=kept,
    )
    return Distribution(run.number, run.dates, run.state, state, tuple(run.postings), readings)


def carry(run: Running) -> None:
    """Unpaid interest is brought forward whole, less what was overpaid before; what the deal calls lost is then forgotten. The same for fees."""
    deal, balances = run.terms.deal, run.balances
    for name, tranche in deal.tranches.items():
        claims = run.terms.claims[name]
        run.transfer(claims.shortfall, claims.interest, -balances[claims.interest], CLOSE, "", CLOSE)
        if tranche.unpaid_interest == "lost":
            for claim in (claims.shortfall, claims.interest_on_unpaid):
                run.transfer(EXCESS, claim, max(0, -balances[claim]), CLOSE, run.terms.items[name].interest_lost, CLOSE)
    for name, fee in deal.fees.items():
        if fee.unpaid == "lost":
            run.transfer(EXCESS, posting.fee(name), max(0, -run.balances[posting.fee(name)]), CLOSE, f"{name}.lost", CLOSE)


def cumulative(run: Running) -> dict[str, Money]:
    """Losses since closing, by class and by pool."""
    classes = {name: cumulative_loss(run, name) for name in run.terms.groups["tranches"]}
    pools = {name: run.state.cumulative.get(name, 0) + pool_loss(run, name) for name in run.terms.deal.all_pools}
    return {name: loss for name, loss in {**classes, **pools}.items() if loss}


def history(run: Running) -> dict[str, tuple[Value, ...]]:
    """The values that `previous` and `average` will read, as many periods back as they ask for."""
    kept = {}
    for name, depth in run.terms.kept.items():
        value = run.reported[name] if name in run.terms.deal.reported else run.terms.values[name].read(run)
        kept[name] = (*run.state.history.get(name, ()), value)[-depth:]
    return kept
