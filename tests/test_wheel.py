"""The wheel, built from the tracked files alone, brings its migrations and works where there is no checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def run(command: list[str], folder: Path, **environment: str) -> str:
    ended = subprocess.run(command, cwd=folder, env=os.environ | environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, f"{command}: {ended.stdout}{ended.stderr}"
    return ended.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built with the build backend itself, so that nothing is fetched."""
    source = tmp_path_factory.mktemp("source")
    for name in run(["git", "ls-files", "-z"], ROOT).split("\0"):
        if name and (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, source / name)
    run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", "dist"], source)
    (built,) = (source / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("installed")
    run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-compile", "--target", str(folder), str(wheel)], folder)
    return folder


def tranche(installed: Path, folder: Path, *arguments: str) -> str:
    """The installed command in a folder of its own. Where this environment holds the checkout as an editable install, the target comes before it."""
    return run([sys.executable, str(installed / "bin" / "tranche"), *arguments], folder, PYTHONPATH=str(installed), PYTHONSAFEPATH="1")


def test_the_wheel_holds_the_ledger_and_its_command_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()

    top = {name.split("/")[0] for name in names}
    (information,) = [name for name in top if name.endswith(".dist-info")]
    assert top == {"ledger", "cli", information}
    assert information.startswith("tranche_ledger-")


def test_the_wheel_brings_migrations_and_worked_deals(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())

    migrations = {f"ledger/{path.relative_to(ROOT)}" for path in (ROOT / "migrations").rglob("*") if path.suffix in (".py", ".sql", ".mako")}
    assert migrations <= names
    assert "ledger/deals/sequoia-4/deal.yaml" in names
    assert "ledger/reports/statement.typ" in names
    assert {f"ledger/reports/templates/{name}" for name in ("statement.html", "statement.css", "exhibit.html")} <= names


def test_the_installed_command_creates_a_database_far_from_any_checkout(installed: Path, tmp_path: Path) -> None:
    where = run([sys.executable, "-c", "import ledger; print(ledger.__file__)"], tmp_path, PYTHONPATH=str(installed), PYTHONSAFEPATH="1").strip()
    tranche(installed, tmp_path, "--database", "sqlite:///books.db", "database", "upgrade")
    listed = tranche(installed, tmp_path, "--database", "sqlite:///books.db", "deal", "list")

    assert Path(where).parent == installed / "ledger"
    assert (tmp_path / "books.db").is_file()
    assert "Traceback" not in listed
