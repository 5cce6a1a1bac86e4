"""The mapping report as text and as plain values: what a servicer's file comes to before anything is appended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ledger.core.loan_months import Outcome
from ledger.core.mapping_report import MappingReport
from ledger.core.money import format_money

MEANT: Mapping[Outcome, str] = {
    "new": "new to the pool",
    "changed": "changed",
    "unchanged": "unchanged",
    "ended": "ended this month",
    "ended before": "ended before",
    "without figures": "without figures of the period",
    "unknown": "not of the pool",
}


def text(report: MappingReport) -> str:
    """The report for a person, each part on lines of its own."""
    return "\n".join(_lines(report))


def _lines(report: MappingReport) -> Iterator[str]:
    scale = report.scale
    yield f"{report.period}, read as {report.format}: {report.rows:,} rows"
    yield "  loans: " + ", ".join(f"{report.outcomes[outcome]:,} {words}" for outcome, words in MEANT.items() if report.outcomes.get(outcome))
    for period, rows in sorted(report.other_periods.items()):
        yield f"  left alone: {rows:,} rows of {period}"
    for total in report.kinds:
        yield f"  {total.kind:<22} {total.events:>9,} {format_money(total.amount, scale):>22}"
    for control in report.controls:
        file, books = format_money(control.file, scale), format_money(control.books, scale)
        yield f"  {control.name}: {file} in the file, {books} in the books" + (", ties" if not control.difference else "")
    for warned in report.warnings:
        amounts = f"{format_money(warned.total, scale)} in all, {format_money(warned.most, scale)} at most"
        yield f"  {warned.name}: {warned.loans:,} loans, {amounts}; {'accepted' if warned.is_accepted else 'not accepted'}"
    if report.columns:
        yield f"  neither mapped nor known: {', '.join(report.columns)}"


def plain(report: MappingReport) -> dict[str, Any]:
    """The report for a program; amounts are decimal texts."""

    def money(amount: int) -> str:
        return format_money(amount, report.scale, thousands=False)

    return {
        "format": report.format,
        "period": report.period.isoformat(),
        "rows": report.rows,
        "loans": dict(report.outcomes),
        "events": {total.kind: {"events": total.events, "amount": money(total.amount)} for total in report.kinds},
        "controls": {one.name: {"file": money(one.file), "books": money(one.books), "difference": money(one.difference)} for one in report.controls},
        "warnings": {
            one.name: {"loans": one.loans, "total": money(one.total), "most": money(one.most), "examples": list(one.examples), "accepted": one.is_accepted}
            for one in report.warnings
        },
        "ignored": dict(report.ignored),
        "unknown": dict(report.columns),
        "other_periods": {period.isoformat(): rows for period, rows in sorted(report.other_periods.items())},
    }
