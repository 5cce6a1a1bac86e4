"""Publishing a statement: its canonical JSON recorded under its digest, so that what was said can be shown to be what would be said again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Literal, NamedTuple

from ledger.core import schedule
from ledger.core.distribution import RULES
from ledger.core.events import Event
from ledger.core.problems import Problem, ProblemsFound
from ledger.reports.json import FORMAT, format_of, to_json
from ledger.service.books import numbered, stored
from ledger.service.statements import drawn
from ledger.service.terms import Versions
from ledger.store import seal
from ledger.store.books import DistributionRow, StatementRow
from ledger.store.engine import Store
from ledger.store.log import Draft
from ledger.store.projections import Reader


class Published(NamedTuple):
    """A published statement: its period, its version (2 and up where the period was reopened), its digest, and the position that recorded it."""

    outcome: Literal["published", "already published"]
    period: date
    version: int
    digest: str
    position: int


def publish(store: Store, deal: str, period: str, *, actor: str, reason: str = "") -> Published:
    """Publish the statement of a distributed period, as it is known now; once for each version of the period. Raises ProblemsFound."""
    with store.writing(deal) as writer:
        versions = Versions(writer, deal)
        key = schedule.named(versions.at()[0].deal, period)
        row = _distributed(writer, deal, key)
        for before in writer.statements(deal, row.number):
            return Published("already published", key, before.version, before.digest, before.known_at)
        body = _body(writer, versions, row.number, writer.tip.position)
        event = Event(0, "publication", str(row.number), amount=row.version, code=seal.digest(body))
        receipt = writer.append(Draft(numbered([event]), key, actor, reason or "published"))
        digest = writer.record_statement(row.number, row.version, receipt.position, body)
        return Published("published", key, row.version, digest, receipt.position)


def published(store: Store, deal: str, on: str | None = None) -> str:
    """The last published statement on or before a day, or that of the period whose date begins so, as it was recorded: its canonical JSON.

    It reads what was published and nothing else, so that a user who may read no more can ask for it. Raises ProblemsFound where there is none.
    """
    with store.reading() as reader:
        bodies = [row.body for row in reader.statements(deal)]
    dated = sorted((*_dates_of(body), version, body) for version, body in enumerate(bodies))
    is_day = on is not None and len(on) == len("2025-04-25")
    found = [body for paid, key, _, body in dated if on is None or (paid <= on if is_day else key.startswith(on))]
    if not found:
        remedy = "see `tranche status`, or name another date" if bodies else "`tranche publish` records a statement as it is given to investors"
        raise ProblemsFound([Problem(f"no statement was published{f' for {on}' if on else ''}", remedy, place=deal)])
    return found[-1]


def _dates_of(body: str) -> tuple[str, str]:
    """The day on which a statement's period was paid, and the period's key."""
    dates = json.loads(body)["dates"]
    return dates["distribution"], dates["scheduled"]


def _distributed(reader: Reader, deal: str, key: date) -> DistributionRow:
    """The latest version of a period. Raises ProblemsFound where it is not distributed."""
    rows = [row for row in reader.distributions(deal) if row.period == key and row.previous is not None]
    if not rows:
        raise ProblemsFound([Problem(f"the period {key} is not distributed", "run `tranche distribute` first", place=deal)])
    return rows[-1]


def _body(reader: Reader, versions: Versions, number: int, position: int, form: int = FORMAT) -> str:
    """The canonical JSON of a distribution's statement as known at a position, in the present format or the one in which it was published."""
    return to_json(drawn(reader, versions, stored(reader, versions.at()[0], number), position), form).decode()


def published_problems(reader: Reader, versions: Versions) -> Iterator[Problem]:
    """Every published statement produced again, as known when it was published: the same, or different, and why."""
    rules = {row.number: row.rules for row in reader.distributions(versions.deal)}
    for row in reader.statements(versions.deal):
        if _body(reader, versions, row.distribution, row.known_at - 1, format_of(row.body)) != row.body:
            yield _different(versions.deal, row, rules.get(row.distribution, RULES))


def _different(deal: str, row: StatementRow, rules: int) -> Problem:
    verdict = "altered" if rules == RULES else f"differs under rules {RULES} (published under {rules})"
    fact = f"version {row.version} of the statement of distribution {row.distribution} is not what the books give: {verdict}"
    return Problem(fact, "compare it with the copy that was handed out", place=f"{deal} position {row.known_at}")
