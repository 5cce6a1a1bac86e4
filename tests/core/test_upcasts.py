"""Events of earlier versions, read as the present ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.events import FACTS, KINDS, OURS, Event
from ledger.core.upcasts import UPCASTS, present

TEXTS = st.none() | st.text(st.characters(codec="ascii", exclude_categories=["C"]), max_size=12)
AMOUNTS = st.none() | st.integers(-(2**63), 2**63 - 1)
NUMBERS = st.none() | st.integers(1, 2**31 - 1)
EVENTS = st.builds(
    Event, st.integers(1, 2**31 - 1), st.sampled_from(sorted({*KINDS, *FACTS, *OURS})) | st.just("received"), TEXTS,
    *[AMOUNTS] * 5, TEXTS, NUMBERS, TEXTS | st.builds("{}/{}".format, st.sampled_from(["csv", "absee-auto"]), st.integers(1, 9)),
    st.none() | st.dates(), st.sampled_from([1, -1]), NUMBERS, NUMBERS, NUMBERS,
)  # fmt: skip


@pytest.mark.parametrize(
    ("recorded", "read"),
    [
        ("csv", "csv/1"),  # the format alone: there was one version of it
        ("csv/1", "csv/1"),
        ("absee-auto/2", "absee-auto/2"),
        (None, None),
    ],
)
def test_what_was_received_names_the_version_of_its_mapping(recorded: str | None, read: str | None) -> None:
    assert present(Event(1, "received", "servicer", amount=1, code=recorded)) == Event(1, "received", "servicer", amount=1, code=read)


@given(EVENTS)
def test_an_upcast_leaves_present_events_alone(event: Event) -> None:
    assert present(present(event)) == present(event)


@given(EVENTS)
def test_kinds_of_one_version_are_read_as_they_were_recorded(event: Event) -> None:
    if event.kind not in UPCASTS:
        assert present(event) is event


@given(EVENTS)
def test_an_upcast_leaves_alone_what_sql_sums_and_compares(event: Event) -> None:
    assert present(event)._replace(code=None, effective_on=None) == event._replace(code=None, effective_on=None)
