"""What changed between two moments, and which commits changed it, on the worked example of the books."""

from __future__ import annotations

import pytest

from ledger import service
from ledger.core.explain_figures import Explainer
from ledger.core.explanation import disagreements
from ledger.core.problems import ProblemsFound
from ledger.service.books import latest
from ledger.service.explanations import OF_LOANS, evidence
from ledger.service.terms import Versions
from ledger.store.engine import Store
from tests.service.example import MONTHS, NAME, correct, distribute, figure, line_of, months, remit, statement

ONE, TWO, THREE, *_ = MONTHS


def changed(found: service.Differences) -> dict[tuple[str, str, str], tuple[str | None, str | None, tuple[int, ...]]]:
    return {(str(one.period), one.subject, one.item): (one.before, one.after, one.positions) for one in found.changes}


def reopened(store: Store) -> tuple[int, int]:
    """Two months, of which the first is reopened for 1,000 less of scheduled principal: the position before, and that of the correction."""
    one, _ = months(store, 2)
    with store.reading() as reader:
        before = reader.head(NAME).position
    (receipt,) = correct(store, f"{line_of(store, one, 'scheduled_principal')},,,5000.00", treatment="reopen").booked.values()
    return before, receipt.position


def test_figures_that_a_reopening_changed_are_listed_with_its_correction(store: Store) -> None:
    before, correction = reopened(store)

    found = changed(service.diff(store, NAME, before, None))

    assert found[ONE, "pool", "scheduled_principal"] == ("6000.00", "5000.00", (correction,))
    assert found[ONE, "A", "principal_paid"] == ("20000.00", "19000.00", (correction,))
    # The second month was reported right: its opening balance comes from the first.
    assert found[TWO, "A", "opening_balance"] == ("780000.00", "781000.00", (correction,))
    assert (TWO, "pool", "scheduled_principal") not in found


def test_only_the_distribution_of_a_day_is_compared_where_one_is_named(store: Store) -> None:
    before, correction = reopened(store)

    found = service.diff(store, NAME, before, None, on="2025-02")

    assert {str(change.period) for change in found.changes} == {ONE}
    assert correction in [commit.position for commit in found.commits]


def test_nothing_changed_where_nothing_was_corrected(store: Store) -> None:
    months(store, 2)

    found = service.diff(store, NAME, 3, None)

    assert found.changes == ()
    assert [str(period) for period in found.distributed] == [TWO]


def test_an_adjustment_changes_no_closed_statement_and_is_named(store: Store) -> None:
    _, two = months(store, 2)
    before = service.statement(store, NAME).position
    (receipt,) = correct(store, f"{line_of(store, two, 'scheduled_principal')},,,9000.00").booked.values()
    remit(store, THREE)
    distribute(store)

    found = service.diff(store, NAME, before, None)

    assert (found.changes, [str(period) for period in found.distributed]) == ((), [THREE])
    assert [(commit.position, commit.treatment, commit.reason) for commit in found.commits] == [(receipt.position, "adjust", "it was wrong")]


def test_two_moments_stand_in_their_order(store: Store) -> None:
    months(store, 1)

    with pytest.raises(ProblemsFound, match="position 3 comes after position 2; name the earlier one first"):
        service.diff(store, NAME, 3, 2)


# Explanations of corrected books ------------------------------------------------------------------------------------------


def wrong(store: Store) -> list[str]:
    """Figures of the last statement whose explanation does not add up to them; statistics of loans have no postings to add up."""
    shown = service.statement(store, NAME)
    sections = [subjects for section, subjects in shown.sections.items() if section not in OF_LOANS]
    with store.reading() as reader:
        terms, _ = Versions(reader, NAME).at()
        explainer = Explainer(evidence(reader, NAME, latest(reader, terms)))
        found = []
        for subject, items in (each for subjects in sections for each in subjects.items()):
            for item, figure in items.items():
                explained = explainer.explain(subject, item)
                assert explained is not None, (subject, item)
                found += [f"{subject} {item}"] * (explained.value != figure.value)
                found += disagreements(explained, terms.scale, terms.deal.rounding.amounts)
    return found


def test_an_adjustment_is_explained_by_the_reversal_and_the_restatement_that_were_booked(store: Store) -> None:
    _, two = months(store, 2)
    (receipt,) = correct(store, f"{line_of(store, two, 'scheduled_principal')},,,9000.00").booked.values()
    third = remit(store, THREE)
    distribute(store)

    explained = service.explain(store, NAME, "pool", item="scheduled_principal").figures["scheduled_principal"]

    lines = [(node.value, node.source.position, node.source.file) for node in explained.every() if node.source is not None]
    # The month's own first, then what is booked of the earlier one.
    assert lines == [(8_000_00, third, f"{THREE}.csv"), (-10_000_00, receipt.position, "correction.csv"), (9_000_00, receipt.position, "correction.csv")]
    assert figure(statement(store, THREE), "pool", "scheduled_principal") == "7000.00"
    assert wrong(store) == []


def test_a_reopened_period_is_explained_as_it_stands_now_and_as_it_stood_before(store: Store) -> None:
    before, correction = reopened(store)

    now, then = (service.explain(store, NAME, "pool", item="scheduled_principal", on="2025-02", known_at=known) for known in (None, before))

    values = [one.figures["scheduled_principal"] for one in (now, then)]
    assert [one.value for one in values] == [5_000_00, 6_000_00]
    assert {node.source.position for node in values[0].every() if node.source} == {2, correction}
    assert wrong(store) == []
