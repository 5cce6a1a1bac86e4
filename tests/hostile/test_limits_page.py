"""docs/limits.md says what the code does."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

from tests.conftest import ROOT

TEXT = (ROOT / "docs" / "limits.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| .+ \| ([0-9,]+) \| `([a-z_.]+)\.([A-Z_]+)` \|$", TEXT, re.MULTILINE)
FOLDERS = ("ledger/core", "ledger/files", "ledger/service", "ledger/store", "cli")
"""Where something comes in; what limits only how something is printed is in `ledger/reports`."""
DEFINED = re.compile(r"^(MOST_[A-Z_]+) = [0-9]", re.MULTILINE)


@pytest.mark.parametrize(("value", "module", "constant"), ROWS, ids=[f"{module}.{constant}" for _, module, constant in ROWS])
def test_a_limit_is_what_the_page_says(value: str, module: str, constant: str) -> None:
    assert f"{getattr(import_module(module), constant):,}" == value


def test_every_limit_is_on_the_page() -> None:
    defined = {(name(path), constant) for folder in FOLDERS for path in (ROOT / folder).rglob("*.py") for constant in DEFINED.findall(path.read_text())}

    assert len(ROWS) > 20
    assert defined - {(module, constant) for _, module, constant in ROWS} == set()


def name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)
