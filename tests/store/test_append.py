"""Appending: what a commit leaves, who may be next, the same file twice, and a clock that was set back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ledger.core.events import Event
from ledger.core.problems import ProblemsFound
from ledger.core.upcasts import present
from ledger.store import log, seal
from ledger.store.engine import Store
from ledger.store.log import Conflict, Moved
from tests.store import sample
from tests.store.sample import DEAL, draft, month_events, period, remittance

APRIL = period(4)


@pytest.fixture
def opened(empty: Store) -> Store:
    sample.open_deal(empty)
    return empty


def append(store: Store, *drafts: Any, expected: Any = None) -> Any:
    with store.writing(DEAL) as writer:
        return [writer.append(one, expected_position=expected) for one in drafts][-1]


def test_a_new_deal_begins_at_position_zero_with_the_hash_of_its_name(empty: Store) -> None:
    with empty.writing(DEAL) as writer:
        writer.open_deal()

    with empty.reading() as reader:
        assert reader.head(DEAL) == (0, seal.genesis(DEAL).hex(), 0, None)
        assert [(deal.name, deal.opened_at) for deal in reader.deals()] == [(DEAL, None)]


def test_a_commit_is_the_next_position_and_the_head_moves_to_it(opened: Store) -> None:
    receipt = append(opened, remittance(month_events(4), APRIL))

    with opened.reading() as reader:
        head, commits = reader.head(DEAL), list(reader.commits(DEAL))
    assert receipt == ("appended", 2, head.hash, 8)
    assert [commit.position for commit in commits] == [1, 2]
    assert commits[1].previous_hash == commits[0].hash
    assert (head.position, head.event_count, head.recorded_at) == (2, 2 + 8, commits[1].recorded_at)


def test_events_come_back_as_they_were_appended(opened: Store) -> None:
    appended = remittance(month_events(4), APRIL)

    append(opened, appended)

    with opened.reading() as reader:
        assert list(reader.as_recorded(DEAL, 2)) == list(appended.events)
        assert [event for _, event in reader.events(DEAL, position=2)] == [present(event) for event in appended.events]


def test_a_commit_says_who_when_why_and_from_which_file(opened: Store) -> None:
    append(opened, remittance(month_events(4), APRIL))

    with opened.reading() as reader:
        commit = next(reader.commits(DEAL, after=1))
    assert (commit.actor, commit.reason, commit.treatment, commit.period) == ("m.okafor", "a month", "original", APRIL)
    assert (commit.source, commit.attempt, commit.source_name, commit.source_digest) == ("csv", 1, "2025-04.csv", seal.digest(f"{APRIL} csv 1 "))
    assert commit.recorded_at.utcoffset() == timedelta(0)


def test_a_commit_may_hold_no_events(opened: Store) -> None:
    receipt = append(opened, draft([]))

    with opened.reading() as reader:
        assert next(reader.commits(DEAL, after=1)).merkle_root == seal.EMPTY_ROOT.hex()
    assert (receipt.position, receipt.events) == (2, 0)


def test_the_largest_amounts_survive_the_round_trip(opened: Store) -> None:
    limit = 2**63 - 1
    events = [Event(1, "interest", interest=limit), Event(2, "interest", interest=-limit)]

    append(opened, draft(events, APRIL))

    with opened.reading() as reader:
        assert [event.interest for _, event in reader.events(DEAL, position=2)] == [limit, -limit]


@pytest.mark.parametrize(
    "events",
    [
        [Event(1, "interest", interest=2**63)],
        [Event(1, "interest", interest=5), Event(2, "payment", "L-1", balance=-(2**70))],
        [Event(1, "status", "L-1", delinquency=2**31)],
        [Event(1, "interest", interest=5, source_row=2**40)],
    ],
)
def test_a_figure_that_no_column_holds_is_refused_and_named(opened: Store, events: Any) -> None:
    with pytest.raises(ProblemsFound, match=r"event [12]: `(interest|balance|delinquency|source_row)` of -?\d+ units is larger than the books can hold"):
        append(opened, draft(events, APRIL))

    with opened.reading() as reader:
        assert reader.head(DEAL).position == 1


def test_a_commit_of_several_batches_is_one_tree(opened: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "EVENTS_AT_ONCE", 8)
    events = month_events(4, loans=18)

    receipt = append(opened, draft(events, APRIL))

    with opened.reading() as reader:
        assert list(reader.as_recorded(DEAL, 2)) == sample.numbered(events)
        assert reader.commit(DEAL, 2).merkle_root == seal.root([seal.leaf(event) for event in sample.numbered(events)]).hex()
    assert receipt.events == 19


def test_a_figure_that_no_column_holds_is_named_also_where_others_have_been_sent(opened: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "EVENTS_AT_ONCE", 8)
    events = [*month_events(4, loans=18), Event(0, "interest", interest=2**63)]

    with pytest.raises(ProblemsFound, match="event 20: `interest` of 9223372036854775808 units is larger than the books can hold"):
        append(opened, draft(events, APRIL))

    with opened.reading() as reader:
        assert reader.head(DEAL).position == 1


def test_every_text_that_cannot_be_hashed_is_named_at_once(opened: Store) -> None:
    events = [Event(1, "interest", "A\x00B", source_row=7), Event(2, "interest\n"), Event(3, "reported", rate="\ud800")]

    with pytest.raises(ProblemsFound) as found:
        append(opened, draft(events, APRIL))

    assert [(problem.place, problem.fact.split()[0]) for problem in found.value.problems] == [
        ("row 7", "`subject`"), ("event 2", "`kind`"), ("event 3", "`rate`")
    ]  # fmt: skip


def test_a_control_character_in_who_or_why_is_refused(opened: Store) -> None:
    with pytest.raises(ProblemsFound) as found:
        append(opened, replace(draft([], APRIL), actor="a\tb", reason="a\x7f"))

    assert [problem.fact for problem in found.value.problems] == [
        "`actor` holds a character that does not print, that turns the text, or that is half of one: 'a\\tb'",
        "`reason` holds a character that does not print, that turns the text, or that is half of one: 'a\\x7f'",
    ]


def test_text_beyond_ascii_is_kept_as_given(opened: Store) -> None:
    composed, decomposed = "caf\u00e9 \u00a0\u200b\U0001f3e0", "cafe\u0301"

    append(opened, replace(draft([Event(1, "reported", composed, code=decomposed)], APRIL), actor=composed))

    with opened.reading() as reader:
        (event,) = [event for _, event in reader.events(DEAL, position=2)]
        assert (event.subject, event.code, next(reader.commits(DEAL, after=1)).actor) == (composed, decomposed, composed)


def test_a_draft_that_contradicts_itself_is_a_defect_of_the_program(opened: Store) -> None:
    gap = replace(draft([]), events=[Event(2, "interest")])
    silent = replace(remittance([], APRIL), events=[Event(1, "interest")])
    no_attempt = replace(draft([]), source="csv")
    jump = remittance([], APRIL, attempt=2)

    for wrong in (gap, silent, no_attempt, jump):
        with pytest.raises(ValueError, match=r"numbered 1, 2, 3|first event of a remittance|source and an attempt|attempt 1, not 2"):
            append(opened, wrong)


# The same file, another file, another writer ---------------------------------------------------------------------------


def test_the_same_file_again_adds_nothing_and_answers_as_the_first_time(opened: Store) -> None:
    first = append(opened, remittance(month_events(4), APRIL))
    append(opened, draft([]))

    again = append(opened, remittance(month_events(4), APRIL))

    assert again == ("already appended", first.position, first.hash, 0)
    with opened.reading() as reader:
        assert reader.head(DEAL).position == 3


def test_the_same_file_is_known_even_where_the_position_was_expected(opened: Store) -> None:
    append(opened, remittance(month_events(4), APRIL), expected=1)

    again = append(opened, remittance(month_events(4), APRIL), expected=1)

    assert again.outcome == "already appended"


def test_another_file_of_the_same_source_and_period_is_a_conflict(opened: Store) -> None:
    append(opened, remittance(month_events(4), APRIL))

    with pytest.raises(Conflict, match=r"2025-04.csv: another file of source csv was appended for 2025-04-25 .*use `tranche correct"):
        append(opened, remittance(month_events(4), APRIL, text="other"))

    with opened.reading() as reader:
        assert reader.head(DEAL).position == 2


def test_another_source_or_another_period_is_no_conflict(opened: Store) -> None:
    append(opened, remittance(month_events(4), APRIL))
    append(opened, remittance([], APRIL, source="swap"), remittance(month_events(5), period(5)))

    with opened.reading() as reader:
        assert [(row.source, row.attempt, row.position) for row in reader.remitted(DEAL, APRIL)] == [("csv", 1, 2), ("swap", 1, 3)]


def test_a_corrected_file_takes_the_next_attempt(opened: Store) -> None:
    append(opened, remittance(month_events(4), APRIL))

    with opened.writing(DEAL) as writer:
        attempt = writer.next_attempt(APRIL, "csv")
        receipt = writer.append(remittance([], APRIL, attempt=attempt, treatment="supersede"))

    assert (attempt, receipt.position) == (2, 3)


def test_a_writer_that_expected_another_position_is_told_so(opened: Store) -> None:
    append(opened, draft([]))

    with pytest.raises(Moved, match="is at position 2, not at 1"):
        append(opened, draft([]), expected=1)


def test_a_file_is_found_wherever_it_was_appended(opened: Store) -> None:
    sample.open_deal(opened, "OTHER")
    digest = remittance(month_events(4), APRIL).source_digest or ""
    append(opened, remittance(month_events(4), APRIL))
    with opened.writing("OTHER") as writer:
        writer.append(remittance(month_events(4), APRIL))

    with opened.reading() as reader:
        assert reader.digest_seen(digest) == [(DEAL, APRIL, 2), ("OTHER", APRIL, 2)]


# Time ------------------------------------------------------------------------------------------------------------------


def test_known_time_never_runs_backwards_though_the_clock_does(database: str) -> None:
    times = iter([datetime(2025, 5, 1, 12, tzinfo=UTC), datetime(2025, 5, 1, 11, tzinfo=UTC), datetime(2025, 5, 1, 12, tzinfo=UTC)])
    store = Store(database, clock=lambda: next(times))
    sample.open_deal(store)
    append(store, draft([]))
    append(store, draft([]))

    with store.reading() as reader:
        recorded = [commit.recorded_at.time().isoformat() for commit in reader.commits(DEAL)]
    store.close()
    assert recorded == ["12:00:00", "12:00:00.000001", "12:00:00.000002"]


def test_known_at_a_time_is_the_last_position_recorded_by_then(opened: Store) -> None:
    append(opened, draft([]))
    append(opened, draft([]))

    with opened.reading() as reader:
        moments = [commit.recorded_at for commit in reader.commits(DEAL)]
        at = [reader.position_at(DEAL, moment) for moment in (moments[0] - timedelta(microseconds=1), moments[0], moments[1], moments[2] + timedelta(days=1))]
    assert at == [0, 1, 2, 3]


def test_a_clock_without_offset_is_refused(database: str) -> None:
    store = Store(database, clock=lambda: datetime(2025, 5, 1))  # noqa: DTZ001 - the naive time is what is tested

    with pytest.raises(ValueError, match="has no offset"):
        sample.open_deal(store)
    store.close()


# One transaction -------------------------------------------------------------------------------------------------------


def test_an_exception_in_the_block_leaves_nothing(opened: Store) -> None:
    def half_a_month() -> None:
        with opened.writing(DEAL) as writer:
            writer.append(draft(month_events(4), APRIL))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half_a_month()

    with opened.reading() as reader:
        assert reader.head(DEAL).position == 1
        assert list(reader.events(DEAL, position=2)) == []


def test_several_commits_of_one_block_are_there_together(opened: Store) -> None:
    with opened.writing(DEAL) as writer:
        for month in (4, 5, 6):
            writer.append(remittance(month_events(month), period(month)))
        assert writer.tip.position == 4

    with opened.reading() as reader:
        assert [row[:3] for row in reader.periods(DEAL)] == [(period(4), 2, 2), (period(5), 3, 3), (period(6), 4, 4)]


def test_a_reader_sees_nothing_that_is_committed_after_it_began(opened: Store) -> None:
    with opened.reading() as reader:
        before = reader.head(DEAL)
        append(opened, draft([]))
        after = reader.head(DEAL)

    assert before == after
    with opened.reading() as reader:
        assert reader.head(DEAL).position == 2


# Deals and documents ---------------------------------------------------------------------------------------------------


def test_a_deal_is_opened_once(opened: Store) -> None:
    with pytest.raises(ProblemsFound, match=f"a deal named {DEAL} exists already"):
        sample.open_deal(opened)


def test_writing_to_a_deal_that_does_not_exist_says_so(empty: Store) -> None:
    with pytest.raises(ProblemsFound, match="there is no deal named NOBODY"), empty.writing("NOBODY") as writer:
        writer.append(draft([]))


def test_reading_a_deal_that_does_not_exist_says_so(empty: Store) -> None:
    with empty.reading() as reader, pytest.raises(ProblemsFound, match="there is no deal named NOBODY"):
        reader.head("NOBODY")


def test_chains_of_several_deals_do_not_touch(opened: Store) -> None:
    sample.build(opened, months=1, name="OTHER")
    append(opened, draft([]))

    with opened.reading() as reader:
        assert [(deal.name, deal.position) for deal in reader.deals()] == [(DEAL, 2), ("OTHER", 5)]


def test_a_document_is_kept_under_its_digest_once(opened: Store) -> None:
    body = "deal: X\r\n\u00e9\n"
    for _ in range(2):
        with opened.writing(DEAL) as writer:
            writer.add_document(seal.digest(body), body)

    with opened.reading() as reader:
        assert reader.document(DEAL, seal.digest(body)) == body
        with pytest.raises(ProblemsFound, match=f"no document {'0' * 64} is kept"):
            reader.document(DEAL, "0" * 64)


def test_a_document_under_a_wrong_digest_is_a_defect_of_the_program(opened: Store) -> None:
    with pytest.raises(ValueError, match="is not the SHA-256"), opened.writing(DEAL) as writer:
        writer.add_document("0" * 64, "deal: X\n")
