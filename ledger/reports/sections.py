"""The sections of a statement as tables: by subject, of the pool, and lists. `ledger.reports.document` says in which order they stand.

A cell has the text that is printed and the figure itself. Money is printed to the places that the deal states where the books carry finer units, each
figure rounded alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ledger.core.money import Money
from ledger.core.statement import Items, Statement
from ledger.reports.cells import cell, money, total, units, words
from ledger.reports.collateral import collateral_tables
from ledger.reports.disclosures import accrual_periods, credit_support, disclosures, movements, overcollateralization, principal_by_step
from ledger.reports.funds import funds_tables
from ledger.reports.layout import Cell, Table

HEADINGS: Mapping[str, str] = {
    "original_balance": "original", "opening_balance": "opening", "closing_balance": "closing", "rate": "rate", "interest_paid": "interest",
    "principal_paid": "principal", "accreted": "accreted", "realized_loss": "loss", "written_up": "write-up", "other_paid": "other",
    "total_paid": "total paid", "notional": "notional", "factor": "factor", "interest_per_1000": "interest per 1,000",
    "principal_per_1000": "principal per 1,000", "opening_per_1000": "opening per 1,000", "loss_per_1000": "loss per 1,000",
    "closing_per_1000": "closing per 1,000", "interest_accrued": "accrued", "interest_shortfall": "shortfall",
    "opening_unpaid_interest": "brought forward", "interest_on_unpaid": "on unpaid", "interest_due": "due", "unpaid_interest": "unpaid",
    "interest_lost": "lost", "cumulative_loss": "loss borne", "year_fraction": "year fraction", "opening_unpaid": "brought forward", "accrued": "accrued",
    "due": "due", "paid": "paid", "unpaid": "unpaid", "deposits": "deposits", "draws": "draws", "target": "target", "shortfall": "below target",
    "excess": "above target", "not_wired": "not yet wired",
}  # fmt: skip
"""What the column of an item is called."""

CLASSES = ("original_balance", "opening_balance", "rate", "interest_paid", "principal_paid", "accreted", "realized_loss", "written_up", "other_paid",
           "closing_balance", "total_paid")  # fmt: skip
FACTORS = ("notional", "factor", "opening_per_1000", "interest_per_1000", "principal_per_1000", "loss_per_1000", "closing_per_1000", "cumulative_loss")
INTEREST = ("year_fraction", "interest_accrued", "interest_shortfall", "opening_unpaid_interest", "interest_on_unpaid", "interest_due", "interest_paid",
            "interest_lost", "unpaid_interest")  # fmt: skip
OWED = ("interest_accrued", "interest_due", "unpaid_interest")
FEES = ("accrued", "opening_unpaid", "due", "paid", "unpaid")
ACCOUNTS = ("opening_balance", "deposits", "draws", "closing_balance", "target", "shortfall", "not_wired")
ALWAYS = {
    "distribution": frozenset({"original_balance", "opening_balance", "interest_paid", "principal_paid", "closing_balance", "total_paid", "factor",
                               "interest_accrued", "interest_due", "unpaid_interest", "due", "paid", "unpaid", "deposits", "draws"}),
    "position": frozenset({"original_balance", "closing_balance", "factor"}),
}  # fmt: skip
"""The items that are shown even where they are nil."""


def sections(statement: Statement) -> Iterator[Table]:
    """The tables of a statement, in the order of a printed one."""
    classes, reference = _by_kind(statement)
    yield _named(statement)
    yield _subjects(statement, Table("distribution", "Distribution by class", ["class"]), classes, CLASSES, with_total=True)
    yield _subjects(statement, Table("reference", "Reference tranches: entitlement, no cash", ["class"]), reference, CLASSES, with_total=True)
    yield _subjects(statement, Table("factors", "Factors and amounts per 1,000 of original balance", ["class"]), {**classes, **reference}, FACTORS)
    yield _subjects(statement, Table("interest", "Interest", ["class"]), _accruing(classes), INTEREST, with_total=True, heading={"interest_paid": "paid"})
    yield accrual_periods(statement)
    yield principal_by_step(statement)
    yield credit_support(statement)
    yield overcollateralization(statement)
    yield _subjects(statement, Table("fees", "Fees", ["fee"]), statement.sections.get("fees", {}), FEES, with_total=True)
    yield _subjects(statement, Table("accounts", "Accounts", ["account"]), statement.sections.get("accounts", {}), ACCOUNTS)
    yield movements(statement)
    yield from funds_tables(statement)
    yield _pools(statement)
    yield from collateral_tables(statement)
    yield from _values(statement)
    yield _triggers(statement)
    yield from disclosures(statement)
    yield _adjustments(statement)
    yield _booked_since(statement)
    yield _restated(statement)
    yield _owed(statement)
    yield _flow(statement)
    yield _received(statement)


def _by_kind(statement: Statement) -> tuple[dict[str, Items], dict[str, Items]]:
    """The classes that are paid, and those that hold no note."""
    classes = statement.sections.get("classes", {})
    reference = {name: items for name, items in classes.items() if statement.label(name, "kind") == "reference"}
    return {name: items for name, items in classes.items() if name not in reference}, reference


def _accruing(classes: Mapping[str, Items]) -> dict[str, Items]:
    """The classes that accrue interest or are owed some; what a residual class is paid is income of its own."""
    return {name: items for name, items in classes.items() if "notional" in items or any(items[item].value for item in OWED if item in items)}


def _named(statement: Statement) -> Table:
    """Titles and securities numbers, where the deal file gives any."""
    columns = [key for key in ("title", "cusip", "isin") if any(key in label for label in statement.labels.values())]
    rows = [words(name, *(label.get(key, "") for key in columns)) for name, label in statement.labels.items() if any(key in label for key in columns)]
    return Table("names", "Classes and fees", ["", *(NAMES[key] for key in columns)], rows, left=range(len(columns) + 1))


NAMES: Mapping[str, str] = {"title": "title", "cusip": "CUSIP", "isin": "ISIN"}

# Tables by subject ----------------------------------------------------------------------------------------------------


def _subjects(
    statement: Statement, table: Table, subjects: Mapping[str, Items], items: Sequence[str], *, with_total: bool = False, heading: Mapping[str, str] = {}
) -> Table:
    """A row for each subject and a column for each item that any of them has; what is nil throughout is left out, unless it always stands."""

    def stands(found: Items, item: str) -> bool:
        return item in found and (item in ALWAYS[statement.kind] or bool(found[item].value))

    columns = [item for item in items if any(stands(found, item) for found in subjects.values())]
    shown = {name: found for name, found in subjects.items() if any(stands(found, item) for item in columns)}
    rows = [[*words(name), *(cell(statement, item, found.get(item)) for item in columns)] for name, found in shown.items()]
    totals = [*words("total"), *(total(statement, item, shown.values()) for item in columns)] if with_total and len(rows) > 1 else []
    return replace(table, headers=[*table.headers, *(heading.get(item, HEADINGS[item]) for item in columns)], rows=rows, totals=totals)


# Pools ----------------------------------------------------------------------------------------------------------------

POOL_BEFORE, POOL_AFTER = ("original_balance", "opening_balance"), ("loss", "closing_balance", "cumulative_loss", "factor")
POOL_NAMES: Mapping[str, str] = {"original_balance": "original balance", "opening_balance": "opening balance", "closing_balance": "closing balance",
                                 "loss": "loss of the period", "cumulative_loss": "cumulative loss"}  # fmt: skip


def _pools(statement: Statement) -> Table:
    """From the opening to the closing balance of each pool: what was reported by kind, nil left out, and the loss."""
    pools = statement.sections.get("pools", {})
    known = list(dict.fromkeys(item for items in pools.values() for item in items))
    kinds = [kind for kind in known if kind not in (*POOL_BEFORE, *POOL_AFTER) and any(_is_shown(items, kind) for items in pools.values())]
    before, after = ([item for item in own if item in known] for own in (POOL_BEFORE, POOL_AFTER))
    rows = [
        [*words(POOL_NAMES.get(item, item.replace("_", " "))), *(cell(statement, item, items.get(item)) for items in pools.values())]
        for item in (*before, *kinds, *after)
    ]
    return Table("pool", "Pool", ["", *pools], rows)


def _is_shown(items: Items, kind: str) -> bool:
    """Prepayments are shown by their sorts, where they are told apart."""
    parts = [items[part].value for part in ("curtailment", "payoff") if part in items]
    return kind in items and bool(items[kind].value) and not (kind == "prepayment" and any(parts) and sum(map(units, parts)) == items[kind].value)


# Lists ----------------------------------------------------------------------------------------------------------------

VALUES: Mapping[str, str] = {"reported": "Reported values", "amounts": "Amounts and ratios", "ledgers": "Ledgers"}


def _values(statement: Statement) -> Iterator[Table]:
    for section, title in VALUES.items():
        found = statement.sections.get(section, {}).get("deal", {})
        yield Table(section, title, ["", ""], [[*words(name), cell(statement, name, figure)] for name, figure in found.items()])


def _triggers(statement: Statement) -> Table:
    triggers = statement.sections.get("triggers", {}).get("deal", {})
    called = {"called": ("no", "yes")}
    rows = [words(name, called.get(name, ("passed", "failed"))[bool(figure.value)]) for name, figure in triggers.items()]
    return Table("triggers", "Triggers", ["", ""], rows, left={0, 1})


def _adjustments(statement: Statement) -> Table:
    rows = [[*words(item.origin, item.subject), money(statement, item.amount)] for item in statement.adjustments]
    return Table("adjustments", "Adjustments booked in this period", ["of period", "subject", "amount"], rows, left={0, 1})


def _booked_since(statement: Statement) -> Table:
    rows = [[*words(item.period, item.subject), money(statement, item.amount)] for item in statement.revision.booked]
    return Table("booked_since", "Corrections of this period, booked since", ["in period", "subject", "amount"], rows, left={0, 1})


def _restated(statement: Statement) -> Table:
    """The figures that corrections change, in three columns."""
    rows = [
        [
            *words(subject, HEADINGS.get(item, item.replace("_", " "))),
            *(cell(statement, item, figure) for figure in (found.first, found.adjustment, found.restated)),
        ]
        for subjects in statement.revision.restated.values()
        for subject, items in subjects.items()
        for item, found in items.items()
    ]
    return Table("restated", "Restated", ["subject", "figure", "as first reported", "adjustments", "restated"], rows, left={0, 1})


def _owed(statement: Statement) -> Table:
    rows = [[*words(payee, "to it" if amount > 0 else "by it"), money(statement, abs(amount))] for payee, amount in statement.owed.items()]
    return Table("owed", "Owed because closed periods were corrected", ["payee", "owed", "amount"], rows, left={0, 1})


def _flow(statement: Statement) -> Table:
    """Step by step, as the deal file orders them; a step that moved nothing is left out."""
    rows = [
        [*words(line.number, line.label, line.source, line.payee), money(statement, line.amount), *_left(statement, line.left)]
        for line in statement.flow_of_funds
    ]
    return Table("flow_of_funds", "Flow of funds", ["step", "what", "from", "to", "amount", "left in the account"], rows, left={1, 2, 3})


def _left(statement: Statement, amount: Money | None) -> list[Cell]:
    return words("") if amount is None else [money(statement, amount)]


def _received(statement: Statement) -> Table:
    rows = [[*words(item.period, item.pool, item.kind), money(statement, item.amount)] for item in statement.received]
    return Table("received", "Received and not yet distributed", ["period", "pool", "kind", "amount"], rows, left={0, 1, 2})
