"""A statement as a terminal shows it: plain, whole on a pipe, and the same whenever it is printed.

Money is printed to the cent where the books carry finer units, each figure rounded alone; JSON and CSV have every digit. A section the deal has no data
for is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ledger.core.formula import Value
from ledger.core.money import Money, format_exact, format_money
from ledger.core.statement import Figure, Items, Statement
from ledger.reports.layout import Table, plain

HEADINGS: Mapping[str, str] = {
    "original_balance": "original", "opening_balance": "opening", "closing_balance": "closing", "rate": "rate", "interest_paid": "interest",
    "principal_paid": "principal", "accreted": "accreted", "realized_loss": "loss", "written_up": "write-up", "other_paid": "other",
    "total_paid": "total paid", "notional": "notional", "factor": "factor", "interest_per_1000": "interest per 1,000",
    "principal_per_1000": "principal per 1,000", "interest_accrued": "accrued", "interest_shortfall": "shortfall",
    "opening_unpaid_interest": "brought forward", "interest_on_unpaid": "on unpaid", "interest_due": "due", "unpaid_interest": "unpaid",
    "interest_lost": "lost", "cumulative_loss": "loss borne", "year_fraction": "year fraction", "opening_unpaid": "brought forward", "accrued": "accrued",
    "due": "due", "paid": "paid", "unpaid": "unpaid", "deposits": "deposits", "draws": "draws", "target": "target", "shortfall": "below target",
    "excess": "above target", "not_wired": "not yet wired",
}  # fmt: skip
"""What the column of an item is called."""

CLASSES = ("original_balance", "opening_balance", "rate", "interest_paid", "principal_paid", "accreted", "realized_loss", "written_up", "other_paid",
           "closing_balance", "total_paid")  # fmt: skip
FACTORS = ("notional", "factor", "interest_per_1000", "principal_per_1000", "cumulative_loss")
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


def to_text(statement: Statement) -> str:
    """The whole statement."""
    return header(statement) + "\n" + plain(sections(statement)) + "\n" + footer(statement)


def one_line(statement: Statement) -> str:
    """What a distribution paid and what was lost, in one line."""
    classes, fees = (statement.sections.get(name, {}).values() for name in ("classes", "fees"))
    parts = [f"interest {total(statement, 'interest_paid', classes)}", f"principal {total(statement, 'principal_paid', classes)}"]
    parts += [f"fees {total(statement, 'paid', fees)}"] if fees else []
    for word, item in (("other", "other_paid"), ("loss", "realized_loss"), ("written up", "written_up")):
        if any(item in found and found[item].value for found in classes):
            parts.append(f"{word} {total(statement, item, classes)}")
    days = statement.dates
    return f"{days['scheduled']}: distribution {statement.number}, paid {days['distribution']}: {', '.join(parts)}"


def header(statement: Statement) -> str:
    """Deal, title, what it is a statement of, and the dates of the period."""
    lines = [f"{statement.deal}  {statement.title}".rstrip(), f"{_what(statement)}; amounts in {statement.currency}"]
    if statement.kind == "distribution":
        lines += ["", *_pairs(_dates(statement.dates))]
    return "\n".join(lines) + "\n"


def _what(statement: Statement) -> str:
    """What the statement is of, and as of which day where one was asked for."""
    day, as_of = statement.dates["distribution"], f"Statement as of {statement.as_of}; " if statement.as_of else "Statement of "
    if statement.kind == "distribution":
        version = f", version {statement.revision.version}" if statement.revision.version > 1 else ""
        return f"{as_of}{'last ' if statement.as_of else ''}distribution {statement.number} of {day}{version}"
    where = "at closing" if statement.number == 0 else f"as boarded after distribution {statement.number}"
    return f"{as_of}the position {where}, {day}"


def _dates(days: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    yield "collection period", f"{days['collection_start']} to {days['collection_end']}"
    yield "determination date", f"{days['determination']}"
    yield "record date", f"{days['record']}"
    yield "distribution date", f"{days['distribution']}"
    if days["scheduled"] != days["distribution"]:
        yield "scheduled date", f"{days['scheduled']}"
    yield "previous distribution", f"{days['previous_distribution']}"


def _pairs(pairs: Iterable[tuple[str, str]]) -> list[str]:
    found = list(pairs)
    width = max(len(name) for name, _ in found)
    return [f"{name.ljust(width)}  {text}" for name, text in found]


def footer(statement: Statement) -> str:
    """Up to which commit of the log the statement was drawn: what an auditor compares with the books. A draft was drawn from none."""
    return f"Drawn at position {statement.position}, head {statement.head}\n" if statement.position else "A draft: nothing of it is recorded\n"


def sections(statement: Statement) -> Iterator[Table]:
    """The tables of a statement, in the order of a printed one."""
    classes, reference = _by_kind(statement)
    yield _named(statement)
    yield _subjects(statement, "Distribution by class", "class", classes, CLASSES, with_total=True)
    yield _subjects(statement, "Reference tranches: entitlement, no cash", "class", reference, CLASSES, with_total=True)
    yield _subjects(statement, "Factors and amounts per 1,000 of original balance", "class", {**classes, **reference}, FACTORS)
    yield _subjects(statement, "Interest", "class", _accruing(classes), INTEREST, with_total=True, heading={"interest_paid": "paid"})
    yield _subjects(statement, "Fees", "fee", statement.sections.get("fees", {}), FEES, with_total=True)
    yield _subjects(statement, "Accounts", "account", statement.sections.get("accounts", {}), ACCOUNTS)
    yield _pools(statement)
    yield from _values(statement)
    yield _adjustments(statement)
    yield _booked_since(statement)
    yield _restated(statement)
    yield _owed(statement)
    yield _flow(statement)
    yield _received(statement)


def _by_kind(statement: Statement) -> tuple[dict[str, Items], dict[str, Items]]:
    """The classes that are paid, and those that hold no note."""
    classes = statement.sections.get("classes", {})
    reference = {name: items for name, items in classes.items() if statement.labels.get(name, {}).get("kind") == "reference"}
    return {name: items for name, items in classes.items() if name not in reference}, reference


def _accruing(classes: Mapping[str, Items]) -> dict[str, Items]:
    """The classes that accrue interest or are owed some; what a residual class is paid is income of its own."""
    return {name: items for name, items in classes.items() if "notional" in items or any(items[item].value for item in OWED if item in items)}


def _named(statement: Statement) -> Table:
    """Titles and securities numbers, where the deal file gives any."""
    columns = [key for key in ("title", "cusip", "isin") if any(key in label for label in statement.labels.values())]
    rows = [[name, *(label.get(key, "") for key in columns)] for name, label in statement.labels.items() if any(key in label for key in columns)]
    return Table("Classes and fees", ["", *(NAMES[key] for key in columns)], rows, left=range(len(columns) + 1))


NAMES: Mapping[str, str] = {"title": "title", "cusip": "CUSIP", "isin": "ISIN"}

# Tables by subject ----------------------------------------------------------------------------------------------------


def _subjects(
    statement: Statement,
    title: str,
    first: str,
    subjects: Mapping[str, Items],
    items: Sequence[str],
    *,
    with_total: bool = False,
    heading: Mapping[str, str] = {},
) -> Table:
    """A row for each subject and a column for each item that any of them has; what is nil throughout is left out, unless it always stands."""

    def stands(found: Items, item: str) -> bool:
        return item in found and (item in ALWAYS[statement.kind] or bool(found[item].value))

    columns = [item for item in items if any(stands(found, item) for found in subjects.values())]
    shown = {name: found for name, found in subjects.items() if any(stands(found, item) for item in columns)}
    rows = [[name, *(_cell(statement, item, found.get(item)) for item in columns)] for name, found in shown.items()]
    totals = ["total", *(total(statement, item, shown.values()) for item in columns)] if with_total and len(rows) > 1 else []
    return Table(title, [first, *(heading.get(item, HEADINGS[item]) for item in columns)], rows, totals)


def _cell(statement: Statement, item: str, figure: Figure | None) -> str:
    if figure is None:
        return ""
    if figure.kind == "money":
        return _money(statement, _units(figure.value))
    return f"{format_exact(statement.exact(figure) * 100)}%" if item == "rate" else statement.text(figure, thousands=True)


def total(statement: Statement, item: str, subjects: Iterable[Items]) -> str:
    """The sum of an item of money; blank for any other. It is rounded alone, so that it may miss the sum of rounded figures by a cent."""
    figures = [found[item] for found in subjects if item in found]
    return _money(statement, sum(_units(figure.value) for figure in figures)) if all(figure.kind == "money" for figure in figures) else ""


def _money(statement: Statement, amount: Money) -> str:
    return format_money(amount, statement.scale, places=statement.printed.places, mode=statement.printed.mode)


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
        [POOL_NAMES.get(item, item.replace("_", " ")), *(_cell(statement, item, items.get(item)) for items in pools.values())]
        for item in (*before, *kinds, *after)
    ]
    return Table("Pool", ["", *pools], rows)


def _is_shown(items: Items, kind: str) -> bool:
    """Prepayments are shown by their sorts, where they are told apart."""
    parts = [items[part].value for part in ("curtailment", "payoff") if part in items]
    return kind in items and bool(items[kind].value) and not (kind == "prepayment" and any(parts) and sum(map(_units, parts)) == items[kind].value)


def _units(value: Value) -> Money:
    return value if isinstance(value, int) else 0


# Lists ----------------------------------------------------------------------------------------------------------------

VALUES: Mapping[str, str] = {"reported": "Reported values", "amounts": "Amounts and ratios", "ledgers": "Ledgers"}


def _values(statement: Statement) -> Iterator[Table]:
    for section, title in VALUES.items():
        found = statement.sections.get(section, {}).get("deal", {})
        yield Table(title, ["", ""], [[name, _cell(statement, name, figure)] for name, figure in found.items()])
    triggers = statement.sections.get("triggers", {}).get("deal", {})
    words = {"called": ("no", "yes")}
    yield Table("Triggers", ["", ""], [[name, words.get(name, ("passed", "failed"))[bool(figure.value)]] for name, figure in triggers.items()], left={0, 1})


def _adjustments(statement: Statement) -> Table:
    rows = [[f"{item.origin or ''}", item.subject, _money(statement, item.amount)] for item in statement.adjustments]
    return Table("Adjustments booked in this period", ["of period", "subject", "amount"], rows, left={0, 1})


def _booked_since(statement: Statement) -> Table:
    rows = [[f"{item.period}", item.subject, _money(statement, item.amount)] for item in statement.revision.booked]
    return Table("Corrections of this period, booked since", ["in period", "subject", "amount"], rows, left={0, 1})


def _restated(statement: Statement) -> Table:
    """The figures that corrections change, in three columns."""
    rows = [
        [subject, HEADINGS.get(item, item.replace("_", " ")), *(_cell(statement, item, figure) for figure in (found.first, found.adjustment, found.restated))]
        for subjects in statement.revision.restated.values()
        for subject, items in subjects.items()
        for item, found in items.items()
    ]
    return Table("Restated", ["subject", "figure", "as first reported", "adjustments", "restated"], rows, left={0, 1})


def _owed(statement: Statement) -> Table:
    rows = [[payee, "to it" if amount > 0 else "by it", _money(statement, abs(amount))] for payee, amount in statement.owed.items()]
    return Table("Owed because periods were reopened", ["payee", "owed", "amount"], rows, left={0, 1})


def _flow(statement: Statement) -> Table:
    """Step by step, as the deal file orders them; a step that moved nothing is left out."""
    rows = [
        [f"{line.number}", line.label, line.source, line.payee, _money(statement, line.amount), "" if line.left is None else _money(statement, line.left)]
        for line in statement.flow_of_funds
    ]
    return Table("Flow of funds", ["step", "what", "from", "to", "amount", "left in the account"], rows, left={1, 2, 3})


def _received(statement: Statement) -> Table:
    rows = [[f"{item.period}", item.pool or "", item.kind, _money(statement, item.amount)] for item in statement.received]
    return Table("Received and not yet distributed", ["period", "pool", "kind", "amount"], rows, left={0, 1, 2})
