"""The timings as a test: `pytest -m bench -s tests/bench`, or `python -m tests.bench` for the table alone."""

from __future__ import annotations

import pytest

from tests.bench.__main__ import main

pytestmark = pytest.mark.bench


def test_everything_is_measured_and_printed(capsys: pytest.CaptureFixture[str]) -> None:
    main()

    printed = capsys.readouterr().out.splitlines()
    assert len([line for line in printed if "SQLite" in line]) == len([line for line in printed if "PostgreSQL" in line]) == 10
