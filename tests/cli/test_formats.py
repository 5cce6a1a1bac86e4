"""The forms of a statement on the command line: files, folders, templates, and what is refused."""

from __future__ import annotations

import io
from importlib import import_module
from pathlib import Path

import click
import pytest

from cli.statement import FORMATS, Format, refuse_to_show, write
from ledger.core.problems import ProblemsFound
from tests.cli.conftest import Tranche
from tests.conftest import ROOT

TEMPLATE = "name: Harbour Trust Company\nlogo: logo.svg\nsections: [distribution]\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("name", FORMATS)
def test_function_of_every_format_exists(name: str) -> None:
    module, _, function = FORMATS[name].function.partition(":")

    assert callable(getattr(import_module(module), function))


def test_page_of_statements_says_what_each_format_is() -> None:
    page = (ROOT / "docs" / "statements.md").read_text(encoding="utf-8")

    assert [
        name for name in FORMATS if f"`--format {name}" not in page and f"**{name}** is" not in page.lower() and f"**{name}** has" not in page.lower()
    ] == []


def test_every_format_is_written_where_it_is_asked_for(distributed: Tranche) -> None:
    for name in FORMATS:
        result = distributed("statement", "COVE-1", "--format", name, "-o", name)

        assert (name, result.exit_code, result.output) == (name, 0, "")
        assert all(files(Path(name)).values())


def files(path: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in path.iterdir()} if path.is_dir() else {"": path.read_bytes()}


def test_set_of_files_is_a_folder_and_for_several_deals_one_for_each(distributed: Tranche, tmp_path: Path) -> None:
    assert distributed("statement", "COVE-1", "--format", "csv-set", "-o", "march/set").exit_code == 0
    assert distributed("statement", "--all", "--format", "csv-set", "-o", "all").exit_code == 0

    assert files(tmp_path / "march" / "set") == files(tmp_path / "all" / "COVE-1.csv-set")
    assert (tmp_path / "all" / "COVE-1.csv-set" / "classes.csv").read_text().startswith("deal,distribution_date,class,")


def test_folder_that_is_a_file_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(ProblemsFound, match="file: this, or a folder on its way, is a file; name a directory"):
        write({"classes.csv": b""}, tmp_path / "file")


def test_set_of_files_without_a_folder_is_wrong_usage(tranche: Tranche) -> None:
    result = tranche("statement", "COVE-1", "--format", "csv-set")

    assert result.exit_code == 2
    assert "csv-set is a folder of files: name it with -o FOLDER" in result.stderr


def test_bytes_do_not_go_to_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", Terminal())

    with pytest.raises(click.UsageError, match=r"book is not text, and this is a terminal: write it to a file with -o FILE\.epub"):
        refuse_to_show("book", Format("epub", "", binary=True), None)
    refuse_to_show("book", Format("epub", "", binary=True), Path("file"))
    refuse_to_show("text", FORMATS["text"], None)


# Templates ----------------------------------------------------------------------------------------------------------------


def test_template_brands_a_page_with_the_logo_beside_it(distributed: Tranche, tmp_path: Path) -> None:
    house = tmp_path / "house"
    house.mkdir()
    (house / "house.yaml").write_text(TEMPLATE)
    (house / "logo.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0"/></svg>')
    page = distributed("statement", "COVE-1", "--format", "html", "--template", "house/house.yaml").stdout

    assert "Harbour Trust Company" in page
    assert "data:image/svg+xml;base64," in page
    assert 'id="distribution"' in page
    assert 'id="interest"' not in page


def test_template_that_is_wrong_is_a_problem_and_nothing_is_written(tranche: Tranche, tmp_path: Path) -> None:
    (tmp_path / "house.yaml").write_text(TEMPLATE.replace("distribution", "distributions"))
    result = tranche("statement", "COVE-1", "--format", "html", "--template", "house.yaml", "-o", "page.html")

    assert result.exit_code == 1
    assert "house.yaml:2:7: `logo.svg` cannot be read: there is no such file or directory; check the path" in result.stderr
    assert "house.yaml:3:12: `distributions` is not a section of a statement; did you mean distribution" in result.stderr
    assert not (tmp_path / "page.html").exists()


def test_template_for_a_form_that_is_not_printed_is_wrong_usage(tranche: Tranche) -> None:
    result = tranche("statement", "COVE-1", "--format", "json", "--template", "house.yaml")

    assert result.exit_code == 2
    assert "--template is for printed formats, and json is none: take one of " in result.stderr
