"""How cost grows: with loans, months and classes, each beside the cost of a quarter of them, four times. With deals: see the month-end."""

from __future__ import annotations

from functools import partial

from ledger import service
from ledger.service.terms import terms_of
from tests.bench import reopening, thirty_years
from tests.bench.figure import Figure, at_most
from tests.bench.months import Books, milliseconds, processed
from tests.bench.setting import SQLITE, Setting
from tests.store import sample

QUARTER = "a quarter of them, x 4"
_FIVE = b"  A: {original_balance: 800_000_000, rate: 4.00%}\n  M1:"


def deal_file(classes: int) -> bytes:
    """The deal of the bench with more classes in the place of its largest."""
    more = [f"A{number}" for number in range(1, classes - 3)]
    share = 800_000_000 // len(more)
    tranches = "".join(f"  {name}: {{original_balance: {share}, rate: 4.00%}}\n" for name in more)
    text = thirty_years.DEAL_FILE.replace(_FIVE, f"{tranches}  M1:".encode())
    text = text.replace(b"[A, M1", f"[{', '.join(more)}, M1".encode()).replace(b"M1, A]", f"M1, {', '.join(reversed(more))}]".encode())
    return text.replace(b"1_000_000_000", f"{share * len(more) + 200_000_000}".encode())


def with_classes(setting: Setting, classes: int) -> Books:
    store = setting.store()
    terms = thirty_years.open_deal(store, file=deal_file(classes))
    thirty_years.append(store, terms, setting.sizes.months)
    return Books(store, terms, {})


def with_five(setting: Setting) -> Books:
    return with_classes(setting, 5)


def with_twenty(setting: Setting) -> Books:
    return with_classes(setting, 20)


def with_few_months(setting: Setting) -> Books:
    store = setting.store()
    terms = thirty_years.open_deal(store)
    thirty_years.append(store, terms, setting.sizes.months // 4)
    return Books(store, terms, {})


def loans_distributed(setting: Setting, loans: int) -> float:
    """Milliseconds to read a month of so many loans, process, post and commit it."""
    store = setting.store()
    service.open_deal(store, reopening.deal_file(loans), "deal.yaml", actor=sample.ACTOR)
    with store.writing(reopening.DEAL) as writer:
        for draft in reopening.drafts(terms_of(writer, reopening.DEAL)[0].deal, 1, loans):
            writer.append(draft)
    return milliseconds(partial(service.distribute, store, reopening.DEAL, actor=sample.ACTOR))


def _of(books: Books) -> float:
    return processed(books.store, books.terms)


FIGURES = (
    Figure("a month of 100,000 loans distributed", "ms", lambda setting: loans_distributed(setting, 5 * setting.sizes.loans),
           peers={QUARTER: lambda setting: 4 * loans_distributed(setting, 5 * setting.sizes.loans // 4)}, goals=(at_most(1.2, of=QUARTER),)),
    Figure("360 months x 20 classes from stored events", "ms", lambda setting: _of(setting.once(with_twenty)),
           peers={QUARTER: lambda setting: 4 * _of(setting.once(with_five))}, goals=(at_most(1.2, of=QUARTER),), databases=(SQLITE,)),
    Figure("360 months x 5 classes, beside fewer months", "ms", lambda setting: _of(setting.once(with_five)),
           peers={QUARTER: lambda setting: 4 * _of(setting.once(with_few_months))}, goals=(at_most(1.2, of=QUARTER),), databases=(SQLITE,)),
)  # fmt: skip
