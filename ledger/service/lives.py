"""The lives of a deal's pools: what rates of prepayment and default ask of every month, and what is kept so that a statement reads only the last of them.

What the lives come to is kept with every twelfth period. It is worked out from the books and nothing else: where it is not kept, the months are read from
the beginning, and the statement says the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from operator import itemgetter
from typing import NamedTuple

from ledger.core.distribution import Distribution
from ledger.core.performance import WINDOWS, Life, Lived, decode_lives, encode_lives
from ledger.core.pools import Moved, Pools
from ledger.core.posting import Posting
from ledger.core.problems import Problem
from ledger.core.terms import Terms
from ledger.service.terms import terms_stated
from ledger.store.books import DistributionRow
from ledger.store.lives import KeptLives, add_lives
from ledger.store.log import Writer
from ledger.store.projections import Reader
from ledger.store.seal import DistributionHeader

EVERY = 12
"""Lives are kept with each period whose number is a multiple of this: on every chain of distributions, however often periods were reopened."""
_ITEM_AND_AMOUNT = itemgetter(Posting._fields.index("item"), Posting._fields.index("amount"))


def pool_lives(reader: Reader, terms: Terms, number: int) -> dict[str, Lived]:
    """The life of each pool, and of all together, up to a distribution, as its terms name pools and kinds of event. Three queries, however long the life."""
    pools = Pools(terms)
    before, moved = _last_months(reader, terms.deal.deal, pools, number, max(WINDOWS), pools.counting)
    return {subject: Lived(before[subject], months) for subject, months in pools.months(moved.values()).items()}


def _last_months(reader: Reader, deal: str, pools: Pools, number: int, least: int, alike: str | None) -> tuple[Mapping[str, Life], dict[int, Moved]]:
    """The lives that are kept of a distribution at least so many months back, and the months from there on by the number of their distribution."""
    before, chain = reader.last_months(deal, number, least, alike, pools.items, pools.accounts)
    moved = {one.row.number: Moved.of(one.row.period, one.balances, one.figures) for one in chain}
    return decode_lives(before) if before else defaultdict(Life), moved


# What is kept ---------------------------------------------------------------------------------------------------------


class Recorded(NamedTuple):
    """A distribution as it was recorded."""

    header: DistributionHeader
    distribution: Distribution

    @property
    def moved(self) -> Moved:
        opening, closing, postings = self.distribution.opening, self.distribution.closing, self.distribution.postings
        return Moved(self.header.period, opening.balances, closing.balances, map(_ITEM_AND_AMOUNT, postings))


def keep_lives(writer: Writer, recorded: Iterable[Recorded]) -> None:
    """Keep the lives up to each twelfth period of distributions that were recorded just now, one after the other: they need not be read again."""
    periods = [one for one in recorded if one.header.previous is not None]
    for pools, numbers in _by_terms(writer, writer.deal, (one.header for one in periods if one.distribution.number % EVERY == 0)):
        lives, moved = _last_months(writer, writer.deal, pools, periods[0].header.previous or 0, 0, pools.counting)
        moved.update((one.header.number, one.moved) for one in periods)
        add_lives(writer, _lives_at(pools, numbers, lives, moved))


def life_problems(reader: Reader, deal: str) -> Iterator[Problem]:
    """Whether the lives that are kept of a deal are those that its distributions give. What is not kept is no problem."""
    kept = {one.distribution: one for one in reader.kept_lives(deal)}
    for pools, numbers in _by_terms(reader, deal, (row for row in reader.distributions(deal) if row.number in kept)):
        unchecked = set(numbers)
        while unchecked:  # a chain at a time: each reopening has begun another
            last = max(unchecked)
            found = {one.distribution: one for one in _lives_at(pools, unchecked, *_last_months(reader, deal, pools, last, 0, None))}
            yield from (_wrong(deal, number) for number in sorted({last, *found}) if kept[number] != found.get(number))
            unchecked -= {last, *found}


def _wrong(deal: str, number: int) -> Problem:
    fact = f"the lives that are kept with distribution {number} are not what its months come to"
    return Problem(fact, "restore a backup, or compare with a copy of the log", place=deal)


def _by_terms(reader: Reader, deal: str, rows: Iterable[DistributionHeader | DistributionRow]) -> Iterator[tuple[Pools, list[int]]]:
    """The numbers of some distributions, with the pools of the terms that they ran under."""
    numbers = defaultdict[str, list[int]](list)
    for row in rows:
        numbers[row.terms_digest].append(row.number)
    yield from ((Pools(terms_stated(reader, deal, digest)), found) for digest, found in numbers.items())


def _lives_at(pools: Pools, numbers: Collection[int], lives: Mapping[str, Life], moved: Mapping[int, Moved]) -> list[KeptLives]:
    """The lives up to each of some distributions that are among those `moved`, which are neighbours; `lives` are those before all of them."""
    months, counting, found, begin = pools.months(moved.values()), pools.counting, list[KeptLives](), 0
    for end, number in enumerate(moved, 1):
        if number in numbers:
            lives = {subject: lives[subject].then(Life.of(lived[begin:end])) for subject, lived in months.items()}
            found.append(KeptLives(number, counting, encode_lives(lives)))
            begin = end
    return found
