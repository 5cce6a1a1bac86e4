"""The month-end of a book of deals: each state, and the deadlines that pass."""

from __future__ import annotations

import re
from datetime import date

import pytest

from ledger import service
from ledger.core.problems import Problem, ProblemsFound
from ledger.service.status import STATES, PeriodStatus, status
from ledger.store.engine import Store
from tests.cli.conftest import DEAL, FEBRUARY, MARCH
from tests.conftest import ROOT
from tests.service.trust import FLOATING

DATED = DEAL.replace("dates: {", "dates: {determination: {business_days_before: 3}, ")
FLOATS = DATED.replace("pool: {", f"{FLOATING}\npool: {{").replace("rate: 6%", "rate: sofr + 1%")
NOT_FIXED = (
    "`sofr` was not reported; state the fixing of SOFR-30D-AVG with `tranche rates`, "
    "add a `reported` row for sofr, or give it `missing` in the deal file"
)  # fmt: skip


def books(store: Store, *months: str, deal: str = DATED) -> Store:
    """COVE-1 with some months remitted."""
    service.open_deal(store, deal.encode(), "deal.yaml", actor="tester")
    for text in months:
        service.remit(store, "COVE-1", text.encode(), "month.csv", actor="tester")
    return store


def periods(store: Store, on: str) -> list[PeriodStatus]:
    (deal,) = status(store, date.fromisoformat(on))
    assert deal.problems == ()
    return list(deal.periods)


def states(store: Store, on: str) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(f"{period.period:%m}", period.state, period.late) for period in periods(store, on)]


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        ("2025-01-31", []),  # its collection period is not over
        ("2025-02-01", [("02", "missing", ())]),
        ("2025-02-20", [("02", "missing", ())]),  # the determination date, three business days before the 25th
        ("2025-02-21", [("02", "missing", ("determination",))]),
        ("2025-02-26", [("02", "missing", ("determination", "distribution"))]),
    ],
)
def test_a_month_is_missing_once_its_collections_are_over_and_late_after_its_determination_date(store: Store, on: str, expected: list[object]) -> None:
    assert states(books(store), on) == expected


def test_months_that_are_missing_after_the_first_are_counted(store: Store) -> None:
    (period,) = periods(books(store), "2025-06-10")

    assert (period.period, period.further) == (date(2025, 2, 25), 4)


def test_months_are_missing_as_far_as_a_schedule_goes_and_no_further(store: Store) -> None:
    found = periods(books(store), "9999-12-31")

    assert (found[0].state, found[0].further) == ("missing", 1199)  # of the 1,200 periods of a hundred years the first is named


def test_a_month_goes_from_checked_to_distributed_to_published(store: Store) -> None:
    books(store, FEBRUARY)
    seen = [states(store, "2025-02-25")]
    service.distribute(store, "COVE-1", actor="tester")
    seen.append(states(store, "2025-02-26"))
    service.publish(store, "COVE-1", "2025-02", actor="tester")
    seen.append(states(store, "2025-02-26"))

    assert seen == [[("02", "checked", ())], [("02", "distributed", ())], [("02", "published", ())]]


def test_a_month_that_was_remitted_and_not_paid_on_its_day_is_late(store: Store) -> None:
    assert states(books(store, FEBRUARY, MARCH), "2025-03-02") == [("02", "checked", ("distribution",)), ("03", "checked", ())]


def test_a_month_that_cannot_be_distributed_is_blocked_with_the_reason_and_so_are_those_after_it(store: Store) -> None:
    wrong = FEBRUARY.replace("\n", ",\n").replace("value,", "value,subject") + "2025-02-25,closing_balance,5.00,funds\n"
    february, march = periods(books(store, wrong, MARCH), "2025-03-02")

    assert (february.state, march.state) == ("blocked", "blocked")
    assert "funds closes at 0.00, reported is 5.00" in february.problems[0].fact


@pytest.mark.parametrize(
    ("deal", "came", "awaited", "arrives"),
    [
        (
            FLOATS,
            FEBRUARY,
            NOT_FIXED,
            "distribution_date,kind,subject,value\n2025-02-25,reported,sofr,4%\n",
        ),
        (
            f"{DATED}settlement: wired\n",
            FEBRUARY,
            "something is due to account funds and no wire was reported; append a `wire` row for funds, of 0 if nothing came",
            "distribution_date,kind,subject,value\n2025-02-25,wire,funds,18000.00\n",
        ),
        (
            DATED.replace("  - {pay: rest, to: R, from: funds}\n", ""),  # 8,000 less 100, 4,000 and 1,500 stay
            "distribution_date,kind,subject,value\n2025-02-25,closing_balance,funds,2400.00\n",
            "funds closes at 0.00, reported is 2,400.00; append the month's remittance",
            FEBRUARY,
        ),
    ],
    ids=["a reported value", "a wire", "another source's file"],
)
def test_a_month_is_received_while_it_waits_for(store: Store, deal: str, came: str, awaited: str, arrives: str) -> None:
    books(store, came, deal=deal)
    before = periods(store, "2025-02-21")
    service.remit(store, "COVE-1", arrives.encode(), "rest.csv", source_name="trustee", actor="tester")

    assert [(period.state, period.late) for period in before] == [("received", ("determination",))]
    assert [str(problem).partition(": ")[2] for problem in before[0].problems] == [awaited]
    assert states(store, "2025-02-21") == [("02", "checked", ())]


def test_a_month_behind_one_that_waits_waits_too(store: Store) -> None:
    books(store, FEBRUARY, MARCH, deal=f"{DATED}settlement: wired\n")

    assert [state for _, state, _ in states(store, "2025-03-02")] == ["received", "received"]


def test_a_month_of_which_nothing_came_does_not_explain_another_balance(store: Store) -> None:
    text = "distribution_date,kind,subject,value\n2025-02-25,nil_month,,\n2025-02-25,closing_balance,funds,5.00\n"

    assert states(books(store, text), "2025-02-20") == [("02", "blocked", ())]


def test_what_waits_for_approval_is_proposed_and_then_approved(store: Store) -> None:
    books(store, FEBRUARY, deal=DATED.replace("title:", "approval: true\ntitle:"))
    service.distribute(store, "COVE-1", actor="maker")
    seen = states(store, "2025-02-25")
    service.approve(store, "COVE-1", "2025-02", actor="checker")

    assert [*seen, *states(store, "2025-02-25")] == [("02", "proposed", ()), ("02", "approved", ())]


def test_what_was_appended_since_takes_a_proposal_back(store: Store) -> None:
    books(store, FEBRUARY, deal=DATED.replace("title:", "approval: true\ntitle:"))
    service.distribute(store, "COVE-1", actor="maker")
    service.remit(store, "COVE-1", b"distribution_date,kind,value\n2025-02-25,charge_off,10.00\n", "late.csv", source_name="trustee", actor="tester")

    assert states(store, "2025-02-25") == [("02", "checked", ())]


def test_a_month_that_was_reopened_is_revised_until_it_is_published(store: Store) -> None:
    books(store, FEBRUARY)
    service.distribute(store, "COVE-1", actor="tester")
    right = DATED.replace("amount: 100", "amount: 90").encode()
    service.correct_terms(store, "COVE-1", right, "deal.yaml", effective="2025-02", reason="the fee letter", treatment="reopen", actor="tester")
    seen = states(store, "2025-02-25")
    service.publish(store, "COVE-1", "2025-02", actor="tester")

    assert [*seen, *states(store, "2025-02-25")] == [("02", "revised", ()), ("02", "published", ())]


def reopen(store: Store, effective: str, fee: int, actor: str) -> None:
    right = DATED.replace("amount: 100", f"amount: {fee}")
    right = right.replace("title:", "approval: true\ntitle:") if actor == "maker" else right
    service.correct_terms(store, "COVE-1", right.encode(), "deal.yaml", effective=effective, reason="the fee letter", treatment="reopen", actor=actor)


def test_an_older_month_that_investors_have_otherwise_is_revised_until_it_is_published_anew(store: Store) -> None:
    """February was published and March was not: of the two, reopened twice, investors hold a wrong statement of February alone."""
    books(store, FEBRUARY, MARCH)
    service.distribute(store, "COVE-1", actor="tester")
    service.publish(store, "COVE-1", "2025-02", actor="tester")
    seen = [states(store, "2025-03-26")]
    reopen(store, "2025-02", 90, "tester")
    reopen(store, "2025-02", 80, "tester")
    seen.append(states(store, "2025-03-26"))
    service.publish(store, "COVE-1", "2025-02", actor="tester")
    seen.append(states(store, "2025-03-26"))

    assert seen == [[("03", "distributed", ())], [("02", "revised", ()), ("03", "revised", ())], [("03", "revised", ())]]


def test_a_month_that_is_proposed_to_be_reopened_says_so_until_something_else_is_appended(store: Store) -> None:
    books(store, FEBRUARY, MARCH, deal=DATED.replace("title:", "approval: true\ntitle:"))
    for month in ("2025-02", "2025-03"):
        service.distribute(store, "COVE-1", actor="maker")
        service.approve(store, "COVE-1", month, actor="checker")
    reopen(store, "2025-02", 90, "maker")
    seen = states(store, "2025-03-26")
    service.publish(store, "COVE-1", "2025-03", actor="tester")

    assert seen == [("02", "reopening", ()), ("03", "approved", ())]
    assert states(store, "2025-03-26") == [("03", "published", ())]


def test_a_trust_that_has_paid_everybody_misses_nothing(store: Store) -> None:
    books(store, FEBRUARY.replace("10000.00", "1000000.00").replace("8000.00", "9000.00"))
    service.distribute(store, "COVE-1", actor="tester")

    assert states(store, "2026-02-25") == [("02", "distributed", ())]


def test_a_deal_that_cannot_be_read_does_not_stop_the_rest(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    books(store)
    service.open_deal(store, DATED.replace("COVE-1", "DELTA-1").encode(), "deal.yaml", actor="tester")
    whole = service.terms.terms_stated

    def one_is_broken(reader: object, deal: str, digest: str) -> object:
        if deal == "COVE-1":
            raise ProblemsFound([Problem("the document is gone", place=deal)])
        return whole(reader, deal, digest)  # type: ignore[arg-type]  # the reader as it came

    monkeypatch.setattr(service.terms, "terms_stated", one_is_broken)
    cove, delta = status(store, date(2025, 2, 1))

    assert [str(problem) for problem in cove.problems] == ["COVE-1: the document is gone"]
    assert [period.state for period in delta.periods] == ["missing"]


def test_every_state_is_documented() -> None:
    chapter = (ROOT / "docs" / "statements.md").read_text(encoding="utf-8").partition("## How far a period has come")[2].partition("\n## ")[0]

    assert re.findall(r"^\| `(\w+)` \|", chapter, re.MULTILINE) == list(STATES)
