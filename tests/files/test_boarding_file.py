"""Boarding files: each way of not fitting the deal, with its message (the catalogue in tests/errors/boarding_file)."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.core.opening import open_books
from ledger.core.problems import ProblemsFound, stop_on
from ledger.files import deal_file
from tests.conftest import ROOT

CATALOGUE = sorted((ROOT / "tests" / "errors" / "boarding_file").glob("*.yaml"))
DEAL = deal_file.load(
    b"""\
deal: SMALL-1
closing_date: 2024-01-30
dates: {distribution: {day: 25}}
reported: {delinquent: money}
pool: {original_balance: 100}
tranches: {A: {original_balance: 60, rate: 5%}, B: {original_balance: 40, rate: 6%}, R: {kind: residual}}
fees: {servicing: {rate: 1%, of: pool.opening_balance}}
accounts: {funds: {collects: [interest, scheduled_principal]}, reserve: {opening: 5}}
ledgers: {pdl: {of: B, up_to: balance}}
amounts: {cap: "if period == 1 then 5 else previous(cap)"}
triggers:
  losses: {fails_when: pool.cumulative_loss > 10, curable: false}
  late: {fails_when: "average(delinquent, 3) > 20"}
waterfall:
  - {pay: fees, to: servicing, from: funds}
  - {pay: interest, to: {sequential: [A, B]}, from: [funds, reserve]}
""",
    "deal.yaml",
)


def board(path: Path) -> None:
    """Open the deal as a boarding file states it. Raises ProblemsFound with places in that file."""
    source = path.read_bytes()
    boarding = deal_file.load_boarding(source, path.name)
    try:
        open_books(DEAL, boarding)
    except ProblemsFound as found:
        stop_on(deal_file.placed(found.problems, source, path.name))


@pytest.mark.parametrize("path", CATALOGUE, ids=lambda path: path.stem)
def test_each_wrong_position_is_refused_in_exactly_these_words(path: Path) -> None:
    with pytest.raises(ProblemsFound) as caught:
        board(path)

    assert str(caught.value) + "\n" == path.with_suffix(".txt").read_text(encoding="utf-8")
    assert all(problem.place.startswith(f"{path.name}:") and problem.remedy for problem in caught.value.problems)


def test_no_two_mistakes_read_alike() -> None:
    texts = [path.with_suffix(".txt").read_text(encoding="utf-8").splitlines() for path in CATALOGUE]
    messages = ["\n".join(line.partition(": ")[2] for line in lines if line.startswith(path.name)) for path, lines in zip(CATALOGUE, texts, strict=True)]

    assert len(messages) >= 20
    assert len(set(messages)) == len(messages)


def test_a_position_that_fits_opens_the_books(tmp_path: Path) -> None:
    good = tmp_path / "boarding.yaml"
    good.write_text(
        """\
last_distribution: 2024-06-25
period: 5
pool: {balance: 80, cumulative_loss: 2}
tranches: {A: {balance: 40}, B: {balance: 38, cumulative_loss: 2}}
accounts: {funds: 0, reserve: 5}
ledgers: {B.pdl: 2}
triggers: {losses: passed}
previous: {delinquent: [10, 12], cap: 7}
""",
        encoding="utf-8",
    )
    boarding = deal_file.load_boarding(good.read_bytes(), good.name)

    opened = open_books(DEAL, boarding)

    assert opened.closing.number == 5
    assert opened.closing.balances["A.principal"] == -40_00
    assert opened.closing.balances["cash.reserve"] == 5_00
