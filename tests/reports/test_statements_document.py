"""docs/statements.md names every item of a statement."""

from __future__ import annotations

import re

from ledger.core.events import COMPONENTS
from tests.conftest import ROOT
from tests.reports.statements import statement

DOCUMENT = (ROOT / "docs" / "statements.md").read_text(encoding="utf-8")


def test_every_item_of_a_statement_is_documented() -> None:
    drawn = statement(2)
    items = {item for section in ("classes", "groups", "fees", "accounts", "pools") for found in drawn.sections[section].values() for item in found}
    of_its_own = {*COMPONENTS, "pdl"}

    missing = {item for item in items - of_its_own if f"`{item}`" not in DOCUMENT}

    assert missing == set()


def test_every_verdict_is_documented() -> None:
    rows = re.findall(r"^\| (ties|derived|tolerated|differs|not compared) \|", DOCUMENT, re.MULTILINE)

    assert rows == ["ties", "derived", "tolerated", "differs", "not compared"]
