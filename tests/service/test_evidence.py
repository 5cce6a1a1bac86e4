"""Files are kept as they came, also where they are refused; they are shown, erased with a reason, and verified."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
import xlsxwriter
from sqlalchemy import Executable, Table, delete, insert, update

from ledger import service
from ledger.core.problems import Problem, ProblemsFound
from ledger.service import evidence
from ledger.store import evidence_key, seal, tables
from ledger.store.engine import Store, Unusable
from ledger.store.evidence import PART_BYTES
from tests.service import example, trust
from tests.store.owner import as_owner

FEBRUARY = trust.month("2025-02-25")
Tampering = Callable[[str], Executable]
"""What an owner does to the books, by the digest of the file that is kept there."""
WRONG = b"distribution_date,kind,value\n2025-02-25,intrest,8000.00\n2025-02-25,scheduled_principal,1O000.00\n"


@pytest.fixture
def books(store: Store) -> Store:
    trust.open_trust(store)
    return store


def remit(store: Store, body: bytes = FEBRUARY, name: str = "february.csv", *, dry_run: bool = False) -> None:
    service.remit(store, "COVE-1", body, name, source_name="servicer", actor="tester", dry_run=dry_run)


def refuse(store: Store, body: bytes = WRONG, *, dry_run: bool = False) -> ProblemsFound:
    with pytest.raises(ProblemsFound) as refused:
        remit(store, body, "wrong.csv", dry_run=dry_run)
    return refused.value


def outcomes(store: Store) -> list[tuple[str, str, int]]:
    return [(listed.arrival.source_name, listed.arrival.outcome, listed.arrival.problem_count) for listed in evidence.arrived(store, "COVE-1")]


def digest_of(store: Store, number: int = 1) -> str:
    return evidence.arrived(store, "COVE-1")[number - 1].arrival.digest


def body_of(store: Store, digest: str) -> bytes:
    return b"".join(evidence.file_of(store, "COVE-1", digest))


def facts(store: Store) -> list[str]:
    return [problem.fact for problem in service.verify(store, "COVE-1").problems]


# Keeping ------------------------------------------------------------------------------------------------------------------


def test_remittance_is_kept_with_the_commit_that_names_it(books: Store) -> None:
    remit(books)

    (listed,) = evidence.arrived(books, "COVE-1")
    with books.reading() as reader:
        commit = reader.commit("COVE-1", 2)
    assert listed.arrival.digest == commit.source_digest
    assert (listed.arrival.arrived_at, str(listed.arrival.period), listed.arrival.outcome) == (commit.recorded_at, "2025-02-25", "appended")
    assert (listed.arrival.source_name, listed.arrival.format, listed.arrival.actor) == ("february.csv", "csv/1", "tester")
    assert listed.size == len(FEBRUARY)
    assert body_of(books, commit.source_digest or "") == FEBRUARY


def test_same_file_again_makes_no_second_copy_and_only_arrives(books: Store) -> None:
    remit(books)
    remit(books, name="again.csv")

    assert outcomes(books) == [("february.csv", "appended", 0), ("again.csv", "already appended", 0)]
    with books.reading() as reader:
        assert len(reader.connection.execute(tables.evidence.select()).all()) == 1


def test_refused_file_is_kept_with_its_problems_and_appends_nothing(books: Store) -> None:
    found = refuse(books)

    assert outcomes(books) == [("wrong.csv", "refused", len(found.problems))]
    assert body_of(books, digest_of(books)) == WRONG
    assert evidence.refusals(books, "COVE-1", digest_of(books)) == [str(problem) for problem in found.problems]
    verified = service.verify(books, "COVE-1")
    assert (verified.position, verified.problems) == (1, ())


def test_file_that_was_refused_and_is_taken_later_is_kept_once(books: Store) -> None:
    """Refused because February must come first; the very file is taken when it has come."""
    march = trust.month("2025-03-25")
    refuse(books, march)
    remit(books)
    remit(books, march, "march.csv")

    assert [outcome for _, outcome, _ in outcomes(books)] == ["refused", "appended", "appended"]
    assert digest_of(books, 1) == digest_of(books, 3)


def test_nothing_is_kept_of_a_trial(books: Store) -> None:
    refuse(books, dry_run=True)
    remit(books, dry_run=True)

    assert evidence.arrived(books, "COVE-1") == []


def test_nothing_is_kept_of_a_deal_that_does_not_exist(books: Store) -> None:
    with pytest.raises(ProblemsFound, match="there is no deal named COVE-9"):
        service.remit(books, "COVE-9", WRONG, "wrong.csv", actor="tester")

    with books.reading() as reader:
        assert reader.connection.execute(tables.evidence.select()).all() == []


def test_name_that_no_text_may_be_is_kept_written_out(books: Store) -> None:
    with pytest.raises(ProblemsFound):
        remit(books, FEBRUARY, "a\nb\udcff.csv")

    assert outcomes(books) == [("a\\nb\\udcff.csv", "refused", 2)]


def test_correction_is_kept_and_so_is_one_that_is_refused(store: Store) -> None:
    (position,) = example.months(store, 1)
    line = example.line_of(store, position, "interest")
    example.correct(store, f"{line},2025-02-15,interest,4500.00")
    with pytest.raises(ProblemsFound):
        example.correct(store, f"{line},2025-02-15,interest,4400.00")

    assert [listed.arrival.outcome for listed in evidence.arrived(store, example.NAME)] == ["appended", "appended", "refused"]


def test_file_that_cannot_be_kept_is_refused_all_the_same(books: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(*_: object) -> None:
        raise ProblemsFound([Problem("the disk is full", "make room")])

    monkeypatch.setattr("ledger.store.evidence.add_arrival", no_room)
    found = refuse(books)

    assert [problem.fact for problem in found.problems][-1] == "the file is not kept: the disk is full"
    assert evidence.arrived(books, "COVE-1") == []


# Parts --------------------------------------------------------------------------------------------------------------------

LARGE = FEBRUARY + b"\n" * (2 * PART_BYTES)
"""Three parts: blank lines are no rows."""


def test_large_file_is_kept_in_parts_and_read_back(books: Store) -> None:
    remit(books, LARGE)

    with books.reading() as reader:
        (row,) = reader.connection.execute(tables.evidence.select())
    assert (row.bytes, row.parts, row.cipher) == (len(LARGE), 3, None)
    assert body_of(books, digest_of(books)) == LARGE


def test_rows_are_found_whatever_part_they_stand_in(books: Store) -> None:
    body = FEBRUARY + b"\n" * PART_BYTES + b"2025-02-25,charge_off,,5.00\r\n"
    remit(books, body)
    digest = digest_of(books)[:8]

    assert evidence.row_of(books, "COVE-1", digest, 2) == "2025-02-25,interest,,8000.00"
    assert evidence.row_of(books, "COVE-1", digest, PART_BYTES + 5) == "2025-02-25,charge_off,,5.00"
    with pytest.raises(ProblemsFound, match=f"has no row {PART_BYTES + 6}"):
        evidence.row_of(books, "COVE-1", digest, PART_BYTES + 6)


def test_row_is_printed_on_one_line_and_cut(books: Store) -> None:
    refuse(books, b"distribution_date,kind,value\n\x1b[31m\xff\xe2\x80\xae" + b"x" * 5000)

    shown = evidence.row_of(books, "COVE-1", digest_of(books), 2)

    assert shown.startswith("\\x1b[31m\N{REPLACEMENT CHARACTER}\\u202exxx")
    assert shown.isprintable()
    assert len(shown) < 330


# Encryption ---------------------------------------------------------------------------------------------------------------


def test_encrypted_file_is_read_with_its_key_alone(books: Store) -> None:
    key, other = (evidence_key.read(evidence_key.make()) for _ in range(2))
    books.evidence_key = key
    remit(books, LARGE)
    refuse(books)
    digests = digest_of(books, 1), digest_of(books, 2)

    assert body_of(books, digests[0]) == LARGE
    assert evidence.refusals(books, "COVE-1", digests[1]) != []
    for wrong, says in ((None, f"encrypted with the evidence key {key.name};"), (other, f"key {key.name}, and not with {other.name};")):
        books.evidence_key = wrong
        with pytest.raises(ProblemsFound, match=says):
            body_of(books, digests[0])
    with books.reading() as reader:
        bodies = b"".join(row.body for row in reader.connection.execute(tables.evidence_part.select()))
    assert b"interest" not in bodies


def test_encrypted_part_passes_for_no_other(books: Store) -> None:
    books.evidence_key = evidence_key.read(evidence_key.make())
    remit(books, LARGE)
    parts = tables.evidence_part.c
    with as_owner(books) as connection:
        for number, other in ((2, 4), (3, 2), (4, 3)):
            connection.execute(update(tables.evidence_part).where(parts.number == number).values(number=other))

    with pytest.raises(ProblemsFound, match="was altered"):
        body_of(books, digest_of(books))


@pytest.mark.parametrize("text", [b"", b"no hex", b"ab" * 31, b"ab" * 33, "ä".encode()])
def test_what_is_no_evidence_key_is_a_problem(text: bytes) -> None:
    with pytest.raises(ProblemsFound, match="64 digits in hex"):
        evidence_key.read(text)


# Erasing ------------------------------------------------------------------------------------------------------------------


def test_erased_file_is_gone_the_log_says_so_and_all_is_whole(books: Store) -> None:
    remit(books, LARGE)
    digest = digest_of(books)
    trust.distribute(books)

    erased = evidence.erase(books, "COVE-1", digest[:10], reason="asked for", actor="owner")

    verified = service.verify(books, "COVE-1")
    assert (verified.problems, verified.position, erased.digest) == ((), erased.position, digest)
    with books.reading() as reader:
        ((_, event),) = reader.events("COVE-1", kinds=["evidence_erased"])
        assert (event.subject, event.code) == (digest, "asked for")
        assert reader.connection.execute(tables.evidence_part.select()).all() == []
    assert [(listed.size, listed.erased_at) for listed in evidence.arrived(books, "COVE-1")] == [(None, erased.position)]
    with pytest.raises(ProblemsFound, match=f"was erased at position {erased.position}; see"):
        body_of(books, digest)


def test_what_a_file_was_refused_for_is_erased_with_it(books: Store) -> None:
    refuse(books)
    evidence.erase(books, "COVE-1", digest_of(books), reason="asked for", actor="owner")

    with books.reading() as reader:
        assert reader.connection.execute(tables.evidence_part.select()).all() == []
    assert facts(books) == []


def test_erased_file_does_not_come_back(books: Store) -> None:
    remit(books)
    evidence.erase(books, "COVE-1", digest_of(books), reason="asked for", actor="owner")
    remit(books)

    assert [listed.size for listed in evidence.arrived(books, "COVE-1")] == [None, None]
    assert facts(books) == []


@pytest.mark.parametrize(
    ("digest", "reason", "says"),
    [(None, " ", "has no reason"), ("0" * 64, "why", "there is no file"), ("12", "why", "at least 6 digits"), ("", "why", "there is no file")],
)
def test_erasure_is_refused_where(books: Store, digest: str | None, reason: str, says: str) -> None:
    remit(books)

    with pytest.raises(ProblemsFound, match=says):
        evidence.erase(books, "COVE-1", digest_of(books) if digest is None else digest, reason=reason, actor="owner")
    assert body_of(books, digest_of(books)) == FEBRUARY


def test_file_is_erased_once(books: Store) -> None:
    remit(books)
    evidence.erase(books, "COVE-1", digest_of(books), reason="why", actor="owner")

    with pytest.raises(ProblemsFound, match="was erased at position 3"):
        evidence.erase(books, "COVE-1", digest_of(books), reason="why", actor="owner")


def test_bytes_that_are_erased_are_not_left_in_the_file_of_sqlite(sqlite: str) -> None:
    store = Store(sqlite)
    trust.open_trust(store)
    remit(store)
    with store.reading() as reader:
        (body,) = reader.connection.execute(tables.evidence_part.select().with_only_columns(tables.evidence_part.c.body)).scalars()
    store.close()
    file = Path(str(store.url.database))
    assert body in file.read_bytes()

    store = Store(sqlite)
    evidence.erase(store, "COVE-1", digest_of(store), reason="why", actor="owner")
    store.close()

    assert body not in file.read_bytes()


# Verifying ----------------------------------------------------------------------------------------------------------------


def remove(table: Table) -> Tampering:
    return lambda digest: delete(table).where(table.c.digest == digest)


def change(table: Table, **values: object) -> Tampering:
    return lambda digest: update(table).where(table.c.digest == digest).values(values)


def add(table: Table, **values: object) -> Tampering:
    return lambda _digest: insert(table).values(deal_id=1, digest="f" * 64, **values)


TAMPERED: dict[str, tuple[Tampering, str]] = {
    "the file is gone": (remove(tables.evidence), "arrived and is not kept, and no event erased it"),
    "its part is gone": (remove(tables.evidence_part), "has not the 1 parts"),
    "its part is another's": (change(tables.evidence_part, body=zlib.compress(b"interest,,9000.00")), "was altered"),
    "its part is no part": (change(tables.evidence_part, body=b"interest"), "was altered"),
    "its part says more": (change(tables.evidence_part, body=zlib.compress(FEBRUARY + b" ")), "was altered"),
    "its part holds too much": (change(tables.evidence_part, body=zlib.compress(bytes(50 * PART_BYTES))), "was altered"),
    "its part has another number": (change(tables.evidence_part, number=2), "has not the 1 parts"),
    "its size is another": (change(tables.evidence, bytes=1), "was altered"),
    "its parts are more": (change(tables.evidence, parts=2), "has not the 2 parts"),
    "its digest is another": (change(tables.evidence, digest="e" * 64), "is kept, and never arrived"),
    "its arrival is gone": (remove(tables.arrival), "is kept, and never arrived"),
    "its arrival is another's": (change(tables.arrival, digest="d" * 64), "arrived and was appended, and no commit names it"),
    "its arrival has another number": (change(tables.arrival, number=7), "not numbered 1, 2, 3"),
    "a file was added": (add(tables.evidence, bytes=0, parts=0), "is kept, and never arrived"),
    "a part was added": (add(tables.evidence_part, number=1, body=b""), "are kept, and the file is not"),
}


@pytest.mark.parametrize(("tamper", "says"), TAMPERED.values(), ids=TAMPERED)
def test_verify_finds_that(books: Store, tamper: Tampering, says: str) -> None:
    remit(books)
    digest = digest_of(books)
    assert facts(books) == []
    with as_owner(books) as connection:
        connection.execute(tamper(digest))

    assert [fact for fact in facts(books) if says in fact] != []


def test_verify_reads_large_files_where_it_is_asked_to(books: Store) -> None:
    remit(books, LARGE)
    changed = update(tables.evidence_part).where(tables.evidence_part.c.number == 2).values(body=zlib.compress(b" " * PART_BYTES))
    with as_owner(books) as connection:
        connection.execute(changed)

    small, every = (service.verify(books, "COVE-1", all_evidence=asked) for asked in (False, True))

    assert (small.problems, small.evidence.kept, small.evidence.read) == ((), 1, 0)
    assert [problem.fact.partition(":")[0] for problem in every.problems] == [f"the file {digest_of(books)} was altered"]


def test_verify_reads_encrypted_files_where_it_has_the_key(books: Store) -> None:
    books.evidence_key = evidence_key.read(evidence_key.make())
    remit(books)
    read = service.verify(books, "COVE-1").evidence.read
    books.evidence_key = None

    assert (read, service.verify(books, "COVE-1").evidence.read, facts(books)) == (1, 0, [])


def test_lists_of_problems_are_verified_and_not_counted_as_files(books: Store) -> None:
    refuse(books)
    assert service.verify(books, "COVE-1").evidence.kept == 1
    with as_owner(books) as connection:
        connection.execute(update(tables.evidence_part).where(tables.evidence_part.c.digest != digest_of(books)).values(body=zlib.compress(b"[]")))

    assert [fact for fact in facts(books) if "was altered" in fact] != []


# Explaining ---------------------------------------------------------------------------------------------------------------


def texts(store: Store) -> list[str | None]:
    found = service.explain(store, "COVE-1", "A", item="interest_paid")
    figures = evidence.explained_by_rows(store, "COVE-1", found.figures)
    return [node.source.text for figure in figures.values() for node in figure.every() if node.source and "interest: pool" in node.label]


def test_explanation_reaches_the_row_until_it_is_erased(books: Store) -> None:
    remit(books)
    trust.distribute(books)
    assert texts(books) == ["2025-02-25,interest,,8000.00"]

    evidence.erase(books, "COVE-1", digest_of(books), reason="why", actor="owner")

    assert texts(books) == [None]


# Moving -------------------------------------------------------------------------------------------------------------------


def test_backup_takes_the_evidence_along_encrypted_as_it_is(books: Store, tmp_path: Path) -> None:
    books.evidence_key = evidence_key.read(evidence_key.make())
    remit(books, LARGE)
    service.backup(books, tmp_path / "backup.db")

    copy = Store(f"sqlite:///{tmp_path / 'backup.db'}")
    copy.evidence_key = books.evidence_key
    assert body_of(copy, digest_of(copy)) == LARGE
    copy.close()


def test_bundle_brings_no_files_and_none_are_missed(books: Store, tmp_path: Path) -> None:
    remit(books)
    evidence.erase(books, "COVE-1", digest_of(books), reason="why", actor="owner")
    bundle = io.BytesIO()
    service.export_bundle(books, "COVE-1", bundle)
    other = Store(f"sqlite:///{tmp_path / 'other.db'}")
    other.upgrade()
    bundle.seek(0)
    service.import_bundle(other, bundle, "cove.bundle")

    assert facts(other) == []
    assert evidence.arrived(other, "COVE-1") == []
    other.close()


def test_erasure_that_a_bundle_brings_is_done_here_too(books: Store, tmp_path: Path) -> None:
    remit(books)
    service.backup(books, tmp_path / "copy.db")
    evidence.erase(books, "COVE-1", digest_of(books), reason="why", actor="owner")
    bundle = io.BytesIO()
    service.export_bundle(books, "COVE-1", bundle)
    bundle.seek(0)
    copy = Store(f"sqlite:///{tmp_path / 'copy.db'}")
    service.import_bundle(copy, bundle, "cove.bundle")

    assert [fact for fact in facts(copy) if "was erased at position 3, and is kept" in fact] != []
    evidence.erase(copy, "COVE-1", digest_of(copy), reason="why", actor="owner")
    assert facts(copy) == []
    copy.close()


# Rows that run on over lines ----------------------------------------------------------------------------------------------

XML = b"""\
<?xml version="1.0"?>
<assetData xmlns="http://www.sec.gov/edgar/document/absee/autoloan/assetdata">
 <assets>
  <assetNumber>L-1</assetNumber>
  <vehicleModelName>%s</vehicleModelName>
 </assets>
 <assets>
  <assetNumber>L-2</assetNumber>
 </assets>
</assetData>
"""


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (XML % b"Wrangler", " <assets> <assetNumber>L-1</assetNumber> <vehicleModelName>Wrangler</vehicleModelName> </assets>"),
        (XML % (b"x" * 2 * PART_BYTES), None),  # of a record without end no more is shown than of the longest that is real
    ],
)
def test_record_of_xml_is_shown_from_the_line_that_it_begins_in_to_its_end(books: Store, body: bytes, shown: str | None) -> None:
    with pytest.raises(ProblemsFound):
        service.remit(books, "COVE-1", body, "cars.xml", actor="tester")

    text = evidence.row_of(books, "COVE-1", digest_of(books), 3)
    assert (text == shown) if shown else (text.startswith(" <assets> <assetNumber>L-1</assetNumber>") and len(text) < 7_000)
    assert evidence.row_of(books, "COVE-1", digest_of(books), 8) == "  <assetNumber>L-2</assetNumber>"


def workbook(path: Path) -> bytes:
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["L-1", 100.25, 7])
        sheet.write_row(2, 0, ["L-2", 99, 0.045])
    return path.read_bytes()


def test_row_of_a_workbook_is_shown_by_its_cells(books: Store, tmp_path: Path) -> None:
    with pytest.raises(ProblemsFound):
        remit(books, workbook(tmp_path / "book.xlsx"), "book.xlsx")

    assert evidence.row_of(books, "COVE-1", digest_of(books), 1) == "L-1, 100.25, 7"
    assert evidence.row_of(books, "COVE-1", digest_of(books), 3) == "L-2, 99, 0.045"
    with pytest.raises(ProblemsFound, match="has no row 2"):
        evidence.row_of(books, "COVE-1", digest_of(books), 2)


def test_figure_that_came_in_a_parquet_file_is_explained_by_its_row(books: Store, tmp_path: Path) -> None:
    rows = "('2025-02-25', 'interest', 8000.00::DECIMAL(18, 2)), ('2025-02-25', 'scheduled_principal', 10000.00)"
    duckdb.sql(f"COPY (SELECT * FROM (VALUES {rows}) AS t(distribution_date, kind, value)) TO '{tmp_path}/file' (FORMAT parquet)")
    remit(books, (tmp_path / "file").read_bytes(), "february.parquet")

    assert evidence.row_of(books, "COVE-1", digest_of(books), 2) == "distribution_date=2025-02-25, kind=scheduled_principal, value=10000.00"
    with pytest.raises(ProblemsFound, match="has no row 3"):
        evidence.row_of(books, "COVE-1", digest_of(books), 3)


def test_file_that_only_begins_as_a_workbook_has_no_rows(books: Store) -> None:
    with pytest.raises(ProblemsFound):
        remit(books, b"PK\x03\x04\nsecond\n", "book.xlsx")

    with pytest.raises(ProblemsFound, match="this is no Excel file that can be read"):
        evidence.row_of(books, "COVE-1", digest_of(books), 2)


def test_database_that_fails_refuses_no_file(books: Store) -> None:
    arriving = evidence.Arriving(seal.file_digest(FEBRUARY), "february.csv", "csv/1", "tester")
    with pytest.raises(Unusable), evidence.kept_if_refused(books, "COVE-1", FEBRUARY, arriving):
        raise Unusable([Problem("the disk is full")])

    assert evidence.arrived(books, "COVE-1") == []
