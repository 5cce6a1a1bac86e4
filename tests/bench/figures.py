"""All figures, in groups that share what they are measured on."""

from __future__ import annotations

from tests.bench import appending, batches, importing, months, processes, reopening

GROUPS = (appending.FIGURES, months.FIGURES, reopening.FIGURES, processes.FIGURES, batches.FIGURES, importing.FIGURES)
