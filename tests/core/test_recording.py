"""The recorder: each formula that a period read, with the values of its names; and no difference to what the period does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

import pytest

from ledger.core.collections import Collections
from ledger.core.compiler import compile_deal
from ledger.core.opening import open_books
from ledger.core.recording import Note, Recorder
from ledger.core.schedule import PeriodDates
from ledger.core.state import Running
from ledger.core.terms import Terms
from tests.core.deals import terms

TEXT = """
deal: WATCHED-1
closing_date: 2025-01-15
dates: {distribution: {day: 25}}
pool: {original_balance: 1_000}
tranches: {A: {original_balance: 800, rate: strip + 1%}}
accounts: {funds: {collects: [interest]}}
reported: {index: rate}
ratios:
  strip: 2%
  chosen: if period == 1 then A.rate else index
amounts:
  base: 3 * A.balance
  doubled: base + base
waterfall:
  - {pay: interest, to: A, from: funds}
"""


@dataclass
class Watched:
    recorder: Recorder
    terms: Terms

    def run(self) -> Running:
        """The first period, at its beginning."""
        return Running(self.terms, open_books(self.terms).closing, PeriodDates(*[date(2025, 2, 25)] * 8), Collections())

    def read(self, name: str, run: Running) -> Note:
        """The note that reading a named value leaves."""
        self.terms.values[name].read(run)
        return self.recorder.notes[-1]


@pytest.fixture
def watched() -> Watched:
    recorder = Recorder()
    return Watched(recorder, compile_deal(terms(TEXT).deal, recorder))


def test_names_of_a_formula_are_noted_with_their_values(watched: Watched) -> None:
    note = watched.read("base", watched.run())

    assert (note.path, note.formula and note.formula.text, note.value) == (("amounts", "base"), "3 * A.balance", 240_000)
    assert [(part.name, part.at, part.value) for part in note.parts] == [("A.balance", 4, 80_000)]


def test_named_values_are_noted_within_each_other(watched: Watched) -> None:
    note = watched.read("doubled", watched.run())

    assert [(part.name, part.at, part.value) for part in note.parts] == [("base", 0, 240_000), ("base", 7, 240_000)]
    assert [inner.path for part in note.parts for inner in part.parts] == [("amounts", "base")] * 2


def test_branch_that_is_not_taken_is_not_noted(watched: Watched) -> None:
    note = watched.read("chosen", watched.run())

    assert [part.name for part in note.parts] == ["period", "A.rate"]


def test_constant_that_was_folded_into_a_formula_is_noted(watched: Watched) -> None:
    run = watched.run()
    run.rate("A")
    note = watched.recorder.notes[-1]

    assert (note.path, note.value) == (("tranches", "A", "rate"), Fraction(3, 100))
    assert [(part.name, part.value) for part in note.parts] == [("strip", Fraction(2, 100))]
