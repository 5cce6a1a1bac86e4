"""What is wrong with the books or with a file, as values: collected, reported together, each with place, fact and remedy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import islice
from typing import TypeAlias

MOST_LISTED = 100
"""Problems of one file that are listed. One that has more is looked at no further: each may be compared with every name that there is."""
MOST_COMPARED = 500
"""Known names that a misspelt one is compared with."""
Path: TypeAlias = tuple[str | int, ...]
"""A place inside a deal file: names of fields and numbers of items, from the top."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    `place` says where (`deal.yaml:12:8`, `april.csv:41`, `SMT-2000-4 2000-06-22`), `fact` what is the case with the value that shows it,
    `remedy` what the reader can do. `excerpt` is the line of the file with a caret below the place, where there is one.
    `path` and `offset` name the place inside a deal file until the loader, which knows the lines, has turned them into `place`.
    `is_awaited` where nothing is wrong and something has not come yet: what arrives takes the problem away.
    """

    fact: str
    remedy: str = ""
    place: str = ""
    excerpt: str = ""
    path: Path = ()
    offset: int | None = None
    is_awaited: bool = False

    def __str__(self) -> str:
        head = f"{self.place}: {self.fact}" if self.place else self.fact
        line = f"{head}; {self.remedy}" if self.remedy else head
        return f"{line}\n{self.excerpt}" if self.excerpt else line

    def at(self, place: str) -> Problem:
        """The same problem with its place, unless it already has one."""
        return self if self.place else replace(self, place=place)


class ProblemsFound(Exception):
    """Raised once with everything that is wrong; nothing was written."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def stop_on(problems: Iterable[Problem]) -> None:
    """Raise `ProblemsFound` if there is any problem, with all of them."""
    found = tuple(problems)
    if found:
        raise ProblemsFound(found)


def listed(problems: Iterable[Problem], place: str) -> list[Problem]:
    """The first `MOST_LISTED` problems of a file, and one at its place that says so where there are more, which are not asked for."""
    more = iter(problems)
    first = list(islice(more, MOST_LISTED))
    if next(more, None) is not None:
        first.append(Problem("more is wrong with the file than is listed", "mend those above, then try again", place=place))
    return first


def nearest(word: str, known: Iterable[str], most: int = 3) -> str:
    """`, did you mean x or y` for a misspelt name, or nothing where no known name is near. Upper and lower case are no difference."""
    from difflib import get_close_matches

    written: dict[str, list[str]] = {}
    for name in islice(known, MOST_COMPARED):
        written.setdefault(name.casefold(), []).append(name)
    matches = [name for match in get_close_matches(word.casefold(), written, n=most) for name in written[match]][:most]
    return f"did you mean {' or '.join(matches)}?" if matches else ""
