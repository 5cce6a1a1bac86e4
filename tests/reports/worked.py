"""Statements of worked deals, for formats that are read back."""

from __future__ import annotations

from contextlib import closing

from ledger import service
from ledger.core.history import History
from ledger.core.statement import Statement
from ledger.service.histories import history
from ledger.store.engine import Store

WORKED = ("sequoia-4", "cas-2015-c02")
"""One with adjustments, and one with reference tranches and amounts of eleven digits."""


def worked(url: str, folder: str) -> Statement:
    """The last statement of the first run of a worked deal, worked afresh."""
    return lived(url, folder)[0]


def lived(url: str, folder: str) -> tuple[Statement, History]:
    """The same with the history that pictures are made of."""
    with closing(Store(url)) as store:
        run = next(service.worked_deals(next(path for path in service.worked_folders() if path.name == folder)))
        deal = service.board(store, run, actor="trustee").deal
        for path in run.remittances:
            service.remit(store, deal, path.read_bytes(), path.name, actor="trustee")
        service.distribute(store, deal, actor="trustee")
        return service.statement(store, deal), history(store, deal)
