"""Collections: sums by kind become flows by component, and whether the servicer has said anything."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from ledger.core.collections import Flow, Total, collect
from ledger.core.events import Component, Event


def total(kind: str, pool: str | None = None, origin: date | None = None, **columns: Any) -> Total:
    sums: dict[str, Any] = {"principal": None, "interest": None, "fee": None, "amount": None, **columns}
    return Total(kind, pool, None, origin, **sums)


def test_each_column_of_a_kind_is_a_flow_of_its_component_and_a_column_of_nothing_is_none() -> None:
    origin = date(2025, 3, 15)

    found = collect([total("payment", "one", origin, principal=70, interest=5, fee=0), total("payment", interest=-3)], [], {})

    assert found.flows == (Flow("interest", "one", 5, origin), Flow("scheduled_principal", "one", 70, origin), Flow("interest", None, -3))


def test_a_kind_of_the_deals_own_is_a_component_of_its_name_and_an_unknown_one_is_nothing() -> None:
    totals = [total("late_charges", amount=9), total("weather", amount=4)]

    assert collect(totals, [], {"late_charges": Component(cash="in")}).flows == (Flow("late_charges", None, 9),)


@pytest.mark.parametrize(
    ("totals", "kinds", "is_stated"),
    [
        ([total("interest", interest=5)], [], True),
        ([], ["nil_month"], True),
        ([], ["missing_month"], True),
        ([], ["reported", "nil_month"], True),  # beside other facts
        ([], ["reported"], False),  # an index fixing says nothing of what was collected
        ([], [], False),
    ],
)
def test_a_month_is_stated_by_what_was_collected_or_by_saying_that_nothing_was(totals: list[Total], kinds: list[str], is_stated: bool) -> None:
    facts = [Event(line, kind) for line, kind in enumerate(kinds)]

    assert collect(totals, facts, {}).is_stated is is_stated
