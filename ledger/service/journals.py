"""A deal's books as a journal that another program can add up."""

from __future__ import annotations

from typing import BinaryIO

from ledger.reports.beancount import Entry, Journal
from ledger.service.bundles import Bundled, Progress
from ledger.service.reopening import History
from ledger.service.terms import Versions
from ledger.store.engine import Store


def export_beancount(store: Store, deal: str, stream: BinaryIO, progress: Progress = lambda _position: None) -> Bundled:
    """Write the distributions that stand, of a reopened period the last version, to a stream as a Beancount journal. Raises ProblemsFound."""
    with store.reading() as reader:
        terms, head = Versions(reader, deal).at()[0], reader.head(deal)
        journal = Journal(f"{deal}, position {head.position}, {head.hash}", terms.deal.currency, terms.scale)
        stream.writelines(f"{line}\n".encode() for line in journal.beginning())
        for _, row in sorted(History.of(reader, deal).standing.items()):
            closing = {account: balance.closing for account, balance in reader.balances(deal, row.number).items()}
            entry = Entry(row.number, row.distribution_date, reader.postings(deal, row.number), closing)
            stream.writelines(f"{line}\n".encode() for line in journal.entry(entry))
            progress(row.known_at)
        return Bundled(deal, head.position, head.hash, head.position, head.event_count)
