"""The text of formulas: what it parses to, and where and why it does not."""

from __future__ import annotations

import string
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.formula import Binary, Call, Conditional, Expression, FormulaError, Keyword, Name, Number, Unary
from ledger.core.money import format_exact
from ledger.files import formula_text


def shown(node: Expression) -> str:
    """The expression with all its parentheses."""
    match node:
        case Number():
            return format_exact(node.value) if node.bare else f"{format_exact(node.value * 100)}%"
        case Keyword():
            return str(node.value).lower()
        case Name():
            return node.name
        case Call():
            return f"{node.function}({', '.join(map(shown, node.arguments))})"
        case Unary():
            return f"({node.operator} {shown(node.operand)})"
        case Binary():
            return f"({shown(node.left)} {node.operator} {shown(node.right)})"
        case Conditional():
            return f"(if {shown(node.test)} then {shown(node.then)} else {shown(node.otherwise)})"


@pytest.mark.parametrize(("text", "expected"), [
    ("a + b * c", "(a + (b * c))"),
    ("a - b - c", "((a - b) - c)"),                                      # left to right
    ("a / b / c", "((a / b) / c)"),
    ("(a + b) * c", "((a + b) * c)"),
    ("-a * b", "((- a) * b)"),
    ("a - -b", "(a - (- b))"),
    ("a + b < c * d", "((a + b) < (c * d))"),
    ("not a and b or c", "(((not a) and b) or c)"),
    ("not a < b", "(not (a < b))"),
    ("a or b and c", "(a or (b and c))"),
    ("if a then b else c + d", "(if a then b else (c + d))"),            # the last branch goes as far as it can
    ("if a then b else if c then d else e", "(if a then b else (if c then d else e))"),
    ("(if a then b else c) + d", "((if a then b else c) + d)"),
    ("min(a, b + 1, -c)", "min(a, (b + 1), (- c))"),
    ("a\n  + b", "(a + b)"),
])  # fmt: skip
def test_operators_bind_as_the_grammar_says(text: str, expected: str) -> None:
    assert shown(formula_text.parse(text).root) == expected


@pytest.mark.parametrize(("text", "expected"), [
    ("1A-H", "1A-H"),
    ("A-1.opening_balance", "A-1.opening_balance"),
    ("A-1 - B-1", "(A-1 - B-1)"),
    ("A-1- B", "(A-1 - B)"),                                             # a hyphen ends no name
    ("A -B", "(A - B)"),
    ("100_000 - x", "(100000 - x)"),
    ("100_000-x", "100_000-x"),                                          # one name: the compiler says that blanks are needed
    ("iffy + notable + order", "((iffy + notable) + order)"),            # words that begin like keywords
    ("then_x", "then_x"),
])  # fmt: skip
def test_names_hold_digits_and_inner_hyphens(text: str, expected: str) -> None:
    assert shown(formula_text.parse(text).root) == expected


@pytest.mark.parametrize(("text", "value", "bare"), [
    ("0", Fraction(0), True),
    ("2_500_000", Fraction(2_500_000), True),
    ("0.25", Fraction(1, 4), True),
    ("4.25%", Fraction(17, 400), False),
    ("0.1234567890123456789012345678901234567890", Fraction(1234567890123456789012345678901234567890, 10**40), True),
])  # fmt: skip
def test_numbers_are_exact(text: str, value: Fraction, bare: bool) -> None:
    assert formula_text.parse(text).root == Number(value, bare, 0)


def test_dates_and_truth_are_values() -> None:
    assert formula_text.parse("2024-01-30").root == Keyword(date(2024, 1, 30), 0)
    assert formula_text.parse("true").root == Keyword(True, 0)
    assert formula_text.parse("false").root == Keyword(False, 0)


def test_nodes_know_their_offsets() -> None:
    root = formula_text.parse("if a then bb else min(c, 5%)").root

    assert isinstance(root, Conditional)
    assert (root.at, root.test.at, root.then.at, root.otherwise.at) == (0, 3, 10, 18)
    assert isinstance(root.otherwise, Call)
    assert [argument.at for argument in root.otherwise.arguments] == [22, 25]


@pytest.mark.parametrize(("text", "at", "fact"), [
    ("", 0, "the formula is empty"),
    ("   ", 0, "the formula is empty"),
    ("a +", 3, "the formula ends too early"),
    ("a +   ", 3, "the formula ends too early"),
    ("a b", 2, "`b` does not fit here"),
    ("a and or b", 6, "`or` does not fit here"),
    ("then", 0, "`then` does not fit here"),
    ("f()", 2, "`)` does not fit here"),
    ("a == b == c", 7, "`==` does not fit here"),
    ("a ** b", 3, "`*` does not fit here"),
    ("2024-02-30", 0, "`2024-02-30` is not a day of the calendar"),
    ("2024-1-30", 0, "`2024-1-30` is not a date"),
    ("x - 100-5", 4, "`100-5` is not a date"),
    ("1e5", 0, "`1e5` looks like a number with an exponent"),
    ("1.5E-3", 0, "`1.5E-3` looks like a number with an exponent"),
    ("A.5", 0, "`A.5` is not a name: `5` has no letter"),
    (".5", 0, "`.` has no meaning in a formula"),
    ("a..b", 1, "`.` has no meaning in a formula"),
    ("1__0", 0, "`1__0` is not a plain number such as 0.0425 or 4.25%"),
    ("\u0663", 0, "`\u0663` has no meaning in a formula"),               # a digit, but not one of ours
    ("\u00e9tat", 0, "`\u00e9` has no meaning in a formula"),
    ("lambda: a", 6, "`:` has no meaning in a formula"),
    ("a; b", 1, "`;` has no meaning in a formula"),
    ("f'{a}'", 1, "`'` has no meaning in a formula"),
    ("a" * 501, 500, "the formula has 501 characters, the most is 500"),
    ("(" * 31 + "a" + ")" * 31, 31, "the formula is more than 30 levels deep"),
    ("-" * 40 + "a", 10, "the formula is more than 30 levels deep"),
    ("+".join("a" * 40), 59, "the formula is more than 30 levels deep"),
])  # fmt: skip
def test_what_is_no_formula_is_refused_at_its_place(text: str, at: int, fact: str) -> None:
    with pytest.raises(FormulaError) as caught:
        formula_text.parse(text)

    assert (caught.value.at, caught.value.fact) == (at, fact)
    assert caught.value.remedy


@given(st.text(alphabet=string.ascii_letters + string.digits + " ()+-*/<>=!.,%_\u2212'\"", max_size=60))
def test_any_text_is_a_formula_or_a_formula_error_inside_it(text: str) -> None:
    try:
        at = formula_text.parse(text).root.at
    except FormulaError as error:
        at = error.at

    assert 0 <= at <= len(text)


LEAVES = st.sampled_from(["a", "A-1.balance", "1A-H", "5", "2500", "4.25%", "2024-01-30", "true"])
FORMULAS = st.recursive(
    LEAVES,
    lambda inner: (
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "<", "==", "and", "or"]), inner).map(lambda parts: f"({parts[0]} {parts[1]} {parts[2]})")
        | inner.map(lambda part: f"(not {part})")
        | inner.map(lambda part: f"(- {part})")
        | st.tuples(inner, inner).map(lambda parts: f"min({parts[0]}, {parts[1]})")
        | st.tuples(inner, inner, inner).map(lambda parts: f"(if {parts[0]} then {parts[1]} else {parts[2]})")
    ),
    max_leaves=8,
)


@given(FORMULAS)
def test_a_formula_with_all_its_parentheses_is_shown_as_it_was_written(text: str) -> None:
    assert shown(formula_text.parse(text).root) == text
