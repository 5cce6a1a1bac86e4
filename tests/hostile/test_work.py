"""Files that are wrong in every line: what is done about each is bounded, by count, so that none keeps a reader busy for longer than its size is worth."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from ledger import service
from ledger.core.opening import open_books
from ledger.core.problems import MOST_COMPARED, MOST_LISTED, ProblemsFound
from ledger.files import deal_file, refusals, remittance
from ledger.store.engine import Store
from tests.core.test_worked_example import DEAL
from tests.service.example import MONTHS, NAME, months

ROWS = 2_000
MORE = "deal.yaml: more is wrong with the file than is listed; mend those above, then try again"
PUBLISHED = "distribution_date,subject,item,amount,note\n"
REMITTED = "distribution_date,kind,value\n"


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many names each misspelt one was compared with, so far."""
    counts: list[int] = []
    close_matches = difflib.get_close_matches

    def counting(word: str, known: Any, **options: Any) -> list[str]:
        counts.append(len(known))
        return close_matches(word, known, **options)

    monkeypatch.setattr(difflib, "get_close_matches", counting)
    monkeypatch.setattr(refusals, "get_close_matches", counting)
    return counts


def lines(template: str, count: int = ROWS) -> str:
    return "".join(template.format(number=number) for number in range(count))


def with_tranches(waterfall: str) -> str:
    """The example with a thousand classes more, and steps of its own."""
    before, section, after = DEAL.partition("tranches:\n")
    classes = "".join(f"  CLASS-{number:04}: {{original_balance: 1, rate: 6%}}\n" for number in range(1_000))
    return before + section + classes + after.partition("waterfall:\n")[0] + "waterfall:\n" + waterfall


DEALS: dict[str, str] = {
    "misspelt keys": DEAL + lines("closing_dat{number}: 1\n"),
    "keys without a value": DEAL + lines("key{number}:\n"),
    "one key again and again": DEAL + lines("deal: EXAMPLE-1\n"),
    "misspelt fields of classes": DEAL.replace("tranches:\n", "tranches:\n" + lines("  X{number}: {{original_balanse: 1, rate: 6%}}\n")),
    "misspelt payees": with_tranches(lines("  - {{pay: interest, to: CLAS-{number}, from: interest_funds}}\n", 1_000)),
    "misspelt names in formulas": with_tranches(lines("  - {{pay: interest, to: A, from: interest_funds, limit: clas_{number}}}\n", 1_000)),
    "amounts smaller than a cent": DEAL.replace("accounts:\n", "accounts:\n" + lines("  x{number}: {{opening: 0.001}}\n")),
}


@pytest.mark.parametrize("source", DEALS.values(), ids=DEALS)
def test_a_deal_file_that_is_wrong_everywhere_is_looked_at_until_its_hundredth_problem(source: str, compared: list[int]) -> None:
    with pytest.raises(ProblemsFound) as found:
        deal_file.load(source.encode(), "deal.yaml")

    said = [str(problem) for problem in found.value.problems]
    assert said[MOST_LISTED:] == [MORE]
    assert len(compared) <= 2 * (MOST_LISTED + 1)
    assert max(compared, default=0) <= MOST_COMPARED


def test_a_hundred_problems_are_listed_without_a_word_more() -> None:
    source = DEAL + "".join(f"key{number}:\n" for number in range(MOST_LISTED))

    with pytest.raises(ProblemsFound) as found:
        deal_file.load(source.encode(), "deal.yaml")

    assert [problem.fact for problem in found.value.problems] == [f"`key{number}` has no value" for number in range(MOST_LISTED)]


def test_a_boarding_file_of_names_that_the_deal_does_not_know_is_looked_at_until_its_hundredth_problem(compared: list[int]) -> None:
    boarding = "last_distribution: 2025-02-15\nperiod: 1\naccounts:\n" + lines("  reserv{number}: 1\n")
    terms, stated = deal_file.load(DEAL.encode(), "deal.yaml"), deal_file.load_boarding(boarding.encode(), "boarding.yaml")

    with pytest.raises(ProblemsFound) as found:
        open_books(terms, stated)

    assert len(found.value.problems) == MOST_LISTED + 1
    assert len(compared) <= MOST_LISTED + 1


def test_a_template_of_sections_that_there_are_not_is_looked_at_until_its_hundredth_problem(compared: list[int]) -> None:
    template = f"sections: [{lines('summari{number}, ')}]\n"

    with pytest.raises(ProblemsFound) as found:
        service.branding(template.encode(), "template.yaml", lambda _name: b"")

    assert len(found.value.problems) == MOST_LISTED + 1
    assert len(compared) <= MOST_LISTED + 1


@pytest.fixture
def books(sqlite: str) -> Iterator[Store]:
    with closing(Store(sqlite)) as store:
        months(store, 2)
        yield store


READERS: dict[str, Callable[[Store], object]] = {
    "remittance": lambda store: service.remit(
        store, NAME, (REMITTED + lines(f"{MONTHS[2]},scheduled_principol{{number}},1\n")).encode(), "month.csv", actor="t"
    ),
    "correction": lambda store: service.correct(
        store, NAME, (REMITTED + lines(f"{MONTHS[1]},scheduled_principol{{number}},1\n")).encode(), "month.csv", reason="wrong", actor="t"
    ),
}


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_a_file_whose_rows_are_each_wrong_in_another_way_is_not_read_to_its_end(read: Callable[[Store], object], books: Store, compared: list[int]) -> None:
    with pytest.raises(ProblemsFound) as found:
        read(books)

    assert str(found.value.problems[-1]) == "and at least 1 more problem; mend those above, then try again"
    assert len(compared) <= remittance.MOST_LISTED + 1


def test_published_figures_of_another_deal_are_told_what_they_could_have_meant_a_hundred_times(books: Store, compared: list[int]) -> None:
    published = PUBLISHED + lines(f"{MONTHS[0]},interest_fund{{number}},closing_balance,1,\n")

    found = service.reconcile(books, NAME, (published.encode(), "published.csv"))

    assert found.counts["not compared"] == ROWS
    assert sum("did you mean interest_funds?" in line.reason for line in found.lines) == len(compared) == MOST_LISTED


@pytest.mark.parametrize(
    "source", [PUBLISHED + lines("2025-02-15,A,,{number},\n"), lines("x,20250215,,A{number}" + "," * 47 + "\n")], ids=["published.csv", "Bond Level"]
)
def test_published_figures_that_are_wrong_in_every_row_are_listed_until_the_hundredth(source: str, books: Store, compared: list[int]) -> None:
    with pytest.raises(ProblemsFound) as found:
        service.reconcile(books, NAME, (source.encode(), "published.csv"))

    assert len(found.value.problems) == MOST_LISTED + 1
    assert len(compared) <= MOST_LISTED + 1
