"""`tranche status`, as a person and as a program read it."""

from __future__ import annotations

import json

from tests.cli.conftest import Tranche


def test_each_period_shows_its_state_its_deadlines_and_which_of_them_passed(opened: Tranche) -> None:
    opened("remit", "COVE-1", "2025-02.csv")

    lines = opened("status", "--date", "2025-03-26").stdout.splitlines()

    (header,) = [line.split() for line in lines if "determination" in line and "state" in line]
    february, march = [line.split() for line in lines if line.lstrip().startswith("COVE-1")]
    assert header == ["deal", "position", "period", "determination", "pays", "on", "state", "late", "why"]
    assert february == ["COVE-1", "2", "2025-02-25", "2025-02-25", "2025-02-25", "checked", "distribution"]
    assert march == ["COVE-1", "2", "2025-03-25", "2025-03-25", "2025-03-25", "missing", "determination,", "distribution"]


def test_a_script_reads_the_same(opened: Tranche) -> None:
    opened("remit", "COVE-1", "2025-02.csv")

    (deal,) = json.loads(opened("--json", "status", "--date", "2025-02-26").stdout)

    assert deal["periods"] == [
        {
            "period": "2025-02-25", "determination": "2025-02-25", "pays_on": "2025-02-25", "state": "checked", "late": ["distribution"], "further": 0,
            "problems": [],
        }
    ]  # fmt: skip
