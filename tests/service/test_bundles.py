"""Bundles: a log carried to another database comes out the same there, and one that was tampered with is refused whole."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

from ledger import service
from ledger.core.correction import Treatment
from ledger.core.problems import ProblemsFound
from ledger.files import bundle as form
from ledger.reports.json import to_json
from ledger.store.engine import Store
from tests.core.test_worked_example import DEAL
from tests.service.example import MONTHS, NAME, correct, distribute, line_of, months, open_example, remit, units
from tests.service.forging import Change, forged, put

ONE, TWO, THREE, *_ = MONTHS


@pytest.fixture
def books(sqlite: str) -> Iterator[Store]:
    """The books that a bundle is made of."""
    with closing(Store(sqlite)) as store:
        yield store


@pytest.fixture
def other(postgresql: str) -> Iterator[Store]:
    """The books that a bundle goes into."""
    with closing(Store(postgresql)) as store:
        yield store


def export(store: Store, deal: str = NAME) -> bytes:
    stream = io.BytesIO()
    service.export_bundle(store, deal, stream)
    return stream.getvalue()


def take(store: Store, bundle: bytes, anchor: service.Anchor | None = None) -> service.Bundled:
    return service.import_bundle(store, io.BytesIO(bundle), "a.bundle", anchor)


def refusal(store: Store, bundle: bytes) -> str:
    with pytest.raises(ProblemsFound) as found:
        take(store, bundle)
    return str(found.value)


def statements(store: Store, deal: str) -> list[bytes]:
    """Every statement of a deal, by distribution date."""
    with store.reading() as reader:
        days = sorted({str(row.distribution_date) for row in reader.distributions(deal)})
    return [to_json(service.statement(store, deal, on=day)) for day in days]


def everything(store: Store, deal: str) -> list[object]:
    """What a deal's books hold beside the log."""
    with store.reading() as reader:
        rows = reader.distributions(deal)
        kept = [(row, reader.postings(deal, row.number), reader.balances(deal, row.number)) for row in rows]
        return [reader.head(deal), list(reader.commits(deal)), list(reader.events(deal)), kept, reader.statements(deal)]


def a_long_story(store: Store) -> None:
    """Three months with a correction in the open month, an adjustment of a closed one, a reopening, and statements of two versions."""
    one, _ = months(store, 2)
    service.publish(store, NAME, ONE, actor="trustee")
    three = remit(store, THREE)
    correct(store, f"{line_of(store, three, 'recovery')},,,2500.00")
    distribute(store)
    correct(store, f"{line_of(store, one, 'interest')},,,4700.00", treatment="reopen")
    service.publish(store, NAME, ONE, actor="trustee")
    remit(store, MONTHS[3])
    correct(store, f"{line_of(store, three, 'interest')},,,5100.00")
    distribute(store)


# What comes out -------------------------------------------------------------------------------------------------------------


def test_books_that_were_corrected_reopened_and_published_come_out_the_same_on_the_other_database(books: Store, other: Store) -> None:
    a_long_story(books)
    bundle = export(books)

    done = take(other, bundle)

    assert everything(other, NAME) == everything(books, NAME)
    assert statements(other, NAME) == statements(books, NAME)
    assert service.verify(other, NAME).problems == ()
    assert export(other) == bundle
    with books.reading() as reader:
        head = reader.head(NAME)
    assert done == (NAME, head.position, head.hash, head.position, head.event_count)


@pytest.mark.parametrize("treatment", ["adjust", "reopen"])
def test_books_whose_terms_were_corrected_and_amended_come_out_the_same(treatment: Treatment, books: Store, other: Store) -> None:
    months(books, 2)
    lower, lowest = (DEAL.replace("amount: 400", f"amount: {amount}") for amount in (350, 325))
    service.correct_terms(books, NAME, lower.encode(), "deal.yaml", effective=ONE, reason="the fee letter", treatment=treatment, actor="checker")
    remit(books, THREE)
    distribute(books)
    service.amend(books, NAME, lowest.encode(), "deal.yaml", effective=MONTHS[3], actor="trustee", reason="the new fee letter")
    remit(books, MONTHS[3])
    distribute(books)
    service.amend(books, NAME, lower.encode(), "deal.yaml", effective=MONTHS[4], actor="trustee", reason="the old fee again")

    bundle = export(books)
    take(other, bundle)

    assert bundle.count(b'["document"') == 3
    assert everything(other, NAME) == everything(books, NAME)
    assert service.verify(other, NAME).problems == ()
    assert export(other) == bundle


def test_books_that_another_actor_approved_come_out_the_same(books: Store, other: Store) -> None:
    open_example(books, f"approval: true\n{DEAL}")
    remit(books, ONE)
    service.distribute(books, NAME, actor="maker")
    service.approve(books, NAME, ONE, actor="checker")

    take(other, export(books))

    assert everything(other, NAME) == everything(books, NAME)


@pytest.mark.parametrize("folder", service.worked_folders(), ids=lambda folder: folder.name)
def test_every_worked_deal_goes_to_the_other_database_and_back(folder: Path, books: Store, other: Store, tmp_path: Path) -> None:
    with closing(Store(f"sqlite:///{tmp_path / 'back.db'}")) as back:
        back.upgrade()
        for run in service.worked_deals(folder):
            deal = service.board(books, run, actor="trustee").deal
            for path in run.remittances:
                service.remit(books, deal, path.read_bytes(), path.name, actor="trustee")
            service.distribute(books, deal, actor="trustee")
            service.correct_worked(books, run, deal, actor="trustee")

            bundle = export(books, deal)
            take(other, bundle)
            take(back, export(other, deal))

            assert export(back, deal) == bundle
            assert statements(other, deal) == statements(back, deal) == statements(books, deal)
            assert service.verify(other, deal).problems == ()


def test_a_bundle_holds_the_lines_that_the_hashes_are_made_of(books: Store) -> None:
    months(books, 1)
    lines = export(books).splitlines()

    with books.reading() as reader:
        hashes = [commit.hash for commit in reader.commits(NAME)]
    assert [sha256(line).hexdigest() for line in lines if line.startswith(b'["tranche-ledger commit 1"')] == hashes
    assert json.loads(lines[0])[1:4] == [NAME, len(hashes), hashes[-1]]
    assert json.loads(lines[-1]) == ["end", len(lines) - 1, sha256(b"".join(line + b"\n" for line in lines[:-1])).hexdigest()]


def test_what_is_new_in_a_later_bundle_is_appended_and_the_same_again_adds_nothing(books: Store, other: Store) -> None:
    months(books, 1)
    take(other, export(books))
    remit(books, TWO)
    distribute(books)
    service.publish(books, NAME, TWO, actor="trustee")

    later, again = take(other, export(books)), take(other, export(books))

    assert (later.commits, again.commits) == (3, 0)
    assert everything(other, NAME) == everything(books, NAME)


def test_imported_books_go_on(books: Store, other: Store) -> None:
    months(books, 1)
    take(other, export(books))

    for store in (books, other):
        remit(store, TWO)
        distribute(store)

    assert units(other) == units(books)
    assert service.verify(other, NAME).problems == ()


def test_a_commit_larger_than_what_is_read_at_once_gives_the_same_root(books: Store, other: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.service.bundles._EVENTS_AT_ONCE", 4)  # the months have more events than that
    months(books, 1)

    assert take(other, export(books)).position == 3


# What is refused ------------------------------------------------------------------------------------------------------------


def test_books_that_are_ahead_of_the_bundle_are_left_alone(books: Store, other: Store) -> None:
    months(books, 1)
    bundle = export(books)
    take(other, bundle)
    remit(other, TWO)

    assert "are at position 4, the bundle ends at 3" in refusal(other, bundle)


def test_books_of_the_same_name_and_another_history_are_left_alone(books: Store, other: Store) -> None:
    for store in (books, other):
        months(store, 1)
    before = everything(other, NAME)

    assert "position 1: the books have another commit here" in refusal(other, export(books))
    assert everything(other, NAME) == before


def resealed(lines: list[bytes]) -> bytes:
    """Lines with an end that fits them, as one who tampers with care would write it."""
    body = b"".join(line + b"\n" for line in lines)
    return body + form.line_of([form.END, len(lines), sha256(body).hexdigest()])


def changed(find: bytes, put: bytes) -> Callable[[list[bytes]], list[bytes]]:
    return lambda lines: [line.replace(find, put) for line in lines]


def without(find: bytes) -> Callable[[list[bytes]], list[bytes]]:
    return lambda lines: [line for line in lines if find not in line]


TAMPERED: dict[str, tuple[Callable[[list[bytes]], list[bytes]], str]] = {
    "a figure": (changed(b"460000", b"460001"), "position 2: the events do not give the commit's root"),
    "a name": (changed(b'"tester"', b'"fester"'), "position 2: the commit does not follow from position 1"),
    "an event left out": (without(b'"scheduled_principal"'), "position 2: event"),
    "an event twice": (lambda lines: [*lines[:3], lines[2], *lines[3:]], "position 1: "),
    "a commit left out": (without(b'["tranche-ledger commit 1","EXAMPLE-1",2'), "a commit or the end of the bundle must stand here"),
    "a document": (changed(b'["document","', b'["document"," '), "position 1: the document has the digest"),
    "a document left out": (without(b'["document"'), "position 1: the document"),
    "a statement": (changed(b'["statement","{', b'["statement","{ '), "position 4: the statement has the digest"),
    "a statement left out": (without(b'["statement"'), "position 4: the statement"),
    "a column too many": (lambda lines: [*lines[:2], lines[2][:-1] + b",null]", *lines[3:]], "it has 17 columns, not 16"),
    "a fraction": (changed(b"460000", b"460000.5"), "its `interest` cannot be `460000.5`"),
    "a truth": (changed(b"460000", b"true"), "its `interest` cannot be `true`"),
    "a number beyond 64 bits": (changed(b"460000", b"9" * 19), "its `interest` cannot be `9999999999999999999`"),
    "a control character": (changed(b'"interest"', b'"inter\\u0000est"'), "its `kind` cannot be"),
    "a date that is none": (changed(b'"2025-02-15"', b'"2025-02-30"'), 'cannot be `"2025-02-30"`'),
    "blanks": (changed(b",null,", b", null,"), "the line is no JSON array in its one form"),
    "an object": (lambda lines: [lines[0], b"{}", *lines[1:]], "a.bundle:2: the line is no JSON array in its one form"),
    "a line of another kind": (lambda lines: [*lines, b'["other"]'], 'a commit or the end of the bundle must stand here, not `["other"]`'),
    "a first line that says less": (lambda lines: [lines[0].replace(b'"EXAMPLE-1",4', b'"EXAMPLE-1",3'), *lines[1:]], "more than its first line says"),
    "a first line that says another time": (lambda lines: [lines[0].replace(b'"20', b'"19', 1), *lines[1:]], "the log ends at position 4"),
    "another deal's name": (lambda lines: [lines[0].replace(b"EXAMPLE-1", b"../../EXAMPLE-2"), *lines[1:]], "does not follow from position 0"),
    "no bundle": (lambda lines: lines[1:], "the file is no `tranche-ledger bundle 1`"),
}


@pytest.mark.parametrize(("tamper", "message"), TAMPERED.values(), ids=TAMPERED)
def test_a_bundle_that_was_tampered_with_is_refused_whole(tamper: Callable[[list[bytes]], list[bytes]], message: str, books: Store, tmp_path: Path) -> None:
    months(books, 1)
    service.publish(books, NAME, ONE, actor="trustee")
    before = export(books).splitlines()[:-1]
    lines = tamper(before)
    assert lines != before

    with closing(Store(f"sqlite:///{tmp_path / 'other.db'}")) as other:
        other.upgrade()

        assert message in refusal(other, resealed(lines))
        with other.reading() as reader:
            assert reader.deals() == []


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda bundle: b"", "a.bundle:1: the bundle ends before its last line"),
        (lambda bundle: bundle[: len(bundle) // 2], "; ask for the bundle again"),
        (lambda bundle: bundle[: bundle.rindex(b'["end"')], "the bundle ends before its last line; ask for the bundle again: it was cut off"),
        (lambda bundle: bundle + b"\n", "something follows the end of the bundle"),
        (lambda bundle: bundle[:-10] + b"g" + bundle[-9:], "the bundle does not end as it was written"),
        (lambda bundle: b"PK\3\4" + bundle, "the file is no `tranche-ledger bundle 1`"),
        (lambda bundle: b'["' + b"x" * form.MOST_BYTES, "a.bundle:1: the line has more than 20,000 bytes"),
        (lambda bundle: b"[" * 9_000 + b"]" * 9_000 + b"\n", "the file is no `tranche-ledger bundle 1`"),
        (lambda bundle: b"\xff\xfe\n", "the file is no `tranche-ledger bundle 1`"),
    ],
    ids=["empty", "half", "no end", "more", "another digest", "an archive", "a line without end", "deep", "not UTF-8"],
)
def test_a_bundle_that_was_damaged_is_refused(damage: Callable[[bytes], bytes], message: str, books: Store, tmp_path: Path) -> None:
    months(books, 1)

    with closing(Store(f"sqlite:///{tmp_path / 'other.db'}")) as other:
        other.upgrade()

        assert message in refusal(other, damage(export(books)))


# What was written by another hand -------------------------------------------------------------------------------------------

FORGED: dict[str, tuple[Change, str]] = {
    "nothing": (put(0, ""), ""),
    "another remittance": (put(2, "interest", interest=460_001), "position 3: distribution 1 does not come out as it was recorded"),
    "another digest": (put(3, "distribution", code="00" * 32), "position 3: distribution 1 does not come out as it was recorded: the log names 0000"),
    "another number": (put(3, "distribution", amount=2), "position 3: distribution 2 does not come out as it was recorded"),
    "a date of the period without its day": (put(2, "period_date", effective_on=None), "position 3: what the commit records cannot be replayed"),
    "a period that never opened": (put(2, "period_date", kind="other"), "position 3: the period 2025-02-15 was distributed and never opened"),
    "a document of another digest": (put(1, "terms", code="00" * 32), "position 1: the document has the digest"),
    "a reversal of another amount": (put(5, "interest", interest=7), "position 5: the database refuses it: "),
    "a reversal of nothing": (put(5, "interest", corrects_position=9), "position 5: the database refuses it: "),
    "days beyond a column": (put(2, "interest", delinquency=2**31), "position 2: `delinquency` of 2147483648 units is larger than the books can hold"),
}


def a_corrected_month(store: Store) -> bytes:
    """A month distributed, and one remitted and corrected: line by line, positions 1 to 5."""
    months(store, 1)
    second = remit(store, TWO)
    correct(store, f"{line_of(store, second, 'interest')},,,5900.00")
    return export(store)


@pytest.mark.parametrize(("change", "message"), FORGED.values(), ids=FORGED)
def test_a_log_that_was_forged_with_care_is_refused_by_what_rests_on_it(change: Change, message: str, sqlite: str, store: Store, tmp_path: Path) -> None:
    source = f"sqlite:///{tmp_path / 'source.db'}"
    with closing(Store(source)) as books:
        books.upgrade()
        bundle = forged(a_corrected_month(books), change)

    if message:
        assert message in refusal(store, bundle)
        with store.reading() as reader:
            assert reader.deals() == []
    else:
        assert take(store, bundle).position == 5


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ({5: "rewritten"}, "position 1: the database refuses it: "),
        ({6: "2025-01-01T00:00:00.000000Z"}, "position 2: the database refuses it: "),
        ({1: "OTHER-1"}, "position 1: the commit does not follow from position 0 of EXAMPLE-1"),
    ],
    ids=["an unknown treatment", "a time that stands still", "another deal"],
)
def test_commits_that_no_ledger_would_write_are_refused(header: dict[int, str], message: str, store: Store, tmp_path: Path) -> None:
    with closing(Store(f"sqlite:///{tmp_path / 'source.db'}")) as books:
        books.upgrade()
        bundle = forged(a_corrected_month(books), put(0, ""), header=header)

    assert message in refusal(store, bundle)


def test_a_bundle_that_names_texts_without_end_is_refused(books: Store, other: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.service.bundles.MOST_NAMED", 1)  # the opening names two: the deal file and the distribution at closing
    months(books, 1)

    assert "position 1: the commit names more than 1 documents, distributions and statements" in refusal(other, export(books))


def test_books_that_were_altered_are_not_exported(books: Store) -> None:
    months(books, 1)
    with books.engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER event_no_update")
        connection.exec_driver_sql("UPDATE event SET interest = interest + 1 WHERE kind = 'interest'")

    with pytest.raises(ProblemsFound, match="EXAMPLE-1 position 2: the commit does not give its hash; the books were altered: see `tranche verify`"):
        export(books)
