"""Statements of several deals into a folder: whose, in which forms, what holds up which deal, and the manifest against which the folder is checked."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from cli.folder import Names, put, safe_name
from cli.statement import FORMATS
from ledger.core.problems import Problem, ProblemsFound
from ledger.core.statement import Statement
from ledger.reports.csv import to_csv
from tests.cli.conftest import DEAL, FEBRUARY, Tranche
from tests.cli.test_several import addressed

DAY = ("--paying-on", "2025-02-25")


@pytest.fixture
def book(tranche: Tranche, tmp_path: Path) -> Tranche:
    """BAY-1 and COVE-2 have distributed February; nothing was remitted for COVE-1."""
    tranche("database", "upgrade")
    for name in ("BAY-1", "COVE-1", "COVE-2"):
        (tmp_path / f"{name}.yaml").write_text(DEAL.replace("COVE-1", name), encoding="utf-8")
        assert tranche("deal", "open", f"{name}.yaml").exit_code == 0
        if name != "COVE-1":
            (tmp_path / f"{name}.csv").write_text(addressed(FEBRUARY, name), encoding="utf-8")
            assert tranche("remit", name, f"{name}.csv").exit_code == 0
            assert tranche("distribute", name).exit_code == 0
    return tranche


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def manifest(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "manifest.json").read_bytes())
    return found


# Whose, and in which forms --------------------------------------------------------------------------------------------------


def test_a_distribution_day_is_a_file_for_each_deal_that_pays_and_each_form(book: Tranche, tmp_path: Path) -> None:
    result = book("statement", "--all", *DAY, "--format", "json,csv,factors", "-o", "out")

    assert result.exit_code == 1  # COVE-1 is held up
    assert list(files(tmp_path / "out")) == [
        "BAY-1.csv", "BAY-1.factors.csv", "BAY-1.json", "COVE-2.csv", "COVE-2.factors.csv", "COVE-2.json", "manifest.json",
    ]  # fmt: skip
    assert json.loads((tmp_path / "out" / "BAY-1.json").read_bytes())["dates"]["distribution"] == "2025-02-25"
    assert result.stdout.splitlines()[-1] == "2 of 3 deals written, 1 held up, 0 failed; 0 not paying on 2025-02-25; out/manifest.json"
    assert result.stderr == (
        "COVE-1: the period 2025-02-25, which pays on 2025-02-25 and is missing: nothing was remitted for it; append the servicer's file with `tranche remit`\n"
    )


def test_a_file_is_what_the_statement_of_the_deal_alone_is(book: Tranche, tmp_path: Path) -> None:
    book("statement", "*-2", "--format", "csv,html,csv-set", "-o", "out")
    for name in ("csv", "html", "csv-set"):
        book("statement", "COVE-2", "--format", name, "-o", f"alone.{name}")

    assert (tmp_path / "out" / "COVE-2.csv").read_bytes() == (tmp_path / "alone.csv").read_bytes()
    assert (tmp_path / "out" / "COVE-2.html").read_bytes() == (tmp_path / "alone.html").read_bytes()
    assert files(tmp_path / "out" / "COVE-2.csv-set") == files(tmp_path / "alone.csv-set")


def test_several_forms_of_one_deal_are_a_folder_too(book: Tranche, tmp_path: Path) -> None:
    result = book("statement", "BAY-1", "--format", "text,json", "-o", "out")

    assert result.exit_code == 0
    assert list(files(tmp_path / "out")) == ["BAY-1.json", "BAY-1.txt", "manifest.json"]


def test_a_deal_that_does_not_pay_on_the_day_has_no_part_in_it(book: Tranche, tmp_path: Path) -> None:
    result = book("statement", "--all", "--paying-on", "2025-02-24", "-o", "out")

    assert result.exit_code == 0
    assert result.stdout == "0 of 3 deals written, 0 held up, 0 failed; 3 not paying on 2025-02-24; out/manifest.json\n"
    assert manifest(tmp_path / "out")["files"] == []


def test_as_of_a_day_everybody_has_a_statement_and_who_is_behind_is_named(book: Tranche, tmp_path: Path) -> None:
    result = book("statement", "--all", "--date", "2025-02-27", "--format", "json", "-o", "out")

    assert result.exit_code == 1
    assert list(files(tmp_path / "out")) == ["BAY-1.json", "COVE-1.json", "COVE-2.json", "manifest.json"]
    assert result.stderr.startswith(
        "COVE-1: the period 2025-02-25, which pays on 2025-02-25 and is missing and late (after its determination and distribution date): "
    )
    assert result.stderr.count("\n") == 1


def test_nothing_stands_in_for_the_period_of_a_month_that_is_not_distributed(book: Tranche, tmp_path: Path) -> None:
    result = book("statement", "--all", "--date", "2025-02", "--format", "json", "-o", "out")

    assert result.exit_code == 1
    assert list(files(tmp_path / "out")) == ["BAY-1.json", "COVE-2.json", "manifest.json"]
    assert "COVE-1: the period 2025-02-25, which pays on 2025-02-25 and is missing: " in result.stderr


def test_a_month_behind_another_says_which(book: Tranche, tmp_path: Path) -> None:
    book("statement", "--all", "--paying-on", "2025-03-25", "-o", "out")
    held = manifest(tmp_path / "out")["held"]

    assert {deal: (found["due"], found["period"]) for deal, found in held.items()} == {
        "BAY-1": ("2025-03-25", "2025-03-25"), "COVE-1": ("2025-03-25", "2025-02-25"), "COVE-2": ("2025-03-25", "2025-03-25"),
    }  # fmt: skip
    assert "COVE-1: the period 2025-03-25 waits behind 2025-02-25, which pays on" in book("statement", "COVE-1", "--paying-on", "2025-03-25").stderr


WRONG = f"{FEBRUARY.replace('interest,8000.00', 'interest,,8000.00').replace('principal,1', 'principal,,1').replace('d,v', 'd,subject,v')}"


@pytest.mark.parametrize(("sent", "clause", "state", "words"), [
    (FEBRUARY, "", "checked", "it can be distributed and is not; run `tranche distribute`"),
    (FEBRUARY, "approval: true\n", "proposed", "it was proposed and waits for another actor; approve it with `tranche approve`"),
    (FEBRUARY, "settlement: wired\n", "received", "not all that it needs is there; append what is awaited"),
    (f"{WRONG}2025-02-25,closing_balance,funds,5.00\n", "", "blocked", "something in it is wrong; correct it with `tranche correct`"),
])  # fmt: skip
def test_what_holds_up_a_deal_is_what_status_says(opened: Tranche, tmp_path: Path, sent: str, clause: str, state: str, words: str) -> None:
    (tmp_path / "bay.yaml").write_text(clause + DEAL.replace("COVE-1", "BAY-1"), encoding="utf-8")
    (tmp_path / "sent.csv").write_text(sent, encoding="utf-8")
    opened("deal", "open", "bay.yaml")
    assert opened("remit", "BAY-1", "sent.csv").exit_code == 0
    if state == "proposed":
        opened("distribute", "BAY-1")
    result = opened("--json", "statement", "BAY-*", *DAY, "-o", "out")
    held = json.loads(result.stdout)["BAY-1"]["held"]

    assert (result.exit_code, held["state"]) == (1, state)
    assert words in result.stderr
    assert manifest(tmp_path / "out")["held"] == {"BAY-1": held}
    (of_status,) = (deal["periods"] for deal in json.loads(opened("--json", "status", "--date", "2025-02-25").stdout) if deal["deal"] == "BAY-1")
    assert [(each["state"], each["problems"]) for each in of_status] == [(state, held["problems"])]


def test_what_was_not_known_then_is_not_written(book: Tranche, tmp_path: Path) -> None:
    result = book("statement", "BAY-1", *DAY, "--known-at", "2", "-o", "out")

    assert result.exit_code == 1
    assert "BAY-1: its distribution of 2025-02-25 was not known at position 2; leave out --known-at, or name a later one" in result.stderr
    assert list(files(tmp_path / "out")) == ["manifest.json"]


def test_a_form_that_fails_for_one_deal_stops_neither_its_other_forms_nor_the_rest(book: Tranche, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def for_some(said: Statement) -> bytes:
        if said.deal == "BAY-1":
            raise ProblemsFound([Problem("no such form of it", "ask for another")])
        return to_csv(said)

    monkeypatch.setattr("ledger.reports.csv.to_csv", for_some)
    result = book("statement", "*-[12]", "--format", "csv,json", "-o", "out")

    assert result.exit_code == 1
    assert result.stderr == "BAY-1, csv: no such form of it; ask for another\n"
    assert list(files(tmp_path / "out")) == ["BAY-1.json", "COVE-1.csv", "COVE-1.json", "COVE-2.csv", "COVE-2.json", "manifest.json"]
    assert manifest(tmp_path / "out")["failed"] == {"BAY-1": ["BAY-1, csv: no such form of it; ask for another"]}


def test_progress_counts_deals_on_a_terminal(book: Tranche, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = list[str]()

    class Shows:
        def __enter__(self) -> Any:
            return shown.append

        def __exit__(self, *_: object) -> None:
            return None

    monkeypatch.setattr("cli.batch.progress", Shows)
    book("statement", "--all", "-o", "out")

    assert shown == ["1 of 3: BAY-1", "2 of 3: COVE-1", "3 of 3: COVE-2"]


@pytest.mark.parametrize(("words", "message"), [
    (["--date", "2025-02", *DAY], "--date and --paying-on are two ways to name a day: take one"),
    (["--format", "json,jason"], "`jason` is not one of text, json, csv"),
    (["--format", ""], "`` is not one of text"),
])  # fmt: skip
def test_what_cannot_be_meant_is_wrong_usage(tranche: Tranche, words: list[str], message: str) -> None:
    result = tranche("statement", "--all", *words)

    assert result.exit_code == 2
    assert message in result.stderr


# Files --------------------------------------------------------------------------------------------------------------------------


def test_no_two_forms_have_one_ending() -> None:
    endings = [form.ending or name for name, form in FORMATS.items()]

    assert len(set(endings)) == len(endings)


def test_a_second_run_leaves_every_file_alone_and_writes_the_same_manifest(book: Tranche, tmp_path: Path) -> None:
    def run() -> tuple[dict[str, bytes], list[int]]:
        book("statement", "--all", *DAY, "--format", "json,html,exhibit,text,csv-set", "-o", "out")
        return files(tmp_path / "out"), [path.stat().st_mtime_ns for path in sorted((tmp_path / "out").rglob("*"))]

    assert run() == run()


def test_a_file_that_cannot_be_finished_is_not_there_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_self: Path, _target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ProblemsFound, match=r"BAY-1\.json: No space left on device"):
        put(tmp_path / "BAY-1.json", b"{}")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("deal", "name"), [
    ("SMT-2000-4", "SMT-2000-4"),
    ("LANTERN-2024.1_b", "LANTERN-2024.1_b"),
    ("../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd"),
    ("..", "%2E."),
    ("C:\\x", "C%3A%5Cx"),
    ("~a b\n", "%7Ea%20b%0A"),
    ("/", "%2F"),
])  # fmt: skip
def test_the_name_of_a_file_cannot_leave_its_folder(deal: str, name: str) -> None:
    assert safe_name(deal) == name


@pytest.mark.parametrize(("first", "second"), [("bay-1.json", "BAY-1.json"), ("BAY-1.json", "BAY-1.json")])
def test_two_deals_do_not_share_a_file(first: str, second: str) -> None:
    taken = Names()
    taken.take(first, "bay-1")
    taken.take(first, "bay-1")

    with pytest.raises(ProblemsFound, match=r"BAY-1: its file BAY-1\.json would take the place of that of bay-1"):
        taken.take(second, "BAY-1")


def test_a_deal_named_manifest_does_not_become_the_manifest(tranche: Tranche, tmp_path: Path) -> None:
    tranche("database", "upgrade")
    (tmp_path / "deal.yaml").write_text(DEAL.replace("COVE-1", "Manifest"), encoding="utf-8")
    tranche("deal", "open", "deal.yaml")
    result = tranche("statement", "Manifest*", "--format", "json,csv", "-o", "out")

    assert result.stderr == "Manifest: its file Manifest.json would take the place of that of the manifest; write one of them to another folder\n"
    assert list(files(tmp_path / "out")) == ["Manifest.csv", "manifest.json"]


# The manifest -------------------------------------------------------------------------------------------------------------------


def test_manifest_names_each_file_with_size_digest_and_anchor(book: Tranche, tmp_path: Path) -> None:
    book("statement", "BAY-1", *DAY, "--format", "json,csv-set", "-o", "out")
    found = manifest(tmp_path / "out")
    said = json.loads((tmp_path / "out" / "BAY-1.json").read_bytes())
    bodies = {name: body for name, body in files(tmp_path / "out").items() if name != "manifest.json"}

    assert found["asked"] == {"date": None, "paying_on": "2025-02-25", "known_at": None}
    assert [(each["file"], each["bytes"], each["sha256"]) for each in found["files"]] == [
        (name, len(body), sha256(body).hexdigest()) for name, body in bodies.items()
    ]
    assert {(each["deal"], each["period"], each["position"], each["head"]) for each in found["files"]} == {
        ("BAY-1", "2025-02-25", said["position"], said["head"])
    }
    assert [each["format"] for each in found["files"]] == [*["csv-set"] * (len(bodies) - 1), "json"]


@pytest.fixture
def written(book: Tranche, tmp_path: Path) -> tuple[Tranche, Path]:
    """The folder of BAY-1 and COVE-2, in two forms."""
    assert book("statement", "[BC]*-[12]", *DAY, "--format", "json,csv-set", "-o", "out").exit_code == 1
    return book, tmp_path / "out"


def test_a_folder_is_as_its_manifest_says(written: tuple[Tranche, Path]) -> None:
    tranche, folder = written
    result = tranche("verify", "--manifest", "out/manifest.json")

    assert (result.exit_code, result.stdout) == (0, f"{len(files(folder)) - 1} files as out/manifest.json says\n")


def test_files_that_were_altered_or_removed_are_named(written: tuple[Tranche, Path]) -> None:
    tranche, folder = written
    body = (folder / "BAY-1.json").read_bytes()
    (folder / "BAY-1.json").write_bytes(body.replace(b"USD", b"EUR"))
    (folder / "COVE-2.csv-set" / "fees.csv").unlink()
    result = tranche("verify", "--manifest", "out/manifest.json")
    problems = result.stderr.splitlines()

    assert result.exit_code == 1
    assert problems[0].startswith("out/BAY-1.json: it is not the file that was written: its SHA-256 is ")
    assert problems[1:] == ["out/COVE-2.csv-set/fees.csv: there is no such file or directory; check the path"]


def test_a_file_of_another_run_is_named(written: tuple[Tranche, Path]) -> None:
    tranche, folder = written
    (folder / "COVE-1.json").write_text("{}")
    result = tranche("verify", "--manifest", "out/manifest.json")

    assert result.stderr == "out/COVE-1.json: the manifest does not name this file; move it elsewhere: it is of another run\n"


@pytest.mark.parametrize(("text", "message"), [
    ("", "this is no manifest; name the manifest.json that `tranche statement` wrote"),
    ("[1]", "this is no manifest"),
    ('{"files": [{"file": "a"}]}', "this is no manifest"),
    ('{"format": 2, "files": []}', "the manifest's format is 2, and 1 is known; use a later version"),
    ('{"format": 1, "files": [{"file": "../secret", "sha256": ""}]}', "it names `../secret`, which is not in its folder; do not trust this manifest"),
    ('{"format": 1, "files": [{"file": "/secret", "sha256": ""}]}', "it names `/secret`, which is not in its folder"),
])  # fmt: skip
def test_what_is_no_manifest_is_a_problem(tranche: Tranche, tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    result = tranche("verify", "--manifest", "manifest.json")

    assert result.exit_code == 1
    assert result.stderr.startswith(f"manifest.json: {message}")


def test_a_manifest_has_nothing_to_do_with_deals(tranche: Tranche) -> None:
    assert "--manifest is about files" in tranche("verify", "COVE-1", "--manifest", "manifest.json").stderr


# --all --------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [["BAY-1", "-o", "--all"], ["-o", "--all", "BAY-1"], ["BAY-1", "--output", "--all"]])
def test_all_as_the_value_of_an_option_is_that_value(book: Tranche, tmp_path: Path, arguments: list[str]) -> None:
    assert book("statement", "--format", "csv", *arguments).exit_code == 0
    assert (tmp_path / "--all").read_bytes().startswith(b"distribution_date,")


def test_all_after_two_dashes_is_a_word(book: Tranche) -> None:
    assert "there is no deal named --all" in book("statement", "--", "--all").stderr
