"""Why a posting of the period's opening is what it is: the lines of the log that it sums, down to loan, file and row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

from ledger.core.explain_readings import ReadingsExplained
from ledger.core.explanation import Explanation, given, less, signed, total
from ledger.core.formula import MONEY
from ledger.core.money import Money
from ledger.core.posting import Posting
from ledger.core.problems import Path
from ledger.core.receipts import adjusted_subject


class Part(NamedTuple):
    """A posting as a part of a figure: its place, and whether it raises (1) or lowers (-1) the figure."""

    at: int
    posted: Posting
    sign: int

    @property
    def amount(self) -> Money:
        return self.sign * self.posted.amount

    @property
    def label(self) -> str:
        return f"{self.posted.step}: {self.posted.source} to {self.posted.destination}"

    @property
    def subject(self) -> str:
        """The subject of the figure that the posting carries; blank where it carries none."""
        return self.posted.item.removeprefix("-").rpartition(".")[0]


class EventsExplained(ReadingsExplained):
    """Explains postings whose cause is events."""

    def of_events(self, part: Part) -> Explanation:
        """The posting as the sum of the lines behind it, or of the balance that it moves on."""
        match part.posted.step:
            case "wire" if self.deal.settlement == "assumed":
                due = self.balance("reported and not yet wired", [part.posted.source], part.at)
                return total(part.label, [signed(due, part.sign)])
            case "wire" | "account_earnings" | "adjustment":
                return self._of_facts(part)
            case "pool balance":
                return self._of_stated_balance(part)
            case name if name in self.deal.amounts:
                return self._turned(part, [self.amount(name, self.evidence.by_path["amounts", name][-1])])
            case name if name in self.deal.reported:
                return self._turned(part, [self.reported(name)])
            case _:
                return self._of_lines(part)

    def _turned(self, part: Part, lines: Sequence[Explanation]) -> Explanation:
        """The posting as the sum of its lines, turned round where it counts the other way in this figure. Its value is its own: lines must add up to it."""
        forward = sum(line.number for line in lines) == part.amount
        return Explanation(part.label, MONEY, part.amount, "sum", tuple(lines if forward else map(less, lines)))

    def _of_facts(self, part: Part) -> Explanation:
        """The facts of one subject: each made a posting of its own, in order; wires were added up."""
        kind = part.posted.step
        subject = adjusted_subject(part.posted.item) if kind == "adjustment" else part.subject
        lines = [line for line in self.evidence.facts(kind, subject) if line.event.amount]
        if kind != "wire":
            before = self.evidence.postings[: part.at]
            lines = lines[sum(posted.step == kind and posted.item.removeprefix("-") == part.posted.item.removeprefix("-") for posted in before) :][:1]
        return self._turned(part, [given(f"{kind}: {subject}", MONEY, line.event.amount or 0, line.source) for line in lines])

    def _of_stated_balance(self, part: Part) -> Explanation:
        path: Path = ("pool", "balance") if self.deal.pool else ("pools", part.subject, "balance")
        before = self.balance("the balance that reported movements leave", self.terms.pool_accounts[part.subject], part.at)
        return self._turned(part, [before, less(self.amount("closing balance as stated", self.evidence.by_path[path][-1]))])

    # Lines of the log --------------------------------------------------------------------------------------------------

    def _of_lines(self, part: Part) -> Explanation:
        """The lines of a component. A loss is posted net of expenses; what is liquidated without a default passes through the defaulted loans."""
        component, origin = part.posted.step, part.posted.origin_period
        passed = self._passed_through(part)
        if passed is not None:
            proceeds = self.evidence.lines("liquidation_proceeds", passed, origin) if component == "liquidation_proceeds" else ()
            held = max(0, self.evidence.balance(part.posted.destination, part.at))
            defaulted = [less(given("in default already", MONEY, held))] if held else []
            return self._turned(part, [*proceeds, *self._net_loss(passed, origin), *defaulted])
        pool = self._pool_of(part)
        lines = self._net_loss(pool, origin) if component == "realized_loss" else self.evidence.lines(component, pool, origin)
        return self._turned(part, list(lines))

    def _passed_through(self, part: Part) -> str | None:
        """The pool whose loans leave it by way of the defaulted ones in this posting, which carries no figure; None for any other posting."""
        if part.posted.item or part.posted.step not in ("liquidation_proceeds", "realized_loss"):
            return None
        ways = {self.terms.defaulted_account(pool): pool for pool in self.deal.all_pools}
        return ways.get(part.posted.destination)

    def _net_loss(self, pool: str, origin: date | None) -> Iterator[Explanation]:
        yield from self.evidence.lines("realized_loss", pool, origin)
        yield from map(less, self.evidence.lines("liquidation_expense", pool, origin))

    def _pool_of(self, part: Part) -> str:
        """The pool whose figure the posting carries, or that before it of the same component: only the first leg of an entry carries it."""
        before = (self.evidence.postings[index] for index in range(part.at, -1, -1))
        first = next(posted for posted in before if posted.step == part.posted.step and posted.item)
        return first.item.removeprefix("-").rpartition(".")[0]
