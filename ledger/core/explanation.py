"""An explanation: one figure, what it is made of, and why; a tree whose every node can be added up again.

A node's `relation` says how its value follows from its parts, and `disagreements` computes it again. `because` are readings and balances that say why
a part is what it is, without being a part of it: a step's limit, its condition, what its accounts held.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from math import prod
from typing import Literal, NamedTuple, assert_never

from ledger.core.formula import MONEY, NUMBER, Call, Formula, FormulaError, Name, Term, Type, Value, compile_formula
from ledger.core.money import Exact, RoundingMode

Relation = Literal["given", "sum", "negative", "product", "quotient", "excess", "formula"]
"""How a value follows from its parts: their sum, minus the one, their product, the first over the second, the first less the second but at least zero,
or the formula with the parts as its names. `given` follows from nothing: a leaf."""


class Source(NamedTuple):
    """Where a leaf was reported: a line of a commit, and the row of the file that it came from; the text of that row where it was asked for."""

    position: int
    line: int
    file: str | None
    digest: str | None
    row: int | None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """One node. A value of money is in units at carry scale, exact: one that was not rounded yet may be a fraction.

    `types` are those of all names of `formula`, by offset, and `at` is the offset of a name in the formula that it is a part of.
    """

    label: str
    type: Type
    value: Value
    relation: Relation = "given"
    parts: tuple[Explanation, ...] = ()
    because: tuple[Explanation, ...] = ()
    formula: Formula | None = None
    types: Mapping[int, Type] = field(default_factory=dict)
    at: int = 0
    source: Source | None = None

    def every(self) -> Iterator[Explanation]:
        """This node and all below it."""
        yield self
        for node in (*self.parts, *self.because):
            yield from node.every()

    @property
    def number(self) -> Exact:
        """The value of a node that is no date; a flag counts 1 or 0."""
        assert not isinstance(self.value, date)
        return self.value


def given(label: str, kind: Type, value: Value, source: Source | None = None) -> Explanation:
    return Explanation(label, kind, value, source=source)


def total(label: str, parts: Iterable[Explanation], because: Iterable[Explanation] = ()) -> Explanation:
    """A sum of money."""
    found = tuple(parts)
    return Explanation(label, MONEY, sum(part.number for part in found), "sum", found, tuple(because))


def less(part: Explanation) -> Explanation:
    """What is taken away, as a part of a sum; twice taken away, it counts."""
    if part.relation == "negative":
        return part.parts[0]
    return Explanation(f"less {part.label}", part.type, -part.number, "negative", (part,))


def signed(part: Explanation, sign: int) -> Explanation:
    return part if sign > 0 else less(part)


def quotient(label: str, above: Explanation, below: Explanation) -> Explanation:
    return Explanation(label, NUMBER, Fraction(above.number) / below.number, "quotient", (above, below))


def rounded(exact: Explanation, value: int, label: str) -> Explanation:
    """An amount in whole units as an exact figure and the rounding, which is a line of its own where there is any."""
    if exact.value == value:
        return replace(exact, label=label, type=MONEY)
    return Explanation(label, MONEY, value, "sum", (exact, given("rounding", MONEY, value - Fraction(exact.number))))


def folded(node: Explanation) -> Explanation:
    """The same tree with the lines of the log counted where several make a sum, instead of listed."""
    lines = [part for part in node.parts if (part.parts[0] if part.relation == "negative" else part).source is not None]
    if len(lines) > 1 and len(lines) == len(node.parts):
        return replace(node, label=f"{node.label} ({len(lines)} lines)", relation="given", parts=())
    return replace(node, parts=tuple(map(folded, node.parts)), because=tuple(map(folded, node.because)))


def with_rows(node: Explanation, rows: Mapping[tuple[str, int], str]) -> Explanation:
    """The same tree with the texts of the rows that it ends in, by digest and number, where they are known."""
    source = node.source
    if source is not None and source.digest is not None and source.row is not None:
        source = source._replace(text=rows.get((source.digest, source.row)))
    return replace(node, source=source, parts=tuple(with_rows(part, rows) for part in node.parts), because=tuple(with_rows(one, rows) for one in node.because))


# Adding up ------------------------------------------------------------------------------------------------------------


def disagreements(explanation: Explanation, scale: int, mode: RoundingMode) -> Iterator[str]:
    """Every node whose value does not follow from its parts, to the last digit; nothing where the explanation adds up.

    `scale` and `mode` are the deal's, by which a formula turns currency into units and rounds where it says so.
    """
    for node in explanation.every():
        if node.relation == "given":
            continue
        follows = follow(node, scale, mode)
        if follows != node.value:
            yield f"{node.label} is {node.value}, its parts give {follows}"


def follow(node: Explanation, scale: int, mode: RoundingMode) -> Value | str:
    """The value that a node's parts give by its relation, or why they give none."""
    match node.relation:
        case "given":
            return node.value
        case "sum":
            return sum(part.number for part in node.parts)
        case "negative":
            return -node.parts[0].number
        case "product":
            return prod(Fraction(part.number) for part in node.parts)
        case "quotient":
            return Fraction(node.parts[0].number) / node.parts[1].number
        case "excess":
            return max(0, node.parts[0].number - node.parts[1].number)
        case "formula":
            return _evaluate(node, scale, mode)
        case _:
            assert_never(node.relation)


def _evaluate(node: Explanation, scale: int, mode: RoundingMode) -> Value | str:
    """The formula once more, from the values of the parts alone."""
    assert node.formula is not None
    names = _Parts({part.at: part.value for part in node.parts}, node.types, scale, mode)
    try:
        value: Value = compile_formula(node.formula, node.type, names).read(None)
    except FormulaError as error:
        return error.fact
    except KeyError as missing:
        return f"no value of the name at {missing} in `{node.formula.text}`"
    return value


@dataclass(slots=True)
class _Parts:
    """The parts of a formula node as the scope of its formula, by offset; a name that was not read is missed only where its value is asked for."""

    values: Mapping[int, Value]
    types: Mapping[int, Type]
    scale: int
    rounding: RoundingMode

    def name(self, node: Name) -> Term:
        return Term(self.types[node.at], lambda _run: self.values[node.at])

    def special(self, node: Call) -> Term:
        return Term(self.types[node.at], lambda _run: self.values[node.at])
