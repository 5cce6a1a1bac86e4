"""Mutants: a module with one small mistake in it, each a mistake that a programmer makes.

A comparison off by one end, a sign, an operator, a constant, a condition turned round, a smallest for a largest. Left as they are: texts, annotations,
defaults of dataclasses' fields, and what the type checker or an assertion is told, `strict` of a `zip` too.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from typing import NamedTuple

COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
COMPUTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
CALLED = {"min": "max", "max": "min", "any": "all", "all": "any"}


class Mutant(NamedTuple):
    """A mistake: the function it is in, its line, what stood there and what stands there now, and the whole text of the module with it."""

    function: str
    line: int
    before: str
    after: str
    source: str

    @property
    def name(self) -> str:
        """What it is called in the list of survivors; it has no line number, which other changes move."""
        return f"{self.function}: {self.before} -> {self.after}"


def mutants(source: str) -> Iterator[Mutant]:
    """Every mutant of a module, in the order of its text."""
    tree = ast.parse(source)
    for place, (function, node) in enumerate(_places(tree, "")):
        for change in range(len(_changed(node))):
            mutated = copy.deepcopy(tree)
            _, target = list(_places(mutated, ""))[place]
            after = _changed(target)[change]
            replaced = _Replace(target, after).visit(mutated)
            yield Mutant(function, node.lineno, ast.unparse(node), ast.unparse(after), ast.unparse(ast.fix_missing_locations(replaced)))


def _places(node: ast.AST, function: str) -> Iterator[tuple[str, ast.expr]]:
    """Every expression that a mistake can be in, with the function around it."""
    for child in ast.iter_child_nodes(node):
        inside = f"{function}.{child.name}".removeprefix(".") if isinstance(child, (ast.FunctionDef, ast.ClassDef)) else function
        if _is_left_alone(node, child):
            continue
        if isinstance(child, ast.expr) and function and not _is_pattern(node):
            yield inside, child
        yield from _places(child, inside)


def _is_left_alone(parent: ast.AST, child: ast.AST) -> bool:
    if isinstance(child, (ast.Assert, ast.JoinedStr, ast.Raise)) or _is_import_for_types(child):
        return True
    match parent:
        case ast.arg() | ast.JoinedStr() | ast.keyword(arg="strict"):
            return True
        case ast.AnnAssign():
            return child is parent.annotation
        case ast.FunctionDef():
            return child is parent.returns or child in parent.decorator_list
        case ast.ClassDef():
            return isinstance(child, (ast.expr, ast.Assign, ast.AnnAssign))
        case _:
            return False


def _is_import_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def _is_pattern(node: ast.AST) -> bool:
    return isinstance(node, ast.pattern)


def _changed(node: ast.expr) -> list[ast.expr]:
    """The mistakes that can be made in an expression, each as it would read."""
    match node:
        case ast.Compare(ops=[operator]):
            return [ast.Compare(node.left, [other()], node.comparators) for other in COMPARED[type(operator)]]
        case ast.Compare(ops=[first, *rest]):
            return [ast.Compare(node.left, [other(), *rest], node.comparators) for other in COMPARED[type(first)]]
        case ast.BinOp(op=operator) if type(operator) in COMPUTED:
            return [ast.BinOp(node.left, COMPUTED[type(operator)](), node.right)]
        case ast.BoolOp(op=operator):
            return [ast.BoolOp(ast.Or() if isinstance(operator, ast.And) else ast.And(), node.values)]
        case ast.UnaryOp(op=ast.Not() | ast.USub()):
            return [node.operand]
        case ast.Constant(value=bool()):
            return [ast.Constant(not node.value)]
        case ast.Constant(value=int(number)):
            return [ast.Constant(number + 1)]
        case ast.IfExp():
            return [ast.IfExp(node.test, node.orelse, node.body)]
        case ast.Call(func=ast.Name(id=name)) if name in CALLED:
            return [ast.Call(ast.Name(CALLED[name], ast.Load()), node.args, node.keywords)]
        case _:
            return []


class _Replace(ast.NodeTransformer):
    """Puts one expression in the place of another."""

    def __init__(self, target: ast.expr, after: ast.expr) -> None:
        self._target, self._after = target, after

    def visit(self, node: ast.AST) -> ast.AST:
        return self._after if node is self._target else super().generic_visit(node)
