"""The month-end of a thousand deals: a month of each is remitted, `tranche distribute --all` does the rest."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import NamedTuple

from ledger.store.engine import Store
from ledger.store.log import Draft
from tests.bench import thirty_years
from tests.bench.figure import Figure, at_most
from tests.bench.processes import run, url_of
from tests.bench.setting import Setting

QUARTER, TWO = "a quarter of the deals, x 4", "two commands, half of the deals each"


class Deals(NamedTuple):
    """Books with many deals, and the months of each that are still to come."""

    store: Store
    to_come: dict[str, Iterator[Draft]]


def deals(setting: Setting) -> Deals:
    """D0-0000, D1-0001, D2-0002, D3-0003, D0-0004 ...: a pattern chooses a quarter of them."""
    store, sizes = setting.store(), setting.sizes
    names = [f"D{number % 4}-{number:04d}" for number in range(sizes.deals)]
    return Deals(store, {name: thirty_years.drafts(thirty_years.open_deal(store, name), sizes.months) for name in names})


def distribute(setting: Setting, *patterns: str) -> float:
    """Seconds to distribute a month of the deals of each pattern, by a command of its own for each; the months are remitted before."""
    store, to_come = setting.once(deals)
    for name, drafts in to_come.items():
        if any(fnmatchcase(name, pattern) for pattern in patterns):
            with store.writing(name) as writer:
                writer.append(next(drafts))
    return run(setting, url_of(store), *(["distribute", pattern] for pattern in patterns))


FIGURES = (
    Figure(
        "month-end of 1,000 deals, a month of each remitted",
        "s",
        lambda setting: distribute(setting, "*"),
        peers={
            QUARTER: lambda setting: 4 * distribute(setting, "D0-*"),
            TWO: lambda setting: distribute(setting, "D[01]-*", "D[23]-*"),
        },
        goals=(at_most(30), at_most(1.2, of=QUARTER)),
    ),
)
