"""Invented tapes in layouts without a header, and the invented deal that they are remitted to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ledger import service
from ledger.core.mapping_report import MappingReport
from ledger.core.problems import ProblemsFound
from ledger.core.statement import Statement
from ledger.store.engine import Store

DEAL = "INVENTED-2025-1"
MARKER = "Marguerite Borrower"
"""A person's name, which must reach no event, no message and no report."""
TERMS = """\
deal: INVENTED-2025-1
title: an invented trust
closing_date: 2024-12-31
aliases: [INV25]
dates: {{distribution: {{day: 25, first: 2025-01-25}}, collection: {{months_before: 1, day: 31}}, accrual: month, day_count: 30/360}}
pool: {{original_balance: {pool}, delinquency: {method}}}
events: {{prepayment_premium: {{cash: in}}}}
tranches:
  A: {{original_balance: {pool}, rate: 0%}}
  P: {{kind: residual, title: premiums}}
  R: {{kind: residual}}
accounts:
  funds:
    collects: [interest, fee_retained, scheduled_principal, curtailment, payoff, repurchase_principal, liquidation_proceeds, liquidation_expense,
      recovery, subsequent_recovery]
  premiums: {{collects: [prepayment_premium]}}
waterfall:
  - {{pay: principal, to: A, from: funds, limit: tranches.balance - pool.balance}}
  - {{write_down: tranches.balance - pool.balance, to: A}}
  - {{pay: rest, to: P, from: premiums}}
  - {{pay: rest, to: R, from: funds}}
"""


def line(columns: Sequence[str], cells: Mapping[str, str], delimiter: str = ",") -> str:
    """A row with these cells, the others blank. Raises KeyError for a column that the layout lacks."""
    unknown = cells.keys() - set(columns)
    if unknown:
        raise KeyError(*sorted(unknown))
    return delimiter.join(cells.get(column, "") for column in columns)


def tape(columns: Sequence[str], rows: Sequence[Mapping[str, str]], delimiter: str = ",") -> bytes:
    """A file of rows without a header."""
    return "".join(line(columns, row, delimiter) + "\n" for row in rows).encode()


def opened(store: Store, pool: str, method: str = "MBA", terms: str = TERMS) -> None:
    """Open the invented deal with a pool of that balance."""
    service.open_deal(store, terms.format(pool=pool, method=method).encode(), "deal.yaml", actor="trustee")


def remitted(store: Store, body: bytes, format_: str, name: str = "tape", period: str | None = None, accept: Sequence[str] = ()) -> MappingReport:
    """The report on a month that was appended and distributed, and that adds nothing when it comes again."""
    (month,) = service.remit(store, DEAL, body, name, format_=format_, period=period, accept=accept, actor="trustee")
    assert month.report is not None
    assert service.distribute(store, DEAL, actor="trustee").problems == ()
    (again,) = service.remit(store, DEAL, body, name, format_=format_, period=period, accept=accept, actor="trustee")
    assert again.receipt is not None
    assert again.receipt.outcome == "already appended"
    return month.report


def booked(store: Store, *kinds: str) -> list[tuple[str, str | None, str]]:
    """(kind, loan, amount) of what the log says of some kinds, in cents, in order."""
    with store.reading() as reader:
        found = [event for _, event in reader.events(DEAL, kinds=kinds)]
    return [(event.kind, event.subject, f"{(event.amount if event.amount is not None else event.principal or 0) / 100:.2f}") for event in found]


def figures(statement: Statement, *names: str) -> dict[str, str]:
    """Some of the pool's figures as the statement prints them."""
    return {name: statement.text(statement.items("pool")[name]) for name in names}


def refused(store: Store, body: bytes, format_: str, period: str | None = None, accept: Sequence[str] = ()) -> list[str]:
    """The problems with a file, each as it is printed."""
    try:
        service.remit(store, DEAL, body, "tape", format_=format_, period=period, accept=accept, actor="trustee", dry_run=True)
    except ProblemsFound as found:
        return [str(problem) for problem in found.problems]
    return []
