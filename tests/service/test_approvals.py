"""Maker and checker: one actor proposes, another approves exactly that; on both databases."""

from __future__ import annotations

import pytest

from ledger import service
from ledger.core.problems import ProblemsFound
from ledger.store.engine import Store
from tests.cli.conftest import DEAL, FEBRUARY, MARCH

MAKER, CHECKER = "m.okafor", "a.lindqvist"


@pytest.fixture
def books(store: Store) -> Store:
    """COVE-1, which asks for approval, with both months remitted."""
    service.open_deal(store, DEAL.replace("title:", "approval: true\ntitle:").encode(), "deal.yaml", actor="tester")
    for name, text in (("2025-02.csv", FEBRUARY), ("2025-03.csv", MARCH)):
        service.remit(store, "COVE-1", text.encode(), name, actor="servicing")
    return store


def distributed(store: Store) -> int:
    """The number of periods that are closed."""
    with store.reading() as reader:
        return len(reader.distributions("COVE-1")) - 1


def approve(store: Store, period: str, actor: str = CHECKER) -> None:
    service.approve(store, "COVE-1", period, actor=actor)


def test_what_is_proposed_is_not_distributed_until_another_actor_approves_it(books: Store) -> None:
    proposed = service.distribute(books, "COVE-1", actor=MAKER).proposal
    before = distributed(books)
    approve(books, "2025-02")

    assert proposed is not None
    assert (before, distributed(books)) == (0, 1)
    with books.reading() as reader:
        said = [(event.kind, event.subject, event.code) for _, event in reader.events("COVE-1", position=5)]
    assert said == [("approval", MAKER, proposed.digest), ("distribution", None, proposed.digest)]
    assert service.verify(books, "COVE-1").problems == ()


def test_each_period_is_proposed_and_approved_by_itself(books: Store) -> None:
    for period in ("2025-02", "2025-03"):
        service.distribute(books, "COVE-1", actor=MAKER)
        approve(books, period)

    assert distributed(books) == 2
    assert service.distribute(books, "COVE-1", actor=MAKER).proposal is None


def test_proposing_the_same_again_adds_nothing(books: Store) -> None:
    first = service.distribute(books, "COVE-1", actor=MAKER).proposal
    again = service.distribute(books, "COVE-1", actor="somebody else").proposal

    assert first == again


def test_the_maker_cannot_be_the_checker(books: Store) -> None:
    service.distribute(books, "COVE-1", actor=MAKER)

    with pytest.raises(ProblemsFound, match=r"COVE-1: m\.okafor proposed 2025-02-25 and cannot approve it too; let another actor approve it: --actor NAME"):
        approve(books, "2025-02", MAKER)
    assert distributed(books) == 0


def test_what_was_appended_since_asks_for_a_new_proposal(books: Store) -> None:
    service.distribute(books, "COVE-1", actor=MAKER)
    late = b"distribution_date,kind,value\n2025-02-25,charge_off,10.00\n"
    service.remit(books, "COVE-1", late, "late.csv", source_name="trustee", actor="servicing")

    with pytest.raises(
        ProblemsFound, match="something was appended since 2025-02-25 was proposed at position 4; look at it, then run `tranche distribute` again"
    ):
        approve(books, "2025-02")
    service.distribute(books, "COVE-1", actor=MAKER)
    approve(books, "2025-02")
    assert service.statement(books, "COVE-1").figure("B", "realized_loss").value == 1000  # type: ignore[union-attr]  # the class has it


@pytest.mark.parametrize("period", ["2025-03", "2025-02"])
def test_what_was_not_proposed_cannot_be_approved(books: Store, period: str) -> None:
    if period == "2025-03":
        service.distribute(books, "COVE-1", actor=MAKER)

    with pytest.raises(ProblemsFound, match=f"COVE-1: nothing is proposed for {period}-25"):
        approve(books, period)


def test_a_draft_proposes_nothing(books: Store) -> None:
    assert service.distribute(books, "COVE-1", draft=True, actor=MAKER).proposal is None
    with pytest.raises(ProblemsFound, match="nothing is proposed"):
        approve(books, "2025-02")
