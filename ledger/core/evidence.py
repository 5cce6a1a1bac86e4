"""What the figures of one period are explained from: the period run again with a recorder, and the lines of the log behind it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from ledger.core.collections import Collections, Flow, Total, collect
from ledger.core.compiler import compile_deal
from ledger.core.deal import Deal
from ledger.core.distribution import Distribution
from ledger.core.events import Event
from ledger.core.explanation import Explanation, Source, given
from ledger.core.formula import MONEY, Read
from ledger.core.money import Money
from ledger.core.posting import Posting
from ledger.core.problems import Path, Problem, ProblemsFound
from ledger.core.processor import distribute
from ledger.core.recording import Note, Recorder
from ledger.core.terms import Terms


class Line(NamedTuple):
    """An event with the commit that brought it: its position, and the name and digest of the file, where it came from one.

    `origin` is the earlier period that it is booked for.
    """

    position: int
    event: Event
    file: str | None
    digest: str | None
    origin: date | None = None

    @property
    def source(self) -> Source:
        return Source(self.position, self.event.line, self.file, self.digest, self.event.source_row)


class Log(NamedTuple):
    """What the log says of a period: the lines that are summed by kind, and the facts that are read one by one."""

    summed: Sequence[Line] = ()
    facts: Sequence[Line] = ()


class Evidence:
    """One distribution with all that was read for it. `terms` are compiled with the recorder, so that what is read of them now is noted too."""

    def __init__(self, terms: Terms, recorder: Recorder, distribution: Distribution, log: Log) -> None:
        self.terms, self.distribution, self.log = terms, distribution, log
        self.notes: tuple[Note, ...] = tuple(recorder.notes)
        self.by_path: dict[Path, list[Note]] = defaultdict(list)
        for note in recorder.every():
            self.by_path[note.path].append(note)
        self._flows = self._by_component()
        self._recorder = recorder

    @property
    def postings(self) -> Sequence[Posting]:
        return self.distribution.postings

    def reading(self, read: Read, upto: int) -> Note:
        """What a formula reads after so many postings, as a note of it. Raises what reading it raises."""
        begun = len(self._recorder.notes)
        read(replace(self.distribution, postings=self.distribution.postings[:upto]).running(self.terms))
        return self._recorder.notes[begun]

    def balance(self, account: str, upto: int) -> Money:
        """What an account held after so many postings."""
        held = self.distribution.opening.balances.get(account, 0)
        return held + sum((posted.destination == account) * posted.amount - (posted.source == account) * posted.amount for posted in self.postings[:upto])

    # The log -------------------------------------------------------------------------------------------------------

    def _by_component(self) -> dict[tuple[str, str, date | None], list[tuple[Flow, Line]]]:
        """The lines of each component, pool and origin: read as the sums are, each line as a total of its own."""
        found: dict[tuple[str, str, date | None], list[tuple[Flow, Line]]] = defaultdict(list)
        own = {name: self.terms.components[name] for name in self.terms.deal.events}
        for line in self.log.summed:
            for flow in collect([self._total(line)], (), own).flows:
                found[flow.component, flow.pool or "pool", flow.origin].append((flow, line))
        return found

    def _total(self, line: Line) -> Total:
        event, subject = line.event, line.event.subject or ""
        pool = (subject.partition("/")[0] or None) if self.terms.deal.pools else None
        return Total(event.kind, pool, event.corrects_position, line.origin, event.principal, event.interest, event.fee, event.amount)

    def lines(self, component: str, pool: str, origin: date | None) -> Iterator[Explanation]:
        """The lines that a component's total of a pool and origin sums, in the order of the log."""
        for flow, line in self._flows.get((component, pool, origin), ()):
            of = f" of {line.event.kind}" if line.event.kind != component else ""
            yield given(f"{component}{of}: {line.event.subject or pool}", MONEY, flow.amount, line.source)

    def facts(self, kind: str, subject: str | None = None) -> Iterator[Line]:
        """The facts of a kind that stand, of one subject where it is given."""
        return (line for line in self.log.facts if line.event.kind == kind and subject in (None, line.event.subject))


def rerun(deal: Deal, kept: Distribution, collections: Collections, log: Log) -> Evidence:
    """Run the period of a distribution again and note all that it reads; what was settled of it afterwards stays as it was kept.

    Raises ProblemsFound where the period no longer gives the postings that were kept.
    """
    recorder = Recorder()
    terms = compile_deal(deal, recorder)
    again = distribute(terms, kept.opening, kept.dates, collections)
    if again.postings != kept.postings[: len(again.postings)]:
        fact = f"running {kept.dates.scheduled} again gives other postings than were recorded"
        raise ProblemsFound([Problem(fact, "see `tranche verify`: it says whether the rules changed or the books were altered", place=deal.deal)])
    return Evidence(terms, recorder, kept, log)


def position(deal: Deal, opened: Distribution) -> Evidence:
    """The evidence of the position at closing or boarding, which no period ran for."""
    recorder = Recorder()
    before = replace(opened.opening, cumulative=opened.closing.cumulative)  # losses of earlier years are stated, not posted
    return Evidence(compile_deal(deal, recorder), recorder, replace(opened, opening=before), Log())
