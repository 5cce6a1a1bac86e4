"""What a statement says of the loans, as tables and as JSON: what they are, how they pay, how fast they prepay and default, and single loans."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

from ledger.core.loans import LoanLoss, LoanTerms
from ledger.core.money import format_exact, format_money
from ledger.core.performance import WINDOWS
from ledger.core.statement import Figure, Items, Statement
from ledger.reports.cells import cell, money, number, words
from ledger.reports.layout import Cell, Table

LOANS: Mapping[str, str] = {
    "opening_loans": "loans at the opening", "closing_loans": "loans at the close", "average_balance": "average balance",
    "wac": "weighted average rate", "wam": "weighted average months to maturity",
}  # fmt: skip
MEASURES: Mapping[str, str] = {"smm": "SMM", "cpr": "CPR", "mdr": "MDR", "cdr": "CDR", "severity": "loss severity"}
LOSSES: Mapping[str, str] = {
    "defaulted": "defaulted", "balance": "balance", "proceeds": "proceeds", "expenses": "expenses", "loss": "loss", "modified": "modified",
    "recovered": "recovered",
}  # fmt: skip
"""What the columns of the list of losses are called."""
PERCENT: Mapping[str, int] = {"wac": 5, "wam": 2}
"""Places of the averages; the first is a percentage."""
SPEEDS = 4
"""Places of rates of performance and of shares, in percent."""


def collateral_tables(statement: Statement) -> Iterator[Table]:
    yield _loans(statement)
    yield _delinquency(statement)
    yield _performance(statement)
    yield _losses(statement)
    yield _modifications(statement)


def _loans(statement: Statement) -> Table:
    """A row for each item, a column for each pool."""
    pools = statement.sections.get("collateral", {})
    rows = [[*words(title), *(_average(statement, item, items.get(item)) for items in pools.values())] for item, title in LOANS.items() if _any(pools, item)]
    return Table("collateral", "Loans", ["", *pools], rows)


def _any(pools: Mapping[str, Items], item: str) -> bool:
    return any(item in items for items in pools.values())


def _average(statement: Statement, item: str, figure: Figure | None) -> Cell:
    if figure is None or item not in PERCENT:
        return cell(statement, item, figure)
    return number(statement.exact(figure), PERCENT[item], percent=item == "wac")


def _delinquency(statement: Statement) -> Table:
    """A row for each bucket of each pool, those of all pools first; what all of them come to stands below the buckets of an only pool."""
    pools = statement.sections.get("delinquency", {})
    several = len(pools) > 1
    rows = [
        [*words(*([pool] if several else []), label), *_bucket(statement, items, name)]
        for pool, items in pools.items()
        for name, label in [*_labels(items), ("delinquent", "30 days and more, or in a state")]
    ]
    totals = [] if several or not rows else rows.pop()
    methods = sorted(set(statement.methods.values()))
    title = f"Delinquency, {methods[0]} method" if len(methods) == 1 else "Delinquency"
    note = "" if len(methods) == 1 else "; ".join(f"{pool}: {method} method" for pool, method in statement.methods.items()) or "The deal file names no method"
    headers = [*(["pool"] if several else []), "past due", "loans", "balance", "% of the pool"]
    return Table("delinquency", title, headers, rows, totals, range(1 + several), note)


def _labels(items: Items) -> list[tuple[str, str]]:
    """(name, label) of the buckets of a pool: those of days, each up to the next one, then the states."""
    names = dict.fromkeys(item.partition("_")[2] for item in items if not item.endswith("_delinquent"))
    days = [0 if name == "current" else int(name.partition("_")[0]) for name in names if name == "current" or name[0].isdigit()]
    ends = dict(pairwise(days))
    return [(name, _label(name, ends)) for name in names]


def _label(name: str, ends: Mapping[int, int]) -> str:
    if not name[0].isdigit():
        return name.replace("_", " ").replace("reo", "real estate owned")
    day = int(name.partition("_")[0])
    return f"{day} to {ends[day] - 1} days" if day in ends else f"{day} days and more"


def _bucket(statement: Statement, items: Items, name: str) -> list[Cell]:
    share = items.get(f"share_{name}")
    percent = Cell("") if share is None else number(statement.exact(share), SPEEDS, percent=True)
    return [*(cell(statement, name, items.get(f"{item}_{name}")) for item in ("loans", "balance")), percent]


def _performance(statement: Statement) -> Table:
    """A row for each measure of each pool, a column for each window."""
    pools = statement.sections.get("performance", {})
    windows = {**{f"{window}_month": f"{window} month{'s' * (window > 1)}" for window in WINDOWS}, "life": "life"}
    shown = [window for window in windows if any(_any(pools, f"{measure}_{window}") for measure in MEASURES)]
    rows = [
        [*words(*([pool] if len(pools) > 1 else []), title), *(_speed(statement, items.get(f"{measure}_{window}")) for window in shown)]
        for pool, items in pools.items()
        for measure, title in MEASURES.items()
        if any(f"{measure}_{window}" in items for window in shown)
    ]
    several = len(pools) > 1
    headers = [*(["pool"] if several else []), "", *(windows[window] for window in shown)]
    return Table("performance", "Prepayment, default and loss severity", headers, rows, left=range(1 + several))


def _speed(statement: Statement, figure: Figure | None) -> Cell:
    return Cell("") if figure is None else number(statement.exact(figure), SPEEDS, percent=True)


# Single loans ---------------------------------------------------------------------------------------------------------


def _losses(statement: Statement) -> Table:
    columns = [column for column in LOSSES if any(getattr(loss, column) for loss in statement.losses)]

    def amounts(losses: Sequence[LoanLoss]) -> list[Cell]:
        return [money(statement, sum(getattr(loss, column) for loss in losses)) for column in columns]

    rows = [[*words(loss.loan), *amounts([loss])] for loss in statement.losses]
    totals = [*words("total"), *amounts(statement.losses)] if len(rows) > 1 else []
    return Table("losses", "Liquidations and losses by loan", ["loan", *(LOSSES[column] for column in columns)], rows, totals)


def _modifications(statement: Statement) -> Table:
    rows = [[*words(item.loan), *_terms(item.old), *_terms(item.new), *words(item.code)] for item in statement.modifications]
    headers = ["loan", "rate before", "maturity before", "new rate", "new maturity", "sort"]
    return Table("modifications", "Modifications", headers, rows, left={0, 5})


def _terms(terms: LoanTerms) -> list[Cell]:
    percent = "" if terms.rate is None else format_exact(Fraction(terms.rate) * 100)
    rate = Cell(f"{percent}%", Fraction(terms.rate or 0), len(percent.partition(".")[2]), percent=True) if percent else Cell("")
    return [rate, Cell(f"{terms.maturity or ''}", terms.maturity)]


def values(statement: Statement) -> dict[str, Any]:
    """The lists as JSON holds them."""

    def amounts(loss: LoanLoss) -> dict[str, str]:
        return {column: format_money(getattr(loss, column), statement.scale, thousands=False) for column in LOSSES}

    def terms(of: LoanTerms) -> dict[str, str | None]:
        return {"rate": None if of.rate is None else format_exact(Fraction(of.rate)), "maturity": of.maturity.isoformat() if of.maturity else None}

    return {
        "losses": [{"loan": loss.loan, **amounts(loss)} for loss in statement.losses],
        "modifications": [{"loan": item.loan, "old": terms(item.old), "new": terms(item.new), "code": item.code} for item in statement.modifications],
        "delinquency_methods": dict(statement.methods),
    }
