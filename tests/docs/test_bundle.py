"""The checker that docs/bundle.md prints works as printed."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from ledger import service
from ledger.store.engine import Store
from tests.conftest import ROOT
from tests.service.example import MONTHS, NAME, months


@pytest.fixture
def bundle(sqlite: str) -> bytes:
    stream = io.BytesIO()
    with closing(Store(sqlite)) as store:
        months(store, 2)
        service.publish(store, NAME, MONTHS[0], actor="trustee")
        service.export_bundle(store, NAME, stream)
    return stream.getvalue()


def check(bundle: bytes, folder: Path) -> tuple[int, str]:
    (program,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "bundle.md").read_text(encoding="utf-8"), re.DOTALL)
    (folder / "check.py").write_text(program, encoding="utf-8")
    (folder / "a.bundle").write_bytes(bundle)
    ended = subprocess.run([sys.executable, "-I", "check.py", "a.bundle"], capture_output=True, cwd=folder, check=False, text=True)
    return ended.returncode, ended.stdout + ended.stderr


def test_the_printed_checker_agrees_with_the_program(bundle: bytes, sqlite: str, tmp_path: Path) -> None:
    with closing(Store(sqlite)) as store, store.reading() as reader:
        head = reader.head(NAME)

    assert check(bundle, tmp_path) == (0, f"{NAME}: {head.position} commits, {head.event_count} events, head {head.hash}\n")


@pytest.mark.parametrize(
    ("find", "put", "said"),
    [
        (b"460000", b"460001", "position 2 does not agree"),
        (b'"tester"', b'"fester"', "position 2 does not agree"),
        (b'["document","', b'["document"," ', "the bundle does not end as it says"),
        (b'"EXAMPLE-1",6', b'"EXAMPLE-1",7', "the bundle does not end as it says"),
    ],
)
def test_the_printed_checker_finds_what_was_changed(find: bytes, put: bytes, said: str, bundle: bytes, tmp_path: Path) -> None:
    code, text = check(bundle.replace(find, put, 1), tmp_path)

    assert code == 1
    assert said in text
