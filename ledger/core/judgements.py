"""Triggers with both sides of their comparisons, as they stood when the test was judged.

Nothing of it is stored. The state at that moment is the opening and the postings made by then, so both sides are read again from those, exactly.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from fractions import Fraction

from ledger.core.accrual import ACCRUAL
from ledger.core.disclosures import Tested
from ledger.core.distribution import Distribution
from ledger.core.figure import Figure, kind_of
from ledger.core.formula import Term, Value
from ledger.core.money import format_exact
from ledger.core.problems import ProblemsFound
from ledger.core.receipts import EVENTS
from ledger.core.state import Running
from ledger.core.terms import Terms


def judged(terms: Terms, distribution: Distribution) -> Iterator[Tested]:
    """Every trigger that the period judged, in the order of the deal file: those tested at determination, and at the close for the next period."""
    if not terms.triggers:
        return
    runs = {False: _determination(terms, distribution), True: distribution.running(terms)}
    results = {False: distribution.readings.triggers, True: distribution.closing.triggers}
    for trigger in terms.triggers:
        run, failed = runs[trigger.at_closing], results[trigger.at_closing].get(trigger.name, False)
        rule = terms.deal.triggers[trigger.name]
        for comparison in trigger.comparisons:
            actual, threshold = (_side(run, side) for side in (comparison.actual, comparison.threshold))
            yield Tested(trigger.name, comparison.text, actual, comparison.operator, threshold, failed, rule.tested)
        if not trigger.comparisons:
            yield Tested(trigger.name, " ".join(rule.fails_when.text.split()), None, "", None, failed, rule.tested)
        run.triggers[trigger.name] = failed  # a later trigger may have read it


def _determination(terms: Terms, distribution: Distribution) -> Running:
    """The period as it stood before its first step: after what was received and accrued. Its triggers are still those of the close before."""
    run = distribution.before((EVENTS, ACCRUAL)).running(terms)
    run.triggers = dict(distribution.opening.triggers)
    return run


def _side(run: Running, term: Term) -> Figure | None:
    try:
        value: Value = term.read(run)
    except (ProblemsFound, KeyError):
        return None
    if term.type.kind != "number" or isinstance(value, date):
        return Figure(kind_of(term.type), value)
    return _number(Fraction(value), term.type.power or 0, run.terms.scale)


def _number(value: Fraction, power: int, scale: int) -> Figure:
    """An amount of money in whole units as such; one with fractions of a unit, as a limit of 5% may be, is a number in currency with all its digits."""
    if power == 1 and value.denominator == 1:
        return Figure("money", value.numerator)
    exact = value / Fraction(10) ** (scale * power)
    return Figure("exact", exact, len(format_exact(exact).partition(".")[2]) if power else None)
