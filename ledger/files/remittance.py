"""The canonical remittance CSV: one row a fact, loan by loan or for a pool, in; events, or every problem by row, out.

docs/remittance.md is the reference. A file may hold several periods; each becomes a commit. Whether the facts agree with each other and with what the
books know is for `ledger.files.remittance_checks`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import compress
from operator import itemgetter
from typing import Any, TypeAlias

from ledger.core.events import Event
from ledger.core.problems import Problem, ProblemsFound
from ledger.core.terms import Terms
from ledger.files import cells, csv_text
from ledger.files.csv_text import Block
from ledger.files.remittance_shapes import FIGURES, MONEY, Head, Shape, TermsAt, shape_of
from ledger.files.sources import Source
from ledger.files.spool import HELD, RowFile, Spool

COLUMNS = ("deal", "distribution_date", "kind", "subject", "loan", "value", *FIGURES, "applies_to", "note")
REQUIRED = ("distribution_date", "kind")
ReadBlocks: TypeAlias = Callable[[Source, str, Sequence[str], Sequence[str]], Iterator[Block]]
"""Reads a file, of that name, as blocks of known columns, of which some are required."""
MOST_LISTED = 200
"""How many problems are listed; a file with more is wrong in one way many times."""
MOST_FOUND = 10_000
"""After so many a file is not read on."""
MOST_OF_LOAN = 100
"""Characters of a loan's id."""
_CODE = FIGURES.index("code")


def spooled(events: Iterable[Event] = (), file: RowFile | None = None) -> Spool[Event]:
    """Events of a month, however many."""
    return Spool(itemgetter(Event._fields.index("subject")), Event._make, events, file)


@dataclass(frozen=True, slots=True)
class RemittedMonth:
    """What a file reports for one period. `applies_to` gives, by an event's line, the earlier period that it belongs to."""

    period: date
    events: Spool[Event] = field(default_factory=spooled)
    applies_to: dict[int, date] = field(default_factory=dict)


def read(source: Source, name: str, terms_at: TermsAt, read_blocks: ReadBlocks = csv_text.read_blocks) -> list[RemittedMonth]:
    """The months of a file, in order, each by the terms in force for it. `read_blocks` is for a file that is no CSV: `ledger.files.parquet` has another.

    Raises ProblemsFound with everything that is wrong: the first `MOST_LISTED` of it listed, the rest counted.
    """
    reader = _Reader(terms_at)
    is_cut = False
    try:
        for block in read_blocks(source, name, COLUMNS, REQUIRED):
            reader.read(block)
            if len(reader.found) > MOST_FOUND:
                break
    except _TooManySorts:
        is_cut = True
    if not reader.months and not reader.found:
        reader.found.append((1, Problem("the file has no rows", "a month without collections says so in a `nil_month` row")))
    stop_on_listed((problem.at(f"{name}:{number}") for number, problem in sorted(reader.found, key=lambda found: found[0])), is_cut=is_cut)
    return [month for _, month in sorted(reader.months.items())]


def stop_on_listed(problems: Iterable[Problem], *, is_cut: bool = False) -> None:
    """Raise ProblemsFound with the first problems, and the number of those not listed; `is_cut` where not all were looked for."""
    found = list(problems)
    if len(found) > MOST_LISTED:
        more, at_least = len(found) - MOST_LISTED, "at least " if is_cut or len(found) > MOST_FOUND else ""
        found[MOST_LISTED:] = [Problem(f"and {at_least}{more:,} more problem{'s' * (more > 1)}", "mend those above, then try again")]
    if found:
        raise ProblemsFound(found)


class _TooManySorts(Exception):
    """More sorts of rows are wrong than problems are listed. Each that is judged is compared with the names of the deal, so no more of them are."""


class _Months(dict[date, RemittedMonth]):
    """The month of a period, made when its first row comes. All of them together hold no more rows than one large month."""

    def __init__(self) -> None:
        super().__init__()
        self._file = RowFile()

    def __missing__(self, period: date) -> RemittedMonth:
        return self.setdefault(period, RemittedMonth(period, spooled(file=self._file)))

    def let_go(self) -> None:
        if sum(month.events.held for month in self.values()) > HELD:
            for month in self.values():
                if month.events.held:
                    month.events.let_go()


@dataclass(slots=True)
class _Reader:
    """Reads blocks of rows of one deal; `found` are the problems with their rows."""

    terms_at: TermsAt
    months: _Months = field(default_factory=_Months)
    found: list[tuple[int, Problem]] = field(default_factory=list)
    _terms: Terms = field(init=False)
    _shapes: dict[tuple[Any, ...], Shape | tuple[Problem, ...]] = field(default_factory=dict)
    _refused: int = 0

    def __post_init__(self) -> None:
        """The latest terms say what all versions have in common: the unit of the books."""
        self._terms = self.terms_at(date.max)

    def read(self, block: Block) -> None:
        """A block's rows as events of their months, or as problems."""
        self.found.extend(block.ragged)
        wrong: dict[int, list[Problem]] = defaultdict(list)
        figures = self._figures(block, lambda index, problem: wrong[index].append(problem))
        values, notes = _column(block, "value"), _column(block, "note")
        rows = zip(block.numbers, self._shapes_of(block), self._loans(block, wrong), figures, strict=True)
        for index, (number, shape, loan, row) in enumerate(rows):
            if isinstance(shape, tuple) or index in wrong:
                problems = (*(shape if isinstance(shape, tuple) else ()), *wrong.get(index, ()))
                self.found.extend((number, problem) for problem in problems)
                continue
            events = self.months[shape.period].events
            said = row if shape.is_plain else self._completed(shape, row, number, values[index], notes[index])
            subject = shape.pool + loan if loan else shape.subject
            events.append(Event._make((len(events) + 1, shape.kind, subject, *said, 1, None, None, number)))
        self.months.let_go()

    def _shapes_of(self, block: Block) -> Iterator[Shape | tuple[Problem, ...]]:
        """The shape of each row; equal heads are judged once. Raises _TooManySorts."""
        others = [column for column in ("loan", "value", *FIGURES, "note") if column in block.columns]
        texts = [_column(block, column) for column in Head._fields[:-1]]
        for key in zip(*texts, *(map(bool, block.columns[column]) for column in others), strict=True):
            shape = self._shapes.get(key)
            if shape is None:
                if self._refused > MOST_LISTED:
                    raise _TooManySorts
                filled = frozenset(compress(others, key[len(texts) :]))
                shape = self._shapes[key] = shape_of(Head._make((*key[: len(texts)], filled)), self.terms_at)
                self._refused += isinstance(shape, tuple) and shape != ()
            yield shape

    def _figures(self, block: Block, note: cells.Note) -> Iterator[tuple[Any, ...]]:
        """The log's own columns of each row; None where a file has no such column."""
        parse: dict[str, cells.Parse] = {"rate": cells.rate, "delinquency": cells.days, "effective_on": cells.day, "code": str}
        columns: list[Iterable[Any]] = []
        for column in FIGURES:
            texts = block.columns.get(column)
            if texts is None:
                columns.append([None] * len(block.numbers))
            elif column in MONEY:
                columns.append(cells.amounts(column, texts, self._terms.scale, note))
            else:
                columns.append(cells.each(column, texts, parse[column], note))
        return zip(*columns, strict=True)

    def _loans(self, block: Block, wrong: dict[int, list[Problem]]) -> Sequence[str]:
        """The loans' ids. One that could be taken for something else is refused; one look at all of them finds that there is none."""
        loans = _column(block, "loan")
        taken = () if self._terms.deal.pools else ("pool", *self._terms.deal.accounts)
        distinct = set(loans)
        if "/" in "".join(distinct) or not distinct.isdisjoint(taken) or max(map(len, distinct), default=0) > MOST_OF_LOAN:
            for index, loan in enumerate(loans):
                wrong_id = _wrong_id(loan, taken)
                if wrong_id is not None:
                    wrong[index].append(wrong_id)
        return loans

    def _completed(self, shape: Shape, row: tuple[Any, ...], number: int, value: str, note: str) -> tuple[Any, ...]:
        """The figures of a row with what its `value`, `note` and `applies_to` say."""
        figures = list(row)
        if shape.value_column is not None:
            figures[FIGURES.index(shape.value_column)] = self._value(shape, value, number)
        if shape.keeps_note:
            figures[_CODE] = note
        if shape.origin is not None:
            month = self.months[shape.period]
            month.applies_to[len(month.events) + 1] = shape.origin
        return tuple(figures)

    def _value(self, shape: Shape, text: str, number: int) -> Any:
        found = cells.parsed("value", text, shape.parse)
        if isinstance(found, Problem):
            self.found.append((number, found))
        return found


def _wrong_id(loan: str, taken: Sequence[str]) -> Problem | None:
    if "/" in loan:
        return Problem(f"`loan` is `{loan}`, with a `/`", "in the books it parts pool and loan: leave it out of the id")
    if loan in taken:
        return Problem(f"`loan` is `{loan}`, which is the name of {'the pool' if loan == 'pool' else 'an account'}", "give the loan another id")
    if len(loan) > MOST_OF_LOAN:
        return Problem(f"`loan` has {len(loan)} characters", f"an id has at most {MOST_OF_LOAN}")
    return None


def _column(block: Block, name: str) -> Sequence[str]:
    """A column's cells; blank ones where the file has no such column."""
    return block.columns.get(name) or [""] * len(block.numbers)
