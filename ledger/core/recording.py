"""Watching formulas while a period runs: what each gave, and the value of each name that it read.

Nothing of it is stored. To explain a figure the same deal is compiled once more with a Recorder, and that one period runs again; terms that were
compiled without one are not slowed by it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ledger.core.formula import Call, Expression, Formula, Name, Scope, Term, Type, Value, parts_of
from ledger.core.problems import Path


@dataclass(frozen=True, slots=True)
class Note:
    """One reading: of a formula, which has its path in the deal file, or of a name or a function of a name, which has its offset in the formula's text.

    `name` is the name, or the function where `is_call`. `parts` are the readings that were made for it, in order; a branch of an `if` that was not taken
    is not among them. `postings` counts the postings that the period had made by then. `types` are those of all that a formula may read, by offset.
    """

    value: Value
    type: Type
    postings: int
    parts: tuple[Note, ...]
    path: Path = ()
    formula: Formula | None = None
    types: Mapping[int, Type] = field(default_factory=dict)
    name: str = ""
    at: int = 0
    is_call: bool = False


class Recorder:
    """Keeps the notes of one period. `notes` are those that no other note holds as a part, in the order in which they were made."""

    def __init__(self) -> None:
        self.notes: list[Note] = []
        self._open: list[list[Note]] = [self.notes]
        self._types: dict[str | Call, Type] = {}
        self._constants: dict[str, Value] = {}

    def scope(self, names: Scope) -> Scope:
        """The same names, each reading of which is noted."""
        return _RecordedNames(names, self)

    def formula(self, path: Path, formula: Formula, term: Term) -> Term:
        """The formula's term, each reading of which is noted, with the names that were folded into it as constants."""
        read = list(self._read_in(formula.root))
        types = {node.at: self._types[_key(node)] for node in read}
        constants = tuple(
            Note(self._constants[node.name], types[node.at], 0, (), name=node.name, at=node.at)
            for node in read
            if isinstance(node, Name) and node.name in self._constants
        )
        return self._watched(term, Note(0, term.type, 0, constants, path=path, formula=formula, types=types))

    def name(self, node: Name | Call, term: Term) -> Term:
        """A name's term, each reading of which is noted. A constant is read by no one: formulas that use it hold its value."""
        self._types[_key(node)] = term.type
        if term.constant is not None:
            assert isinstance(node, Name)
            self._constants[node.name] = term.constant
            return term
        if isinstance(node, Name):
            return self._watched(term, Note(0, term.type, 0, (), name=node.name, at=node.at))
        return self._watched(term, Note(0, term.type, 0, (), name=node.function, at=node.at, is_call=True))

    def _watched(self, term: Term, blank: Note) -> Term:
        inner = term.read

        def read(run: Any) -> Any:
            if run is None:  # the compiler folds a constant: no period runs
                return inner(run)
            parts: list[Note] = []
            self._open.append(parts)
            try:
                value = inner(run)
            finally:
                self._open.pop()
            self._open[-1].append(replace(blank, value=value, postings=len(run.postings), parts=(*blank.parts, *parts)))
            return value

        return replace(term, read=read)

    def _read_in(self, node: Expression) -> Iterator[Name | Call]:
        """The names, and the functions of a name, that an expression reads."""
        match node:
            case Name():
                yield node
            case Call() if node in self._types:
                yield node
            case _:
                for part in parts_of(node):
                    yield from self._read_in(part)

    def every(self) -> Iterator[Note]:
        """All notes, parts before what they are parts of."""

        def below(notes: list[Note] | tuple[Note, ...]) -> Iterator[Note]:
            for note in notes:
                yield from below(note.parts)
                yield note

        return below(self.notes)


class _RecordedNames:
    """The scope of a deal's formulas, watched."""

    def __init__(self, names: Scope, recorder: Recorder) -> None:
        self.names, self.recorder = names, recorder
        self.scale, self.rounding = names.scale, names.rounding

    def name(self, node: Name) -> Term:
        return self.recorder.name(node, self.names.name(node))

    def special(self, node: Call) -> Term:
        return self.recorder.name(node, self.names.special(node))


def _key(node: Name | Call) -> str | Call:
    return node.name if isinstance(node, Name) else node
