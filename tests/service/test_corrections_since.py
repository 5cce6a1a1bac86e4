"""A statement names the corrections since the previous distribution: how, of which period, why, by whom."""

from __future__ import annotations

from ledger import service
from ledger.reports.text import to_text
from ledger.store.engine import Store
from tests.reports.test_text import section
from tests.service.example import MONTHS, NAME, correct, distribute, line_of, months, remit, statement

ONE, TWO, THREE, *_ = MONTHS


def named(store: Store, key: str) -> list[tuple[str, list[str], str, str]]:
    """The corrections that a statement names: treatment, periods, reason and actor."""
    return [(item.treatment, [str(day) for day in item.periods], item.reason, item.actor) for item in statement(store, key).corrections]


def test_an_adjustment_is_named_by_the_statement_of_the_month_that_books_it(store: Store) -> None:
    _, two = months(store, 2)
    correct(store, f"{line_of(store, two, 'scheduled_principal')},,,9000.00")
    remit(store, THREE)
    distribute(store)

    assert named(store, ONE) == []
    assert named(store, TWO) == []
    assert named(store, THREE) == [("adjust", [TWO], "it was wrong", "checker")]


def test_what_was_superseded_before_it_was_distributed_is_named(store: Store) -> None:
    months(store, 1)
    two = remit(store, TWO)
    receipt = correct(store, f"{line_of(store, two, 'interest')},,,5800.00").booked
    distribute(store)

    assert named(store, TWO) == [("supersede", [TWO], "it was wrong", "checker")]
    assert [item.position for item in statement(store, TWO).corrections] == [one.position for one in receipt.values()]


def test_a_reopened_period_names_what_reopened_it_and_not_the_records_of_its_new_version(store: Store) -> None:
    one, _ = months(store, 2)
    correct(store, f"{line_of(store, one, 'scheduled_principal')},,,5000.00", treatment="reopen")

    assert named(store, ONE) == [("reopen", [ONE], "it was wrong", "checker")]
    assert named(store, TWO) == []


def test_a_statement_as_it_was_known_before_names_nothing_of_what_came_later(store: Store) -> None:
    one, _ = months(store, 2)
    with store.reading() as reader:
        before = reader.head(NAME).position
    correct(store, f"{line_of(store, one, 'scheduled_principal')},,,5000.00", treatment="reopen")

    assert statement(store, ONE, known_at=before).corrections == ()


def test_corrections_are_printed_with_their_position(store: Store) -> None:
    months(store, 1)
    two = remit(store, TWO)
    (receipt,) = correct(store, f"{line_of(store, two, 'interest')},,,5800.00").booked.values()
    distribute(store)
    lines = section(to_text(service.statement(store, NAME)), "Corrections since the previous distribution")

    assert lines[1][0] == str(receipt.position)
    assert lines[1][2:] == ["supersede", TWO, "it", "was", "wrong", "checker"]
