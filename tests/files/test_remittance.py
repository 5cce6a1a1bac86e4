"""The canonical remittance CSV: what its rows become, in whatever form a spreadsheet saves them, and that no file whatever ends in a traceback."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.events import Event
from ledger.core.money import format_money
from ledger.core.problems import Problem, ProblemsFound
from ledger.core.terms import Terms
from ledger.files import cells, csv_text, deal_file, remittance
from ledger.files.remittance import MOST_LISTED, RemittedMonth
from tests.conftest import ROOT

CATALOGUE = ROOT / "tests" / "errors" / "remittance"
LARCH, POPLAR, ASPEN = (deal_file.load((CATALOGUE / folder / "deal.yaml").read_bytes(), "deal.yaml") for folder in ("totals", "loans", "pools"))
FEBRUARY, MARCH = date(2025, 2, 25), date(2025, 3, 25)


def months_of(text: str | bytes, terms: Terms = LARCH) -> list[RemittedMonth]:
    return remittance.read(text.encode() if isinstance(text, str) else text, "file.csv", lambda _day: terms)


def events_of(text: str | bytes, terms: Terms = LARCH) -> list[Event]:
    (month,) = months_of(text, terms)
    return list(month.events)


def facts_of(text: str | bytes, terms: Terms = LARCH) -> list[str]:
    with pytest.raises(ProblemsFound) as caught:
        months_of(text, terms)
    return [f"{problem.place}: {problem.fact}" for problem in caught.value.problems]


# What a row becomes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("interest,,,1000.00,", Event(1, "interest", interest=1000_00)),
        ("scheduled_principal,pool,,-5,", Event(1, "scheduled_principal", principal=-5_00)),
        ("repurchase_principal,,L-1,7.5,", Event(1, "repurchase", "L-1", principal=7_50)),
        ("advance_interest,,,7.00,", Event(1, "advance", interest=7_00)),
        ("lottery,,,1.00,", Event(1, "lottery", amount=1_00)),
        ("loan_setup,,L-1,150000,", Event(1, "loan_setup", "L-1", balance=150000_00)),
        ("status,,L-1,60,", Event(1, "status", "L-1", delinquency=60)),
        ("closing_balance,,,9.00,", Event(1, "closing_balance", balance=9_00)),
        ("closing_balance,reserve,,9.00,", Event(1, "closing_balance", "reserve", balance=9_00)),
        ("account_earnings,reserve,,-0.10,", Event(1, "account_earnings", "reserve", amount=-10)),
        ("adjustment,A.unpaid_interest,,-3.00,found in audit", Event(1, "adjustment", "A.unpaid_interest", amount=-3_00, code="found in audit")),
        ("nil_month,,,,payment holiday", Event(1, "nil_month", code="payment holiday")),
        ("call,,,,", Event(1, "call")),
    ],
)
def test_row_of_each_sort_becomes_its_event(row: str, expected: Event) -> None:
    events = events_of(f"distribution_date,kind,subject,loan,value,note\n2025-02-25,{row}\n")

    assert events == [expected._replace(source_row=2)]


@pytest.mark.parametrize(
    ("subject", "value", "expected"),
    [
        ("delinquent", "1000.00", {"amount": 1000_00}),
        ("index", "4.25000%", {"rate": "0.0425000"}),  # every digit is kept
        ("index", "0.0425", {"rate": "0.0425"}),
        ("index", "1", {"rate": "1"}),
        ("index", "-0.5%", {"rate": "-0.005"}),
        ("loans", "1204", {"rate": "1204"}),
        ("stepped_down", "Yes", {"code": "yes"}),
        ("stepped_down", "false", {"code": "no"}),
        ("reset_on", "2025-04-01", {"effective_on": date(2025, 4, 1)}),
    ],
)
def test_reported_value_is_read_by_its_type(subject: str, value: str, expected: dict[str, Any]) -> None:
    (event,) = events_of(f"distribution_date,kind,subject,value\n2025-02-25,reported,{subject},{value}\n")

    assert event == Event(1, "reported", subject, source_row=2)._replace(**expected)


def test_wire_names_the_account_that_it_came_for() -> None:
    (event,) = events_of("distribution_date,kind,subject,value,note\n2025-02-25,wire,funds,9.00,sent on the 24th\n", ASPEN)

    assert event == Event(1, "wire", "funds", amount=9_00, code="sent on the 24th", source_row=2)


def test_usual_month_of_a_loan_is_one_row_by_the_columns_of_the_log() -> None:
    header = "distribution_date,kind,loan,principal,interest,fee,balance,rate,delinquency,code,effective_on"

    (event,) = events_of(f"{header}\n2025-02-25,payment,L-1,10.00,4.00,0.25,790.00,6.00%,30,M,2025-02-03\n", POPLAR)

    assert event == Event(
        1, "payment", "L-1", principal=10_00, interest=4_00, fee=25, balance=790_00, rate="0.0600", delinquency=30, code="M",
        effective_on=date(2025, 2, 3), source_row=2,
    )  # fmt: skip


def test_blank_cell_is_not_reported_and_nil_is() -> None:
    (event,) = events_of("distribution_date,kind,loan,principal,interest\n2025-02-25,payment,L-1,0.00,\n", POPLAR)

    assert (event.principal, event.interest) == (0, None)


def test_loan_of_a_deal_with_several_pools_is_named_with_its_pool() -> None:
    events = events_of("distribution_date,kind,subject,loan,value\n2025-02-25,interest,north,,1\n2025-02-25,interest,south,S-1,1\n", ASPEN)

    assert [event.subject for event in events] == ["north", "south/S-1"]


def test_note_about_a_loan_is_not_kept_but_the_reason_of_an_adjustment_is() -> None:
    header = "distribution_date,kind,loan,value,note"

    events = events_of(f"{header}\n2025-02-25,curtailment,L-1,1,paid by the borrower's aunt\n2025-02-25,pool_adjustment,L-1,1,balance transferred in error\n")

    assert [event.code for event in events] == [None, "balance transferred in error"]


def test_row_of_an_earlier_month_keeps_which_one() -> None:
    (month,) = months_of("distribution_date,kind,value,applies_to\n2025-03-25,interest,1,\n2025-03-25,interest,-1,2025-02-25\n")

    assert [event.interest for event in month.events] == [100, -100]
    assert month.applies_to == {2: FEBRUARY}


def test_file_of_several_months_is_parted_in_the_order_of_their_dates() -> None:
    months = months_of("distribution_date,kind,value\n2025-03-25,interest,3\n2025-02-25,interest,2\n2025-03-25,scheduled_principal,1\n")

    assert [(month.period, [(event.line, event.kind, event.source_row) for event in month.events]) for month in months] == [
        (FEBRUARY, [(1, "interest", 3)]),
        (MARCH, [(1, "interest", 2), (2, "scheduled_principal", 4)]),
    ]


def test_terms_are_those_of_the_month_that_a_row_belongs_to() -> None:
    renamed = deal_file.load((CATALOGUE / "totals" / "deal.yaml").read_bytes().replace(b"lottery", b"raffle"), "deal.yaml")
    text = b"distribution_date,kind,value\n2025-02-25,lottery,1\n2025-03-25,raffle,1\n"

    months = remittance.read(text, "file.csv", lambda day: LARCH if day < MARCH else renamed)

    assert [event.kind for month in months for event in month.events] == ["lottery", "raffle"]


# The forms of a file -------------------------------------------------------------------------------------------------------

PLAIN = 'distribution_date,kind,subject,value,note\n2025-02-25,interest,,1000.00,\n2025-02-25,reported,delinquent,1.00,"as printed, page 2"\n'


@pytest.mark.parametrize(
    "same",
    [
        PLAIN.encode(),
        PLAIN.replace("\n", "\r\n").encode(),
        PLAIN.encode("utf-8-sig"),
        PLAIN.rstrip("\n").encode(),
        PLAIN.replace("2025-02-25,", "2025-02-25 , ").encode(),
        PLAIN.replace("interest", '"interest"').encode(),
        (PLAIN + ",,,,\n , ,,,\n").encode(),
    ],
    ids=["plain", "carriage returns", "byte order mark", "no last line end", "blanks around cells", "quotes where none are needed", "rows of blank cells"],
)
def test_forms_that_spreadsheets_save_read_the_same(same: bytes) -> None:
    assert events_of(same) == [
        Event(1, "interest", interest=1000_00, source_row=2),
        Event(2, "reported", "delinquent", amount=100, code="as printed, page 2", source_row=3),
    ]


def test_order_of_columns_makes_no_difference_and_blank_lines_are_no_rows() -> None:
    events = events_of("value,kind,distribution_date\n\n1.00,interest,2025-02-25\n\n\n2.00,lottery,2025-02-25\n")

    assert [(event.kind, event.source_row) for event in events] == [("interest", 3), ("lottery", 6)]


def test_row_numbers_hold_over_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_text, "ROWS_AT_ONCE", 3)
    monkeypatch.setattr(csv_text, "BYTES_AT_ONCE", 40)
    rows = [f"2025-02-25,interest,L-{number},1.00\r\n" for number in range(2, 50)]
    rows[20] = "2025-02-25,interest,L-22,1,00\r\n"
    rows[40] = "2025-02-25,interest,L-42,abc\r\n"

    facts = facts_of("distribution_date,kind,loan,value\r\n" + "".join(rows))

    assert facts == [
        "file.csv:22: the row has 5 cells, the header 4",
        "file.csv:42: `value` is `abc`, which is not a plain amount such as -1234.56",
    ]


def test_line_that_is_too_long_and_a_file_that_is_too_large_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    long = f"distribution_date,kind,value,note\n2025-02-25,interest,1,{'x' * 10_000}\n"

    assert facts_of(long) == ["file.csv:2: the line has 10,022 characters, the most is 10,000"]
    monkeypatch.setattr(csv_text, "MOST_BYTES", 100)
    assert facts_of(long) == ["file.csv: the file has 10,057 bytes, the most is 100"]


def test_listing_is_cut_and_the_rest_is_counted() -> None:
    rows = "2025-02-25,interest,abc\n" * (MOST_LISTED + 1234)

    facts = facts_of(f"distribution_date,kind,value\n{rows}")

    assert len(facts) == MOST_LISTED + 1
    assert facts[-1] == ": and 1,234 more problems"


def test_file_that_is_wrong_everywhere_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remittance, "MOST_FOUND", 300)
    monkeypatch.setattr(csv_text, "ROWS_AT_ONCE", 100)

    facts = facts_of("distribution_date,kind,value\n" + "2025-02-25,interest,abc\n" * 5000)

    assert facts[-1] == ": and at least 200 more problems"


# Properties ----------------------------------------------------------------------------------------------------------------


@given(st.lists(st.one_of(st.none(), st.integers(-(10**16), 10**16)), min_size=1), st.integers(0, 6))
def test_column_of_money_reads_as_each_of_its_cells(figures: list[int | None], scale: int) -> None:
    texts = ["" if figure is None else format_money(figure, scale, thousands=False) for figure in figures]

    wrong: list[Problem] = []

    read = cells.amounts("value", texts, scale, lambda _index, problem: wrong.append(problem))

    assert (read, wrong) == (figures, [])


@given(st.lists(st.text("0123456789.-+_,e %\u0663", max_size=24), min_size=1, max_size=4))
def test_one_look_at_a_column_accepts_nothing_that_a_look_at_each_cell_refuses(texts: list[str]) -> None:
    wrong: list[int] = []

    together = cells.amounts("value", texts, 2, lambda index, _problem: wrong.append(index))

    apart = [None if text == "" else cells.parsed("value", text, cells.amount_of(2)) for text in texts]
    assert list(together) == apart
    assert wrong == [index for index, cell in enumerate(apart) if not isinstance(cell, int | None)]


KINDS = st.sampled_from(
    ["interest", "payment", "reported", "adjustment", "wire", "loan_setup", "status", "nil_month", "closing_balance", "lottery", "intrest", ""]
)
CELLS = st.one_of(
    st.text(max_size=6), st.sampled_from(["1.00", "-1", "5%", "1.005", "yes", "2025-02-25", "2025-03-25", "index", "A", "pool", "funds", "L-1", "30"])
)


@given(st.lists(st.sampled_from(remittance.COLUMNS), unique=True), st.lists(st.tuples(KINDS, st.lists(CELLS, max_size=16)), max_size=4))
def test_any_rows_become_events_or_problems_with_a_place_and_a_remedy(columns: Sequence[str], rows: list[tuple[str, list[str]]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["distribution_date", "kind", *(column for column in columns if column not in remittance.REQUIRED)])
    writer.writerows(["2025-03-25", kind, *some] for kind, some in rows)

    try:
        months = months_of(text.getvalue().encode("utf-8", "surrogatepass"))
    except ProblemsFound as found:
        problems, read = found.problems, 0
    else:
        problems, read = (), sum(len(month.events) for month in months)

    assert all(problem.place.startswith("file.csv") and problem.remedy for problem in problems)
    assert problems or read == len(rows)


@given(st.binary(max_size=60))
def test_any_bytes_end_in_problems(source: bytes) -> None:
    with pytest.raises(ProblemsFound) as caught:
        months_of(source)

    assert all(problem.place and problem.remedy for problem in caught.value.problems)
