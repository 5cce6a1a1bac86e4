"""The picture of a deal as it stands in the books."""

from __future__ import annotations

from ledger.reports.drawing import Picture, picture
from ledger.service.books import latest
from ledger.service.terms import terms_of
from ledger.store.engine import Store


def deal_picture(store: Store, deal: str) -> Picture:
    """A deal under the last version of its terms, with the balances that its last distribution left. Raises ProblemsFound."""
    with store.reading() as reader:
        terms, _ = terms_of(reader, deal)
        last = latest(reader, terms).distribution
    after = f"distribution {last.number} of {last.dates.scheduled}" if last.number else f"closing, {last.dates.scheduled}"
    return picture(terms, last.closing.balances, f"balances in {terms.deal.currency} after {after}")
