"""Pictures of deals: every text inside its box and none over another, the same bytes each time, and a chart whose every edge has two ends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.reports.draw_mermaid import to_mermaid
from ledger.reports.draw_svg import to_svg
from ledger.reports.drawing import BlockBox, Picture, picture
from ledger.reports.svg import measure, wrap
from ledger.service.worked import worked_folders
from tests.core.deals import terms

DEAL = """
deal: BLOCKS-1
title: Blocks & <odd> "text"
closing_date: 2025-01-15
dates: {distribution: {day: 15}, accrual: month, day_count: 30/360}
reported: {enforced: flag}
pool: {original_balance: 1_000_000}
tranches:
  A-1-with-a-very-long-name-that-nobody-would-give-to-a-class: {original_balance: 500_000, rate: 4%}
  A2: {original_balance: 300_000, rate: "min(4% + 0.25%, max(0%, 25.50% - 3 * 4%)) + (if enforced then 1% else 0%) + (if enforced then 1% else 0%) + 1.25%"}
  PA: {original_balance: 100_000, rate: 5%}
  IO: {of: PA.opening_balance, rate: 0.50%}
  R: {kind: residual}
groups: {seniors: [A-1-with-a-very-long-name-that-nobody-would-give-to-a-class, A2]}
fees: {trustee: {amount: 10}}
ledgers: {pdl: {of: [PA, A2], up_to: balance}}
accounts: {funds: {collects: [interest, scheduled_principal, prepayment]}, reserve: {target: 100}}
tables: {planned: {by: period, 0: 100_000, 6: 0}}
amounts: {a_quite_long_name_of_an_amount_that_must_be_broken_somewhere: pool.balance / 2}
triggers: {low: {fails_when: pool.factor < 10%, curable: false, tested: closing}}
waterfall:
  - {pay: fees, to: trustee, from: funds, limit: "min(1_000, max(100, 200 + 300 + 400 + 500 + 600 + 700 + 800 + 900 + 1_000 + 1_100 + 1_200 + 1_300))"}
  - when: enforced
    steps:
      - {pay: interest, to: {pro_rata: seniors}, from: funds}
      - when: low and pool.balance < 500_000
        steps:
          - {pay: principal, to: {sequential: [seniors, PA]}, from: [funds, reserve]}
          - {pay: reserve.shortfall, to: reserve, from: funds}
  - {record: pool.loss, as: pdl, to: {sequential: [PA, A2]}}
  - pay: principal
    to:
      sequential:
        - {to: PA, limit: PA.balance - planned}
        - {pro_rata: [{to: A2, when: period > 60}, {sequential: [PA, A2]}], by: original_balance, limit: 100_000}
    from: funds
    limit: pool.scheduled_principal
  - {pay: pdl, to: PA, from: funds, name: cure of the deficiency}
  - {write_down: pool.loss, to: {sequential: [PA, A2]}}
  - {pay: rest, to: R, from: funds}
"""
Rectangle = tuple[float, float, float, float]
"""Left, top, right, bottom."""
SVG = "{http://www.w3.org/2000/svg}"


def pictures() -> Iterator[tuple[str, Picture]]:
    yield "blocks", picture(terms(DEAL))
    for folder in worked_folders():
        yield folder.name, picture(terms((folder / "deal.yaml").read_text(encoding="utf-8")))


PICTURES = list(pictures())
every_picture = pytest.mark.parametrize("drawn", [drawn for _, drawn in PICTURES], ids=[name for name, _ in PICTURES])


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)  # noqa: S314  # what is parsed was made a moment ago, by us


def box_of(text: ElementTree.Element) -> Rectangle:
    """The room that a line of text takes at most: from its baseline up by its size, down by a fifth of it."""
    x, y, size = (int(text.attrib[name]) for name in ("x", "y", "font-size"))
    return x, y - size, x + measure(text.text or "", size, bold=text.get("font-weight") == "bold"), y + size / 5


def rectangles(root: ElementTree.Element) -> list[Rectangle]:
    found: list[Rectangle] = []
    for shape in root.iter(f"{SVG}rect"):
        width, height = int(shape.attrib["width"]), int(shape.attrib["height"])
        x, y = int(shape.get("x", "0")), int(shape.get("y", "0"))
        if shape.get("stroke") != "none":
            found.append((x, y, x + width, y + height))
    return found


def inside(inner: Rectangle, outer: Rectangle) -> bool:
    return outer[0] <= inner[0] and outer[1] <= inner[1] and inner[2] <= outer[2] and inner[3] <= outer[3]


def overlap(one: Rectangle, other: Rectangle) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


# SVG --------------------------------------------------------------------------------------------------------------------


@every_picture
def test_no_text_leaves_its_box_and_none_lies_on_another(drawn: Picture) -> None:
    root = parsed(to_svg(drawn))
    texts = [(text.text, box_of(text)) for text in root.iter(f"{SVG}text")]
    boxes = rectangles(root)

    for text, room in texts:
        touched = [box for box in boxes if overlap(room, box)]
        assert all(inside(room, box) for box in touched), text
    assert [(one, other) for (one, room), (other, beside) in combinations(texts, 2) if overlap(room, beside)] == []


@every_picture
def test_boxes_lie_within_each_other_or_apart(drawn: Picture) -> None:
    boxes = rectangles(parsed(to_svg(drawn)))

    assert [(one, other) for one, other in combinations(boxes, 2) if overlap(one, other) and not (inside(one, other) or inside(other, one))] == []


@every_picture
def test_every_class_step_and_payee_is_drawn(drawn: Picture) -> None:
    text = " ".join(element.text or "" for element in parsed(to_svg(drawn)).iter(f"{SVG}text"))

    assert all(f"{step.number} {step.headline.split()[0]}" in text for step in drawn.steps())
    names = [*(box.name for box in drawn.classes), *(box.name for box in (*drawn.fees, *drawn.accounts))]
    assert all(name in text for name in names if len(name) < 20)


def test_steps_stand_below_each_other_in_their_order() -> None:
    root = parsed(to_svg(picture(terms(DEAL))))
    bold = [(element.text or "", int(element.attrib["y"])) for element in root.iter(f"{SVG}text") if element.get("font-weight") == "bold"]

    steps = [next(y for text, y in bold if text.startswith(f"{number} ")) for number in range(1, 10)]

    assert steps == sorted(steps)
    assert len(set(steps)) == 9


def test_same_deal_gives_the_same_bytes() -> None:
    assert to_svg(picture(terms(DEAL))) == to_svg(picture(terms(DEAL)))
    assert to_mermaid(picture(terms(DEAL))) == to_mermaid(picture(terms(DEAL)))


def test_grey_part_of_a_class_is_what_is_outstanding() -> None:
    drawn = picture(terms(DEAL), {"PA.principal": -2_500_000}, "later")

    outstanding = {box.name: box.outstanding for box in drawn.classes}
    assert (outstanding["PA"], outstanding["A2"]) == (250, 0)
    assert "balance 25,000.00" in next(box for box in drawn.classes if box.name == "PA").facts


@given(st.text(min_size=1, max_size=80), st.integers(40, 300), st.sampled_from((11, 13, 20)), st.booleans(), st.integers(1, 4))
def test_wrapped_lines_fit_whatever_the_text(text: str, width: int, size: int, bold: bool, most: int) -> None:
    lines = wrap(text, width, size, bold=bold, most=most)

    assert 1 <= len(lines) <= most
    assert all(measure(line, size, bold=bold) <= width for line in lines)
    whole = "".join("".join(lines).split())
    assert whole == "".join(text.split()) or lines[-1].endswith("...")


# Words ------------------------------------------------------------------------------------------------------------------


def test_tree_is_put_into_words_line_by_line() -> None:
    steps = {step.number: step for step in picture(terms(DEAL)).steps()}

    assert [text for _, text in steps[6].payees] == [
        "PA, at most PA.balance - planned",
        "then pro rata by original_balance, at most 100_000:",
        "A2, only when period > 60",
        "PA, then A2",
    ]
    assert steps[3].facts == ("from funds, then reserve",)
    assert (steps[4].sources, steps[4].refills) == (("funds",), ("reserve",))
    assert (steps[7].headline, steps[7].facts) == ("cure of the deficiency", ("pay pdl", "from funds"))
    assert [step.number for step in steps.values() if not step.moves_cash] == [5, 8]


def test_blocks_hold_their_steps() -> None:
    (block,) = [item for item in picture(terms(DEAL)).items if isinstance(item, BlockBox)]

    assert block.when == "enforced"
    assert isinstance(block.items[1], BlockBox)
    assert block.items[1].when == "low and pool.balance < 500_000"


# Mermaid ----------------------------------------------------------------------------------------------------------------

NODE = re.compile(r'(\w+)(\[\(|\(\[|\[)"([^"`\\]*)"(\)\]|\]\)|\])')
FRAME = re.compile(r'subgraph (\w+) \["[^"`\\]*"\]')
EDGE = re.compile(r"(\w+) (-->|-\.->|==>) (\w+)")


@every_picture
def test_chart_is_made_of_frames_nodes_and_edges_between_nodes(drawn: Picture) -> None:
    fence, title, end, kind, *body = to_mermaid(drawn).splitlines()
    depth, nodes, edges = 0, set[str](), list[tuple[str, str]]()
    for line in map(str.strip, body):
        if node := NODE.fullmatch(line):
            assert not set("<>;#&") & set(re.sub(r"<br/>|#\w+;", "", node[3])), line
            nodes.add(node[1])
        elif edge := EDGE.fullmatch(line):
            edges.append((edge[1], edge[3]))
        else:
            depth += 1 if FRAME.fullmatch(line) else -1
            assert line == "end" or FRAME.fullmatch(line), line

    assert (fence, title[:8], end, kind) == ("---", 'title: "', "---", "flowchart TB")
    assert depth == 0
    assert {name for edge in edges for name in edge} <= nodes
    assert len(nodes) == len(list(drawn.steps())) + len(drawn.classes) + len(drawn.fees) + len(drawn.accounts)
