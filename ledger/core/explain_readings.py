"""Why a formula gave what it gave: the value of each name in it, and what that is made of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace

from ledger.core.evidence import Evidence
from ledger.core.explanation import Explanation, given, rounded
from ledger.core.formula import MONEY
from ledger.core.money import round_exact
from ledger.core.names import REPORTED_TYPES
from ledger.core.recording import Note


class ReadingsExplained(ABC):
    """Explains readings. What they read of the books is explained by the classes that build on this one."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence, self.terms, self.deal = evidence, evidence.terms, evidence.terms.deal

    @abstractmethod
    def named(self, subject: str, item: str, upto: int) -> Explanation | None:
        """A figure after so many postings, as a formula names it: without why its steps made them. None where it is none that adds up."""

    @abstractmethod
    def balance(self, label: str, accounts: Sequence[str], upto: int, sign: int = 1) -> Explanation:
        """What some accounts held together after so many postings."""

    @abstractmethod
    def trigger(self, name: str) -> Explanation:
        """A trigger as it held in the period."""

    def formula(self, label: str, note: Note) -> Explanation:
        """A formula with the values of its names, exact."""
        assert note.formula is not None
        parts = tuple(self.name(part, note.formula.text) for part in note.parts if part.name)
        return Explanation(label, note.type, note.value, "formula", parts, formula=note.formula, types=note.types)

    def amount(self, label: str, note: Note) -> Explanation:
        """A formula of money as it counts: in whole units, the rounding a line of its own."""
        exact = self.formula(f"{label}, exact", note)
        return rounded(exact, round_exact(exact.number, self.deal.rounding.amounts), label)

    def name(self, note: Note, text: str) -> Explanation:
        """A name as a formula read it: its own formula, the figure of the books that it is, or a value that was given."""
        label = call_text(text, note.at) if note.is_call else note.name
        return replace(self._meaning(label, note, text), at=note.at)

    def _meaning(self, label: str, note: Note, text: str) -> Explanation:
        if note.name in self.deal.reported:
            return replace(self.reported(note.name), label=label)
        if note.name in self.deal.triggers and (judged := self.trigger(note.name)).value == note.value:
            return replace(judged, label=label)
        own = next((part for part in note.parts if part.formula is not None), None)
        if own is not None and (note.name in self.deal.amounts or note.name in self.deal.ratios or note.name.endswith(".rate")):
            return self.amount(label, own) if note.name in self.deal.amounts else self.formula(label, own)
        subject, _, item = note.name.rpartition(".")
        found = self.named(subject, item, note.postings) if note.type == MONEY and subject else None
        if found is not None and found.value == note.value:
            return replace(found, label=label)
        because = tuple(self.name(part, text) if part.name else self.formula(str(part.path[-1]), part) for part in note.parts)
        return replace(given(label, note.type, note.value), because=because)

    def reported(self, name: str) -> Explanation:
        """A reported value: the fact that states it, or what stood in for it."""
        kind, value = REPORTED_TYPES[self.deal.reported[name].type], self.evidence.distribution.readings.reported[name]
        stated = list(self.evidence.facts("reported", name))
        if stated:
            return given(f"{name}, as reported", kind, value, stated[-1].source)
        standing_in = self.evidence.by_path.get(("reported", name, "missing"))
        if standing_in:
            return self.formula(f"{name}, not reported", standing_in[0])
        return given(f"{name}, not reported: the last one that was", kind, value)


def call_text(text: str, at: int) -> str:
    """The text of a call, from the name of its function to the bracket that closes it."""
    depth = 0
    for index in range(at, len(text)):
        depth += (text[index] == "(") - (text[index] == ")")
        if text[index] == ")" and not depth:
            return text[at : index + 1]
    return text[at:]
