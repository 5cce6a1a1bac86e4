"""What `verify` reads and finds: rows as the driver gives them, the ledger's own events, and problems with their positions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Select, func, or_, select
from sqlalchemy.exc import OperationalError

from ledger.core.events import Event
from ledger.core.problems import Problem
from ledger.store.bulk import Row, fetch_rows

_REMEDY = "restore a backup, or compare with a copy of the log"


def wrong(position: int, fact: str) -> tuple[int, Problem]:
    """A problem of the log at a position, with that position to sort it by."""
    return position, Problem(f"position {position}: {fact}", _REMEDY)


def outside(column: ColumnElement[int], known: Sequence[int]) -> ColumnElement[bool]:
    """That a number is none of the known ones: below the first, above the last, or in a gap. Ranges, so that an index answers at once."""
    numbers = sorted(known) or [0]
    gaps = [column.between(left + 1, right - 1) for left, right in pairwise(numbers) if right > left + 1]
    return or_(column < numbers[0], column > numbers[-1], *gaps) if known else column.is_not(None)


@dataclass(slots=True)
class Findings:
    """One deal's verification. `said` are the ledger's own events with their positions, `problems` what is wrong with its position."""

    connection: Connection
    deal_id: int
    said: list[tuple[int, Event]] = field(default_factory=list)
    problems: list[tuple[int, Problem]] = field(default_factory=list)

    def texts(self, query: Select[Any], table: str) -> list[Row]:
        """The rows of a query that has no numeric key to tell apart what cannot be read; then they are reported as a whole."""
        try:
            return fetch_rows(self.connection, query)
        except OperationalError as error:
            self.problems.append(wrong(1, f"a row of {table} cannot be read ({error.orig})"))
            return []

    def rows(self, query: Select[Any], key: Column[Any], span: tuple[int, int] | None = None) -> list[Row]:
        """The deal's rows in the query's order, which is that of a numeric key first, whole or within a span of it.

        Rows whose text is no UTF-8, which only SQLite can hold, are left out and reported.
        """
        table: Any = key.table
        of_deal = table.c.deal_id == self.deal_id
        if span is None:
            ends: Select[Any] = select(func.min(key), func.max(key)).where(of_deal)
            ((low, high),) = fetch_rows(self.connection, ends)
            span = (low, high)
        if span[0] is None:
            return []
        return self._rows(query.where(of_deal), key, *span)

    def _rows(self, query: Select[Any], key: Column[Any], low: int, high: int) -> list[Row]:
        """Halve a span that cannot be read until what cannot be read stands alone."""
        try:
            return fetch_rows(self.connection, query.where(key.between(low, high)))
        except OperationalError as error:
            if low == high:
                self.problems.append((low, Problem(f"{key.name} {low}: a row of {key.table.name} cannot be read ({error.orig})", _REMEDY)))
                return []
        middle = (low + high) // 2
        return self._rows(query, key, low, middle) + self._rows(query, key, middle + 1, high)
