"""What the pages point to is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cli.main import COMMANDS
from tests.conftest import ROOT

PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "ledger" / "deals").glob("*/README.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)[^)]*\)", page.read_text(encoding="utf-8"))

    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_readme_names_every_command() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")

    assert [name for name in COMMANDS if f"tranche {name}" not in text and f"`{name}`" not in text] == []


def test_the_readmes_test_command_is_what_ci_runs() -> None:
    readme, ci = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", ".ci/run"))

    assert ".venv/bin/pip install '.[dev]' && .venv/bin/pytest -n 2" in readme
    assert "'.[dev]'\n.venv/bin/pytest -n 2\n" in ci
