"""What the database itself says of files that are kept: insert-only, whole, and deleted only behind the commit that erases them."""

from __future__ import annotations

import pytest
import sqlalchemy.exc
from sqlalchemy import delete, insert, select

from ledger.core.events import Event
from ledger.store import evidence, seal
from ledger.store.engine import Store
from ledger.store.tables import arrival, evidence_part
from ledger.store.tables import evidence as evidence_table
from tests.store import sample
from tests.store.sample import DEAL, draft, period

REFUSED = sqlalchemy.exc.DBAPIError
FIRST = seal.digest(sample.file_text(period(1)))


def erasure(digest: str = FIRST) -> Event:
    return Event(0, evidence.ERASED, digest, code="asked for")


def test_bytes_are_deleted_behind_the_commit_that_erases_them(books: Store) -> None:
    with books.writing(DEAL) as writer:
        writer.append(draft([erasure()]))
        evidence.remove(writer, FIRST)

    with books.reading() as reader:
        assert FIRST not in evidence.kept(reader, DEAL)
        assert evidence.erasures(reader, DEAL) == {FIRST: 14}
        assert evidence.check(reader, DEAL, None, everything=True) == evidence.Checked(2, 2, 1)


@pytest.mark.parametrize("events", [[[erasure("0" * 64)]], [[erasure()], [Event(0, "terms", "deal", code="x")]]], ids=["another file's", "an earlier one"])
def test_bytes_are_not_deleted_behind_a_commit_that_is(books: Store, events: list[list[Event]]) -> None:
    with books.writing(DEAL) as writer:
        for some in events:
            writer.append(draft(some))

    with pytest.raises(REFUSED, match="DELETE is refused unless the last commit of the deal records the erasure"), books.writing(DEAL) as writer:
        evidence.remove(writer, FIRST)


def test_arrivals_are_deleted_behind_no_commit(books: Store) -> None:
    with books.writing(DEAL) as writer:
        writer.append(draft([erasure()]))

    with pytest.raises(REFUSED, match="arrival is append-only: DELETE is refused"), books.writing(DEAL) as writer:
        writer.connection.execute(delete(arrival))


def test_file_is_sealed_with_all_of_its_parts_and_no_other(books: Store) -> None:
    with books.engine.begin() as connection:
        for digest, number in (("a", 1), ("b", 1), ("b", 2), ("c", 2), ("d", 1)):
            connection.execute(insert(evidence_part), {"deal_id": 1, "digest": digest * 64, "number": number, "body": b"x"})

    for digest, stated in (("a", 2), ("b", 1), ("c", 1), ("d", 0), ("e", 1)):
        with pytest.raises(REFUSED, match="the parts of a file must be there"), books.engine.begin() as connection:
            connection.execute(insert(evidence_table), {"deal_id": 1, "digest": digest * 64, "bytes": 2, "parts": stated})


def test_no_part_is_added_to_a_file_that_is_sealed(books: Store) -> None:
    with pytest.raises(REFUSED, match="the evidence is sealed: no part may be added"), books.engine.begin() as connection:
        connection.execute(insert(evidence_part), {"deal_id": 1, "digest": FIRST, "number": 2, "body": b"x"})


def test_arrivals_are_numbered_without_a_gap(books: Store) -> None:
    with books.engine.connect() as connection:
        row = dict(connection.execute(select(arrival).limit(1)).mappings().one())
    for number in (5, 9, 0):
        with pytest.raises(REFUSED, match="an arrival must be the next of its deal"), books.engine.begin() as connection:
            connection.execute(insert(arrival), row | {"number": number})


def test_pieces_of_another_file_are_not_kept_under_its_digest(books: Store) -> None:
    with pytest.raises(ValueError, match="is not the SHA-256 of the file"), books.writing(DEAL) as writer:
        evidence.write(writer, "a" * 64, [b"one", b"two"], None)

    with books.reading() as reader:
        assert "a" * 64 not in evidence.kept(reader, DEAL)


def test_file_of_nothing_is_a_file(books: Store) -> None:
    with books.writing(DEAL) as writer:
        digest = seal.file_digest(b"")
        assert evidence.write(writer, digest, [], None)

        assert b"".join(evidence.read(writer, DEAL, evidence.kept(writer, DEAL)[digest], None)) == b""
