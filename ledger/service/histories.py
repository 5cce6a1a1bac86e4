"""The life of a deal as known at a position: what its pages and pictures show."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from ledger.core import history as life
from ledger.core.distribution import decode_state
from ledger.core.history import History, Month
from ledger.core.problems import Problem, ProblemsFound, nearest, stop_on
from ledger.core.state import State
from ledger.core.terms import Terms
from ledger.service.known_at import KnownAt, position_of
from ledger.service.terms import terms_of, terms_stated
from ledger.store.engine import Store
from ledger.store.lives import Summed
from ledger.store.projections import Reader


def history(store: Store, deal: str, known_at: KnownAt = None, *, subject: str | None = None, items: Collection[str] = ()) -> History:
    """The life of a deal; with a subject (a class, group, fee, account, pool, or `deal`) every figure of that one; or only some items. Raises ProblemsFound."""
    with store.reading() as reader:
        position = position_of(reader, deal, known_at, store.clock())
        last = reader.latest_distribution(deal, known_at=position)
        number = last.number if last is not None else 0
        found = life.draw(list(_months(reader, deal, reader.life(deal, number))), subject, position=position, head=reader.commit(deal, position).hash)
        if subject is not None and not any(statement.sections for statement in found.statements):
            raise ProblemsFound([_unknown(terms_of(reader, deal, known_at=position)[0], subject)])
        stop_on(_unknown_items(found, items, deal))
        return found.only(items) if items else found


def _unknown_items(found: History, items: Collection[str], deal: str) -> Iterator[Problem]:
    known = found.items()
    for item in items:
        if item not in (*known, "balance"):
            remedy = nearest(item, known) or f"name one of {', '.join(known)}, or a subject whose item it is"
            yield Problem(f"no statement has an item `{item}` here", remedy, place=deal)


def _unknown(terms: Terms, subject: str) -> Problem:
    deal = terms.deal
    known = [*deal.tranches, *terms.groups, *deal.fees, *deal.accounts, "pool", *deal.all_pools, "deal"]
    remedy = nearest(subject, known) or f"name one of {', '.join(dict.fromkeys(known))}"
    return Problem(f"no statement has figures of `{subject}`", remedy, place=deal.deal)


def _months(reader: Reader, deal: str, chain: Sequence[Summed]) -> Iterator[Month]:
    """Each distribution with the terms that it ran under, and with the state that the one before it left."""
    under: dict[str, Terms] = {}
    opening: State | None = None
    for summed in chain:
        row = summed.row
        terms = under.get(row.terms_digest) or under.setdefault(row.terms_digest, terms_stated(reader, deal, row.terms_digest))
        closing, dates, readings = decode_state(row.state, {name: held.closing for name, held in summed.balances.items()})
        yield Month(terms, closing.number, row.version, dates, opening or closing, readings, summed.balances, summed.figures, summed.adjusted)
        opening = closing
