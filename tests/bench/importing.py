"""A million rows of the canonical CSV: read, checked, appended; beside duckdb's typed scan of the same file with the raw insert of its rows."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from ledger import service
from ledger.store.engine import Store
from tests.bench import reopening, rows
from tests.bench.figure import LIMIT, Figure, at_least, at_most, seconds
from tests.bench.processes import megabytes, url_of
from tests.bench.reopening import DEAL
from tests.bench.setting import Setting
from tests.store import sample

COLUMNS = {
    "distribution_date": "DATE", "kind": "VARCHAR", "loan": "VARCHAR", "principal": "DECIMAL(18, 2)", "interest": "DECIMAL(18, 2)",
    "balance": "DECIMAL(18, 2)", "rate": "VARCHAR", "delinquency": "INTEGER",
}  # fmt: skip
DATES = ("2015-02-25", "2015-03-25", "2015-04-25")
ROWS_AT_ONCE = 50_000


class Files(NamedTuple):
    """The same rows as CSV and as Parquet, and how many loans they are of."""

    csv: Path
    parquet: Path
    loans: int


def lines(loans: int) -> Iterator[str]:
    """Three months of the loans; the first sets them up."""
    yield ",".join(COLUMNS)
    for loan in range(loans):
        yield f"{DATES[0]},loan_setup,L-{loan:07d},,,100000.00,6.00%,"
    for month, date in enumerate(DATES, 1):
        for loan in range(loans):
            principal = 100 + loan % 7
            yield f"{date},payment,L-{loan:07d},{principal}.00,500.{loan % 100:02d},{100_000 - month * principal}.00,6.00%,0"


def files(setting: Setting) -> Files:
    loans = setting.sizes.rows // 4
    made = Files(setting.folder / "rows.csv", setting.folder / "rows.parquet", loans)
    if not made.csv.exists():
        with made.csv.open("w", encoding="utf-8", newline="\n") as out:
            out.writelines(f"{line}\n" for line in lines(loans))
        if find_spec("duckdb"):
            import_module("duckdb").execute(f"COPY (FROM {typed(made.csv)}) TO '{made.parquet}' (FORMAT parquet)")
    return made


def opened(setting: Setting) -> Store:
    store = setting.store()
    service.open_deal(store, reopening.deal_file(setting.once(files).loans), "deal.yaml", actor=sample.ACTOR)
    return store


def remit(setting: Setting) -> float:
    store, file = opened(setting), setting.once(files)
    return 4 * file.loans / seconds(lambda: service.remit(store, DEAL, file.csv, "rows.csv", actor=sample.ACTOR))


def typed(file: Path) -> str:
    """SQL of duckdb for the file's rows."""
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in COLUMNS.items())
    return f"read_csv('{file}', columns = {{{columns}}}, auto_detect = false, header = true)"


def scan(file: Path) -> Iterator[rows.Row]:
    """The rows of the event table, their types checked and their amounts in cents, in the order of the file."""
    values = {
        "deal_id": "1", "position": "month(distribution_date)", "line": "number", "kind": "kind", "subject": "loan", "rate": "rate", "effect": "1",
        "delinquency": "delinquency", "source_row": "number + 1", **{name: f"CAST({name} * 100 AS BIGINT)" for name in ("principal", "interest", "balance")},
    }  # fmt: skip
    chosen = ", ".join(values.get(name, "NULL") for name in rows.NAMES)
    numbered = f"SELECT *, row_number() OVER () AS number FROM {typed(file)}"
    found = import_module("duckdb").connect().execute(f"SELECT {chosen} FROM ({numbered})")
    while part := found.fetchmany(ROWS_AT_ONCE):
        yield from part


def scan_and_insert(setting: Setting) -> float:
    """All in one transaction, as the program does it; duckdb scans with every core."""
    file = setting.once(files)
    return 4 * file.loans / rows.insert_rows(setting, (scan(path) for path in (file.csv,)))


def memory(setting: Setting, file: Path) -> float:
    """The whole command, in a process of its own."""
    return megabytes(setting, url_of(opened(setting)), ["remit", DEAL, str(file)])


def memory_of_parquet(setting: Setting) -> float:
    return memory(setting, setting.once(files).parquet)


FIGURES = (
    Figure("import of 1,000,000 rows of the canonical CSV", "rows/s", remit, scan_and_insert, goals=(at_least(0.25, of=LIMIT),)),
    Figure("memory of `tranche remit` of 1,000,000 rows", "MB", lambda setting: memory(setting, setting.once(files).csv), goals=(at_most(400),), runs=1),
    Figure("memory of `tranche remit` of the same as Parquet", "MB", memory_of_parquet, goals=(at_most(400),), runs=1),
)
