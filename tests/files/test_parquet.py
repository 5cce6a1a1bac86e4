"""The canonical remittance as a Parquet file: the same facts as its CSV, exactly, and whatever is not exact refused."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ledger import service
from ledger.core.problems import ProblemsFound
from ledger.files import csv_text, parquet
from ledger.files.importers import detected
from ledger.files.remittance import COLUMNS, REQUIRED
from ledger.store.engine import Store
from tests.importers.tapes import DEAL, opened

CSV = """\
distribution_date,kind,loan,principal,interest,balance,rate,delinquency,effective_on
2025-01-25,loan_setup,L-1,,,600.00,0.0625,,2050-01-01
2025-01-25,loan_setup,L-2,,,400.00,0.065,,
2025-01-25,payment,L-1,20.50,3.00,579.50,,0,2025-01-01
2025-01-25,payment,L-2,-1.25,0.00,401.25,,30,
"""
TYPES = {
    "principal": "DECIMAL(18,2)", "interest": "DECIMAL(12,4)", "balance": "DECIMAL(38,2)", "rate": "DECIMAL(9,6)", "delinquency": "INTEGER",
    "effective_on": "DATE", "distribution_date": "DATE",
}  # fmt: skip


def parquet_file(folder: Path, select: str, name: str = "remittance.parquet") -> Path:
    """A file with the rows of a query."""
    path = folder / name
    with duckdb.connect() as connection:
        connection.sql(select).write_parquet(str(path))
    return path


def of_csv(folder: Path, types: dict[str, str], name: str = "remittance.parquet") -> Path:
    """The rows of the CSV, in these types where they are named, else as text."""
    (folder / "rows.csv").write_text(CSV, encoding="utf-8")
    header = CSV.partition("\n")[0].split(",")
    columns = ", ".join(f"CAST({column} AS {types.get(column, 'VARCHAR')}) AS {column}" for column in header)
    return parquet_file(folder, f"SELECT {columns} FROM read_csv('{folder / 'rows.csv'}', all_varchar = true)", name)


def problems(source: Any) -> list[str]:
    try:
        list(parquet.read_blocks(source, "m.parquet", COLUMNS, REQUIRED))
    except ProblemsFound as found:
        return [str(problem) for problem in found.problems]
    return []


@pytest.mark.parametrize("types", [{}, TYPES, {"delinquency": "UTINYINT", "principal": "DECIMAL(9,2)", "balance": "DECIMAL(20,6)"}])
def test_file_comes_to_the_events_of_its_csv(sqlite: str, tmp_path: Path, types: dict[str, str]) -> None:
    with closing(Store(sqlite)) as store:
        opened(store, "1000.00")
        (expected,) = service.remit(store, DEAL, CSV.encode(), "m.csv", actor="trustee", dry_run=True)
        (month,) = service.remit(store, DEAL, of_csv(tmp_path, types), "m.parquet", actor="trustee")
        (again,) = service.remit(store, DEAL, (tmp_path / "remittance.parquet").read_bytes(), "m.parquet", actor="trustee")
        with store.reading() as reader:
            events = [(event.kind, event.subject, event.principal, event.balance, event.rate, event.delinquency) for _, event in reader.events(DEAL)]
            read = [event for event in events if event[0] in ("payment", "loan_setup")]

    assert month.events == expected.events == 4
    assert again.receipt is not None
    assert again.receipt.outcome == "already appended"
    assert read == [
        ("loan_setup", "L-1", None, 600_00, "0.0625", None),
        ("loan_setup", "L-2", None, 400_00, "0.065", None),
        ("payment", "L-1", 20_50, 579_50, None, 0),
        ("payment", "L-2", -1_25, 401_25, None, 30),
    ]


def test_problems_name_the_row_and_the_column(sqlite: str, tmp_path: Path) -> None:
    path = parquet_file(
        tmp_path, "SELECT * FROM (VALUES ('2025-01-25', 'interest', '5.00'), ('2025-01-25', 'interest', '1.005')) t(distribution_date, kind, value)"
    )
    with closing(Store(sqlite)) as store:
        opened(store, "1000.00")
        with pytest.raises(ProblemsFound, match=r"m.parquet:2: `value` is `1.005`, which has more than 2 decimal places"):
            service.remit(store, DEAL, path, "m.parquet", actor="trustee")


@pytest.mark.parametrize(
    ("column", "problem"),
    [
        ("1.5::DOUBLE AS value", "the column `value` holds floating point numbers; write it as DECIMAL or as text: a floating point number is not the amount"),
        ("1.5::FLOAT AS value", "the column `value` holds floating point numbers"),
        ("TIMESTAMP '2025-01-25 00:00:00' AS effective_on", "the column `effective_on` is of the type TIMESTAMP; write it as text, or as DECIMAL, DATE or a"),
        ("[1] AS value", "the column `value` is of the type INTEGER[]"),
        ("true AS code", "the column `code` is of the type BOOLEAN"),
        ("'Jane' AS borrower", "`borrower` is not a column; "),
        ("'a' || chr(10) || 'b' AS note", "m.parquet:1: `note` has a character that is not printable; remove it"),
        ("repeat('x', 10001) AS note", "m.parquet:1: `note` has 10,001 characters, the most is 10,000"),
    ],
)
def test_what_is_not_exact_or_not_known_is_refused(tmp_path: Path, column: str, problem: str) -> None:
    found = problems(parquet_file(tmp_path, f"SELECT '2025-01-25' AS distribution_date, 'interest' AS kind, {column}"))

    assert len(found) == 1
    assert found[0].removeprefix("m.parquet: ").startswith(problem)


def test_required_columns_and_a_readable_file_are_asked_for(tmp_path: Path) -> None:
    whole = of_csv(tmp_path, TYPES).read_bytes()

    assert problems(parquet_file(tmp_path, "SELECT '2025-01-25' AS distribution_date", "short.parquet"))[0].startswith(
        "m.parquet: the column `kind` is missing"
    )
    assert problems(b"distribution_date,kind\n") == ["m.parquet: this is no Parquet file; leave out --format for a CSV file"]
    assert problems(whole[: len(whole) // 2])[0].startswith("m.parquet: this Parquet file cannot be read: ")
    assert problems(b"PAR1" * 4)[0].endswith("; write it anew, or send the month as CSV")


def test_rows_come_in_blocks_in_the_order_of_the_file(tmp_path: Path) -> None:
    count = 2 * csv_text.ROWS_AT_ONCE + 5
    path = parquet_file(tmp_path, f"SELECT '2025-01-25' AS distribution_date, 'interest' AS kind, 'L' || i AS loan FROM range({count}) t(i)")

    blocks = list(parquet.read_blocks(path, "m.parquet", COLUMNS, REQUIRED))
    assert [len(block.numbers) for block in blocks] == [csv_text.ROWS_AT_ONCE, csv_text.ROWS_AT_ONCE, 5]
    assert [loan for block in blocks for loan in block.columns["loan"]] == [f"L{number}" for number in range(count)]
    assert [number for block in blocks for number in block.numbers] == list(range(1, count + 1))


def test_more_rows_than_a_file_may_have_are_refused_before_they_are_read(tmp_path: Path) -> None:
    path = parquet_file(tmp_path, "SELECT '2025-01-25' AS distribution_date, 'interest' AS kind FROM range(11)")

    with pytest.raises(ProblemsFound, match="the file has more than 10 rows"):
        next(parquet.read_blocks(path, "m.parquet", COLUMNS, REQUIRED, 10))


def test_name_of_a_file_is_no_pattern(tmp_path: Path) -> None:
    for name in ("a1.parquet", "a[1].parquet", "it's *.parquet"):
        of_csv(tmp_path, {}, "plain.parquet").rename(tmp_path / name)

    assert [problems(path) for path in sorted(tmp_path.glob("*.parquet"))] == [[], [], []]


def test_parquet_is_known_by_its_first_bytes_and_no_correction_comes_in_it(sqlite: str, tmp_path: Path) -> None:
    body = of_csv(tmp_path, {}).read_bytes()

    assert detected(body) == "parquet"
    with closing(Store(sqlite)) as store:
        opened(store, "1000.00")
        with pytest.raises(ProblemsFound, match="is a form of the canonical remittance only; write what is corrected as CSV"):
            service.correct(store, DEAL, body, "m.parquet", reason="late", format_="parquet", actor="trustee")
