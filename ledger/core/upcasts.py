"""Events of earlier versions of a kind, read as the present version has them.

An event stays in the log as it was appended, for ever: its hash covers it. Where the meaning of a kind's columns has changed since, whoever reads the log
gets the present form, and knows of no other. Whoever hashes (`verify`, proofs, bundles) takes what is stored. docs/log-format.md lists the versions.

An upcast is pure, and leaves an event of the present version as it is, so that it may be applied twice. It never touches what SQL chooses and adds up by, or
what the database compares a reversal with: line, kind, subject, amounts, rate, delinquency, effect, and which line is corrected.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from ledger.core.events import Event

_FIRST = "1"


def _received(event: Event) -> Event:
    """Version 1 named the format of a file alone, `csv`; version 2 names the version of its mapping too, `csv/1`: until then there was one of each."""
    if event.code is None or "/" in event.code:
        return event
    return event._replace(code=f"{event.code}/{_FIRST}")


UPCASTS: Mapping[str, Callable[[Event], Event]] = MappingProxyType({"received": _received})
"""From any earlier version of a kind to the present one; a kind that is not here has had one version only."""


def present(event: Event) -> Event:
    """An event as the present version of its kind has it."""
    upcast = UPCASTS.get(event.kind)
    return event if upcast is None else upcast(event)
