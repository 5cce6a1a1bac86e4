"""A statement as JSON: sorted keys, figures as decimal text, the same bytes for ever. `statement.schema.json` beside this file is its published schema.

Money is text with all places of the books, `"1234.56"`; numbers are text with at most 12 places, factors with as many as the deal prints; dates are ISO
text; yes and no are `true` and `false`. `format` is raised when a release says more: what was published in an earlier one can still be produced in it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ledger.core.credit_support import SHARES, SUPPORT
from ledger.core.money import format_money
from ledger.core.statement import Figure, Statement
from ledger.reports import collateral, disclosures

FORMAT = 2
SINCE: Mapping[str, int] = {
    "classes.original_notional": 2, "classes.closing_notional": 2, "classes.next_rate": 2,
    **dict.fromkeys(("sources", "uses", "advances", "accounts.wired", "accounts.opening_not_wired", "tests", "corrections"), 2),
    **dict.fromkeys(("key_dates", "accruals", "by_step", "credit"), 2),
    **{f"{section}.{item}": 2 for section in ("classes", "groups") for item in ("opening_per_1000", "loss_per_1000", "closing_per_1000")},
    **{f"classes.{item}": 2 for item in (*SHARES, *SUPPORT)},
    **dict.fromkeys(("collateral", "delinquency", "performance", "losses", "modifications", "delinquency_methods"), 2),
}  # fmt: skip
"""The format that was the first to say a thing: a member of the statement, a section, or an item of a section."""


def to_json(statement: Statement, form: int = FORMAT) -> bytes:
    """The statement in one line, with a newline at its end, in the present format or an earlier one."""
    return json.dumps(value(statement, form), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode() + b"\n"


def format_of(body: str) -> int:
    """The format of a statement's JSON text; the present one for what is none of ours."""
    try:
        found = json.loads(body)["format"]
    except (ValueError, TypeError, KeyError):
        return FORMAT
    return found if found in range(1, FORMAT + 1) else FORMAT


def value(statement: Statement, form: int = FORMAT) -> dict[str, Any]:
    """What the JSON text says, as plain values."""
    whole = _value(statement)
    sections = {
        section: {subject: {item: text for item, text in items.items() if _is_said(f"{section}.{item}", form)} for subject, items in subjects.items()}
        for section, subjects in whole["sections"].items()
        if _is_said(section, form)
    }
    return {name: said for name, said in (whole | {"format": form, "sections": sections}).items() if _is_said(name, form)}


def _is_said(name: str, form: int) -> bool:
    return SINCE.get(name, 1) <= form


def _value(statement: Statement) -> dict[str, Any]:
    sections = {
        section: {subject: {item: _figure(statement, figure) for item, figure in items.items()} for subject, items in subjects.items()}
        for section, subjects in statement.sections.items()
    }
    return {
        "deal": statement.deal, "title": statement.title, "currency": statement.currency, "kind": statement.kind,
        "number": statement.number, "dates": {name: day.isoformat() for name, day in statement.dates.items()},
        "as_of": statement.as_of.isoformat() if statement.as_of else None, "labels": statement.labels, "sections": sections,
        "position": statement.position, "head": statement.head, **_movements(statement), **_revision(statement), **disclosures.values(statement),
        **collateral.values(statement),
    }  # fmt: skip


def _movements(statement: Statement) -> dict[str, list[dict[str, Any]]]:
    def money(amount: int | None) -> str | None:
        return None if amount is None else format_money(amount, statement.scale, thousands=False)

    return {
        "flow_of_funds": [
            {"step": line.number, "label": line.label, "from": line.source, "to": line.payee, "amount": money(line.amount), "left": money(line.left)}
            for line in statement.flow_of_funds
        ],
        "adjustments": [
            {"subject": item.subject, "of_period": item.origin.isoformat() if item.origin else None, "amount": money(item.amount)}
            for item in statement.adjustments
        ],
        "received": [{"period": item.period.isoformat(), "pool": item.pool, "kind": item.kind, "amount": money(item.amount)} for item in statement.received],
    }


def _revision(statement: Statement) -> dict[str, Any]:
    """What was learned since; left out where there is nothing, so that a statement that was never corrected reads as it always did."""
    revision = statement.revision
    restated = {
        section: {
            subject: {item: {name: _figure(statement, getattr(found, name)) for name in ("first", "adjustment", "restated")} for item, found in items.items()}
            for subject, items in subjects.items()
        }
        for section, subjects in revision.restated.items()
    }
    booked = [
        {"in_period": str(item.period), "subject": item.subject, "amount": format_money(item.amount, statement.scale, thousands=False)}
        for item in revision.booked
    ]
    owed = {payee: format_money(amount, statement.scale, thousands=False) for payee, amount in statement.owed.items()}
    version = revision.version if revision.version > 1 else None
    found = {"version": version, "restated": restated, "booked_since": booked, "owed": owed}
    return {name: value for name, value in found.items() if value}


def _figure(statement: Statement, figure: Figure) -> str | bool:
    return bool(figure.value) if figure.kind == "flag" else statement.text(figure)
