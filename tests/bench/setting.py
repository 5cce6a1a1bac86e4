"""Where figures are measured: fresh databases, the sizes, and what is made once for several figures."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Protocol, TypeVar

from ledger.store.engine import Store
from tests.servers import address, create_database, drop_database

T = TypeVar("T")
SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of everything there is."""

    runs: int = 5
    loans: int = 20_000
    loan_months: int = 5
    small_commits: int = 200
    months: int = 360
    corrected_loans: int = 5_000
    corrected_months: int = 120
    deals: int = 1_000
    rows: int = 1_000_000
    is_small: bool = False


SMALL = Sizes(runs=1, loans=40, loan_months=2, small_commits=5, months=14, corrected_loans=30, corrected_months=6, deals=4, rows=400, is_small=True)
"""For a look at whether everything runs: the figures mean nothing."""


class Fresh(Protocol):
    """Makes a migrated database that goes when the stack is left, and gives its URL."""

    def __call__(self, stack: ExitStack) -> str: ...


class Setting:
    """One database's part of a group of figures. What is made `once` stays until the group is done."""

    def __init__(self, database: str, sizes: Sizes, folder: Path, fresh: Fresh | None, stack: ExitStack) -> None:
        self.database, self.sizes, self.folder = database, sizes, folder
        self._fresh, self._stack = fresh, stack
        self._made: dict[Callable[..., Any], Any] = {}

    def fresh(self) -> str:
        """The URL of a migrated database."""
        assert self._fresh is not None  # a figure that needs a database names it
        return self._fresh(self._stack)

    def store(self) -> Store:
        """A fresh database, opened; it is closed with the group."""
        store = Store(self.fresh())
        self._stack.callback(store.close)
        return store

    def once(self, make: Callable[[Setting], T]) -> T:
        """What the function makes, made when it is asked for first."""
        if make not in self._made:
            self._made[make] = make(self)
        made: T = self._made[make]
        return made


@contextmanager
def setting(database: str, sizes: Sizes, folder: Path, fresh: Fresh | None) -> Iterator[Setting]:
    with ExitStack() as stack:
        yield Setting(database, sizes, folder, fresh, stack)


def sqlite_databases(folder: Path) -> Fresh:
    """Files of a folder, each a copy of one that was migrated."""
    template, numbers = folder / "template.db", count(1)
    store = Store(f"sqlite:///{template}")
    store.upgrade()
    store.close()

    def fresh(stack: ExitStack) -> str:
        file = folder / f"{next(numbers)}.db"
        shutil.copy(template, file)
        stack.callback(_remove, file)
        return f"sqlite:///{file}"

    return fresh


def _remove(file: Path) -> None:
    for part in file.parent.glob(f"{file.name}*"):
        part.unlink()


def postgresql_databases(server: str, template: str, *, is_ours: bool) -> Fresh:
    """Databases of a server, each a copy of one that was migrated. Those of a server that is ours go with it: to drop one takes as long as to fill it."""

    def fresh(stack: ExitStack) -> str:
        name = create_database(server, "bench", template)
        if not is_ours:
            stack.callback(drop_database, server, name)
        return address(server, name)

    return fresh
