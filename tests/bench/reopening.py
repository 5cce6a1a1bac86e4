"""A correction three years back in a deal of ten years and 5,000 loans: the period and all later ones run again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ledger import service
from ledger.core import schedule
from ledger.core.correction import Treatment
from ledger.core.deal import Deal
from ledger.core.events import Event
from ledger.service.terms import terms_of
from ledger.store.engine import Store
from ledger.store.log import Draft
from tests.bench.figure import Figure, at_most, seconds
from tests.bench.setting import Setting
from tests.store import sample

DEAL = "BENCH-LOANS"


class Corrected(NamedTuple):
    """The books, the positions of the remittances, and how often their lines were corrected so far."""

    store: Store
    positions: list[int]
    corrected: list[int]


def deal_file(loans: int) -> bytes:
    return f"""
deal: {DEAL}
closing_date: 2015-01-25
dates: {{distribution: {{day: 25}}, accrual: month, day_count: 30/360}}
pool: {{original_balance: {loans * 100_000}}}
tranches:
  A: {{original_balance: {loans * 80_000}, rate: 4%}}
  B: {{original_balance: {loans * 20_000}, rate: 5%}}
  R: {{kind: residual}}
fees: {{servicing: {{rate: 0.25%, of: pool.opening_balance}}}}
accounts: {{funds: {{collects: [interest, scheduled_principal]}}}}
waterfall:
  - {{pay: fees, to: servicing, from: funds}}
  - {{pay: interest, to: {{sequential: [A, B]}}, from: funds}}
  - {{pay: principal, to: {{sequential: [A, B]}}, from: funds, limit: pool.scheduled_principal}}
  - {{pay: rest, to: R, from: funds}}
""".encode()


def drafts(deal: Deal, months: int, loans: int) -> Iterator[Draft]:
    """Every month a row a loan."""
    previous = None
    for number in range(1, months + 1):
        dates = schedule.resolve(deal, number, lambda _day: True, previous)
        previous = dates.distribution
        opened = [Event(0, "period_date", name, effective_on=day) for name, day in dates.by_name().items()]
        row = Event(0, "payment", principal=100_00, interest=500_00, balance=100_000_00 - number * 100_00, rate="0.06", delinquency=0)
        yield sample.remittance([*opened, *(row._replace(subject=f"L-{loan:05d}") for loan in range(loans))], dates.scheduled)


def ten_years(setting: Setting) -> Corrected:
    """Every month remitted and distributed."""
    store, sizes = setting.store(), setting.sizes
    service.open_deal(store, deal_file(sizes.corrected_loans), "deal.yaml", actor=sample.ACTOR)
    with store.writing(DEAL) as writer:
        deal = terms_of(writer, DEAL)[0].deal
        positions = [writer.append(draft).position for draft in drafts(deal, sizes.corrected_months, sizes.corrected_loans)]
    assert not service.distribute(store, DEAL, actor=sample.ACTOR).problems
    return Corrected(store, positions, [])


def correct(setting: Setting, back: int, treatment: Treatment) -> float:
    """Seconds that the correction of one loan's line takes, with all that follows from it. Each time it is another loan's."""
    store, positions, corrected = setting.once(ten_years)
    month = max(len(positions) - back, 2)  # the first month sets the loans up
    corrected.append(month)
    line = f"{positions[month - 1]}:{11 + len(corrected)}"
    text = f"corrects,principal,interest,balance,rate,delinquency\n{line},100.00,490.00,{100_000 - month * 100}.00,6%,0\n".encode()
    return seconds(lambda: service.correct(store, DEAL, text, f"{line}.csv", reason="bench", treatment=treatment, actor=sample.ACTOR))


FIGURES = (
    Figure("5,000 loans x 120 months: a line of three years back adjusted", "s", lambda setting: correct(setting, 36, "adjust")),
    Figure("the same reopened, 37 months run again", "s", lambda setting: correct(setting, 36, "reopen"), goals=(at_most(10),)),
    Figure("the same, the last month reopened", "s", lambda setting: correct(setting, 0, "reopen")),
)
