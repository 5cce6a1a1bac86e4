"""What a text may be that enters the log, where it stays for ever, is hashed, and is printed wherever the books are read."""

from __future__ import annotations

from collections.abc import Mapping

from ledger.core.problems import Problem

MOST_CHARACTERS = 1_000
"""Of one text of the log: a name, a reason, a note."""
_SHOWN = 60
_REFUSED = frozenset((
    *range(0x20), *range(0x7F, 0xA0),  # control characters
    0x2028, 0x2029,  # ends of lines, which would make two lines of one
    0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A),  # what turns the direction of a text, so that another one is read
    *range(0xD800, 0xE000),  # halves of characters, which UTF-8 cannot hold
))  # fmt: skip


def has_refused(text: str) -> bool:
    """Whether a text holds a character that none of the log may hold. The list is this program's own, and the same in every version of Unicode."""
    return not text.isprintable() and any(ord(character) in _REFUSED for character in text)


def text_problems(texts: Mapping[str, str]) -> list[Problem]:
    """What is wrong with texts, by the names that they go by."""
    wrong = [
        Problem(f"`{name}` holds a character that does not print, that turns the text, or that is half of one: {_shown(text)}", "remove it")
        for name, text in texts.items()
        if has_refused(text)
    ]
    long = [
        Problem(f"`{name}` has {len(text):,} characters, the most is {MOST_CHARACTERS:,}", "shorten it")
        for name, text in texts.items()
        if len(text) > MOST_CHARACTERS
    ]
    return wrong + long


def _shown(text: str) -> str:
    """The text in ASCII, from shortly before its first refused character on."""
    first = next(index for index, character in enumerate(text) if ord(character) in _REFUSED)
    start = max(0, first - _SHOWN // 2)
    return f"{text[start : start + _SHOWN]!a}"
