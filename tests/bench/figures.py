"""All figures, in groups that share what they are measured on."""

from __future__ import annotations

from tests.bench import appending, batches, growth, importing, months, processes, reopening

GROUPS = (appending.FIGURES, months.FIGURES, reopening.FIGURES, growth.FIGURES, processes.FIGURES, batches.FIGURES, importing.FIGURES)
