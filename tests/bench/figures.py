"""All figures, in groups that share what they are measured on."""

from __future__ import annotations

from tests.bench import appending, months, reopening

GROUPS = (appending.FIGURES, months.FIGURES, reopening.FIGURES)
