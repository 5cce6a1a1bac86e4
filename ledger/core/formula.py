"""Formulas of the deal file: expression nodes, their types, and their compilation to functions of the period.

A type is a power of money, a date or a boolean: `A.balance` is money (power 1), a rate or a ratio is power 0, `*` and `/` add and subtract powers.
A bare number such as `2_500_000` is *open*: it takes the type its neighbours need. The text is parsed in `ledger.files.formula_text`.
A compiled formula is a function of one value, the running period; what a name reads there is the scope's business (`ledger.core.names`).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from math import ceil, floor
from typing import Any, Literal, Protocol, TypeAlias, assert_never

from ledger.core.money import Exact, RoundingMode, format_exact, format_money, round_exact
from ledger.core.problems import Problem, ProblemsFound

# ---------------------------------------------------------------------------------------------------------------- nodes


@dataclass(frozen=True, slots=True)
class Number:
    """A number as written; `bare` without `%`, which leaves its type open."""

    value: Fraction
    bare: bool
    at: int


@dataclass(frozen=True, slots=True)
class Keyword:
    """A date, `true` or `false`."""

    value: date | bool
    at: int


@dataclass(frozen=True, slots=True)
class Name:
    """One or more parts joined by dots, as written: `A-1.opening_balance`."""

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Call:
    """`function` is one of FUNCTIONS; the parser leaves it to the compiler to say so."""

    function: str
    arguments: tuple[Expression, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Unary:
    operator: Literal["-", "not"]
    operand: Expression
    at: int


Operator = Literal["+", "-", "*", "/", "<", "<=", ">", ">=", "==", "!=", "and", "or"]


@dataclass(frozen=True, slots=True)
class Binary:
    """`at` is the offset of the operator in the formula's text; that of every other node is its beginning."""

    operator: Operator
    left: Expression
    right: Expression
    at: int


@dataclass(frozen=True, slots=True)
class Conditional:
    test: Expression
    then: Expression
    otherwise: Expression
    at: int


Expression: TypeAlias = Number | Keyword | Name | Call | Unary | Binary | Conditional


def parts_of(node: Expression) -> tuple[Expression, ...]:
    """The expressions that an expression is made of."""
    match node:
        case Call():
            return node.arguments
        case Unary():
            return (node.operand,)
        case Binary():
            return node.left, node.right
        case Conditional():
            return node.test, node.then, node.otherwise
        case _:
            return ()


def names_in(node: Expression) -> Iterator[str]:
    """The names that an expression reads, in the order of its text, each as often as it stands there."""
    if isinstance(node, Name):
        yield node.name
    for part in parts_of(node):
        yield from names_in(part)


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula as the deal file has it: its text, which explanations print, and its parsed root."""

    text: str
    root: Expression


FUNCTIONS = ("min", "max", "abs", "round", "floor", "ceiling", "previous", "average", "interest", "months_between")

# ---------------------------------------------------------------------------------------------------------------- types


@dataclass(frozen=True, slots=True)
class Type:
    """`power` counts factors of money in a number; None leaves it open (a bare constant)."""

    kind: Literal["number", "date", "boolean"]
    power: int | None = 0

    def __str__(self) -> str:
        if self.kind != "number":
            return f"a {self.kind}"
        named = {None: "a number", 0: "a number (a rate, ratio or count)", 1: "money", -1: "one over money", 2: "money times money"}
        return named.get(self.power, f"money to the power of {self.power}")


MONEY, NUMBER, OPEN = Type("number", 1), Type("number", 0), Type("number", None)
DATE, BOOLEAN = Type("date"), Type("boolean")

Value: TypeAlias = Exact | date | bool
Read: TypeAlias = Callable[[Any], Any]
"""A compiled formula: reads the running period, gives a Value."""


@dataclass(frozen=True, slots=True)
class Term:
    """A compiled expression. `constant` where it needs no period to be known."""

    type: Type
    read: Read
    constant: Value | None = None


class FormulaError(Exception):
    """A formula that does not mean anything: where in its text, what is wrong, what to do. Not raised beyond this module's callers."""

    def __init__(self, at: int, fact: str, remedy: str = "") -> None:
        super().__init__(fact)
        self.at, self.fact, self.remedy = at, fact, remedy


class Scope(Protocol):
    """What names mean in one deal."""

    scale: int
    rounding: RoundingMode

    def name(self, node: Name) -> Term:
        """The term that a name stands for. Raises FormulaError for an unknown one, with the names that were meant."""
        ...

    def special(self, node: Call) -> Term:
        """`previous`, `average`, `interest`: functions whose first argument is a name, not a value."""
        ...


# -------------------------------------------------------------------------------------------------------------- compile


def compile_formula(formula: Formula, wanted: Type, scope: Scope) -> Term:
    """The formula as a term of the wanted type; money comes out in units at carry scale, exact, not yet rounded.

    Raises FormulaError.
    """
    compiler = _Compiler(formula.text, scope)
    return compiler.as_type(compiler.term(formula.root), wanted, formula.root)


def compile_open(formula: Formula, scope: Scope) -> Term:
    """The formula as a term of whatever type it has. Raises FormulaError."""
    return _Compiler(formula.text, scope).term(formula.root)


def compile_sides(text: str, node: Binary, scope: Scope) -> tuple[Term, Term]:
    """Both sides of a comparison, as terms of like type. Raises FormulaError."""
    left, right = _Compiler(text, scope).alike_pair(node)
    return left, right


_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {"+": operator.add, "-": operator.sub, "*": operator.mul}
_COMPARISON: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip


class _Compiler:
    def __init__(self, text: str, scope: Scope) -> None:
        self.text, self.scope = text, scope

    def term(self, node: Expression) -> Term:
        match node:
            case Number():
                return _constant(OPEN if node.bare else NUMBER, _plain(node.value))
            case Keyword():
                return _constant(BOOLEAN if isinstance(node.value, bool) else DATE, node.value)
            case Name():
                return self.scope.name(node)
            case Unary():
                return self.unary(node)
            case Binary():
                return self.binary(node)
            case Conditional():
                return self.conditional(node)
            case Call():
                return self.call(node)
            case _:
                assert_never(node)

    # Types ---------------------------------------------------------------------------------------------------

    def as_type(self, term: Term, wanted: Type, node: Expression) -> Term:
        """The term as the wanted type: an open constant is turned into units of money, anything else must be of that type already."""
        if term.type == wanted:
            return term
        if term.type == OPEN and wanted.kind == "number":
            if wanted.power == 0:
                return replace(term, type=NUMBER)
            if wanted.power == 1:
                return self._in_units(term)
        what = f"`{node.name}`" if isinstance(node, Name) else "this"
        raise FormulaError(node.at, f"{what} is {term.type}, {wanted} is needed here", _remedy(term.type, wanted))

    def _in_units(self, term: Term) -> Term:
        scale = 10**self.scope.scale
        if term.constant is not None:
            return _constant(MONEY, _plain(Fraction(term.constant) * scale))  # type: ignore[arg-type]  # an open constant is a number
        read = term.read
        return Term(MONEY, lambda run: read(run) * scale)

    def alike(self, nodes: tuple[Expression, ...], terms: list[Term], what: str, at: int) -> list[Term]:
        """The terms as one type, which the first that is not open decides; what cannot be mixed is refused by name."""
        wanted = next((term.type for term in terms if term.type != OPEN), OPEN)
        for term in terms:
            if term.type not in (wanted, OPEN):
                raise FormulaError(at, f"{what} needs like values, here are {wanted} and {term.type}", _remedy(term.type, wanted))
        if wanted.kind != "number" and any(term.type == OPEN for term in terms):
            raise FormulaError(at, f"{what} needs like values, here are {wanted} and a number", _remedy(wanted, NUMBER))
        return [self.as_type(term, wanted, node) for node, term in zip(nodes, terms, strict=True)]

    def boolean(self, node: Expression) -> Term:
        return self.as_type(self.term(node), BOOLEAN, node)

    def number(self, node: Expression, what: str) -> Term:
        term = self.term(node)
        if term.type.kind != "number":
            raise FormulaError(node.at, f"{what} needs a number, here is {term.type}", _remedy(term.type, NUMBER))
        return term

    # Operators -----------------------------------------------------------------------------------------------

    def unary(self, node: Unary) -> Term:
        if node.operator == "not":
            operand = self.boolean(node.operand).read
            return Term(BOOLEAN, lambda run: not operand(run))
        term = self.number(node.operand, "`-`")
        read = term.read
        return _folded(Term(term.type, lambda run: -read(run)), term)

    def binary(self, node: Binary) -> Term:
        match node.operator:
            case "and" | "or":
                return self.logical(node)
            case "*" | "/":
                return self.product(node)
            case "+" | "-":
                return self.sum(node)
            case _:
                left, right = self.alike_pair(node)
                return Term(BOOLEAN, _apply(_COMPARISON[node.operator], left, right))

    def logical(self, node: Binary) -> Term:
        left, right = self.boolean(node.left).read, self.boolean(node.right).read
        if node.operator == "and":
            return Term(BOOLEAN, lambda run: left(run) and right(run))
        return Term(BOOLEAN, lambda run: left(run) or right(run))

    def alike_pair(self, node: Binary) -> list[Term]:
        sides = (node.left, node.right)
        return self.alike(sides, [self.term(side) for side in sides], f"`{node.operator}`", node.at)

    def sum(self, node: Binary) -> Term:
        left, right = self.alike_pair(node)
        if left.type == DATE and node.operator == "-":
            return Term(NUMBER, lambda run: (left.read(run) - right.read(run)).days)
        if left.type.kind != "number":
            raise FormulaError(node.at, f"`{node.operator}` cannot be used on {left.type}", _remedy(left.type, NUMBER))
        return _folded(Term(left.type, _apply(_ARITHMETIC[node.operator], left, right)), left, right)

    def product(self, node: Binary) -> Term:
        left, right = self.number(node.left, f"`{node.operator}`"), self.number(node.right, f"`{node.operator}`")
        kind = Type("number", _power(node.operator, left, right))
        if node.operator == "*":
            return _folded(Term(kind, _apply(operator.mul, left, right)), left, right)
        if right.constant == 0:
            raise FormulaError(node.at, f"`{self.text}` divides by zero", "divide by something else")
        return _folded(Term(kind, self._divide(left, right.read)), left, right)

    def _divide(self, left: Term, right: Read) -> Read:
        dividend = left.read

        def divide(run: Any) -> Exact:
            above, below = dividend(run), right(run)
            if not below:
                raise self._by_zero(left.type, above)
            return Fraction(above, below)

        return divide

    def _by_zero(self, kind: Type, above: Exact) -> ProblemsFound:
        """Stops the period, naming the formula and what it would have divided."""
        shown = format_money(round_exact(above, "half_up"), self.scope.scale) if kind == MONEY else format_exact(above)
        return ProblemsFound([Problem(f"`{self.text}` divides {shown} by zero", "give it a `when`, or an `if` for the case that the divisor is zero")])

    def conditional(self, node: Conditional) -> Term:
        test = self.boolean(node.test).read
        sides = (node.then, node.otherwise)
        then, otherwise = self.alike(sides, [self.term(side) for side in sides], "`if`", node.at)
        yes, no = then.read, otherwise.read
        return Term(then.type, lambda run: yes(run) if test(run) else no(run))

    # Functions -----------------------------------------------------------------------------------------------

    def call(self, node: Call) -> Term:
        match node.function:
            case "min" | "max":
                return self._extreme(node)
            case "abs":
                term = self.number(self._arguments(node, 1, 1)[0], "`abs`")
                return _folded(Term(term.type, lambda run: abs(term.read(run))), term)
            case "round" | "floor" | "ceiling":
                return self._rounded(node)
            case "months_between":
                return self._months_between(node)
            case "previous" | "average" | "interest":
                return self.scope.special(node)
            case _:
                raise FormulaError(node.at, f"there is no function `{node.function}`", f"the functions are {', '.join(FUNCTIONS)}")

    def _arguments(self, node: Call, least: int, most: int) -> tuple[Expression, ...]:
        if not least <= len(node.arguments) <= most:
            count = f"{least}" if least == most else f"{least} to {most}"
            raise FormulaError(node.at, f"`{node.function}` takes {count} arguments, here are {len(node.arguments)}", "separate arguments by commas")
        return node.arguments

    def _extreme(self, node: Call) -> Term:
        arguments = self._arguments(node, 2, 20)
        terms = self.alike(arguments, [self.term(argument) for argument in arguments], f"`{node.function}`", node.at)
        pick = min if node.function == "min" else max
        reads = tuple(term.read for term in terms)
        if len(reads) == 2:
            first, second = reads
            return _folded(Term(terms[0].type, lambda run: pick(first(run), second(run))), *terms)
        return _folded(Term(terms[0].type, lambda run: pick(read(run) for read in reads)), *terms)

    def _rounded(self, node: Call) -> Term:
        """`round(x)` to whole units of money or to a whole number; `round(x, unit)` to a multiple of the unit, which is of like type."""
        arguments = self._arguments(node, 1, 2)
        terms = [self.number(argument, f"`{node.function}`") for argument in arguments]
        if len(terms) == 1:
            terms.append(_constant(terms[0].type if terms[0].type.power else NUMBER, 1))
            arguments = (*arguments, arguments[0])
        value, unit = self.alike(arguments, terms, f"`{node.function}`", node.at)
        mode: RoundingMode = self.scope.rounding
        parts = self._divide(value, unit.read)
        if node.function != "round":
            whole = floor if node.function == "floor" else ceil
            return Term(value.type, lambda run: whole(parts(run)) * unit.read(run))
        return Term(value.type, lambda run: round_exact(parts(run), mode) * unit.read(run))

    def _months_between(self, node: Call) -> Term:
        first, last = (self.as_type(self.term(argument), DATE, argument).read for argument in self._arguments(node, 2, 2))
        return Term(NUMBER, lambda run: months_between(first(run), last(run)))


def months_between(first: date, last: date) -> int:
    """Calendar months from the month of `first` to the month of `last`, whatever the days: a loan's age, a window of a test."""
    return (last.year - first.year) * 12 + last.month - first.month


def _constant(kind: Type, value: Value) -> Term:
    return Term(kind, lambda _run: value, value)


def _plain(value: Fraction) -> Exact:
    """Whole numbers as int, which the arithmetic of a running period is fastest on."""
    return value.numerator if value.denominator == 1 else value


def _apply(function: Callable[[Any, Any], Any], left: Term, right: Term) -> Read:
    first, second = left.read, right.read
    if right.constant is not None:
        known = right.constant
        return lambda run: function(first(run), known)
    return lambda run: function(first(run), second(run))


def _folded(term: Term, *parts: Term) -> Term:
    """The term as a constant where all its parts are."""
    if any(part.constant is None for part in parts):
        return term
    return _constant(term.type, term.read(None))


def _power(sign: str, left: Term, right: Term) -> int | None:
    """The power of money of a product. An open constant stays open beside another constant (`100_000 * 4%`), and is a number beside anything else."""
    if left.type.power is None and right.type.power in (None, 0) and right.constant is not None:
        return None
    if right.type.power is None and left.type.power in (None, 0) and left.constant is not None and sign == "*":
        return None
    below = right.type.power or 0
    return (left.type.power or 0) + (below if sign == "*" else -below)


def _remedy(found: Type, wanted: Type) -> str:
    """What makes one type of another."""
    match (found.kind, wanted.kind):
        case ("date", _) | (_, "date"):
            return "dates are compared with dates and subtracted from dates, which gives days; `months_between` counts months"
        case (_, "boolean"):
            return "compare it with something, as in `x > 0`"
        case ("boolean", _):
            return "choose by it, as in `if x then 1 else 0`"
        case _ if (found.power or 0) > 1 or (wanted.power or 0) > 1:
            return "amounts are multiplied by rates and divided by amounts, not multiplied by each other"
        case _ if {found, wanted} == {MONEY, NUMBER}:
            return "multiply a rate by the money it is a rate of, divide money by money for a ratio"
        case _:
            return "look at what is divided by what"
