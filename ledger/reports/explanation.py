"""Explanations as a text tree and as JSON.

In the text a part stands below what it is a part of, with the sign by which it counts: `+` in a sum, `x` in a product, `/` below a fraction, `>` taken
away with nothing below zero, `.` a name of a formula. What stands beside a figure without being a part of it begins with `|`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from ledger.core.explanation import Explanation, Relation
from ledger.core.formula import MONEY, Type, Value
from ledger.core.money import format_exact, format_money
from ledger.core.statement import Statement

SIGNS: Mapping[Relation, str] = {"given": "", "sum": "+", "negative": "-", "product": "x", "quotient": "/", "excess": ">", "formula": "."}
"""How the parts of a node are marked."""
FORMAT = 1
MOST_PLACES = 30
Line = tuple[str, str]
"""What stands on the left, indented, and the figure on the right."""


def to_text(statement: Statement, subject: str, figures: Mapping[str, Explanation], drill_down: str = "") -> str:
    """The figures of a subject, each as a tree, the values in one column; then the command that lists the loans behind them, where there is one."""
    head = f"{statement.deal}  {subject}\n{_what(statement)}; amounts in {statement.currency}\n"
    trees = [list(_lines(figure, statement.scale)) for figure in figures.values()]
    left = max((len(label) for tree in trees for label, figure in tree if figure), default=0)
    right = max((len(line[1]) for tree in trees for line in tree), default=0)
    body = ("\n".join(f"{label.ljust(left)}  {shown.rjust(right)}".rstrip() for label, shown in tree) for tree in trees)
    foot = f"Drawn at position {statement.position}, head {statement.head}"
    loans = [f"Loan by loan: `{drill_down}`\n"] if drill_down else []
    return "\n".join([head, *(f"{tree}\n" for tree in body), *loans, foot]) + "\n"


def _what(statement: Statement) -> str:
    day = statement.dates["distribution"]
    if statement.kind == "distribution":
        return f"Distribution {statement.number} of {day}"
    return f"Position {f'as boarded after distribution {statement.number}' if statement.number else 'at closing'}, {day}"


def _lines(node: Explanation, scale: int, indent: str = "", sign: str = "") -> Iterator[Line]:
    # What is taken away is said by its sign: a leaf below it would say it twice.
    leaf = node.parts[0] if node.relation == "negative" and not node.parts[0].parts else None
    yield f"{indent}{sign}{_label(node)}{_place(leaf or node)}", shown(node.type, node.value, scale)
    inner = indent + "  "
    yield from _row(leaf or node, inner)
    for part in () if leaf else node.parts:
        yield from _lines(part, scale, inner, f"{SIGNS[node.relation]} ")
    for reason in node.because:
        yield from _lines(reason, scale, inner, "| ")


def _label(node: Explanation) -> str:
    return f"{node.label} = {node.formula.text}" if node.formula else node.label


def _place(node: Explanation) -> str:
    """Where a leaf was reported: file and row, then position and line of the log."""
    source = node.source
    if source is None:
        return ""
    file = f"{source.file}:{source.row}, " if source.row else f"{source.file}, "
    return f"  [{file if source.file else ''}position {source.position}, line {source.line}]"


def _row(node: Explanation, indent: str) -> Iterator[Line]:
    """The text of the row that a leaf came from, on a line of its own, where it was asked for."""
    if node.source is not None and node.source.text is not None:
        yield f"{indent}: {node.source.text}", ""


def shown(kind: Type, value: Value, scale: int, *, thousands: bool = True) -> str:
    """A value as text: money with all places of the books, with up to 12 digits more where it is not rounded yet; other numbers with at most 12."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        return value.isoformat()
    if kind != MONEY:
        return format_exact(value)
    if isinstance(value, int) or value.denominator == 1:
        return format_money(int(value), scale, thousands=thousands)
    return format_exact(value / 10**scale, scale + 12)


def to_json(statement: Statement, subject: str, figures: Mapping[str, Explanation]) -> bytes:
    """The same trees as JSON, in one line: money and numbers as decimal text, or as `n/d` in currency where decimals do not end."""
    value = {
        "format": FORMAT, "deal": statement.deal, "subject": subject, "number": statement.number, "position": statement.position, "head": statement.head,
        "currency": statement.currency, "dates": {name: day.isoformat() for name, day in statement.dates.items()},
        "figures": {item: _node(figure, statement.scale) for item, figure in figures.items()},
    }  # fmt: skip
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode() + b"\n"


def _node(node: Explanation, scale: int) -> dict[str, Any]:
    found: dict[str, Any] = {"label": node.label, "value": _plain(node, scale), "relation": node.relation}
    if node.formula is not None:
        found["formula"] = node.formula.text
    if node.source is not None:
        found["source"] = {name: value for name, value in node.source._asdict().items() if name != "text" or value is not None}
    for name, nodes in (("parts", node.parts), ("because", node.because)):
        if nodes:
            found[name] = [_node(inner, scale) for inner in nodes]
    return found


def _plain(node: Explanation, scale: int) -> str | bool:
    value = node.value
    if isinstance(value, bool):
        return value
    if isinstance(value, date) or (node.type == MONEY and Fraction(value).denominator == 1):
        return shown(node.type, value, scale, thousands=False)
    exact = Fraction(value) / (10**scale if node.type == MONEY else 1)
    text = format_exact(exact, MOST_PLACES)
    return text if Fraction(text) == exact else str(exact)
