"""Actor lists and signatures carried to another database: checked there, taken over whole, and never mixed with another house's."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from typing import Any

import pytest

from ledger import service
from ledger.core.problems import ProblemsFound
from ledger.service.actors import Proof
from ledger.store.engine import Store
from tests.cli.conftest import DEAL, FEBRUARY
from tests.service.forging import canonical
from tests.service.test_actors import CHECKER, CHECKERS_KEY, MAKER, MAKERS_KEY, UNKNOWN, UNKNOWN_KEY, approve, distribute, facts, list_both, signing


@pytest.fixture
def bundle(sqlite: str) -> Iterator[bytes]:
    """COVE-1, signed and approved by keys, from a database that asks for it; its opening is declared."""
    with closing(Store(sqlite)) as store:
        service.open_deal(store, DEAL.encode(), "deal.yaml", actor="tester")
        service.set_approval(store, asked=True, actor="root")
        list_both(store)
        with signing(store, MAKERS_KEY):
            service.remit(store, "COVE-1", FEBRUARY.encode(), "2025-02.csv", actor=MAKER)
            distribute(store)
        with signing(store, CHECKERS_KEY):
            approve(store, "2025-02")
        assert facts(store) == []
        yield export(store)


@pytest.fixture
def other(postgresql: str) -> Iterator[Store]:
    with closing(Store(postgresql)) as store:
        yield store


def export(store: Store) -> bytes:
    stream = io.BytesIO()
    service.export_bundle(store, "COVE-1", stream)
    return stream.getvalue()


def take(store: Store, bundle: bytes) -> service.Bundled:
    return service.import_bundle(store, io.BytesIO(bundle), "a.bundle")


def refusal(store: Store, bundle: bytes) -> str:
    with pytest.raises(ProblemsFound) as found:
        take(store, bundle)
    with store.reading() as reader:
        assert reader.acts() == []
        assert reader.deals() == []
    return str(found.value)


def changed(bundle: bytes, change: Any) -> bytes:
    """The bundle with its lines changed, and its last line made to fit."""
    lines = change([json.loads(line) for line in bundle.splitlines()[:-1]])
    body = b"".join(canonical(line) + b"\n" for line in lines)
    return body + canonical(["end", len(lines), sha256(body).hexdigest()]) + b"\n"


def test_signatures_and_the_actor_list_come_out_the_same_elsewhere(bundle: bytes, other: Store) -> None:
    take(other, bundle)

    assert export(other) == bundle
    assert facts(other) == []
    assert service.verify(other, "COVE-1").proof == Proof(3, 1, 0)
    assert take(other, bundle).commits == 0


def test_appending_goes_on_with_the_same_keys_and_the_next_bundle_brings_what_is_new(bundle: bytes, other: Store, tmp_path: Any) -> None:
    with closing(Store(f"sqlite:///{tmp_path / 'third.db'}")) as third:
        third.upgrade()
        take(third, bundle)
        take(other, bundle)
        with signing(other, CHECKERS_KEY):
            service.revoke_actor(other, MAKER, actor=CHECKER)
            service.add_actor(other, MAKER, UNKNOWN, actor=CHECKER)
        with signing(other, UNKNOWN_KEY):
            service.publish(other, "COVE-1", "2025-02", actor=MAKER)
        done = take(third, export(other))

        assert done.commits == 1
        assert len(service.acts(third)) == 5
        assert facts(third) == []


def test_books_that_nobody_signed_have_bundles_as_before(store: Store) -> None:
    service.open_deal(store, DEAL.encode(), "deal.yaml", actor="tester")

    kinds = {json.loads(line)[0] for line in export(store).splitlines()}
    assert {kind for kind in kinds if isinstance(kind, str)} == {"tranche-ledger bundle 1", "tranche-ledger commit 1", "document", "end"}


def without(kind: str) -> Any:
    return lambda lines: [line for line in lines if line[0] != kind]


def put(at: int, column: int, value: Any) -> Any:
    """Put a value in a column of the signature or act that stands so many of its kind in."""

    def change(lines: list[Any]) -> list[Any]:
        found = [line for line in lines if line[0] == ("signature" if column < 3 and len(str(value)) > 63 else "tranche-ledger act 1")]
        found[at][column] = value
        return lines

    return change


TAMPERED = {
    "every signature": (without("signature"), "act 3: the actor list: it is not signed, though keys were in use when m.okafor recorded it"),
    "the actor list": (without("tranche-ledger act 1"), "`[\"signature\""),
    "the signature of an act": (put(0, 2, "0" * 128), "act 3: the actor list: its signature does not hold"),
    "the signature of a commit": (put(1, 2, "0" * 128), "COVE-1: position 2: the signature of the commit does not hold"),
    "the key of a commit": (put(1, 1, "0" * 64), "position 2: the commit of m.okafor is signed with 0000000000000000..., which was not on the actor list"),
    "a name in the list": (put(1, 4, "mallory"), "act 3: the actor list: it does not follow from the one before it"),
    "the setting": (put(0, 5, "not asked"), "act 2: the actor list: it does not follow from the one before it"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "says"), TAMPERED.values(), ids=TAMPERED)
def test_a_list_or_a_signature_that_was_tampered_with_refuses_the_bundle(bundle: bytes, other: Store, change: Any, says: str) -> None:
    assert says in refusal(other, changed(bundle, change))


def test_a_commit_whose_signature_was_taken_out_refuses_the_bundle(bundle: bytes, other: Store) -> None:
    def change(lines: list[Any]) -> list[Any]:
        last = max(at for at, line in enumerate(lines) if line[0] == "signature")
        return lines[:last] + lines[last + 1 :]

    assert "COVE-1: position 4: the commit is not signed, though a.lindqvist was on the actor list" in refusal(other, changed(bundle, change))


def test_two_actor_lists_are_never_mixed(bundle: bytes, other: Store) -> None:
    service.set_approval(other, asked=True, actor="somebody else")

    with pytest.raises(ProblemsFound, match=r"a\.bundle:5: the actor list: it is not that of this database; import into a database of its own"):
        take(other, bundle)


def test_a_list_that_begins_before_what_the_database_holds_goes_into_a_database_of_its_own(bundle: bytes, other: Store) -> None:
    service.open_deal(other, DEAL.encode(), "deal.yaml", called="ANOTHER-1", actor=MAKER)

    with pytest.raises(ProblemsFound, match=r"act 1 was recorded at .*, and what this database holds goes on to .*; import into a database of its own"):
        take(other, bundle)
