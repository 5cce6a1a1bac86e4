"""The servicer's own files: a module a format, each a table of columns. docs/importers.md says how to add one."""

from __future__ import annotations

from collections.abc import Mapping

from ledger.core.problems import Problem, ProblemsFound, nearest
from ledger.files import parquet
from ledger.files.importers.absee_auto import ABSEE_AUTO
from ledger.files.importers.absee_cmbs import ABSEE_CMBS
from ledger.files.importers.absee_rmbs import ABSEE_RMBS
from ledger.files.importers.crefc_lpu import CREFC_LPU
from ledger.files.importers.fannie_performance import FANNIE_PERFORMANCE
from ledger.files.importers.freddie_performance import FREDDIE_PERFORMANCE
from ledger.files.importers.mapping import Imported, Importer
from ledger.files.importers.rmbs_layout import RMBS_LAYOUTS

IMPORTERS: Mapping[str, Importer] = {
    importer.name: importer for importer in (ABSEE_AUTO, ABSEE_CMBS, ABSEE_RMBS, CREFC_LPU, FANNIE_PERFORMANCE, FREDDIE_PERFORMANCE, *RMBS_LAYOUTS)
}
"""By the name that `--format` takes. To add a format, add its module and name it here."""

CANONICAL = "csv"
"""The books' own form, docs/remittance.md, which is no importer's."""
PARQUET = "parquet"
"""The same columns in a Parquet file."""

__all__ = ["CANONICAL", "IMPORTERS", "PARQUET", "Imported", "Importer", "detected", "importer_of", "mapping_of"]


def importer_of(name: str) -> Importer:
    """An importer by its name. Raises ProblemsFound for a name that is none."""
    if name == PARQUET:
        raise ProblemsFound([Problem(f"`{name}` is a form of the canonical remittance only", "write what is corrected as CSV", place="--format")])
    if name not in IMPORTERS:
        known = (CANONICAL, PARQUET, *IMPORTERS)
        raise ProblemsFound([Problem(f"`{name}` is not a format", nearest(name, known) or f"the formats are {', '.join(known)}", place="--format")])
    return IMPORTERS[name]


def mapping_of(name: str) -> str:
    """How a file of a format is read, as the log keeps it: the format, and the version of its mapping; of what is no importer's there is one."""
    return IMPORTERS[name].mapping if name in IMPORTERS else f"{name}/1"


def detected(head: bytes) -> str | None:
    """The format that a file's first bytes name beyond doubt; None where they do not."""
    if head.startswith(parquet.MAGIC):
        return PARQUET
    return next((name for name, importer in IMPORTERS.items() if importer.recognizes(head)), None)
