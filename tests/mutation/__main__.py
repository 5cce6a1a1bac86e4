"""`python -m tests.mutation [MODULE ...]`: put one mistake after the other into the core, and see whether its tests notice.

Each mutant runs in a process of its own, forked when every test is collected; there the functions of its module get the mutant's code. Prints the survivors
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

MODULES = (
    "money", "daycount", "schedule", "collections", "receipts", "accrual", "allocation", "waterfall", "triggers", "state", "netting", "settlement",
    "credit_support", "checks",
)  # fmt: skip
FIRST = {"triggers": "waterfall", "state": "waterfall"}
"""The test module to begin with, where there is none of the module's name."""
TESTS = ("tests/core", "tests/vocabulary", "tests/engine")
QUIETLY = ("-qq", "-s", "-p", "no:cacheprovider", "-p", "no:xdist", "-W", "ignore::pytest.PytestAssertRewriteWarning")
"""Options of pytest; it warns that hypothesis, a plugin, was imported before it."""
README = ROOT / "tests" / "mutation" / "README.md"
SECONDS = 10
"""Of a processor's time for one test, after which a mutant is killed because it does not end; a busy machine kills none."""
LEAST = 90
"""Of a hundred mutants, so many are killed at least."""


class Measurement:
    """A plugin of pytest: in the place of running the tests that it collected once, they are run once for each mutant."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names, self.explained = names, README.read_text(encoding="utf-8") if README.exists() else ""
        self.unexplained, self.total, self.killed = 0, 0, 0

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed:
            pytest.exit("the tests cannot be collected", returncode=2)
        for name in self.names:
            self._measure(name, in_order(name, session.items))
        print(f"in all {self.killed} of {self.total} killed, {self._percent():.1f} %; {self.unexplained} survivors without a reason", flush=True)  # noqa: T201  # a program's output
        return True

    def _measure(self, name: str, items: Sequence[pytest.Item]) -> None:
        begun, source = time.monotonic(), (ROOT / "ledger" / "core" / f"{name}.py").read_text(encoding="utf-8")
        module = importlib.import_module(f"ledger.core.{name}")
        if not survives(module, source, items):
            pytest.exit(f"{name}: the tests fail without any mistake in it", returncode=2)
        found = list(mutants(source))
        alive = [mutant for mutant in found if survives(module, mutant.source, items)]
        for mutant in alive:
            self._report(name, mutant)
        self.total, self.killed = self.total + len(found), self.killed + len(found) - len(alive)
        print(f"{name}: {len(found) - len(alive)} of {len(found)} killed, {time.monotonic() - begun:.0f} s", flush=True)  # noqa: T201  # as above

    def _report(self, name: str, mutant: Mutant) -> None:
        is_new = f"`{mutant.name}`" not in self.explained
        self.unexplained += is_new
        print(f"{name}:{mutant.line}: {'survives' if is_new else 'explained'}: {mutant.name}", flush=True)  # noqa: T201  # as above

    def _percent(self) -> float:
        return 100 * self.killed / max(self.total, 1)

    @property
    def suffices(self) -> bool:
        return not self.unexplained and self._percent() >= LEAST


def in_order(module: str, items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """The tests, those first that know the module best."""
    first = f"test_{FIRST.get(module, module)}.py"
    return sorted(items, key=lambda item: item.path.name != first)


def survives(module: ModuleType, source: str, items: Sequence[pytest.Item]) -> bool:
    """Whether all tests pass with a text in the place of a module's own."""
    child = os.fork()
    if not child:
        os._exit(_run(module, source, items))
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == 0


def _run(module: ModuleType, source: str, items: Sequence[pytest.Item]) -> int:
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    other = ModuleType(module.__name__)
    exec(compile(source, "a mutant", "exec"), other.__dict__)  # noqa: S102  # the module's own text, with one mistake
    transplant(vars(other), vars(module))
    for item, following in zip(items, [*items[1:], None], strict=True):
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if item.session.testsfailed:
            return 1
    return 0


def transplant(given: Mapping[Any, Any], taking: Mapping[Any, Any]) -> None:
    """Give functions the code of others of their names, in classes and in tables too: whoever has imported them runs it from now on."""
    for name, source in given.items():
        target = taking.get(name)
        if source is target or name == "__builtins__":
            continue
        if isinstance(source, type) and isinstance(target, type) and source.__module__ == target.__module__:
            transplant(vars(source), vars(target))
        if isinstance(source, Mapping) and isinstance(target, Mapping):
            transplant(source, target)
        for old, new in zip(_functions(target), _functions(source), strict=False):
            _transplant_function(new, old)


def _transplant_function(new: FunctionType, old: FunctionType) -> None:
    old.__code__, old.__defaults__, old.__kwdefaults__ = new.__code__, new.__defaults__, new.__kwdefaults__
    for taking, given in zip(old.__closure__ or (), new.__closure__ or (), strict=True):
        if isinstance(given.cell_contents, int):  # a number that the function was made with, a mistake perhaps
            taking.cell_contents = given.cell_contents


def _functions(value: Any) -> list[FunctionType]:
    """The functions behind a name: itself, what a cache or a context manager goes round, what a property or a class method calls."""
    inner = [getattr(value, name, None) for name in ("__wrapped__", "__func__", "fget", "func")]
    return [found for found in (value, *inner) if isinstance(found, FunctionType)]


def main(names: Sequence[str]) -> int:
    settings.register_profile("mutation", derandomize=True, database=None, deadline=None)
    settings.load_profile("mutation")
    measurement = Measurement(names)
    status = int(pytest.main([*QUIETLY, *TESTS], plugins=[measurement]))
    return status or int(not measurement.suffices)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or MODULES))
