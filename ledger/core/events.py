"""What a servicer reports, as facts: the event, its kinds, and what each kind does to the books.

An event is one line of one commit. Its columns are the columns of the `event` table and, in this order, the items that are hashed.
A kind's columns hold *components*: the one row `payment` of a loan's usual month carries the components `interest`, `scheduled_principal` and
`fee_retained`. Formulas, `collects` and the remittance CSV speak of components; the log stores kinds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, NamedTuple

from ledger.core.money import Money


class Event(NamedTuple):
    """One fact. Amounts are units at the deal's carry scale; `None` is "not reported" and differs from 0; a rate keeps its digits as given.

    `subject` is a loan's id (`POOL/ID` where a deal has several pools), a pool, an account, a class, a fee or a reported name; `None` is the only pool.
    `effect` is 1, or -1 for the reversal of the line that `corrects_position` and `corrects_line` name. `corrects_position` without a line is the
    first commit of the earlier period that the fact belongs to. `source_row` is the row of the source file.
    """

    line: int
    kind: str
    subject: str | None = None
    principal: Money | None = None
    interest: Money | None = None
    fee: Money | None = None
    amount: Money | None = None
    balance: Money | None = None
    rate: str | None = None
    delinquency: int | None = None
    code: str | None = None
    effective_on: date | None = None
    effect: int = 1
    corrects_position: int | None = None
    corrects_line: int | None = None
    source_row: int | None = None


Direction = Literal["in", "out"]
Movement = Literal["up", "down"]
Leg = tuple[str, str]
"""(source, destination) of a posting; `due`, `cash`, `pool` and `defaulted` stand for the account or pool that the fact belongs to."""


@dataclass(frozen=True, slots=True)
class Component:
    """What an amount of this name does: to cash, to the pool's balance, to the loss waiting to be allocated; and the postings that say so."""

    cash: Direction | None = None
    pool: Movement | None = None
    loss: Movement | None = None
    legs: tuple[Leg, ...] = ()


def by_effects(cash: Direction | None = None, pool: Movement | None = None, loss: Movement | None = None) -> Component:
    """The component of a kind that is known by its effects alone: one posting, turned round where the pool rises or cash goes out."""
    source = "pool" if pool else "loss" if loss == "down" else "excess"
    destination = "due" if cash else "loss" if loss == "up" else "excess"
    turned = pool == "up" or cash == "out"
    return Component(cash, pool, loss, ((destination, source) if turned else (source, destination),))


SERVICER_ADVANCES = "servicer.advances"
"""What the servicer is owed for its advances, where no fee of the deal is owed them."""


def owed_to(component: Component, claim: str) -> Component | None:
    """The component as one whose amount a payee is owed: its claim stands where the trust's own gain or cost, or the servicer's advances, stood.

    None for a component that is neither: principal belongs to the pool.
    """
    word = next((word for word in (SERVICER_ADVANCES, "excess") if any(word in leg for leg in component.legs)), None)
    if word is None:
        return None
    legs = ((claim, destination) if source == word else (source, claim if destination == word else destination) for source, destination in component.legs)
    return replace(component, legs=tuple(legs))


# In the order in which a period's totals are posted: defaults before what liquidates them, expenses before the loss that includes them.
COMPONENTS: Mapping[str, Component] = {
    "interest": by_effects("in"),
    "scheduled_principal": by_effects("in", "down"),
    "curtailment": by_effects("in", "down"),
    "payoff": by_effects("in", "down"),
    "prepayment": by_effects("in", "down"),
    "capitalized_interest": by_effects(pool="up"),
    "pool_adjustment": by_effects(pool="up"),
    "default": Component(pool="down", legs=(("pool", "defaulted"),)),
    "liquidation_expense": Component("out", None, "up", (("due", "loss"),)),
    "liquidation_proceeds": Component("in", "down", None, (("defaulted", "due"),)),
    "realized_loss": Component(None, "down", "up", (("defaulted", "loss"),)),
    "charge_off": by_effects(pool="down", loss="up"),
    "modification_loss": by_effects(pool="down", loss="up"),
    "forgiveness": by_effects(pool="down", loss="up"),
    "recovery": by_effects("in", loss="down"),
    "subsequent_recovery": by_effects("in", loss="down"),
    "repurchase_principal": by_effects("in", "down"),
    "repurchase_interest": by_effects("in"),
    "advance_principal": Component("in", "down", None, (("pool", "due.borrowers"), (SERVICER_ADVANCES, "due"))),
    "advance_interest": Component("in", None, None, (("excess", "due.borrowers"), (SERVICER_ADVANCES, "due"))),
    "advance": Component("in", None, None, ((SERVICER_ADVANCES, "due"),)),
    "advance_repaid_by_borrower": Component("in", None, None, (("due.borrowers", "due"),)),
    "advance_reimbursement": Component("out", None, None, (("due", SERVICER_ADVANCES),)),
    "payahead": Component("in", None, None, (("borrowers.payahead", "due"),)),
    "payahead_applied": Component("in", "down", None, (("payahead", "due"), ("pool", "borrowers.payahead"))),
    "fee_retained": Component("out", None, None, (("servicer.fee", "excess"), ("due", "servicer.fee"))),
    "deposit": by_effects("in"),
    "withdrawal": by_effects("out"),
    "purchase": Component("out", "up", None, (("cash", "pool"),)),
}
PREPAYMENTS = ("prepayment", "curtailment", "payoff")
"""What `pool.prepayment` sums and `collects: [prepayment]` collects."""

Column = Literal["principal", "interest", "fee", "amount", "balance", "rate", "delinquency", "code", "effective_on"]

AMOUNTS: tuple[Column, ...] = ("principal", "interest", "fee", "amount")
"""The columns whose figures move something; a `balance` says how things stand."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of event: the component that each money column holds, and the one column that `value` of a remittance CSV fills."""

    components: Mapping[str, str]
    value: Column = "amount"
    loan_level_only: bool = False


def _one(column: Column, name: str) -> Kind:
    return Kind({column: name}, column)


KINDS: Mapping[str, Kind] = {
    "payment": Kind({"interest": "interest", "principal": "scheduled_principal", "fee": "fee_retained"}, "principal", loan_level_only=True),
    "interest": _one("interest", "interest"),
    "fee_retained": _one("fee", "fee_retained"),
    **{name: _one("principal", name) for name in ("scheduled_principal", "curtailment", "prepayment", "default", "forgiveness", "modification_loss")},
    "payoff": Kind({"principal": "payoff", "interest": "interest"}, "principal"),
    "repurchase": Kind({"principal": "repurchase_principal", "interest": "repurchase_interest"}, "principal"),
    "advance": Kind({"principal": "advance_principal", "interest": "advance_interest", "amount": "advance"}),
    "advance_repaid_by_borrower": Kind(
        {"principal": "advance_repaid_by_borrower", "interest": "advance_repaid_by_borrower", "amount": "advance_repaid_by_borrower"}
    ),
    **{
        name: _one("amount", name)
        for name in (
            "capitalized_interest", "pool_adjustment", "liquidation_expense", "liquidation_proceeds", "realized_loss", "charge_off", "recovery",
            "subsequent_recovery", "advance_reimbursement", "payahead", "payahead_applied", "deposit", "withdrawal", "purchase",
        )
    },
}  # fmt: skip
"""The kinds that move money by pool or loan. A kind of the deal's own is `Kind({"amount": name})`."""

ALIASES: Mapping[str, tuple[str, Column]] = {
    "repurchase_principal": ("repurchase", "principal"),
    "repurchase_interest": ("repurchase", "interest"),
    "advance_principal": ("advance", "principal"),
    "advance_interest": ("advance", "interest"),
}
"""Words of a remittance CSV that name one column of a kind."""

FACTS: Mapping[str, Column] = {
    "reported": "amount", "wire": "amount", "account_earnings": "amount", "adjustment": "amount", "closing_balance": "balance", "loan_setup": "balance",
    "status": "delinquency", "settlement": "amount", "nil_month": "code", "missing_month": "code", "call": "code", "modification": "rate",
    "loan_count": "rate", "delinquent_balance": "amount",
}  # fmt: skip
"""Kinds that are read one by one rather than summed, with the column that `value` fills."""
LOAN_FACTS = ("loan_setup", "closing_balance", "status", "modification")
"""Those of them that may be facts of one loan."""
OF_ONE_LOAN = ("loan_setup", "status", "modification")
"""Those of them that are facts of one loan and of nothing else."""
OF_BUCKETS = ("loan_count", "delinquent_balance")
"""Those of them that say how many loans of a pool, or how much of it, are so many days past due (`delinquency`) or in a state of `STATES` (`code`)."""
STATES = ("bankruptcy", "foreclosure", "reo")
"""The words of `code` by which a loan is counted apart from those that are merely past due; of several that stand for a loan, the last of these."""
SET_UP = ("loan_setup", "purchase")
"""Kinds by which a loan comes into the pool; what they say in `effective_on` is the loan's maturity, as it is of a `modification`."""
OF_LIFE = (
    "loan_setup", "purchase", "modification", "default", "liquidation_proceeds", "liquidation_expense", "realized_loss", "charge_off", "modification_loss",
    "forgiveness", "recovery", "subsequent_recovery",
)  # fmt: skip
"""Kinds that say of a loan what no single month can: its terms, and what was lost of it and recovered. The index `event_by_loan` holds these and no others."""
WITHOUT_VALUE = ("nil_month", "missing_month", "call")
"""Those of them that a row says by being there."""
SIGNED = frozenset(
    (
        "payment", "interest", "scheduled_principal", "curtailment", "payoff", "prepayment", "liquidation_proceeds", "realized_loss", "recovery",
        "subsequent_recovery", "pool_adjustment",
    )
)  # fmt: skip
"""Kinds whose rows may be negative for one loan: a reversal of what was reported, a gain on a liquidation. Totals of a pool may be so for any kind."""


def loan_movements(kind: str, layout: Kind, components: Mapping[str, Component]) -> list[tuple[Column, int]]:
    """(column, sign) of the columns by which a row of a kind moves its loan's balance.

    A default moves the loan within the pool; a realized loss counts less the expenses that it includes.
    """
    if kind == "loan_setup":
        return [("balance", 1)]
    signs = {name: {"up": 1, "down": -1, None: 0}[component.pool] for name, component in components.items()}
    signs |= {"default": 0, "liquidation_expense": 1}
    return [(column, signs[name]) for column, name in layout.components.items() if signs[name]]  # type: ignore[misc]  # a money column by its name


OURS = ("received", "acceptance", "terms", "period_date", "proposal", "distribution", "approval", "publication", "evidence_erased")
"""Kinds that the ledger itself appends."""
