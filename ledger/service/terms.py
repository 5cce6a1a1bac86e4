"""The terms of a deal in the books: its deal file, found in the log by digest and compiled."""

from __future__ import annotations

from functools import lru_cache

from ledger.core.compiler import compile_deal
from ledger.core.deal import Deal
from ledger.core.problems import Problem, ProblemsFound
from ledger.core.terms import Terms
from ledger.files import deal_file
from ledger.store.engine import Store
from ledger.store.projections import Reader


def named(terms: Terms, called: str | None) -> Terms:
    """The same terms under another id, for a run of a trust that is opened beside others."""
    if called is None or called == terms.deal.deal:
        return terms
    return compile_deal(Deal.model_validate(terms.deal.model_copy(update={"deal": called})))


@lru_cache(maxsize=64)
def _load(body: str, called: str) -> Terms:
    return named(deal_file.load(body.encode(), f"{called} deal file"), called)


def terms_of(reader: Reader, deal: str) -> tuple[Terms, str]:
    """The terms of a deal in the books, and the digest of the file that states them."""
    digest = next(event.code for _, event in reader.terms(deal) if event.subject == "deal")
    assert digest is not None
    return _load(reader.document(deal, digest), deal), digest


def document(store: Store, deal: str, subject: str = "deal") -> str:
    """The text of the deal file that a deal runs on, or of its boarding file. Raises ProblemsFound where it has none."""
    with store.reading() as reader:
        digests = [event.code for _, event in reader.terms(deal) if event.subject == subject]
        if not digests:
            raise ProblemsFound([Problem(f"{deal} has no {subject} file: it was opened at closing", "leave out --boarding", place=deal)])
        return reader.document(deal, digests[-1] or "")
