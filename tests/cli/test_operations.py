"""docs/operations.md is typed from top to bottom against the small trust: every command that it shows for SQLite works, in its order."""

from __future__ import annotations

import re
import shlex

from tests.cli.conftest import Tranche
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL) for line in block.splitlines()]


def test_runbook_works_as_it_is_typed(tranche: Tranche) -> None:
    failed = {line: result.output for line in COMMANDS if (result := tranche(*shlex.split(line)[1:])).exit_code != 0}

    assert failed == {}


def test_runbook_covers_a_whole_month() -> None:
    words = {shlex.split(line)[1] for line in COMMANDS}

    assert {"database", "actor", "deal", "remit", "distribute", "approve", "publish", "statement", "seal", "verify", "status"} <= words
