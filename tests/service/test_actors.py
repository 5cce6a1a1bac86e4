"""Actors with keys, and approval that the database asks for; on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import delete, insert, select, update

from ledger import service
from ledger.core.problems import ProblemsFound
from ledger.service.actors import Proof
from ledger.store import keys
from ledger.store.engine import Store
from ledger.store.tables import act
from tests.cli.conftest import DEAL, FEBRUARY, MARCH
from tests.store.owner import as_owner

MAKER, CHECKER = "m.okafor", "a.lindqvist"
(MAKERS_KEY, MAKERS), (CHECKERS_KEY, CHECKERS), (UNKNOWN_KEY, UNKNOWN) = keys.make(), keys.make(), keys.make()


@contextmanager
def signing(store: Store, key: bytes | None) -> Iterator[Store]:
    """The same database, opened with a key."""
    before, store.signer = store.signer, keys.read_private(key) if key else None
    yield store
    store.signer = before


@pytest.fixture
def books(store: Store) -> Store:
    """COVE-1, whose file asks for no approval, with both months remitted."""
    service.open_deal(store, DEAL.encode(), "deal.yaml", actor="tester")
    for name, text in (("2025-02.csv", FEBRUARY), ("2025-03.csv", MARCH)):
        service.remit(store, "COVE-1", text.encode(), name, actor="servicing")
    return store


def list_both(store: Store) -> None:
    service.add_actor(store, MAKER, MAKERS, actor="root")
    with signing(store, MAKERS_KEY):
        service.add_actor(store, CHECKER, CHECKERS, actor=MAKER)


def distribute(store: Store, actor: str = MAKER) -> service.Distributed:
    return service.distribute(store, "COVE-1", actor=actor)


def approve(store: Store, period: str, actor: str = CHECKER) -> None:
    service.approve(store, "COVE-1", period, actor=actor)


def distributed(store: Store) -> int:
    with store.reading() as reader:
        return len(reader.distributions("COVE-1")) - 1


def facts(store: Store) -> list[str]:
    return [str(problem) for problem in service.verify(store, "COVE-1").problems]


# Approval ----------------------------------------------------------------------------------------------------------------


def test_a_database_asks_for_approval_where_the_deal_does_not(books: Store) -> None:
    service.set_approval(books, asked=True, actor="root")
    proposed = distribute(books).proposal
    with pytest.raises(ProblemsFound, match=r"m\.okafor proposed 2025-02-25 and cannot approve it too"):
        approve(books, "2025-02", MAKER)
    before = distributed(books)
    approve(books, "2025-02")

    assert proposed is not None
    assert (before, distributed(books)) == (0, 1)
    assert facts(books) == []


def test_what_a_database_asks_for_counts_from_then_on_until_it_no_longer_asks(books: Store) -> None:
    service.distribute(books, "COVE-1", through=service.period(books, "COVE-1", "2025-02"), actor=MAKER)
    first = service.set_approval(books, asked=True, actor="root")
    again = service.set_approval(books, asked=True, actor="root")
    distribute(books)
    approve(books, "2025-03")

    assert first is not None
    assert again is None
    assert (distributed(books), facts(books)) == (2, [])


def test_where_it_no_longer_asks_months_close_without_a_checker(books: Store) -> None:
    service.set_approval(books, asked=True, actor="root")
    service.set_approval(books, asked=False, actor="root")
    done = distribute(books)

    assert (len(done.runs), done.proposal) == (2, None)
    assert facts(books) == []


SAID = "approval was asked for, and nobody proposed what was recorded; ask who recorded it: `tranche events`"


@contextmanager
def approval_put_aside(store: Store) -> Iterator[None]:
    """What the owner of the database can do: take the setting out, and put it back."""
    with as_owner(store) as connection:
        rows = [dict(row) for row in connection.execute(select(act)).mappings()]
        connection.execute(delete(act))
    yield
    with as_owner(store) as connection:
        connection.execute(insert(act), rows)


def test_a_distribution_that_went_round_the_checker_is_found(books: Store) -> None:
    service.set_approval(books, asked=True, actor="root")
    with approval_put_aside(books):
        distribute(books)

    assert facts(books) == [f"COVE-1 2025-02-25, distribution 1: {SAID}", f"COVE-1 2025-03-25, distribution 2: {SAID}"]


def test_a_deal_that_asks_is_held_to_it_too(store: Store) -> None:
    service.open_deal(store, DEAL.replace("title:", "approval: true\ntitle:").encode(), "deal.yaml", actor="tester")
    service.remit(store, "COVE-1", FEBRUARY.encode(), "2025-02.csv", actor="servicing")
    distribute(store, "a")
    approve(store, "2025-02", "b")

    assert facts(store) == []


def reopen(store: Store, actor: str) -> service.Corrected:
    """Correct the interest of February, and replace both months."""
    with store.reading() as reader:
        line = next(f"{position}:{event.line}" for position, event in reader.events("COVE-1", position=2, kinds=["interest"]))
    text = f"corrects,distribution_date,kind,value\n{line},2025-02-25,interest,8100.00\n".encode()
    return service.correct(store, "COVE-1", text, "correction.csv", reason="it was wrong", treatment="reopen", actor=actor)


def test_reopening_asks_for_another_actor_where_the_database_does(books: Store) -> None:
    distribute(books)
    service.set_approval(books, asked=True, actor="root")
    proposal, done = reopen(books, MAKER).proposal, reopen(books, CHECKER)

    assert proposal is not None
    assert len(done.reopened) == 2
    assert facts(books) == []


def test_a_reopening_that_went_round_the_checker_is_found(books: Store) -> None:
    distribute(books)
    service.set_approval(books, asked=True, actor="root")
    with approval_put_aside(books):
        reopen(books, MAKER)

    assert facts(books) == [f"COVE-1 2025-02-25, distribution 3: {SAID}", f"COVE-1 2025-03-25, distribution 4: {SAID}"]


# Keys --------------------------------------------------------------------------------------------------------------------


def test_maker_and_checker_sign_what_they_do_and_the_rest_is_as_it_was(books: Store) -> None:
    list_both(books)
    service.remit(books, "COVE-1", b"distribution_date,kind,value\n2025-02-25,charge_off,10.00\n", "late.csv", source_name="trustee", actor="servicing")
    with signing(books, MAKERS_KEY):
        distribute(books)

    found = service.verify(books, "COVE-1")
    assert found.problems == ()
    assert found.proof == (Proof(2, 4, 0) if books.is_postgresql else Proof(2, 0, 4))


def test_where_keys_are_in_use_only_a_key_approves(books: Store) -> None:
    service.set_approval(books, asked=True, actor="root")
    list_both(books)
    with signing(books, MAKERS_KEY):
        distribute(books)

    with pytest.raises(ProblemsFound, match=r"COVE-1: somebody has no key, and this database lists keys: approval is given with one of them; name its file"):
        approve(books, "2025-02", "somebody")
    with signing(books, CHECKERS_KEY):
        approve(books, "2025-02")
    assert (distributed(books), facts(books)) == (1, [])


def test_who_signs_is_the_one_whose_key_it_is(books: Store) -> None:
    service.add_actor(books, MAKER, MAKERS, actor="root")

    with signing(books, MAKERS_KEY):
        assert service.signing_as(books) == MAKER
    with signing(books, UNKNOWN_KEY), pytest.raises(ProblemsFound, match="is not on the actor list; ask somebody who is listed"):
        service.signing_as(books)
    assert service.signing_as(books) is None


@pytest.mark.parametrize(
    ("name", "key", "says"),
    [
        (MAKER, UNKNOWN, r"m\.okafor has a key already; take it back first: `tranche actor revoke m\.okafor`"),
        ("another", MAKERS, r"was listed for m\.okafor; a key is of one actor"),
        (" ", UNKNOWN, "' ' is no name of an actor"),
        ("another", MAKERS_KEY, "the key is no Ed25519 public key; name the file FILE.pub"),
    ],
    ids=["a second key", "a listed key", "no name", "a private key"],
)
def test_what_cannot_be_listed_is_refused(books: Store, name: str, key: bytes, says: str) -> None:
    list_both(books)

    with signing(books, MAKERS_KEY), pytest.raises(ProblemsFound, match=says):
        service.add_actor(books, name, key, actor=MAKER)
    assert len(service.acts(books)) == 2


def test_an_actor_comes_back_with_another_key_and_never_with_a_revoked_one(books: Store) -> None:
    list_both(books)
    with signing(books, CHECKERS_KEY):
        service.revoke_actor(books, MAKER, actor=CHECKER)
        with pytest.raises(ProblemsFound, match="comes back no more once revoked"):
            service.add_actor(books, MAKER, MAKERS, actor=CHECKER)
        service.add_actor(books, MAKER, UNKNOWN, actor=CHECKER)
    with signing(books, UNKNOWN_KEY):
        distribute(books)

    assert [(one.kind, one.subject) for one in service.acts(books)] == [("add", MAKER), ("add", CHECKER), ("revoke", MAKER), ("add", MAKER)]
    assert facts(books) == []


def test_the_last_key_in_use_cannot_be_revoked_nor_one_that_is_not(books: Store) -> None:
    service.add_actor(books, MAKER, MAKERS, actor="root")

    with signing(books, MAKERS_KEY):
        for name, says in ((MAKER, "is the last one in use; list another actor first"), (CHECKER, "has no key in use; see `tranche actor list`")):
            with pytest.raises(ProblemsFound, match=says):
                service.revoke_actor(books, name, actor=MAKER)


def test_verify_names_an_act_that_was_altered(books: Store) -> None:
    list_both(books)
    with as_owner(books) as connection:
        connection.execute(update(act).where(act.c.number == 2).values(subject="mallory"))

    assert facts(books) == ["act 2: it does not give its hash: its row was altered; restore a backup, or compare with `tranche actor list` of a copy"]
