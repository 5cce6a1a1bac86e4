"""The text of formulas: a grammar, and its parse into the nodes of `ledger.core.formula`.

A name may hold digits and inner hyphens (`1A-H`), so a minus between two names needs blanks. There are no exponents, no attributes, no calls but
those of the language, and nothing is ever evaluated as Python.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from functools import lru_cache
from typing import Any

from ledger.core.formula import Binary, Call, Conditional, Expression, Formula, FormulaError, Keyword, Name, Number, Unary
from ledger.core.money import parse_number

MOST_CHARACTERS = 500
MOST_DEPTH = 30

GRAMMAR = r"""
?formula: _IF formula _THEN formula _ELSE formula -> conditional
        | disjunction
?disjunction: conjunction | disjunction OR conjunction -> binary
?conjunction: negation | conjunction AND negation -> binary
?negation: NOT negation -> unary | comparison
?comparison: sum | sum COMPARISON sum -> binary
?sum: product | sum (PLUS | MINUS) product -> binary
?product: sign | product (TIMES | OVER) sign -> binary
?sign: MINUS sign -> unary | atom
?atom: NUMBER -> number
     | DATE -> date
     | (TRUE | FALSE) -> boolean
     | NAME -> name
     | NAME "(" formula ("," formula)* ")" -> call
     | "(" formula ")" -> nested

_IF.2: "if"
_THEN.2: "then"
_ELSE.2: "else"
OR.2: "or"
AND.2: "and"
NOT.2: "not"
TRUE.2: "true"
FALSE.2: "false"
COMPARISON: "<=" | ">=" | "==" | "!=" | "<" | ">"
PLUS: "+"
MINUS: "-"
TIMES: "*"
OVER: "/"
DATE.3: /[0-9]{4}-[0-9]{2}-[0-9]{2}(?![A-Za-z0-9_-])/
NAME.2: /(?=[0-9_.\-]*[A-Za-z])[A-Za-z0-9_]+(?:[-.][A-Za-z0-9_]+)*/
NUMBER: /[0-9][0-9_]*(?:\.[0-9]+)?%?/
%ignore /[ \t\r\n]+/
"""


def parse(text: str) -> Formula:
    """A formula with its nodes, each knowing its offset in `text`. Raises FormulaError with the offset, the fact and the remedy."""
    if len(text) > MOST_CHARACTERS:
        raise FormulaError(
            MOST_CHARACTERS, f"the formula has {len(text)} characters, the most is {MOST_CHARACTERS}", "name a part of it under `amounts` or `ratios`"
        )
    return Formula(text, _root(text))


def _root(text: str) -> Expression:
    from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedToken, VisitError

    try:
        root: _Deep = _parser().parse(text)
    except VisitError as error:
        assert isinstance(error.orig_exc, FormulaError)
        raise error.orig_exc from None
    except UnexpectedCharacters as error:
        at = error.pos_in_stream
        raise FormulaError(at, f"`{text[at]}` has no meaning in a formula", _hint(text, at)) from None
    except (UnexpectedToken, UnexpectedEOF) as error:
        at = getattr(error, "pos_in_stream", None)
        ended = at is None or getattr(getattr(error, "token", None), "type", "$END") == "$END"
        at = len(text.rstrip()) if ended else at
        fact = "the formula ends too early" if ended else f"`{error.token}` was not expected here"  # type: ignore[union-attr]  # an end has no token
        raise FormulaError(at or 0, fact, _hint(text, at or 0)) from None
    return root[0]


def _hint(text: str, at: int) -> str:
    before, character = text[:at].rstrip(), text[at : at + 1]
    match character:
        case "=":
            return "compare with `==`"
        case "^":
            return "there are no powers; multiply"
        case "." | "_":
            return "a name is parts of letters, digits, `_` and inner `-`, joined by single dots"
        case "," if "(" not in before:
            return "an amount has no thousands separators; write 2_500_000"
        case _:
            return "see the grammar in docs/deal-file.md"


_Deep = tuple[Expression, int]
"""A node and how deep it is."""


@lru_cache(maxsize=1)
def _parser() -> Any:
    from lark import Lark, Transformer, v_args

    @v_args(inline=True)
    class Nodes(Transformer[Any, Any]):
        """Builds nodes while the parser reads, so that no tree is made and nothing recurses."""

        def number(self, token: Any) -> _Deep:
            return Number(_exact(token), not token.endswith("%"), token.start_pos), 1

        def date(self, token: Any) -> _Deep:
            return Keyword(_day(token), token.start_pos), 1

        def boolean(self, token: Any) -> _Deep:
            return Keyword(str(token) == "true", token.start_pos), 1

        def name(self, token: Any) -> _Deep:
            return Name(_checked_name(token), token.start_pos), 1

        def call(self, token: Any, *arguments: _Deep) -> _Deep:
            return _deep(Call(str(token), tuple(node for node, _ in arguments), token.start_pos), *arguments)

        def nested(self, inside: _Deep) -> _Deep:
            return _deep(inside[0], inside)

        def unary(self, sign: Any, operand: _Deep) -> _Deep:
            return _deep(Unary(str(sign), operand[0], sign.start_pos), operand)  # type: ignore[arg-type]  # the grammar knows only these signs

        def binary(self, left: _Deep, sign: Any, right: _Deep) -> _Deep:
            return _deep(Binary(str(sign), left[0], right[0], sign.start_pos), left, right)  # type: ignore[arg-type]  # as above

        def conditional(self, test: _Deep, then: _Deep, otherwise: _Deep) -> _Deep:
            return _deep(Conditional(test[0], then[0], otherwise[0], test[0].at), test, then, otherwise)

    return Lark(GRAMMAR, start="formula", parser="lalr", transformer=Nodes())


def _deep(node: Expression, *below: _Deep) -> _Deep:
    depth = 1 + max(depth for _, depth in below)
    if depth > MOST_DEPTH:
        raise FormulaError(node.at, f"the formula is more than {MOST_DEPTH} levels deep", "name a part of it under `amounts` or `ratios`")
    return node, depth


def _exact(token: Any) -> Fraction:
    try:
        return parse_number(token)
    except ValueError as error:
        raise FormulaError(token.start_pos, f"`{token}` {error}") from None


def _day(token: Any) -> date:
    try:
        return date.fromisoformat(token)
    except ValueError:
        raise FormulaError(token.start_pos, f"`{token}` is not a day of the calendar") from None


def _checked_name(token: Any) -> str:
    """Every part of a name has a letter: `A.5` and `1e3` are mistakes that look like names."""
    for part in token.split("."):
        if not any(character.isalpha() for character in part):
            raise FormulaError(
                token.start_pos, f"`{token}` is not a name: `{part}` has no letter", "write numbers plainly and names with a letter in each part"
            )
    return str(token)
