"""A folder of statements: file names that stay in it, files whole or not at all, and a manifest of their digests, against which it can be checked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from cli.common import counted, file_problem, read_file, writing_output
from ledger.core.problems import Problem, ProblemsFound, stop_on

MANIFEST = "manifest.json"
FORMAT = 1
"""The form of the manifest."""


@dataclass(frozen=True, slots=True)
class Written:
    """A file of a statement: whose and which form, where it lies in the folder, its size and SHA-256, and where the deal's log stood."""

    deal: str
    period: date
    format: str
    file: str
    bytes: int
    sha256: str
    position: int
    head: str

    def plain(self) -> dict[str, Any]:
        return asdict(self) | {"period": self.period.isoformat()}


def safe_name(deal: str) -> str:
    """A deal's id as the name of a file: letters, digits, `.`, `_` and `-` as they are, anything else by number, and no dot in front."""
    name = quote(deal, safe="").replace("~", "%7E")
    return name.replace(".", "%2E", 1) if name.startswith(".") else name


def make_folder(folder: Path) -> None:
    """A folder to write into. Raises ProblemsFound where there can be none."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ProblemsFound([file_problem(error, str(folder))]) from None


def put(path: Path, data: bytes) -> None:
    """Write a file whole or not at all; one that holds these bytes already is left alone. Raises ProblemsFound."""
    if path.is_file() and read_file(path) == data:
        return
    make_folder(path.parent)
    with writing_output(path) as stream:
        stream.write(data)


class Names:
    """The names taken in a folder: two files must not be one, also where upper and lower case are the same."""

    def __init__(self) -> None:
        self._taken: dict[str, str] = {MANIFEST.casefold(): "the manifest"}

    def take(self, name: str, deal: str) -> None:
        """Raises ProblemsFound where the name is taken already."""
        other = self._taken.setdefault(name.casefold(), deal)
        if other != deal:
            raise ProblemsFound([Problem(f"its file {name} would take the place of that of {other}", "write one of them to another folder", place=deal)])


# The manifest -------------------------------------------------------------------------------------------------------------


def manifest(asked: Mapping[str, str | None], files: Iterable[Written], held: Mapping[str, Any], failed: Mapping[str, list[str]]) -> bytes:
    """What was asked for, every file by name, what held up which deal, and what else went wrong, by deal; the same bytes for the same books."""
    listed = [written.plain() for written in sorted(files, key=lambda written: written.file)]
    said = {"format": FORMAT, "asked": asked, "files": listed, "held": held, "failed": failed}
    return json.dumps(said, sort_keys=True, indent=1, ensure_ascii=False).encode() + b"\n"


def check(path: Path) -> str:
    """Read every file that a manifest names and compare: what was found, in words. Raises ProblemsFound with each file that is not as it says."""
    digests = _digests(path)
    stop_on(_differing(path.parent, digests))
    stop_on(_unnamed(path, digests))
    return f"{counted(len(digests), 'file')} as {path} says"


def _digests(path: Path) -> dict[str, str]:
    """The digest of each file by its name. Raises ProblemsFound where this is no manifest, or names a file outside of its folder."""
    try:
        said = json.loads(read_file(path))
        digests = {f"{each['file']}": f"{each['sha256']}" for each in said["files"]}
    except (ValueError, TypeError, KeyError, RecursionError):
        raise ProblemsFound([Problem("this is no manifest", f"name the {MANIFEST} that `tranche statement` wrote", place=str(path))]) from None
    if said.get("format") != FORMAT:
        raise ProblemsFound([Problem(f"the manifest's format is {said.get('format')}, and {FORMAT} is known", "use a later version", place=str(path))])
    outside = [name for name in digests if not name or PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts]
    stop_on(Problem(f"it names `{name}`, which is not in its folder", "do not trust this manifest", place=str(path)) for name in outside)
    return digests


def _differing(folder: Path, digests: Mapping[str, str]) -> Iterator[Problem]:
    for name, digest in digests.items():
        try:
            found = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        except OSError as error:
            yield file_problem(error, str(folder / name))
            continue
        if found != digest:
            fact = f"it is not the file that was written: its SHA-256 is {found}, and the manifest says {digest}"
            yield Problem(fact, "write the folder again", place=str(folder / name))


def _unnamed(path: Path, named: Collection[str]) -> Iterator[Problem]:
    """Files that lie in the folder and are of another run, or of somebody else."""
    for found in sorted(path.parent.rglob("*")):
        if found.is_file() and found != path and found.relative_to(path.parent).as_posix() not in named:
            yield Problem("the manifest does not name this file", "move it elsewhere: it is of another run", place=str(found))
