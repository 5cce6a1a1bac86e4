"""Journals for Beancount, checked by a program that knows only their syntax: what it asserts is what its transactions add up to."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from ledger import service
from ledger.core.posting import Posting
from ledger.reports.beancount import Entry, Journal
from ledger.store.engine import Store
from tests.service.example import NAME, correct, line_of, months, units
from tests.service.test_bundles import take

_ACCOUNT = r"(?:Assets|Liabilities|Equity)(?::[A-Z0-9][A-Za-z0-9-]*)+"
_OPEN = re.compile(rf"(\d{{4}}-\d\d-\d\d) open ({_ACCOUNT}) [A-Z]{{3}}")
_LEG = re.compile(rf"  ({_ACCOUNT}) (-?\d+\.\d+) [A-Z]{{3}}")
_BALANCE = re.compile(rf"(\d{{4}}-\d\d-\d\d) balance ({_ACCOUNT}) (-?\d+\.\d+) ~ 0 [A-Z]{{3}}")
_OTHER = re.compile(r'|; Distribution \d+|option "\w+" ".*"|  account: ".*"|  distribution: \d+')
_TRANSACTION = re.compile(r'(\d{4}-\d\d-\d\d) \* ".*" ".*"')


def wrong_lines(journal: str) -> Iterator[int]:
    """The lines (from 1) that do not hold: accounts not opened or opened twice, transactions that do not balance, balances that are not the sums."""
    balances: Counter[str] = Counter()
    opened, open_sum, last = set[str](), Decimal(0), date.min
    for number, line in enumerate([*journal.splitlines(), ""], 1):
        if leg := _LEG.fullmatch(line):
            if leg[1] not in opened:
                yield number
            balances[leg[1]] += Decimal(leg[2])  # type: ignore[assignment]  # a Counter adds up anything
            open_sum += Decimal(leg[2])
            continue
        if open_sum and not line.startswith("  "):
            yield number
        dated = _OPEN.fullmatch(line) or _BALANCE.fullmatch(line) or _TRANSACTION.fullmatch(line)
        if dated is None and not _OTHER.fullmatch(line):
            yield number
        if dated and (date.fromisoformat(dated[1]) < last or (" open " in line and dated[2] in opened)):
            yield number
        if dated and " open " in line:
            opened.add(dated[2])
        if dated and " balance " in line and balances[dated[2]] != Decimal(dated[3]):
            yield number
        open_sum, last = (Decimal(0), date.fromisoformat(dated[1])) if dated else (open_sum, last)


def journal_of(store: Store, deal: str = NAME) -> str:
    stream = io.BytesIO()
    service.export_beancount(store, deal, stream)
    return stream.getvalue().decode()


@pytest.mark.parametrize("folder", service.worked_folders(), ids=lambda folder: folder.name)
def test_the_journal_of_every_worked_deal_adds_up(folder: Path, sqlite: str) -> None:
    with closing(Store(sqlite)) as store:
        for run in service.worked_deals(folder):
            deal = service.board(store, run, actor="trustee").deal
            for path in run.remittances:
                service.remit(store, deal, path.read_bytes(), path.name, actor="trustee")
            done = service.distribute(store, deal, actor="trustee")
            journal = journal_of(store, deal)

            assert list(wrong_lines(journal)) == []
            assert journal.count("; Distribution ") == len(done.distributions) + 1
            assert journal.count(" balance ") >= len(done.distributions[-1].closing.balances)


def test_the_journal_of_a_reopened_deal_has_the_versions_that_stand_and_ends_with_the_books(store: Store) -> None:
    one, _ = months(store, 2)
    correct(store, f"{line_of(store, one, 'interest')},,,4700.00", treatment="reopen")

    journal = journal_of(store)

    assert list(wrong_lines(journal)) == []
    assert re.findall(r"; Distribution (\d+)", journal) == ["0", "3", "4"]
    last = dict(re.findall(rf"^{re.findall(r'(.*) balance ', journal)[-1]} balance (\S+) (\S+)", journal, re.MULTILINE))
    names = {name: account for account, name in re.findall(r"open (\S+) USD\n  account: \"(.*)\"", journal)}
    assert {account: Decimal(last[names[account]]) * 100 for account in units(store)} == units(store)


def test_a_journal_is_the_same_from_imported_books(sqlite: str, postgresql: str) -> None:
    with closing(Store(sqlite)) as books, closing(Store(postgresql)) as other:
        months(books, 2)
        stream = io.BytesIO()
        service.export_bundle(books, NAME, stream)
        take(other, stream.getvalue())

        assert journal_of(other) == journal_of(books)


def made(entry: Entry, scale: int = 2) -> list[str]:
    return list(Journal("A trust", "USD", scale).entry(entry))


def test_an_entry_reads_as_its_postings() -> None:
    entry = Entry(1, date(2025, 2, 28), [Posting("fees", "trustee.fee_paid", "step 1", "cash.funds", "trustee.fee", 12_345)], {"cash.funds": -12_345})

    assert made(entry) == [
        "",
        "; Distribution 1",
        "2025-02-28 open Assets:Cash:Funds USD",
        '  account: "cash.funds"',
        "2025-02-28 open Liabilities:Trustee:Fee USD",
        '  account: "trustee.fee"',
        '2025-02-28 * "fees" "step 1"',
        "  distribution: 1",
        "  Assets:Cash:Funds -123.45 USD",
        "  Liabilities:Trustee:Fee 123.45 USD",
        "2025-03-01 balance Assets:Cash:Funds -123.45 ~ 0 USD",
        "2025-03-01 balance Liabilities:Trustee:Fee 0.00 ~ 0 USD",
    ]


def test_names_that_beancount_would_not_tell_apart_are_numbered() -> None:
    postings = [
        Posting("a", "", "step 1", "cash.a_b", "cash.a-b", 1),
        Posting("a", "", "step 1", "A.fee", "a.fee", 1),
        Posting("a", "", "close", "_x.fee", "excess", 1),
    ]
    opened = [line.split()[2] for line in made(Entry(1, date(2025, 1, 1), postings, {}), scale=6) if " open " in line]

    assert opened == [
        "Liabilities:A:Fee",
        "Liabilities:X:Fee",
        "Liabilities:A:Fee-2",
        "Assets:Cash:A-b",
        "Assets:Cash:A-b-2",
        "Equity:Excess",
    ]


@pytest.mark.parametrize("find", ["Assets:Pool 1", "balance Assets:Pool 8", " open Assets:Pool ", "  Equity:Excess -"])
def test_the_checker_finds_a_journal_that_was_changed(find: str, store: Store) -> None:
    months(store, 2)
    journal = journal_of(store)
    changed = journal.replace(find, f"{find}9") if "open" not in find else journal.replace(find, " open Assets:Other ")

    assert find in journal
    assert list(wrong_lines(changed)) != []
