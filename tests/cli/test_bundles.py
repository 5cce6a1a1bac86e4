"""Export and import through the command line."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Tranche

OTHER = ("--database", "sqlite:///other.db")


def test_a_deal_goes_to_another_database(distributed: Tranche) -> None:
    assert distributed(*OTHER, "database", "upgrade").exit_code == 0

    exported = distributed("export", "COVE-1", "-o", "cove.bundle")
    imported, again = distributed(*OTHER, "import", "cove.bundle"), distributed(*OTHER, "import", "cove.bundle")

    assert exported.output.startswith("cove.bundle: COVE-1 up to position 5, 27 events, head ")
    assert imported.output.startswith("COVE-1: 5 commits and 27 events appended; position 5, head ")
    assert again.output.startswith("COVE-1: nothing new; position 5, head ")
    assert distributed(*OTHER, "statement", "COVE-1").output == distributed("statement", "COVE-1").output
    assert distributed(*OTHER, "verify").exit_code == 0


def test_a_script_reads_what_was_done(distributed: Tranche) -> None:
    exported = json.loads(distributed("--json", "export", "COVE-1", "-o", "cove.bundle").output)
    imported = json.loads(distributed("--json", "import", "cove.bundle").output)

    assert exported == imported | {"commits": 5, "events": 27}
    assert imported["commits"] == imported["events"] == 0


def test_a_bundle_that_a_seal_does_not_agree_with_is_refused_whole(distributed: Tranche) -> None:
    distributed("export", "COVE-1", "-o", "cut.bundle")
    distributed("publish", "COVE-1", "2025-03")
    distributed("export", "COVE-1", "-o", "whole.bundle")
    distributed("seal", "COVE-1", "-o", "cove.seal")
    distributed(*OTHER, "database", "upgrade")

    cut = distributed(*OTHER, "import", "cut.bundle", "--seal", "cove.seal")
    whole = distributed(*OTHER, "import", "whole.bundle", "--seal", "cove.seal")

    assert cut.exit_code == 1
    assert "truncated: the seal saw position 6, the log ends at 5" in cut.stderr
    assert whole.output.startswith("COVE-1: 6 commits")


def test_an_export_that_fails_leaves_no_file(distributed: Tranche, tmp_path: Path) -> None:
    refused = distributed("export", "OTHER-1", "-o", "other.bundle")

    assert refused.exit_code == 1
    assert "there is no deal named OTHER-1" in refused.stderr
    assert list(tmp_path.glob("other*")) == []


def test_files_that_cannot_be_read_or_written_are_named(distributed: Tranche) -> None:
    assert "absent.bundle: there is no such file or directory" in distributed("import", "absent.bundle").stderr
    assert "absent/cove.bundle: there is no such file or directory" in distributed("export", "COVE-1", "-o", "absent/cove.bundle").stderr
