"""The shape of the house, where a linter's settings cannot say it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

MODULES = sorted(path for folder in ("ledger", "cli", "migrations") for path in (ROOT / folder).rglob("*.py"))
CORE = [path for path in MODULES if path.is_relative_to(ROOT / "ledger" / "core")]
by_name = pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))


def nodes(path: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", CORE, ids=lambda path: path.name)
def test_the_core_knows_no_floats(path: Path) -> None:
    floats = [node for node in nodes(path) if isinstance(node, ast.Constant) and isinstance(node.value, float)]
    named = [node for node in nodes(path) if isinstance(node, ast.Name) and node.id == "float"]

    assert floats + named == []


@by_name
def test_functions_fit_on_a_screen_and_modules_can_be_read_at_one_sitting(path: Path) -> None:
    functions = [node for node in nodes(path) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]

    assert [node.name for node in functions if (node.end_lineno or 0) - node.lineno >= 50] == []
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 500


@by_name
def test_no_module_maps_objects_to_rows(path: Path) -> None:
    imported = [node.module or "" for node in nodes(path) if isinstance(node, ast.ImportFrom)]

    assert [module for module in imported if module.startswith("sqlalchemy.orm")] == []


def calls(tree: ast.AST, name: str) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name]


def test_the_store_reads_events_in_their_present_version_save_where_they_are_hashed() -> None:
    found = set()
    for path in (ROOT / "ledger" / "store").glob("*.py"):
        for function in (node for node in nodes(path) if isinstance(node, ast.FunctionDef)):
            from_rows = {call for call in calls(function, "Event") if any(isinstance(argument, ast.Starred) for argument in call.args)}
            if from_rows - {argument for call in calls(function, "present") for argument in call.args}:
                found.add(f"{path.name} {function.name}")

    assert found == {"lines.py as_recorded", "verify.py _check_events", "verify.py _root_problems"}
