"""The statement as JSON: canonical, stable, and as its schema says."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # it ships no types
import pytest

import ledger.reports
from ledger.core.collections import Flow
from ledger.core.disclosures import Correction
from ledger.core.statement import received
from ledger.reports.json import FORMAT, to_json
from tests.reports.statements import statement

SCHEMA: dict[str, Any] = json.loads((Path(ledger.reports.__file__).parent / "statement.schema.json").read_text(encoding="utf-8"))
GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("form", [1, FORMAT])
def test_json_of_a_format_is_the_same_bytes_as_ever(form: int) -> None:
    assert to_json(statement(2), form) == (GOLDEN / f"harbour-2.format-{form}.json").read_bytes()


def test_json_is_canonical() -> None:
    body = to_json(statement(2))
    again = json.dumps(json.loads(body), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"

    assert body == again


def test_money_is_text_with_the_places_of_the_books_and_flags_are_flags() -> None:
    sections = json.loads(to_json(statement(2)))["sections"]

    assert sections["classes"]["A"]["interest_paid"] == "3950.00"
    assert sections["classes"]["A"]["rate"] == "0.06"
    assert sections["classes"]["A"]["factor"] == "0.9823490"
    assert sections["reported"]["deal"] == {"delinquent": "1500.00", "index": "0.045", "audited": False, "as_at": "2025-03-01"}
    assert sections["triggers"]["deal"] == {"late": True}


@pytest.mark.parametrize("month", [0, 1, 2])
def test_statement_is_as_its_schema_says(month: int) -> None:
    later = received(date(2025, 4, 25), [Flow("interest", "pool", 100)])
    corrected = [Correction(5, "2025-03-01T09:00:00.000000Z", "adjust", (date(2025, 2, 25),), "it was wrong", "checker")]
    body = json.loads(to_json(statement(month, as_of=date(2025, 4, 1), received=later, corrections=corrected)))

    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator(SCHEMA).validate(body)


@pytest.mark.parametrize(
    "change",
    [
        {"sections": {"classes": {"A": {"interest_paid": 3950}}}},
        {"sections": {"wishes": {}}},
        {"head": "not a hash"},
        {"format": 3},
        {"further": 1},
    ],
)
def test_schema_refuses_what_is_no_statement(change: dict[str, Any]) -> None:
    body = json.loads(to_json(statement(2))) | change

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(SCHEMA).validate(body)
