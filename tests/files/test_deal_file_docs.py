"""docs/deal-file.md is the reference of the language: it must know every field, figure, function, kind and convention, and its deals must do what it says."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import get_args

import pytest
from pydantic import BaseModel

from ledger.core import deal as models
from ledger.core.compiler import RESERVED
from ledger.core.daycount import DAY_COUNTS
from ledger.core.events import COMPONENTS, FACTS, KINDS
from ledger.core.formula import FUNCTIONS
from ledger.core.money import ROUNDING_MODES, OddUnits
from ledger.core.names import ACCOUNT_ITEMS, BARE, FEE_ITEMS, POOL_ITEMS, SINGLE_TRANCHE_ITEMS, TRANCHE_ITEMS
from ledger.core.opening import check_boarding
from ledger.core.problems import ProblemsFound
from ledger.core.schedule import ROLLS
from ledger.files import deal_file
from ledger.files.calendars import CALENDARS
from tests.conftest import ROOT
from tests.core.deals import Books

TEXT = (ROOT / "docs" / "deal-file.md").read_text(encoding="utf-8")


def section(heading: str) -> str:
    """The text below a heading, up to the next one of its level or above."""
    level = heading.partition(" ")[0]
    _, found, after = TEXT.partition(f"\n{heading}\n")
    assert found, heading
    return re.split(rf"\n#{{2,{len(level)}}} ", after)[0]


def words(text: str) -> set[str]:
    """What stands in backticks outside of blocks of code, whole and in its words."""
    quoted = re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    return {*quoted, *(part for word in quoted for part in re.findall(r"[a-z_0-9]+", word))}


FIELDS: list[tuple[str, type[BaseModel]]] = [
    ("### `dates`", models.Dates),
    ("### `dates`", models.DistributionDays),
    ("### `dates`", models.OwnDay),
    ("### `dates`", models.CollectionMonth),
    ("### `dates`", models.AccrualFrom),
    ("### `rounding`", models.Rounding),
    ("### `rounding`", models.Digits),
    ("### `reported`", models.Reported),
    ("### `reported`", models.Fixing),
    ("### `events`", models.EventKind),
    ("### `pool`, `pools`", models.Pool),
    ("### `tranches`", models.Tranche),
    ("### `fees`", models.Fee),
    ("### `accounts`", models.Account),
    ("### `ledgers`", models.Ledger),
    ("### `triggers`", models.Trigger),
    ("### `call`", models.CallTerms),
    ("## Steps", models.Step),
    ("## Steps", models.Block),
    ("## Trees", models.Node),
    ("## Sections", models.Deal),
    ("## Boarding file", models.Boarding),
    ("## Boarding file", models.BoardedPool),
    ("## Boarding file", models.BoardedTranche),
    ("## Boarding file", models.BoardedFee),
]


@pytest.mark.parametrize(("heading", "model"), FIELDS, ids=[model.__name__ for _, model in FIELDS])
def test_each_field_is_explained_in_its_section(heading: str, model: type[BaseModel]) -> None:
    fields = {field.alias or name for name, field in model.model_fields.items()}

    assert fields - words(section(heading)) == set()


def test_no_model_of_the_deal_is_left_out() -> None:
    known = {model for _, model in FIELDS} | {models.Model, models.Table}
    every = {model for model in vars(models).values() if isinstance(model, type) and issubclass(model, models.Model)}

    assert every - known == set()


def choices(model: type[BaseModel]) -> Iterator[str]:
    """The words that a field of a model may hold, where it takes one of a few."""
    for field in model.model_fields.values():
        for kind in (field.annotation, *get_args(field.annotation)):
            yield from (word for word in get_args(kind) if isinstance(word, str))


@pytest.mark.parametrize(("heading", "model"), FIELDS, ids=[model.__name__ for _, model in FIELDS])
def test_each_word_that_a_field_may_hold_is_explained(heading: str, model: type[BaseModel]) -> None:
    assert set(choices(model)) - words(section(heading)) == set()


NAMES: list[tuple[str, Iterable[str]]] = [
    ("## Names", [*TRANCHE_ITEMS, *SINGLE_TRANCHE_ITEMS, *FEE_ITEMS, *ACCOUNT_ITEMS, *POOL_ITEMS, "factor", *BARE]),
    ("## Formulas", FUNCTIONS),
    ("## Kinds of events", [*COMPONENTS, *KINDS, *FACTS]),
    ("## Steps", models.VERBS),
    ("### `dates`", [*CALENDARS, *ROLLS]),
    ("### `rounding`", [*ROUNDING_MODES, *get_args(OddUnits)]),
    ("## How a file is written", RESERVED),
]


@pytest.mark.parametrize(("heading", "names"), NAMES, ids=[heading for heading, _ in NAMES])
def test_each_name_of_the_language_is_explained(heading: str, names: Iterable[str]) -> None:
    assert set(names) - words(section(heading)) == set()


def test_each_day_count_is_named() -> None:
    named = {word.upper() for word in re.findall(r"`([^`]+)`", section("## Conventions"))}

    assert named == set(DAY_COUNTS)


def test_effects_of_kinds_are_those_of_the_books() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\w*) ?\| (\w*) ?\| (\w*) ?\| ", section("## Kinds of events"), re.MULTILINE)

    assert [row[0] for row in rows] == list(COMPONENTS)
    assert {name: effects for name, *effects in rows} == {
        name: [component.cash or "", component.pool or "", component.loss or ""] for name, component in COMPONENTS.items()
    }


# The deals of the page -----------------------------------------------------------------------------------------------------

DEALS = re.findall(r"```yaml\n(deal: .*?)```.*?```csv\n(.*?)```.*?\| figure \| value \|\n\| --- \| --- \|\n(.*?)\n\n", TEXT, re.DOTALL)


def test_page_has_three_whole_deals() -> None:
    assert len(DEALS) == TEXT.count("```yaml\ndeal: ") == 3


@pytest.mark.parametrize(("source", "month", "figures"), DEALS, ids=[source.split()[1] for source, _, _ in DEALS])
def test_deal_of_the_page_pays_what_the_page_says(source: str, month: str, figures: str) -> None:
    rows = list(csv.DictReader(month.splitlines()))
    reported = {row["subject"] if row["kind"] == "reported" else row["kind"]: row["value"] for row in rows}
    expected = dict(line.strip("| ").split(" | ") for line in figures.splitlines())

    paid = Books(source).month(**reported)

    assert {name: paid[name] for name in expected} == {name: Decimal(value) for name, value in expected.items()}
    assert {row["distribution_date"] for row in rows} == {str(paid.distribution.dates.scheduled)}


def test_boarding_file_of_the_page_fits_the_first_deal() -> None:
    [boarding] = re.findall(r"```yaml\n(.*?)```", section("## Boarding file"), re.DOTALL)
    terms = deal_file.load(DEALS[0][0].encode(), "deal.yaml")

    assert list(check_boarding(terms, deal_file.load_boarding(boarding.encode(), "boarding.yaml"))) == []


RECIPES = re.findall(r"`(\{(?:pay|record|accrete|shortfall): [^`]+\})`", section("## How to say it"))
FRAME = """
deal: RECIPES-1
closing_date: 2025-01-15
dates: {distribution: {day: 25}}
reported: {net_interest_shortfall: money, defaults: money}
pool: {original_balance: 400}
tranches:
  A: {original_balance: 200, rate: 5%}
  B: {original_balance: 100, rate: 6%}
  Z: {original_balance: 100, rate: 7%}
  R: {kind: residual}
fees: {seller: {}, advances: {owed_by: [advance, advance_reimbursement]}, swap: {}}
accounts:
  funds: {collects: [interest, payahead, payahead_applied, advance, advance_reimbursement]}
  revenue: {}
  principal: {collects: [scheduled_principal]}
  reserve: {target: 10}
  finance: {}
  accumulation: {target: 10}
  payahead: {}
  facility: {cash: false, opening: 100}
  reinvestment: {collects: [purchase]}
ledgers: {pdl: {of: [A, B], up_to: balance}, carryover: {of: A}, borrowed: {}, covered: {resets: period}, drawn: {}}
triggers: {amortization: {fails_when: period > 12}}
ratios: {uncapped: 8%, share: 60%}
waterfall:
"""


@pytest.mark.parametrize("step", RECIPES)
def test_step_of_the_page_is_a_step(step: str) -> None:
    terms = deal_file.load(f"{FRAME}  - {step}\n".encode(), "deal.yaml")

    assert len(terms.steps) == 1


def test_page_has_steps_for_the_usual_terms() -> None:
    assert len(RECIPES) >= 8


def test_message_of_the_page_is_the_one_that_the_loader_gives() -> None:
    [message] = re.findall(r"```\n(deal.yaml:.*?)\n```", TEXT, re.DOTALL)
    with pytest.raises(ProblemsFound) as caught:
        deal_file.load(DEALS[0][0].replace("pool.balance - 50_000", "pool.balence - 50_000").encode(), "deal.yaml")

    assert str(caught.value) == message
