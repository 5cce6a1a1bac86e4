"""Formats that need a package which is not always installed."""

from __future__ import annotations

from ledger.core.problems import Problem, ProblemsFound


def missing(package: str, what: str, extra: str) -> ProblemsFound:
    """To be raised where `what` cannot be made for want of a package; the remedy names the extra that brings it."""
    return ProblemsFound([Problem(f"{what} needs the package `{package}`, which is not installed", f"install it with `pip install 'tranche-ledger[{extra}]'`")])
