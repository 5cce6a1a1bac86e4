"""Files made to take more than they are: each is refused in words, in a process that grows by no more than 300 MB."""

from __future__ import annotations

import io
import os
import resource
from collections.abc import Callable
from pathlib import Path

import pytest

from cli import common
from ledger import service
from ledger.core.problems import ProblemsFound
from ledger.files import deal_file, published
from ledger.files.bundle import BundleReader

MOST_MEGABYTES = 300
GROWS, ACCEPTS = 2, 3


class Endless(io.BytesIO):
    """A file whose first line never ends."""

    def readline(self, size: int | None = -1, /) -> bytes:
        assert size is not None
        assert size > 0, "a whole line is asked for"
        return b"[" * size


def unprintable() -> bytes:
    return "".join(character for character in map(chr, range(0x20000, 0xE0000)) if not character.isprintable())[:100_000].encode()


BOMBS: dict[str, Callable[[], object]] = {
    "a bundle whose line never ends": lambda: BundleReader(Endless(), "a.bundle").start(),
    "a bundle of brackets": lambda: BundleReader(io.BytesIO(b'["tranche-ledger bundle 1",' + b"[" * 900 + b"]" * 901 + b"\n"), "a.bundle").start(),
    "blank rows": lambda: published.read_published(b"distribution_date,subject,item,amount,note\n" + b"\n" * 20_000_000, "published.csv"),
    "wide rows": lambda: published.read_published(b"distribution_date,subject,item,amount,note\n" + (b"x" + b"," * 9_000 + b"\n") * 3_000, "published.csv"),
    "characters that do not print": lambda: deal_file.load(b"a: " + unprintable(), "deal.yaml"),
    "anchors": lambda: deal_file.load(b"a:\n" + b"- &a\n" * 19_000, "deal.yaml"),
    "a seal of brackets": lambda: service.read_seal("[" * 1_900_000, "a.seal"),
    "a seal of lists": lambda: service.read_seal('{"format":[' + "[]," * 600_000 + "[]]}", "a.seal"),
    "a proof that is too long": lambda: service.check_proof("[" * 3_000_000, "a.proof"),
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_a_file_made_to_grow_is_refused_before_it_has(bomb: Callable[[], object]) -> None:
    child = os.fork()
    if not child:
        os._exit(answer(bomb))
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0


def answer(bomb: Callable[[], object]) -> int:
    """0 where a file is refused within the limit; in a process of its own."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        bomb()
    except ProblemsFound:
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
        return 0 if grown <= MOST_MEGABYTES else GROWS
    except BaseException:  # the parent sees an exit code only
        return 1
    return ACCEPTS


def test_a_device_without_end_is_read_no_further_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(common, "MOST_BYTES", 1_000_000)

    with pytest.raises(ProblemsFound, match="/dev/zero: the file has more than 1,000,000 bytes; name another one, or split it"):
        common.read_file(Path("/dev/zero"))
