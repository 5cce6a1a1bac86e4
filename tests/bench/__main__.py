"""`python -m tests.bench`: one table of medians and ratios, all measured in the same minutes on both databases."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

from ledger.store.engine import Store
from tests.bench import appending, months, reopening
from tests.bench.appending import Databases
from tests.bench.timing import Figure, table
from tests.servers import address, create_database, create_template, serve_postgresql


def sqlite_databases(folder: Path) -> Databases:
    numbers = count()

    def fresh() -> str:
        url = f"sqlite:///{folder / f'{next(numbers)}.db'}"
        store = Store(url)
        store.upgrade()
        store.close()
        return url

    return fresh


@contextmanager
def databases() -> Iterator[dict[str, Databases]]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(serve_postgresql())
        template = create_template(server)
        yield {"SQLite": sqlite_databases(folder), "PostgreSQL": lambda: address(server, create_database(server, "bench", template))}


def figures() -> Iterator[Figure]:
    with databases() as made:
        yield from appending.hashing()
        for name, fresh in made.items():
            yield from appending.bulk(name, fresh)
            yield from appending.small_commits(name, fresh)
            yield from months.measure(name, fresh)
            yield from reopening.measure(name, fresh)


def main() -> None:
    for line in table(figures()):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
