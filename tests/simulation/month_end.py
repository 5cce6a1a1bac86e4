"""A book of deals carried through months by commands that die, come twice, come in another order, or bring what must be refused.

Every command is one that a trustee gives, and each is given again until it was answered. Time stands still but for where the log itself moves it on, so that
what is recorded depends on the commands alone: a run with faults must end in the very hashes of one without.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from ledger import service
from ledger.core.problems import ProblemsFound
from ledger.reports.json import to_json
from ledger.store import log
from ledger.store.engine import Store
from tests.cli.conftest import DEAL as COVE

ACTOR, CHECKER = "postgres", "checker"
"""On PostgreSQL the actor is the database's user; here it is called the same on SQLite, so that the hashes are comparable."""
START = datetime(2025, 1, 15, 14, tzinfo=UTC)
POINTS = ("begun", "events written", "commit written", "head moved", "postings written", "distribution written", "before commit", "after commit")
MONTHS = ("2025-02-25", "2025-03-25", "2025-04-25")


class Died(BaseException):
    """The process is gone: nothing in between may catch it."""


class Command(NamedTuple):
    """What a trustee asks for, by name. `is_refused` where the right answer is a list of problems."""

    name: str
    run: Callable[[Store], object]
    is_refused: bool = False


def deal_file(number: int) -> str:
    """A trust of one of three shapes: sequential, with a reserve that is filled from excess interest, or pro rata with a cap on the fee."""
    name, senior = f"BOOK-{number:03d}", 600_000 + 1_000 * (number % 97)
    text = COVE.replace("COVE-1", name).replace("800_000", str(senior)).replace("200_000", str(1_000_000 - senior))
    match number % 3:
        case 0:
            return text
        case 1:
            reserve = "accounts: {reserve: {target: 5_000}, funds:"
            filled = "  - {pay: rest, to: reserve, from: funds, limit: reserve.shortfall}\n  - {pay: rest, to: R, from: funds}\n"
            return text.replace("accounts: {funds:", reserve).replace("  - {pay: rest, to: R, from: funds}\n", filled)
        case _:
            return text.replace("pay: principal, to: {sequential: [A, B]}", "pay: principal, to: {pro_rata: [A, B]}")


def remittance(number: int, key: str, *, interest: int, principal: int, charge_off: int = 0) -> bytes:
    rows = [f"{key},interest,{interest}.00", f"{key},scheduled_principal,{principal}.00"] + ([f"{key},charge_off,{charge_off}.00"] if charge_off else [])
    return ("\n".join(["distribution_date,deal,kind,value", *(row.replace(",", f",BOOK-{number:03d},", 1) for row in rows)]) + "\n").encode()


def script(number: int) -> Iterator[Command]:
    """What is asked of one deal, in order: the same on every run. Which months bring trouble follows from the deal's number."""
    chance, deal = random.Random(number), f"BOOK-{number:03d}"  # noqa: S311 - a sample that can be repeated
    yield Command("open", lambda store: opened(store, number))
    for index, key in enumerate(MONTHS):
        month = remittance(number, key, interest=9_000 + chance.randrange(900), principal=10_000 + chance.randrange(5_000), charge_off=500 * (index == 1))
        if chance.random() < 0.3:
            wrong = month.replace(b"scheduled_principal", b"scheduled_principle")
            yield Command(f"{key} wrong", lambda store, file=wrong: remitted(store, deal, file, "wrong.csv"), is_refused=True)  # type: ignore[misc]  # bound now
        yield Command(f"{key} remit", lambda store, key=key, file=month: remitted(store, deal, file, f"{key}.csv"))  # type: ignore[misc]
        if chance.random() < 0.3:
            other = month.replace(b".00\n", b".50\n")
            yield Command(f"{key} conflict", lambda store, file=other: remitted(store, deal, file, "other.csv"), is_refused=True)  # type: ignore[misc]
        if chance.random() < 0.3:
            yield correction(deal, key, "supersede", 25)
        yield Command(f"{key} distribute", lambda store: service.distribute(store, deal, actor=ACTOR))
        if chance.random() < 0.5:
            yield Command(f"{key} publish", lambda store, key=key: service.publish(store, deal, key, actor=ACTOR))  # type: ignore[misc]
        if chance.random() < 0.4 and key != MONTHS[-1]:
            yield correction(deal, key, chance.choice(["adjust", "reopen"]), -12)


def correction(deal: str, key: str, treatment: str, amount: int) -> Command:
    """A late fact of a month, in one of the three treatments."""
    file = f"corrects,distribution_date,kind,value,note\n,{key},interest,{amount}.00,found late\n".encode()
    return Command(
        f"{key} {treatment}",
        lambda store: service.correct(store, deal, file, f"{key}-{treatment}.csv", reason="found late", treatment=treatment, actor=ACTOR),  # type: ignore[arg-type]
    )


def opened(store: Store, number: int) -> None:
    with store.reading() as reader:
        if f"BOOK-{number:03d}" in [deal.name for deal in reader.deals()]:
            return
    clock, store.clock = store.clock, lambda: START  # there is no earlier commit yet whose time could hold a clock up that went back
    try:
        service.open_deal(store, deal_file(number).encode(), "deal.yaml", actor=ACTOR)
    finally:
        store.clock = clock


def remitted(store: Store, deal: str, file: bytes, name: str) -> None:
    service.remit(store, deal, file, name, actor=ACTOR)


def carry_through(store: Store, deals: int, seed: int | None) -> dict[str, int]:
    """Give every command until it is answered, the deals in an order by chance; how often what went wrong. Without a seed nothing goes wrong."""
    chance, happened = random.Random(seed), dict.fromkeys(("died", "given twice", "refused"), 0)  # noqa: S311 - as above
    scripts = {number: list(script(number)) for number in range(deals)}
    while scripts:
        number = chance.choice(list(scripts)) if seed is not None else min(scripts)
        command = scripts[number][0]
        died = seed is not None and chance.random() < 0.25 and not answered(store, command, chance)
        happened["died"] += died
        if died and chance.random() < 0.7:
            continue  # it is given again, later
        give(store, command)
        happened["refused"] += command.is_refused
        if seed is not None and chance.random() < 0.15:
            give(store, command)
            happened["given twice"] += 1
        scripts[number].pop(0)
        if not scripts[number]:
            del scripts[number]
    return happened


def give(store: Store, command: Command) -> None:
    try:
        command.run(store)
    except ProblemsFound:
        if not command.is_refused:
            raise
        return
    assert not command.is_refused, f"{command.name} was to be refused"


def answered(store: Store, command: Command, chance: random.Random) -> bool:
    """Whether a command is answered though the process dies at some write point; it may not come to that one."""
    point, times = chance.choice(POINTS), chance.randint(1, 2)
    reached = 0

    def die(name: str) -> None:
        nonlocal reached
        reached += name == point
        if name == point and reached == times:
            raise Died

    alive, log.write_point = log.write_point, die
    try:
        give(store, command)
    except Died:
        return False
    finally:
        log.write_point = alive
    return True


def standing_still(seed: int | None) -> Callable[[], datetime]:
    """A clock that stands, or with a seed goes back now and then: recorded times never do."""
    chance = random.Random(seed)  # noqa: S311 - as above
    return lambda: START if seed is None else START - timedelta(days=chance.randrange(30))


def end_state(store: Store) -> dict[str, tuple[int, str, bytes]]:
    """Where each deal ends: position, head hash, and its last statement."""
    with store.reading() as reader:
        deals = reader.deals()
    return {deal.name: (deal.position, deal.hash, to_json(service.statement(store, deal.name))) for deal in deals}
