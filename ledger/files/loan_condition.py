"""Conditions on loans, such as `balance > 100000 and days >= 60`: a small grammar, and its parse into a test of a loan's row.

A condition compares columns with values; nothing in it is ever evaluated as Python or handed to a database. What is not known of a loan compares with nothing:
`maturity < 2030-01-01` and `maturity >= 2030-01-01` both leave out a loan whose maturity was never told.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import date
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ledger.core.loan_columns import BY_SHORT, COLUMNS, Sort, Value
from ledger.core.loan_ledger import STATUSES, LoanRow
from ledger.core.money import parse_money, parse_number
from ledger.core.problems import Problem, ProblemsFound, nearest

if TYPE_CHECKING:
    from lark import Lark, Token

MOST_CHARACTERS = 500
LoanTest = Callable[[LoanRow], bool]
GRAMMAR = r"""
?condition: conjunction | condition _OR conjunction -> either
?conjunction: negation | conjunction _AND negation -> both
?negation: _NOT negation -> negated | comparison
?comparison: WORD COMPARED (WORD | QUOTED) -> compared
           | "(" condition ")"

_OR.2: /or(?![^\s()<>=!'"])/
_AND.2: /and(?![^\s()<>=!'"])/
_NOT.2: /not(?![^\s()<>=!'"])/
COMPARED: "<=" | ">=" | "==" | "!=" | "=" | "<" | ">"
WORD: /[^\s()<>=!'"]+/
QUOTED: /'[^']*'|"[^"]*"/
%ignore /\s+/
"""
COMPARED: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, "=": operator.eq, "==": operator.eq, "!=": operator.ne, ">=": operator.ge, ">": operator.gt,
}  # fmt: skip
_FORM = "write conditions such as `balance > 100000 and days >= 60`, joined by and, or, not and parentheses"
_WRITTEN: Mapping[Sort, str] = {
    "money": "write an amount such as 100000 or 1234.56, without separators", "number": "write a whole number of days such as 60",
    "rate": "write a rate such as 6.25% or 0.0625", "date": "write a day such as 2030-02-01",
}  # fmt: skip
_MOST_DIGITS = 9
"""Of a number of days."""


def parse(text: str, scale: int) -> LoanTest:
    """The test that a condition describes; amounts in it have at most `scale` decimal places. Raises ProblemsFound with the place and the remedy."""
    if len(text) > MOST_CHARACTERS:
        raise ProblemsFound([Problem(f"the condition has {len(text)} characters, the most is {MOST_CHARACTERS}", "write a shorter one", place="--where")])
    from lark.exceptions import UnexpectedCharacters, UnexpectedToken, VisitError

    try:
        return _parser(scale).parse(text)  # type: ignore[return-value]  # the transformer builds tests, not trees
    except VisitError as error:
        raise error.orig_exc from None
    except UnexpectedCharacters as error:
        at: int = error.pos_in_stream  # type: ignore[assignment]  # lark declares None and sets a number
        raise _wrong(text, at, f"`{text[at]}` has no meaning here", _FORM) from None
    except UnexpectedToken as error:
        ends = error.token.type == "$END"
        at = len(text.rstrip()) if ends else error.token.start_pos or 0
        raise _wrong(text, at, "the condition ends too early" if ends else f"`{error.token}` does not fit here", _FORM) from None
    except _Mistake as mistake:
        raise _wrong(text, mistake.at, mistake.fact, mistake.remedy) from None


def _wrong(text: str, at: int, fact: str, remedy: str) -> ProblemsFound:
    line = " ".join(text.split()) if "\n" in text else text
    return ProblemsFound([Problem(fact, remedy, place="--where", excerpt=f"  {line}\n  {' ' * at}^")])


class _Mistake(Exception):
    """A word that means nothing where it stands: its offset, the fact and the remedy."""

    def __init__(self, token: Token, fact: str, remedy: str) -> None:
        super().__init__(fact)
        self.at, self.fact, self.remedy = token.start_pos or 0, fact, remedy


@lru_cache(maxsize=8)
def _parser(scale: int) -> Lark:
    from lark import Lark, Transformer, v_args

    @v_args(inline=True)
    class Tests(Transformer[Any, Any]):
        """Builds tests while the parser reads, so that no tree is made."""

        def compared(self, column: Token, sign: Token, value: Token) -> LoanTest:
            return _compared(column, sign, value, scale)

        def either(self, one: LoanTest, other: LoanTest) -> LoanTest:
            return lambda row: one(row) or other(row)

        def both(self, one: LoanTest, other: LoanTest) -> LoanTest:
            return lambda row: one(row) and other(row)

        def negated(self, one: LoanTest) -> LoanTest:
            return lambda row: not one(row)

    return Lark(GRAMMAR, start="condition", parser="lalr", lexer="basic", transformer=Tests())


def _compared(column: Token, sign: Token, value: Token, scale: int) -> LoanTest:
    name = BY_SHORT.get(str(column), str(column))
    if name not in COLUMNS:
        known = [*COLUMNS, *BY_SHORT]
        raise _Mistake(column, f"there is no column `{column}`", nearest(column, known) or f"it can be {', '.join(known)}")
    sort, read, _ = COLUMNS[name]
    if sort in ("text", "status") and sign not in ("=", "==", "!="):
        raise _Mistake(sign, f"`{column}` is a word and has no order", "compare it with `=` or `!=`")
    wanted, compare = _value(sort, value, scale), COMPARED[str(sign)]

    def test(row: LoanRow) -> bool:
        found = read(row)
        return found is not None and compare(found, wanted)

    return test


def _value(sort: Sort, token: Token, scale: int) -> Value:
    text = token[1:-1] if token.type == "QUOTED" else str(token)
    if sort == "text":
        return text
    if sort == "status":
        if text not in STATUSES:
            raise _Mistake(token, f"there is no status `{text}`", nearest(text, STATUSES) or f"it can be {', '.join(STATUSES)}")
        return text
    try:
        return _read(sort, text, scale)
    except ValueError as error:
        said = str(error) if sort == "money" else f"is no {sort}"
        raise _Mistake(token, f"`{text}` {said}", _WRITTEN[sort]) from None


def _read(sort: Sort, text: str, scale: int) -> int | Fraction | date:
    match sort:
        case "money":
            return parse_money(text, scale)
        case "rate":
            return parse_number(text)
        case "date":
            return date.fromisoformat(text)
        case _:
            if not (text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS):
                raise ValueError("is no number")
            return int(text)
