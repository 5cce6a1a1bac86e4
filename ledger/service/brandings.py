"""Templates for printed statements."""

from __future__ import annotations

from collections.abc import Callable

from ledger.core.branding import Branding
from ledger.files import branding_file
from ledger.reports.document import section_keys


def branding(source: bytes, name: str, picture: Callable[[str], bytes]) -> Branding:
    """What a template says; `picture` reads the logo that lies beside it. Raises ProblemsFound with everything that is wrong."""
    return branding_file.load(source, name, section_keys(), picture)
