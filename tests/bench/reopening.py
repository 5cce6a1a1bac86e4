"""A correction three years back in a deal of ten years and 5,000 loans: the period and all later ones run again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from ledger import service
from ledger.core import schedule
from ledger.core.correction import Treatment
from ledger.core.events import Event
from ledger.service import books
from ledger.service.terms import terms_of
from ledger.store.engine import Store
from tests.bench.appending import Databases
from tests.bench.timing import Figure, seconds
from tests.store import sample

DEAL, LOANS, MONTHS, BACK = "BENCH-LOANS", 5_000, 120, 36
DEAL_FILE = f"""
deal: {DEAL}
closing_date: 2015-01-25
dates: {{distribution: {{day: 25}}, accrual: month, day_count: 30/360}}
pool: {{original_balance: {LOANS * 100_000}}}
tranches:
  A: {{original_balance: {LOANS * 80_000}, rate: 4%}}
  B: {{original_balance: {LOANS * 20_000}, rate: 5%}}
  R: {{kind: residual}}
fees: {{servicing: {{rate: 0.25%, of: pool.opening_balance}}}}
accounts: {{funds: {{collects: [interest, scheduled_principal]}}}}
waterfall:
  - {{pay: fees, to: servicing, from: funds}}
  - {{pay: interest, to: {{sequential: [A, B]}}, from: funds}}
  - {{pay: principal, to: {{sequential: [A, B]}}, from: funds, limit: pool.scheduled_principal}}
  - {{pay: rest, to: R, from: funds}}
""".encode()


def build(store: Store, months: int) -> list[int]:
    """Every month with a row a loan, distributed; the positions of the remittances."""
    service.open_deal(store, DEAL_FILE, "deal.yaml", actor=sample.ACTOR)
    positions: list[int] = []
    with store.writing(DEAL) as writer:
        deal, previous = terms_of(writer, DEAL)[0].deal, None
        for number in range(1, months + 1):
            dates = schedule.resolve(deal, number, lambda _day: True, previous)
            previous = dates.distribution
            opened = [Event(0, "period_date", name, effective_on=getattr(dates, name)) for name in books.PERIOD_DATES]
            rows = [
                Event(0, "payment", f"L-{loan:05d}", principal=100_00, interest=500_00, balance=100_000_00 - number * 100_00, rate="0.06", delinquency=0)
                for loan in range(LOANS)
            ]
            positions.append(writer.append(sample.remittance([*opened, *rows], dates.scheduled)).position)
    assert not service.distribute(store, DEAL, actor=sample.ACTOR).problems
    return positions


def corrected(store: Store, position: int, treatment: Treatment) -> float:
    """Seconds that the correction of one loan's line takes, with all that follows from it."""
    text = f"corrects,principal,interest,balance,rate,delinquency\n{position}:12,100.00,490.00,{99_900 - (position - 2) * 100}.00,6%,0\n".encode()
    return seconds(lambda: service.correct(store, DEAL, text, "c.csv", reason="bench", treatment=treatment, actor=sample.ACTOR))


def measure(name: str, fresh: Databases) -> Iterator[Figure]:
    store = Store(fresh())
    positions = build(store, MONTHS)
    first, later = positions[MONTHS - BACK], positions[MONTHS - BACK + 1]
    adjusted = corrected(store, later, "adjust")
    yield Figure(f"{name}: 5,000 loans, one line three years back adjusted", [adjusted], "s")
    yield Figure(f"{name}: the same reopened, {BACK} months run again", [corrected(store, first, "reopen")], "s", "<= 10")
    last = positions[-1]
    yield Figure(f"{name}: the last month reopened", [corrected(store, last, "reopen")], "s")
    assert service.statement(store, DEAL, on=date(2025, 1, 25)).revision.version > 1
    store.close()
