"""The help: quick, complete, and every example in it runs."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from cli.common import DEMO
from cli.main import COMMANDS, main
from tests.cli.conftest import DEAL, Tranche
from tests.conftest import ROOT


def every_command() -> list[tuple[str, click.Command]]:
    """Each command that does something, by its words."""
    found: list[tuple[str, click.Command]] = []
    context = click.Context(main)
    for name in COMMANDS:
        command = main.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            found += [(f"{name} {part}", command.commands[part]) for part in command.commands]
        else:
            found.append((name, command))
    return found


EVERY = every_command()


def example_of(command: click.Command) -> str:
    return (command.epilog or "").rpartition("\n")[2].strip()


@pytest.mark.parametrize(("words", "command"), EVERY, ids=[words for words, _ in EVERY])
def test_help_of_each_command_ends_with_its_example(words: str, command: click.Command) -> None:
    result = CliRunner().invoke(main, [*words.split(), "--help"], prog_name="tranche")

    assert result.exit_code == 0
    assert result.output.startswith(f"Usage: tranche {words}")
    assert result.output.rstrip().endswith(example_of(command))
    assert example_of(command).startswith("tranche ")


OF_THE_DEMO = [(words, command) for words, command in EVERY if words not in ("approve", "import", "actor add", "actor revoke", "evidence erase")]


@pytest.mark.parametrize(("words", "command"), OF_THE_DEMO, ids=[words for words, _ in OF_THE_DEMO])
def test_example_runs_after_the_demo(words: str, command: click.Command, demo: tuple[Path, Result], monkeypatch: pytest.MonkeyPatch) -> None:
    directory, _ = demo
    monkeypatch.chdir(directory)

    result = CliRunner().invoke(main, shlex.split(example_of(command))[1:], prog_name="tranche")

    assert result.exit_code == 0, result.output
    assert f" {words} " in f"{example_of(command)} "


def test_example_of_approve_runs_on_a_deal_that_asks_for_approval(tranche: Tranche, tmp_path: Path) -> None:
    """The demo's trusts ask for none."""
    (tmp_path / "deal.yaml").write_text(DEAL.replace("title:", "approval: true\ntitle:"), encoding="utf-8")
    for line in ("database upgrade", "deal open deal.yaml", "remit COVE-1 2025-02.csv", "distribute COVE-1 --actor maker"):
        assert tranche(*line.split()).exit_code == 0
    result = tranche(*shlex.split(example_of(dict(EVERY)["approve"]))[1:])

    assert result.exit_code == 0, result.stderr
    assert result.output == "2025-02-25: distribution 1, paid 2025-02-25: interest 7,900.00, principal 10,000.00, fees 100.00\n"


def test_example_of_import_reads_what_the_example_of_export_wrote(demo: tuple[Path, Result], monkeypatch: pytest.MonkeyPatch) -> None:
    directory, _ = demo
    monkeypatch.chdir(directory)
    for words in ("export", "import"):
        result = CliRunner().invoke(main, shlex.split(example_of(dict(EVERY)[words]))[1:], prog_name="tranche")

        assert result.exit_code == 0, result.output
    assert result.output.startswith("SMT-2000-4: nothing new; position ")


def test_examples_of_actor_list_two_keys_and_take_one_back(demo: tuple[Path, Result], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(demo[0] / "tranche-demo", tmp_path / "tranche-demo")
    examples = [example_of(dict(EVERY)[f"actor {name}"]) for name in ("key", "add", "revoke")]
    other = f"{DEMO} actor key -o lindqvist.pem", f"{DEMO} actor add a.lindqvist lindqvist.pem.pub --key okafor.pem"
    for line in (*examples[:2], *other, examples[2]):
        result = CliRunner().invoke(main, shlex.split(line)[1:], prog_name="tranche")

        assert result.exit_code == 0, result.output
    assert "m.okafor writes no more with the key " in result.output


def test_example_of_evidence_erase_runs_on_a_copy_of_the_demo(demo: tuple[Path, Result], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shutil.copytree(demo[0] / "tranche-demo", tmp_path / "tranche-demo")
    monkeypatch.chdir(tmp_path)

    result = CliRunner().invoke(main, shlex.split(example_of(dict(EVERY)["evidence erase"]))[1:], prog_name="tranche")

    assert result.exit_code == 0, result.output
    assert ": erased, as position " in result.output


def test_help_lists_every_command_and_imports_none_of_them() -> None:
    script = (
        "import sys\nfrom cli.main import main\ntry:\n    main(['--help'], prog_name='tranche')\nexcept SystemExit:\n    pass\n"
        "print(sorted({'sqlalchemy', 'pydantic', 'yaml', 'lark', 'ledger.service', 'alembic'} & set(sys.modules)))"
    )
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT).stdout

    assert all(f"  {name} " in printed for name in COMMANDS)
    assert printed.endswith("[]\n")


NAMED = re.compile(r"`tranche ((?:[a-z]+ ?)+)")
WORDS = {words for words, _ in EVERY}
GROUPS = {words.split()[0] for words in WORDS if " " in words}


@pytest.mark.parametrize("path", [*(ROOT / "ledger").rglob("*.py"), *(ROOT / "cli").rglob("*.py"), *(ROOT / "docs").glob("*.md")], ids=lambda path: path.stem)
def test_command_that_a_message_or_a_document_names_exists(path: Path) -> None:
    named = {" ".join(words.split()[: 2 if words.split()[0] in GROUPS else 1]) for words in NAMED.findall(path.read_text(encoding="utf-8"))}

    assert named - WORDS - GROUPS == set()


def test_version_is_shown_installed_or_not() -> None:
    result = CliRunner().invoke(main, ["--version"], prog_name="tranche")

    assert result.exit_code == 0
    assert result.output.startswith("tranche, version ")


def test_reader_that_closes_the_pipe_early_gets_no_traceback() -> None:
    script = "import sys\nfrom cli.main import main\nmain(['deal', 'schema'], prog_name='tranche')"
    writer = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    assert writer.stdout is not None
    assert writer.stderr is not None

    writer.stdout.close()

    with writer.stderr:
        assert writer.stderr.read() == ""
    assert writer.wait() == 1
