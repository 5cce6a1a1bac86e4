"""docs/regulation-ab.md: what it names is what statements of the worked deals really have."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ledger import service
from ledger.core.statement import Statement
from ledger.reports.document import document, section_keys
from ledger.reports.json import value
from ledger.store.engine import Store
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "regulation-ab.md").read_text(encoding="utf-8")
ITEMS = [tuple(cell.strip() for cell in row.split("|")[1:-1]) for row in PAGE.splitlines() if row.startswith("| (a)")]
NAMED = re.compile(r"`([^`]+)`")


@pytest.fixture(scope="module")
def statements(tmp_path_factory: pytest.TempPathFactory) -> list[Statement]:
    """Every statement of the first run of every worked deal."""
    with closing(Store(f"sqlite:///{Path(tmp_path_factory.mktemp('worked')) / 'books.db'}")) as store:
        store.upgrade()
        return [drawn for folder in service.worked_folders() for drawn in worked(store, folder)]


def worked(store: Store, folder: Path) -> Iterator[Statement]:
    run = next(service.worked_deals(folder))
    deal = service.board(store, run, actor="trustee").deal
    for path in run.remittances:
        service.remit(store, deal, path.read_bytes(), path.name, actor="trustee")
    for distribution in service.distribute(store, deal, actor="trustee").distributions:
        yield service.statement(store, deal, on=distribution.dates.distribution)


def paths(said: Any, name: str = "") -> Iterator[str]:
    """Every member of a JSON value, by its path; subjects of sections and labels are `*`, and lines of a list `[]`."""
    if name:
        yield name
    if isinstance(said, Mapping):
        any_subject = name == "labels" or (name.count(".") == 1 and name.startswith("sections."))
        for key, inner in said.items():
            yield from paths(inner, ".".join(filter(None, (name, "*" if any_subject else key))))
    if isinstance(said, list):
        for line in said:
            yield from paths(line, f"{name}[]")


def test_every_item_of_the_paragraph_has_its_line() -> None:
    named = [item for item, *_ in ITEMS]

    assert [f"(a)({number})" for number in range(1, 15) if not any(item.startswith(f"(a)({number})") for item in named)] == []
    assert [item for item in named if item.startswith("(a)(3)")] == ["(a)(3)(i)", "(a)(3)(ii)", "(a)(3)(iii)", "(a)(3)(iv)"]
    assert len(named) == 17
    assert [f"({letter})" for letter in "bcde" if f"\n| ({letter}) | " not in PAGE] == []


def test_every_item_names_where_it_is_answered_or_says_why_it_is_not() -> None:
    answered = {item for item, _, printed, found, _ in ITEMS if printed != "none" and NAMED.search(found)}
    excused = {item for item, _, _, _, said in ITEMS if said.startswith("not applicable, because")}

    assert {item for item, *_ in ITEMS} == answered | excused
    assert answered & excused == set()


def test_every_section_that_is_named_is_printed_for_some_worked_deal(statements: list[Statement]) -> None:
    shown = {table.key for each in statements for table in document(each).sections}
    named = {key for _, _, printed, _, _ in ITEMS for key in NAMED.findall(printed)}

    assert len(named) > 15
    assert sorted(named - set(section_keys())) == []
    assert sorted(named - shown) == []


def test_every_path_that_is_named_leads_to_a_figure_of_some_worked_deal(statements: list[Statement]) -> None:
    there = {path for each in statements for path in paths(value(each))}
    named = {path for _, _, _, found, _ in ITEMS for path in NAMED.findall(found)}

    assert len(named) > 60
    assert sorted(named - there) == []
