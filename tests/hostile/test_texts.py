"""Texts that would be more than texts, in every place where somebody outside can put one: refused in words, or kept as they are and never run."""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, suppress

import pytest
from sqlalchemy import inspect, text

from ledger import service
from ledger.core.problems import ProblemsFound
from ledger.store.engine import Store
from tests.service.example import MONTHS, NAME, months
from tests.service.forging import forged
from tests.service.trust import DEAL as TRUST

TEXTS = {
    "a statement of SQL": "x'; DROP TABLE event; --",
    "an identifier of SQL": 'x"; DELETE FROM log_commit; --',
    "a comment of SQL": "' OR 1=1 /*",
    "a wildcard": "%_%",
    "a parameter": ":deal %(deal)s ? $1",
    "a path upwards": "../../../../etc/passwd",
    "a path from the root": "/etc/passwd",
    "a path of another system": "..\\..\\x",
    "a NUL": "a\x00b",
    "a line break": "a\nb",
    "an escape of a terminal": "\x1b[2Ja",
    "text that is turned": "abc\u202egnp.exe",
    "text that is isolated": "a\u2066b",
    "an end of line of Unicode": "a\u2028b",
    "half a character": "a\ud800",
    "a long name": "n" * 500,
    "a text that is too long": "n" * 1_001,
    "digits of another script": "٢٠٢٥-٠٢",
    "a number without end": "9" * 5_000,
    "nothing": "",
    "a blank": " ",
    "a formula of a spreadsheet": "=cmd|' /C calc'!A0",
    "a format": "{0.__class__} %s %n",
}
NEVER_KEPT = ("\x00", "\n", "\x1b", "\u202e", "\u2066", "\u2028", "\ud800", "n" * 1_001)


def csv(header: str, *cells: str) -> bytes:
    quoted = ",".join('"' + cell.replace('"', '""') + '"' for cell in cells)
    return f"{header}\n{quoted}\n".encode("utf-8", "surrogatepass")


PLACES: dict[str, Callable[[Store, str], object]] = {
    "a deal's id": lambda store, said: service.open_deal(store, TRUST.encode(), "deal.yaml", called=said, actor="t"),
    "a deal's id in its file": lambda store, said: service.open_deal(store, TRUST.replace("COVE-1", said).encode("utf-8", "surrogatepass"), "d", actor="t"),
    "a deal that is asked for": service.statement,
    "a deal that is remitted to": lambda store, said: service.remit(store, said, csv("distribution_date,kind", MONTHS[2], "nil_month"), "m.csv", actor="t"),
    "the actor": lambda store, said: service.remit(store, NAME, csv("distribution_date,kind,value", MONTHS[2], "interest", "1"), "m.csv", actor=said),
    "a file's name": lambda store, said: service.remit(store, NAME, csv("distribution_date,kind,value", MONTHS[2], "interest", "1"), said, actor="t"),
    "a source": lambda store, said: service.remit(
        store, NAME, csv("distribution_date,kind,value", MONTHS[2], "interest", "1"), "m.csv", source_name=said, actor="t"
    ),
    "a reason": lambda store, said: service.correct(store, NAME, b"corrects,value\n2:10,1.00\n", "c.csv", reason=said, actor="t"),
    "a kind": lambda store, said: service.remit(store, NAME, csv("distribution_date,kind,value", MONTHS[2], said, "1"), "m.csv", actor="t"),
    "a loan's id": lambda store, said: service.remit(store, NAME, csv("distribution_date,kind,loan,interest", MONTHS[2], "payment", said, "1"), "m", actor="t"),
    "a subject": lambda store, said: service.remit(store, NAME, csv("distribution_date,kind,subject,value", MONTHS[2], "interest", said, "1"), "m", actor="t"),
    "a note": lambda store, said: service.remit(
        store, NAME, csv("distribution_date,kind,subject,value,note", MONTHS[2], "adjustment", "interest_funds", "1", said), "m.csv", actor="t"
    ),
    "a line that is corrected": lambda store, said: service.correct(store, NAME, csv("corrects,value", said, "1.00"), "c.csv", reason="wrong", actor="t"),
    "a day": lambda store, said: service.statement(store, NAME, on=said),
    "a moment": lambda store, said: service.statement(store, NAME, known_at=said),
    "a period": lambda store, said: service.publish(store, NAME, said, actor="t"),
    "a subject that is explained": lambda store, said: service.explain(store, NAME, said),
    "an item that is explained": lambda store, said: service.explain(store, NAME, "A", item=said),
    "an actor whose key goes": lambda store, said: service.revoke_actor(store, said, actor="t"),
    "an index": lambda store, said: service.fix_rates(store, csv("index,date,rate", said, "2025-02-21", "4%"), "rates.csv", actor="t"),
    "a warning": lambda store, said: service.remit(store, NAME, b"distribution_date,kind\n", "m.csv", accept=[said], actor="t"),
}


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with closing(Store(f"sqlite:///{tmp_path_factory.mktemp('books')}/books.db")) as store:
        store.upgrade()
        months(store, 2)
        yield store


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_a_hostile_text_is_refused_or_inert(place: Callable[[Store, str], object], books: Store) -> None:
    try_all(place, books, TEXTS.values())


def test_hostile_texts_are_refused_or_inert_on_postgresql(postgresql: str) -> None:
    with closing(Store(postgresql)) as store:
        months(store, 2)

        for place in PLACES.values():
            try_all(place, store, [TEXTS[name] for name in ("a statement of SQL", "a parameter", "a NUL", "half a character")])


def try_all(place: Callable[[Store, str], object], store: Store, texts: Collection[str]) -> None:
    tables = inspect(store.engine).get_table_names()
    for said in texts:
        before = counted(store)

        with suppress(ProblemsFound):
            place(store, said)

        assert all(after >= count for after, count in zip(counted(store), before, strict=True))
        assert not [kept for kept in texts_of(store) if any(never in kept for never in NEVER_KEPT)]
    assert inspect(store.engine).get_table_names() == tables
    assert service.verify(store, NAME).problems == ()


def counted(store: Store) -> list[int]:
    """How many rows the tables have that nothing may ever leave."""
    with store.engine.begin() as connection:
        return [connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() for table in ("deal", "log_commit", "event", "posting", "document")]


def texts_of(store: Store) -> set[str]:
    """Every text that came from outside, as the log holds it."""
    with store.engine.begin() as connection:
        commits = connection.execute(text("SELECT actor, reason, source, source_name FROM log_commit")).all()
        events = connection.execute(text("SELECT kind, subject, code FROM event")).all()
        names = connection.execute(text("SELECT name FROM deal")).all()
    return {value for row in (*commits, *events, *names) for value in row if value is not None}


def test_a_name_with_sql_in_it_is_kept_to_the_letter(store: Store) -> None:
    said = 'o\'Hara "x"; DROP TABLE event; -- %s :x'
    months(store, 2)

    service.remit(store, NAME, csv("distribution_date,kind,value", MONTHS[2], "interest", "1"), "m.csv", source_name=said, actor=said, reason=said)

    with store.reading() as reader:
        commit = list(reader.commits(NAME))[-1]
    assert (commit.actor, commit.reason, commit.source) == (said, said, said)


@pytest.mark.parametrize("called", ["../COVE-2", "a/b", "/COVE-2", "..", "a\\b", "", "n" * 61, "é"])
def test_a_deal_is_never_called_what_could_be_a_path(called: str, books: Store) -> None:
    with pytest.raises(ProblemsFound, match="cannot stand here; a deal's name has letters, digits"):
        service.open_deal(books, TRUST.encode(), "deal.yaml", called=called, actor="t")


def test_a_deal_from_a_bundle_is_never_called_what_could_be_a_path(books: Store, sqlite: str) -> None:
    stream = io.BytesIO()
    service.export_bundle(books, NAME, stream)
    lines = stream.getvalue().replace(b'"EXAMPLE-1"', b'"../EXAMPLE-1"')

    with closing(Store(sqlite)) as other, pytest.raises(ProblemsFound, match=r"`\.\./EXAMPLE-1` cannot stand here"):
        service.import_bundle(other, io.BytesIO(forged(lines, lambda _position, _event: None)), "a.bundle")
