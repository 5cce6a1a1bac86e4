"""Sums of postings, each with what is behind it: the events, the accrual or the step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ledger.core.evidence import Evidence
from ledger.core.explain_events import EventsExplained, Part
from ledger.core.explain_steps import StepsExplained
from ledger.core.explanation import Explanation, given, total
from ledger.core.formula import MONEY
from ledger.core.posting import Posting


class PostingsExplained(EventsExplained, StepsExplained):
    """Explains postings of one distribution."""

    def __init__(self, evidence: Evidence) -> None:
        super().__init__(evidence)
        self.steps = {step.cause: step for step in self.terms.every_step()}

    def movement(self, label: str, keys: Iterable[str], upto: int, *, reasons: bool = False) -> Explanation:
        """The sum of the postings that carry an item; with `reasons`, why each step made them."""
        keys = list(keys)
        signs = {**dict.fromkeys(keys, 1), **{f"-{key}": -1 for key in keys}}
        parts = [Part(index, posted, signs[posted.item]) for index, posted in self._made(upto) if posted.item in signs]
        return total(label, self.grouped(parts, reasons=reasons))

    def balance(self, label: str, accounts: Sequence[str], upto: int, sign: int = 1, *, reasons: bool = False) -> Explanation:
        """What some accounts held together: brought forward, and what moved between them and others. `sign` is -1 for what the trust owes."""
        held = sign * sum(self.evidence.distribution.opening.balances.get(account, 0) for account in accounts)
        brought = [given("brought forward", MONEY, held)] if held else []
        return total(label, [*brought, *self.grouped(self.moving(accounts, upto, sign), reasons=reasons)])

    def moving(self, accounts: Sequence[str], upto: int, sign: int = 1) -> list[Part]:
        """The postings between some accounts and all others."""
        moved = ((index, posted, (posted.destination in accounts) - (posted.source in accounts)) for index, posted in self._made(upto))
        return [Part(index, posted, sign * direction) for index, posted, direction in moved if direction]

    def _made(self, upto: int) -> Iterable[tuple[int, Posting]]:
        return enumerate(self.evidence.postings[:upto])

    def grouped(self, parts: Sequence[Part], *, reasons: bool = False) -> Iterator[Explanation]:
        """A node for each step, and one for every other posting, in the order in which they were made."""
        for cause in dict.fromkeys(part.posted.cause for part in parts):
            found = [part for part in parts if part.posted.cause == cause]
            if cause in self.steps:
                step = self.steps[cause]
                moves = (given(f"{part.posted.source} to {part.posted.destination}", MONEY, part.amount) for part in found)
                yield total(f"step {step.number}, {step.label}", moves, self.step(step) if reasons else ())
            else:
                yield from map(self._posted, found)

    def _posted(self, part: Part) -> Explanation:
        """A posting that no step made."""
        match part.posted.cause:
            case "events":
                return self.of_events(part)
            case "accrual" if part.posted.item:
                return self.accrued(part)
            case _:
                return given(part.label, MONEY, part.amount)
