"""LANTERN-2024-1 by hand: every figure of its 24 months, computed without the software that keeps its books.

Only the standard library is used, and only this one trust is understood: what deal.yaml states as data is written out here once more as plain
arithmetic, month after month, from the same remittances. Where the two agree to the cent, neither copied the other.

Amounts are whole cents, rates are fractions. `python by_hand.py` writes the figures to the standard output, in the form of published.csv.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path

CLASSES = ("A", "B", "C")
ORIGINAL = {"A": 850_000_00, "B": 100_000_00, "C": 50_000_00}
ORIGINAL_POOL = 1_000_000_00
RATE = {"A": Fraction(6, 100), "B": Fraction(72, 1000), "C": Fraction(96, 1000)}
SERVICING_RATE = Fraction(6, 1000)
A_TWELFTH = Fraction(1, 12)
TRUSTEE_FEE = 100_00
TRUSTEE_CAP = 1_500_00
RESERVE_TARGET = 4_000_00
CLOSING = date(2024, 1, 25)
BANKS_ARE_CLOSED = {date(2024, 5, 27), date(2024, 12, 25), date(2025, 5, 26), date(2025, 12, 25)}
"""The holidays that lie on or beside a 25th of these two years: Memorial Day and Christmas, twice."""

Figures = dict[tuple[str, str], str]
"""What is published of a month, by subject and item."""


def rounded(exact: Fraction) -> int:
    """To the whole cent, half a cent up; nothing here is negative."""
    return int(exact + Fraction(1, 2))


def cents(text: str) -> int:
    return int(Decimal(text or "0") * 100)


def money(amount: int) -> str:
    return f"{Decimal(amount).scaleb(-2):f}"


def number(exact: Fraction, places: int) -> str:
    quotient = Decimal(exact.numerator) / Decimal(exact.denominator)
    return f"{quotient.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):f}"


def flag(holds: bool) -> str:
    return "yes" if holds else "no"


# The trust between two months ---------------------------------------------------------------------------------------------


@dataclass
class Trust:
    """What one month leaves to the next, in cents."""

    paid_on: date = CLOSING
    loans: dict[str, int] = field(default_factory=dict)
    pool: int = ORIGINAL_POOL
    pool_loss: int = 0
    balance: dict[str, int] = field(default_factory=ORIGINAL.copy)
    unpaid: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CLASSES, 0))
    unpaid_on_unpaid: int = 0  # of class B alone: what its unpaid interest earned
    borne: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CLASSES, 0))
    reserve: int = RESERVE_TARGET
    fee_unpaid: dict[str, int] = field(default_factory=lambda: {"servicer": 0, "trustee": 0})
    trustee_in_year: int = 0
    losses_too_high: bool = False


def payment_day(scheduled: date) -> date:
    """The 25th, or the first day after it on which banks are open."""
    day = scheduled
    while day.weekday() >= 5 or day in BANKS_ARE_CLOSED:
        day += timedelta(days=1)
    return day


# The remittance -----------------------------------------------------------------------------------------------------------


class Remittance:
    """One month's file: sums of each kind, and the loans moved by what was reported of them."""

    def __init__(self, path: Path, loans: dict[str, int]) -> None:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        self.scheduled = date.fromisoformat(rows[0]["distribution_date"])
        self.sums: Counter[str] = Counter()
        self.called = False
        for row in rows:
            self.add(row)
        self.move(rows, loans)
        stated = next(cents(row["value"]) for row in rows if row["kind"] == "closing_balance")
        if sum(loans.values()) != stated:
            sys.exit(f"{path.name}: the loans add to {money(sum(loans.values()))}, the servicer states {money(stated)}")

    def add(self, row: dict[str, str]) -> None:
        """Add a row to the sums of its kind."""
        kind, value, principal, interest = row["kind"], cents(row["value"]), cents(row["principal"]), cents(row["interest"])
        if kind == "payment":
            self.sums["scheduled_principal"] += principal
            self.sums["interest"] += interest
        elif kind == "payoff":
            self.sums["payoff"] += principal
            self.sums["interest"] += interest
        elif kind == "repurchase":
            self.sums["repurchase_principal"] += principal
            self.sums["repurchase_interest"] += interest
        elif kind in ("reported", "account_earnings"):
            self.sums[row["subject"] if kind == "reported" else kind] += value
        elif kind == "call":
            self.called = True
        else:
            self.sums[kind] += value

    @staticmethod
    def move(rows: Iterable[dict[str, str]], loans: dict[str, int]) -> None:
        """Roll each loan forward by its rows; its stated balance must be what they leave."""
        for row in rows:
            loan, kind, value = row["loan"], row["kind"], cents(row["value"])
            if kind == "loan_setup":
                loans[loan] = cents(row["balance"])
            elif kind in ("payment", "payoff", "repurchase"):
                loans[loan] -= cents(row["principal"])
            elif kind in ("curtailment", "charge_off", "liquidation_proceeds", "realized_loss"):
                loans[loan] -= value
            elif kind == "liquidation_expense":
                loans[loan] += value  # a loss includes the expenses, which the loan never owed
        for row in rows:
            if row["kind"] in ("payment", "payoff", "repurchase") and loans[row["loan"]] != cents(row["balance"]):
                sys.exit(f"{row['distribution_date']} {row['loan']}: {money(loans[row['loan']])} is left, {row['balance']} is stated")


# One month ----------------------------------------------------------------------------------------------------------------


class Month:
    """One month from remittance to distribution, in the order of the trust's priority of payments."""

    def __init__(self, trust: Trust, path: Path) -> None:
        self.trust = trust
        self.opening_pool = trust.pool
        self.remittance = Remittance(path, trust.loans)
        self.sums = self.remittance.sums
        self.pool = trust.pool = sum(trust.loans.values())
        self.scheduled = self.remittance.scheduled
        self.paid_on = payment_day(self.scheduled)
        self.opening = trust.balance.copy()
        self.opening_unpaid = {name: trust.unpaid[name] + (trust.unpaid_on_unpaid if name == "B" else 0) for name in CLASSES}
        self.opening_fee_unpaid = trust.fee_unpaid.copy()
        self.opening_reserve = trust.reserve
        self.fee_paid: Counter[str] = Counter()

    def work(self) -> Figures:
        self.collect()
        self.accrue()
        self.test()
        self.pay_fees()
        self.pay_interest()
        self.pay_principal()
        self.bear_losses()
        self.write_up_recoveries()
        self.pay_what_is_left()
        self.carry()
        return dict(self.publish())

    # What came in -------------------------------------------------------------------------------------------------

    def collect(self) -> None:
        """Interest into one account, principal into another. A liquidation brings its proceeds less its expenses."""
        sums, trust = self.sums, self.trust
        self.interest_funds = self.interest_collected = sums["interest"] + sums["repurchase_interest"]
        self.principal_funds = self.principal_collected = (
            sums["scheduled_principal"] + sums["curtailment"] + sums["payoff"] + sums["repurchase_principal"]
            + sums["liquidation_proceeds"] - sums["liquidation_expense"] + sums["subsequent_recovery"]
        )  # fmt: skip
        self.loss = sums["realized_loss"] + sums["charge_off"] - sums["subsequent_recovery"]
        trust.pool_loss += self.loss
        trust.reserve += sums["account_earnings"]
        self.deposits, self.draws = sums["account_earnings"], 0

    # What is owed -------------------------------------------------------------------------------------------------

    def accrue(self) -> None:
        """Class A by the days from payment to payment over 360; B and C a twelfth of a year, whatever the days; the servicer likewise."""
        trust = self.trust
        self.year_fraction = {"A": Fraction((self.paid_on - trust.paid_on).days, 360), "B": A_TWELFTH, "C": A_TWELFTH}
        self.accrued = {name: rounded(self.opening[name] * RATE[name] * self.year_fraction[name]) for name in CLASSES}
        self.on_unpaid = rounded(trust.unpaid["B"] * RATE["B"] * A_TWELFTH)
        trust.unpaid_on_unpaid += self.on_unpaid
        self.fee_accrued = {"servicer": rounded(self.opening_pool * SERVICING_RATE * A_TWELFTH), "trustee": TRUSTEE_FEE + self.sums["trustee_expenses"]}
        for fee, amount in self.fee_accrued.items():
            trust.fee_unpaid[fee] += amount
        if self.paid_on.year != trust.paid_on.year:
            trust.trustee_in_year = 0

    def test(self) -> None:
        """More than a tenth of the pool two instalments behind fails until it is cured; losses above 3 % of the original pool fail for good."""
        self.delinquency = self.sums["delinquent_60"] * 10 > self.pool
        self.trust.losses_too_high |= self.trust.pool_loss * 100 > 3 * ORIGINAL_POOL
        self.sequential = self.delinquency or self.trust.losses_too_high

    # Fees and interest --------------------------------------------------------------------------------------------

    def from_interest(self, wanted: int) -> int:
        paid = max(0, min(wanted, self.interest_funds))
        self.interest_funds -= paid
        return paid

    def from_reserve(self, wanted: int) -> int:
        paid = max(0, min(wanted, self.trust.reserve))
        self.trust.reserve -= paid
        self.draws += paid
        return paid

    def pay_fee(self, fee: str, limit: int) -> int:
        paid = self.from_interest(min(self.trust.fee_unpaid[fee], limit))
        self.trust.fee_unpaid[fee] -= paid
        self.fee_paid[fee] += paid
        return paid

    def pay_fees(self) -> None:
        """The servicer, then the trustee as far as its cap of the calendar year leaves room."""
        trust = self.trust
        self.pay_fee("servicer", trust.fee_unpaid["servicer"])
        trust.trustee_in_year += self.pay_fee("trustee", TRUSTEE_CAP - trust.trustee_in_year)

    def pay_interest(self) -> None:
        """A, B, C in turn: each is owed what it accrued and what was left unpaid before. The reserve stands behind A and B."""
        self.interest_due = {name: self.accrued[name] + self.opening_unpaid[name] + (self.on_unpaid if name == "B" else 0) for name in CLASSES}
        self.interest_paid = dict.fromkeys(CLASSES, 0)
        for name in CLASSES:
            paid = self.from_interest(self.interest_due[name])
            if name != "C":
                paid += self.from_reserve(self.interest_due[name] - paid)
            self.interest_paid[name] = paid

    # Principal and losses -----------------------------------------------------------------------------------------

    def notes(self) -> int:
        return sum(self.trust.balance.values())

    def pay_principal(self) -> None:
        """All principal, in proportion to the balances while no test fails, else to A until it is nil, then to B, then to C.

        Where the notes are then still more than the pool, interest that is left makes principal good: a loss that no class feels.
        """
        self.principal_paid = dict.fromkeys(CLASSES, 0)
        shares = self.in_sequence(self.principal_funds) if self.sequential else self.in_proportion(self.principal_funds)
        self.principal_funds -= self.repay(shares)
        self.interest_funds -= self.repay(self.in_sequence(min(self.interest_funds, max(0, self.notes() - self.pool))))

    def in_sequence(self, amount: int) -> dict[str, int]:
        shares = {}
        for name in CLASSES:
            shares[name] = min(amount, self.trust.balance[name])
            amount -= shares[name]
        return shares

    def in_proportion(self, amount: int) -> dict[str, int]:
        """Whole cents of each share; the cents left over go one by one to the largest fractions of a cent, A before B before C."""
        notes = self.notes()
        exact = {name: Fraction(amount * self.trust.balance[name], notes) for name in CLASSES}
        shares = {name: int(share) for name, share in exact.items()}
        by_fraction = sorted(CLASSES, key=lambda name: exact[name] - shares[name], reverse=True)
        for name in by_fraction[: amount - sum(shares.values())]:
            shares[name] += 1
        return shares

    def repay(self, shares: dict[str, int]) -> int:
        for name, share in shares.items():
            self.trust.balance[name] -= share
            self.principal_paid[name] += share
        return sum(shares.values())

    def bear_losses(self) -> None:
        """What the notes exceed the pool by is lost: C bears it, then B, then A."""
        self.written_down = dict.fromkeys(CLASSES, 0)
        lost = max(0, self.notes() - self.pool)
        for name in reversed(CLASSES):
            self.written_down[name] = min(lost, self.trust.balance[name])
            self.trust.balance[name] -= self.written_down[name]
            self.trust.borne[name] += self.written_down[name]
            lost -= self.written_down[name]

    def write_up_recoveries(self) -> None:
        """What is recovered later restores A, then B, then C, none by more than the loss it bore."""
        self.written_up = dict.fromkeys(CLASSES, 0)
        recovered = self.sums["subsequent_recovery"]
        for name in CLASSES:
            self.written_up[name] = min(recovered, self.trust.borne[name])
            self.trust.balance[name] += self.written_up[name]
            self.trust.borne[name] -= self.written_up[name]
            recovered -= self.written_up[name]

    # What is left -------------------------------------------------------------------------------------------------

    def pay_what_is_left(self) -> None:
        """Refill the reserve, pay the trustee what its cap held back, release what the reserve need not hold (first to C's interest), the rest to R."""
        trust = self.trust
        self.target = RESERVE_TARGET if self.notes() else 0
        refill = self.from_interest(self.target - trust.reserve)
        trust.reserve += refill
        self.deposits += refill
        self.pay_fee("trustee", trust.fee_unpaid["trustee"])
        to_class_c = self.from_reserve(min(self.interest_due["C"] - self.interest_paid["C"], trust.reserve - self.target))
        self.interest_paid["C"] += to_class_c
        released = self.from_reserve(trust.reserve - self.target)
        self.residual = released + self.interest_funds + self.principal_funds
        self.interest_funds = self.principal_funds = 0

    def carry(self) -> None:
        """Unpaid interest goes on to the next month. What B is paid counts first against the interest on its unpaid interest."""
        trust = self.trust
        for name in CLASSES:
            trust.unpaid[name] = self.interest_due[name] - self.interest_paid[name]
        trust.unpaid_on_unpaid = max(0, trust.unpaid_on_unpaid - self.interest_paid["B"])
        trust.unpaid["B"] -= trust.unpaid_on_unpaid
        trust.paid_on = self.paid_on

    # What is published --------------------------------------------------------------------------------------------

    def publish(self) -> Iterator[tuple[tuple[str, str], str]]:
        for name in CLASSES:
            yield from (((name, item), text) for item, text in self.of_class(name))
        yield ("R", "interest_paid"), money(self.residual)
        for subject, figures in (("tranches", self.of_all_classes()), ("servicer", self.of_fee("servicer")), ("trustee", self.of_fee("trustee")),
                                 ("reserve", self.of_reserve()), ("pool", self.of_pool())):  # fmt: skip
            yield from (((subject, item), money(amount)) for item, amount in figures.items())
        for name, collected in (("interest_funds", self.interest_collected), ("principal_funds", self.principal_collected)):
            yield (name, "collected"), money(collected)
            yield (name, "balance"), money(getattr(self, name))
        yield ("pool", "factor"), number(Fraction(self.pool, ORIGINAL_POOL), 8)
        yield ("A", "year_fraction"), number(self.year_fraction["A"], 10)
        yield from ((("deal", item), text) for item, text in self.of_deal())

    def of_class(self, name: str) -> Iterator[tuple[str, str]]:
        trust = self.trust
        yield "opening_balance", money(self.opening[name])
        yield "interest_accrued", money(self.accrued[name])
        yield "opening_unpaid_interest", money(self.opening_unpaid[name])
        yield "interest_on_unpaid", money(self.on_unpaid if name == "B" else 0)
        yield "interest_due", money(self.interest_due[name])
        yield "interest_paid", money(self.interest_paid[name])
        yield "unpaid_interest", money(trust.unpaid[name] + (trust.unpaid_on_unpaid if name == "B" else 0))
        yield "principal_paid", money(self.principal_paid[name])
        yield "total_paid", money(self.interest_paid[name] + self.principal_paid[name])
        yield "realized_loss", money(self.written_down[name])
        yield "written_up", money(self.written_up[name])
        yield "cumulative_loss", money(trust.borne[name])
        yield "closing_balance", money(trust.balance[name])
        yield "factor", number(Fraction(trust.balance[name], ORIGINAL[name]), 8)
        yield "interest_per_1000", number(Fraction(self.interest_paid[name] * 1000, ORIGINAL[name]), 6)
        yield "principal_per_1000", number(Fraction(self.principal_paid[name] * 1000, ORIGINAL[name]), 6)

    def of_all_classes(self) -> dict[str, int]:
        return {
            "interest_paid": sum(self.interest_paid.values()), "principal_paid": sum(self.principal_paid.values()),
            "realized_loss": sum(self.written_down.values()), "written_up": sum(self.written_up.values()),
            "cumulative_loss": sum(self.trust.borne.values()), "closing_balance": self.notes(),
        }  # fmt: skip

    def of_fee(self, fee: str) -> dict[str, int]:
        opening = self.opening_fee_unpaid[fee]
        return {
            "accrued": self.fee_accrued[fee], "opening_unpaid": opening, "due": opening + self.fee_accrued[fee],
            "paid": self.fee_paid[fee], "unpaid": self.trust.fee_unpaid[fee],
        }  # fmt: skip

    def of_reserve(self) -> dict[str, int]:
        return {
            "opening_balance": self.opening_reserve, "earnings": self.sums["account_earnings"], "deposits": self.deposits, "draws": self.draws,
            "balance": self.trust.reserve, "target": self.target, "shortfall": self.target - self.trust.reserve,
        }  # fmt: skip

    def of_pool(self) -> dict[str, int]:
        kinds = ("interest", "scheduled_principal", "curtailment", "payoff", "default", "liquidation_proceeds", "liquidation_expense", "realized_loss",
                 "charge_off", "subsequent_recovery", "repurchase_principal", "repurchase_interest")  # fmt: skip
        return {
            "opening_balance": self.opening_pool, **{kind: self.sums[kind] for kind in kinds}, "prepayment": self.sums["curtailment"] + self.sums["payoff"],
            "loss": self.loss, "cumulative_loss": self.trust.pool_loss, "closing_balance": self.pool,
        }  # fmt: skip

    def of_deal(self) -> Iterator[tuple[str, str]]:
        yield "delinquent_60", money(self.sums["delinquent_60"])
        yield "trustee_expenses", money(self.sums["trustee_expenses"])
        yield "trustee_in_year", money(self.trust.trustee_in_year)
        yield "delinquency", flag(self.delinquency)
        yield "cumulative_loss", flag(self.trust.losses_too_high)
        yield "sequential", flag(self.sequential)
        yield "called", flag(self.remittance.called)


def figures(remittances: Iterable[Path]) -> Iterator[tuple[date, Figures]]:
    """What is published of each month, in the order of the remittances."""
    trust = Trust()
    for path in remittances:
        month = Month(trust, path)
        yield month.scheduled, month.work()


def main() -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(("distribution_date", "subject", "item", "amount", "note"))
    for scheduled, published in figures(sorted((Path(__file__).parent / "remittances").glob("*.csv"))):
        for (subject, item), text in published.items():
            writer.writerow((scheduled, subject, item, text, ""))


if __name__ == "__main__":
    main()
