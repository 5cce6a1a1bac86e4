"""`python -m tests.mutation [MODULE ...]`: put one mistake after the other into the core, and see whether its tests notice.

Each mutant runs in a process of its own, forked when everything is imported; there the functions of its module get the mutant's code. Prints the survivors
that README.md does not explain, and ends with exit code 1 where there are any, or where fewer than nine of ten mutants are killed.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from types import FunctionType, ModuleType
from typing import Any

import pytest
from hypothesis import settings

from tests.conftest import ROOT
from tests.mutation.mutants import Mutant, mutants

MODULES = ("money", "daycount", "schedule", "allocation", "waterfall", "accrual", "receipts", "state", "triggers", "posting")
FIRST = {"triggers": "waterfall", "state": "waterfall", "posting": "waterfall"}
"""The test module to begin with, where there is none of the module's name."""
TESTS = ("tests/core", "tests/vocabulary", "tests/engine")
QUIETLY = ("-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-W", "ignore::pytest.PytestAssertRewriteWarning")
"""Options of pytest; it warns that hypothesis, a plugin, was imported before it."""
README = ROOT / "tests" / "mutation" / "README.md"
SECONDS = 90
"""After which a mutant is killed because it does not end."""
LEAST = 90
"""Of a hundred mutants, so many are killed at least."""


def survives(module: ModuleType, mutant: Mutant, tests: Sequence[str]) -> bool:
    """Whether all tests pass with a mutant in the place of its module."""
    child = os.fork()
    if not child:
        os._exit(_run(module, mutant, tests))
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == 0


def _run(module: ModuleType, mutant: Mutant, tests: Sequence[str]) -> int:
    signal.alarm(SECONDS)
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    other = ModuleType(module.__name__)
    exec(compile(mutant.source, "a mutant", "exec"), other.__dict__)  # noqa: S102  # the module's own text, with one mistake
    transplant(vars(other), vars(module))
    return int(pytest.main([*QUIETLY, "-x", *tests]))


def transplant(given: Mapping[str, Any], taking: Mapping[str, Any]) -> None:
    """Give functions the code of others of their names, in classes too: whoever has imported them runs it from now on."""
    for name, source in given.items():
        target = taking.get(name)
        if isinstance(source, type) and isinstance(target, type) and source.__module__ == target.__module__:
            transplant(vars(source), vars(target))
        for old, new in zip(_functions(target), _functions(source), strict=False):
            old.__code__, old.__defaults__, old.__kwdefaults__ = new.__code__, new.__defaults__, new.__kwdefaults__


def _functions(value: Any) -> list[FunctionType]:
    """The functions behind a name: itself, what a cache or a context manager goes round, what a property or a class method calls."""
    inner = [getattr(value, name, None) for name in ("__wrapped__", "__func__", "fget", "func")]
    return [found for found in (value, *inner) if isinstance(found, FunctionType)]


def tests_for(module: str) -> list[str]:
    """The tests, those first that know the module best."""
    first = f"tests/core/test_{FIRST.get(module, module)}.py"
    rest = sorted(str(path.relative_to(ROOT)) for folder in TESTS for path in (ROOT / folder).glob("test_*.py"))
    return [first, *(path for path in rest if path not in (first, "tests/core/test_performance.py"))]


def main(names: Sequence[str]) -> int:
    import_all(tests_for(names[0]))
    explained, unexplained, total, killed = README.read_text(encoding="utf-8") if README.exists() else "", 0, 0, 0
    for name in names:
        begun, source = time.monotonic(), (ROOT / "ledger" / "core" / f"{name}.py").read_text(encoding="utf-8")
        module = importlib.import_module(f"ledger.core.{name}")
        if not survives(module, Mutant("", 0, "", "", source), tests_for(name)):
            sys.exit(f"{name}: the tests fail without any mistake in it")
        found = list(mutants(source))
        alive = [mutant for mutant in found if survives(module, mutant, tests_for(name))]
        for mutant in alive:
            is_new = f"`{mutant.name}`" not in explained
            unexplained += is_new
            print(f"{name}:{mutant.line}: {'survives' if is_new else 'explained'}: {mutant.name}", flush=True)  # noqa: T201  # a program's output
        total, killed = total + len(found), killed + len(found) - len(alive)
        print(f"{name}: {len(found) - len(alive)} of {len(found)} killed, {time.monotonic() - begun:.0f} s", flush=True)  # noqa: T201  # as above
    print(f"in all {killed} of {total} killed, {100 * killed / max(total, 1):.1f} %; {unexplained} survivors without a reason", flush=True)  # noqa: T201  # as above
    return int(unexplained > 0 or 100 * killed < LEAST * total)


def import_all(tests: Sequence[str]) -> None:
    """Import the product and its tests, once for all mutants."""
    settings.register_profile("mutation", derandomize=True, database=None, deadline=None)
    settings.load_profile("mutation")
    if pytest.main([*QUIETLY, "--collect-only", "-qq", *tests]):
        sys.exit("the tests cannot be collected")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or MODULES))
