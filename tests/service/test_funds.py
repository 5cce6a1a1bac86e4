"""Funds and credit support of worked deals, from the figures that their trustees published: sums that anybody can do from published.csv."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from contextlib import closing
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from ledger.core.funds import NOT_YET_WIRED, OPENING, SOURCES, USES
from ledger.core.statement import Statement
from ledger.store.engine import Store
from tests.service.test_explanations import kept, months, runs

CLASSES = {"lantern-2024-1": ("A", "B", "C"), "sequoia-4": ("A", "B")}
"""Senior first."""
Published = dict[tuple[str, str, str], Decimal]


def published(path: Path) -> Published:
    """The numbers of a published file by date, subject and item; a percentage as a fraction of one."""
    found: Published = {}
    with path.open(encoding="utf-8") as rows:
        for row in csv.DictReader(rows):
            text = row["amount"].removesuffix("%")
            if text.replace(".", "").lstrip("-").isdigit():
                found[row["distribution_date"], row["subject"], row["item"]] = Decimal(text) / (100 if "%" in row["amount"] else 1)
    return found


def uses(statement: Statement, ending: str) -> Fraction:
    """What the cash paid to the classes as interest, principal and so on."""
    found = statement.sections["uses"][USES].items()
    return sum((statement.exact(figure) for item, figure in found if item.endswith(ending)), Fraction())


@pytest.mark.parametrize("trust", CLASSES)
def test_funds_and_credit_support_follow_from_what_was_published(trust: str, sqlite: str) -> None:
    (run,) = runs(trust)
    said, classes, checked = published(run.run / "published.csv"), CLASSES[trust], 0

    with closing(Store(sqlite)) as store:
        for _, statement in months(store, kept(store, run)):
            day = str(statement.dates["scheduled"])
            if (day, classes[0], "closing_balance") not in said:
                continue
            assert uses(statement, ".principal_paid") == sum(said[day, name, "principal_paid"] for name in classes)
            assert support(statement, classes[0]) == share(said, day, classes[1:], classes)
            accounts = [name for date, name, item in said if item == "collected" and date == day]
            assert not accounts or collected(statement) == sum(said[day, name, "collected"] for name in accounts)
            checked += 1

    assert checked == len({date for date, _, _ in said})


def support(statement: Statement, tranche: str) -> Fraction | None:
    figure = statement.figure(tranche, "credit_support")
    return None if figure is None else statement.exact(figure)


def share(said: Published, day: str, below: Iterable[str], classes: Iterable[str]) -> Fraction | None:
    """The published closing balances of some classes over those of all; None where all are retired."""
    above, whole = (sum((Fraction(said[day, name, "closing_balance"]) for name in names), Fraction()) for names in (below, classes))
    return above / whole if whole else None


def collected(statement: Statement) -> Fraction:
    """The sources that the servicer reported for the accounts: not what they held, nor what they earned, nor what was wired late."""
    found = statement.sections["sources"][SOURCES].items()
    return sum((statement.exact(figure) for item, figure in found if item not in (OPENING, NOT_YET_WIRED, "account_earnings")), Fraction())
