"""Published figures and tolerances as files: read whole, or refused with every problem by row."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.problems import ProblemsFound
from ledger.files.published import read_published, read_tolerated

HEADER = "distribution_date,subject,item,amount,note\n"


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("", ["p.csv:1: the file is empty; the header is a line such as distribution_date,subject,item,amount"]),
        (HEADER, ["p.csv: the file has no rows"]),
        ("distribution_date,subject,item,amounts\n", ["p.csv:1: `amounts` is not a column; did you mean amount?", "p.csv:1: the column `amount` is missing"]),
        (HEADER.replace("note", "item"), ["p.csv:1: the column `item` stands twice"]),
        (HEADER + "2025-03-25,A,interest_paid\n", ["p.csv:2: the row has 3 cells, the header 5"]),
        (HEADER + '2025-03-25,A,"interest_paid,1,\n', ["p.csv:2: a quote is not closed in its line"]),
        (HEADER + "2025-03-25,A,x,1,\n25.03.2025,A,x,1,\n", ["p.csv:3: `25.03.2025` is not a date such as 2025-04-25"]),
        (HEADER + "20250325,A,x,1,\n", ["p.csv:2: `20250325` is not a date"]),
        (HEADER + "2025-02-30,A,x,1,\n", ["p.csv:2: `2025-02-30` is not a date"]),
        (HEADER + "2025-03-25,,x,1,\n2025-03-25,A,,1,\n", ["p.csv:2: `subject` is blank", "p.csv:3: `item` is blank"]),
        (HEADER + '2025-03-25,A,x,"1,234.50",\n', ["p.csv:2: `1,234.50` is no figure; write 1234.50"]),
        (HEADER + "2025-03-25,A,x,(12.50),\n", ["p.csv:2: `(12.50)` is no figure; write -12.50"]),
        (HEADER + "2025-03-25,A,x,-,\n", ["p.csv:2: `-` is no figure; write 0 where the report means nil, or leave the row out"]),
        (HEADER + "2025-03-25,A,x,1e3,\n", ["p.csv:2: `1e3` is no figure"]),
        (HEADER + "2025-03-25,A,x,$5,\n", ["p.csv:2: `$5` is no figure; write 5"]),
        (HEADER + "2025-03-25,A,x,1,\n\n2025-03-25,A,x,2,\n", ["p.csv:4: A x of 2025-03-25 stands in p.csv:2 already"]),
        (HEADER + "2025-03-25,A,x,\0,\n", ["p.csv:2: the character '\\x00' is not printable"]),
    ],
)  # fmt: skip
def test_bad_file_is_refused_with_every_problem_by_row(text: str, problems: list[str]) -> None:
    with pytest.raises(ProblemsFound) as refused:
        read_published(text.encode(), "p.csv")

    found = [str(problem) for problem in refused.value.problems]
    assert [line.startswith(start) for line, start in zip(found, problems, strict=True)] == [True] * len(problems), found


def test_file_that_is_not_utf_8_is_refused_by_row() -> None:
    with pytest.raises(ProblemsFound, match=r"p\.csv:2: byte 0xff is not UTF-8"):
        read_published(HEADER.encode() + b"2025-03-25,\xff,x,1,\n", "p.csv")


def test_byte_order_mark_and_windows_line_ends_are_fine() -> None:
    rows = read_published(b"\xef\xbb\xbf" + (HEADER + "2025-03-25,A,x,-0.00,\n").replace("\n", "\r\n").encode(), "p.csv")

    assert (rows[0].value, rows[0].places, rows[0].place) == (0, 2, "p.csv:2")


TOLERATED = "distribution_date,subject,item,difference,reason\n"


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("2025-03-25,A,x,a cent,why", "t.csv:2: `a cent` is no difference"),
        ("2025-03-25,A,x,0.00,why", "t.csv:2: a difference of 0 needs no tolerance; remove the row"),
        ("2025-03-25,A,x,0.01,", "t.csv:2: `reason` is blank; say where the difference comes from"),
    ],
)
def test_bad_tolerance_is_refused(row: str, problem: str) -> None:
    with pytest.raises(ProblemsFound) as refused:
        read_tolerated((TOLERATED + row + "\n").encode(), "t.csv")

    assert str(refused.value.problems[0]).startswith(problem)


@given(
    st.one_of(
        st.binary(max_size=200),
        st.text(max_size=200).map(str.encode),
        st.text(alphabet='25-03,Ax.%"\n()', max_size=120).map(lambda text: (HEADER + text).encode()),
    )
)
@settings(max_examples=300, derandomize=True, deadline=None)
def test_any_file_gives_rows_or_problems_with_their_place(source: bytes) -> None:
    try:
        places = [row.place for row in read_published(source, "p.csv")]
    except ProblemsFound as found:
        places = [problem.place for problem in found.problems]

    assert places
    assert all(place.startswith("p.csv") for place in places)
