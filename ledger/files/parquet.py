"""The canonical remittance as a Parquet file: the columns of the CSV, as text or in types that hold the same figures exactly, a block of rows at a time.

duckdb reads it with one thread, bounded memory, and no access to any other file. A floating point column is refused: what it holds is not the amount that
was meant.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from ledger.core.problems import Problem, ProblemsFound, stop_on
from ledger.files.csv_text import MOST_BYTES, MOST_CHARACTERS, MOST_ROWS, ROWS_AT_ONCE, Block, header_problems
from ledger.files.sources import Source, head

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MAGIC = b"PAR1"
MOST_MEMORY = 256_000_000
"""Bytes that duckdb may take."""
_AS_TEXT = ("VARCHAR", "DATE", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT")
"""Types whose text is what a CSV file would say."""
_DECIMAL = re.compile(r"DECIMAL\([0-9]+,([0-9]+)\)")
_FLOATS = ("FLOAT", "DOUBLE")


def read_blocks(source: Source, name: str, known: Sequence[str], required: Sequence[str], most: int = MOST_ROWS) -> Iterator[Block]:
    """The rows of a file that has some of the `known` columns, at most so many, numbered from 1. Raises ProblemsFound where the file is no such file."""
    if not head(source).startswith(MAGIC):
        raise ProblemsFound([Problem("this is no Parquet file", "leave out --format for a CSV file", place=name)])
    with _named(source) as path, _connected(path, name) as connection:
        if path.stat().st_size > MOST_BYTES:
            raise ProblemsFound([Problem(f"the file has {path.stat().st_size:,} bytes, the most is {MOST_BYTES:,}", "split it by period", place=name)])
        types = {column: kind for column, kind, *_ in connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(path)]).fetchall()}
        stop_on(problem.at(name) for problem in [*header_problems(list(types), known, required), *_type_problems(types)])
        (rows,) = connection.execute("SELECT sum(num_rows) FROM parquet_file_metadata(?)", [str(path)]).fetchall()
        if rows[0] > most:
            raise ProblemsFound([Problem(f"the file has more than {most:,} rows", "split it by period", place=name)])
        texts = ", ".join(_text_of(column, kind) for column, kind in types.items())
        yield from _blocks(connection.execute(f"SELECT {texts} FROM read_parquet(?)", [str(path)]), list(types), name)


def read_rows(source: Source, name: str, numbers: Collection[int]) -> Iterator[tuple[int, list[str]]]:
    """(number, cells) of some rows of any Parquet file, each cell that says something as COLUMN=VALUE. Raises ProblemsFound where it is no such file."""
    with _named(source) as path, _connected(path, name) as connection:
        chosen = connection.execute(
            "SELECT * FROM read_parquet(?, file_row_number = true) WHERE file_row_number + 1 IN (SELECT unnest(?))", [str(path), [*numbers]]
        )
        *names, _ = [column for column, *_ in chosen.description or ()]
        while rows := chosen.fetchmany(ROWS_AT_ONCE):
            for *cells, number in rows:
                yield number + 1, [f"{column}={cell}" for column, cell in zip(names, cells, strict=True) if cell is not None]


@contextmanager
def _named(source: Source) -> Iterator[Path]:
    """A path of the file that no character of its own name can make a pattern of."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "remittance.parquet"
        if isinstance(source, bytes):
            path.write_bytes(source)
        else:
            path.symlink_to(source.resolve())
        yield path


@contextmanager
def _connected(path: Path, name: str) -> Iterator[DuckDBPyConnection]:
    """A database in memory that may read the one file. Raises ProblemsFound for whatever it cannot read."""
    try:
        import duckdb
    except ImportError:
        raise ProblemsFound([Problem("reading a Parquet file needs duckdb", "install it: pip install 'tranche-ledger[bulk]'", place=name)]) from None
    try:
        with duckdb.connect(config={"memory_limit": f"{MOST_MEMORY}B", "threads": 1, "temp_directory": ""}) as connection:
            quoted = str(path).replace("'", "''")
            connection.execute(f"SET allowed_paths = ['{quoted}']")
            connection.execute("SET enable_external_access = false")
            connection.execute("SET lock_configuration = true")
            yield connection
    except duckdb.Error as error:
        what = str(error).splitlines()[0].replace(str(path), name)
        raise ProblemsFound([Problem(f"this Parquet file cannot be read: {what}", "write it anew, or send the month as CSV", place=name)]) from None


def _type_problems(types: dict[str, str]) -> Iterator[Problem]:
    for column, kind in types.items():
        if kind in _FLOATS:
            remedy = "write it as DECIMAL or as text: a floating point number is not the amount that was meant"
            yield Problem(f"the column `{column}` holds floating point numbers", remedy)
        elif kind not in _AS_TEXT and not _DECIMAL.fullmatch(kind):
            yield Problem(f"the column `{column}` is of the type {kind}", "write it as text, or as DECIMAL, DATE or a whole number")


def _text_of(column: str, kind: str) -> str:
    """SQL for a column's text; what a decimal has no digits for is not written. The column is one of the known ones."""
    text = f'CAST("{column}" AS VARCHAR)'
    decimal = _DECIMAL.fullmatch(kind)
    return f"coalesce({text}, '')" if decimal is None or int(decimal[1]) <= 2 else f"coalesce(rtrim(rtrim({text}, '0'), '.'), '')"


def _blocks(result: DuckDBPyConnection, names: Sequence[str], place: str) -> Iterator[Block]:
    first = 1
    while rows := result.fetchmany(ROWS_AT_ONCE):
        columns: dict[str, Sequence[str]] = {name: [text.strip() for text in texts] for name, texts in zip(names, zip(*rows, strict=True), strict=True)}
        stop_on(problem for name, texts in columns.items() for problem in _text_problems(name, texts, first, place))
        yield Block(range(first, first + len(rows)), columns, [])
        first += len(rows)


def _text_problems(name: str, texts: Sequence[str], first: int, place: str) -> Iterator[Problem]:
    """One look at all of them finds that some text is wrong, a second one which."""
    if "".join(texts).isprintable() and max(map(len, texts)) <= MOST_CHARACTERS:
        return
    for number, text in enumerate(texts, first):
        if not text.isprintable():
            yield Problem(f"`{name}` has a character that is not printable", "remove it", place=f"{place}:{number}")
        elif len(text) > MOST_CHARACTERS:
            yield Problem(f"`{name}` has {len(text):,} characters, the most is {MOST_CHARACTERS:,}", "shorten its texts", place=f"{place}:{number}")
