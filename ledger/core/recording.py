"""Watching formulas while a period runs: what each gave, and the value of each name that it read.

Nothing of it is stored. To explain a figure the same deal is compiled once more with a Recorder, and that one period runs again; terms that were
compiled without one are not slowed by it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from ledger.core.formula import Binary, Call, Conditional, Expression, Formula, Name, Scope, Term, Type, Unary, Value

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """One reading: of a formula, which has its path in the deal file, or of a name or a function of a name, which has its offset in the formula's text.

    `parts` are the readings that were made for it, in order; a branch of an `if` that was not taken is not among them. `postings` counts the postings
    that the period had made by then.
    """

    value: Value
    type: Type
    postings: int
    parts: tuple[Note, ...]
    path: Path = ()
    formula: Formula | None = None
    name: str = ""
    at: int = 0


class Recorder:
    """Keeps the notes of one period. `notes` are those that no other note holds as a part, in the order in which they were made."""

    def __init__(self) -> None:
        self.notes: list[Note] = []
        self._open: list[list[Note]] = [self.notes]
        self._constants: dict[str, Term] = {}

    def scope(self, names: Scope) -> Scope:
        """The same names, each reading of which is noted."""
        return _RecordedNames(names, self)

    def formula(self, path: Path, formula: Formula, term: Term) -> Term:
        """The formula's term, each reading of which is noted, with the names that were folded into it as constants."""
        folded = [(node, self._constants[node.name]) for node in names_in(formula.root) if node.name in self._constants]
        constants = tuple(Note(known.constant, known.type, 0, (), name=node.name, at=node.at) for node, known in folded if known.constant is not None)
        return self._watched(term, Note(0, term.type, 0, constants, path=path, formula=formula))

    def name(self, node: Name | Call, term: Term) -> Term:
        """A name's term, each reading of which is noted. A constant is read by no one: formulas that use it hold its value."""
        name = node.name if isinstance(node, Name) else node.function
        if term.constant is not None:
            self._constants[name] = term
            return term
        return self._watched(term, Note(0, term.type, 0, (), name=name, at=node.at))

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


def names_in(node: Expression) -> Iterator[Name]:
    """The names that an expression reads as values; the first argument of a function of a name is none."""
    match node:
        case Name():
            yield node
        case Unary():
            yield from names_in(node.operand)
        case Binary():
            yield from names_in(node.left)
            yield from names_in(node.right)
        case Conditional():
            for part in (node.test, node.then, node.otherwise):
                yield from names_in(part)
        case Call():
            for argument in node.arguments[node.function in ("previous", "average", "interest") :]:
                yield from names_in(argument)
        case _:
            return
