"""A trustee's commands, each to be run in a process that is killed at any moment, and run again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pytest
from sqlalchemy import event

import ledger
from ledger import service
from ledger.core.events import Event
from ledger.core.posting import Posting
from ledger.core.problems import ProblemsFound
from ledger.store import log
from ledger.store.engine import Store

FOLDER = Path(ledger.__file__).parent / "deals" / "sequoia-4"
DEAL = "SMT-2000-4"
ACTOR = "m.okafor"
POINTS = ["begun", "events written", "commit written", "head moved", "postings written", "distribution written", "before commit", "after commit"]
"""The write points of the store, in the order in which a distribution passes them."""
Tell = Callable[[str], object]
"""Told each moment that a command passes, as a word."""
Books = tuple[list[tuple[int, Event]], list[list[Posting]]]
"""The events of a deal with their positions, and the postings of each distribution."""


class Step(NamedTuple):
    """One command: a transaction, which appends one commit (`migrate` none). `month` counts from 1; 0 for what has none."""

    command: Literal["open", "remit", "correct", "distribute", "migrate"]
    month: int = 0


def life(months: int) -> list[Step]:
    """A deal from its opening. Odd months are corrected before they are distributed, so that the fact supersedes; even ones after it, and are adjusted."""
    steps = [Step("open")]
    for month in range(1, months + 1):
        correct, distribute = Step("correct", month), Step("distribute", month)
        steps += [Step("remit", month), correct, distribute] if month % 2 else [Step("remit", month), distribute, correct]
    return steps


def carry_out(store: Store, step: Step, tell: Tell = lambda _word: None) -> None:
    """Run a command, which finds done what was done before, and tell each moment up to `acknowledged`: its user has the answer."""
    tell("started")
    with _told(store, step, tell):
        _run(store, step)
    tell("acknowledged")


def _run(store: Store, step: Step) -> None:
    if step.command == "migrate":
        store.upgrade()
        return
    (worked,) = service.worked_deals(FOLDER)
    if step.command == "open":
        if not is_open(store):
            service.board(store, worked, actor=ACTOR)
        return
    file = worked.remittances[step.month - 1]
    if step.command == "remit":
        service.remit(store, DEAL, file.read_bytes(), file.name, actor=ACTOR)
    elif step.command == "correct":
        late = f"corrects,distribution_date,kind,value,note\n,{file.stem},interest,25.00,found late\n".encode()
        service.correct(store, DEAL, late, f"{file.stem}-late.csv", reason="found late", actor=ACTOR)
    else:
        service.distribute(store, DEAL, through=date.fromisoformat(file.stem), actor=ACTOR)


@contextmanager
def _told(store: Store, step: Step, tell: Tell) -> Iterator[None]:
    """The write points of the store, while a command runs. A migration has none: its statements are told instead."""
    if step.command == "migrate":
        with _statements_told(store, tell):
            yield
        tell("after commit")
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log, "write_point", tell)
        yield


@contextmanager
def _statements_told(store: Store, tell: Tell) -> Iterator[None]:
    def statement(*_: Any) -> None:
        tell("statement")

    def commit(_: Any) -> None:
        tell("before commit")

    event.listen(store.engine, "before_cursor_execute", statement)
    event.listen(store.engine, "commit", commit)
    yield
    event.remove(store.engine, "before_cursor_execute", statement)
    event.remove(store.engine, "commit", commit)


def child(url: str, steps: Sequence[Step], stop: int | None, parent: Connection) -> None:
    """Carry out commands and tell the parent each moment. Having told `stop` of them, or all, wait to be killed, or to be told to go on.

    The last word is `closed`, or the problem that stopped a command.
    """
    told = 0

    def tell(word: str) -> None:
        nonlocal told
        parent.send(word)
        told += 1
        if told == stop:
            parent.recv()

    store = Store(url)
    try:
        for step in steps:
            carry_out(store, step, tell)
        store.close()
        tell("closed")
    except ProblemsFound as found:
        tell(f"problem: {found.problems[0]}")
    with suppress(EOFError):  # the parent has heard enough
        parent.recv()


class Rehearsed(NamedTuple):
    """A command that nobody kills: the moments that it passes, and what the books say before and after."""

    step: Step
    told: list[str]
    before: Books
    after: Books


def rehearse(store: Store, steps: Sequence[Step], deal: str = DEAL) -> list[Rehearsed]:
    """Carry out commands, one after the other, each over connections of its own."""
    rehearsed: list[Rehearsed] = []
    for step in steps:
        told: list[str] = []
        # A migration's books can be read only after it, and it changes nothing in them.
        before = rehearsed[-1].after if rehearsed else ([], [])
        carry_out(store, step, told.append)
        after = contents(store, deal)
        store.close()
        rehearsed.append(Rehearsed(step, [*told, "closed"], after if step.command == "migrate" else before, after))
    return rehearsed


def is_open(store: Store, deal: str = DEAL) -> bool:
    with store.reading() as reader:
        return deal in [found.name for found in reader.deals()]


def contents(store: Store, deal: str = DEAL) -> Books:
    """What the books say, without when it was recorded; nothing for a deal that is not open."""
    if not is_open(store, deal):
        return [], []
    with store.reading() as reader:
        rows = reader.distributions(deal)
        return list(reader.events(deal)), [reader.postings(deal, row.number) for row in rows]
