"""Acts and signatures: what the database refuses, what `verify` finds, and that a database of the first version takes them on."""

from __future__ import annotations

import random
import re
from datetime import datetime, timedelta
from threading import Thread
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from ledger.core.problems import ProblemsFound
from ledger.store import keys
from ledger.store.actors import Act, signed_commit
from ledger.store.engine import Store
from ledger.store.tables import act, commit_signature, instant_text, log_commit
from ledger.store.verify import verify
from ledger.store.verify_actors import check_acts
from tests.store import sample
from tests.store.owner import as_owner
from tests.store.sample import ACTOR, CHECKER, DEAL
from tests.store.test_schema import administer, bare  # noqa: F401 - a fixture
from tests.store.test_verify import add, mutate, remove, swap


def append(store: Store) -> None:
    with store.writing(DEAL) as writer:
        writer.append(sample.draft([]))


def facts(store: Store) -> list[str]:
    with store.reading() as reader:
        return [problem.fact for problem in verify(reader, DEAL)]


def act_facts(store: Store) -> list[str]:
    with store.reading() as reader:
        return [str(problem) for problem in check_acts(reader.connection)]


# Writing -----------------------------------------------------------------------------------------------------------------


def test_each_commit_is_signed_over_its_hash_and_the_last_act(books: Store) -> None:
    with books.reading() as reader:
        acts, signatures, last = reader.acts(), reader.signatures(DEAL), reader.head(DEAL)

    assert [(one.kind, one.subject, one.actor, one.key) for one in acts] == [
        ("add", ACTOR, "root", None), ("add", CHECKER, ACTOR, sample.signer().key), ("set", "approval", ACTOR, sample.signer().key),
    ]  # fmt: skip
    assert sorted(signatures) == list(range(1, 14))
    assert signatures[13][1:3] == (3, sample.signer().key)
    assert keys.holds(sample.signer().key, bytes.fromhex(signatures[13].signature), signed_commit(last.hash, acts[-1]))


@pytest.mark.parametrize(
    ("signer", "says"),
    [
        (None, "m.okafor is on the actor list, and writes with a key; name its file with --key, or TRANCHE_KEY"),
        (sample.signer(3), r"the key ed4928c628d1c2c6\.\.\. is not on the actor list; ask somebody who is listed to run"),
        (sample.signer(2), r"the key 8139770ea87d175f\.\.\. is that of a\.lindqvist, and not of m\.okafor; leave out --actor"),
    ],
    ids=["no key", "an unknown key", "somebody else's key"],
)
def test_a_name_on_the_list_writes_with_its_own_key_only(books: Store, signer: Any, says: str) -> None:
    books.signer = signer

    with pytest.raises(ProblemsFound, match=says):
        append(books)
    assert facts(books) == []


def test_a_revoked_key_writes_no_more_and_what_it_signed_before_still_holds(books: Store) -> None:
    books.signer = sample.signer(2)
    with books.acting() as writer:
        writer.record("revoke", ACTOR, sample.signer().key, CHECKER)
    books.signer = sample.signer()

    with pytest.raises(ProblemsFound, match=r"the key 8a88e3dd7409f195\.\.\. of m\.okafor was revoked by act 4; write with another key"):
        append(books)
    assert (facts(books), act_facts(books)) == ([], [])


def test_acts_are_recorded_without_a_key_only_where_none_is_in_use(books: Store) -> None:
    for signer, says in ((None, "keys are in use"), (sample.signer(3), "is not on the actor list"), (sample.signer(2), "is that of a.lindqvist, and not")):
        books.signer = signer
        with pytest.raises(ProblemsFound, match=says), books.acting() as writer:
            writer.record("set", "approval", "not asked", ACTOR)

    assert act_facts(books) == []
    with books.reading() as reader:
        assert reader.standing.asks_for_approval


def test_an_act_stands_after_every_commit_and_before_the_next_whatever_the_clocks_say(books: Store) -> None:
    early, books.clock = books.clock, lambda: datetime.fromisoformat("2001-01-01T00:00:00+00:00")
    with books.acting() as writer:
        set_at = writer.record("set", "approval", "not asked", ACTOR).recorded_at
    append(books)
    books.clock = early

    with books.reading() as reader:
        before, after = reader.commits(DEAL, 12)
    assert datetime.fromisoformat(set_at) - before.recorded_at == after.recorded_at - datetime.fromisoformat(set_at) == timedelta(microseconds=1)
    assert facts(books) == []


def test_an_act_waits_for_whoever_is_writing_and_stands_after_it(books: Store) -> None:
    recorded: list[Act] = []

    def set_approval() -> None:
        with books.acting() as writer:
            recorded.append(writer.record("set", "approval", "not asked", ACTOR))

    waiting = Thread(target=set_approval)
    with books.writing(DEAL) as writer:
        waiting.start()
        waiting.join(0.2)
        before = list(recorded)
        writer.append(sample.draft([]))
    waiting.join()

    assert before == []
    with books.reading() as reader:
        assert recorded[0].recorded_at > instant_text(reader.commit(DEAL, 14).recorded_at)
    assert facts(books) == []


def test_a_user_who_may_only_append_is_told_that_the_list_is_the_owners(postgresql: str) -> None:
    user = f"application_{sa.make_url(postgresql).database}"
    owner, store = Store(postgresql), Store(sa.make_url(postgresql).set(username=user).render_as_string(hide_password=False))
    administer(sa.make_url(postgresql), f"CREATE ROLE {user} LOGIN")
    owner.grant("application", user)

    with (
        pytest.raises(ProblemsFound, match=f"the database refuses it to {user}: permission denied for table head; do it as the owner"),
        store.acting() as writer,
    ):
        writer.record("add", user, sample.signer().key, user)

    store.close()
    with owner.engine.begin() as connection:
        connection.exec_driver_sql(f"DROP OWNED BY {user}")
        connection.exec_driver_sql(f"DROP ROLE {user}")
    owner.close()


# What the database refuses -----------------------------------------------------------------------------------------------


def test_an_act_that_is_not_the_next_is_refused(books: Store) -> None:
    with books.engine.connect() as connection:
        last = dict(connection.execute(select(act).where(act.c.number == 3)).mappings().one())
    good = last | {"number": 4, "previous_hash": last["hash"], "recorded_at": last["recorded_at"].replace(year=2030)}

    for wrong in (good | {"number": 5}, good | {"previous_hash": b"1" * 32}, good | {"recorded_at": last["recorded_at"]}):
        with pytest.raises(DBAPIError, match="an act must be the next after the last one"), books.engine.begin() as connection:
            connection.execute(insert(act), wrong)


@pytest.mark.parametrize(("position", "under"), [(13, 3), (15, 3), (14, 2)], ids=["an earlier commit", "no commit", "an earlier act"])
def test_a_signature_of_anything_but_the_last_commit_under_the_last_act_is_refused(books: Store, position: int, under: int) -> None:
    with as_owner(books) as connection:
        connection.execute(sa.delete(commit_signature))
    append(books)
    with as_owner(books) as connection:
        connection.execute(sa.delete(commit_signature))

    with pytest.raises(DBAPIError, match="must be of the last commit of its deal, under the last act"), books.engine.begin() as connection:
        connection.execute(insert(commit_signature), {"deal_id": 1, "position": position, "act": under, "key": b"1", "signature": b"2"})


# What verify finds -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", [mutate, remove, add, swap], ids=lambda change: change.__name__)
def test_any_change_of_an_act_is_found(books: Store, change: Any) -> None:
    """The last act may be cut off: then the signatures under it betray it."""
    for seed in range(4):
        chance = random.Random(seed)  # noqa: S311 - a sample that can be repeated
        with as_owner(books) as connection:
            rows = [dict(row) for row in connection.execute(select(act)).mappings()]
        try:
            with as_owner(books) as connection:
                made = change(connection, act, rows, chance)
        except IntegrityError:  # the owner too is refused a second act of a number, and a kind that is none
            continue
        found = act_facts(books) + facts(books)
        with as_owner(books) as connection:
            connection.execute(sa.delete(act))
            connection.execute(insert(act), rows)

        assert found, made
    assert act_facts(books) + facts(books) == []


def resign(store: Store, position: int, seed: int, **changed: object) -> None:
    """What the owner of the database would put in the place of a signature, who has a key of his own."""
    signer = sample.signer(seed)
    with store.reading() as reader:
        acts, commit = reader.acts(), reader.commit(DEAL, position)
    signature = signer.sign(signed_commit(commit.hash, acts[-1]))
    with as_owner(store) as connection:
        row = {"key": bytes.fromhex(signer.key), "signature": signature} | changed
        connection.execute(update(commit_signature).where(commit_signature.c.position == position).values(row))


@pytest.mark.parametrize(
    ("seed", "changed", "says"),
    [
        (1, {"signature": b"\0" * 64}, "position 5: the signature of the commit does not hold"),
        (2, {}, "position 5: the commit of m.okafor is signed with 8139770ea87d175f..., a key of a.lindqvist"),
        (3, {}, "position 5: the commit of m.okafor is signed with ed4928c628d1c2c6..., which was not on the actor list"),
        (1, {"act": 2}, "position 5: the commit is signed under act 2, and the last one before it is 3"),
    ],
)
def test_a_signature_that_was_changed_is_found(books: Store, seed: int, changed: Any, says: str) -> None:
    resign(books, 5, seed, **changed)

    assert facts(books) == [says]


def test_a_signature_that_was_removed_is_found(books: Store) -> None:
    with as_owner(books) as connection:
        connection.execute(sa.delete(commit_signature).where(commit_signature.c.position == 5))

    assert facts(books) == ["position 5: the commit is not signed, though m.okafor was on the actor list"]


def test_a_commit_signed_after_its_key_was_revoked_is_found(books: Store) -> None:
    """An owner who has such a key and takes the revocation out for a moment."""
    books.signer = sample.signer(2)
    with books.acting() as writer:
        writer.record("revoke", ACTOR, sample.signer().key, CHECKER)
    with as_owner(books) as connection:
        connection.execute(update(act).where(act.c.number == 4).values(kind="set"))
    books.signer = sample.signer()
    append(books)
    with as_owner(books) as connection:
        connection.execute(update(act).where(act.c.number == 4).values(kind="revoke"))

    (fact,) = facts(books)
    assert re.fullmatch(r"position 14: the commit is signed with a key of m\.okafor that act 4 had revoked at 2025-01-02T09:00:\d\d\.000000Z", fact)


def test_an_act_signed_by_nobody_who_was_listed_is_found(books: Store) -> None:
    for signer, says in (
        ({"key": None, "signature": None}, "act 3: it is not signed, though keys were in use when m.okafor recorded it"),
        ({"key": bytes.fromhex(sample.signer(2).key)}, "act 3: it is signed with 8139770ea87d175f..., which was no key of m.okafor"),
        ({"signature": b"\0" * 64}, "act 3: its signature does not hold"),
    ):
        with as_owner(books) as connection:
            kept = dict(connection.execute(select(act.c.key, act.c.signature).where(act.c.number == 3)).mappings().one())
            connection.execute(update(act).where(act.c.number == 3).values(signer))
        found = act_facts(books)
        with as_owner(books) as connection:
            connection.execute(update(act).where(act.c.number == 3).values(kept))

        assert [fact.partition(";")[0] for fact in found] == [says]


# Migration ---------------------------------------------------------------------------------------------------------------

LATER_FUNCTIONS = ("act_next", "commit_signature_head", "evidence_delete", "evidence_part_open", "evidence_seal", "arrival_next")


def test_books_of_the_first_version_are_migrated_as_they_are(bare: Store) -> None:  # noqa: F811 - the fixture
    """Down to the first version is what a release before this one made: the same books without the tables that came later."""
    bare.upgrade()
    bare.clock = sample.Ticking()
    sample.build(bare, months=1)
    with bare.engine.begin() as connection:
        before = connection.execute(select(log_commit)).all()
        for table in ("pool_life", "arrival", "evidence", "evidence_part", "commit_signature", "act"):
            connection.exec_driver_sql(f"DROP TABLE {table}")
        connection.exec_driver_sql("DROP INDEX event_by_loan")
        for function in LATER_FUNCTIONS if bare.is_postgresql else ():
            connection.exec_driver_sql(f"DROP FUNCTION {function}")
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    bare.upgrade()

    assert bare.check() == []
    with bare.engine.connect() as connection:
        assert connection.execute(select(log_commit)).all() == before
    sample.list_actors(bare)
    append(bare)
    assert facts(bare) == []
    with bare.reading() as reader:
        assert [*reader.signatures(DEAL)] == [6]
