"""The terms of a deal in the books: its deal file and every amendment of it, found in the log by digest and compiled."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from ledger.core.compiler import compile_deal
from ledger.core.events import Event
from ledger.core.problems import Problem, ProblemsFound
from ledger.core.terms import Terms
from ledger.files import deal_file
from ledger.store.engine import Store
from ledger.store.projections import Reader


def named(terms: Terms, called: str) -> Terms:
    """The same terms under another id of the deal."""
    return terms if called == terms.deal.deal else compile_deal(terms.deal.under(called))


@lru_cache(maxsize=64)
def _load(body: str, called: str) -> Terms:
    return deal_file.load(body.encode(), f"{called} deal file", called)


class Versions:
    """The terms of a deal, version after version: the file it was opened with, and amendments, each from one period on. Read once."""

    def __init__(self, reader: Reader, deal: str) -> None:
        self.reader, self.deal = reader, deal
        self.events = [(position, event) for position, event in reader.terms(deal) if event.subject == "deal"]
        self._terms: dict[str, Terms] = {}

    @property
    def own_id(self) -> str:
        """The id that the deal's own file gives it, which differs from the one in the books where it was opened under another."""
        opening = self.reader.document(self.deal, self.event(date.min).code or "")
        return deal_file.load(opening.encode(), f"{self.deal} deal file").deal.deal

    def event(self, key: date | None = None, known_at: int | None = None) -> Event:
        """The event that names the terms of a period as known at a position; without a key, of the last version.

        Of the versions that begin with the period or before it the one that begins last counts, and of several that begin with the same period the one
        that was appended last.
        """
        known = [(event.effective_on or date.min, position, event) for position, event in self.events if known_at is None or position <= known_at]
        return max((version for version in known if key is None or version[0] <= key), key=lambda version: version[:2])[2]

    def at(self, key: date | None = None, known_at: int | None = None) -> tuple[Terms, str]:
        """The terms that `event` names, and the digest of the file that states them."""
        digest = self.event(key, known_at).code or ""
        if digest not in self._terms:
            self._terms[digest] = terms_stated(self.reader, self.deal, digest)
        return self._terms[digest], digest


def terms_of(reader: Reader, deal: str, key: date | None = None, known_at: int | None = None) -> tuple[Terms, str]:
    """The terms in force for a period as known at a position (without a key the last version), and the digest of the file that states them."""
    return Versions(reader, deal).at(key, known_at)


def terms_stated(reader: Reader, deal: str, digest: str) -> Terms:
    """The terms that a file of a digest states, which a distribution names as its own."""
    return _load(reader.document(deal, digest), deal)


def document(store: Store, deal: str, subject: str = "deal", key: date | None = None) -> str:
    """The text of the deal file that a deal runs on (for a period, else the last version), or of its boarding file. Raises ProblemsFound where it has none."""
    with store.reading() as reader:
        if subject == "deal":
            return reader.document(deal, Versions(reader, deal).event(key).code or "")
        digests = [event.code for _, event in reader.terms(deal) if event.subject == subject]
        if not digests:
            raise ProblemsFound([Problem(f"{deal} has no {subject} file: it was opened at closing", "leave out --boarding", place=deal)])
        return reader.document(deal, digests[-1] or "")
