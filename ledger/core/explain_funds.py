"""Sources, uses and advances explained: the postings that each is the sum of, and what its accounts held."""

from __future__ import annotations

from ledger.core import funds
from ledger.core.explain_events import Part
from ledger.core.explain_postings import PostingsExplained
from ledger.core.explanation import Explanation, total


def funds_explained(explainer: PostingsExplained, subject: str, item: str, upto: int, *, reasons: bool) -> Explanation | None:
    """A figure of the sections `sources`, `uses` and `advances`; None for any other."""
    for held in funds.holdings(explainer.terms):
        if (held.subject, held.item) == (subject, item):
            return _held(explainer, held, upto, reasons=reasons)
    postings = explainer.evidence.postings[:upto]
    moves = [move for move in funds.moves(explainer.terms, postings) if (move.subject, move.item) == (subject, item)]
    parts = [Part(move.at, postings[move.at], move.sign) for move in moves]
    is_known = bool(parts) or (subject in funds.claimants(explainer.terms) and item in ("made", "reimbursed"))
    return total(item, explainer.grouped(parts, reasons=reasons)) if is_known else None


def _held(explainer: PostingsExplained, held: funds.Holding, upto: int, *, reasons: bool) -> Explanation:
    match held.when:
        case "opening":
            return explainer.opening(held.item, held.accounts, held.sign)
        case "close":
            return explainer.balance(held.item, held.accounts, upto, held.sign, reasons=reasons)
        case _:
            return total(held.item, explainer.grouped(explainer.moving(held.accounts, upto, -1), reasons=reasons))
