"""A deal so simple that a list of facts is a model of it: what was known when, kept in memory and added up anew for every question.

It shares no code with the books. A fact has a position, the period that books it, the period that it is for, a kind and an amount; a period's run is a
handful of sums; a version of a period is never forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

POOL = 1_000_000_00
PAYEES = ("A", "R", "servicer", "trustee")

# Principal comes before the fee, so that a fee that was wrong took nothing from A: what one class had of another's is told in tests/core/test_netting.py.
DEAL = """
deal: {name}
approval: {asks}
closing_date: 2025-01-25
dates: {{distribution: {{day: 25}}, accrual: month, day_count: 30/360}}
pool: {{original_balance: 1_000_000}}
tranches:
  A: {{original_balance: 1_000_000, rate: 0%}}
  R: {{kind: residual}}
fees: {{trustee: {{amount: {fee}}}}}
accounts: {{funds: {{collects: [interest, scheduled_principal]}}}}
waterfall:
  - {{pay: principal, to: A, from: funds, limit: pool.scheduled_principal}}
  - {{pay: fees, to: trustee, from: funds}}
  - {{pay: rest, to: R, from: funds}}
"""


@dataclass
class Fact:
    """A line of the log. `booked` and `origin` are numbers of periods; `gone_at` is the position that took it back (None: it stands)."""

    position: int
    line: int
    booked: int
    origin: int
    kind: str
    amount: int
    gone_at: int | None = None


@dataclass
class Closed:
    """A version of a period, as it was run."""

    position: int
    period: int
    version: int
    pool: int
    class_a: int
    due: int
    fee_unpaid: int
    collected: dict[str, int]
    paid: dict[str, int]
    owed: dict[str, int]


class Proposed(NamedTuple):
    """A period that waits for approval: where it was proposed, and by whom."""

    position: int
    period: int
    actor: str


@dataclass
class Model:
    """Facts, fees by period with the position that said so, every version of every period, and what waits for approval."""

    fees: list[tuple[int, int, int]]
    facts: list[Fact] = field(default_factory=list)
    movements: list[tuple[int, int, int, str, int]] = field(default_factory=list)
    versions: list[Closed] = field(default_factory=list)
    remitted: int = 0
    proposed: Proposed | None = None

    @property
    def closed(self) -> int:
        return max((one.period for one in self.versions), default=0)

    def fee(self, period: int) -> int:
        """The fee of a period: of the versions that begin with it or before, the one that begins last, and of those the one said last."""
        return max((version for version in self.fees if version[0] <= period), key=lambda version: version[:2])[2]

    def standing(self, period: int, known_at: int) -> Closed | None:
        found = [one for one in self.versions if one.period == period and one.position <= known_at]
        return found[-1] if found else None

    def first(self, period: int) -> Closed:
        return next(one for one in self.versions if one.period == period)

    def add(self, position: int, booked: int, origin: int, kind: str, amount: int) -> None:
        """What a line adds to a period, forever: a line taken back is the same with the sign turned."""
        self.movements.append((position, booked, origin, kind, amount))

    def total(self, period: int, kind: str) -> int:
        return sum(amount for _, booked, _, of_kind, amount in self.movements if (booked, of_kind) == (period, kind))

    def adjustments(self, period: int, kind: str, known_at: int) -> int:
        """What later periods booked for this one, as known then."""
        rows = [row for row in self.movements if row[0] <= known_at and row[2] == period and row[1] > period and row[3] == kind]
        return sum(row[4] for row in rows)

    def refused(self, period: int, actor: str, position: int) -> str:
        """Why an actor may not approve a period while the log ends at a position; nothing where it may."""
        if self.proposed is None or self.proposed.period != period:
            return "nothing is proposed"
        if self.proposed.position != position:
            return "something was appended since"
        return "cannot approve it too" if self.proposed.actor == actor else ""

    def close(self, position: int, period: int) -> None:
        """Run a period after the one before it as it stands; a proposal was made of what was before."""
        self.proposed = None
        before = self.standing(period - 1, position) or Closed(0, 0, 0, POOL, POOL, 0, 0, {}, {}, dict.fromkeys(PAYEES, 0))
        collected = {kind: self.total(period, kind) for kind in ("interest", "scheduled_principal")}
        due = before.due + sum(collected.values())
        cash, due = max(0, due), min(0, due)
        wired, fee_owed = cash, before.fee_unpaid + self.fee(period) + self.total(period, "trustee")
        principal = min(cash, max(0, collected["scheduled_principal"]), before.class_a)
        fee = max(0, min(cash - principal, fee_owed))
        paid = {"A": principal, "R": cash - principal - fee, "servicer": -wired, "trustee": fee}
        old = [one for one in self.versions if one.period == period]
        really = old[0].paid if old else paid
        owed = {payee: before.owed[payee] + paid[payee] - really[payee] for payee in PAYEES}
        pool, class_a = before.pool - collected["scheduled_principal"], before.class_a - principal
        self.versions.append(Closed(position, period, len(old) + 1, pool, class_a, due, fee_owed - fee, collected, paid, owed))
