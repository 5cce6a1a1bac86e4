"""The worked deals that ship with the product: folders with a deal file, remittances and what the trust published."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ledger.files import deal_file
from ledger.service.corrected_terms import correct_terms
from ledger.service.corrections import correct
from ledger.service.deals import Opened, open_deal
from ledger.store.engine import Store


@dataclass(frozen=True, slots=True)
class WorkedDeal:
    """A folder of a worked deal: its deal file, and what makes one run of it."""

    deal_file: Path
    run: Path
    called: str | None

    @property
    def boarding(self) -> Path | None:
        path = self.run / "boarding.yaml"
        return path if path.exists() else None

    @property
    def remittances(self) -> list[Path]:
        return sorted((self.run / "remittances").glob("*.csv"))

    @property
    def corrections(self) -> list[Path]:
        """What was corrected after the months were distributed, in the order of the names: correction files, and deal files as they should have read."""
        return sorted(path for path in (self.run / "corrections").glob("*") if path.suffix in (".csv", ".yaml"))


def worked_folders() -> list[Path]:
    """The folders of the deals that ship with the product, by name."""
    return sorted(file.parent for file in (Path(__file__).parents[1] / "deals").glob("*/deal.yaml"))


def worked_deals(folder: Path) -> Iterator[WorkedDeal]:
    """The runs of a worked deal: the folder itself, or a sub-folder each, opened as DEAL.FOLDER."""
    file = folder / "deal.yaml"
    if (folder / "remittances").is_dir():
        yield WorkedDeal(file, folder, None)
    deal = deal_file.load(file.read_bytes(), file.name).deal.deal
    for run in sorted(path.parent for path in folder.glob("*/remittances")):
        yield WorkedDeal(file, run, f"{deal}.{run.name}")


def board(store: Store, worked: WorkedDeal, *, actor: str) -> Opened:
    """Open a worked deal as its folder says."""
    boarding = worked.boarding
    return open_deal(
        store, worked.deal_file.read_bytes(), worked.deal_file.name, boarding=(boarding.read_bytes(), boarding.name) if boarding else None,
        called=worked.called, actor=actor,
    )  # fmt: skip


def correct_worked(store: Store, worked: WorkedDeal, deal: str, *, actor: str) -> None:
    """Append the corrections of a worked deal; a deal file among them was wrong from the run's first month on."""
    for path in worked.corrections:
        reason = f"corrected as reported on {path.stem[: len('2001-02-15')]}"
        if path.suffix == ".csv":
            correct(store, deal, path.read_bytes(), path.name, reason=reason, actor=actor)
        else:
            correct_terms(store, deal, path.read_bytes(), path.name, effective=worked.remittances[0].stem, reason=reason, actor=actor)
