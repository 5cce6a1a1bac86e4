"""The checker that docs/log-format.md prints works as printed, and the tables that it names are those of the program."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, update

from ledger.core.commit import CommitHeader
from ledger.core.posting import Posting
from ledger.store import seal
from ledger.store.engine import Store
from ledger.store.tables import event, head, log_commit, metadata
from tests.conftest import ROOT
from tests.store import sample
from tests.store.owner import as_owner

DOCUMENT = (ROOT / "docs" / "log-format.md").read_text(encoding="utf-8")


@pytest.fixture
def checker(tmp_path: Path) -> Path:
    """The document's program, alone in a folder."""
    (program,) = re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)
    path = tmp_path / "checker" / "check.py"
    path.parent.mkdir()
    path.write_text(program, encoding="utf-8")
    return path


@pytest.fixture
def books_file(sqlite: str) -> Store:
    store = Store(sqlite, clock=sample.Ticking())
    sample.build(store)
    sample.build(store, months=1, name="caf\u00e9 \u2014 2")
    store.close()
    return store


def check(program: Path, store: Store) -> tuple[int, str]:
    file = str(store.url.database)
    ended = subprocess.run([sys.executable, "-I", str(program), file], capture_output=True, cwd=program.parent, check=False)
    assert ended.stderr == b""
    return ended.returncode, ended.stdout.decode()


def test_the_printed_checker_agrees_with_the_program(checker: Path, books_file: Store) -> None:
    with books_file.reading() as reader:
        heads = [(deal.name, deal.position, deal.hash) for deal in reader.deals()]
    books_file.close()

    code, said = check(checker, books_file)

    assert code == 0
    assert said.splitlines() == [f"{name}: {position} commits, head {hashed}" for name, position, hashed in heads]


def test_the_printed_checker_has_the_length_that_the_readme_says(checker: Path) -> None:
    length = len(checker.read_text(encoding="utf-8").splitlines())

    assert length <= 40
    assert f"a checker of {length} lines" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "position"),
    [
        (update(event).where(event.c.position == 6, event.c.line == 3).values(interest=1), 6),
        (delete(event).where(event.c.position == 6, event.c.line == 8), 6),
        (update(log_commit).where(log_commit.c.position == 9).values(actor="somebody else"), 9),
        (delete(log_commit).where(log_commit.c.position == 4), 4),
        (delete(log_commit).where(log_commit.c.position == 13), 13),
        (update(event).where(event.c.position == 6, event.c.line == 8).values(line=9), 6),
        (update(log_commit).where(log_commit.c.position == 9).values(hash=b"\0" * 32), 9),
        (update(event).where(event.c.position == 6, event.c.line == 8).values(position=14), 6),
        (update(head).values(hash=b"\0" * 32), 14),
        (update(head).values(event_count=1), 14),
    ],
)
def test_the_printed_checker_names_the_first_position_that_was_altered(checker: Path, books_file: Store, change: Any, position: int) -> None:
    with as_owner(books_file) as connection:
        connection.execute(change.where(change.table.c.deal_id == 1))
    books_file.close()

    code, said = check(checker, books_file)

    assert code == 1
    assert said.splitlines()[0] == f"{sample.DEAL}: position {position} does not agree"


def test_the_printed_checker_finds_an_event_that_belongs_to_no_commit(checker: Path, books_file: Store) -> None:
    with as_owner(books_file) as connection:
        connection.execute(insert(event).values(deal_id=1, position=0, line=1, kind="interest", interest=1, effect=1))
    books_file.close()

    code, said = check(checker, books_file)

    assert code == 1
    assert said.splitlines()[0] == f"{sample.DEAL}: position 14 does not agree"


def test_the_printed_tables_have_every_column() -> None:
    section = DOCUMENT.partition("## Tables")[2].partition("Events that the ledger itself appends")[0]
    rows = {row.split("`")[1]: row for row in section.splitlines() if row.startswith("| `")}
    for table in metadata.tables.values():
        missing = [column.name for column in table.columns if f"`{column.name}`" not in rows[table.name]]

        assert missing == [], table.name


def test_the_printed_arrays_are_those_that_are_hashed() -> None:
    text = re.sub(r"\s+", " ", DOCUMENT)

    header = CommitHeader._fields
    assert ", ".join(["previous hash" if name == "previous_hash" else "root" if name == "merkle_root" else name for name in header]) in text
    assert ", ".join(seal.DistributionHeader._fields) in text
    assert (Posting._fields[0], Posting._fields[-1]) == ("step", "origin_period")
