"""The use cases by name: all of them can be had, and none is imported before it is asked for."""

from __future__ import annotations

import subprocess
import sys

from ledger import service


def test_every_use_case_that_is_listed_can_be_had() -> None:
    assert [name for name in dir(service) if not hasattr(service, name)] == []


def test_a_use_case_is_imported_when_it_is_asked_for() -> None:
    asked = "import sys; from ledger import service; service.statement; print(*(name for name in sys.modules if name.startswith('ledger.service.')))"
    imported = subprocess.run([sys.executable, "-c", asked], check=True, capture_output=True, text=True).stdout.split()

    assert "ledger.service.statements" in imported
    assert "ledger.service.verification" not in imported
