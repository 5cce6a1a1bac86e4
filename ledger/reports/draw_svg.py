"""A deal as a picture: the capital structure on the left, the accounts and the waterfall on the right, in black and greys.

Each account is a vertical line beside the steps. A step that draws on it is joined to it by a filled dot, one that pays into it by an open one. Cash goes
from left to right: account, step, payees. A step that moves no cash is dashed.
"""

from __future__ import annotations

from dataclasses import dataclass

from ledger.reports.drawing import BlockBox, Box, ClassBox, Picture, StepBox
from ledger.reports.svg import Canvas, Dash, wrap

MARGIN, GAP, PADDING = 24, 12, 8
LEFT_WIDTH, STEP_WIDTH, ARROW_WIDTH, PAYEE_WIDTH = 270, 340, 36, 300
RAIL = 16
NAME, FACT, TITLE = 13, 11, 20
NAME_LINE, FACT_LINE = 17, 14
INSET, HANG = 10, 18
STACK = 300
"""Pixels that the classes with a balance share by their size, beside what their text needs."""
LIGHT, WHITE = "#ececec", "#ffffff"


def to_svg(picture: Picture) -> str:
    """The picture as SVG text: the same bytes for the same deal and balances."""
    canvas = Canvas()
    rails = len(picture.accounts) * RAIL
    right = MARGIN + LEFT_WIDTH + 3 * GAP
    width = right + rails + GAP + STEP_WIDTH + ARROW_WIDTH + PAYEE_WIDTH + MARGIN
    top = _title(canvas, picture, width)
    _left_side(canvas, picture, top)
    _Waterfall(canvas, picture, right, width - MARGIN).draw(top)
    return canvas.to_svg(width, picture.title, "Capital structure, accounts and priority of payments")


def _title(canvas: Canvas, picture: Picture, width: int) -> int:
    y = MARGIN + TITLE
    for line in wrap(picture.title, width - 2 * MARGIN, TITLE, bold=True, most=2):
        canvas.text(MARGIN, y, line, TITLE, bold=True)
        y += TITLE + 6
    for line in wrap(picture.subtitle, width - 2 * MARGIN, FACT, most=2):
        canvas.text(MARGIN, y, line, FACT)
        y += FACT_LINE
    return y + GAP


def _heading(canvas: Canvas, x: int, y: int, text: str) -> int:
    canvas.text(x, y + NAME, text, NAME, bold=True)
    return y + NAME_LINE + PADDING


# Boxes ------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Lines:
    """The wrapped text of a box: bold lines of its name, then its facts, each indented by some pixels."""

    name: list[str]
    facts: list[tuple[int, str]]

    @property
    def height(self) -> int:
        return 2 * PADDING + len(self.name) * NAME_LINE + len(self.facts) * FACT_LINE

    def draw(self, canvas: Canvas, x: int, y: int) -> None:
        y += PADDING
        for line in self.name:
            y += NAME_LINE
            canvas.text(x + PADDING, y - 4, line, NAME, bold=True)
        for indent, line in self.facts:
            y += FACT_LINE
            canvas.text(x + PADDING + indent, y - 3, line, FACT)


def _lines(name: str, facts: list[tuple[int, str]], width: int, most: int = 4) -> _Lines:
    """Wrap a name and facts, given as (indentation, text), for a box of a width; a fact's second line hangs."""
    inner, wrapped = width - 2 * PADDING, list[tuple[int, str]]()
    for indent, fact in facts:
        first, *rest = wrap(fact, inner - indent - HANG, FACT, most=most)
        wrapped += [(indent, first), *((indent + HANG, line) for line in rest)]
    return _Lines(wrap(name, inner, NAME, bold=True, most=2) if name else [], wrapped)


def _left_side(canvas: Canvas, picture: Picture, y: int) -> None:
    y = _heading(canvas, MARGIN, y, "Capital structure, senior first")
    total = sum(box.original or 0 for box in picture.classes)
    for box in picture.classes:
        share = STACK * (box.original or 0) // total if total else 0
        y += _class(canvas, box, y, share)
    y = _legend(canvas, y + GAP)
    for heading, boxes in (("Fees and other payees", picture.fees), ("Triggers", picture.triggers), ("Amounts and ratios", picture.values)):
        if boxes:
            y = _heading(canvas, MARGIN, y + 2 * GAP, heading)
            for small in boxes:
                y += _small(canvas, small, MARGIN, y, LEFT_WIDTH) + PADDING


def _class(canvas: Canvas, box: ClassBox, y: int, share: int) -> int:
    """One class of the stack: as high as its text needs, and its share of the stack; what is outstanding is grey."""
    lines = _lines(box.name, [(0, fact) for fact in box.facts], LEFT_WIDTH)
    height = lines.height + share
    filled = LEFT_WIDTH * box.outstanding // 1000 if box.original is not None else 0
    canvas.rectangle(MARGIN, y, filled, height, fill=LIGHT, stroke="none")
    canvas.rectangle(MARGIN, y, LEFT_WIDTH, height, fill="none", dash="" if box.original is not None else "4 3")
    lines.draw(canvas, MARGIN, y)
    return height


LEGEND = (
    ("#222222", "the step draws on the account"),
    (WHITE, "the step pays into the account"),
)


def _legend(canvas: Canvas, y: int) -> int:
    """What the marks mean."""
    for fill, meaning in LEGEND:
        canvas.circle(MARGIN + 6, y + FACT_LINE - 7, 3, fill=fill)
        canvas.text(MARGIN + 2 * INSET, y + FACT_LINE - 3, meaning, FACT)
        y += FACT_LINE
    for sentence in ("Dashed: no cash moves, or a class without a balance.", "Grey part of a class: what is outstanding of it."):
        for line in wrap(sentence, LEFT_WIDTH, FACT):
            y += FACT_LINE
            canvas.text(MARGIN, y - 3, line, FACT)
    return y


def _small(canvas: Canvas, box: Box, x: int, y: int, width: int) -> int:
    lines = _lines(box.name, [(0, fact) for fact in box.facts], width)
    canvas.rectangle(x, y, width, lines.height)
    lines.draw(canvas, x, y)
    return lines.height


# The waterfall ----------------------------------------------------------------------------------------------------------


class _Waterfall:
    """Draws accounts and steps downwards. `x` is where the lines of the accounts begin, `end` the right edge."""

    def __init__(self, canvas: Canvas, picture: Picture, x: int, end: int) -> None:
        self.canvas, self.picture, self.end = canvas, picture, end
        self.rails = {account.name: x + index * RAIL + RAIL // 2 for index, account in enumerate(picture.accounts)}
        self.x, self.steps_x = x, x + len(picture.accounts) * RAIL + GAP
        self.begins: dict[str, int] = {}
        self.joints: list[tuple[str, int, int, bool]] = []

    def draw(self, y: int) -> None:
        y = _heading(self.canvas, self.steps_x, y, "Accounts")
        for account in self.picture.accounts:
            self.begins[account.name] = y + PADDING + NAME_LINE // 2
            y += _small(self.canvas, account, self.steps_x, y, self.end - self.steps_x) + PADDING
        y = _heading(self.canvas, self.steps_x, y + GAP, "Waterfall, in the order of payment")
        self._items(self.picture.items, y, 0)
        self._draw_rails()

    def _items(self, items: tuple[StepBox | BlockBox, ...], y: int, depth: int) -> int:
        for index, item in enumerate(items):
            if index:
                middle = self.steps_x + STEP_WIDTH // 2
                self.canvas.line(middle, y - GAP, middle, y, arrow=True)
            y = (self._block(item, y, depth) if isinstance(item, BlockBox) else self._step(item, y, depth)) + GAP
        return y

    def _block(self, block: BlockBox, y: int, depth: int) -> int:
        """A frame around the steps that stand under one condition, which is its heading."""
        x, width = self.steps_x + depth * INSET, self.end - self.steps_x - 2 * depth * INSET
        heading = wrap(f"only when {block.when}", width - 2 * PADDING, FACT, bold=True)
        frame = len(self.canvas.shapes)
        inner = y + PADDING + len(heading) * FACT_LINE + PADDING
        bottom = self._items(block.items, inner, depth + 1)
        self.canvas.rectangle(x, y, width, bottom - y, fill="none", dash="1 3")
        self.canvas.shapes.insert(frame, self.canvas.shapes.pop())
        for index, line in enumerate(heading):
            self.canvas.text(x + PADDING, y + PADDING + (index + 1) * FACT_LINE - 3, line, FACT, bold=True)
        return bottom

    def _step(self, step: StepBox, y: int, depth: int) -> int:
        """A step, what it draws on to the left and whom it pays to the right."""
        x, width = self.steps_x + depth * INSET, STEP_WIDTH - depth * INSET
        text = _lines(f"{step.number}  {step.headline}", [(0, fact) for fact in step.facts], width)
        payees = _lines("", [(level * INSET, line) for level, line in step.payees], PAYEE_WIDTH - depth * INSET)
        joints = [(name, False) for name in step.sources] + [(name, True) for name in step.refills]
        height = max(text.height, payees.height, 2 * PADDING + FACT_LINE * len(joints))
        dash: Dash = "" if step.moves_cash else "4 3"
        self.canvas.rectangle(x, y, width, height, fill=LIGHT if step.moves_cash else WHITE, dash=dash, round_by=4)
        text.draw(self.canvas, x, y)
        self.joints += [(name, y + PADDING + FACT_LINE // 2 + FACT_LINE * index, x, into) for index, (name, into) in enumerate(joints)]
        if step.payees:
            right = self.steps_x + STEP_WIDTH + ARROW_WIDTH
            self.canvas.rectangle(right, y + (height - payees.height) // 2, PAYEE_WIDTH - depth * INSET, payees.height, dash=dash)
            payees.draw(self.canvas, right, y + (height - payees.height) // 2)
            self.canvas.line(self.steps_x + STEP_WIDTH, y + height // 2, right, y + height // 2, arrow=True, width=2 if step.moves_cash else 1, dash=dash)
        return y + height

    def _draw_rails(self) -> None:
        """The line of each account, from its box to the last step that it has to do with, and its joints to the steps."""
        for name, x in self.rails.items():
            ends = [y for joined, y, _, _ in self.joints if joined == name]
            if ends:
                begin = self.begins[name]
                self.canvas.line(x, begin, self.steps_x, begin, stroke="#555555")
                self.canvas.line(x, begin, x, max(ends), width=2, stroke="#555555")
        for name, y, step_x, into in self.joints:
            x = self.rails[name]
            if into:
                self.canvas.line(step_x, y, x + 5, y, arrow=True)
            else:
                self.canvas.line(x, y, step_x, y, arrow=True)
            self.canvas.circle(x, y, 3, fill=WHITE if into else "#222222")
