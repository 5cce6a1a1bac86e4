"""Tests of a deal: judged once a period, in the listed order, fixed for the period; one that cannot be cured stays failed."""

from __future__ import annotations

from ledger.core.state import Running


def judge(run: Running, *, at_closing: bool) -> None:
    """Judge the triggers of one moment. A later one may use an earlier one; those tested at closing count from the next period."""
    for trigger in run.terms.triggers:
        if trigger.at_closing == at_closing:
            failed_for_good = not trigger.curable and run.state.triggers.get(trigger.name, False)
            run.triggers[trigger.name] = failed_for_good or bool(trigger.fails_when(run))
