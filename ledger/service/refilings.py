"""A month that a servicer files again: the file is read as if the month were new, and what it says otherwise than the books is a correction, line by line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from ledger.core.correction import LoggedLine, is_correctable, moves_money
from ledger.core.events import AMOUNTS, Event
from ledger.core.mapping_report import MappingReport
from ledger.core.problems import Problem, ProblemsFound
from ledger.files.correction import Correction
from ledger.files.importers import Importer
from ledger.files.sources import Source
from ledger.service.imports import Import
from ledger.service.ledgers import not_loans
from ledger.service.terms import Versions
from ledger.store.projections import Reader

_SAYS = slice(Event._fields.index("kind"), Event._fields.index("effect"))
"""The columns that make two lines the same fact."""


@dataclass
class Refiling:
    """How a re-filed month is read: see `Import`. Once it is, `report` says what the file comes to, and `left_out` how many lines move no money."""

    importer: Importer
    period: date | None = None
    pool: str | None = None
    accept: Collection[str] = ()
    report: MappingReport | None = field(default=None, init=False)
    left_out: int = field(default=0, init=False)

    def corrections(self, reader: Reader, versions: Versions, source: Source, name: str) -> list[Correction]:
        """What the file says otherwise. Raises ProblemsFound where it cannot be read, or says nothing otherwise."""
        month, self.report = Import(reader, versions, self.importer, source, name, self.period, self.pool, self.accept).month()
        found = list(_differences(_stated(reader, versions, month.period, self.pool), month.events, month.period))
        if not found:
            fact = f"the file says of {month.period} what the books say"
            raise ProblemsFound([Problem(fact, "there is nothing to correct", place=name)])
        return found

    def that_move_money(self, corrections: list[Correction]) -> list[Correction]:
        """Those that another month can book: a rate or a status that was restated is one of its own month."""
        kept = [one for one in corrections if _moved(one)]
        self.left_out = len(corrections) - len(kept)
        return kept


def _stated(reader: Reader, versions: Versions, period: date, pool: str | None) -> dict[str, list[LoggedLine]]:
    """What the books say of each loan in a period, without what was taken back."""
    others, stated = not_loans(versions.at(period)[0]), defaultdict[str, list[LoggedLine]](list)
    for position, event in reader.standing_of(versions.deal, period):
        loan = event.subject
        is_late = event.corrects_position is not None and event.corrects_line is None
        if loan is not None and loan not in others and is_correctable(event) and not is_late and (pool is None or loan.startswith(f"{pool}/")):
            stated[loan].append(LoggedLine(position, event, period, period))
    return stated


def _differences(stated: dict[str, list[LoggedLine]], events: Iterable[Event], period: date) -> Iterator[Correction]:
    """Loan by loan: lines that are not said any more are taken back, and restated where one of their kind is said otherwise; what is new comes late."""
    said: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        said[event.subject or ""].append(event)
    for loan in dict.fromkeys([*said, *stated]):
        old, new = list(stated.get(loan, ())), list(said.get(loan, ()))
        for line in list(old):
            same = next((event for event in new if event[_SAYS] == line.event[_SAYS]), None)
            if same is not None:
                old.remove(line)
                new.remove(same)
        for line in old:
            restated = next((event for event in new if event.kind == line.event.kind), None)
            if restated is not None:
                new.remove(restated)
            yield Correction((restated.source_row if restated else None) or 1, line, restated, period)
        for event in new:
            yield Correction(event.source_row or 1, None, event, period)


def _moved(one: Correction) -> bool:
    """Whether anything of a correction is left once its two sides are netted."""
    if one.line is None or one.event is None:
        return any(moves_money(event) for event in (one.line.event if one.line else None, one.event) if event is not None)
    return any((getattr(one.line.event, column) or 0) != (getattr(one.event, column) or 0) for column in AMOUNTS)
