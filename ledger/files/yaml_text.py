"""YAML as plain values with the place of each: every scalar stays the string that was written, and hostile files are refused before anything is built.

Anchors, aliases, tags, merge keys, second documents, depth and the number of values are looked at on the parser's events, since a composer follows what
a file says (two hundred thousand brackets crash one). Keys that stand twice and keys without a value are found afterwards; the rest of the file is
still read then, so that everything else that is wrong in it can be said as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import yaml

from ledger.core.problems import MOST_LISTED, Path, Problem, ProblemsFound, listed, stop_on

MOST_BYTES = 1_000_000
MOST_NODES = 20_000
MOST_DEPTH = 20
EXCERPT_WIDTH = 160
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Value = str | list["Value"] | dict[str, "Value"]

_THOUSANDS = "inside { } a `,` ends a value; an amount has `_` or nothing between its digits: 2_500_000"


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML text: its values (every scalar a string), its nodes, which know their places, and the problems that did not stop the reading."""

    name: str
    text: str
    root: yaml.Node
    value: Value
    problems: tuple[Problem, ...] = ()

    def placed(self, problems: Iterable[Problem]) -> list[Problem]:
        """The problems with the line, column and excerpt of their paths, in the order of the file, each said once; of more than `MOST_LISTED` the first."""
        placed = sorted([(self._index(problem), problem) for problem in dict.fromkeys(problems)], key=lambda pair: pair[0])
        return listed((place(problem, self.name, self.text, index) for index, problem in placed), self.name)

    def _index(self, problem: Problem) -> int:
        """Where a problem is in the text: at a scalar, or at its key where the fact begins with that; at the key of a mapping or a list.

        Of what is not in the file, the nearest thing above it.
        """
        key, node = None, self.root
        for element in problem.path:
            key, node = _child(node, element) or (key, node)
        about_key = isinstance(key, yaml.ScalarNode) and problem.offset is None and problem.fact.startswith(f"`{key.value}`")
        if about_key or not isinstance(node, yaml.ScalarNode):
            return _start(key or node)
        return _start(node) if problem.offset is None else _inside(self.text, node, problem.offset)


def place(problem: Problem, name: str, text: str, index: int) -> Problem:
    """The problem with `name:line:column` of an index in a text, and with that line and a caret below the place."""
    line_start = text.rfind("\n", 0, index) + 1
    line = text[line_start:].partition("\n")[0].rstrip("\r")
    column = index - line_start
    cut = max(0, column - EXCERPT_WIDTH // 2) if len(line) > EXCERPT_WIDTH else 0
    excerpt = f"    {line[cut : cut + EXCERPT_WIDTH]}\n    {' ' * (column - cut)}^"
    return replace(problem, place=f"{name}:{text.count(chr(10), 0, index) + 1}:{column + 1}", excerpt=excerpt, path=(), offset=None)


def _start(node: yaml.Node) -> int:
    return int(node.start_mark.index)


def _child(node: yaml.Node, element: str | int) -> tuple[yaml.Node | None, yaml.Node] | None:
    """(key, value) of an element of a path below a node; None where the file has no such element, as where a path names what a short form leaves out."""
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == element), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(element, int) and element < len(node.value):
        return None, node.value[element]
    return None


def _inside(text: str, node: yaml.ScalarNode, offset: int) -> int:
    """The index in the file of a character of a scalar's value, whichever way the scalar is quoted or folded; its start where escapes hide it."""
    index = _start(node)
    if node.style in ("|", ">"):
        index = text.index("\n", index)
    elif node.style:
        index += 1
    for character in str(node.value)[:offset]:
        if not character.isspace():
            index = _after_blanks(text, index)
            if text[index] != character:
                return _start(node)
            index += 1
    return _after_blanks(text, index) if offset < len(node.value) else index


def _after_blanks(text: str, index: int) -> int:
    while text[index : index + 1].isspace():
        index += 1
    return index


# Reading -----------------------------------------------------------------------------------------------------------------


def read(source: bytes, name: str) -> Document:
    """A YAML file whose top is a mapping. Raises ProblemsFound with all that is refused; what a reader can go past is in the document's `problems`."""
    text = _decoded(source, name)
    stop_on(listed(_unprintable(text, name), name))
    stop_on(listed(_refused(text, name), name))
    root = yaml.compose(text, Loader=_LOADER)
    if not isinstance(root, yaml.MappingNode):
        raise ProblemsFound([Problem("the file is not a mapping", "write one section a line, as in `deal: NAME`", place=f"{name}:1:1")])
    return Document(name, text, root, _value(root), tuple(islice(_wrong_keys(text, root, ()), MOST_LISTED + 1)))


def _decoded(source: bytes, name: str) -> str:
    if len(source) > MOST_BYTES:
        raise ProblemsFound([Problem(f"the file has {len(source):,} bytes, the most is {MOST_BYTES:,}", "a deal file holds terms only", place=name)])
    try:
        return source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = source[: error.start].count(b"\n") + 1
        raise ProblemsFound([Problem(f"byte {source[error.start]:#04x} is not UTF-8", "save the file as UTF-8", place=f"{name}:{line}")]) from None


def _unprintable(text: str, name: str) -> Iterator[Problem]:
    """Tabs, control characters, and marks that print as nothing or turn the direction of a line: each sort where it first stands."""
    plain = text.replace("\r\n", "\n")
    for character in dict.fromkeys(plain):
        if not character.isprintable() and character != "\n":
            what = "a tab" if character == "\t" else f"the character U+{ord(character):04X}, which does not print,"
            more = plain.count(character) - 1
            again = f" (and {more} more)" if more else ""
            remedy = "indent with blanks" if character == "\t" else "remove it"
            yield place(Problem(f"{what} stands here{again}", remedy), name, plain, plain.index(character))


_OWN_WORDS = {
    "could not find expected ':'": "a key has no `:` after it",
    "did not find expected ',' or '}'": "a `,` or `}` is missing before this",
    "did not find expected ',' or ']'": "a `,` or `]` is missing before this",
    "did not find expected key": "a key is expected here, or the line is indented wrongly",
    "did not find expected '-' indicator": "the line is indented wrongly: a `-` is expected",
    "did not find expected node content": "a value is expected here",
    "did not find expected <document start>": "the text goes on where the file should end",
    "exceeded maximum nesting depth": "the brackets are nested without end",
    "found character that cannot start any token": "a value cannot begin with this character",
    "found unexpected end of stream": "a quote is never closed",
    "mapping values are not allowed in this context": "a second `:` stands on the line",
}


def _refused(text: str, name: str) -> Iterator[Problem]:
    """What no deal file may hold, from the parser's events alone."""
    depth = nodes = documents = 0
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            documents += isinstance(event, yaml.DocumentStartEvent)
            nodes += isinstance(event, yaml.NodeEvent)
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            limit = _over_limit(depth, nodes, documents)
            yield from (place(problem, name, text, _index(event.start_mark, text)) for problem in [*_forbidden(event), *limit])
            if limit:
                return
    except yaml.MarkedYAMLError as error:
        said = str(error.problem or error.context)
        mark = error.context_mark if said == "found unexpected end of stream" else error.problem_mark
        remedy = "look at the indentation, the brackets and the quotes up to here; a formula with `,` needs quotes inside { }"
        yield place(Problem(f"this is not YAML: {_OWN_WORDS.get(said, said)}", remedy), name, text, _index(mark, text))


def _index(mark: Any, text: str) -> int:
    """The index of a mark of the parser, whose stubs leave open that there is none."""
    return min(mark.index, len(text)) if mark is not None else 0


def _forbidden(event: yaml.Event) -> Iterator[Problem]:
    anchor = getattr(event, "anchor", None)
    if isinstance(event, yaml.AliasEvent):
        yield Problem(f"`*{anchor}` is an alias", "write the value out: a deal file says everything in its place")
    elif anchor is not None:
        yield Problem(f"`&{anchor}` is an anchor", "remove it: a deal file has no aliases")
    tag = getattr(event, "tag", None)
    if tag is not None:
        yield Problem(f"`{tag}` is a tag", "remove it: what a value is follows from where it stands")
    if isinstance(event, yaml.ScalarEvent) and event.value == "<<" and not event.style:
        yield Problem("`<<` is a merge key", "write the fields out")


def _over_limit(depth: int, nodes: int, documents: int) -> list[Problem]:
    if depth > MOST_DEPTH:
        return [Problem(f"the file is more than {MOST_DEPTH} levels deep", "name parts of a tree as `groups`, or use blocks of steps")]
    if nodes > MOST_NODES:
        return [Problem(f"the file has more than {MOST_NODES:,} keys and values", "report what changes monthly instead of listing it")]
    if documents > 1:
        return [Problem("a second document begins here", "remove the `---`: a file states one deal")]
    return []


def _wrong_keys(text: str, node: yaml.Node, path: Path) -> Iterator[Problem]:
    """Keys that stand twice in one mapping or are no words, and values that are left out: a composer would say nothing of them."""
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _wrong_keys(text, item, (*path, index))
    seen: set[str] = set()
    for key, value in node.value if isinstance(node, yaml.MappingNode) else []:
        if not isinstance(key, yaml.ScalarNode):
            yield Problem("a list or a mapping stands where a name is needed", "quote a formula that begins with `{` or `[`", path=path)
            continue
        if key.value in seen:
            line = text.count("\n", 0, _start(key)) + 1
            yield Problem(f"`{key.value}` stands twice, here and on line {line}", "keep one of them", path=(*path, key.value))
        seen.add(key.value)
        yield from _wrong_keys(text, value, (*path, key.value))
    if isinstance(node, yaml.ScalarNode) and not node.style and node.value in ("", "~", "null"):
        field = path[-1] if path and isinstance(path[-1], str) else ""
        what = f"`{field}` has no value" if field else "an item of the list has no value"
        # What follows a thousands comma is read as a field of three digits.
        remedy = _THOUSANDS if len(field) == 3 and field.isdecimal() else "give one, or leave the field out; `{}` says that there are no fields"
        yield Problem(what, remedy, path=path)


def _value(node: yaml.Node) -> Value:
    """The node as plain values; of a key that stands twice the first."""
    if isinstance(node, yaml.MappingNode):
        fields: dict[str, Value] = {}
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                fields.setdefault(key.value, _value(value))
        return fields
    if isinstance(node, yaml.SequenceNode):
        return [_value(item) for item in node.value]
    return str(node.value)
