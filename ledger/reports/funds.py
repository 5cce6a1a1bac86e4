"""What a statement says of cash, as tables: sources and uses of funds, the cash reconciliation of each account, and advances."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ledger.core import funds
from ledger.core.money import Money
from ledger.core.statement import Items, Statement
from ledger.reports.cells import cell, money, total, units, words
from ledger.reports.layout import Cell, Table

CASH: Mapping[str, str] = {
    funds.OPENING: "cash at the opening", funds.NOT_YET_WIRED: "reported before and wired now, less not yet wired", funds.CLOSING: "cash at the close",
}  # fmt: skip
KINDS: Mapping[str, str] = {"paid": "fees", "interest_paid": "interest", "principal_paid": "principal", "other_paid": "other"}
"""What a use is for, by the end of the figure that it is."""
RECONCILED: Mapping[str, str] = {
    "opening_not_wired": "brought forward", "collected": "reported", "wired": "wired", "not_wired": "not yet wired", "earnings": "earnings",
}  # fmt: skip
ADVANCED = ("opening", "made", "reimbursed", "closing")


def funds_tables(statement: Statement) -> Iterator[Table]:
    """The tables of a distribution; a position has none."""
    yield _sources(statement)
    yield _uses(statement)
    yield _reconciliation(statement)
    yield _advances(statement)


def _sources(statement: Statement) -> Table:
    found = statement.sections.get("sources", {}).get(funds.SOURCES, {})
    rows = [
        [*words(CASH.get(item, item.replace("_", " "))), cell(statement, item, figure)]
        for item, figure in found.items()
        if figure.value or item == funds.OPENING
    ]
    totals = [*words("total"), money(statement, sum(units(figure.value) for figure in found.values()))]
    return Table("sources", "Sources of funds", ["", ""], rows, totals)


def _uses(statement: Statement) -> Table:
    """A row for each payee and a column for each kind of payment; what no payee got, the cash at the close among it, stands in the total alone."""
    found = statement.sections.get("uses", {}).get(funds.USES, {})
    payees: dict[str, dict[str, Money]] = {}
    for item, figure in found.items():
        payee, kind = _payee(item)
        if item != funds.CLOSING:
            payees.setdefault(payee, {})[kind] = units(figure.value)
    kinds = [kind for kind in KINDS.values() if any(paid.get(kind) for paid in payees.values())]
    closing = {"": units(found[funds.CLOSING].value)} if funds.CLOSING in found else {}
    lines = {**payees, CASH[funds.CLOSING]: closing}
    rows = [[*words(name), *(money(statement, paid.get(kind, 0)) if kind in paid else Cell("") for kind in kinds), money(statement, sum(paid.values()))]
            for name, paid in lines.items() if paid]  # fmt: skip
    sums = [sum(paid.get(kind, 0) for paid in payees.values()) for kind in kinds]
    totals = [*words("total"), *(money(statement, amount) for amount in (*sums, sum(units(figure.value) for figure in found.values())))]
    return Table("uses", "Uses of funds", ["payee", *kinds, "total"], rows, totals)


def _payee(item: str) -> tuple[str, str]:
    """Who got a use of funds, and as what; the item itself where it is no figure of a payee."""
    payee, _, figure = item.rpartition(".")
    return (payee, KINDS[figure]) if figure in KINDS else (item.replace("_", " "), "")


def _reconciliation(statement: Statement) -> Table:
    """What was reported for each account against what was wired to it; an account for which nothing was reported or earned is left out."""
    accounts = statement.sections.get("accounts", {}) if statement.kind == "distribution" else {}
    shown = {name: items for name, items in accounts.items() if any(items[item].value for item in RECONCILED if item in items)}
    return _by_subject(statement, Table("cash", "Cash reconciliation", ["account", *RECONCILED.values()]), shown, tuple(RECONCILED))


def _advances(statement: Statement) -> Table:
    return _by_subject(statement, Table("advances", "Advances", ["owed to", *ADVANCED]), statement.sections.get("advances", {}), ADVANCED)


def _by_subject(statement: Statement, table: Table, subjects: Mapping[str, Items], items: Sequence[str]) -> Table:
    rows = [[*words(name), *(cell(statement, item, found.get(item)) for item in items)] for name, found in subjects.items()]
    totals = [*words("total"), *(total(statement, item, subjects.values()) for item in items)] if len(rows) > 1 else []
    return Table(table.key, table.title, table.headers, rows, totals)
