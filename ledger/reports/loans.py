"""A listing of loans as text, CSV and JSON, and a check of how they roll forward. CSV and JSON come in pieces, so that a million loans need no memory."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from ledger.core.figure import Figure
from ledger.core.loan_columns import COLUMNS, Sort, Value
from ledger.core.loan_ledger import LoanRow
from ledger.core.loan_listing import LoanCheck, LoanListing, Roll
from ledger.core.loan_shares import Share
from ledger.core.money import Money, format_exact, format_money
from ledger.reports import csv_text
from ledger.reports.layout import Cell, Table, in_words, plain

FORMAT = 1
NOT_IN_TEXT = ("prepayment", "principal")
"""Columns that are sums of others: a table for the eye has the parts."""
ALWAYS = ("loan", "status", "opening_balance", "closing_balance")
LEFT = ("loan", "pool", "status")
SUMMED = tuple(name for name, column in COLUMNS.items() if column.sort == "money")
_ROLL = ("opening", "principal", "loss", "adjustment", "rolled", "closing")


class Sums:
    """The sums of a listing, made while its rows go by: how many loans, each column of money, and the part in a figure where one is asked for."""

    def __init__(self, share: Share | None) -> None:
        self.loans, self.money, self.share, self.part = 0, dict.fromkeys(SUMMED, 0), share, 0

    def add(self, row: LoanRow) -> None:
        self.loans += 1
        for name in SUMMED:
            self.money[name] += getattr(row, name)
        self.part += self.share.of(row) if self.share else 0

    def passing(self, rows: Iterable[LoanRow]) -> Iterator[LoanRow]:
        for row in rows:
            self.add(row)
            yield row


def exact(sort: Sort, value: Value, scale: int) -> str | None:
    """A value as files have it: every place that the books carry, no separators."""
    if isinstance(value, int) and sort == "money":
        return format_money(value, scale, thousands=False)
    if isinstance(value, Fraction):
        return format_exact(value)
    return None if value is None else f"{value}"


# Text -----------------------------------------------------------------------------------------------------------------


def to_text(listing: LoanListing) -> str:
    """A row a loan, without columns that are nil throughout, and the sums below."""
    sums = Sums(listing.share)
    table = _table(listing, list(sums.passing(listing.rows)), sums)
    loans = f"{sums.loans:,} loan{'' if sums.loans == 1 else 's'}"
    return "\n".join(part for part in (_heading(listing), plain([table]), f"{loans}\n{_compared(listing, sums)}") if part)


def totals_text(listing: LoanListing) -> str:
    """A row a pool, and one for all together where there are several."""
    every = Sums(listing.share)
    by_pool = _by_pool(listing, every)
    names = [name for name in SUMMED if name in ALWAYS or (name not in NOT_IN_TEXT and every.money[name])]
    lines = {**by_pool, **({"all pools": every} if len(by_pool) > 1 else {})}
    rows = [[pool, f"{sums.loans:,}", *_parts(listing, sums), *(_money(listing, sums.money[name]) for name in names)] for pool, sums in lines.items()]
    headers = ["pool", "loans", *([listing.item] if listing.item else []), *names]
    return "\n".join(part for part in (_heading(listing), plain([in_words("", _spoken(headers), rows)]), _compared(listing, every)) if part)


def _by_pool(listing: LoanListing, every: Sums) -> dict[str, Sums]:
    found: dict[str, Sums] = {}
    for row in every.passing(listing.rows):
        found.setdefault(row.pool, Sums(listing.share)).add(row)
    return dict(sorted(found.items()))


def _heading(listing: LoanListing) -> str:
    when = f"distributed on {listing.paid_on}" if listing.paid_on else "not distributed, or read apart from its distribution"
    of = f"; the loans behind {listing.subject}.{listing.item}" if listing.item else ""
    return f"{listing.deal}  {listing.title}".rstrip() + f"\nLoans at the end of the period {listing.period}, {when}; position {listing.position}{of}\n"


def _compared(listing: LoanListing, sums: Sums) -> str:
    """The sum of the loans beside the figure of the statement; what is between them was reported for the pool and for no loan."""
    if listing.share is None or listing.figure is None:
        return ""
    said, figure = listing.share.kind, _whole(listing.figure)
    shown = f"{listing.subject}.{listing.item}"
    first = f"{shown} of these loans: {_part(listing, said, sums.part)}; on the statement: {_part(listing, said, figure)}\n"
    rest = "" if sums.part == figure else f"{_part(listing, said, figure - sums.part)} is not of these loans\n"
    return first + rest


def _whole(figure: Figure) -> int:
    """An amount, or a number of loans."""
    return 0 if isinstance(figure.value, date) else int(figure.value)


def _part(listing: LoanListing, kind: str, part: int) -> str:
    return _money(listing, part) if kind == "money" else f"{part:,}"


def _parts(listing: LoanListing, sums: Sums) -> list[str]:
    return [_part(listing, listing.share.kind, sums.part)] if listing.share else []


def _money(listing: LoanListing, amount: Money) -> str:
    return format_money(amount, listing.scale, places=min(listing.printed.places, listing.scale), mode=listing.printed.mode)


def _table(listing: LoanListing, rows: Sequence[LoanRow], sums: Sums) -> Table:
    several = len({row.pool for row in rows}) > 1 or any(row.pool != "pool" for row in rows)
    names = [name for name in COLUMNS if _is_shown(name, rows, several)]
    if listing.share:
        names = [name for name in names if name in (*ALWAYS, "pool", "days_past_due")]
    part = [Cell(text) for text in _parts(listing, sums)]
    body = [
        [*(Cell(_shown(listing, name, row)) for name in names), *([Cell(_part(listing, listing.share.kind, listing.share.of(row)))] if listing.share else [])]
        for row in rows
    ]
    total = [Cell(_money(listing, sums.money[name]) if name in SUMMED else "") for name in names] + part
    headers = [*names, *([listing.item] if listing.share else [])]
    return Table("", "", _spoken(headers), body, total, {names.index(name) for name in LEFT if name in names})


def _is_shown(name: str, rows: Sequence[LoanRow], several: bool) -> bool:
    if name == "pool":
        return several
    if name in NOT_IN_TEXT:
        return False
    return name in ALWAYS or any(COLUMNS[name].read(row) not in (None, 0) for row in rows)


def _shown(listing: LoanListing, name: str, row: LoanRow) -> str:
    column = COLUMNS[name]
    value = column.read(row)
    if column.sort == "money" and isinstance(value, int):
        return _money(listing, value)
    if column.sort == "rate" and isinstance(value, Fraction):
        return f"{format_exact(value * 100)}%"
    return "" if value is None else f"{value}"


def _spoken(headers: Iterable[str]) -> list[str]:
    return [header.replace("_", " ") for header in headers]


# Files ----------------------------------------------------------------------------------------------------------------


def to_csv(listing: LoanListing) -> Iterator[bytes]:
    """A header, then a row a loan with every column, and the loan's part in the figure where one is asked for."""
    share = [listing.item] if listing.share else []
    yield csv_text.write([*COLUMNS, *(f"{listing.subject}.{item}" for item in share)], [])
    for row in listing.rows:
        cells = [exact(column.sort, column.read(row), listing.scale) for column in COLUMNS.values()]
        yield csv_text.write_rows([[*cells, *([_exact_part(listing, listing.share.of(row))] if listing.share else [])]])


def to_json(listing: LoanListing) -> Iterator[bytes]:
    """One value, with sorted keys: what is listed, `loans` one by one, then the `total`."""
    sums, share = Sums(listing.share), listing.share
    yield b'{"currency":' + _json(listing.currency) + b',"deal":' + _json(listing.deal)
    yield b',"distribution":' + _json(listing.paid_on and listing.paid_on.isoformat()) + b',"figure":' + _json(_figure(listing))
    yield b',"format":' + _json(FORMAT) + b',"loans":['
    for count, row in enumerate(sums.passing(listing.rows)):
        cells = {name: exact(column.sort, column.read(row), listing.scale) for name, column in COLUMNS.items()}
        value: dict[str, Any] = {**cells, "days_past_due": row.days_past_due, **({"part": _exact_part(listing, share.of(row))} if share else {})}
        yield (b"," if count else b"") + _json(value)
    yield b'],"period":' + _json(listing.period.isoformat()) + b',"position":' + _json(listing.position)
    total = {name: format_money(amount, listing.scale, thousands=False) for name, amount in sums.money.items()}
    yield b',"total":' + _json({**total, "loans": sums.loans, **({"part": _exact_part(listing, sums.part)} if share else {})}) + b"}\n"


def totals_json(listing: LoanListing) -> Iterator[bytes]:
    """The sums alone, by pool."""
    pools = {
        pool: {"loans": sums.loans, **{name: format_money(amount, listing.scale, thousands=False) for name, amount in sums.money.items()}}
        for pool, sums in _by_pool(listing, Sums(listing.share)).items()
    }
    yield _json({"currency": listing.currency, "deal": listing.deal, "format": FORMAT, "period": listing.period.isoformat(), "pools": pools}) + b"\n"


def _figure(listing: LoanListing) -> dict[str, str] | None:
    if listing.figure is None:
        return None
    return {"subject": listing.subject, "item": listing.item, "value": _exact_part(listing, _whole(listing.figure))}


def _exact_part(listing: LoanListing, part: int) -> str:
    return format_money(part, listing.scale, thousands=False) if listing.share and listing.share.kind == "money" else f"{part}"


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


# Rolling forward ------------------------------------------------------------------------------------------------------


def check_text(check: LoanCheck) -> str:
    """Each pool, and each loan that does not roll forward."""
    read = f"period {check.period}; position {check.position}, tolerance {format_money(check.tolerance, check.scale)}"
    heading = f"{check.deal}: opening - principal - loss + adjustment = closing, {read}\n"
    pools = [[*_roll(check, pool.roll), "" if pool.books is None else format_money(pool.books, check.scale)] for pool in check.pools]
    loans = [[*_roll(check, roll), format_money(roll.closing - roll.rolled, check.scale)] for roll in check.loans]
    tables = [in_words("", ["pool", *_ROLL, "books"], pools), in_words("Loans that do not roll forward", ["loan", *_ROLL, "difference"], loans)]
    return f"{heading}\n{plain(tables)}"


def _roll(check: LoanCheck, roll: Roll) -> list[str]:
    return [roll.subject, *(format_money(getattr(roll, name), check.scale) for name in _ROLL)]


def check_json(check: LoanCheck) -> bytes:
    """The same as one value."""

    def told(roll: Roll) -> dict[str, str | None]:
        return {name: format_money(getattr(roll, name), check.scale, thousands=False) for name in _ROLL}

    pools = {
        pool.roll.subject: told(pool.roll) | {"books": None if pool.books is None else format_money(pool.books, check.scale, thousands=False)}
        for pool in check.pools
    }
    value = {
        "deal": check.deal, "format": FORMAT, "is_clean": check.is_clean, "loans": {roll.subject: told(roll) for roll in check.loans},
        "period": check.period.isoformat(), "pools": pools, "position": check.position,
        "tolerance": format_money(check.tolerance, check.scale, thousands=False),
    }  # fmt: skip
    return _json(value) + b"\n"
