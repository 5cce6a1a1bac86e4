"""What long work shows: a line on a terminal after a second, nothing anywhere else."""

from __future__ import annotations

import io

import pytest

from cli.common import file_problem, progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_terminal_sees_how_far_long_work_is_and_a_clean_line_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)

    with progress(seconds=-1) as show:
        show("2025-02-25 is distributed")
        show("done")

    assert terminal.getvalue() == f"\r2025-02-25 is distributed\rdone{' ' * 21}\r{' ' * 25}\r"


def test_short_work_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)

    with progress(seconds=3_600) as show:
        show("2025-02-25 is distributed")

    assert terminal.getvalue() == ""


def test_pipe_sees_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = io.StringIO()
    monkeypatch.setattr("sys.stderr", pipe)

    with progress(seconds=-1) as show:
        show("2025-02-25 is distributed")

    assert pipe.getvalue() == ""


def test_what_the_system_says_of_a_file_is_kept_where_no_better_word_is_known() -> None:
    assert (
        str(file_problem(OSError(28, "No space left on device"), "april.csv"))
        == "april.csv: No space left on device; look at the path, and at the room on its disk"
    )
