"""Whatever the deal and its history: both sides of a test, read again from the postings, say what the test said when it was judged."""

from __future__ import annotations

import operator
from collections.abc import Iterator

from hypothesis import given, settings

from ledger.core.collections import Collections
from ledger.core.judgements import judged
from tests.properties.test_books import QUICK, cases, load, replay

SAYS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne}


def wrong(text: str, months: list[Collections]) -> Iterator[str]:
    """Tests of one comparison, curable, whose sides do not say what the period found."""
    terms = load(text)
    for distribution in replay(terms, months)[1:]:
        for test in judged(terms, distribution):
            assert test.actual is not None
            assert test.threshold is not None
            is_cured = terms.deal.triggers[test.trigger].curable or not distribution.opening.triggers.get(test.trigger)
            if is_cured and SAYS[test.operator](test.actual.value, test.threshold.value) != test.failed:
                yield f"{distribution.dates.scheduled} {test}"


@settings(parent=QUICK, max_examples=60)
@given(cases())
def test_both_sides_of_every_test_say_what_the_period_found(case: tuple[str, list[Collections]]) -> None:
    assert list(wrong(*case)) == []
