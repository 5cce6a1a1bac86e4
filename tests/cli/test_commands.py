"""Every command: what it prints, what it writes, its exit code, and a list of problems in place of a traceback."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from click.testing import Result

from tests.cli.conftest import DEAL, Tranche


def refused(result: Result, *facts: str) -> None:
    """The command ended with exit code 1 and said why on standard error, without a traceback."""
    assert result.exit_code == 1, result.output
    assert isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.output
    assert all(fact in result.stderr for fact in facts), result.stderr


# A trust's month ------------------------------------------------------------------------------------------------------------


def test_month_from_deal_file_to_statement(opened: Tranche) -> None:
    remitted, distributed = opened("remit", "COVE-1", "2025-02.csv"), opened("distribute", "COVE-1")
    statement = opened("statement", "COVE-1")

    assert remitted.output == "2025-02-25: 2 events appended at position 2\n"
    # A 800,000 x 6 % / 12 = 4,000; B 200,000 x 9 % / 12 = 1,500; fee 100; the rest of 8,000 is 2,400
    assert distributed.output == "2025-02-25: distribution 1, paid 2025-02-25: interest 7,900.00, principal 10,000.00, fees 100.00\n"
    assert statement.output.startswith("COVE-1  Cove Trust 2025-1\nStatement of distribution 1 of 2025-02-25; amounts in USD\n")


def test_month_reads_the_same_from_either_database(tranche: Tranche, database: str) -> None:
    for command in (["deal", "open", "deal.yaml"], ["remit", "COVE-1", "2025-02.csv"], ["distribute", "COVE-1"]):
        assert tranche("--database", database, *command).exit_code == 0

    statement = tranche("statement", "COVE-1", "--format", "csv", "--database", database).stdout
    Path("february.csv").write_text(statement)
    reconciled = tranche("reconcile", "COVE-1", "february.csv", env={"TRANCHE_DATABASE": database})

    assert "2025-02-25,A,interest_paid,4000.00\n" in statement
    assert reconciled.exit_code == 0
    assert tranche("verify", "--database", database).exit_code == 0


def test_nothing_to_distribute_is_no_problem(distributed: Tranche) -> None:
    result = distributed("distribute", "COVE-1")

    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "COVE-1 has nothing to distribute: append the next month with `tranche remit`\n"


def test_same_file_again_adds_nothing(distributed: Tranche) -> None:
    result = distributed("remit", "COVE-1", "2025-02.csv")

    assert (result.exit_code, result.output) == (0, "2025-02-25: already appended at position 2; nothing new\n")


def test_dry_run_appends_nothing(opened: Tranche) -> None:
    result = opened("remit", "COVE-1", "2025-02.csv", "--dry-run")

    assert result.output == "2025-02-25: 2 events, nothing is wrong; nothing was appended\n"
    assert len(json.loads(opened("--json", "events", "COVE-1").stdout)) == 1


def test_distribute_stops_at_the_period_that_is_named(opened: Tranche) -> None:
    opened("remit", "COVE-1", "2025-02.csv")
    opened("remit", "COVE-1", "2025-03.csv")

    result = opened("distribute", "COVE-1", "--through", "2025-02")

    assert [line[:10] for line in result.output.splitlines()] == ["2025-02-25"]


def test_draft_is_printed_and_records_nothing(opened: Tranche) -> None:
    opened("remit", "COVE-1", "2025-02.csv")

    result = opened("distribute", "COVE-1", "--draft")

    assert "A draft: nothing of it is recorded" in result.output
    assert opened("statement", "COVE-1").output.split("\n")[1] == "Statement of the position at closing, 2025-01-15; amounts in USD"


def test_period_that_cannot_be_distributed_is_a_problem_and_those_before_it_stay(opened: Tranche) -> None:
    Path("2025-03.csv").write_text("distribution_date,kind,value\n2025-03-25,scheduled_principal,10.00\n2025-03-25,charge_off,2000000.00\n")
    opened("remit", "COVE-1", "2025-02.csv")
    remitted = opened("remit", "COVE-1", "2025-03.csv")
    result = opened("distribute", "COVE-1") if remitted.exit_code == 0 else remitted

    refused(result)
    if remitted.exit_code == 0:
        assert result.stdout.startswith("2025-02-25: distribution 1")
        assert opened("statement", "COVE-1").output.split("\n")[1].startswith("Statement of distribution 1 of 2025-02-25")


# Statements -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "second_line"),
    [
        ([], "Statement of distribution 2 of 2025-03-25; amounts in USD"),
        (["--date", "2025-02"], "Statement as of 2025-02-25; last distribution 1 of 2025-02-25; amounts in USD"),
        (["--date", "2025-03-24"], "Statement as of 2025-03-24; last distribution 1 of 2025-02-25; amounts in USD"),
        (["--date", "2025-02-24"], "Statement as of 2025-02-24; the position at closing, 2025-01-15; amounts in USD"),
        (["--known-at", "4"], "Statement of distribution 1 of 2025-02-25; amounts in USD"),
        (["--known-at", "1"], "Statement of the position at closing, 2025-01-15; amounts in USD"),
    ],
)
def test_statement_of_a_date_or_as_known_earlier(distributed: Tranche, arguments: list[str], second_line: str) -> None:
    assert distributed("statement", "COVE-1", *arguments).output.split("\n")[1] == second_line


def test_what_is_received_and_not_distributed_is_on_the_statement(opened: Tranche) -> None:
    opened("remit", "COVE-1", "2025-02.csv")

    text = opened("statement", "COVE-1").output

    assert "Received and not yet distributed" in text
    assert "8,000.00" in text


def test_statement_is_written_to_a_file_in_its_format(distributed: Tranche) -> None:
    result = distributed("statement", "COVE-1", "--format", "csv", "-o", "march.csv")
    reconciled = distributed("reconcile", "COVE-1", "march.csv")

    assert (result.exit_code, result.output) == (0, "")
    assert reconciled.exit_code == 0, reconciled.output
    assert json.loads(distributed("statement", "COVE-1", "--format", "json").stdout)["number"] == 2
    assert distributed("--json", "statement", "COVE-1").stdout == distributed("statement", "COVE-1", "--format", "json").stdout


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("2025", "2025 could be 11 periods, from 2025-02-25 to 2025-12-25"),
        ("1999-01", "no period of COVE-1 begins with 1999-01"),
        ("2025-04", "the period 2025-04-25 is not distributed as of position 5"),
        ("2025-02-30", "2025-02-30 is not a day of the calendar"),
    ],
)
def test_date_that_names_no_distributed_period_is_a_problem(distributed: Tranche, text: str, fact: str) -> None:
    refused(distributed("statement", "COVE-1", "--date", text), fact)


def test_position_that_the_log_does_not_have_is_a_problem(distributed: Tranche) -> None:
    refused(distributed("statement", "COVE-1", "--known-at", "99"), "COVE-1 has positions 1 to 5, not 99")


def test_nothing_is_coloured_or_cut_on_a_pipe(distributed: Tranche) -> None:
    output = "".join(distributed(*command).output for command in (["statement", "COVE-1"], ["events", "COVE-1"], ["deal", "list"], ["verify"]))

    assert "\x1b" not in output
    assert "…" not in output
    assert "\r" not in output


# Reconcile, events, verify ----------------------------------------------------------------------------------------------------


def test_reconcile_counts_what_ties(distributed: Tranche) -> None:
    result = distributed("reconcile", "COVE-1", "published.csv")

    assert (result.exit_code, result.output) == (0, "3 figures: 2 ties, 1 derived\n")


def test_figure_that_differs_ends_with_exit_code_1_unless_it_is_tolerated_beside_the_file(distributed: Tranche) -> None:
    file = Path("published.csv")
    file.write_text(file.read_text().replace("5000.00", "5000.01"))
    before = distributed("reconcile", "COVE-1", "published.csv")
    Path("tolerated.csv").write_text("distribution_date,subject,item,difference,reason\n2025-03-25,B,realized_loss,-0.01,misprint\n")
    after = distributed("reconcile", "COVE-1", "published.csv")

    refused(before, "published.csv:4: 2025-03-25 B realized_loss was published as 5000.01, ours is 5000.00 (difference -0.01)")
    assert after.exit_code == 0
    assert after.output.endswith("3 figures: 1 ties, 1 derived, 1 tolerated\n")


def test_reconcile_as_known_earlier_does_not_know_later_periods(distributed: Tranche) -> None:
    refused(distributed("reconcile", "COVE-1", "published.csv", "--known-at", "4"), "2025-03-25 is not a distributed period")


def test_events_list_commits_and_the_lines_of_one(distributed: Tranche) -> None:
    commits = json.loads(distributed("events", "COVE-1", "--json").stdout)
    lines = json.loads(distributed("events", "COVE-1", "--position", "2", "--json").stdout)

    assert [commit["position"] for commit in commits] == [1, 2, 3, 4, 5]
    assert commits[0]["actor"] == "tester"
    assert [(line["kind"], line["interest"]) for line in lines if line["kind"] == "interest"] == [("interest", "8000.00")]
    assert "8000.00" in distributed("events", "COVE-1", "--position", "2").output
    refused(distributed("events", "COVE-1", "--position", "6"), "COVE-1 has positions 1 to 5, not 6")


def test_verify_says_that_all_is_well(distributed: Tranche) -> None:
    result = distributed("verify")

    assert result.exit_code == 0, result.output
    assert result.output.startswith("COVE-1: the chain is whole up to position 5, head ")
    assert result.output.endswith(
        "; 2 distributions replay to the same cents; who acted: 5 commits by a declared actor, which proves nothing;"
        " 2 files kept, 2 read; unanchored: no seal was given\n"
    )


def test_verify_names_what_was_altered(distributed: Tranche) -> None:
    database = sqlite3.connect("tranche.db")
    triggers = database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'event'").fetchall()
    for name, _ in triggers:
        database.execute(f"DROP TRIGGER {name}")
    database.execute("UPDATE event SET interest = interest + 1 WHERE position = 2 AND kind = 'interest'")
    for _, sql in triggers:
        database.execute(sql)
    database.commit()
    database.close()

    refused(distributed("verify", "COVE-1"), "position 2")
    assert json.loads(distributed("verify", "--json").stdout)["COVE-1"]["problems"]


# Deals ----------------------------------------------------------------------------------------------------------------------


def test_deal_is_checked_opened_listed_and_shown(opened: Tranche) -> None:
    checked = opened("deal", "check", "deal.yaml")
    listed = opened("deal", "list")

    assert checked.output == "deal.yaml: COVE-1, 3 classes, 1 fee, 1 account, 5 steps: nothing is wrong\n"
    assert listed.output.splitlines()[-1].startswith("COVE-1")
    assert opened("deal", "show", "COVE-1").stdout == DEAL
    refused(opened("deal", "show", "COVE-1", "--boarding"), "COVE-1 has no boarding file")


def test_every_problem_of_a_deal_file_is_listed_with_its_line(tranche: Tranche) -> None:
    Path("bad.yaml").write_text(DEAL.replace("rate: 6%", "rate: six").replace("to: trustee", "to: trustees"))

    result = tranche("deal", "check", "bad.yaml")

    refused(result, "bad.yaml:7:", "bad.yaml:13:")


def test_deal_opens_under_another_id(opened: Tranche) -> None:
    result = opened("deal", "open", "deal.yaml", "--as", "COVE-1.again", "--json")

    assert json.loads(result.stdout)["deal"] == "COVE-1.again"
    refused(opened("deal", "open", "deal.yaml"), "a deal named COVE-1 exists already")


def test_schema_of_deal_files_and_of_boarding_files_is_printed(tranche: Tranche) -> None:
    deal, boarding = (json.loads(tranche("deal", "schema", *words).stdout) for words in ([], ["--boarding"]))

    assert "waterfall" in deal["properties"]
    assert "last_distribution" in boarding["properties"]


# Options --------------------------------------------------------------------------------------------------------------------


def test_shared_options_stand_before_or_after_the_command(opened: Tranche) -> None:
    before = opened("--database", "sqlite:///tranche.db", "--json", "deal", "list")
    after = opened("deal", "list", "--json", "--database", "sqlite:///tranche.db")

    assert before.stdout == after.stdout
    assert json.loads(before.stdout)[0]["deal"] == "COVE-1"


def test_option_after_the_command_holds_over_one_before_it_and_over_the_environment(opened: Tranche) -> None:
    result = opened("--database", "sqlite:///absent.db", "deal", "list", "--database", "sqlite:///tranche.db", env={"TRANCHE_DATABASE": "sqlite:///no.db"})

    assert result.exit_code == 0
    refused(opened("deal", "list", env={"TRANCHE_DATABASE": "sqlite:///no.db"}), "there is no database no.db")


def test_actor_is_the_option_or_the_environment(opened: Tranche) -> None:
    opened("remit", "COVE-1", "2025-02.csv", env={"TRANCHE_ACTOR": "Ana"})
    opened("distribute", "COVE-1", "--actor", "Ben", env={"TRANCHE_ACTOR": "Ana"})

    assert [commit["actor"] for commit in json.loads(opened("events", "COVE-1", "--json").stdout)] == ["tester", "Ana", "Ben"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["wishes"],
        ["statement"],
        ["statement", "COVE-1", "--format", "docx"],
        ["statement", "COVE-1", "--date", "25.02.2025"],
        ["distribute", "COVE-1", "--through", "February"],
        ["events", "COVE-1", "--position", "0"],
        ["--wishes"],
    ],
)
def test_wrong_usage_ends_with_exit_code_2(tranche: Tranche, arguments: list[str]) -> None:
    assert tranche(*arguments).exit_code == 2


def test_a_time_without_its_offset_is_refused_with_the_remedy(distributed: Tranche) -> None:
    result = distributed("statement", "COVE-1", "--known-at", "2025-02-25T12:00")

    assert result.exit_code == 1
    assert "`2025-02-25T12:00` has no offset; write it as 2025-02-25T12:00+00:00 if it is UTC" in result.stderr


# Problems -------------------------------------------------------------------------------------------------------------------


def test_missing_database_is_a_problem_and_none_is_made(tranche: Tranche) -> None:
    refused(tranche("deal", "list"), "there is no database tranche.db", "tranche database upgrade")
    assert not Path("tranche.db").exists()


def test_unknown_deal_is_a_problem(opened: Tranche) -> None:
    refused(opened("statement", "COVE-2"), "there is no deal named COVE-2")


@pytest.mark.parametrize(
    "arguments",
    [["deal", "check", "absent.yaml"], ["deal", "open", "absent.yaml"], ["remit", "COVE-1", "absent.yaml"], ["reconcile", "COVE-1", "absent.yaml"]],
)
def test_missing_file_is_a_problem(opened: Tranche, arguments: list[str]) -> None:
    refused(opened(*arguments), "absent.yaml: there is no such file or directory; check the path")


def test_directory_in_place_of_a_file_is_a_problem(opened: Tranche) -> None:
    Path("folder").mkdir()

    refused(opened("remit", "COVE-1", "folder"), "folder: this is a directory; name a file in it")
    refused(opened("statement", "COVE-1", "-o", "folder"), "folder: this is a directory; name a file in it")


def test_file_without_permission_is_a_problem(opened: Tranche, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, *_: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", refuse)

    refused(opened("remit", "COVE-1", "2025-02.csv"), "2025-02.csv: permission denied; ask for the right to read or write it")


@pytest.mark.parametrize(
    ("url", "fact"),
    [
        ("sqlite:////nowhere/at/all.db", "there is no database /nowhere/at/all.db"),
        ("postgresql://nobody:secret@127.0.0.1:1/books", "cannot be used"),
        ("mysql://localhost/books", "databases of the kind mysql are not supported"),
        ("books", "books is not a database URL"),
    ],
)
def test_database_that_cannot_be_reached_is_a_problem_and_no_password_is_shown(tranche: Tranche, url: str, fact: str) -> None:
    result = tranche("deal", "list", "--database", url)

    refused(result, fact)
    assert "secret" not in result.output


def test_file_that_is_no_database_is_a_problem(tranche: Tranche) -> None:
    refused(tranche("deal", "list", "--database", "sqlite:///deal.yaml"), "cannot be used: file is not a database")


def test_database_is_upgraded_and_checked(tranche: Tranche) -> None:
    upgraded, checked = tranche("database", "upgrade"), tranche("database", "check")

    assert upgraded.output == "sqlite:///tranche.db is up to date\n"
    assert checked.output == "sqlite:///tranche.db is as it was created\n"
    assert json.loads(tranche("database", "check", "--json").stdout) == {"database": "sqlite:///tranche.db", "problems": [], "advice": []}


def test_database_in_a_folder_that_is_not_there_is_a_problem(tranche: Tranche) -> None:
    refused(tranche("database", "upgrade", "--database", "sqlite:///absent/books.db"), "cannot be used")
