"""Ten real trusts, worked through the books month by month: every figure that their reports printed ties, or is listed with its reason."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ledger import service
from ledger.reports.reconcile import Reconciliation
from ledger.store.engine import Store
from tests.conftest import ROOT, shared

DEALS = ROOT / "ledger" / "deals"
Figures = Counter[tuple[str, Decimal]]
"""How often each amount occurs in each month (`2018-11`): a report's day may be rolled, its month is the period's."""


@dataclass(frozen=True)
class Trust:
    """What is known beforehand of a worked trust: its case, how many figures it published, left out, derived from an input, and tolerated."""

    case: str
    published: int
    left_out: int
    derived: int
    tolerated: int

    @property
    def path(self) -> Path:
        return shared(f"cases/real/{self.case}.json")


TRUSTS = {
    "cas-2015-c02": Trust("cas-2015-c02", 37, 0, 10, 3),
    "copar-2023-2": Trust("copar-2023-2", 92, 0, 0, 0),
    "dart-2000-1": Trust("dart-2000-1", 34, 0, 6, 1),
    "gma-1999-j02": Trust("gma-1999-j02", 90, 0, 23, 2),
    "hart-2010-a": Trust("hart-2010-a", 46, 0, 0, 0),
    "nissan-2015-a": Trust("nissan-2015-a", 173, 0, 8, 0),
    "omi-1999-d": Trust("omi-1999-d", 16, 0, 3, 0),
    "sequoia-4": Trust("smt-2000-4", 114, 0, 24, 0),
    "uacsc-2002-a": Trust("uacsc-2002-a", 16, 0, 2, 0),
    "vanderbilt-2000a": Trust("vanderbilt-2000a", 46, 0, 10, 0),
}
every_trust = pytest.mark.parametrize("folder", TRUSTS)


def rows_of(folder: str, name: str) -> list[dict[str, str]]:
    """The rows of a file of a trust, over all its runs."""
    return [row for path in sorted((DEALS / folder).rglob(name)) for row in csv.DictReader(path.read_text().splitlines())]


def amounts(rows: list[dict[str, str]]) -> Figures:
    return Counter((row["distribution_date"][:7], Decimal(row["amount"])) for row in rows)


def leaves(value: Any, name: str = "") -> Iterator[Decimal]:
    """Every figure of a case's `expected`; the dates of corrections are no figures."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
    elif name != "date":
        yield Decimal(value)


def case_figures(trust: Trust) -> Figures:
    periods = json.loads(trust.path.read_text())["periods"]
    return Counter((period["distribution_date"][:7], figure) for period in periods for figure in leaves(period["expected"]))


def work(store: Store, folder: str) -> list[Reconciliation]:
    """Open every run of a trust, remit and distribute all its months, and reconcile what it published, at first and as it was corrected."""
    return [reconciliation for run in service.worked_deals(DEALS / folder) for reconciliation in reconciled(store, run)]


def reconciled(store: Store, run: service.WorkedDeal) -> Iterator[Reconciliation]:
    deal = service.board(store, run, actor="trustee").deal
    for path in run.remittances:
        service.remit(store, deal, path.read_bytes(), path.name, actor="trustee")
    distributed = service.distribute(store, deal, actor="trustee")
    assert distributed.problems == ()
    assert len(distributed.distributions) == len(run.remittances)
    assert service.verify(store, deal).problems == ()
    yield against(store, deal, run.run)
    if run.corrections:
        known_at = head(store, deal)
        service.correct_worked(store, run, deal, actor="trustee")
        assert [line.verdict for line in against(store, deal, run.run, known_at).lines] == [line.verdict for line in against(store, deal, run.run).lines]
        yield against(store, deal, run.run / "restated")


def against(store: Store, deal: str, folder: Path, known_at: int | None = None) -> Reconciliation:
    """What was published in a folder, beside the books as known at a position."""
    published, tolerated = folder / "published.csv", folder / "tolerated.csv"
    allowed = (tolerated.read_bytes(), tolerated.name) if tolerated.exists() else None
    return service.reconcile(store, deal, (published.read_bytes(), published.name), allowed, known_at)


def head(store: Store, deal: str) -> int:
    with store.reading() as reader:
        return reader.head(deal).position


# ------------------------------------------------------------------------------------------------------- the figures


@every_trust
def test_every_figure_of_a_trust_ties_or_is_tolerated(folder: str, sqlite: str) -> None:
    trust = TRUSTS[folder]

    with closing(Store(sqlite)) as store:
        found = work(store, folder)

    assert [str(problem) for reconciliation in found for problem in reconciliation.problems] == []
    assert sum((Counter(reconciliation.counts) for reconciliation in found), Counter()) == Counter(
        {"ties": trust.published - trust.derived - trust.tolerated, "derived": trust.derived, "tolerated": trust.tolerated}
    )


def test_a_trust_ties_on_postgresql_too(postgresql: str) -> None:
    with closing(Store(postgresql)) as store:
        found = work(store, "gma-1999-j02")

    assert all(reconciliation.ties for reconciliation in found)
    assert sum(len(reconciliation.lines) for reconciliation in found) == 90


# ------------------------------------------------------------------------------------------------- nothing passed over


@every_trust
def test_every_figure_of_a_case_is_published_or_left_out(folder: str) -> None:
    trust = TRUSTS[folder]

    published, left_out = rows_of(folder, "published.csv"), rows_of(folder, "left_out.csv")

    assert (len(published), len(left_out)) == (trust.published, trust.left_out)
    assert amounts(published) + amounts(left_out) == case_figures(trust)


def test_the_ten_trusts_have_664_figures() -> None:
    assert sum(trust.published + trust.left_out for trust in TRUSTS.values()) == 664
    assert sum(trust.left_out for trust in TRUSTS.values()) == 0


def test_no_real_trust_is_shipped_uncounted() -> None:
    real = {path.name for path in service.worked_folders() if "not affiliated" in (path / "README.md").read_text()}

    assert real == set(TRUSTS)


def test_every_month_of_the_cases_is_worked() -> None:
    for folder, trust in TRUSTS.items():
        months = {row["distribution_date"][:7] for row in rows_of(folder, "published.csv")}

        assert months == {period["distribution_date"][:7] for period in json.loads(trust.path.read_text())["periods"]}


@every_trust
def test_what_is_left_out_or_tolerated_has_a_reason(folder: str) -> None:
    rows = [*rows_of(folder, "left_out.csv"), *rows_of(folder, "tolerated.csv")]

    assert all(row["reason"] for row in rows)
    assert len(rows) == TRUSTS[folder].left_out + TRUSTS[folder].tolerated


def test_tolerated_are_a_misprint_two_half_cents_and_two_hidden_decimals_with_their_total() -> None:
    rows = [row for folder in TRUSTS for row in rows_of(folder, "tolerated.csv")]

    assert [(row["distribution_date"], row["subject"], row["item"], row["difference"]) for row in rows] == [
        ("2019-11-25", "1A-H", "closing_balance", "-0.01"),
        ("2019-11-25", "1M-2", "closing_balance", "-0.01"),
        ("2019-11-25", "tranches", "closing_balance", "-0.02"),
        ("2000-09-15", "deal", "note_principal_restated", "-1.00"),
        ("2001-12-25", "A-7", "interest_paid", "0.01"),
        ("2003-01-25", "A-7", "interest_paid", "0.01"),
    ]


@every_trust
def test_a_readme_names_every_report_and_claims_no_affiliation(folder: str) -> None:
    readme = (DEALS / folder / "README.md").read_text()

    assert set(re.findall(r"<(https?://[^>]+)>", readme)) == set(json.loads(TRUSTS[folder].path.read_text())["source"])
    assert "not affiliated" in readme
