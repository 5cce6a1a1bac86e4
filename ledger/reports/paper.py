"""The paper that a statement is printed on."""

from __future__ import annotations

US_LETTER = frozenset({"USD", "CAD", "MXN"})
"""The currencies of countries that print on US Letter; elsewhere it is A4."""
