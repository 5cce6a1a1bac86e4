"""The lives of a deal's pools: what rates of prepayment and default ask of every month, and what is kept so that a statement reads only the last of them.

What the lives come to is kept with every twelfth period. It is worked out from the books and nothing else: where it is not kept, the months are read from
the beginning, and the statement says the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from ledger.core.distribution import Distribution
from ledger.core.performance import WINDOWS, Life, Lived, decode_lives, encode_lives
from ledger.core.pools import Moved, counting, pool_accounts, pool_items, pool_months
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


def pool_lives(reader: Reader, terms: Terms, number: int) -> dict[str, Lived]:
    """The life of each pool, and of all together, up to a distribution, as its terms name pools and kinds of event. Three queries, however long the life."""
    before, moved = _last_months(reader, terms, number, max(WINDOWS), counting(terms))
    return {subject: Lived(before[subject], months) for subject, months in pool_months(terms, moved.values()).items()}


def _last_months(reader: Reader, terms: Terms, number: int, least: int, alike: str | None) -> tuple[Mapping[str, Life], dict[int, Moved]]:
    """The lives that are kept of a distribution at least so many months back, and the months from there on by the number of their distribution."""
    pools = tuple(terms.deal.all_pools)
    items = {item for pool in pools for item in pool_items(terms, pool).values()}
    accounts = {account for pool in pools for account in pool_accounts(terms, pool)}
    before, chain = reader.last_months(terms.deal.deal, number, least, alike, items, accounts)
    moved = {one.row.number: Moved.of(one.row.period, one.balances, one.figures) for one in chain}
    return decode_lives(before) if before else defaultdict(Life), moved


# What is kept ---------------------------------------------------------------------------------------------------------


class Recorded(NamedTuple):
    """What is asked of a distribution when it is recorded: its header, the period's number on the schedule, and what moved."""

    header: DistributionHeader
    period_number: int
    moved: Moved

    @classmethod
    def of(cls, header: DistributionHeader, distribution: Distribution) -> Recorded:
        moved = Moved(header.period, distribution.opening.balances, distribution.closing.balances, distribution.figures())
        return cls(header, distribution.number, moved)


def keep_lives(writer: Writer, recorded: Iterable[Recorded]) -> None:
    """Keep the lives up to each twelfth period of distributions that were recorded just now, one after the other: they need not be read again."""
    periods = [one for one in recorded if one.header.previous is not None]
    for terms, numbers in _by_terms(writer, writer.deal, (one.header for one in periods if one.period_number % EVERY == 0)):
        lives, moved = _last_months(writer, terms, periods[0].header.previous or 0, 0, counting(terms))
        moved.update((one.header.number, one.moved) for one in periods)
        add_lives(writer, _lives_at(terms, numbers, lives, moved))


def life_problems(reader: Reader, deal: str) -> Iterator[Problem]:
    """Whether the lives that are kept of a deal are those that its distributions give. What is not kept is no problem."""
    kept = {one.distribution: one for one in reader.kept_lives(deal)}
    for terms, numbers in _by_terms(reader, deal, (row for row in reader.distributions(deal) if row.number in kept)):
        unchecked = set(numbers)
        while unchecked:  # a chain at a time: each reopening has begun another
            last = max(unchecked)
            found = {one.distribution: one for one in _lives_at(terms, unchecked, *_last_months(reader, terms, last, 0, None))}
            yield from (_wrong(deal, number) for number in sorted({last, *found}) if kept[number] != found.get(number))
            unchecked -= {last, *found}


def _wrong(deal: str, number: int) -> Problem:
    fact = f"the lives that are kept with distribution {number} are not what its months come to"
    return Problem(fact, "restore a backup, or compare with a copy of the log", place=deal)


def _by_terms(reader: Reader, deal: str, rows: Iterable[DistributionHeader | DistributionRow]) -> Iterator[tuple[Terms, list[int]]]:
    """The numbers of some distributions by the terms that they ran under."""
    numbers = defaultdict[str, list[int]](list)
    for row in rows:
        numbers[row.terms_digest].append(row.number)
    yield from ((terms_stated(reader, deal, digest), found) for digest, found in numbers.items())


def _lives_at(terms: Terms, numbers: Collection[int], lives: Mapping[str, Life], moved: Mapping[int, Moved]) -> list[KeptLives]:
    """The lives up to each of some distributions that are among those `moved`, which are neighbours; `lives` are those before all of them."""
    months, alike, found, begin = pool_months(terms, moved.values()), counting(terms), list[KeptLives](), 0
    for end, number in enumerate(moved, 1):
        if number in numbers:
            lives = {subject: lives[subject].then(Life.of(lived[begin:end])) for subject, lived in months.items()}
            found.append(KeptLives(number, alike, encode_lives(lives)))
            begin = end
    return found
