"""What a user would write: the waterfall of the bench's deal in floats, from the servicer's totals. No books, no cents, no checks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

BALANCES = {"A": 800e6, "M1": 80e6, "M2": 60e6, "B1": 40e6, "B2": 20e6}
RATES = {"A": 0.04, "M1": 0.045, "M2": 0.05, "B1": 0.055, "B2": 0.06}


def run(months: Iterable[Mapping[str, float]], pool: float = 1_000e6) -> tuple[dict[str, float], float]:
    """The classes' balances at the end, and what the residual received."""
    balances, unpaid, residual = dict(BALANCES), dict.fromkeys(BALANCES, 0.0), 0.0
    for month in months:
        interest = month["interest"]
        interest -= min(interest, pool * 0.0025 / 12)
        principal = month["scheduled_principal"] + month["prepayment"] + month["liquidation_proceeds"]
        pool -= month["scheduled_principal"] + month["prepayment"] + month["default"]
        for name, balance in balances.items():
            due = balance * RATES[name] / 12 + unpaid[name]
            paid = min(interest, due)
            interest, unpaid[name] = interest - paid, due - paid
        principal = pay(balances, principal)
        turbo = min(interest, max(sum(balances.values()) - pool, 0.0))
        interest -= turbo - pay(balances, turbo)
        write_down(balances, sum(balances.values()) - pool)
        residual += interest + principal
    return balances, residual


def pay(balances: dict[str, float], cash: float) -> float:
    """In order of rank; what is left of the cash."""
    for name, balance in balances.items():
        paid = min(cash, balance)
        balances[name] -= paid
        cash -= paid
    return cash


def write_down(balances: dict[str, float], loss: float) -> None:
    """From the lowest class up."""
    for name in reversed(balances):
        borne = min(max(loss, 0.0), balances[name])
        balances[name] -= borne
        loss -= borne
