"""The invented trust: computed a second time by hand, reconciled without tolerance, and its story told by its figures."""

from __future__ import annotations

import ast
import csv
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from ledger import service
from ledger.core.problems import ProblemsFound
from ledger.core.statement import Adjustment, Statement
from ledger.store.engine import Store
from tests.conftest import ROOT

FOLDER = ROOT / "ledger" / "deals" / "lantern-2024-1"
LANTERN = "LANTERN-2024-1"
BY_HAND = FOLDER / "by_hand.py"
PUBLISHED = FOLDER / "published.csv"
Published = dict[tuple[str, str, str], str]
"""Each published figure by month (`2024-02`), subject and item."""


@pytest.fixture(scope="module")
def published() -> Published:
    rows = csv.DictReader(PUBLISHED.read_text().splitlines())
    return {(row["distribution_date"][:7], row["subject"], row["item"]): row["amount"] for row in rows}


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The trust's whole life in the books."""
    with closing(Store(f"sqlite:///{tmp_path_factory.mktemp('lantern') / 'books.db'}")) as store:
        store.upgrade()
        live(store)
        yield store


def live(store: Store, through: str = "2026-01") -> None:
    """Open the trust, then remit and distribute its months up to one."""
    (worked,) = service.worked_deals(FOLDER)
    service.board(store, worked, actor="trustee")
    for path in worked.remittances:
        if path.stem <= through:
            service.remit(store, LANTERN, path.read_bytes(), path.name, actor="trustee")
    distributed = service.distribute(store, LANTERN, actor="trustee")
    assert distributed.problems == ()


def statement(store: Store, month: str) -> Statement:
    return service.statement(store, LANTERN, on=month)


def total(published: Published, *figures: str) -> Decimal:
    """The sum over all months of figures such as `A.interest_paid`."""
    return sum((Decimal(text) for (_, subject, item), text in published.items() if f"{subject}.{item}" in figures), Decimal(0))


# ------------------------------------------------------------------------------------------------------ by hand, and by the books


def test_by_hand_writes_the_figures_that_are_published() -> None:
    written = subprocess.run([sys.executable, "-I", BY_HAND], capture_output=True, text=True, check=True)

    assert written.stdout == PUBLISHED.read_text()
    assert written.stderr == ""


def test_by_hand_knows_nothing_of_the_ledger_and_of_floats() -> None:
    nodes = list(ast.walk(ast.parse(BY_HAND.read_text())))

    imported = {alias.name.partition(".")[0] for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    imported |= {(node.module or "").partition(".")[0] for node in nodes if isinstance(node, ast.ImportFrom)}
    assert imported <= sys.stdlib_module_names
    assert not [node for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, float)]
    assert not [node for node in nodes if isinstance(node, ast.Name) and node.id == "float"]


def test_by_hand_stops_at_a_loan_that_does_not_roll_forward(tmp_path: Path) -> None:
    (tmp_path / "remittances").mkdir()
    (tmp_path / "by_hand.py").write_bytes(BY_HAND.read_bytes())
    february = (FOLDER / "remittances" / "2024-02.csv").read_text()
    (tmp_path / "remittances" / "2024-02.csv").write_text(february.replace("149250.00", "149250.01"))

    written = subprocess.run([sys.executable, "-I", tmp_path / "by_hand.py"], capture_output=True, text=True, check=False)

    assert written.returncode == 1
    assert written.stderr == "2024-02-25 L-01: 149250.00 is left, 149250.01 is stated\n"


def test_every_figure_ties_and_none_is_tolerated(books: Store, published: Published) -> None:
    found = service.reconcile(books, LANTERN, (PUBLISHED.read_bytes(), PUBLISHED.name))

    assert [str(problem) for problem in found.problems] == []
    assert found.counts == {"ties": len(published), "derived": 0, "tolerated": 0, "differs": 0, "not compared": 0}
    assert len(published) == 24 * 102
    assert not (FOLDER / "tolerated.csv").exists()


def test_every_figure_ties_on_postgresql_too(postgresql: str) -> None:
    with closing(Store(postgresql)) as store:
        live(store)
        found = service.reconcile(store, LANTERN, (PUBLISHED.read_bytes(), PUBLISHED.name))
        verified = service.verify(store, LANTERN)

    assert found.ties
    assert verified.problems == ()


def test_a_cent_that_is_published_wrongly_is_found(books: Store) -> None:
    wrong = PUBLISHED.read_text().replace("2025-05-25,B,realized_loss,25884.38,", "2025-05-25,B,realized_loss,25884.37,")

    found = service.reconcile(books, LANTERN, (wrong.encode(), "wrong.csv"))

    assert found.counts["differs"] == 1
    assert "B realized_loss was published as 25884.37, ours is 25884.38 (difference 0.01)" in str(found.problems[0])


def test_the_chain_is_whole_and_every_month_replays(books: Store) -> None:
    verified = service.verify(books, LANTERN)

    assert verified.problems == ()
    assert verified.periods == 24


# -------------------------------------------------------------------------------------------------- what holds over 24 months


def test_all_cash_that_came_in_was_paid_out(published: Published) -> None:
    came_in = Decimal("4000.00") + total(published, "interest_funds.collected", "principal_funds.collected", "reserve.earnings")
    paid_out = total(published, "tranches.interest_paid", "tranches.principal_paid", "R.interest_paid", "servicer.paid", "trustee.paid")

    assert came_in == paid_out


def test_every_loss_was_borne_by_a_class_or_made_good_by_interest(published: Published) -> None:
    covered_by_interest = Decimal("300.00")

    assert total(published, "pool.loss") == Decimal("43500.00")
    assert total(published, "tranches.realized_loss") - total(published, "tranches.written_up") + covered_by_interest == Decimal("43500.00")


def test_what_closes_a_month_opens_the_next(published: Published) -> None:
    months = sorted({month for month, _, _ in published})
    for before, after in pairwise(months):
        for subject, opening, close in (
            *((name, "opening_balance", "closing_balance") for name in ("A", "B", "C", "pool")),
            *((name, "opening_unpaid_interest", "unpaid_interest") for name in ("A", "B", "C")),
            ("reserve", "opening_balance", "balance"),
        ):
            assert published[after, subject, opening] == published[before, subject, close], (after, subject)


def test_the_residual_receives_nothing_while_a_class_the_reserve_or_a_fee_is_short(published: Published) -> None:
    short = [
        ("A", "unpaid_interest"),
        ("B", "unpaid_interest"),
        ("C", "unpaid_interest"),
        ("reserve", "shortfall"),
        ("servicer", "unpaid"),
        ("trustee", "unpaid"),
    ]
    months = sorted({month for month, subject, item in published if (subject, item) in short and Decimal(published[month, subject, item])})

    assert months == ["2024-10", "2024-12", "2025-01", "2025-03", "2025-04", "2025-05", "2025-12"]
    assert {published[month, "R", "interest_paid"] for month in months} == {"0.00"}


# ------------------------------------------------------------------------------------------------------------------ the story


def test_a_holiday_moves_the_payment_and_lengthens_the_accrual_by_actual_days(books: Store) -> None:
    may = statement(books, "2024-05")

    assert (may.dates["scheduled"], may.dates["distribution"]) == (date(2024, 5, 25), date(2024, 5, 28))
    # 33 days from April 25 to May 28: 803,632.50 x 6 % x 33 / 360
    assert may.text(may.items("A")["interest_paid"]) == "4419.98"
    # a twelfth of a year, whatever the days: 94,545.00 x 7.2 % / 12
    assert may.text(may.items("B")["interest_paid"]) == "567.27"


def test_reserve_pays_class_a_whole_before_class_b_when_nothing_is_collected(published: Published) -> None:
    assert published["2024-10", "interest_funds", "collected"] == "0.00"
    assert published["2024-10", "A", "interest_paid"] == published["2024-10", "A", "interest_due"] == "3911.91"
    assert published["2024-10", "B", "interest_paid"] == "88.09"  # 4,000.00 - 3,911.91
    assert published["2024-10", "C", "interest_paid"] == "0.00"
    assert published["2024-10", "reserve", "balance"] == "0.00"


def test_only_class_b_earns_interest_on_unpaid_interest(published: Published) -> None:
    assert published["2024-11", "B", "opening_unpaid_interest"] == "467.18"
    assert published["2024-11", "B", "interest_on_unpaid"] == "2.80"  # 467.18 x 7.2 % / 12
    assert published["2024-11", "C", "opening_unpaid_interest"] == "370.18"
    assert published["2024-11", "C", "interest_on_unpaid"] == "0.00"
    assert {published["2024-11", name, "unpaid_interest"] for name in ("A", "B", "C")} == {"0.00"}


def test_delinquency_trigger_is_cured_and_loss_trigger_is_not(published: Published) -> None:
    def failed(trigger: str) -> list[str]:
        return [month for (month, subject, item), text in published.items() if (subject, item, text) == ("deal", trigger, "yes")]

    assert failed("delinquency") == ["2024-07", "2025-01", "2025-02", "2025-04"]
    assert failed("cumulative_loss") == [*(f"2025-{month:02}" for month in range(3, 13)), "2026-01"]
    assert failed("sequential") == ["2024-07", "2025-01", "2025-02", *failed("cumulative_loss")]


def test_trustee_is_paid_above_its_cap_last_and_within_it_first_in_a_new_year(published: Published) -> None:
    def trustee(month: str) -> tuple[str, ...]:
        return (published[month, "trustee", "paid"], published[month, "trustee", "unpaid"], published[month, "deal", "trustee_in_year"])

    assert trustee("2024-08") == ("100.00", "0.00", "700.00")
    assert trustee("2024-09") == ("1000.00", "0.00", "1500.00")  # 800.00 within the cap, 200.00 last
    assert trustee("2024-12") == ("338.77", "161.23", "1500.00")  # all of it last, out of what is left
    assert trustee("2025-01") == ("261.23", "0.00", "261.23")  # a new cap: what was held back and the fee of January


def test_write_ups_stop_at_the_loss_that_a_class_bore(published: Published) -> None:
    assert published["2025-05", "B", "realized_loss"] == "25884.38"
    assert published["2025-07", "B", "written_up"] == "12000.00"
    assert published["2025-10", "B", "written_up"] == "13884.38"  # 25,884.38 - 12,000.00, of 16,000.00 recovered
    assert published["2025-10", "C", "written_up"] == "2115.62"
    assert published["2025-10", "B", "cumulative_loss"] == "0.00"


def test_a_prior_period_adjustment_is_listed_apart_and_leaves_november_alone(books: Store) -> None:
    november, january = statement(books, "2024-11"), statement(books, "2025-01")

    assert january.adjustments == (Adjustment("pool.curtailment", date(2024, 11, 25), -2_000_00),)
    assert november.text(november.items("pool")["curtailment"]) == "5000.00"
    assert january.text(january.items("pool")["curtailment"]) == "-2000.00"


def test_a_call_is_refused_while_the_pool_is_above_a_tenth(sqlite: str) -> None:
    with closing(Store(sqlite)) as store:
        live(store, through="2025-11")
        december = (FOLDER / "remittances" / "2025-12.csv").read_bytes()
        service.remit(store, LANTERN, december + b"2025-12-25,call,,,,,,,,,,\n", "2025-12.csv", actor="trustee")
        distributed = service.distribute(store, LANTERN, actor="trustee")

    assert distributed.distributions == []
    assert "the call is not allowed now" in str(distributed.problems[0])


def test_a_restated_curtailment_moves_the_balance_of_its_loan(sqlite: str) -> None:
    january = FOLDER / "remittances" / "2025-01.csv"
    unmoved = january.read_text().replace("626.50,91000.00", "626.50,89000.00").replace("899800.00", "897800.00")

    with closing(Store(sqlite)) as store:
        live(store, through="2024-12")
        with pytest.raises(ProblemsFound) as found:
            service.remit(store, LANTERN, unmoved.encode(), january.name, actor="trustee", dry_run=True)
        remitted = service.remit(store, LANTERN, january.read_bytes(), january.name, actor="trustee", dry_run=True)

    assert "loan L-05 is stated to close at 89,000.00, it opens at 89,500.00 and its movements leave 91,000.00" in str(found.value.problems[0])
    assert [month.period for month in remitted] == [date(2025, 1, 25)]


# ----------------------------------------------------------------------------------------------------------------- what is told


def test_the_readme_tells_every_month_by_a_figure_that_was_published(published: Published) -> None:
    rows = re.findall(r"^\| (\d{4}-\d\d) \| (.+) \| (\S+) (\S+) \| (\S+) \|$", (FOLDER / "README.md").read_text(), re.MULTILINE)

    assert [month for month, *_ in rows] == sorted({month for month, _, _ in published})
    for month, _, subject, item, amount in rows:
        assert published[month, subject, item] == amount, (month, subject, item)


def test_the_readme_says_that_the_trust_is_invented() -> None:
    assert "Trust, names, loans and figures are invented" in (FOLDER / "README.md").read_text()


def test_every_moment_names_a_published_figure(published: Published) -> None:
    rows = list(csv.DictReader((FOLDER / "moments.csv").read_text().splitlines()))

    assert {(row["distribution_date"][:7], row["subject"], row["item"]) for row in rows} <= published.keys()
    assert [row["distribution_date"] for row in rows] == sorted(row["distribution_date"] for row in rows)
