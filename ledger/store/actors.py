"""Who may write, by key, and what the database asks for: one chain of acts for the whole database, and the signatures of commits.

An act adds an actor with a public key, revokes it, or sets something. Acts are never changed: what holds is what the acts so far come to, `Standing`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import sha256
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, func, insert, select

from ledger.core.problems import Problem, stop_on
from ledger.store import seal, tables
from ledger.store.bulk import Row, fetch_rows
from ledger.store.deals import DealReader
from ledger.store.keys import Signer
from ledger.store.tables import instant_text

Kind = Literal["add", "revoke", "set"]
GENESIS = sha256(seal.canonical(["tranche-ledger acts 1"])).hexdigest()
"""The previous hash of the first act."""
APPROVAL, ASKED, NOT_ASKED = "approval", "asked", "not asked"
"""The one setting so far: whether every deal's distributions are approved by another actor."""


class Act(NamedTuple):
    """One act. Of `add` and `revoke` the subject is an actor and the value a public key in hex; of `set`, a setting and what it is set to.

    `key` and `signature` (hex) are of whoever recorded it; None where no key was in use yet. Hashes are hex.
    """

    number: int
    kind: str
    subject: str
    value: str
    recorded_at: str
    actor: str
    previous_hash: str
    hash: str
    key: str | None = None
    signature: str | None = None


def act_array(act: Act) -> list[object]:
    """The array whose canonical bytes an act's hash is made of."""
    return ["tranche-ledger act 1", act.number, act.previous_hash, act.kind, act.subject, act.value, act.recorded_at, act.actor]


def act_hash(act: Act) -> str:
    return sha256(seal.canonical(act_array(act))).hexdigest()


def signed_act(act: Act) -> bytes:
    """What the signature of an act covers."""
    return seal.canonical(["tranche-ledger act signature 1", act.hash])


def signed_commit(commit_hash: str, act: Act) -> bytes:
    """What the signature of a commit covers: its hash, and that of the last act before it, so that no act can be cut off behind it."""
    return seal.canonical(["tranche-ledger commit signature 1", commit_hash, act.hash])


class Signature(NamedTuple):
    """A commit's signature: under which act, and the public key and the signature in hex."""

    position: int
    act: int
    key: str
    signature: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What the acts so far come to: the keys that were ever listed and for whom, those that were revoked and by which act, and the settings."""

    last: Act | None = None
    listed: Mapping[str, str] = field(default_factory=dict)
    revoked: Mapping[str, Act] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, acts: Iterable[Act]) -> Standing:
        standing = cls()
        for act in acts:
            standing = standing.after(act)
        return standing

    def after(self, act: Act) -> Standing:
        """What holds once an act more is recorded."""
        match act.kind:
            case "add":
                return replace(self, last=act, listed={**self.listed, act.value: act.subject})
            case "revoke":
                return replace(self, last=act, revoked={**self.revoked, act.value: act})
            case _:
                return replace(self, last=act, settings={**self.settings, act.subject: act.value})

    @property
    def live(self) -> dict[str, str]:
        """The keys that are in use, each with its actor."""
        return {key: name for key, name in self.listed.items() if key not in self.revoked}

    @property
    def asks_for_approval(self) -> bool:
        return self.settings.get(APPROVAL) == ASKED

    def refusals(self, actor: str, key: str | None) -> Iterator[Problem]:
        """Why an actor may not write with a key, or without one."""
        if key is None:
            if actor in self.listed.values():
                yield Problem(f"{actor} is on the actor list, and writes with a key", "name its file with --key, or TRANCHE_KEY")
        elif key not in self.listed:
            remedy = "ask somebody who is listed to run `tranche actor add NAME FILE.pub`, or leave out --key"
            yield Problem(f"the key {short(key)} is not on the actor list", remedy)
        elif key in self.revoked:
            act = self.revoked[key]
            yield Problem(f"the key {short(key)} of {self.listed[key]} was revoked by act {act.number}", "write with another key: `tranche actor list`")
        elif self.listed[key] != actor:
            yield Problem(f"the key {short(key)} is that of {self.listed[key]}, and not of {actor}", "leave out --actor, or name the file of another key")


def short(key: str) -> str:
    """A key as messages name it: its first digits."""
    return f"{key[:16]}..."


ACTS = select(*(tables.act.c[name] for name in Act._fields)).order_by(tables.act.c.number)
"""Every act, as a query for `acts_of`."""


def _plain(value: Any) -> Any:
    """A value as it is hashed: times as text, bytes in hex. Nothing is parsed, so that an altered row can be read and found."""
    if isinstance(value, datetime):
        return instant_text(value)
    return value.hex() if isinstance(value, bytes) else value


def acts_of(rows: Iterable[Row]) -> list[Act]:
    return [Act(*(_plain(value) for value in row)) for row in rows]


class ActReader(DealReader):
    """Reads the acts and the signatures of commits."""

    def acts(self) -> list[Act]:
        """Every act, in order."""
        return acts_of(fetch_rows(self.connection, ACTS))

    @cached_property
    def standing(self) -> Standing:
        """What the acts come to as this transaction sees them."""
        return Standing.of(self.acts())

    def last_commit_at(self) -> datetime | None:
        """When the last commit of any deal was recorded."""
        found: datetime | None = self.connection.execute(select(func.max(tables.head.c.recorded_at))).scalar_one()
        return found

    def signatures(self, deal: str) -> dict[int, Signature]:
        """The signatures of a deal's commits, by position."""
        signed = tables.commit_signature.c
        rows = fetch_rows(self.connection, select(signed.position, signed.act, signed.key, signed.signature).where(signed.deal_id == self.deal_id(deal)))
        return {row[0]: Signature(*(_plain(value) for value in row)) for row in rows}

    def signed_count(self, deal: str) -> int:
        """How many commits of a deal are signed."""
        signed = tables.commit_signature
        return int(self.connection.execute(select(func.count()).select_from(signed).where(signed.c.deal_id == self.deal_id(deal))).scalar_one())


class ActWriter(ActReader):
    """Records acts. While it is open nobody else writes, in any deal, so that each commit stands before an act or after it."""

    def __init__(self, connection: Connection, clock: Callable[[], datetime], signer: Signer | None) -> None:
        super().__init__(connection)
        self._clock, self._signer = clock, signer
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("LOCK TABLE head IN EXCLUSIVE MODE")  # every writer has locked a row of it, or is about to

    def record(self, kind: Kind, subject: str, value: str, actor: str) -> Act:
        """Record an act. Where keys are in use it is signed with one of them. Raises ProblemsFound; then nothing was written."""
        standing, signer = self.standing, self._signer if self.standing.live else None
        stop_on(_act_refusals(standing, actor, signer))
        last = standing.last
        number, previous = (last.number + 1, last.hash) if last else (1, GENESIS)
        act = Act(number, kind, subject, value, instant_text(self._time(last)), actor, previous, "")
        act = act._replace(hash=act_hash(act))
        if signer is not None:
            act = act._replace(key=signer.key, signature=signer.sign(signed_act(act)).hex())
        self.add(act)
        return act

    def _time(self, last: Act | None) -> datetime:
        """The clock's, or a microsecond after all that is recorded: a clock that was set back must not bring an act before what was done without it."""
        earlier = [moment for moment in (self.last_commit_at(), last and datetime.fromisoformat(last.recorded_at)) if moment is not None]
        return max([self._clock(), *(moment + timedelta(microseconds=1) for moment in earlier)])

    def add(self, act: Act) -> None:
        """Write an act as it stands; the database refuses one that does not follow."""
        row = act._asdict() | {"recorded_at": datetime.fromisoformat(act.recorded_at)}
        for name in ("previous_hash", "hash", "key", "signature"):
            row[name] = None if row[name] is None else bytes.fromhex(row[name])
        self.connection.execute(insert(tables.act), row)
        self.standing = self.standing.after(act)


def _act_refusals(standing: Standing, actor: str, signer: Signer | None) -> Iterator[Problem]:
    if signer is not None:
        yield from standing.refusals(actor, signer.key)
    elif standing.live:
        yield Problem("keys are in use: the actor list and the database's settings are changed with one of them", "name its file with --key, or TRANCHE_KEY")
