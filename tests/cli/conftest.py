"""A trust of two months for the command line, and the demo that the examples of the help run after."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.main import main

DEAL = """\
deal: COVE-1
title: Cove Trust 2025-1
closing_date: 2025-01-15
dates: {distribution: {day: 25, first: 2025-02-25, roll: following, calendar: US-FED}, accrual: month, day_count: 30/360}
pool: {original_balance: 1_000_000}
tranches:
  A: {original_balance: 800_000, rate: 6%}
  B: {original_balance: 200_000, rate: 9%}
  R: {kind: residual}
fees: {trustee: {amount: 100}}
accounts: {funds: {collects: [interest, scheduled_principal]}}
waterfall:
  - {pay: fees, to: trustee, from: funds}
  - {pay: interest, to: {sequential: [A, B]}, from: funds}
  - {pay: principal, to: {sequential: [A, B]}, from: funds, limit: pool.scheduled_principal}
  - {write_down: tranches.balance - pool.balance, to: {sequential: [B, A]}}
  - {pay: rest, to: R, from: funds}
"""
FEBRUARY = """\
distribution_date,kind,value
2025-02-25,interest,8000.00
2025-02-25,scheduled_principal,10000.00
"""
MARCH = """\
distribution_date,kind,value
2025-03-25,interest,7000.00
2025-03-25,scheduled_principal,10000.00
2025-03-25,charge_off,5000.00
"""
PUBLISHED = """\
distribution_date,subject,item,amount,note
2025-02-25,A,interest_paid,4000.00,
2025-02-25,B,interest_paid,1500.00,derived
2025-03-25,B,realized_loss,5000.00,
"""

Tranche = Callable[..., Result]


@pytest.fixture
def tranche(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tranche:
    """The program, run in a directory of its own that holds the files of the trust; its usual database lies there too."""
    monkeypatch.chdir(tmp_path)
    for name in ("TRANCHE_DATABASE", "TRANCHE_ACTOR", "TRANCHE_KEY"):
        monkeypatch.delenv(name, raising=False)
    files = {"deal.yaml": DEAL, "2025-02.csv": FEBRUARY, "2025-03.csv": MARCH, "published.csv": PUBLISHED}
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")

    def run(*arguments: str, **options: object) -> Result:
        return CliRunner().invoke(main, list(arguments), prog_name="tranche", **options)  # type: ignore[arg-type]  # options of the test

    return run


@pytest.fixture
def opened(tranche: Tranche) -> Tranche:
    """The program, with the trust open and nothing remitted."""
    assert tranche("database", "upgrade").exit_code == 0
    assert tranche("deal", "open", "deal.yaml", "--actor", "tester").exit_code == 0
    return tranche


@pytest.fixture
def distributed(opened: Tranche) -> Tranche:
    """The program, with both months remitted and distributed."""
    for command in (["remit", "COVE-1", "2025-02.csv"], ["remit", "COVE-1", "2025-03.csv"], ["distribute", "COVE-1"]):
        result = opened(*command)
        assert result.exit_code == 0, result.output
    return opened


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Result]]:
    """The directory in which `tranche demo` was run, and what it said."""
    directory = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(directory)
        yield directory, CliRunner().invoke(main, ["demo"], prog_name="tranche")
