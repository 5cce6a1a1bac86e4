"""The same history gives the same hashes, events and postings on SQLite and on PostgreSQL."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.store.engine import Store
from tests.crash import work
from tests.store import sample
from tests.store.test_reads import commits, history_of

names = (f"B-{number}" for number in itertools.count())


def log_of(url: str, name: str, history: list[Any]) -> tuple[object, list[object]]:
    """Append a history with a clock of its own; the head and the events that are then there."""
    store = Store(url, clock=sample.Ticking())
    sample.open_deal(store, name)
    for _, one_draft in history:
        with store.writing(name) as writer:
            # The history numbers its commits from 1; here the deal's opening stands before them.
            events = [event._replace(corrects_position=event.corrects_position and event.corrects_position + 1) for event in one_draft.events]
            writer.append(sample.draft(events, one_draft.period, treatment=one_draft.treatment))
    with store.reading() as reader:
        found = reader.head(name), list[object](reader.events(name))
    store.close()
    return found


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(commits, min_size=1, max_size=6))
def test_any_history_has_the_same_head_on_both(sqlite: str, postgresql: str, drawn: list[Any]) -> None:
    name, history = next(names), list(history_of(drawn))

    assert log_of(sqlite, name, history) == log_of(postgresql, name, history)


def test_a_trust_distributed_on_both_has_the_same_head_and_postings(sqlite: str, postgresql: str) -> None:
    found = []
    for url in (sqlite, postgresql):
        store = Store(url, clock=sample.Ticking())
        for step in work.life(6):
            work.carry_out(store, step)
        with store.reading() as reader:
            digests = [row.digest for row in reader.distributions(work.DEAL)]
            found.append((reader.head(work.DEAL), digests, work.contents(store)))
        store.close()

    assert found[0] == found[1]
    assert len(found[0][1]) == 7
