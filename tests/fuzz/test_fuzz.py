"""Damaged files: whatever comes in, the answer is a list of problems, in time, and the books are as they were.

The small form reads some hundred files, always the same. `pytest -m long tests/fuzz` reads for ten minutes a reader, always others;
`TRANCHE_FUZZ_SECONDS` sets another time.
"""

from __future__ import annotations

import itertools
import os
import time

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.fuzz import desk
from tests.fuzz.desk import Reader, in_time

NAMES = (
    "deal-file", "boarding-file", "formula", "template", "logo", "remittance-of-loans", "remittance-of-pools", "remittance-of-totals", "correction",
    "index-fixings", "bundle", "bundle-with-hashes-that-fit", "seal", "proof", "published-figures", "published-statement", "published-bond-level",
    "tolerated-differences", "private-key", "public-key", "timestamp-reply", "timestamp-roots", "backup-of-other-bytes", "backup-of-other-rows",
    "backup-of-another-schema", "deal-that-is-run", "deal-that-is-corrected",
)  # fmt: skip
FEW, MANY = 25, 400


@pytest.fixture(scope="module")
def readers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Reader]:
    return desk.readers(tmp_path_factory.mktemp("desk"))


def read_damaged(reader: Reader, examples: int, number: int) -> None:
    @seed(number)
    @settings(
        max_examples=examples, deadline=None, database=None, phases=(Phase.generate, Phase.shrink), suppress_health_check=list(HealthCheck), print_blob=False
    )
    @given(source=reader.files)
    def attempt(source: bytes) -> None:
        with in_time():
            reader.read(source)

    attempt()


def test_every_reader_is_fuzzed(readers: dict[str, Reader]) -> None:
    assert tuple(readers) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_damaged_file_is_refused_in_words_and_leaves_nothing_behind(name: str, readers: dict[str, Reader]) -> None:
    read_damaged(readers[name], FEW, 1)


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_a_damaged_file_is_refused_in_words_for_ten_minutes(name: str, readers: dict[str, Reader]) -> None:
    ends = time.monotonic() + int(os.environ.get("TRANCHE_FUZZ_SECONDS", "600"))
    for number in itertools.count(int(time.time())):
        if time.monotonic() > ends:
            break
        read_damaged(readers[name], MANY, number)
