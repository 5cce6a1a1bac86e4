"""Every figure of a statement explained, by subject and item: one table of what each item is, as `ledger.core.names` says how each is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from ledger.core import explain_credit, posting
from ledger.core.evidence import Evidence
from ledger.core.explain_funds import funds_explained
from ledger.core.explain_postings import PostingsExplained
from ledger.core.explanation import Explanation, given, quotient, signed, total
from ledger.core.formula import BOOLEAN, MONEY, NUMBER
from ledger.core.names import component_keys
from ledger.core.notional import notionals
from ledger.core.statement import BALANCE, PER_1000

Explain = Callable[["Explainer", str, int], Explanation | None]
"""(explainer, subject, postings made by then) -> the figure."""

PAID = ("interest_paid", "principal_paid", "other_paid")
UNPAID = ("interest_on_unpaid", "shortfall", "interest")


class Explainer(PostingsExplained):
    """Explains the figures of one distribution. With `reasons` every step says why it moved what it moved."""

    def __init__(self, evidence: Evidence, *, reasons: bool = True) -> None:
        super().__init__(evidence)
        self.reasons = reasons
        # A name in a step's formula says what it summed, not why: that is told of its own subject, and would lead from step to step without end.
        self._names = Explainer(evidence, reasons=False) if reasons else self

    def explain(self, subject: str, item: str) -> Explanation | None:
        """A figure of the statement as it stands at the close; None for one that the statement does not have."""
        found = self._of_deal(item) if subject == "deal" else self.figure(subject, item, len(self.evidence.postings))
        return found and replace(found, label=f"{subject} {item}")

    def named(self, subject: str, item: str, upto: int) -> Explanation | None:
        return self._names.figure(subject, item, upto)

    def figure(self, subject: str, item: str, upto: int) -> Explanation | None:
        """A figure after so many postings."""
        item = BALANCE if item == "balance" else item
        if item in explain_credit.ITEMS:
            return explain_credit.credit_explained(self, subject, item, upto)
        if subject in self.terms.groups or (subject == "pool" and self.deal.pools):
            return self._summed(subject, item, upto)
        table = self._table(subject)
        if item in table:
            return table[item](self, subject, upto)
        return self._other(subject, item, upto)

    def _table(self, subject: str) -> Mapping[str, Explain]:
        deal = self.deal
        for names, table in ((deal.tranches, CLASS), (deal.fees, FEE), (deal.accounts, ACCOUNT), (deal.all_pools, POOL)):
            if subject in names:
                return table
        return {}

    def notional(self, subject: str, item: str) -> Explanation:
        """What a class without a balance runs on at closing of the deal or from now on, by the formula of its `of`."""
        found = dict(notionals(self.evidence.distribution.running(self.terms), subject))
        return given(f"{item}: `of` of {subject}, read then", MONEY, found[item])

    def next_rate(self, subject: str) -> Explanation:
        fixed = self.terms.values[f"{subject}.rate"].constant
        assert fixed is not None
        return given(f"rate of {subject}, fixed in the deal file", NUMBER, fixed)

    def _other(self, subject: str, item: str, upto: int) -> Explanation | None:
        """What an item is that the deal itself names: a ledger of a class, a kind of event of a pool; or a source or use of funds."""
        if item in self.deal.ledgers and subject in self.terms.ledger_classes[item]:
            return self.of_accounts(item, [posting.ledger(item, subject)], upto)
        if subject in self.deal.all_pools and item in self.terms.components:
            return self.of_postings(item, component_keys(subject, item), upto)
        if subject in self.deal.all_pools and f"{subject}.{item}" in self.deal.reported:
            return self.reported(f"{subject}.{item}")
        return funds_explained(self, subject, item, upto, reasons=self.reasons)

    def _summed(self, subject: str, item: str, upto: int) -> Explanation | None:
        """A figure of a group or of all pools: the sum over its members; a quotient of such sums."""
        members = self.terms.groups.get(subject) or tuple(self.deal.all_pools)
        if item == "factor":
            parts = [self._summed(subject, name, upto) for name in (BALANCE, "original_balance")]
            return None if None in parts else quotient(item, *(part for part in parts if part is not None))
        if item.endswith("_per_1000"):
            paid, original = self._summed(subject, PER_1000[item], upto), self._summed(subject, "original_balance", upto)
            return None if paid is None or original is None else quotient(item, _thousand(paid), original)
        if subject not in self.terms.groups and item in self.terms.components:
            keys = [key for pool in self.terms.pools_of(item) for key in component_keys(pool, item)]
            return self.of_postings(item, keys, upto)
        if "balance" in item:
            members = tuple(member for member in members if member in self.terms.original)
        found = [(member, self.figure(member, item, upto)) for member in members]
        return total(item, [replace(part, label=f"{member} {item}") for member, part in found if part is not None])

    # What items are made of ------------------------------------------------------------------------------------------

    def of_postings(self, label: str, keys: Sequence[str], upto: int) -> Explanation:
        return self.movement(label, keys, upto, reasons=self.reasons)

    def of_accounts(self, label: str, accounts: Sequence[str], upto: int, sign: int = 1) -> Explanation:
        return self.balance(label, accounts, upto, sign, reasons=self.reasons)

    def items(self, label: str, subject: str, signs: Mapping[str, int], upto: int, before: int = 0) -> Explanation:
        """A figure as the sum of other figures of the same subject, and of what was so before the period."""
        known = [given("of earlier periods", MONEY, before)] if before else []
        parts = (replace(part, label=name) for name in signs if (part := self.figure(subject, name, upto)) is not None)
        return total(label, [*known, *(signed(part, sign) for part, sign in zip(parts, signs.values(), strict=True))])

    def deposits(self, account: str, upto: int) -> Explanation:
        cash = self.terms.cash_account(account)
        return total("deposits", self.grouped([part for part in self.moving([cash], upto) if part.sign > 0], reasons=self.reasons))

    def draws(self, account: str, upto: int) -> Explanation:
        cash = self.terms.cash_account(account)
        return total("draws", self.grouped([part for part in self.moving([cash], upto, -1) if part.sign > 0], reasons=self.reasons))

    def collected(self, account: str, upto: int) -> Explanation:
        """What was reported for an account, wired or not."""
        due, cash = self.terms.due_account(account), self.terms.cash_account(account)
        if due == cash:
            return replace(self.deposits(account, upto), label="collected")
        wired = (f"{account}.wired", f"-{account}.wired")
        return total("collected", self.grouped([part for part in self.moving([due], upto) if part.posted.item not in wired]))

    def not_wired(self, account: str, upto: int, *, opening: bool = False) -> Explanation:
        accounts = [self.terms.due_account(account)] if self.deal.accounts[account].cash else []
        return self.opening("brought forward", accounts) if opening else self.of_accounts("reported and not yet wired", accounts, upto)

    def target(self, account: str, upto: int) -> Explanation:
        if account not in self.terms.targets:
            return given("no target", MONEY, 0)
        return self.amount("target", self.evidence.reading(self.terms.targets[account], upto))

    def fee_due(self, fee: str, upto: int) -> Explanation:
        """Accrued, brought forward, and what events raised or paid back."""
        raised = [
            signed(self.of_postings(f"{pool} {kind}", [f"{pool}.{kind}"], upto), sign)
            for kind, sign in self.terms.owed_by.get(fee, {}).items()
            for pool in self.terms.pools_of(kind)
        ]
        own = self.items("due", fee, {"accrued": 1, "opening_unpaid": 1}, upto)
        return replace(total("due", [*own.parts, *(part for part in raised if part.value)]))

    def pool_loss(self, pool: str, upto: int) -> Explanation:
        """What events added to the loss waiting to be allocated, less what they took from it."""
        signs = self.terms.loss_items[pool]
        parts = (signed(self.of_postings(item.removeprefix(f"{pool}."), [item], upto), sign) for item, sign in signs.items())
        return total("loss", [part for part in parts if part.value])

    def cumulative_loss(self, subject: str, upto: int) -> Explanation:
        before = self.evidence.distribution.opening.cumulative.get(subject, 0)
        signs = {"loss": 1} if subject in self.deal.all_pools else {"realized_loss": 1, "written_up": -1}
        return self.items("cumulative_loss", subject, signs, upto, before)

    def original(self, subject: str) -> Explanation:
        return given("original balance, as the deal file says", MONEY, self.terms.original.get(subject, 0))

    def per_1000(self, item: str, tranche: str, upto: int) -> Explanation | None:
        amount = self.figure(tranche, PER_1000[item], upto)
        return amount and quotient(item, _thousand(amount), self.original(tranche))

    # Of the deal -----------------------------------------------------------------------------------------------------

    def _of_deal(self, item: str) -> Explanation | None:
        """A reported value, an amount, a ratio, a ledger or a trigger."""
        deal = self.deal
        if item in deal.reported:
            return self.reported(item)
        if item in deal.amounts or item in deal.ratios:
            note = self.evidence.reading(self.terms.values[item].read, len(self.evidence.postings))
            return self.amount(item, note) if item in deal.amounts else self.formula(item, note)
        if item in deal.ledgers:
            accounts = [posting.ledger(item, tranche) for tranche in self.terms.ledger_classes[item]] or [posting.ledger(item)]
            return self.of_accounts(item, accounts, len(self.evidence.postings))
        if item in deal.triggers:
            return self.trigger(item)
        return given("called", BOOLEAN, self.evidence.distribution.readings.called) if item == "called" else None

    def trigger(self, name: str) -> Explanation:
        """A trigger as it held in the period: judged in it, or at the close before; one that cannot be cured stays failed."""
        failed = self.evidence.distribution.readings.triggers.get(name, False)
        trigger = self.deal.triggers[name]
        if trigger.tested == "closing":
            return given("as judged at the close before", BOOLEAN, failed)
        judged = self.evidence.by_path.get(("triggers", name, "fails_when"))
        if judged is None or judged[0].value != failed:
            return given("failed before, and is not curable", BOOLEAN, failed)
        return self.formula("fails when", judged[0])


def _thousand(paid: Explanation) -> Explanation:
    return Explanation("1,000 times", MONEY, 1000 * paid.number, "product", (given("of", NUMBER, 1000), paid))


def _posted(item: str, key: str = "") -> Explain:
    return lambda explainer, subject, upto: explainer.of_postings(item, [f"{subject}.{key or item}"], upto)


def _owed(label: str, *claims: str, opening: bool = False) -> Explain:
    """What the trust owes a subject on some of its accounts, now or at the opening."""

    def explain(explainer: Explainer, subject: str, upto: int) -> Explanation:
        accounts = [f"{subject}.{claim}" for claim in claims]
        return explainer.opening(label, accounts, -1) if opening else explainer.of_accounts(label, accounts, upto, -1)

    return explain


def _items(label: str, signs: Mapping[str, int]) -> Explain:
    return lambda explainer, subject, upto: explainer.items(label, subject, signs, upto)


def _above(above: str, below: str) -> Explain:
    def explain(explainer: Explainer, subject: str, upto: int) -> Explanation:
        parts = [part for name in (above, below) if (part := explainer.figure(subject, name, upto)) is not None]
        return Explanation("above", MONEY, max(0, parts[0].number - parts[1].number), "excess", tuple(parts))

    return explain


def _factor(explainer: Explainer, subject: str, upto: int) -> Explanation:
    balance = explainer.figure(subject, BALANCE, upto)
    assert balance is not None
    return quotient("factor", balance, explainer.original(subject))


def _per_1000(item: str) -> Explain:
    return lambda explainer, subject, upto: explainer.per_1000(item, subject, upto)


CLASS: Mapping[str, Explain] = {
    "original_balance": lambda explainer, subject, _upto: explainer.original(subject),
    "opening_balance": _owed("opening balance", "principal", opening=True),
    BALANCE: _owed("balance", "principal"),
    **{name: _posted(name) for name in ("interest_accrued", "interest_shortfall", "interest_paid", "principal_paid", "accreted", "realized_loss",
                                        "written_up", "other_paid", "interest_lost")},
    "interest_on_unpaid": _posted("interest_on_unpaid", "interest_on_unpaid_accrued"),
    "opening_unpaid_interest": _owed("unpaid interest brought forward", "shortfall", "interest_on_unpaid", opening=True),
    "unpaid_interest": _owed("unpaid interest", *UNPAID),
    "interest_due": _items("interest due", {"interest_accrued": 1, "interest_shortfall": -1, "opening_unpaid_interest": 1, "interest_on_unpaid": 1}),
    "total_paid": _items("total paid", dict.fromkeys(PAID, 1)),
    "principal_net": _items("principal net", {"principal_paid": 1, "accreted": -1}),
    "cumulative_loss": lambda explainer, subject, upto: explainer.cumulative_loss(subject, upto),
    "factor": _factor,
    **{item: _per_1000(item) for item in PER_1000},
    "rate": lambda explainer, subject, _upto: explainer.rate(subject),
    "year_fraction": lambda explainer, subject, _upto: explainer.year_fraction(subject),
    "notional": lambda explainer, subject, _upto: explainer.basis(subject),
    "original_notional": lambda explainer, subject, _upto: explainer.notional(subject, "original_notional"),
    "closing_notional": lambda explainer, subject, _upto: explainer.notional(subject, "closing_notional"),
    "next_rate": lambda explainer, subject, _upto: explainer.next_rate(subject),
}  # fmt: skip

FEE: Mapping[str, Explain] = {
    "accrued": _posted("accrued"),
    "due": lambda explainer, subject, upto: explainer.fee_due(subject, upto),
    "paid": _posted("paid"),
    "opening_unpaid": _owed("brought forward", "fee", opening=True),
    "unpaid": _owed("unpaid", "fee"),
}

ACCOUNT: Mapping[str, Explain] = {
    "opening_balance": lambda explainer, subject, _upto: explainer.opening("opening balance", [explainer.terms.cash_account(subject)]),
    "collected": lambda explainer, subject, upto: explainer.collected(subject, upto),
    BALANCE: lambda explainer, subject, upto: explainer.of_accounts("balance", [explainer.terms.cash_account(subject)], upto),
    "deposits": lambda explainer, subject, upto: explainer.deposits(subject, upto),
    "draws": lambda explainer, subject, upto: explainer.draws(subject, upto),
    "earnings": _posted("earnings"),
    "wired": _posted("wired"),
    "opening_not_wired": lambda explainer, subject, upto: explainer.not_wired(subject, upto, opening=True),
    "target": lambda explainer, subject, upto: explainer.target(subject, upto),
    "shortfall": _above("target", BALANCE),
    "excess": _above(BALANCE, "target"),
    "not_wired": lambda explainer, subject, upto: explainer.not_wired(subject, upto),
}

POOL: Mapping[str, Explain] = {
    "original_balance": lambda explainer, subject, _upto: explainer.original(subject),
    "opening_balance": lambda explainer, subject, _upto: explainer.opening("opening balance", explainer.terms.pool_accounts[subject]),
    BALANCE: lambda explainer, subject, upto: explainer.of_accounts("balance", explainer.terms.pool_accounts[subject], upto),
    "loss": lambda explainer, subject, upto: explainer.pool_loss(subject, upto),
    "cumulative_loss": lambda explainer, subject, upto: explainer.cumulative_loss(subject, upto),
    "factor": _factor,
    "other_reduction": _posted("other_reduction"),
}
