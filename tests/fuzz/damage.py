"""Damage to valid files: raw bytes, and edits that keep enough of a file's form to reach what lies behind its parser."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st

from ledger.core.events import Event
from tests.service.forging import forged

Draw = Callable[[st.SearchStrategy[Any]], Any]

WORDS: tuple[bytes, ...] = (
    *(word.encode() for word in (
        "", " ", "0", "-1", "1", "00", "-0.00", "0.005", "1.0000000000000000001", "9" * 19, "9" * 45, "-9223372036854775808", "1e9", "1_0", "NaN", "Infinity",
        "true", "no", "null", "~", "100%", "0%", "-5%", "１２", "٣", "²", "0001-01-01", "9999-12-31", "2025-02-30", "2025-02-15", "2025-W05-2", "20250215",
        "pool", "A", "B", "R", "deal", "all", "tranches", "reserve", "interest", "principal", "rest", "loss", "1200", "31", "é", "日本",
        "\u202e", "\u200b", "\u00a0",
        "\ufeff", "\x00", "\x1b[31m", "\x85", "\u2028", "x" * 61, "x" * 501, "y" * 10_001, "'; DROP TABLE event; --", "../../x", "/", "\\", "%s", "{0}", "$(x)",
        "=1+1",
        ",", ",,", ";", '"', '""', "'", "\n", "\r", "\r\n", "\t", ":", ": ", "- ", "{", "}", "[", "]", "[" * 400, "(", ")", "(" * 40, "{" * 30, "&a", "*a",
        "!!python/object:x", "<<: {}", "---", "...", "#", "|", ">", "?", "@", "`", "+", "-", "*", "/", "==", "<", "and", "not", "if", "then", "else", "max(",
        "min(a, b)", "POSITION", "2:3", "1:999999999", "-", "\\u0000", "\\ud800", "1.5", "[]", "{}",
    )),
    b"\xff", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80", b"\xfe\xff", b"\x80",
)  # fmt: skip
"""What parsers stumble over: figures at the edges, texts that turn, hide or steer, the marks of each language, and bytes that are no UTF-8."""

_TOKEN = re.compile(rb"[\w.%+-]+|[^\w\s]", re.ASCII)


@st.composite
def damaged(draw: Draw, samples: Sequence[bytes]) -> bytes:
    """One of the samples after one to six edits, or, now and then, bytes that were never a file."""
    if draw(st.integers(0, 24)) == 0:
        return bytes(draw(st.binary(max_size=200)))
    source = bytes(draw(st.sampled_from(samples)))
    for _ in range(draw(st.integers(1, 6))):
        source = bytes(draw(st.sampled_from(EDITS))(draw, source, samples))
    return source


def _token(draw: Draw, source: bytes, samples: Sequence[bytes]) -> bytes:
    """Another word in the place of one."""
    tokens = list(_TOKEN.finditer(source))
    if not tokens:
        return source
    token = tokens[draw(st.integers(0, len(tokens) - 1))]
    return source[: token.start()] + _word(draw, samples) + source[token.end() :]


def _word(draw: Draw, samples: Sequence[bytes]) -> bytes:
    """A word that is known to be awkward, or one of the samples' own in a place where it does not belong."""
    if draw(st.booleans()):
        return bytes(draw(st.sampled_from(WORDS)))
    tokens = _TOKEN.findall(draw(st.sampled_from(samples))) or [b""]
    return bytes(tokens[draw(st.integers(0, len(tokens) - 1))])


def _insertion(draw: Draw, source: bytes, samples: Sequence[bytes]) -> bytes:
    at = draw(st.integers(0, len(source)))
    return source[:at] + _word(draw, samples) + source[at:]


def _deletion(draw: Draw, source: bytes, _samples: Sequence[bytes]) -> bytes:
    start, size = draw(st.integers(0, len(source))), draw(st.integers(1, 60))
    return source[:start] + source[start + size :]


def _repetition(draw: Draw, source: bytes, _samples: Sequence[bytes]) -> bytes:
    start, size = draw(st.integers(0, len(source))), draw(st.integers(1, 60))
    return source[: start + size] + source[start : start + size] * int(draw(st.sampled_from((1, 2, 50)))) + source[start + size :]


def _byte(draw: Draw, source: bytes, _samples: Sequence[bytes]) -> bytes:
    at = draw(st.integers(0, len(source)))
    return source[:at] + bytes([draw(st.integers(0, 255))]) + source[at + 1 :]


def _lines(draw: Draw, source: bytes, samples: Sequence[bytes]) -> bytes:
    """A line left out, doubled, moved, or one of another file."""
    lines = source.splitlines(keepends=True) or [b""]
    line, to = draw(st.integers(0, len(lines) - 1)), draw(st.integers(0, len(lines) - 1))
    match draw(st.sampled_from(("out", "double", "move", "other"))):
        case "out":
            del lines[line]
        case "double":
            lines.insert(to, lines[line])
        case "move":
            lines.insert(to, lines.pop(line))
        case _:
            others = draw(st.sampled_from(samples)).splitlines(keepends=True) or [b""]
            lines.insert(to, others[draw(st.integers(0, len(others) - 1))])
    return b"".join(lines)


EDITS = (_token, _token, _token, _insertion, _deletion, _repetition, _byte, _lines, _lines)


# What is whole, and untrue ---------------------------------------------------------------------------------------------------

VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2, 7, 2**31 - 1, 2**31, 2**63 - 1, -(2**63), 2**64, 0.5, "", "0", "pool", "A", "B", "reserve", "x" * 101, "y" * 20_000,
    "\u202e",
    "a\u0000b", "'; DROP TABLE event; --", "../../x", "2025-02-15", "2025-03-15", "2025-04-15", "9999-12-31", "0001-01-01", "0" * 64,
    "f" * 64, [], [[]], {}, "NaN",
    "1e9", "1/3", "received", "terms", "distribution", "publication", "period_date", "reported", "interest", "trigger", "tranche-ledger commit 1", "end",
)  # fmt: skip


@st.composite
def rehashed(draw: Draw, bundles: Sequence[bytes]) -> bytes:
    """A bundle in which one to four columns of events and commits hold something else, and every hash was made to fit."""
    bundle = bytes(draw(st.sampled_from(bundles)))
    lines = [json.loads(line) for line in bundle.splitlines()]
    events = [(line[2], line[11]) for line in lines if line[0] == "tranche-ledger commit 1"]
    changes = {}
    for _ in range(draw(st.integers(1, 4))):
        position, count = draw(st.sampled_from(events))
        if count:
            changes[position, draw(st.integers(1, count)), draw(st.integers(1, len(Event._fields) - 1))] = _other(draw, lines)
    header = {draw(st.sampled_from((4, 5, 6, 7, 8, 9, 10))): _other(draw, lines)} if draw(st.integers(0, 5)) == 0 else {}

    def change(position: int, event: list[Any]) -> None:
        for (where, line, column), value in changes.items():
            if where == position and line == event[0]:
                event[column] = value

    return forged(bundle, change, header=header)


def _other(draw: Draw, lines: Sequence[Any]) -> Any:
    """An awkward value, or one from elsewhere in the bundle."""
    if draw(st.booleans()):
        return draw(st.sampled_from(VALUES))
    return draw(st.sampled_from(draw(st.sampled_from([line for line in lines if line]))))


@st.composite
def tampered_json(draw: Draw, texts: Sequence[bytes]) -> bytes:
    """A JSON object with some of its values, at any depth, replaced."""
    value = json.loads(draw(st.sampled_from(texts)))
    for _ in range(draw(st.integers(1, 3))):
        at: Any = value
        while True:
            key = draw(st.sampled_from(sorted(at) if isinstance(at, dict) else range(len(at))))
            if not isinstance(at[key], (dict, list)) or not at[key] or draw(st.integers(0, 3)) == 0:
                break
            at = at[key]
        at[key] = copy.deepcopy(draw(st.sampled_from(VALUES)))
    return json.dumps(value).encode()
