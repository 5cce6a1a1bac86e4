"""YAML as plain values with the place of each: every scalar stays the string that was written, and hostile files are refused before anything is built.

Anchors, aliases, tags, merge keys, second documents, duplicate keys, depth, size and number of nodes are looked at on the parser's events, since a
composer follows what a file says (two hundred thousand brackets crash one).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import yaml

from ledger.core.problems import Problem, ProblemsFound, stop_on

MOST_BYTES = 1_000_000
MOST_NODES = 20_000
MOST_DEPTH = 20
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Path = Sequence[str | int]
Value = str | list["Value"] | dict[str, "Value"] | None


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML text: its values (scalars as strings, an empty one as None), and its nodes, which know their places."""

    name: str
    text: str
    root: yaml.Node
    value: Value

    def placed(self, problem: Problem) -> Problem:
        """The problem with the line, column and excerpt of its path; one that has a place already stays as it is."""
        if problem.place:
            return problem
        return self.placed_at(problem, *self._mark(problem.path, problem.offset))

    def placed_at(self, problem: Problem, line: int, column: int) -> Problem:
        """The problem at a line and column, both from 0."""
        lines = self.text.splitlines()
        text = lines[line] if line < len(lines) else ""
        return replace(problem, place=f"{self.name}:{line + 1}:{column + 1}", excerpt=f"    {text}\n    {' ' * column}^", path=(), offset=None)

    def _mark(self, path: Path, offset: int | None) -> tuple[int, int]:
        """Line and column, from 0: of a scalar's text, or of the key of what is no scalar; of the nearest node above what is not there."""
        key, node = None, self.root
        for element in path:
            found = _child(node, element)
            if found is None:
                break
            key, node = found
        if not isinstance(node, yaml.ScalarNode):
            mark = (key or node).start_mark
            return mark.line, mark.column
        mark = node.start_mark
        if offset is None or node.end_mark.line != mark.line:
            return mark.line, mark.column
        return mark.line, mark.column + offset + (node.style in ("'", '"'))


def _child(node: yaml.Node, element: str | int) -> tuple[yaml.Node | None, yaml.Node] | None:
    """(key, value) of an element of a path below a node."""
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == element), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(element, int) and element < len(node.value):
        return None, node.value[element]
    return None


def read(source: bytes, name: str) -> Document:
    """A YAML file whose top is a mapping. Raises ProblemsFound with all that is refused."""
    text = _decoded(source, name)
    stop_on(_refused(text, name))
    root = yaml.compose(text, Loader=_LOADER)
    if not isinstance(root, yaml.MappingNode):
        raise ProblemsFound([Problem("the file is not a mapping", "begin it with `deal: NAME`, one section a line", place=f"{name}:1:1")])
    document = Document(name, text, root, None)
    stop_on(_wrong_keys(document, root))
    return replace(document, value=_value(root))


def _decoded(source: bytes, name: str) -> str:
    if len(source) > MOST_BYTES:
        raise ProblemsFound([Problem(f"the file has {len(source):,} bytes, the most is {MOST_BYTES:,}", "a deal file holds terms only", place=name)])
    try:
        text = source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = source[: error.start].count(b"\n") + 1
        raise ProblemsFound([Problem(f"byte {source[error.start]:#04x} is not UTF-8", "save the file as UTF-8", place=f"{name}:{line}")]) from None
    for number, line_text in enumerate(text.splitlines(), 1):
        for column, character in enumerate(line_text, 1):
            if not character.isprintable():
                raise ProblemsFound([Problem(f"the character {ascii(character)} is not printable", "remove it", place=f"{name}:{number}:{column}")])
    return text


def _refused(text: str, name: str) -> Iterator[Problem]:
    """What no deal file may hold, from the parser's events alone."""
    depth = nodes = documents = 0
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            place = f"{name}:{event.start_mark.line + 1}:{event.start_mark.column + 1}"
            yield from (problem.at(place) for problem in _forbidden(event))
            documents += isinstance(event, yaml.DocumentStartEvent)
            nodes += isinstance(event, yaml.NodeEvent)
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            limit = _over_limit(depth, nodes, documents)
            if limit:
                yield Problem(limit, "a deal file needs far less", place=place)
                return
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        yield Problem(
            f"this is not YAML: {error.problem or error.context}", "check indentation, quotes and colons; quote a formula that holds `: ` or ` #`", place=place
        )
    except yaml.YAMLError as error:
        yield Problem(f"this is not YAML: {error}", "check the file's characters", place=name)


def _forbidden(event: yaml.Event) -> Iterator[Problem]:
    anchor = getattr(event, "anchor", None)
    if isinstance(event, yaml.AliasEvent):
        yield Problem(f"`*{anchor}` is an alias", "write the value out: a deal file says everything in its place")
    elif anchor is not None:
        yield Problem(f"`&{anchor}` is an anchor", "remove it: a deal file has no aliases")
    tag = getattr(event, "tag", None)
    if tag is not None:
        yield Problem(f"`{tag}` is a tag", "remove it: every value is plain text here")
    if isinstance(event, yaml.ScalarEvent) and event.value == "<<" and event.style is None:
        yield Problem("`<<` is a merge key", "write the fields out")


def _over_limit(depth: int, nodes: int, documents: int) -> str:
    if depth > MOST_DEPTH:
        return f"the file is more than {MOST_DEPTH} levels deep"
    if nodes > MOST_NODES:
        return f"the file has more than {MOST_NODES:,} values"
    return "a second document begins here" if documents > 1 else ""


def _wrong_keys(document: Document, node: yaml.Node) -> Iterator[Problem]:
    """Keys that stand twice in one mapping, or are no words; the composer would keep the last of them and say nothing."""
    for item in node.value if isinstance(node, yaml.SequenceNode) else []:
        yield from _wrong_keys(document, item)
    seen: dict[str, int] = {}
    for key, value in node.value if isinstance(node, yaml.MappingNode) else []:
        line, column = key.start_mark.line, key.start_mark.column
        if not isinstance(key, yaml.ScalarNode):
            yield document.placed_at(Problem("a key is a list or a mapping", "a key is a plain word; quote a formula that holds `{` or `[`"), line, column)
        elif key.value in seen:
            fact = f"`{key.value}` stands twice, here and on line {seen[key.value] + 1}"
            yield document.placed_at(Problem(fact, "keep one of them"), line, column)
        else:
            seen[key.value] = line
        yield from _wrong_keys(document, value)


def _value(node: yaml.Node) -> Value:
    if isinstance(node, yaml.MappingNode):
        return {key.value: _value(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_value(item) for item in node.value]
    return None if node.value == "" and node.style is None else str(node.value)
