"""Who may write: the actor list and the database's settings, as acts; and how far a deal's commits prove who made them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ledger.core.log_text import text_problems
from ledger.core.problems import Problem, ProblemsFound, stop_on
from ledger.store import keys
from ledger.store.actors import APPROVAL, ASKED, NOT_ASKED, Act, Standing, short
from ledger.store.engine import Store
from ledger.store.log import Writer
from ledger.store.projections import Reader


def add_actor(store: Store, name: str, public_key: bytes, *, actor: str) -> Act:
    """List a public key (PEM) for an actor, who from then on writes with it and with nothing else. Raises ProblemsFound.

    The first key is anybody's to list. After it, only who has a listed key changes the list.
    """
    key = keys.read_public(public_key)
    with store.acting() as writer:
        stop_on(_added_problems(writer.standing, name, key))
        return writer.record("add", name, key, actor)


def _added_problems(standing: Standing, name: str, key: str) -> Iterator[Problem]:
    if not name.strip() or not name.isprintable():
        yield Problem(f"{name!a} is no name of an actor", "write a name of characters that print")
    yield from text_problems({"actor": name})
    if name in standing.live.values():
        yield Problem(f"{name} has a key already", f"take it back first: `tranche actor revoke {name}`")
    if key in standing.listed:
        yield Problem(f"the key {short(key)} was listed for {standing.listed[key]}", "a key is of one actor, and comes back no more once revoked: make another")


def revoke_actor(store: Store, name: str, *, actor: str) -> Act:
    """Take an actor's key back; what was signed with it before still holds. Raises ProblemsFound."""
    with store.acting() as writer:
        live = writer.standing.live
        found = [key for key, of in live.items() if of == name]
        if not found:
            raise ProblemsFound([Problem(f"{name} has no key in use", "see `tranche actor list`")])
        if len(live) == 1:
            raise ProblemsFound([Problem(f"the key of {name} is the last one in use", "list another actor first: `tranche actor add NAME FILE.pub`")])
        return writer.record("revoke", name, found[0], actor)


def set_approval(store: Store, *, asked: bool, actor: str) -> Act | None:
    """Say whether every deal's distributions need another actor's approval, whatever its file says; None where that is so already. Raises ProblemsFound."""
    with store.acting() as writer:
        if writer.standing.asks_for_approval == asked:
            return None
        return writer.record("set", APPROVAL, ASKED if asked else NOT_ASKED, actor)


def acts(store: Store) -> list[Act]:
    """Every act, in order."""
    with store.reading() as reader:
        return reader.acts()


def signing_as(store: Store) -> str | None:
    """The actor for whom the store's key is listed; None without a key, and where the database lists none. Raises ProblemsFound."""
    if store.signer is None:
        return None
    with store.reading() as reader:
        standing, key = reader.standing, store.signer.key
        if not standing.listed:
            return None
        name = standing.listed.get(key, "")
        stop_on(standing.refusals(name, key))
        return name


class Proof(NamedTuple):
    """How far commits prove who made them: how many are signed with a listed key, name the database's own user, or only declare an actor."""

    signed: int = 0
    database_user: int = 0
    declared: int = 0

    def __add__(self, other: object) -> Proof:
        """The two together."""
        assert isinstance(other, Proof)
        return Proof(*(one + two for one, two in zip(self, other, strict=True)))


def proof_of(reader: Reader, deal: str) -> Proof:
    """How far a deal's commits prove who made them. One without a signature names the database's user on PostgreSQL, whose users the ledger does not choose."""
    signed, all_of_them = reader.signed_count(deal), reader.head(deal).position
    by_user = reader.connection.dialect.name == "postgresql"
    return Proof(signed, (all_of_them - signed) * by_user, (all_of_them - signed) * (not by_user))


def approver_problems(writer: Writer, actor: str) -> Iterator[Problem]:
    """Why an actor may not approve: where keys are in use, approval is given with one of them."""
    if writer.standing.live and writer.signer is None:
        yield Problem(f"{actor} has no key, and this database lists keys: approval is given with one of them", "name its file with --key, or TRANCHE_KEY")
