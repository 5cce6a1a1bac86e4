"""docs/explain.md shows what the demo prints."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from tests.cli.conftest import demo
from tests.conftest import ROOT

__all__ = ["demo"]

SHOWN = re.compile(r"^```text\n\$ (?P<command>.*?)\n(?P<output>.*?)^```$", re.MULTILINE | re.DOTALL)
PLACE = re.compile(r"position \d+, line \d+")
"""Where a line stands depends on how many commits the demo made before it."""


def test_the_example_of_the_page_is_what_the_demo_prints(demo: tuple[Path, Result], monkeypatch: pytest.MonkeyPatch) -> None:
    (shown,) = SHOWN.finditer((ROOT / "docs" / "explain.md").read_text(encoding="utf-8"))
    monkeypatch.chdir(demo[0])

    result = CliRunner().invoke(main, [*shlex.split(shown["command"])[1:], "--database", "sqlite:///tranche-demo/books.db"], prog_name="tranche")

    assert result.exit_code == 0, result.output
    assert " ".join(PLACE.sub("", shown["output"]).split()) in " ".join(PLACE.sub("", result.output).split())
