"""Amending a deal: from a period on its new terms count; the periods before keep theirs for ever, on statements, in replays, under every later version."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ledger import service
from ledger.core.problems import ProblemsFound
from ledger.store.engine import Store
from tests.service.trust import DEAL, distribute, figure, open_trust, remit

DEARER = DEAL.replace("trustee: {amount: 100}", "trustee: {amount: 250}")
DEAREST = DEAL.replace("trustee: {amount: 100}", "trustee: {amount: 400}")
MONTHS = ("2025-02-25", "2025-03-25", "2025-04-25", "2025-05-25")


def amend(store: Store, text: str, effective: str, deal: str = "COVE-1") -> service.Amended:
    return service.amend(store, deal, text.encode(), "amended.yaml", effective=effective, actor="tester", reason="Amendment No. 1")


def refusals(store: Store, text: str, effective: str = "2025-04") -> list[str]:
    """What is wrong with an amendment; it must have left the log as it was."""
    with store.reading() as reader:
        before = reader.head("COVE-1")
    with pytest.raises(ProblemsFound) as found:
        amend(store, text, effective)
    with store.reading() as reader:
        assert reader.head("COVE-1") == before
    return [f"{problem.place.partition(':')[0]}: {problem.fact}; {problem.remedy}" for problem in found.value.problems]


def run(store: Store, keys: tuple[str, ...] = MONTHS) -> None:
    for key in keys:
        remit(store, key)
    assert distribute(store).problems == ()


# What counts when -------------------------------------------------------------------------------------------------------


def test_new_terms_count_from_their_period_on_and_not_before(store: Store) -> None:
    open_trust(store)
    amend(store, DEARER, "2025-04")

    run(store)

    assert [figure(store, "trustee", "paid", key[:7]) for key in MONTHS] == ["100.00", "100.00", "250.00", "250.00"]
    assert service.verify(store, "COVE-1").problems == ()


def test_amendment_of_a_month_that_is_remitted_and_not_distributed_counts_for_it(store: Store) -> None:
    open_trust(store)
    remit(store, MONTHS[0])

    amend(store, DEARER, "2025-02-25")
    distribute(store)

    assert figure(store, "trustee", "paid") == "250.00"


def test_statement_of_an_earlier_period_never_changes(store: Store) -> None:
    open_trust(store)
    run(store, MONTHS[:2])
    before = service.statement(store, "COVE-1")

    amend(store, DEARER.replace("title: Cove Trust 2025-1", "title: Cove Trust, as amended"), "2025-04")
    run(store, MONTHS[2:3])

    then = service.statement(store, "COVE-1", on="2025-03")
    assert (then.title, then.sections, then.flow_of_funds) == (before.title, before.sections, before.flow_of_funds)
    assert service.statement(store, "COVE-1").title == "Cove Trust, as amended"


def test_of_several_versions_the_one_that_begins_last_counts_whenever_it_was_appended(store: Store) -> None:
    open_trust(store)
    amend(store, DEAREST, "2025-05")

    amended = amend(store, DEARER, "2025-03")
    run(store)

    assert str(amended.until) == "2025-05-25"
    assert [figure(store, "trustee", "paid", key[:7]) for key in MONTHS] == ["100.00", "250.00", "250.00", "400.00"]


def test_second_amendment_of_the_same_period_replaces_the_first(store: Store) -> None:
    open_trust(store)
    amend(store, DEARER, "2025-02")

    amend(store, DEAREST, "2025-02")
    run(store, MONTHS[:1])

    assert figure(store, "trustee", "paid") == "400.00"


def test_same_file_for_the_same_period_again_adds_nothing(store: Store) -> None:
    open_trust(store)
    first = amend(store, DEARER, "2025-04")

    again = amend(store, DEARER, "2025-04-25")

    with store.reading() as reader:
        assert first.receipt is not None
        assert reader.head("COVE-1").position == first.receipt.position
    assert again.receipt is None


def test_terms_of_a_period_are_those_known_at_a_position(store: Store) -> None:
    open_trust(store)
    amended = amend(store, DEARER, "2025-04")
    assert amended.receipt is not None

    with store.reading() as reader:
        of = {position: service.terms_of(reader, "COVE-1", amended.effective, position)[0].deal.fees["trustee"].amount for position in (1, 2)}

    assert amended.receipt.position == 2
    assert [amount.text for amount in of.values() if amount] == ["100", "250"]


def test_run_under_another_id_is_amended_by_the_trusts_own_file(store: Store) -> None:
    open_trust(store, called="COVE-1.2025")

    amended = amend(store, DEARER, "2025-02", deal="COVE-1.2025")
    remit(store, MONTHS[0], deal="COVE-1.2025")
    distribute(store, "COVE-1.2025")

    assert amended.receipt is not None
    assert figure(store, "trustee", "paid", deal="COVE-1.2025") == "250.00"


def test_new_reported_value_is_asked_for_from_its_period_on(store: Store) -> None:
    open_trust(store)
    amend(store, DEAL.replace("reported: {sofr", "reported: {expenses: money, sofr").replace("{amount: 100}", "{amount: expenses}"), "2025-03")
    remit(store, MONTHS[0])
    remit(store, MONTHS[1], "2025-03-25,reported,expenses,70.00")

    distribute(store)

    assert [figure(store, "trustee", "paid", key[:7]) for key in MONTHS[:2]] == ["100.00", "70.00"]


def test_months_of_one_file_are_read_each_by_its_own_terms(store: Store) -> None:
    open_trust(store)
    amend(
        store, DEAL.replace("reported: {sofr", "reported: {expenses: {type: money, missing: 0}, sofr").replace("{amount: 100}", "{amount: expenses}"), "2025-03"
    )
    rows = "distribution_date,kind,subject,value\n"
    for key in MONTHS[:2]:
        rows += f"{key},interest,,8000.00\n{key},reported,sofr,5%\n{key},reported,expenses,70.00\n"

    with pytest.raises(ProblemsFound) as found:
        service.remit(store, "COVE-1", rows.encode(), "both.csv", actor="tester")
    service.remit(store, "COVE-1", rows.replace("2025-02-25,reported,expenses,70.00\n", "").encode(), "both.csv", actor="tester")
    distribute(store)

    (problem,) = found.value.problems
    assert str(problem).startswith("both.csv:4: ")
    assert [figure(store, "trustee", "paid", key[:7]) for key in MONTHS[:2]] == ["100.00", "70.00"]


def test_class_that_an_amendment_adds_opens_at_nothing_and_is_issued_by_an_adjustment(store: Store) -> None:
    open_trust(store)
    added = DEAL.replace("  R: {kind", "  C: {original_balance: 50_000, rate: 12%}\n  R: {kind").replace(
        "to: {sequential: [A, B]}", "to: {sequential: [A, B, C]}"
    )
    amend(
        store,
        added.replace("to: {sequential: [B, A]}", "to: {sequential: [C, B, A]}").replace("tranches.balance -", "tranches.balance - C.balance -"),
        "2025-03",
    )
    remit(store, MONTHS[0])
    content = "distribution_date,kind,subject,value,note\n2025-03-25,interest,,9000.00,\n2025-03-25,scheduled_principal,,10000.00,\n"
    content += "2025-03-25,reported,sofr,5%,\n2025-03-25,adjustment,C,50000.00,Class C issued on 2025-03-01\n"
    service.remit(store, "COVE-1", content.encode(), "march.csv", actor="tester")

    assert distribute(store).problems == ()

    # 50,000 x 12 % / 12
    assert (figure(store, "C", "closing_balance"), figure(store, "C", "interest_paid")) == ("50000.00", "500.00")
    assert figure(store, "C", "factor") == "1.00000000"
    assert service.verify(store, "COVE-1").problems == ()


def test_trigger_that_an_amendment_adds_has_passed_until_it_is_tested(store: Store) -> None:
    open_trust(store)
    tested = DEAL.replace("waterfall:", "triggers: {low: {fails_when: pool.balance < 985_000, tested: closing}}\nwaterfall:", 1)
    amend(store, tested, "2025-03")

    run(store, MONTHS[:3])

    # 1,000,000 less 10,000 a month: 980,000 at the closing of March, which counts from April on
    assert [figure(store, "deal", "low", key[:7]) for key in MONTHS[:3]] == [None, "no", "yes"]


def test_second_actor_that_an_amendment_brings_in_is_asked_from_its_period_on_and_stays(store: Store) -> None:
    open_trust(store)
    approved = DEAL.replace("title:", "approval: true\ntitle:")
    amend(store, approved, "2025-03")
    for key in MONTHS[:2]:
        remit(store, key)

    first, second = distribute(store), distribute(store)
    (refusal,) = refusals(store, DEAL, "2025-04")

    assert (len(first.distributions), first.proposal) == (1, None)
    assert second.proposal is not None
    assert str(second.proposal.period) == "2025-03-25"
    assert refusal.startswith("amended.yaml: `approval` is taken away; ")


# What is refused --------------------------------------------------------------------------------------------------------


def test_distributed_period_keeps_its_terms(store: Store) -> None:
    open_trust(store)
    run(store, MONTHS[:2])

    (refusal,) = refusals(store, DEARER, "2025-03")

    assert refusal.startswith("COVE-1: the period 2025-03-25 is already distributed under its terms; ")
    assert "tranche correct COVE-1 FILE --effective 2025-03-25 --reason TEXT" in refusal


def test_effective_period_must_be_one_of_the_schedule(store: Store) -> None:
    open_trust(store)

    (refusal,) = refusals(store, DEARER, "2025-04-20")

    assert refusal == "COVE-1: 2025-04-20 is not a period of COVE-1; name a scheduled distribution date: 2025-04-25 or 2025-05-25"


Change = Callable[[str], str]


def replaced(*pairs: tuple[str, str]) -> Change:
    def change(text: str) -> str:
        for old, new in pairs:
            assert old in text
            text = text.replace(old, new)
        return text

    return change


@pytest.mark.parametrize(
    ("change", "fact"),
    [
        (replaced(("deal: COVE-1", "deal: COVE-2")), "`deal` is COVE-2, in the books it is COVE-1"),
        (replaced(("title:", "currency: EUR\ntitle:")), "`currency` is EUR, in the books it is USD"),
        (replaced(("closing_date: 2025-01-15", "closing_date: 2025-01-16")), "`closing_date` is 2025-01-16, in the books it is 2025-01-15"),
        (replaced(("title:", "time_zone: Europe/London\ntitle:")), "`time_zone` is Europe/London, in the books it is UTC"),
        (replaced(("title:", "rounding: {carry: 0.001}\ntitle:")), "`rounding.carry` is 0.001, in the books it is 0.01"),
        (replaced(("{day: 25, first: 2025-02-25", "{day: 20, first: 2025-02-20")), "period 1 would be that of 2025-02-20, in the books"),
        (replaced(("B: {original_balance: 200_000", "B: {original_balance: 250_000")), "the original balance of B is 250000, in the books it is 200000"),
        (replaced(("pool: {original_balance: 1_000_000", "pool: {original_balance: 1_100_000")), "the original balance of pool is 1100000, in the books it is"),
        (
            replaced(("accounts: {", "accounts: {reserve: {opening: 500}, ")),
            "account reserve is new and would open with 500",
        ),
        (
            replaced(("[A, B]", "[A]"), ("  B: {original_balance: 200_000, rate: 9%}\n", ""), ("{sequential: [B, A]}", "A")),
            "class B stands in the books with 200,000.00 (`B.principal`), and the new terms have no place for it",
        ),
        (
            replaced(("fees: {trustee: {amount: 100}}", "amounts: {base: 100}\nfees: {trustee: {amount: previous(base)}}")),
            "`previous(base)` has no value in period 3: the terms until then do not keep base",
        ),
    ],
)  # fmt: skip
def test_what_the_books_rest_on_cannot_be_amended(sqlite: str, change: Change, fact: str) -> None:
    store = Store(sqlite)
    open_trust(store)
    run(store, MONTHS[:2])

    (refusal,) = refusals(store, change(DEAL))
    store.close()

    assert refusal.startswith(f"amended.yaml: {fact}")
    assert "; " in refusal


def test_everything_that_is_wrong_is_told_at_once_with_its_line(sqlite: str) -> None:
    store = Store(sqlite)
    open_trust(store)

    with pytest.raises(ProblemsFound) as found:
        amend(store, replaced(("deal: COVE-1", "deal: COVE-2"), ("B: {original_balance: 200_000", "B: {original_balance: 1"))(DEAL), "2025-02")
    store.close()

    assert [problem.place for problem in found.value.problems] == ["amended.yaml:1:1", "amended.yaml:9:25"]


def test_earlier_value_behind_a_condition_is_accepted_and_kept_from_then_on(store: Store) -> None:
    open_trust(store)
    rising = "amounts: {base: pool.balance / 1_000}\nfees: {trustee: {amount: if period == 3 then 7 else previous(base)}}"
    amend(store, DEAL.replace("fees: {trustee: {amount: 100}}", rising), "2025-04")

    run(store)

    # In April the value is stated; in May it is a thousandth of April's closing pool, 970,000
    assert [figure(store, "trustee", "paid", key[:7]) for key in MONTHS] == ["100.00", "100.00", "7.00", "970.00"]


def test_account_that_fills_before_its_removal_stops_the_period_that_would_lose_it(store: Store) -> None:
    with_reserve = DEAL.replace("accounts: {", "accounts: {reserve: {}, ").replace(
        "  - {pay: rest", "  - {pay: 500, to: reserve, from: funds, when: period > 1}\n  - {pay: rest"
    )
    open_trust(store, with_reserve)
    amend(store, DEAL, "2025-04")
    for key in MONTHS[:3]:
        remit(store, key)

    done = distribute(store)

    assert len(done.distributions) == 2
    assert done.problems[0].place == "COVE-1 2025-04-25"
    assert done.problems[0].fact.startswith("account reserve stands in the books with 500.00 (`cash.reserve`)")


def test_kind_of_event_that_a_remitted_month_reports_cannot_be_taken_away(store: Store) -> None:
    open_trust(store, DEAL.replace("pool: {", "events: {late_fees: {cash: in}}\npool: {", 1).replace("[interest,", "[late_fees, interest,"))
    remit(store, MONTHS[0], "2025-02-25,late_fees,,12.00")

    (refusal,) = refusals(store, DEAL, "2025-02")

    assert refusal.startswith("amended.yaml: `late_fees` is reported for 2025-02-25 (position 2, line ")


def test_published_figures_are_compared_under_the_terms_of_their_period(store: Store) -> None:
    open_trust(store)
    amend(store, DEARER.replace("trustee:", "paying_agent:").replace("to: trustee", "to: paying_agent"), "2025-03")
    run(store, MONTHS[:2])
    published = b"distribution_date,subject,item,amount\n2025-02-25,trustee,paid,100.00\n2025-03-25,paying_agent,paid,250.00\n2025-03-25,trustee,paid,0.00\n"

    found = service.reconcile(store, "COVE-1", (published, "published.csv"))

    assert [line.verdict for line in found.lines] == ["ties", "ties", "not compared"]
