"""The waterfall section of a deal file, compiled: what each step moves, its tree of payees, and the rules of which verb takes what."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, cast

from ledger.core.allocation import Branch, Odd, Weigh, allocation_of
from ledger.core.deal import Block, Node, Step
from ledger.core.formula import BOOLEAN, MONEY, NUMBER, OPEN, Formula, FormulaError, Name, Read
from ledger.core.payees import ledger_lowered, payee_of
from ledger.core.problems import Path, nearest
from ledger.core.terms import CompiledBlock, CompiledStep, Steps, Terms, What

if TYPE_CHECKING:
    from ledger.core.compiler import DealCompiler

WORDS: tuple[What, ...] = ("interest", "fees", "due", "principal", "rest")


class StepCompiler:
    """Compiles the steps of one deal, in the order of the file; what is wrong goes to the deal's compiler."""

    def __init__(self, compiler: DealCompiler) -> None:
        self.compiler, self.deal, self.terms = compiler, compiler.deal, compiler.terms
        self.number = 0

    def compile(self, steps: Iterable[Step | Block], path: Path = ("waterfall",)) -> tuple[Steps, ...]:
        compiled: list[Steps] = []
        for index, step in enumerate(steps):
            here = (*path, index)
            if isinstance(step, Block):
                when = self.compiler.formula((*here, "when"), step.when, BOOLEAN).read
                compiled.append(CompiledBlock(when, self.compile(step.steps, (*here, "steps"))))
            else:
                compiled.append(self.step(here, step))
        return tuple(compiled)

    def step(self, path: Path, step: Step) -> CompiledStep:
        self.number += 1
        what = self.what(path, step)
        money = self.exact if self.is_exact(step) else self.compiler.money
        amount = money((*path, step.verb), step.what) if what == "amount" else None
        tree = self.tree((*path, "to"), step.to, step, what) if step.to else None
        self._check(path, step, what, tree)
        compiled = CompiledStep(
            number=self.number, label=step.name or describe(step), path=path, verb=step.verb, what=what, amount=amount, tree=tree,
            payees=tuple(tree.payees()) if tree else (), sources=step.from_,
            limit=money((*path, "limit"), step.limit) if step.limit else None,
            when=self.compiler.formula((*path, "when"), step.when, BOOLEAN).read if step.when else None,
            as_=step.as_, ledger=self._ledger_of(step, what),
            settles=self._ledger((*path, "settles"), step.settles), adds_to=self._ledger((*path, "adds_to"), step.adds_to),
            cause=f"step {self.number}",
        )  # fmt: skip
        return compiled if self.compiler.problems else self._with_payees(compiled)

    def _with_payees(self, step: CompiledStep) -> CompiledStep:
        """The step with its tree ready to be given an amount, and of a `record` ready to give it back."""
        if step.tree is None:
            return step
        rounding = self.deal.rounding
        odd: Odd = "exact" if self.is_exact(step) else rounding.odd_cents
        gives = allocation_of(step.tree, {name: payee_of(step, name, self.terms) for name in step.payees}, odd, rounding.amounts)
        if step.verb != "record":
            return replace(step, gives=gives)
        lowered = {name: ledger_lowered(step, name) for name in step.payees}
        return replace(step, gives=gives, takes_back=allocation_of(step.tree, lowered, odd, rounding.amounts))

    def is_exact(self, step: Step | CompiledStep) -> bool:
        """Whether nothing of a step is rounded yet: it cuts interest, and the deal rounds what is due."""
        return step.verb == "shortfall" and self.deal.rounding.interest_rounded == "due"

    def exact(self, path: Path, formula: Formula) -> Read:
        return self.compiler.formula(path, formula, MONEY).read

    # What it moves -------------------------------------------------------------------------------------------------

    def what(self, path: Path, step: Step) -> What:
        """The word that stands for what each payee is owed, or `amount` for a formula."""
        root = step.what.root
        word = root.name if isinstance(root, Name) else ""
        match step.verb:
            case "pay" if word in WORDS:
                return word
            case "pay" if word in self.deal.ledgers and self.deal.ledgers[word].of:
                return "ledger"
            case "accrete":
                if word != "interest":
                    self.compiler.problem((*path, "accrete"), f"`{step.what.text}` cannot be accreted", "write `accrete: interest`")
                return "interest"
            case _:
                return "amount"

    def _ledger_of(self, step: Step, what: What) -> str | None:
        if what == "ledger":
            return cast(Name, step.what.root).name
        return step.as_ if step.as_ in self.deal.ledgers else None

    def _ledger(self, path: Path, text: str | None) -> tuple[str, str | None] | None:
        """`B.pdl`, a ledger of the whole deal, or one per class, which means the payee's own."""
        if text is None:
            return None
        tranche, _, name = text.rpartition(".")
        ledger = self.deal.ledgers.get(name)
        if ledger is None or (tranche and tranche not in self.terms.ledger_classes[name]):
            self.compiler.problem(path, f"`{text}` is not a ledger", nearest(text, self.deal.ledgers) or "define it under `ledgers`")
            return None
        return name, tranche or ("" if ledger.of else None)

    # To whom -------------------------------------------------------------------------------------------------------

    def tree(self, path: Path, node: Node, step: Step, what: What) -> Branch:
        """The tree with groups opened and formulas compiled."""
        limit = self.compiler.formula((*path, "limit"), node.limit, MONEY).read if node.limit else None
        when = self.compiler.formula((*path, "when"), node.when, BOOLEAN).read if node.when else None
        if node.to is not None:
            members = self.payees(path, node.to)
            if len(members) == 1:
                return Branch(payee=members[0], limit=limit, when=when)
            return Branch(children=tuple(map(Branch, members)), limit=limit, when=when)
        key = "pro_rata" if node.pro_rata is not None else "sequential"
        children: list[Branch] = []
        for index, child in enumerate(node.children):
            plain_group = child.to in self.terms.groups and child.limit is None and child.when is None
            branch = self.tree((*path, key, index), child, step, what)
            children.extend(branch.children if plain_group and branch.children else (branch,))
        weigh = self.weigh((*path, "by"), node, children, what) if node.pro_rata is not None else None
        return Branch(None, tuple(children), node.pro_rata is not None, weigh, limit, when)

    def payees(self, path: Path, name: str) -> tuple[str, ...]:
        deal = self.deal
        if name in deal.tranches or name in deal.fees or name in deal.accounts:
            return (name,)
        if name in self.terms.groups:
            if not self.terms.groups[name]:
                self.compiler.problem(path, f"group {name} has no members", "name its classes under `groups`")
            return self.terms.groups[name]
        known = [*deal.tranches, *self.terms.groups, *deal.fees, *deal.accounts]
        self.compiler.problem(path, f"`{name}` is not a class, group, fee or account", nearest(name, known) or f"the payees are {', '.join(known)}")
        return (name,)

    def weigh(self, path: Path, node: Node, children: list[Branch], what: What) -> Weigh | None:
        """How shares are weighed; None weighs by what each can take (`due`)."""
        payees = tuple(dict.fromkeys(payee for child in children for payee in child.payees()))
        match node.by:
            case dict():
                return self._stated(path, node.by, children)
            case None:
                all_classes = all(self.terms.has_balance(payee) for payee in payees)
                by = "due" if what in ("interest", "fees", "due") or not all_classes else "balance"
            case _:
                by = node.by
        return None if by == "due" else self._field(path, by, payees)

    def _stated(self, path: Path, weights: Mapping[str, Formula], children: list[Branch]) -> Weigh | None:
        """A weight of each payee, all amounts or all numbers; a formula that falls below zero weighs nothing."""
        known = len(self.compiler.problems)
        terms = {name: self.compiler.open_formula((*path, name), weight) for name, weight in weights.items()}
        if len(self.compiler.problems) > known:
            return None
        kind = next((term.type for term in terms.values() if term.type != OPEN), NUMBER)
        shares: dict[str, Read] = {}
        for name, weight in weights.items():
            read = self.compiler.formula((*path, name), weight, kind).read
            shares.update(dict.fromkeys(self.payees(path, name), read))
        if any(isinstance(term.constant, int | Fraction) and term.constant < 0 for term in terms.values()):
            self.compiler.problem(path, "a weight is negative", "weights are zero or above")
        missing = [payee for child in children for payee in child.payees() if payee not in shares]
        if missing:
            self.compiler.problem(path, f"no weight for {', '.join(missing)}", "give every payee of the node a weight")
        return lambda run, branch: sum(max(0, shares[payee](run)) for payee in branch.payees())

    def _field(self, path: Path, field: str, payees: Iterable[str]) -> Weigh | None:
        reads: dict[str, Read] = {}
        for payee in payees:
            try:
                reads[payee] = self.compiler.read(Name(f"{payee}.{field}", 0), MONEY)
            except FormulaError as error:
                self.compiler.problem(path, f"shares cannot be weighed by `{field}`: {error.fact}", error.remedy)
                return None
        return lambda run, branch: sum(reads[payee](run) for payee in branch.payees())

    # Rules ---------------------------------------------------------------------------------------------------------

    def _check(self, path: Path, step: Step, what: What, tree: Branch | None) -> None:
        for rule in (_needs_payees, _needs_accounts, _needs_as, _takes_such_payees, _moves_such_ledgers, _has_such_fields):
            for field, fact, remedy in rule(step, what, list(tree.payees()) if tree else [], self.terms):
                self.compiler.problem((*path, field) if field else path, fact, remedy)


Broken = list[tuple[str, str, str]]
"""(field, fact, remedy) of each rule that a step breaks."""
Rule = Callable[[Step, What, list[str], Terms], Broken]


def _needs_payees(step: Step, _what: What, _payees: list[str], terms: Terms) -> Broken:
    if step.verb == "record":
        ledger = terms.deal.ledgers.get(step.as_ or "")
        if ledger is None:
            return [("as", "a `record` names the ledger that it is booked in", "write `as: LEDGER`, with LEDGER defined under `ledgers`")]
        if bool(ledger.of) != (step.to is not None):
            return [
                ("to", f"ledger {step.as_} is {'per class' if ledger.of else 'of the whole deal'}", "a ledger per class needs `to`, one of the deal takes none")
            ]
        return []
    return [] if step.to is not None else [("", f"`{step.verb}` needs a payee", "write `to: CLASS` or a tree")]


def _needs_accounts(step: Step, _what: What, _payees: list[str], terms: Terms) -> Broken:
    accounts = terms.deal.accounts
    unknown = [name for name in step.from_ if name not in accounts]
    if unknown:
        return [("from", f"`{unknown[0]}` is not an account", nearest(unknown[0], accounts) or f"the accounts are {', '.join(accounts)}")]
    if (step.verb == "pay") != bool(step.from_):
        return [("", f"`{step.verb}` {'needs `from`' if step.verb == 'pay' else 'moves no cash, it has no `from`'}", f"the accounts are {', '.join(accounts)}")]
    return []


def _needs_as(step: Step, what: What, payees: list[str], terms: Terms) -> Broken:
    if step.verb == "record" or what not in ("amount", "rest"):
        return []
    classes = [payee for payee in payees if payee in terms.deal.tranches and terms.deal.tranches[payee].kind != "residual"]
    if step.verb == "pay" and classes and step.as_ is None and step.settles is None:
        return [("", f"it is not said as what {classes[0]} is paid `{step.what.text}`", "write `as: interest`, `as: principal` or `as: LEDGER`")]
    if step.as_ is not None and step.as_ not in ("interest", "principal") and step.as_ not in terms.deal.ledgers:
        return [("as", f"`{step.as_}` is not `interest`, `principal` or a ledger", "define the ledger under `ledgers`")]
    return []


def _takes_such_payees(step: Step, what: What, payees: list[str], terms: Terms) -> Broken:
    """Which payees a verb and its `what` can reach."""
    deal, verb, moved = terms.deal, step.verb, step.what.text
    for payee in payees:
        tranche = payee in deal.tranches
        known = tranche or payee in deal.fees or payee in deal.accounts
        wrong = (
            (verb != "pay" and not tranche, "is not a class", f"`{verb}` moves the books of classes only"),
            (verb in ("write_down", "write_up") and tranche and not terms.has_balance(payee), "has no balance", "write down classes with a balance"),
            (what == "fees" and payee not in deal.fees, "is not a fee", "write `pay: interest` or `pay: principal` for a class"),
            (what == "due" and payee not in terms.accruals and payee not in deal.fees, "is owed nothing", "`due` is interest of a class, and fees"),
            (what == "interest" and payee not in terms.accruals, "accrues no interest", "give the class a `rate`, or pay it a formula"),
            (what == "principal" and not terms.has_balance(payee), "has no balance", "pay principal to classes with a balance"),
            (what == "ledger" and payee not in terms.ledger_classes.get(moved, ()), f"has no {moved}", "name it under `of` of the ledger"),
        )
        for broken, fact, remedy in wrong:
            if broken and known:
                return [("to", f"{payee} {fact}", remedy)]
    return []


def _moves_such_ledgers(step: Step, _what: What, payees: list[str], terms: Terms) -> Broken:
    """A ledger per class that is named without a class is the payee's own: each payee has one."""
    for field, ledger in (("as", step.as_), ("settles", step.settles), ("adds_to", step.adds_to)):
        classes = terms.ledger_classes.get(ledger or "")
        without = [payee for payee in payees if classes and payee not in classes]
        if without:
            return [(field, f"{without[0]} has no {ledger}", "name the class under `of` of the ledger, or write which one is meant, as in `CLASS.LEDGER`")]
    return []


def _has_such_fields(step: Step, what: What, payees: list[str], _terms: Terms) -> Broken:
    """Nothing is written that would move nothing."""
    broken: Broken = []
    for field, value in (("settles", step.settles), ("adds_to", step.adds_to)):
        if value is not None and step.verb != "pay":
            broken.append((field, f"`{field}` stands beside `{step.verb}`, which pays nothing", "book the ledger with a `record` of its own"))
    if step.as_ is not None and not (step.verb == "record" or (step.verb == "pay" and what in ("amount", "rest"))):
        broken.append(("as", f"`as: {step.as_}` says nothing beside `{step.verb}: {step.what.text}`", "remove it: what is moved is said already"))
    for account in (account for account in step.from_ if account in payees):
        broken.append(("to", f"{account} is paid out of itself", "take it out of `to` or out of `from`"))
    return broken


def describe(step: Step) -> str:
    """A name for a step that has none: `pay interest to A-1, A-2`."""
    payees = ", ".join(leaves(step.to)) if step.to else step.as_ or ""
    what = step.what.text if len(step.what.text) <= 40 else "amount"
    return f"{step.verb.replace('_', ' ')} {what}{' to ' + payees if payees else ''}"


def leaves(node: Node) -> list[str]:
    """The payees and groups that a tree names, in order."""
    return [node.to] if node.to is not None else [leaf for child in node.children for leaf in leaves(child)]
