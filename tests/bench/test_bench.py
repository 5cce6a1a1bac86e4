"""The bench runs: every figure once, with little of everything. `python -m tests.bench` measures; see docs/performance.md."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest
from pyinstrument import Profiler

from ledger import service
from ledger.store.engine import Store
from tests.bench import months, plain_waterfall, profile, results, thirty_years
from tests.bench.__main__ import parse, run
from tests.bench.figure import LIMIT, OURS, Goal, Measured, at_least, at_most
from tests.bench.figures import GROUPS
from tests.bench.table import lines
from tests.bench.thirty_years import DEAL


def test_everything_is_measured_printed_kept_and_compared(postgresql_server: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = tmp_path / "kept.json"
    run(postgresql_server, parse(["--small", "--json", str(kept)]))
    printed = capsys.readouterr().out

    titles = [figure.title(database) for group in GROUPS for figure in group for database in figure.databases]
    assert [title for title in titles if f"| {title} " not in printed] == []
    assert sorted(figure["figure"] for figure in results.read(kept)["figures"]) == sorted(titles)

    run(postgresql_server, parse(["--small", "--only", "already read", "--against", str(kept)]))
    assert " x " in capsys.readouterr().out.splitlines()[-1]

    again = results.together([kept, kept], GROUPS)
    assert sorted(one.title for one in again) == sorted(titles)
    assert all(len(one.runs[OURS]) == 2 for one in again)


def test_where_the_time_of_ours_goes_is_shown_without_the_set_up(postgresql_server: str, capsys: pytest.CaptureFixture[str]) -> None:
    run(postgresql_server, parse(["--small", "--only", "SQLite: 360 months x 5 classes from values already read", "--profile"]))
    printed = capsys.readouterr().out

    assert "run_steps" in printed
    assert "open_deal" not in printed
    assert "a process of its own" in profile.tree(Profiler())  # as of a command, when it is measured in earnest


def test_what_is_kept_names_no_machine_and_no_path(postgresql_server: str, tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    run(postgresql_server, parse(["--small", "--only", "already read", "--json", str(kept)]))

    assert {"version", "commit", "date", "python", "sqlite", "postgresql"} < json.loads(kept.read_text()).keys()
    assert str(results.ROOT) not in kept.read_text()


def test_a_peer_that_is_not_installed_is_shown_as_such() -> None:
    measured = Measured("append", {OURS: [3.0, 4.0, 5.0], LIMIT: [8.0, 8.0, 8.0], "peer": []}, [at_least(0.5, of=LIMIT), at_least(5, of="peer")])

    limit, peer = lines(measured, is_judged=True)
    cells = [cell.strip() for cell in limit.split("|")]
    assert [*cells[2:4], *cells[5:7]] == ["4", "8", "0.50", ">= 0.5 met"]
    assert "not installed peer" in peer
    assert "met" not in peer


@pytest.mark.parametrize(("goal", "value", "is_met"), [(at_least(5), 5, True), (at_least(5), 4.9, False), (at_most(5), 5, True), (at_most(5), 5.1, False)])
def test_a_goal_is_met_at_its_bound(goal: Goal, value: float, is_met: bool) -> None:
    assert goal.is_met(value) is is_met


def test_the_waterfall_in_plain_floats_comes_to_the_same_dollars(sqlite: str) -> None:
    """Else it would be no peer."""
    with closing(Store(sqlite)) as store:
        thirty_years.append(store, thirty_years.open_deal(store), 120)
        assert not service.distribute(store, DEAL, actor="tester").problems
        with store.reading() as reader:
            ours = {account: row.closing / 100 for account, row in reader.balances(DEAL, 120).items()}
        balances, _ = plain_waterfall.run(months.plain_months(months.stored_rows(store)))

    assert balances == pytest.approx({name: -ours.get(f"{name}.principal", 0) for name in balances}, abs=1)
    assert balances["B2"] == 0 < balances["A"] < plain_waterfall.BALANCES["A"]
