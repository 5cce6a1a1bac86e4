"""The text of formulas: a grammar, and its parse into the nodes of `ledger.core.formula`.

A name may hold digits and inner hyphens (`1A-H`), so a minus between two names needs blanks. There are no exponents, no attributes, no calls but
those of the language, and nothing is ever evaluated as Python.
"""

from __future__ import annotations

import re
from collections.abc import Container
from datetime import date
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ledger.core.formula import Binary, Call, Conditional, Expression, Formula, FormulaError, Keyword, Name, Number, Unary
from ledger.core.money import parse_number

if TYPE_CHECKING:
    from lark import Lark, Token

MOST_CHARACTERS = 500
MOST_DEPTH = 30

GRAMMAR = r"""
?formula: IF formula "then" formula "else" formula -> conditional
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

IF.2: "if"
THEN.2: "then"
ELSE.2: "else"
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
DATE.3: /[0-9][0-9_.]*(?:-[0-9][0-9_.]*)+(?![A-Za-z0-9_.-])/
NAME.2: /(?=[0-9_.\-]*[A-Za-z])[A-Za-z0-9_]+(?:[-.][A-Za-z0-9_]+)*/
NUMBER: /[0-9][0-9_]*(?:\.[0-9]+)?%?/
%ignore /[ \r\n]+/
"""
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_EXPONENT = re.compile(r"[0-9_.]+[eE][0-9+-]*", re.ASCII)


def parse(text: str) -> Formula:
    """A formula with its nodes, each knowing its offset in `text`. Raises FormulaError with the offset, the fact and the remedy."""
    if len(text) > MOST_CHARACTERS:
        fact = f"the formula has {len(text)} characters, the most is {MOST_CHARACTERS}"
        raise FormulaError(MOST_CHARACTERS, fact, "name a part of it under `amounts` or `ratios`")
    from lark.exceptions import UnexpectedCharacters, UnexpectedToken

    try:
        root: _Deep = _parser().parse(text)  # type: ignore[assignment]  # the transformer builds nodes, not trees
    except UnexpectedCharacters as error:
        raise _wrong_character(text, error.pos_in_stream) from None  # type: ignore[arg-type]  # lark declares None and sets a number
    except UnexpectedToken as error:
        raise _wrong_token(text, error.token, error.expected) from None
    return Formula(text, root[0])


# What is wrong -----------------------------------------------------------------------------------------------------------

_MEANT = {
    "=": "compare with `==`",
    "!": "write `not`, or `!=` to compare",
    "^": "there are no powers; multiply",
    "&": "write `and`",
    "|": "write `or`",
    "×": "multiply with `*`",
    "·": "multiply with `*`",
    "÷": "divide with `/`",
    "\u2212": "a minus is `-`",
    "\u2013": "a minus is `-`",
    "\u2014": "a minus is `-`",
    "≤": "write `<=`",
    "≥": "write `>=`",
    "≠": "write `!=`",
    "%": "write `%` directly after a number, as in 4.25%",
    ".": "a name is parts of letters, digits, `_` and inner `-`, joined by single dots; a number begins with a digit",
    "$": "write money as a plain number, as in 2_500_000",
    "€": "write money as a plain number, as in 2_500_000",
    "£": "write money as a plain number, as in 2_500_000",
    "'": "names are not quoted",
    '"': "names are not quoted",
}
"""What to write instead of a character that formulas do not know."""
_OTHERWISE = "formulas have names, numbers, dates, + - * / < <= > >= == != and or not if then else and functions"


def _wrong_character(text: str, at: int) -> FormulaError:
    return FormulaError(at, f"`{text[at]}` has no meaning in a formula", _MEANT.get(text[at], _OTHERWISE))


def _wrong_token(text: str, token: Token, expected: Container[str]) -> FormulaError:
    """What stands in a place where the grammar has something else, or where the text ends although the grammar goes on."""
    if token.type == "$END":
        fact, at = "the formula ends too early" if text.strip() else "the formula is empty", len(text.rstrip())
    else:
        fact, at = f"`{token}` does not fit here", token.start_pos or 0
    return FormulaError(at, fact, _fitting(str(token.type), expected, re.findall(r"[a-z]+", text[:at])))


def _fitting(found: str, expected: Container[str], words: list[str]) -> str:
    """What would fit, said by what was found where that tells the mistake, else by what the grammar goes on with after the words before it."""
    match found:
        case "COMPARISON" if "AND" in expected:
            return "compare two values at a time, as in `a < b and b < c`"
        case "IF":
            return "put an `if` inside a formula in parentheses"
        case "COMMA":
            return "numbers have no thousands separators (write 2_500_000), and only functions list values"
        case _ if "NAME" in expected:
            return "a name, a number or `(` is needed here"
        case _ if "THEN" in expected and words.count("if") > words.count("then"):
            return "`then` is needed here: every `if` has `then` and `else`"
        case _ if "ELSE" in expected and words.count("then") > words.count("else"):
            return "`else` is needed here: every `if` has `then` and `else`"
        case "$END" if "RPAR" in expected:
            return "close the `(`; inside { } a formula with a `,` needs quotes"
        case "RPAR":
            return "there is no `(` that it closes"
        case _:
            return "an operator is needed before it"


# Nodes -------------------------------------------------------------------------------------------------------------------

_Deep = tuple[Expression, int]
"""A node and how deep it is."""


@lru_cache(maxsize=1)
def _parser() -> Lark:
    from lark import Lark, Transformer, v_args

    @v_args(inline=True)
    class Nodes(Transformer[Any, Any]):
        """Builds nodes while the parser reads, so that no tree is made and nothing recurses."""

        def number(self, token: Token) -> _Deep:
            return Number(_exact(token), not token.endswith("%"), _at(token)), 1

        def date(self, token: Token) -> _Deep:
            return Keyword(_day(token), _at(token)), 1

        def boolean(self, token: Token) -> _Deep:
            return Keyword(str(token) == "true", _at(token)), 1

        def name(self, token: Token) -> _Deep:
            return Name(_checked_name(token), _at(token)), 1

        def call(self, token: Token, *arguments: _Deep) -> _Deep:
            return _deep(Call(str(token), tuple(node for node, _ in arguments), _at(token)), *arguments)

        def nested(self, inside: _Deep) -> _Deep:
            return _deep(inside[0], inside)

        def unary(self, sign: Token, operand: _Deep) -> _Deep:
            return _deep(Unary(str(sign), operand[0], _at(sign)), operand)  # type: ignore[arg-type]  # the grammar knows only these signs

        def binary(self, left: _Deep, sign: Token, right: _Deep) -> _Deep:
            return _deep(Binary(str(sign), left[0], right[0], _at(sign)), left, right)  # type: ignore[arg-type]  # as above

        def conditional(self, word: Token, test: _Deep, then: _Deep, otherwise: _Deep) -> _Deep:
            return _deep(Conditional(test[0], then[0], otherwise[0], _at(word)), test, then, otherwise)

    return Lark(GRAMMAR, start="formula", parser="lalr", lexer="basic", transformer=Nodes())


def _deep(node: Expression, *below: _Deep) -> _Deep:
    depth = 1 + max(depth for _, depth in below)
    if depth > MOST_DEPTH:
        raise FormulaError(node.at, f"the formula is more than {MOST_DEPTH} levels deep", "name a part of it under `amounts` or `ratios`")
    return node, depth


def _at(token: Token) -> int:
    return token.start_pos or 0


def _exact(token: Token) -> Fraction:
    try:
        return parse_number(token)
    except ValueError as error:
        raise FormulaError(_at(token), f"`{token}` {error}", "write it with at most 40 digits on either side of the point") from None


def _day(token: Token) -> date:
    if not _ISO_DATE.fullmatch(token):
        raise FormulaError(_at(token), f"`{token}` is not a date", "write a date as 2024-01-30; a minus needs a blank on both sides")
    try:
        return date.fromisoformat(token)
    except ValueError:
        raise FormulaError(_at(token), f"`{token}` is not a day of the calendar", "write a date as 2024-01-30") from None


def _checked_name(token: Token) -> str:
    """Every part of a name has a letter: `A.5` and `1e3` are mistakes that look like names."""
    if _EXPONENT.fullmatch(token):
        raise FormulaError(_at(token), f"`{token}` looks like a number with an exponent", "write the digits out, as in 2_500_000")
    for part in token.split("."):
        if not any(character.isalpha() for character in part):
            raise FormulaError(_at(token), f"`{token}` is not a name: `{part}` has no letter", "a name has a letter in each part")
    return str(token)
