"""The pictures of a deal's life: what is on them, that they are the same on every run, and that no name does harm in them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from xml.etree import ElementTree

import pytest

from ledger import service
from ledger.core.history import History
from ledger.core.problems import ProblemsFound
from ledger.reports.charts import MOST_BANDS, MOST_BARS, Chart, Series, charts
from ledger.reports.pictures import picture, shortened, svg
from ledger.store.engine import Store
from tests.cli.conftest import DEAL
from tests.service.test_histories import live

HOSTILE = '"><script>alert(1)</script>&=cmd|$x^2$\u202eevil ' + "n" * 500
DAYS = tuple(date(2025, month, 25) for month in range(1, 7))


@pytest.fixture(scope="module")
def lantern(tmp_path_factory: pytest.TempPathFactory) -> Iterator[History]:
    """The whole life of the invented trust."""
    with closing(Store(f"sqlite:///{tmp_path_factory.mktemp('lantern') / 'books.db'}")) as store:
        store.upgrade()
        yield service.history(store, live(store, "lantern-2024-1", 24))


def chart(*series: Series, unit: str = "USD") -> Chart:
    return Chart("some", "Some chart", "Words of it.", series, unit)


def parsed(drawn: bytes) -> ElementTree.Element:
    return ElementTree.fromstring(drawn)  # noqa: S314  # we have drawn it ourselves


def test_deal_with_losses_has_all_five_pictures(lantern: History) -> None:
    assert [chart.key for chart in charts(lantern)] == ["balances", "paydown", "support", "speeds", "cash"]


def test_values_of_the_balances_are_the_statements(lantern: History) -> None:
    (balances, *_) = charts(lantern)
    first = {series.name: (series.dates[0], series.values[0]) for series in balances.series}

    assert first == {name: (date(2024, 1, 25), value) for name, value in {"A": 850_000, "B": 100_000, "C": 50_000, "pool balance": 1_000_000}.items()}
    assert balances.unit == "USD"
    assert balances.description.startswith("Class balances: LANTERN-2024-1, 2024-01-25 to 2026-01-26, in USD. A from 850,000 to 0, at most 850,000; ")


def test_paydown_adds_up_to_what_the_pool_fell_by(lantern: History) -> None:
    paydown = next(chart for chart in charts(lantern) if chart.key == "paydown")

    assert [series.name for series in paydown.series] == ["scheduled", "prepaid", "defaulted", "net loss"]
    assert sum(value or 0 for series in paydown.series[:-1] for value in series.values) == 1_000_000


def test_svg_is_the_same_on_every_run_and_says_what_it_shows(lantern: History) -> None:
    shown = charts(lantern)[1]
    drawn = svg(shown)
    root = parsed(drawn)

    assert drawn == svg(shown)
    assert drawn.startswith(b"<svg ")
    assert b"Matplotlib" not in drawn
    assert [child.text for child in root[:2]] == [shown.title, shown.description]
    assert root.get("role") == "img"


@pytest.mark.parametrize(("ending", "magic"), [("svg", b"<svg "), ("png", b"\x89PNG"), ("pdf", b"%PDF-")])
def test_all_pictures_fit_in_one_file_that_is_the_same_on_every_run(lantern: History, ending: str, magic: bytes) -> None:
    few = charts(lantern)[2:4]
    drawn = picture(few, ending)  # type: ignore[arg-type]  # one of the three

    assert drawn.startswith(magic)
    assert drawn == picture(few, ending)  # type: ignore[arg-type]  # as above


def test_elements_of_two_pictures_in_one_page_do_not_share_a_name(lantern: History) -> None:
    names = [{element.get("id") for element in parsed(svg(shown)).iter()} - {None} for shown in charts(lantern)[:2]]

    assert names[0] & names[1] == set()
    assert all(names)


@pytest.mark.parametrize("mark", ["line", "band"])
def test_hostile_name_is_inert(mark: str) -> None:
    drawn = svg(replace(chart(Series(HOSTILE, DAYS, (1.0,) * 6, mark)), title=HOSTILE, description=HOSTILE))  # type: ignore[arg-type]  # one of the marks
    elements = {element.tag.rpartition("}")[2] for element in parsed(drawn).iter()}

    assert elements <= {"svg", "title", "desc", "defs", "style", "g", "path", "use", "clipPath", "rect", "metadata", "RDF", "Work", "pattern", "type"}


def test_long_names_lose_their_middle_and_what_cannot_be_drawn_is_a_question_mark() -> None:
    assert shortened("class-" + "x" * 40 + "-of-2025") == "class-xxxxxxxx...x-of-2025"
    assert shortened("A\u202e\u6771") == "A??"


def test_more_classes_than_can_be_told_apart_are_drawn_as_one(lantern: History) -> None:
    first = lantern.statements[0]
    figures = first.sections["classes"]["A"]
    many = {"classes": {f"C{number}": figures for number in range(20)}}
    crowded = History(tuple(replace(one, sections=many) for one in lantern.statements[:2]))
    (balances, *_) = charts(crowded)

    assert [series.name for series in balances.series] == [*(f"C{number}" for number in range(MOST_BANDS - 1)), "13 others"]
    assert balances.series[-1].values[0] == 13 * 850_000


def test_movements_of_many_months_are_added_up_by_year(lantern: History) -> None:
    months = [date(2025 + number // 12, number % 12 + 1, 25) for number in range(MOST_BARS + 12)]
    template = lantern.distributions[0]
    long = History(tuple(replace(template, dates={**template.dates, "distribution": day}) for day in months))
    cash = next(chart for chart in charts(long) if chart.key == "cash")

    assert cash.title == "Collections against distributions by year"
    assert cash.series[0].dates == tuple(date(2025 + number, 1, 1) for number in range(7))
    assert cash.series[0].values[0] == 12 * 12_000


def test_deal_of_which_nothing_is_distributed_has_no_picture(sqlite: str) -> None:
    with closing(Store(sqlite)) as store:
        service.open_deal(store, DEAL.encode(), "deal.yaml", actor="tester")

        assert charts(service.history(store, "COVE-1")) == ()


SINGLE_DAY = Series("A", DAYS[:1], (5.0,))
GAPS = Series("A", DAYS, (None, -1.0, 2.0, None, 3.0, None))


@pytest.mark.parametrize("series", [SINGLE_DAY, replace(SINGLE_DAY, mark="bar"), replace(SINGLE_DAY, mark="band"), GAPS])
def test_single_day_and_gaps_can_be_drawn(series: Series) -> None:
    assert svg(chart(series, unit="%")).startswith(b"<svg ")


def test_line_around_as_many_bands_as_there_can_be_is_drawn() -> None:
    bands = [Series(name, DAYS, (1.0,) * 6, "band") for name in "ABCDEFGH"]
    around = Series("pool balance", DAYS, (8.0,) * 6, "outline")

    assert len(bands) == MOST_BANDS
    assert svg(chart(*bands, around)).startswith(b"<svg ")


def test_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)

    with pytest.raises(ProblemsFound, match=r"a picture needs the package `matplotlib`.*pip install 'tranche-ledger\[pdf\]'"):
        svg(chart(Series("A", DAYS, (1.0,) * 6)))
