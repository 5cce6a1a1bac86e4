"""The comparisons that a formula of a test is made of, each with its own piece of the text."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.core.formula import Binary, Expression, Formula

COMPARING = frozenset(("<", "<=", ">", ">=", "==", "!="))


def comparisons(formula: Formula) -> Iterator[tuple[str, Binary]]:
    """The comparisons that a formula is, or joins by `and` and `or`, each with its text; a part that compares nothing is left out."""
    return _within(formula.text, formula.root, 0, len(formula.text))


def _within(text: str, node: Expression, start: int, end: int) -> Iterator[tuple[str, Binary]]:
    start, end = _unbracketed(text, start, end)
    match node:
        case Binary(operator="and" | "or"):
            yield from _within(text, node.left, start, node.at)
            yield from _within(text, node.right, node.at + len(node.operator), end)
        case Binary() if node.operator in COMPARING:
            yield " ".join(text[start:end].split()), node


def _unbracketed(text: str, start: int, end: int) -> tuple[int, int]:
    """A stretch of text without blanks and brackets around the whole of it."""
    start, end = start + len(text[start:end]) - len(text[start:end].lstrip()), start + len(text[start:end].rstrip())
    depth = [0]
    for sign in text[start:end]:
        depth.append(depth[-1] + (sign == "(") - (sign == ")"))
    is_whole = text[start : start + 1] == "(" and depth[-1] == 0 and 0 not in depth[1:-1]
    return _unbracketed(text, start + 1, end - 1) if is_whole else (start, end)
