"""Why a step or an accrual posted what it did: its formula, limit and condition with the values of their names, what its accounts held, who got what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from ledger.core import posting
from ledger.core.explain_events import Part
from ledger.core.explain_readings import ReadingsExplained
from ledger.core.explanation import Explanation, given, less, rounded, total
from ledger.core.formula import MONEY, NUMBER
from ledger.core.money import Money
from ledger.core.names import claims_to_interest
from ledger.core.posting import EXCESS
from ledger.core.problems import Path
from ledger.core.terms import CompiledStep


class StepsExplained(ReadingsExplained):
    """Explains steps and accruals."""

    def step(self, step: CompiledStep) -> Iterator[Explanation]:
        """Why the step moved what it moved: its conditions, what it asked for, its limits, its shares, and its accounts in the order of drawing."""
        made = [index for index, posted in enumerate(self.evidence.postings) if posted.cause == step.cause]
        yield from self._conditions(step)
        yield from self._asked(step, made[0])
        yield from self._limits(step)
        yield from self._weights(made)
        yield from self._shares(step, made)
        for account in step.sources:
            yield self._drawn(account, made)

    def _conditions(self, step: CompiledStep) -> Iterator[Explanation]:
        """The step's own condition and those of the blocks that it stands in."""
        for length in range(2, len(step.path) + 1):
            for note in self.evidence.by_path.get((*step.path[:length], "when"), ()):
                yield self.formula("when", note)

    def _asked(self, step: CompiledStep, before: int) -> Iterator[Explanation]:
        """The formula of the amount, or what each payee was owed before the step."""
        for note in self.evidence.by_path.get((*step.path, step.verb), ()):
            yield self.amount(f"{step.verb.replace('_', ' ')}", note)
        for payee in dict.fromkeys(step.payees):
            claims = self._claims(step, payee)
            if claims:
                sign = 1 if step.what == "ledger" else -1
                yield self.balance(f"{payee} is owed {step.ledger or step.what}", claims, before, sign)

    def _claims(self, step: CompiledStep, payee: str) -> list[str]:
        """The accounts that hold what a payee can be paid in a step; none where it can be paid any amount."""
        match step.what:
            case "interest" | "due" if payee in self.terms.claims:
                return [self.terms.claims[payee].interest] if step.verb == "accrete" else list(claims_to_interest(self.terms, payee))
            case "principal":
                return [self.terms.claims[payee].principal]
            case "fees" | "due":
                return [posting.fee(payee)]
            case "ledger":
                return [posting.ledger(step.ledger or "", payee)]
            case _:
                return []

    def _limits(self, step: CompiledStep) -> Iterator[Explanation]:
        """The step's limit, and limits and conditions of the branches of its tree as they were read last."""
        for note in self.evidence.by_path.get((*step.path, "limit"), ()):
            yield self.amount("limit", note)
        tree: Path = (*step.path, "to")
        for path, notes in self.evidence.by_path.items():
            if path[: len(tree)] == tree:
                where = " ".join(str(part) for part in path[len(tree) : -1])
                label = f"{path[-1]} of branch {where}".removesuffix(" of branch ")
                yield self.amount(label, notes[-1]) if path[-1] == "limit" else self.formula(label, notes[-1])

    def _weights(self, made: Sequence[int]) -> Iterator[Explanation]:
        """What shares were weighed by: names that were read while the step allocated, and that no formula read."""
        read = {note.name: note for note in self.evidence.notes if note.name and made[0] <= note.postings <= made[-1]}
        for note in read.values():
            found = self.name(note, "")
            yield replace(found, label=f"weight: {note.name}")

    def _shares(self, step: CompiledStep, made: Sequence[int]) -> Iterator[Explanation]:
        """Who got what of the step, where it has several payees; what becomes owed by being paid is no share of its own."""
        shares: dict[str, Money] = {}
        cash = {self.terms.cash_account(account) for account in step.sources}
        for posted in (self.evidence.postings[index] for index in made):
            if (posted.item or posted.source in cash) and posted.destination != EXCESS:
                shares[posted.item or posted.destination] = shares.get(posted.item or posted.destination, 0) + posted.amount
        if len(step.payees) > 1 and shares:
            yield total("given by this step", (given(name, MONEY, amount) for name, amount in shares.items()))

    def _drawn(self, account: str, made: Sequence[int]) -> Explanation:
        """What an account of the step held before it, what the step took, what it left."""
        cash = self.terms.cash_account(account)
        taken = sum(posted.amount for posted in (self.evidence.postings[index] for index in made) if posted.source == cash)
        held = self.balance("held before the step", [cash], made[0])
        return total(f"left in {account} by the step", [held, less(given("paid by the step", MONEY, taken))])

    # Accruals ----------------------------------------------------------------------------------------------------------

    def accrued(self, part: Part) -> Explanation:
        """Basis x rate x year fraction, and the rounding; or a fee's amount."""
        subject, item = part.subject, part.posted.item.removeprefix("-").rpartition(".")[2]
        path: Path = ("fees" if subject in self.deal.fees else "tranches", subject)
        if (*path, "amount") in self.evidence.by_path:
            return self.amount(f"{subject}: amount of the fee", self.evidence.by_path[(*path, "amount")][-1])
        on_unpaid = item == "interest_on_unpaid_accrued"
        basis = self.unpaid_before(subject) if on_unpaid else self.basis(subject)
        rate = self._read_rate((*path, "interest_on_unpaid" if on_unpaid else "rate"))
        factors = (basis, rate, self.year_fraction(subject))
        product = Fraction(basis.number) * Fraction(rate.number) * Fraction(factors[2].number)
        exact = Explanation("basis x rate x year fraction, exact", MONEY, product, "product", factors)
        return rounded(exact, part.amount, f"{subject}: {'interest on unpaid interest' if on_unpaid else 'accrual'}")

    def _read_rate(self, path: Path) -> Explanation:
        return self.formula(str(path[-1]).replace("_", " "), self.evidence.by_path[path][-1])

    def rate(self, subject: str) -> Explanation:
        """The rate a year of a class or fee; one that nothing accrued at is read at the close."""
        path: Path = ("fees" if subject in self.deal.fees else "tranches", subject, "rate")
        if path in self.evidence.by_path:
            return self._read_rate(path)
        return self.formula("rate", self.evidence.reading(self.terms.accruals[subject].rate, len(self.evidence.postings)))

    def basis(self, subject: str) -> Explanation:
        """What a class or fee accrues on."""
        of = self.evidence.by_path.get(("fees" if subject in self.deal.fees else "tranches", subject, "of"))
        return self.amount("basis", of[-1]) if of else self.opening("basis: opening balance", [posting.principal(subject)], -1)

    def unpaid_before(self, tranche: str) -> Explanation:
        return self.opening("unpaid interest brought forward", [posting.shortfall(tranche)], -1)

    def opening(self, label: str, accounts: Sequence[str], sign: int = 1) -> Explanation:
        """What some accounts held at the opening, adjustments of it included."""
        adjusted = sum(posted.step == "adjustment" for posted in self.evidence.postings)
        return self.balance(label, accounts, adjusted, sign)

    def year_fraction(self, subject: str) -> Explanation:
        """The part of a year that the period is for a class or fee, by its day count."""
        clock, period = self.terms.accruals[subject].clock, self.evidence.distribution
        start, end = clock.span(period.dates, period.number)
        return given(f"year fraction {clock.day_count}, {start} to {end}", NUMBER, clock.year_fraction(period.dates, period.number))
