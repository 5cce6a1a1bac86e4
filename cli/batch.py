"""Statements of several deals, or in several forms, into a folder: each file, a manifest of digests, and what held up which deal."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.common import Settings, counted, progress
from cli.folder import MANIFEST, Names, Written, make_folder, manifest, put, safe_name
from cli.several import Outcome, chosen, each, is_pattern, print_outcomes
from ledger.core.problems import Problem, ProblemsFound

if TYPE_CHECKING:
    from cli.statement import Format
    from ledger.core.branding import Branding
    from ledger.core.history import History
    from ledger.core.statement import Statement
    from ledger.service import Turn
    from ledger.store.engine import Store


@dataclass(frozen=True, slots=True)
class Batch:
    """What is asked for: the statements of a day, as of it or paid on it, in some forms, into a folder."""

    on: str | None
    paying_on: date | None
    known_at: str | None
    forms: Mapping[str, Format]
    branding: Branding
    folder: Path

    @property
    def asked(self) -> dict[str, str | None]:
        return {"date": self.on, "paying_on": self.paying_on.isoformat() if self.paying_on else None, "known_at": self.known_at}


@dataclass(slots=True)
class Found:
    """What came of one deal."""

    turn: Turn
    files: list[Written] = field(default_factory=list)
    failed: list[Problem] = field(default_factory=list)

    def plain(self) -> dict[str, Any]:
        shown = self.turn.statement
        return {
            "period": shown.dates["scheduled"].isoformat() if shown else None,
            "files": [written.plain() for written in self.files],
            "held": _held(self.turn),
            "failed": [str(problem) for problem in self.failed],
        }

    def line(self) -> str:
        """`2025-06-25: 5 files, 123,456 bytes`; nothing for a deal without any."""
        if not self.files:
            return ""
        return f"{self.files[0].period}: {counted(len(self.files), 'file')}, {sum(written.bytes for written in self.files):,} bytes"


def write_batch(settings: Settings, store: Store, deal: str, batch: Batch) -> None:
    """Write the folder, print what came of each deal, and end with exit code 1 where any was held up or failed."""
    names = chosen(store, deal) if is_pattern(deal) else [deal]
    make_folder(batch.folder)
    taken, done = Names(), dict[str, Found]()
    with progress() as show:

        def one(name: str) -> Outcome:
            show(f"{len(done) + 1} of {len(names)}: {name}")
            found = done[name] = _one(store, name, batch, taken)
            return Outcome(found.line(), found.plain(), problems=(*found.turn.problems, *found.failed))

        outcomes = {name: _with_value(outcome) for name, outcome in each(names, one)}
    _write_manifest(batch, outcomes, [written for found in done.values() for written in found.files])
    print_outcomes(settings, outcomes, several=True, last=_summary(batch, done, outcomes))


def _one(store: Store, name: str, batch: Batch, taken: Names) -> Found:
    from ledger import service

    if batch.paying_on:
        found = Found(service.paying_on(store, name, batch.paying_on, batch.known_at))
    else:
        found = Found(service.as_of(store, name, batch.on, batch.known_at))
    drawn = found.turn.statement
    if drawn is None:
        return found
    life = cache(lambda: life_until(store, drawn))
    for format_, form in batch.forms.items():
        try:
            for file, data in _files(drawn, format_, form, form.render(drawn, batch.branding, life), taken):
                put(batch.folder / file, data)
                digest = hashlib.sha256(data).hexdigest()
                found.files.append(Written(name, drawn.dates["scheduled"], format_, file, len(data), digest, drawn.position, drawn.head))
        except ProblemsFound as problems:
            found.failed += [problem.at(f"{name}, {format_}") for problem in problems.problems]
    return found


def life_until(store: Store, drawn: Statement) -> History:
    """The deal's life up to a statement, as it was known then."""
    from ledger import service

    return service.history(store, drawn.deal, drawn.position).until(drawn.number)


def _files(drawn: Statement, format_: str, form: Format, body: bytes | str | Mapping[str, bytes], taken: Names) -> Iterator[tuple[str, bytes]]:
    """The files of one form, by their names in the folder. Raises ProblemsFound where another deal's file has the name."""
    name = f"{safe_name(drawn.deal)}.{form.ending or format_}"
    taken.take(name, drawn.deal)
    if isinstance(body, Mapping):
        yield from ((f"{name}/{file}", data) for file, data in body.items())
    else:
        yield name, body.encode() if isinstance(body, str) else body


def _held(turn: Turn) -> dict[str, Any] | None:
    held = turn.held_by
    if held is None:
        return None
    return {
        "due": f"{turn.due}", "period": f"{held.period}", "pays_on": f"{held.pays_on}", "state": held.state, "late": list(held.late),
        "problems": [str(problem) for problem in held.problems],
    }  # fmt: skip


def _with_value(outcome: Outcome) -> Outcome:
    """A deal that could not be read has a value too."""
    failed = [str(problem) for problem in outcome.problems]
    return outcome if outcome.value else outcome._replace(value={"period": None, "files": [], "held": None, "failed": failed})


def _write_manifest(batch: Batch, outcomes: Mapping[str, Outcome], files: list[Written]) -> None:
    held, failed = ({name: outcome.value[key] for name, outcome in outcomes.items() if outcome.value[key]} for key in ("held", "failed"))
    put(batch.folder / MANIFEST, manifest(batch.asked, files, held, failed))


def _summary(batch: Batch, done: Mapping[str, Found], outcomes: Mapping[str, Outcome]) -> str:
    """How many deals are in the folder, and how many are not and why."""
    written = sum(bool(found.files) for found in done.values())
    held = sum(found.turn.held_by is not None for found in done.values())
    failed = sum(bool(outcome.value["failed"]) for outcome in outcomes.values())
    others = sum(found.turn.statement is None and found.turn.held_by is None for found in done.values())
    parts = [f"{written} of {counted(len(outcomes), 'deal')} written", f"{held} held up", f"{failed} failed"]
    return "; ".join([", ".join(parts), *([f"{others} not paying on {batch.paying_on}"] if batch.paying_on else []), f"{batch.folder / MANIFEST}"])
