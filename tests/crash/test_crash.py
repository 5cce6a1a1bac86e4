"""Killed at any moment, the books hold every acknowledged commit, nothing of any other but at most one that is whole, and the command run again completes."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest

from ledger.store.engine import Store
from tests.crash import work
from tests.crash.checks import check_books, check_migration
from tests.crash.conftest import Processes
from tests.crash.databases import OLD_DEAL, Template
from tests.crash.killing import Killed, kill_at, kill_at_random
from tests.crash.work import Rehearsed, Step

SEED = 1000
MONTHS = 3
LIVES = 25
MIGRATIONS = 75
"""The long form kills remit, correct, distribute and migrate 75 times each on each database, and 25 openings."""


@pytest.fixture(scope="module")
def life(new: Template) -> list[Rehearsed]:
    """A deal's first months, which nobody killed."""
    with new.copy() as store:
        return work.rehearse(store, work.life(MONTHS))


@pytest.fixture(scope="module")
def migration(old: Template) -> Rehearsed:
    """A migration that nobody killed."""
    with old.copy() as store:
        return work.rehearse(store, [Step("migrate")], OLD_DEAL)[0]


# Named moments --------------------------------------------------------------------------------------------------------


def stage(life: list[Rehearsed], step: Step) -> tuple[list[Rehearsed], Rehearsed]:
    """What comes before a step, and the step."""
    number = [rehearsed.step for rehearsed in life].index(step)
    return life[:number], life[number]


@pytest.mark.parametrize("point", work.POINTS)
def test_killed_at_a_write_point(processes: Processes, new: Template, life: list[Rehearsed], point: str) -> None:
    earlier, rehearsed = stage(life, Step("distribute", 1))
    with new.copy() as store:
        work.rehearse(store, [each.step for each in earlier])

        killed = kill_at(processes, store, rehearsed.step, rehearsed.told.index(point) + 1)

        assert killed.told[-1] == point
        assert check_books(store, killed, rehearsed) == (point == "after commit")


@pytest.mark.long
@pytest.mark.parametrize("number", range(1, 4 + len(work.POINTS)))  # with `started`, `acknowledged` and `closed`
def test_every_command_killed_at_every_moment_that_it_tells(processes: Processes, new: Template, life: list[Rehearsed], number: int) -> None:
    with new.copy() as store:
        for rehearsed in life:
            killed = kill_at(processes, store, rehearsed.step, min(number, len(rehearsed.told)))
            check_books(store, killed, rehearsed)


@pytest.mark.parametrize(("moment", "is_there"), [("statement", False), ("before commit", False), ("after commit", True), ("closed", True)])
def test_migration_killed_at_a_moment(processes: Processes, old: Template, migration: Rehearsed, moment: str, is_there: bool) -> None:
    last = max(number for number, word in enumerate(migration.told, 1) if word == moment)
    with old.copy() as store:
        killed = kill_at(processes, store, migration.step, last)

        assert killed.told == migration.told[:last]
        assert check_migration(store, killed, migration) == is_there


@pytest.mark.long
def test_migration_killed_at_every_statement(processes: Processes, old: Template, migration: Rehearsed) -> None:
    assert migration.told.count("statement") > 10
    for number in range(1, len(migration.told) + 1):
        with old.copy() as store:
            check_migration(store, kill_at(processes, store, migration.step, number), migration)


# Random moments -------------------------------------------------------------------------------------------------------


class Fallen:
    """Where the kills fell, by command."""

    def __init__(self) -> None:
        self.counts: dict[str, Counter[str]] = {}

    def add(self, killed: Killed, is_there: bool) -> None:
        found = f" ({'whole' if is_there else 'absent'})" if killed.phase == "within" else ""
        self.counts.setdefault(killed.step.command, Counter())[killed.phase + found] += 1

    def report(self, database: str, request: pytest.FixtureRequest) -> None:
        """Print the counts, past what pytest captures."""
        columns = ["before", "within (absent)", "within (whole)", "after"]
        with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            for command, counts in self.counts.items():
                fell = ", ".join(f"{counts[column]} {column}" for column in columns)
                request.config.get_terminal_writer().line(f"\n{database}, seed {SEED}: {command} killed {counts.total()} times: {fell} the commit")

    def phases(self) -> set[str]:
        return {phase.partition(" ")[0] for counts in self.counts.values() for phase in counts}


def live(processes: Processes, store: Store, life: list[Rehearsed], chance: random.Random, fallen: Fallen) -> None:
    """Each command of a life is killed once, and run again."""
    for rehearsed in life:
        killed = kill_at_random(processes, store, rehearsed, chance)
        fallen.add(killed, check_books(store, killed, rehearsed))


def migrate(processes: Processes, old: Template, migration: Rehearsed, chance: random.Random, fallen: Fallen) -> None:
    with old.copy() as store:
        killed = kill_at_random(processes, store, migration, chance)
        fallen.add(killed, check_migration(store, killed, migration))


def test_commands_killed_at_random_moments(processes: Processes, new: Template, life: list[Rehearsed]) -> None:
    with new.copy() as store:
        live(processes, store, life[:4], random.Random(SEED), Fallen())  # noqa: S311 - a sample that can be repeated


@pytest.mark.parametrize("seed", [1, 2])
def test_migration_killed_at_a_random_moment(processes: Processes, old: Template, migration: Rehearsed, seed: int) -> None:
    migrate(processes, old, migration, random.Random(seed), Fallen())  # noqa: S311 - as above


@pytest.mark.long
def test_commands_killed_at_three_hundred_random_moments(
    processes: Processes, new: Template, old: Template, life: list[Rehearsed], migration: Rehearsed, request: pytest.FixtureRequest, record_property: Any
) -> None:
    fallen, chance = Fallen(), random.Random(SEED)  # noqa: S311 - as above
    for _ in range(LIVES):
        with new.copy() as store:
            live(processes, store, life, chance, fallen)
    for _ in range(MIGRATIONS):
        migrate(processes, old, migration, chance, fallen)

    record_property("kills", fallen.counts)
    fallen.report(new.database, request)
    assert sum(counts.total() for command, counts in fallen.counts.items() if command != "open") == 300
    assert fallen.phases() == {"before", "within", "after"}


def test_the_write_points_are_those_that_the_store_passes(life: list[Rehearsed]) -> None:
    told = {word for rehearsed in life for word in rehearsed.told}

    assert told == {"started", *work.POINTS, "acknowledged", "closed"}
