"""What was corrected between one distribution and the next: the commits of a treatment other than original."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from ledger.core.disclosures import Correction
from ledger.core.events import OURS, Event
from ledger.service.books import Stored
from ledger.store.projections import Commit, Reader
from ledger.store.tables import instant_text

RECORDS = frozenset(OURS) - {"terms"}
"""Kinds of events by which the ledger itself records what it did; a version of the terms is what was corrected."""


def corrections_since(reader: Reader, deal: str, shown: Stored) -> Iterator[Correction]:
    """The corrections appended after the distribution before this one, up to this one, of its period or earlier ones, or of the terms; in the order of the log.

    A reopened period names the correction that reopened it. The commits that only record the new versions are left out.
    """
    if shown.header.previous is None:
        return
    before = reader.distribution(deal, shown.header.previous).known_at
    for commit in reader.commits(deal, after=before, up_to=shown.position):
        if commit.treatment == "original" or (commit.period is not None and commit.period > shown.period):
            continue
        events = [event for _, event in reader.events(deal, position=commit.position) if event.kind not in RECORDS]
        if events:
            yield Correction(commit.position, instant_text(commit.recorded_at), commit.treatment, _periods(commit, events), commit.reason, commit.actor)


def _periods(commit: Commit, events: list[Event]) -> tuple[date, ...]:
    """The periods whose facts are corrected: those that lines are booked for, or else the one that the commit names; the first period of corrected terms."""
    is_late = commit.treatment == "adjust"
    found = (event.effective_on if event.kind == "terms" or (is_late and event.corrects_position is not None) else commit.period for event in events)
    return tuple(sorted({period for period in found if period is not None}))
