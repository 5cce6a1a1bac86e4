"""docs/tutorial.md is typed again from top to bottom: its files are written, its commands run, and what it prints is what comes out."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner

from cli.main import main
from tests.conftest import ROOT

PAGE = ROOT / "docs" / "tutorial.md"
BLOCK = re.compile(r"^```(\w+) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SECTION = re.compile(r"^(?=\w+:)", re.MULTILINE)
CSV_HEADER = "distribution_date,"


class Block(NamedTuple):
    """A fenced block of the page: the language, the file that it is or belongs to, and its text."""

    language: str
    file: str
    text: str


class Typed(NamedTuple):
    """A command as the page shows it, with the output that follows it there, and what came out."""

    command: str
    shown: str
    printed: str


def blocks(text: str) -> list[Block]:
    return [Block(*found) for found in BLOCK.findall(text)]


def steps(text: str) -> list[tuple[str, str]]:
    """Each numbered step of the page: its heading and its text."""
    parts = re.split(r"^## (\d+\. .*)\n", text, flags=re.MULTILINE)[1:]
    return list(zip(parts[::2], parts[1::2], strict=True))


# As the reader does it -------------------------------------------------------------------------------------------------------


def with_sections(file: str, shown: str) -> str:
    """A deal file after its reader put in the sections that a step shows: each replaces the one of its name, or is new."""
    sections = {section.partition(":")[0]: section for text in (file, shown) for section in SECTION.split(text) if section}
    return "".join(sections.values())


def write(block: Block) -> None:
    """What the page says of a file that it shows: sections of a deal file, a whole remittance, or rows that are added to one."""
    path = Path(block.file)
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    match block.language:
        case "yaml":
            path.write_text(with_sections(before, block.text), encoding="utf-8")
        case _:
            path.write_text(block.text if block.text.startswith(CSV_HEADER) else before + block.text, encoding="utf-8")


def commands(text: str) -> Iterator[tuple[str, str]]:
    """The commands of a console block, each with the output that is shown after it."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        yield command, shown


def run(command: str, patch: pytest.MonkeyPatch) -> str:
    """What a command prints, on both streams."""
    program, *arguments = shlex.split(command)
    if program == "export":
        name, _, value = arguments[0].partition("=")
        patch.setenv(name, value)
        return ""
    assert program == "tranche", command
    result = CliRunner().invoke(main, arguments, prog_name="tranche")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def follow(text: str, patch: pytest.MonkeyPatch) -> Iterator[Typed]:
    """Write and type what a page shows, in its order."""
    for block in blocks(text):
        if block.file:
            write(block)
        for command, shown in commands(block.text) if block.language == "console" else ():
            yield Typed(command, shown, run(command, patch))


def agrees(shown: str, printed: str) -> bool:
    """Whether a page shows what was printed: to the byte, where `...` stands for any text, and alone on a line for any lines.

    Blank lines at the end are not shown.
    """
    pattern = re.escape(shown.rstrip("\n") + "\n")
    pattern = re.sub(r"^\\\.\\\.\\\.\\?\n", r"(?:.*\n)*?", pattern, flags=re.MULTILINE)
    return re.fullmatch(pattern.replace(r"\.\.\.", ".*"), printed.rstrip("\n") + "\n") is not None


# The page --------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def typed(tmp_path_factory: pytest.TempPathFactory) -> list[Typed]:
    """Every command of the page and what it printed, in a folder of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("tutorial"))
        for name in ("TRANCHE_DATABASE", "TRANCHE_ACTOR"):
            patch.delenv(name, raising=False)
        return list(follow(PAGE.read_text(encoding="utf-8"), patch))


def test_every_command_prints_what_the_page_shows(typed: list[Typed]) -> None:
    assert [found for found in typed if not agrees(found.shown, found.printed)] == []


def test_every_command_but_an_export_shows_something(typed: list[Typed]) -> None:
    assert [found.command for found in typed if not re.search(r"\w", found.shown) and not found.command.startswith("export")] == []


def test_page_has_twelve_steps_and_each_runs_the_file() -> None:
    found = steps(PAGE.read_text(encoding="utf-8"))

    assert [int(heading.partition(".")[0]) for heading, _ in found] == list(range(1, 13))
    assert all({"console"} < {block.language for block in blocks(text)} for _, text in found)


def test_last_step_shows_the_whole_file_as_the_steps_built_it() -> None:
    *before, (_, last) = steps(PAGE.read_text(encoding="utf-8"))
    built = ""
    for _, text in before:
        for block in blocks(text):
            built = with_sections(built, block.text) if block.file == "deal.yaml" else built
    [whole] = [block.text for block in blocks(last) if block.file == "deal.yaml"]

    assert sections_without_titles(built) == sections_without_titles(whole)


def sections_without_titles(text: str) -> set[str]:
    return {re.sub(r", title: [^}]*", "", section) for section in SECTION.split(text) if section and not section.startswith("title:")}


# The comparison itself ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shown", "printed", "expected"),
    [
        ("paid 1.00\n", "paid 1.00\n", True),
        ("paid 1.00\n", "paid 1.01\n", False),
        ("paid 1.00\n", "paid 1x00\n", False),
        ("head ...\n", "head 0a1b\n", True),
        ("head ...\n", "head 0a1b\nmore\n", False),
        ("a\n...\nz\n", "a\nb\nc\nz\n", True),
        ("a\n...\nz\n", "a\nz\n", True),
        ("a\n...\n", "a\nb\n", True),
        ("a\n", "a\nb\n", False),
        ("a\nz\n", "a\nb\nz\n", False),
    ],
)
def test_dots_stand_for_text_and_alone_for_lines(shown: str, printed: str, expected: bool) -> None:
    assert agrees(shown, printed) is expected


def test_sections_replace_those_of_their_name() -> None:
    assert with_sections("deal: X\ndates:\n  distribution: {day: 1}\n", "dates:\n  distribution: {day: 2}\npool: {}\n") == (
        "deal: X\ndates:\n  distribution: {day: 2}\npool: {}\n"
    )
