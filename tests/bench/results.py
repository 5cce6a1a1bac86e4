"""What was measured as JSON: the runs themselves, and what they were run on, as far as it may be told."""

from __future__ import annotations

import json
import os
import platform
import shutil
import sqlite3
import subprocess
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psycopg

from tests.bench.figure import EITHER, NEITHER, Figure, Measured
from tests.bench.setting import Sizes

ROOT = Path(__file__).resolve().parents[2]


def environment(server: str, sizes: Sizes) -> dict[str, Any]:
    """What a figure depends on beside the code: versions, the number of cores, how busy they were; no name of a machine or a path."""
    with psycopg.connect(server) as connection:
        postgresql = connection.info.parameter_status("server_version")
    return {
        "version": _version("tranche-ledger"),
        "commit": _commit(),
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "postgresql": postgresql,
        "peers": {name: _version(name) for name in ("eventsourcing", "sqlalchemy", "duckdb", "psycopg")},
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        "sizes": asdict(sizes),
    }


def write(file: Path, about: dict[str, Any], measured: Iterable[Measured]) -> None:
    figures = [
        {
            "figure": one.title,
            "median": one.ours,
            "runs": one.runs,
            "ratios": {other: one.ratio(other) for other in one.beside},
            "goals": [{"of": goal.of, "goal": str(goal)} for goal in one.goals],
        }
        for one in measured
    ]
    file.write_text(json.dumps(about | {"figures": figures}, indent=1) + "\n", encoding="utf-8")


def read(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def together(files: Iterable[Path], groups: Iterable[Iterable[Figure]]) -> list[Measured]:
    """The figures of several results as one: the runs of all, in the order of the table; what none of them measured is left out."""
    runs: dict[str, dict[str, list[float]]] = {}
    for file in files:
        for kept in read(file)["figures"]:
            of_figure = runs.setdefault(kept["figure"], {})
            for name, values in kept["runs"].items():
                of_figure.setdefault(name, []).extend(values)
    figures = [(figure, database) for group in groups for database in (*EITHER, *NEITHER) for figure in group if database in figure.databases]
    titled = [(figure.title(database), figure.goals_on(database)) for figure, database in figures]
    return [Measured(title, runs[title], goals) for title, goals in titled if title in runs]


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _commit() -> str | None:
    """The commit of the checkout, with a + where files differ from it."""
    git = shutil.which("git")
    if git is None:
        return None
    said = subprocess.run([git, "describe", "--always", "--dirty=+", "--exclude=*"], cwd=ROOT, capture_output=True, text=True, check=False)
    return said.stdout.strip() or None
