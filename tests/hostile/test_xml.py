"""XML that is made to hurt: each file is refused in words, in a process that grows by no more than 300 MB, and none says anything to the books."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import BinaryIO, cast

import pytest

from ledger.core.problems import ProblemsFound
from ledger.files.importers import IMPORTERS, Imported
from tests.hostile.test_bombs import test_a_file_made_to_grow_is_refused_before_it_has as refused_in_a_child
from tests.importers.ex102 import NAMESPACE, exhibit

XMLNS = NAMESPACE.format("autoloan")
LOAN = {"assetNumber": "1", "reportingPeriodBeginningLoanBalanceAmount": "100.00", "reportingPeriodActualEndBalanceAmount": "90.00"}
WHOLE = exhibit("autoloan", [LOAN])
OPENED = f'<assetData xmlns="{XMLNS}"><assets>'.encode()


def read(source: bytes | Endless) -> list[object]:
    stream = io.BytesIO(source) if isinstance(source, bytes) else cast("BinaryIO", source)
    return [month for block in Imported(IMPORTERS["absee-auto"], 2).months(stream, "a.xml") for month in block]


def with_doctype(inside: str, text: str) -> bytes:
    loan = f"<assets><assetNumber>{text}</assetNumber></assets>"
    return f'<?xml version="1.0"?><!DOCTYPE assetData [{inside}]><assetData xmlns="{XMLNS}">{loan}</assetData>'.encode()


LAUGHS = '<!ENTITY a0 "ha">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
REFUSED = {
    "a document type": (with_doctype("", "1"), "the file has a document type"),
    "an external entity": (with_doctype('<!ENTITY x SYSTEM "file:///etc/hostname">', "&x;"), "the file has a document type"),
    "a parameter entity": (with_doctype('<!ENTITY % x SYSTEM "http://localhost/x">%x;', "1"), "the file has a document type"),
    "billion laughs": (with_doctype(LAUGHS, "&a9;"), "the file has a document type"),
    "an entity that nobody defined": (OPENED + b"<assetNumber>&x;</assetNumber></assets></assetData>", "undefined entity"),
    "deep nesting": (OPENED + b"<a>" * 100_000, "elements stand more than 8 deep"),
    "deep nesting of what is wanted": (OPENED + b"<assetNumber>" * 100_000, "elements stand more than 8 deep"),
    "a long text": (OPENED + b"<assetNumber>" + b"1" * 5_000, "a text has more than 4,000 characters"),
    "a text in many pieces": (OPENED + b"<assetNumber>" + b"1<![CDATA[2]]>" * 5_000, "a text has more than 4,000 characters"),
    "an element again and again": (OPENED + b"<zeroBalanceCode>1</zeroBalanceCode>" * 101, "`zeroBalanceCode` stands more than 100 times in one record"),
    "another namespace": (WHOLE.replace(b"autoloan", b"autolease"), "the file is `assetData` of"),
    "no namespace": (b"<assetData><assets/></assetData>", "the file is `assetData` of"),
    "another root": (WHOLE.replace(b"assetData", b"assets"), "the file is `assets` of"),
    "a root that is an element of a loan": (f'<assetNumber xmlns="{XMLNS}">1</assetNumber>'.encode(), "the file is `assetNumber` of"),
    "a file that was cut": (WHOLE[:-20], "no well-formed XML"),
    "a file that was cut in a tag": (WHOLE[: WHOLE.index(b"Number>")], "no well-formed XML"),
    "two files in one": (WHOLE + WHOLE, "no well-formed XML"),
    "UTF-16": (WHOLE.decode().replace("UTF-8", "UTF-16").encode("utf-16"), "names none of the format's columns|not UTF-8|no well-formed XML"),
    "bytes that are not UTF-8": (WHOLE.replace(b">1<", b">\xff<"), "no well-formed XML"),
    "nothing": (b"<", "no well-formed XML"),
}


@pytest.mark.parametrize(("source", "fact"), REFUSED.values(), ids=REFUSED)
def test_hostile_xml_is_refused_in_words(source: bytes, fact: str) -> None:
    with pytest.raises(ProblemsFound, match=fact) as caught:
        read(source)

    assert all(problem.remedy for problem in caught.value.problems)
    assert str(caught.value).startswith("a.xml")


class Endless(io.RawIOBase):
    """A file of 2 GB that begins in one way and goes on in another for ever."""

    def __init__(self, beginning: bytes, forever: bytes) -> None:
        self._beginning, self._forever, self._given = beginning, forever, 0

    def seek(self, offset: int, whence: int = 0, /) -> int:
        self._given = offset
        return offset

    def read(self, size: int = -1, /) -> bytes:
        assert size > 0, "all of it is asked for"
        first, self._given = self._given == 0, self._given + size
        if self._given > 2_000_000_000:
            return b""
        return self._beginning if first else self._forever * (size // len(self._forever))


def endless(beginning: bytes, forever: bytes) -> Callable[[], object]:
    return lambda: read(Endless(beginning, forever))


GROWING = {
    "billion laughs": lambda: read(with_doctype(LAUGHS, "&a9;")),
    "a text that never ends": endless(OPENED + b"<assetNumber>", b"1"),
    "a tag that never ends": endless(OPENED + b"<assetNumber", b"r"),
    "attributes that never end": endless(OPENED + b"<assetNumber", b' a="1"'),
    "a comment that never ends": endless(OPENED + b"<!--", b"1"),
    "no XML, that never ends": endless(b"<", b"1"),
    "elements inside each other that never end": endless(OPENED, b"<x>"),
}


@pytest.mark.parametrize("bomb", GROWING.values(), ids=GROWING)
def test_xml_made_to_grow_is_refused_before_it_has(bomb: Callable[[], object]) -> None:
    refused_in_a_child(bomb)
