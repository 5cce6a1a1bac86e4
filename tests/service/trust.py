"""A small trust with a floating class, as files in memory: opened, remitted and distributed through the use cases."""

from __future__ import annotations

from decimal import Decimal

from ledger import service
from ledger.store.engine import Store
from tests.cli.conftest import DEAL as COVE

FLOATING = "reported: {sofr: {type: rate, index: SOFR-30D-AVG, fixing: {business_days_before: 2}}}"
DEAL = COVE.replace("pool: {", f"{FLOATING}\npool: {{").replace("rate: 6%", "rate: sofr + 1%")
"""Cove Trust, whose class A floats."""


def month(key: str, *rows: str, sofr: str | None = "5%") -> bytes:
    """A month that brings 8,000 of interest and 10,000 of principal, with further rows; `sofr` None where the rate comes from elsewhere."""
    reported = [f"{key},reported,sofr,{sofr}"] if sofr else []
    lines = ["distribution_date,kind,subject,value", f"{key},interest,,8000.00", f"{key},scheduled_principal,,10000.00", *reported, *rows]
    return ("\n".join(lines) + "\n").encode()


def open_trust(store: Store, text: str = DEAL, called: str | None = None) -> str:
    return service.open_deal(store, text.encode(), "deal.yaml", called=called, actor="tester").deal


def remit(store: Store, key: str, *rows: str, deal: str = "COVE-1", sofr: str | None = "5%", source: str = "servicer") -> None:
    service.remit(store, deal, month(key, *rows, sofr=sofr), f"{key}.csv", source_name=source, actor="tester")


def distribute(store: Store, deal: str = "COVE-1") -> service.Distributed:
    return service.distribute(store, deal, actor="tester")


def figure(store: Store, subject: str, item: str, on: str | None = None, deal: str = "COVE-1") -> str | None:
    """A figure of the statement of a period, as it prints; None where the statement has none."""
    statement = service.statement(store, deal, on=on)
    found = statement.figure(subject, item)
    return None if found is None else statement.text(found)


def amount(text: str | None) -> Decimal:
    assert text is not None
    return Decimal(text)
