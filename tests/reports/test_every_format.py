"""Every format of the registry, of five worked deals: each figure is found in the file when it is read back, and the file is the same bytes in any process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cli.statement import FORMATS
from ledger.core.branding import PLAIN
from ledger.core.statement import Figure, Statement
from tests.conftest import ROOT
from tests.reports.conftest import FIVE
from tests.reports.readers import READERS

EVERY = pytest.mark.parametrize("name", FORMATS)


def render(name: str, said: Statement) -> Any:
    """A statement without its pictures, which other tests look at."""
    return FORMATS[name].render(said, PLAIN, lambda: None)


def test_every_format_has_its_reader() -> None:
    assert list(FORMATS.keys() - READERS.keys()) == []


@EVERY
def test_every_number_of_a_worked_deal_is_read_back_from_its_file(name: str, worked_deal: Statement) -> None:
    reader, body = READERS[name], render(name, worked_deal)

    assert reader.missing(worked_deal, body) == {}
    assert len(list(reader.said(worked_deal))) > 0


@EVERY
def test_a_number_that_is_another_is_found_to_be_missing(name: str, five_deals: Mapping[str, Statement]) -> None:
    """The first class and the first line of the flow of funds are said to have had what they had not."""
    said = five_deals["sequoia-4"]
    first, *_ = said.sections["classes"]
    other, changed = Figure("money", 987_654_321), dict(said.sections["classes"][first])
    classes = {**said.sections["classes"], first: changed | dict.fromkeys(("interest_paid", "principal_per_1000"), other)}
    flow = (replace(said.flow_of_funds[0], amount=987_654_321), *said.flow_of_funds[1:])
    altered = replace(said, sections={**said.sections, "classes": classes}, flow_of_funds=flow)

    body = render(name, said)

    assert READERS[name].missing(said, body) == {}
    assert READERS[name].missing(altered, body) != {}


def written(url: str, deal: str, folder: Path, seed: str) -> dict[str, bytes]:
    """The files of a deal in every format, by a process of its own in which sets and dictionaries of text have another order."""
    program = "from cli.main import main; main(prog_name='tranche')"
    words = ["--database", url, "statement", deal, "--format", ",".join(FORMATS), "-o", str(folder)]
    subprocess.run([sys.executable, "-c", program, *words], cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": seed}, check=True, capture_output=True)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("deal", ["sequoia-4", *(pytest.param(folder, marks=pytest.mark.long) for folder in FIVE if folder != "sequoia-4")])
def test_every_file_is_the_same_bytes_from_any_process(deal: str, five_deals: Mapping[str, Statement], books_of_five: str, tmp_path: Path) -> None:
    name = five_deals[deal].deal
    first, second = (written(books_of_five, name, tmp_path / seed, seed) for seed in ("1", "2"))

    assert len(first) > len(FORMATS)
    assert [file for file in first if first[file] != second[file]] == []
    assert list(first) == list(second)
