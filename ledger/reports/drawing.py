"""What a picture of a deal shows, before it is drawn: classes, fees, triggers, accounts and the steps of the waterfall, each with its text.

`ledger.reports.draw_svg` and `ledger.reports.draw_mermaid` draw the same `Picture`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ledger.core import posting
from ledger.core.deal import Account, Block, Fee, Node, Step, Tranche, Trigger
from ledger.core.formula import Formula
from ledger.core.money import Money, format_money
from ledger.core.steps import leaves
from ledger.core.terms import Terms

CENT = 2
"""Decimal places that an amount is always shown with."""
VERBS = {"pay": "pay", "accrete": "accrete", "write_down": "write down", "write_up": "write up", "shortfall": "shortfall of", "record": "record"}


@dataclass(frozen=True, slots=True)
class ClassBox:
    """A class: its facts line by line; `original` is None for a class without a balance, `outstanding` the part of it that is left, of 1,000."""

    name: str
    facts: tuple[str, ...]
    original: Money | None
    outstanding: int


@dataclass(frozen=True, slots=True)
class Box:
    """Anything with a name and facts: an account, a fee, a trigger."""

    name: str
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StepBox:
    """A step. `facts` are its limit, its condition and the like; `payees` the lines of its tree as (depth, text); `leaves` whom it names.

    `sources` are accounts that it draws on, `refills` those that it pays; a step that moves no cash has neither.
    """

    number: int
    headline: str
    facts: tuple[str, ...]
    payees: tuple[tuple[int, str], ...]
    leaves: tuple[str, ...]
    sources: tuple[str, ...]
    refills: tuple[str, ...]

    @property
    def moves_cash(self) -> bool:
        return bool(self.sources)


@dataclass(frozen=True, slots=True)
class BlockBox:
    """Steps under one condition."""

    when: str
    items: tuple[StepBox | BlockBox, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """A deal, ready to be drawn. `subtitle` says when the balances are from; `values` are its amounts and ratios, which limits and conditions name."""

    title: str
    subtitle: str
    classes: tuple[ClassBox, ...]
    fees: tuple[Box, ...]
    triggers: tuple[Box, ...]
    values: tuple[Box, ...]
    accounts: tuple[Box, ...]
    items: tuple[StepBox | BlockBox, ...]

    def steps(self) -> Iterator[StepBox]:
        """Every step in order, blocks opened."""
        return _opened(self.items)


def _opened(items: tuple[StepBox | BlockBox, ...]) -> Iterator[StepBox]:
    for item in items:
        if isinstance(item, BlockBox):
            yield from _opened(item.items)
        else:
            yield item


def picture(terms: Terms, balances: Mapping[str, Money] | None = None, as_of: str = "") -> Picture:
    """The picture of a deal: with its original balances, or with those of the books (`balances` by account, which `as_of` puts a date to)."""
    deal = terms.deal
    title = f"{deal.deal}  {deal.title}".strip()
    subtitle = as_of or f"closed {deal.closing_date}; original balances in {deal.currency}"
    classes = tuple(_class(terms, name, tranche, balances) for name, tranche in deal.tranches.items())
    fees = tuple(Box(name, tuple(_fee(fee))) for name, fee in deal.fees.items())
    triggers = tuple(Box(name, tuple(_trigger(trigger))) for name, trigger in deal.triggers.items())
    accounts = tuple(Box(name, tuple(_account(terms, account))) for name, account in deal.accounts.items())
    values = tuple(Box(name, (_text(formula),)) for name, formula in {**deal.amounts, **deal.ratios}.items())
    return Picture(title, subtitle, classes, fees, triggers, values, accounts, _Steps(terms).items(deal.waterfall))


# Subjects ---------------------------------------------------------------------------------------------------------------


def _text(formula: Formula) -> str:
    """A formula on one line, however the file folds it."""
    return " ".join(formula.text.split())


def _money(amount: Money, scale: int) -> str:
    """An amount to the cent, and finer only where it is."""
    text = format_money(amount, scale)
    while scale > CENT and text.endswith("0"):
        text, scale = text[:-1], scale - 1
    return text


def _class(terms: Terms, name: str, tranche: Tranche, balances: Mapping[str, Money] | None) -> ClassBox:
    original = terms.original.get(name)
    facts = [f"rate {_text(tranche.rate)}"] if tranche.rate is not None else []
    facts += [f"on {_text(tranche.of)}"] if tranche.of is not None else []
    facts += [tranche.kind] if tranche.kind != "note" else []
    outstanding = 1000
    if original is not None:
        facts.append(f"original {_money(original, terms.scale)}")
        if balances is not None:
            balance = -balances.get(posting.principal(name), 0)
            facts.append(f"balance {_money(balance, terms.scale)}")
            outstanding = min(1000, balance * 1000 // original) if original else 0
    return ClassBox(name, tuple(facts), original, outstanding)


def _fee(fee: Fee) -> Iterator[str]:
    if fee.amount is not None:
        yield _text(fee.amount)
    elif fee.rate is not None and fee.of is not None:
        yield f"{_text(fee.rate)} of {_text(fee.of)}"


def _trigger(trigger: Trigger) -> Iterator[str]:
    yield f"fails when {_text(trigger.fails_when)}"
    if not trigger.curable:
        yield "once failed, for good"
    if trigger.tested == "closing":
        yield "tested at closing, for the next period"


def _account(terms: Terms, account: Account) -> Iterator[str]:
    if account.collects:
        yield f"collects {', '.join(account.collects)}"
    if account.opening:
        yield f"opens with {_money(terms.units(account.opening), terms.scale)}"
    if account.target is not None:
        yield f"target {_text(account.target)}"
    if not account.cash:
        yield "holds entitlement, no cash"


# Steps ------------------------------------------------------------------------------------------------------------------


class _Steps:
    """Puts the steps of a deal into words, counted in the order of the file."""

    def __init__(self, terms: Terms) -> None:
        self.deal, self.groups, self.number = terms.deal, terms.groups, 0

    def items(self, steps: tuple[Step | Block, ...]) -> tuple[StepBox | BlockBox, ...]:
        return tuple(BlockBox(_text(step.when), self.items(step.steps)) if isinstance(step, Block) else self.step(step) for step in steps)

    def step(self, step: Step) -> StepBox:
        self.number += 1
        said = f"{VERBS[step.verb]} {_text(step.what)}"
        named = leaves(step.to) if step.to is not None else []
        payees = tuple(member for name in named for member in self.groups.get(name, (name,)))
        lines = tuple(_lines(step.to, self.groups)) if step.to is not None else ()
        refills = tuple(payee for payee in payees if payee in self.deal.accounts)
        return StepBox(self.number, step.name or said, tuple(self._facts(step, said)), lines, payees, step.from_, refills)

    def _facts(self, step: Step, said: str) -> Iterator[str]:
        if step.name:
            yield said
        if step.as_ is not None:
            yield f"in ledger {step.as_}" if step.verb == "record" else f"as {step.as_}"
        if step.from_:
            yield f"from {', then '.join(step.from_)}"
        if step.limit is not None:
            yield f"at most {_text(step.limit)}"
        if step.when is not None:
            yield f"only when {_text(step.when)}"
        if step.settles is not None:
            yield f"settles {step.settles}"
        if step.adds_to is not None:
            yield f"adds to {step.adds_to}"


Groups = Mapping[str, tuple[str, ...]]


def _lines(node: Node, groups: Groups, depth: int = 0, lead: str = "") -> Iterator[tuple[int, str]]:
    """The lines of a tree: payees that stand side by side on one line, a tree within a tree line by line below its heading."""
    conditions = _conditions(node)
    if node.to is not None:
        yield depth, f"{lead}{_named(node.to, groups)}{conditions}"
    elif all(child.to is not None and not _conditions(child) for child in node.children):
        names = [_named(child.to or "", groups) for child in node.children]
        yield depth, f"{lead}{_side_by_side(node, names)}{conditions}"
    else:
        heading = "in turn" if node.sequential is not None else f"pro rata{_weights(node)}"
        inner = depth
        if lead or conditions or node.pro_rata is not None:
            yield depth, f"{lead}{heading}{conditions}:"
            inner = depth + 1
        for index, child in enumerate(node.children):
            yield from _lines(child, groups, inner, "then " if index and node.sequential is not None else "")


def _named(payee: str, groups: Groups) -> str:
    """A payee; of a group also who belongs to it."""
    return f"{payee} ({', '.join(groups[payee])})" if payee in groups else payee


def _side_by_side(node: Node, names: list[str]) -> str:
    if node.sequential is not None:
        return ", then ".join(names) if len(names) > 1 else f"{names[0]} in turn"
    together = f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
    return f"{together} pro rata{_weights(node)}"


def _weights(node: Node) -> str:
    match node.by:
        case None:
            return ""
        case str():
            return f" by {node.by}"
        case _:
            return " by fixed shares"


def _conditions(node: Node) -> str:
    limit = f", at most {_text(node.limit)}" if node.limit is not None else ""
    return limit + (f", only when {_text(node.when)}" if node.when is not None else "")
