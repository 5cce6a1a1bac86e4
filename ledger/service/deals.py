"""Checking a deal file, and opening a deal in the books."""

from __future__ import annotations

from typing import NamedTuple

from ledger.core.events import Event
from ledger.core.opening import open_books
from ledger.core.problems import ProblemsFound
from ledger.core.terms import Terms
from ledger.files import deal_file
from ledger.service import books
from ledger.store import seal
from ledger.store.engine import Store


class Opened(NamedTuple):
    """A deal that was opened: its id in the books, the log's position, and the hash of that commit."""

    deal: str
    position: int
    head: str


def check_deal(source: bytes, name: str) -> Terms:
    """Everything that a deal file says, checked. Raises ProblemsFound with all that is wrong."""
    return deal_file.load(source, name)


def open_deal(
    store: Store, source: bytes, name: str, *, boarding: tuple[bytes, str] | None = None, called: str | None = None, actor: str, reason: str = ""
) -> Opened:
    """Open a deal in the books, at closing or as a boarding file states it, under its own id or `called`. Raises ProblemsFound; then nothing was written."""
    terms = deal_file.load(source, name, called)
    boarded = deal_file.load_boarding(boarding[0], boarding[1]) if boarding else None
    try:
        opening = open_books(terms, boarded)
    except ProblemsFound as found:
        raise ProblemsFound(deal_file.placed(found.problems, *boarding) if boarding else found.problems) from None
    documents = {"deal": source.decode()} | ({"boarding": boarding[0].decode()} if boarding else {})
    with store.writing(terms.deal.deal) as writer:
        writer.open_deal()
        events = []
        for subject, body in documents.items():
            writer.add_document(seal.digest(body), body)
            events.append(Event(0, "terms", subject, code=seal.digest(body)))
        header = books.header_of(opening, 0, None, seal.digest(documents["deal"]))
        with books.recording(writer) as recording:
            receipt = recording.add(header, opening, events, actor, reason or "opened")
    return Opened(terms.deal.deal, receipt.position, receipt.hash)
