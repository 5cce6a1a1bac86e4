"""The real environment, for a revision that breaks half way."""

from pathlib import Path
from runpy import run_path

run_path(str(Path(__file__).resolve().parents[3] / "migrations" / "env.py"))
