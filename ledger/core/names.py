"""What a name in a formula reads. One table for each kind of subject: adding a standard amount is adding a line.

The rule of time: a bare name means now, `opening_` means before this period; everything is read afresh wherever it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Protocol

from ledger.core import posting
from ledger.core.deal import ReportedType
from ledger.core.events import COMPONENTS, PREPAYMENTS
from ledger.core.formula import BOOLEAN, DATE, MONEY, NUMBER, Call, FormulaError, Name, Read, Term, Type
from ledger.core.money import Exact, Money, RoundingMode, round_exact
from ledger.core.problems import nearest
from ledger.core.state import Running

if TYPE_CHECKING:
    from ledger.core.formula import Expression
    from ledger.core.terms import Terms

Item = tuple[Type, Callable[["Terms", str], Read]]


def _figure(item: str) -> Item:
    def reader(_terms: Terms, subject: str) -> Read:
        key = f"{subject}.{item}"
        return lambda run: run.figures[key]

    return MONEY, reader


def _claim(account: Callable[[str], str], *, opening: bool = False) -> Item:
    """What the trust owes on an account: claims have negative balances."""

    def reader(_terms: Terms, subject: str) -> Read:
        key = account(subject)
        if opening:
            return lambda run: -run.opening[key]
        return lambda run: -run.balances[key]

    return MONEY, reader


def _opening_unpaid(run: Running, tranche: str) -> Money:
    claims = run.terms.claims[tranche]
    return -(run.opening[claims.shortfall] + run.opening[claims.interest_on_unpaid])


def unpaid_interest(terms: Terms, tranche: str) -> Read:
    """Interest that a class is owed now: on unpaid interest, brought forward, and this period's."""
    on_unpaid, brought_forward, own = claims_to_interest(terms, tranche)
    return lambda run: -(run.balances[on_unpaid] + run.balances[brought_forward] + run.balances[own])


def claims_to_interest(terms: Terms, tranche: str) -> tuple[str, str, str]:
    """The accounts of what a class is owed of interest, in the order in which they are paid."""
    claims = terms.claims[tranche]
    return claims.interest_on_unpaid, claims.shortfall, claims.interest


def _interest_due(run: Running, tranche: str) -> Money:
    """Accrued less shortfall, plus unpaid brought forward, plus interest on it."""
    items, figures = run.terms.items[tranche], run.figures
    own = figures[items.interest_accrued] - figures[items.interest_shortfall]
    return own + _opening_unpaid(run, tranche) + figures[items.interest_on_unpaid_accrued]


def cumulative_loss(run: Running, tranche: str) -> Money:
    """Written down less written up, since closing."""
    items, figure = run.terms.items[tranche], run.figures.get
    return run.state.cumulative.get(tranche, 0) + figure(items.realized_loss, 0) - figure(items.written_up, 0)


def _by(function: Callable[[Running, str], Exact], kind: Type = MONEY) -> Item:
    return kind, lambda _terms, subject: lambda run: function(run, subject)


TRANCHE_ITEMS: Mapping[str, Item] = {
    "original_balance": (MONEY, lambda terms, subject: lambda run: terms.original[subject]),
    "opening_balance": _claim(posting.principal, opening=True),
    "balance": _claim(posting.principal),
    "interest_accrued": _figure("interest_accrued"),
    "interest_shortfall": _figure("interest_shortfall"),
    "interest_due": _by(_interest_due),
    "interest_paid": _figure("interest_paid"),
    "opening_unpaid_interest": _by(_opening_unpaid),
    "unpaid_interest": (MONEY, unpaid_interest),
    "principal_paid": _figure("principal_paid"),
    "accreted": _figure("accreted"),
    "realized_loss": _figure("realized_loss"),
    "written_up": _figure("written_up"),
    "cumulative_loss": _by(cumulative_loss),
}
"""Of a class, or summed over a group."""

SINGLE_TRANCHE_ITEMS: Mapping[str, Item] = {
    "rate": _by(lambda run, subject: run.rate(subject), NUMBER),
    "year_fraction": _by(lambda run, subject: run.year_fraction(subject), NUMBER),
    "factor": _by(lambda run, subject: Fraction(-run.balances[posting.principal(subject)], run.terms.original[subject] or 1), NUMBER),
}


def _fee_due(run: Running, fee: str) -> Money:
    """What a payee is owed for this period: accrued, brought forward, and raised or paid back by events."""
    raised = sum(sign * run.figures[f"{pool}.{kind}"] for kind, sign in run.terms.owed_by.get(fee, {}).items() for pool in run.terms.pools_of(kind))
    return run.figures[f"{fee}.accrued"] - run.opening[posting.fee(fee)] + raised


FEE_ITEMS: Mapping[str, Item] = {
    "due": _by(_fee_due),
    "paid": _figure("paid"),
    "opening_unpaid": _claim(posting.fee, opening=True),
    "unpaid": _claim(posting.fee),
}


def _target(run: Running, account: str) -> Money:
    target = run.terms.targets.get(account)
    return target(run) if target else 0


def collected(run: Running, account: str) -> Money:
    """What was reported for an account this period, wired or not; less what the servicer kept of it."""
    held = run.terms.due_account(account)
    if held == run.terms.cash_account(account):
        return run.received[held]
    return run.received[held] - run.paid[held] + run.figures[f"{account}.wired"]


ACCOUNT_ITEMS: Mapping[str, Item] = {
    "opening_balance": (MONEY, lambda terms, subject: lambda run: run.opening[terms.cash_account(subject)]),
    "collected": _by(collected),
    "balance": _by(lambda run, subject: run.cash_of(subject)),
    "target": _by(_target),
    "shortfall": _by(lambda run, subject: max(0, _target(run, subject) - run.cash_of(subject))),
    "excess": _by(lambda run, subject: max(0, run.cash_of(subject) - _target(run, subject))),
}


def pool_balance(balances: Mapping[str, Money], terms: Terms, pool: str) -> Money:
    """Unpaid principal, with defaulted loans not yet liquidated where the deal counts them."""
    return sum([balances.get(account, 0) for account in terms.pool_accounts[pool]])


def pool_loss(run: Running, pool: str) -> Money:
    """What this period's events added to the loss waiting to be allocated, less what they took from it."""
    figure = run.figures.get
    return sum([sign * figure(item, 0) for item, sign in run.terms.loss_items[pool].items()])


def component_keys(pool: str, component: str) -> tuple[str, ...]:
    """The figures that a kind's total is the sum of: prepayments of each sort; a loss with the expenses that were posted apart from it."""
    if component == "prepayment":
        return tuple(f"{pool}.{name}" for name in PREPAYMENTS)
    if component == "realized_loss":
        return (f"{pool}.realized_loss", f"{pool}.liquidation_expense")
    return (f"{pool}.{component}",)


POOL_ITEMS: Mapping[str, Item] = {
    "original_balance": (MONEY, lambda terms, subject: lambda run: terms.original[subject]),
    "opening_balance": (MONEY, lambda terms, subject: lambda run: pool_balance(run.opening, terms, subject)),
    "balance": (MONEY, lambda terms, subject: lambda run: pool_balance(run.balances, terms, subject)),
    "loss": _by(pool_loss),
    "cumulative_loss": _by(lambda run, subject: run.state.cumulative.get(subject, 0) + pool_loss(run, subject)),
}

BARE: Mapping[str, tuple[Type, Read]] = {
    "period": (NUMBER, lambda run: run.number),
    "distribution_date": (DATE, lambda run: run.dates.distribution),
    "previous_distribution_date": (DATE, lambda run: run.dates.previous_distribution),
    "closing_date": (DATE, lambda run: run.terms.deal.closing_date),
    "called": (BOOLEAN, lambda run: run.called),
}

REPORTED_TYPES: Mapping[ReportedType, Type] = {"money": MONEY, "rate": NUMBER, "number": NUMBER, "date": DATE, "flag": BOOLEAN}


def add(reads: Sequence[Read]) -> Read:
    """The sum of several readings, for a group or for all pools."""
    if len(reads) == 1:
        return reads[0]
    return lambda run: sum(read(run) for read in reads)


class Compiler(Protocol):
    """What the scope asks of the compiler of the whole deal."""

    def named(self, node: Name) -> Term | None:
        """One of the deal's own bare names, compiled when it is first met; None for an unknown one."""
        ...

    def read(self, node: Expression, wanted: Type) -> Read: ...

    def rate_of(self, subject: str, at: int) -> None:
        """Compile the rate of a class that another formula uses, so that a cycle of rates is found."""
        ...

    def basis_of(self, tranche: str) -> Read: ...

    def whole_number(self, nodes: Sequence[Expression], at: int, usage: str) -> int: ...

    def keep(self, name: str, depth: int) -> None:
        """Note that closes must keep a value for `depth` periods."""
        ...


class DealScope:
    """The scope of one deal's formulas: `ledger.core.formula.Scope`."""

    def __init__(self, terms: Terms, compiler: Compiler) -> None:
        self.terms, self.deal, self.compiler = terms, terms.deal, compiler
        self.scale = self.deal.rounding.scale
        self.rounding: RoundingMode = self.deal.rounding.amounts

    def name(self, node: Name) -> Term:
        if node.name in BARE:
            return Term(*BARE[node.name])
        named = self.compiler.named(node)
        if named is not None:
            return named
        subject, dot, item = node.name.rpartition(".")
        if not dot:
            raise FormulaError(node.at, f"unknown name `{node.name}`", self._meant(node.name, self._bare_names()))
        return self._of_subject(node, subject, item)

    def _of_subject(self, node: Name, subject: str, item: str) -> Term:
        deal = self.deal
        if subject in deal.tranches or subject in self.terms.groups:
            return self._of_tranches(node, subject, item)
        if subject in deal.all_pools or subject == "pool":
            return self._of_pools(node, subject, item)
        if subject in deal.fees:
            return self._from(FEE_ITEMS, node, [subject], item)
        if subject in deal.accounts:
            return self._from(ACCOUNT_ITEMS, node, [subject], item)
        raise FormulaError(node.at, f"unknown name `{node.name}`: there is no `{subject}`", self._meant(subject, self._subjects()))

    def _of_tranches(self, node: Name, subject: str, item: str) -> Term:
        members = self.terms.groups.get(subject, (subject,))
        if item in self.deal.ledgers:
            return self._of_ledger(node, members, item)
        single = subject in self.deal.tranches
        table = {**TRANCHE_ITEMS, **SINGLE_TRANCHE_ITEMS} if single else TRANCHE_ITEMS
        if single and item in ("rate", "year_fraction"):
            self._accrues(subject, node.at, f"`{node.name}`")
        if single and item == "rate":
            self.compiler.rate_of(subject, node.at)
        if item in ("original_balance", "factor"):
            members = tuple(member for member in members if self.terms.has_balance(member))
            if not members:
                raise FormulaError(node.at, f"`{node.name}`: {subject} has no balance", f"give it `original_balance` under `tranches.{subject}`")
        return self._from(table, node, members, item, also=[name for name, ledger in self.deal.ledgers.items() if ledger.of])

    def _accrues(self, tranche: str, at: int, what: str) -> None:
        if self.deal.tranches[tranche].rate is None:
            raise FormulaError(at, f"{what}: class {tranche} accrues no interest", f"give it a `rate` under `tranches.{tranche}`")

    def _of_ledger(self, node: Name, members: Iterable[str], ledger: str) -> Term:
        keys = tuple(posting.ledger(ledger, member) for member in members if member in self.terms.ledger_classes[ledger])
        if not keys:
            raise FormulaError(node.at, f"ledger {ledger} is not kept for {node.name.rpartition('.')[0]}", f"name it under `of` of `ledgers.{ledger}`")
        return Term(MONEY, add([_balance_reader(key) for key in keys]))

    def _of_pools(self, node: Name, subject: str, item: str) -> Term:
        pools = list(self.deal.all_pools) if subject == "pool" else [subject]
        if not pools:
            raise FormulaError(node.at, f"`{node.name}`: the deal has no pool", "add the section `pool`")
        if item == "factor":
            above, below = (add([POOL_ITEMS[name][1](self.terms, pool) for pool in pools]) for name in ("balance", "original_balance"))
            return Term(NUMBER, lambda run: Fraction(above(run), below(run) or 1))
        components = {**COMPONENTS, **self.deal.events}
        if item in components:
            keys = [key for pool in (self.terms.pools_of(item) if subject == "pool" else pools) for key in component_keys(pool, item)]
            return Term(MONEY, lambda run: sum(run.figures[key] for key in keys))
        return self._from(POOL_ITEMS, node, pools, item, also=["factor", *components])

    def _from(self, table: Mapping[str, Item], node: Name, subjects: Iterable[str], item: str, also: Iterable[str] = ()) -> Term:
        if item not in table:
            known = [*table, *also]
            subject = node.name.rpartition(".")[0]
            raise FormulaError(node.at, f"`{subject}` has no `{item}`", nearest(item, known) or f"it has {', '.join(sorted(known))}")
        kind, reader = table[item]
        return Term(kind, add([reader(self.terms, subject) for subject in subjects]))

    # Functions of a name ----------------------------------------------------------------------------------------

    def special(self, node: Call) -> Term:
        if not node.arguments or not isinstance(node.arguments[0], Name):
            raise FormulaError(node.at, f"`{node.function}` needs a name first", f"for example `{node.function}(NAME)`")
        match node.function:
            case "previous":
                return self._previous(node, node.arguments[0])
            case "average":
                return self._average(node, node.arguments[0])
            case _:
                return self._interest(node, node.arguments[0])

    def _kept(self, name: Name, depth: int) -> Type:
        """The type of a value that closes keep: an amount, a ratio or a reported value. It is not compiled: it may be what names its own earlier value."""
        deal = self.deal
        kinds = {**dict.fromkeys(deal.amounts, MONEY), **dict.fromkeys(deal.ratios, NUMBER)}
        kinds.update((reported, REPORTED_TYPES[value.type]) for reported, value in deal.reported.items())
        if name.name not in kinds:
            raise FormulaError(name.at, f"no earlier value of `{name.name}` is kept", "give it a name under `amounts` and take the earlier value of that")
        self.compiler.keep(name.name, depth)
        return kinds[name.name]

    def _previous(self, node: Call, name: Name) -> Term:
        if len(node.arguments) != 1:
            raise FormulaError(node.at, f"`previous` takes 1 argument, here are {len(node.arguments)}", "write `previous(NAME)`")
        kind, key = self._kept(name, 1), name.name
        return Term(kind, lambda run: run.past(key)[-1])

    def _average(self, node: Call, name: Name) -> Term:
        """The mean of this period's value and the ones before it, `n` in all, or as many as there are since closing."""
        count = self.compiler.whole_number(node.arguments[1:], node.at, "average(name, n)")
        kind, key = self._kept(name, max(count - 1, 1)), name.name
        term = self.compiler.named(name)
        assert term is not None

        def mean(run: Any) -> Fraction:
            values = (*run.state.history.get(key, ()), term.read(run))[-count:]
            return Fraction(sum(values), len(values))

        return Term(kind, mean)

    def _interest(self, node: Call, name: Name) -> Term:
        """What a class would accrue at another rate, on its own basis or another, rounded as its interest."""
        if name.name not in self.deal.tranches or len(node.arguments) not in (2, 3):
            fact = f"`interest` takes a class, a rate and perhaps a base; here are {len(node.arguments)} arguments, the first `{name.name}`"
            raise FormulaError(node.at, fact, "write `interest(CLASS, rate)` or `interest(CLASS, rate, base)`")
        self._accrues(name.name, name.at, "`interest`")
        rate = self.compiler.read(node.arguments[1], NUMBER)
        base = self.compiler.read(node.arguments[2], MONEY) if len(node.arguments) == 3 else self.compiler.basis_of(name.name)
        subject, mode = name.name, self.deal.rounding.interest
        return Term(MONEY, lambda run: round_exact(Fraction(base(run)) * rate(run) * run.year_fraction(subject), mode))

    # What was meant ---------------------------------------------------------------------------------------------

    def _bare_names(self) -> list[str]:
        deal = self.deal
        return [*BARE, *deal.reported, *deal.amounts, *deal.ratios, *deal.tables, *deal.triggers, *deal.ledgers]

    def _subjects(self) -> list[str]:
        deal = self.deal
        return [*deal.tranches, *self.terms.groups, *deal.fees, *deal.accounts, *deal.all_pools]

    def _meant(self, word: str, known: list[str]) -> str:
        if "-" in word and any(part in known or part in self._subjects() for part in word.split("-")):
            return "a minus between two names needs a blank on both sides"
        if word in self._subjects():
            return f"say which figure of {word}, for example `{word}.balance`"
        near = nearest(word, [*known, *self._subjects()])
        return near or "define it under `amounts` or `ratios`, or let it be `reported`; what has figures is " + ", ".join(self._subjects())


def _balance_reader(key: str) -> Read:
    return lambda run: run.balances[key]
