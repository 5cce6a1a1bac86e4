"""Thirty years of a trust of five classes with losses: processed, appended and committed, verified, and read again as statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date
from typing import NamedTuple

from ledger import service
from ledger.core import schedule
from ledger.core.collections import Collections
from ledger.core.processor import distribute as run_period
from ledger.core.schedule import PeriodDates
from ledger.core.state import State
from ledger.core.terms import Terms
from ledger.service import books
from ledger.store.engine import Store
from tests.bench import plain_waterfall, thirty_years
from tests.bench.figure import Figure, at_most, seconds
from tests.bench.setting import POSTGRESQL, SQLITE, Setting
from tests.bench.thirty_years import DEAL
from tests.store import sample

PLAIN, PLAIN_STORED, EARLY = "plain floats in Python", "plain floats, the same events read", "month 12"


class Books(NamedTuple):
    """A database with the deal in it, its terms, and the days on which it paid."""

    store: Store
    terms: Terms
    paid: dict[int, date]


def appended(setting: Setting) -> Books:
    """All months remitted, none distributed."""
    store = setting.store()
    terms = thirty_years.open_deal(store)
    thirty_years.append(store, terms, setting.sizes.months)
    return Books(store, terms, {})


def finished(setting: Setting) -> Books:
    """All months distributed."""
    store, terms, _ = appended(setting)
    assert not service.distribute(store, DEAL, actor=sample.ACTOR).problems
    with store.reading() as reader:
        return Books(store, terms, {row.number: row.distribution_date for row in reader.distributions(DEAL)})


def milliseconds(action: Callable[[], object]) -> float:
    return seconds(action) * 1000


# Processed ------------------------------------------------------------------------------------------------------------


def process(setting: Setting) -> float:
    store, terms, _ = setting.once(appended)
    return processed(store, terms)


def processed(store: Store, terms: Terms) -> float:
    """Read each month's stored events and run its waterfall; nothing is written."""

    def run() -> None:
        with store.reading() as reader:
            state, months = books.latest(reader, terms).distribution.closing, books.Months(reader)
            while (recorded := months.at(terms, schedule.key_of(terms.deal, state.number + 1))) is not None:
                state = run_period(terms, state, *recorded).closing

    return milliseconds(run)


def read_months(setting: Setting) -> tuple[State, list[tuple[PeriodDates, Collections]]]:
    """What the waterfall of each month is given."""
    store, terms, _ = setting.once(appended)
    with store.reading() as reader:
        opening, months = books.latest(reader, terms).distribution.closing, books.Months(reader)
        keys = [schedule.key_of(terms.deal, number) for number in range(1, setting.sizes.months + 1)]
        return opening, [month for key in keys if (month := months.at(terms, key)) is not None]


def run_core(setting: Setting) -> float:
    """The waterfall alone, from values in memory."""
    terms, (opening, months) = setting.once(appended).terms, setting.once(read_months)

    def run() -> None:
        state = opening
        for month in months:
            state = run_period(terms, state, *month).closing

    return milliseconds(run)


def plain_months(rows: Iterable[tuple[int, str, int]]) -> list[dict[str, float]]:
    """Each month's totals by kind from (position, kind, cents)."""
    found: dict[int, dict[str, float]] = defaultdict(dict)
    for position, kind, cents in rows:
        found[position][kind] = cents / 100
    return list(found.values())


def stored_rows(store: Store) -> list[tuple[int, str, int]]:
    """What the user's own query would fetch."""
    columns = "position, kind, coalesce(principal, interest, amount)"
    kinds = "'interest', 'scheduled_principal', 'prepayment', 'default', 'liquidation_proceeds', 'realized_loss'"
    statement = f"SELECT {columns} FROM event WHERE deal_id = 1 AND kind IN ({kinds}) ORDER BY position, line"
    with store.engine.connect() as connection:
        return [(position, kind, cents) for position, kind, cents in connection.exec_driver_sql(statement)]


def plain(setting: Setting) -> float:
    months = plain_months(stored_rows(setting.once(appended).store))
    return milliseconds(lambda: plain_waterfall.run(months))


def plain_stored(setting: Setting) -> float:
    store = setting.once(appended).store
    return milliseconds(lambda: plain_waterfall.run(plain_months(stored_rows(store))))


# Committed ------------------------------------------------------------------------------------------------------------


def distribute(setting: Setting) -> float:
    """Seconds to read, process, post and commit; the months are remitted."""
    store, _, _ = appended(setting)
    return seconds(lambda: service.distribute(store, DEAL, actor=sample.ACTOR))


def append_and_distribute(setting: Setting) -> float:
    store = setting.store()
    terms = thirty_years.open_deal(store)
    append = seconds(lambda: thirty_years.append(store, terms, setting.sizes.months))
    return append + seconds(lambda: service.distribute(store, DEAL, actor=sample.ACTOR))


def verify(setting: Setting) -> float:
    store = setting.once(finished).store
    return seconds(lambda: service.verify(store, DEAL))


def statement_of(setting: Setting, month: int) -> float:
    store, _, paid = setting.once(finished)
    return milliseconds(lambda: service.statement(store, DEAL, on=paid[month]))


FIGURES = (
    Figure("360 months x 5 classes from values already read", "ms", run_core, peers={PLAIN: plain}),
    Figure("360 months x 5 classes from stored events", "ms", process, peers={PLAIN_STORED: plain_stored, PLAIN: plain},
           goals=(at_most(30), at_most(4, of=PLAIN_STORED))),
    Figure("360 months read, processed, posted and committed", "s", distribute, goals=(at_most(0.3, on=SQLITE), at_most(0.5, on=POSTGRESQL))),
    Figure("the same, the months appended too", "s", append_and_distribute),
    Figure("verification of 360 months: chain, and every distribution again", "s", verify, goals=(at_most(0.5),)),
    Figure("statement of month 360", "ms", lambda setting: statement_of(setting, setting.sizes.months),
           peers={EARLY: lambda setting: statement_of(setting, 12)}, goals=(at_most(20), at_most(1.2, of=EARLY)), runs=15),
)  # fmt: skip
