"""A statement as a terminal shows it: plain, whole on a pipe, and the same whenever it is printed."""

from __future__ import annotations

from ledger.core.statement import Statement
from ledger.reports.cells import total
from ledger.reports.document import document
from ledger.reports.layout import plain


def to_text(statement: Statement) -> str:
    """The whole statement."""
    shown = document(statement)
    width = max((len(name) for name, _ in shown.dates), default=0)
    dates = "".join(f"{name.ljust(width)}  {text}\n" for name, text in shown.dates)
    heading = f"{shown.title}\n{shown.subtitle}\n"
    return "\n".join([heading, *([dates] if dates else []), plain(shown.sections), f"{shown.footer}\n"])


def one_line(statement: Statement) -> str:
    """What a distribution paid and what was lost, in one line."""
    classes, fees = (statement.sections.get(name, {}).values() for name in ("classes", "fees"))
    parts = [f"interest {total(statement, 'interest_paid', classes).text}", f"principal {total(statement, 'principal_paid', classes).text}"]
    parts += [f"fees {total(statement, 'paid', fees).text}"] if fees else []
    for word, item in (("other", "other_paid"), ("loss", "realized_loss"), ("written up", "written_up")):
        if any(item in found and found[item].value for found in classes):
            parts.append(f"{word} {total(statement, item, classes).text}")
    days = statement.dates
    return f"{days['scheduled']}: distribution {statement.number}, paid {days['distribution']}: {', '.join(parts)}"
