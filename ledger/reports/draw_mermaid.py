"""A deal as the text of a Mermaid flowchart, for pages that draw such text themselves."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from ledger.reports.drawing import BlockBox, Box, ClassBox, Picture, StepBox

_ENTITIES = {"#": "#35;", '"': "#quot;", "&": "#amp;", "<": "#lt;", ">": "#gt;", "`": "#96;", "\\": "#92;", ";": "#59;"}


def to_mermaid(picture: Picture) -> str:
    """The picture as text that begins with `flowchart`: steps top to bottom, accounts before them, payees behind them."""
    return "\n".join([*_header(picture), *_indented(_body(picture)), ""])


def _header(picture: Picture) -> Iterator[str]:
    yield "---"
    yield f'title: "{picture.title.replace(chr(92), "/").replace(chr(34), chr(39))}"'
    yield "---"
    yield "flowchart TB"


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (f"    {line}" for line in lines)


def _body(picture: Picture) -> Iterator[str]:
    nodes = _nodes(picture)
    yield from _subgraph("accounts", "Accounts", (f'{nodes[box.name]}[("{_label(box)}")]' for box in picture.accounts))
    yield from _subgraph("waterfall", "Waterfall", _Blocks().lines(picture.items))
    yield from _subgraph("structure", "Capital structure", (f'{nodes[box.name]}["{_label(box)}"]' for box in picture.classes))
    yield from _subgraph("payees", "Fees and other payees", (f'{nodes[box.name]}(["{_label(box)}"])' for box in picture.fees))
    steps = list(picture.steps())
    for step, following in itertools.pairwise(steps):
        yield f"step{step.number} --> step{following.number}"
    for step in steps:
        for source in step.sources:
            yield f"{nodes[source]} -.-> step{step.number}"
        for payee in dict.fromkeys(step.leaves):
            yield f"step{step.number} {'==>' if step.moves_cash else '-.->'} {nodes[payee]}"


def _nodes(picture: Picture) -> dict[str, str]:
    """The id of each box: a name may be a word that the chart knows, so none is used as it is."""
    sections: list[tuple[str, tuple[Box | ClassBox, ...]]] = [("account", picture.accounts), ("tranche", picture.classes), ("payee", picture.fees)]
    return {box.name: f"{section}{index}" for section, boxes in sections for index, box in enumerate(boxes, 1)}


def _subgraph(name: str, title: str, lines: Iterable[str]) -> Iterator[str]:
    """A frame around lines, where there are any."""
    inner = list(lines)
    if inner:
        yield f'subgraph {name} ["{_text(title)}"]'
        yield from _indented(inner)
        yield "end"


class _Blocks:
    """Steps, and frames around those that stand under one condition."""

    def __init__(self) -> None:
        self.number = 0

    def lines(self, items: tuple[StepBox | BlockBox, ...]) -> Iterator[str]:
        for item in items:
            if isinstance(item, BlockBox):
                self.number += 1
                yield from _subgraph(f"block{self.number}", f"only when {item.when}", list(self.lines(item.items)))
            else:
                payees = [text for _, text in item.payees]
                text = [f"{item.number}  {item.headline}", *item.facts, *([f"to {payees[0]}", *payees[1:]] if payees else [])]
                yield f'step{item.number}["{"<br/>".join(map(_text, text))}"]'


def _label(box: Box | ClassBox) -> str:
    return "<br/>".join(map(_text, (box.name, *box.facts)))


def _text(text: str) -> str:
    return "".join(_ENTITIES.get(character, character) for character in text)
