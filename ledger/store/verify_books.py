"""Comparing what rests on the log with what the log says of it: documents, distributions with their postings and balances, published statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, func, select

from ledger.core.distribution import BalanceRow
from ledger.core.posting import Posting
from ledger.core.problems import Problem
from ledger.store import seal, tables
from ledger.store.books import DistributionRow, StatementRow
from ledger.store.bulk import Row, fetch_rows
from ledger.store.findings import Findings, outside, wrong

SAID = frozenset({"terms", "distribution", "publication"})
"""The ledger's own events that name something outside the log by its digest."""
_NUMBERS_AT_ONCE = 200
_DISTRIBUTION = tables.distribution.c
_LIVES = select(tables.pool_life.c.counting, tables.pool_life.c.lives)
_DISTRIBUTIONS = select(*(_DISTRIBUTION[name] for name in DistributionRow._fields)).order_by(_DISTRIBUTION.number)


def check(findings: Findings) -> None:
    """Add everything that does not agree to the findings."""
    findings.problems += _document_problems(findings)
    distributions = [DistributionRow(*row) for row in findings.rows(_DISTRIBUTIONS, _DISTRIBUTION.number)]
    findings.problems += _seal_problems(findings, distributions)
    findings.problems += _stray_problems(findings, [row.number for row in distributions])
    closing: dict[int | None, dict[str, int]] = {}
    for start in range(0, len(distributions), _NUMBERS_AT_ONCE):
        _check_books(findings, distributions[start : start + _NUMBERS_AT_ONCE], closing)
    findings.problems += _statement_problems(findings)
    findings.texts(_LIVES.where(tables.pool_life.c.deal_id == findings.deal_id), "pool_life")  # what lives must come to, only the terms say


def orphans(connection: Connection) -> list[Problem]:
    """Rows of a deal that is none of this database's: left when somebody removed the deal itself."""
    deals = [number for (number,) in fetch_rows(connection, select(tables.deal.c.deal_id))]
    problems = []
    for table in tables.metadata.sorted_tables:
        if table is not tables.deal and "deal_id" in table.c:
            query = select(func.count()).where(outside(table.c.deal_id, deals))
            ((count,),) = fetch_rows(connection, query)
            if count:
                problems.append(Problem(f"{count} rows of {table.name} belong to no deal", "restore a backup"))
    return problems


def _said(findings: Findings, kind: str) -> Iterator[tuple[int, Any]]:
    return ((position, event) for position, event in findings.said if event.kind == kind)


def _document_problems(findings: Findings) -> Iterator[tuple[int, Problem]]:
    """Every document that the log names is kept, has the digest that it is named by, and there is no other."""
    documents = tables.document.c
    named = {event.code: position for position, event in reversed(list(_said(findings, "terms")))}
    kept: dict[str, str] = dict(findings.texts(select(documents.digest, documents.body).where(documents.deal_id == findings.deal_id), "document"))
    for digest, position in named.items():
        if digest not in kept:
            yield wrong(position, f"the document {digest} is not kept")
    for digest, body in kept.items():
        if seal.digest(body) != digest:
            yield wrong(named.get(digest, 1), f"the document {digest} was altered")
        elif digest not in named:
            yield wrong(1, f"no event names the document {digest}")


def _seal_problems(findings: Findings, rows: Sequence[DistributionRow]) -> Iterator[tuple[int, Problem]]:
    """The log names every distribution by number and digest, at the position that the row gives."""
    sealed = {(position, event.amount, event.code) for position, event in _said(findings, "distribution")}
    stored = {(row.known_at, row.number, row.digest) for row in rows}
    for position, number, _ in sorted(sealed - stored, key=str):
        yield wrong(position, f"distribution {number} is not in the books as this commit sealed it")
    for position, number, _ in sorted(stored - sealed):
        yield wrong(position, f"no event of this commit seals distribution {number} as it is in the books")


def _stray_problems(findings: Findings, numbers: Sequence[int]) -> Iterator[tuple[int, Problem]]:
    """What belongs to distributions that are not there; where the log seals one of that number, its position is the place to look."""
    sealed: dict[int, int] = {event.amount: position for position, event in _said(findings, "distribution")}
    for table in (tables.posting, tables.balance, tables.pool_life):
        number = table.c.distribution
        query = select(number, func.count()).where(table.c.deal_id == findings.deal_id, outside(number, numbers)).group_by(number)
        for distribution, count in fetch_rows(findings.connection, query):
            place = sealed.get(distribution, max(sealed.values(), default=1))
            yield wrong(place, f"{count} rows of {table.name} belong to distribution {distribution}, which is not in the books")


def _check_books(findings: Findings, rows: Sequence[DistributionRow], closing: dict[int | None, dict[str, int]]) -> None:
    """Postings give the digest that was sealed; balances are the previous ones and the postings. `closing` keeps what was read, by number."""
    span = (rows[0].number, rows[-1].number)
    postings = _by_distribution(findings, tables.posting, ("line", *Posting._fields), span, tables.posting.c.line)
    balances = _by_distribution(findings, tables.balance, BalanceRow._fields, span, tables.balance.c.account)
    for row in rows:
        posted = [Posting(*posting) for _, *posting in postings[row.number]]
        stored = [BalanceRow(*line) for line in balances[row.number]]
        closing[row.number] = {balance.account: balance.closing for balance in stored}
        in_order = [line for line, *_ in postings[row.number]] == list(range(1, len(posted) + 1))
        if not in_order or seal.distribution_digest(row.header, posted) != row.digest:
            findings.problems.append(wrong(row.known_at, f"the postings or closing values of distribution {row.number} were altered"))
        if not _agree(posted, stored, closing.get(row.previous)):
            fact = f"the balances of distribution {row.number} are not the previous ones and the sum of its postings"
            findings.problems.append(wrong(row.known_at, fact))


def _by_distribution(findings: Findings, table: Table, fields: Sequence[str], span: tuple[int, int], order: ColumnElement[Any]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = defaultdict(list)
    number_of = table.c.distribution
    query = select(number_of, *(table.c[name] for name in fields)).order_by(number_of, order)
    for number, *row in findings.rows(query, number_of, span):
        found[number].append(tuple(row))
    return found


def _agree(postings: Sequence[Posting], balances: Sequence[BalanceRow], before: Mapping[str, int] | None) -> bool:
    """Whether every account opens as it closed, moves as posted and closes as it should; the first of a deal opens as it says, in sum at zero."""
    received: dict[str, int] = defaultdict(int)
    paid: dict[str, int] = defaultdict(int)
    for posting in postings:
        received[posting.destination] += posting.amount
        paid[posting.source] += posting.amount
    opening = before if before is not None else {row.account: row.opening for row in balances}
    expected = set()
    for account in {*opening, *received, *paid}:
        opened = opening.get(account, 0)
        expected.add(BalanceRow(account, opened, received[account], paid[account], opened + received[account] - paid[account]))
    same = set(balances) == {row for row in expected if any(row[1:])}
    return same and (before is not None or sum(opening.values()) == 0)


def _statement_problems(findings: Findings) -> Iterator[tuple[int, Problem]]:
    """Published statements are as the log says: distribution, version and digest, at the position that the row gives."""
    published = {(position, event.subject, event.amount, event.code) for position, event in _said(findings, "publication")}
    columns = [tables.statement.c[name] for name in StatementRow._fields]
    rows = [StatementRow(*row) for row in findings.texts(select(*columns).where(tables.statement.c.deal_id == findings.deal_id), "statement")]
    stored = {(row.known_at, str(row.distribution), row.version, row.digest) for row in rows}
    for position, number, version, _ in sorted(published - stored, key=str):
        yield wrong(position, f"version {version} of the statement of distribution {number} is not kept as it was published")
    for position, number, version, _ in sorted(stored - published):
        yield wrong(position, f"no event publishes version {version} of the statement of distribution {number} as it is kept")
    for row in rows:
        if seal.digest(row.body) != row.digest:
            yield wrong(row.known_at, f"version {row.version} of the statement of distribution {row.distribution} was altered")
