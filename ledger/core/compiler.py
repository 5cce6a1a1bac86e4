"""From the deal as written to terms that run: names resolved, formulas compiled, the rules of the deal file checked, all problems at once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date
from fractions import Fraction
from itertools import pairwise, product

from ledger.core import posting
from ledger.core.comparisons import comparisons
from ledger.core.deal import AccrualFrom, Deal, Fee, Table, Tranche
from ledger.core.events import COMPONENTS, PREPAYMENTS, by_effects, owed_to
from ledger.core.formula import (
    BOOLEAN,
    DATE,
    MONEY,
    NUMBER,
    OPEN,
    Expression,
    Formula,
    FormulaError,
    Name,
    Number,
    Read,
    Scope,
    Term,
    Type,
    compile_formula,
    compile_open,
    compile_sides,
)
from ledger.core.money import format_exact, parse_number, round_exact
from ledger.core.names import BARE, POOL_ITEMS, REPORTED_TYPES, DealScope
from ledger.core.problems import MOST_LISTED, Path, Problem, ProblemsFound, nearest, stop_on
from ledger.core.receipts import legs_of
from ledger.core.recording import Recorder
from ledger.core.schedule import key_of
from ledger.core.state import Running
from ledger.core.steps import StepCompiler
from ledger.core.terms import AccrualTerms, Clock, Comparison, CompiledTrigger, Terms

_OF_THE_BOOKS = ("cash", "due", "entitlement", "pool", "defaulted", "owed", "misapplied", "excess", "loss", "rounding", "borrowers")
_OF_STEPS = ("tranches", "deal", "interest", "fees", "principal", "rest")
_OF_FORMULAS = ("if", "then", "else", "and", "or", "not", "true", "false", *BARE)
RESERVED = frozenset((*_OF_THE_BOOKS, *_OF_STEPS, *_OF_FORMULAS))
"""Words of the chart of accounts and of the language, which nothing in a deal may be called where the two could be confused."""


def compile_deal(deal: Deal, recorder: Recorder | None = None) -> Terms:
    """The terms that a deal file states. Raises ProblemsFound with everything that is wrong, each with its path in the file.

    With a recorder, each reading of a formula or a name is noted in it.
    """
    compiler = DealCompiler(deal, recorder)
    compiler.check_names()
    compiler.check_first_date()
    compiler.compile()
    stop_on(compiler.problems)
    return compiler.terms


class DealCompiler:
    """Compiles one deal; `problems` collects what is wrong on the way."""

    def __init__(self, deal: Deal, recorder: Recorder | None = None) -> None:
        self.deal, self.recorder = deal, recorder
        self.terms = Terms(deal)
        self.problems: list[Problem] = []
        names = DealScope(self.terms, self)
        self.names: Scope = recorder.scope(names) if recorder else names
        self._open: list[str] = []
        self._clocks: dict[tuple[str, AccrualFrom], Clock] = {}
        self._formula = Formula("", Number(Fraction(0), True, 0))

    def problem(self, path: Path, fact: str, remedy: str = "", offset: int | None = None) -> None:
        self._note(Problem(fact, remedy, path=path, offset=offset))

    def _note(self, problem: Problem) -> None:
        """Raises ProblemsFound once there are more problems than are listed."""
        self.problems.append(problem)
        if len(self.problems) > MOST_LISTED:
            raise ProblemsFound(self.problems)

    # Names ---------------------------------------------------------------------------------------------------------

    def check_names(self) -> None:
        """Every name once: subjects among themselves, bare names among themselves; groups, ledgers and rounding of amounts resolved."""
        deal, sections = self.deal, ("tranches", "groups", "fees", "accounts", "pools", "ledgers")
        self._unique([(section, name) for section in sections for name in getattr(deal, section)])
        bare = ("reported", "amounts", "ratios", "tables", "triggers")
        self._unique([(section, name) for section in bare for name in getattr(deal, section)] + [("ledgers", name) for name in deal.ledgers])
        for section in (*sections, *bare):
            words = RESERVED - {"principal", "interest"} if section == "accounts" else RESERVED
            for name in words.intersection(getattr(deal, section)):
                self.problem((section, name), f"`{name}` is a word of the books or of the formula language", "choose another name")
        for name, tranche in deal.tranches.items():
            self._original(("tranches", name), name, tranche.original_balance)
        for name, pool in deal.all_pools.items():
            self._original(("pool",) if deal.pool else ("pools", name), name, pool.original_balance)
        for name, account in deal.accounts.items():
            self._exact_units(("accounts", name, "opening"), account.opening)
        if deal.pool is not None and deal.pools:
            self.problem(("pools",), "the deal has `pool` and `pools`", "put all pools under `pools`, by name, or keep the one under `pool`")
        self._check_reported()
        self._groups()

    def _check_reported(self) -> None:
        """A dotted name that is reported belongs to a pool, and is none of the pool's own figures; an index is a rate, and only an index is fixed."""
        for name, reported in self.deal.reported.items():
            if reported.index and reported.type != "rate":
                self.problem(("reported", name, "type"), f"`{name}` has an index and is no rate", "write `type: rate`, or leave `index` out")
            if reported.fixing is not None and not reported.index:
                self.problem(("reported", name, "fixing"), f"`{name}` has a `fixing` and no index", "say which: `index: SOFR-30D-AVG`")
            pool, dot, item = name.rpartition(".")
            if dot and pool != "pool" and pool not in self.deal.all_pools:
                remedy = nearest(pool, self.deal.all_pools) or "before the dot stands a pool"
                self.problem(("reported", name), f"`{name}` is reported of `{pool}`, which is no pool", remedy)
            elif dot and (item in POOL_ITEMS or item == "factor" or item in COMPONENTS):
                self.problem(("reported", name), f"`{name}` is a figure of the books", "report it under another name")

    def _unique(self, names: Iterable[tuple[str, str]]) -> None:
        seen: dict[str, str] = {}
        for section, name in names:
            if name in seen:
                self.problem((section, name), f"`{name}` is already a name under `{seen[name]}`", "give one of them another name")
            seen.setdefault(name, section)

    def _original(self, path: Path, name: str, amount: Fraction | None) -> None:
        if amount is not None:
            self._exact_units((*path, "original_balance"), amount)
            self.terms.original[name] = self.terms.units(amount)

    def _exact_units(self, path: Path, amount: Fraction) -> None:
        for problem in self.terms.unit_problems(path, amount):
            self._note(problem)
        if amount < 0:
            self.problem(path, f"{format_exact(amount)} is negative", "an amount here is zero or above")

    def check_first_date(self) -> None:
        """The first distribution date comes after closing, on the day of the month that the schedule says."""
        first, key = self.deal.dates.distribution.first, key_of(self.deal, 1)
        path = ("dates", "distribution", "first")
        if first is not None and first != key:
            self.problem(path, f"`first` is {first}, but distributions are on day {self.deal.dates.distribution.day}", f"write {key}, or another `day`")
        if key <= self.deal.closing_date:
            self.problem(path, f"the first distribution date {key} is not after the closing date", "write `first` as a later date, or correct `closing_date`")

    def _groups(self) -> None:
        deal, groups = self.deal, self.terms.groups
        groups["tranches"] = tuple(name for name in deal.tranches if self.terms.has_balance(name))
        for name, members in deal.groups.items():
            groups[name] = self._members(("groups", name), members)
        self._seniority()
        for name, ledger in deal.ledgers.items():
            self.terms.ledger_classes[name] = self._members(("ledgers", name, "of"), ledger.of)
            if ledger.up_to and not ledger.of:
                self.problem(("ledgers", name, "up_to"), f"ledger {name} is of no class, so no balance is its ceiling", "name its classes under `of`")

    def _seniority(self) -> None:
        """The ranks that `seniority` lists: every class with a balance, once, so that what lies below a class is all that does."""
        ranks = [self._members(("seniority", index), [entry]) for index, entry in enumerate(self.deal.seniority)]
        listed = [name for rank in ranks for name in rank]
        for name in sorted({name for name in listed if listed.count(name) > 1}):
            self.problem(("seniority",), f"{name} is listed twice", "name each class once; a group stands for all its members")
        for name in sorted({name for name in listed if not self.terms.has_balance(name)}):
            self.problem(("seniority",), f"{name} has no balance", "list the classes with `original_balance`: credit support is a share of balances")
        missing = [name for name in self.terms.groups["tranches"] if name not in listed]
        if listed and missing:
            self.problem(("seniority",), f"{', '.join(missing)} is not listed", "list every class with a balance, from senior to junior")
        self.terms.seniority = tuple(ranks)

    def _members(self, path: Path, members: Iterable[str]) -> tuple[str, ...]:
        found: list[str] = []
        for index, member in enumerate(members):
            if member in self.deal.tranches:
                found.append(member)
            elif member in self.terms.groups:
                found.extend(self.terms.groups[member])
            else:
                remedy = nearest(member, self.deal.tranches) or f"the classes are {', '.join(self.deal.tranches)}"
                self.problem((*path, index), f"`{member}` is not a class", remedy)
        for twice in sorted({member for member in found if found.count(member) > 1}):
            self.problem(path, f"{twice} is counted twice", "name each class once; a group stands for all its members")
        return tuple(found)

    # Formulas ------------------------------------------------------------------------------------------------------

    def formula(self, path: Path, formula: Formula, wanted: Type) -> Term:
        """Compile a formula; one that is wrong is noted and read as zero, so that the rest is looked at too."""
        outer, self._formula = self._formula, formula
        try:
            term = compile_formula(formula, wanted, self.names)
            return self.recorder.formula(path, formula, term) if self.recorder else term
        except FormulaError as error:
            self.problem(path, error.fact, error.remedy, error.at)
            return Term(wanted, lambda _run: 0)
        finally:
            self._formula = outer

    def money(self, path: Path, formula: Formula) -> Read:
        """An amount, rounded to whole units as the deal says when it is read."""
        exact, mode = self.formula(path, formula, MONEY).read, self.deal.rounding.amounts
        return lambda run: round_exact(exact(run), mode)

    def read(self, node: Expression, wanted: Type) -> Read:
        return compile_formula(Formula(self._formula.text, node), wanted, self.names).read

    def whole_number(self, nodes: Sequence[Expression], at: int, usage: str) -> int:
        if len(nodes) == 1 and isinstance(node := nodes[0], Number) and node.value.denominator == 1 and 1 <= node.value <= 120:
            return int(node.value)
        raise FormulaError(at, f"`{usage}` needs a whole number from 1 to 120 last", "write for example `average(NAME, 3)`")

    def keep(self, name: str, depth: int) -> None:
        self.terms.kept[name] = max(depth, self.terms.kept.get(name, 0))

    def named(self, node: Name) -> Term | None:
        name, deal = node.name, self.deal
        if name in deal.reported:
            return Term(REPORTED_TYPES[deal.reported[name].type], lambda run: run.reported[name])
        if name in deal.triggers:
            return Term(BOOLEAN, lambda run: run.triggers.get(name, False))
        if name in deal.ledgers and not deal.ledgers[name].of:
            key = posting.ledger(name)
            return Term(MONEY, lambda run: run.balances[key])
        if name in deal.amounts or name in deal.ratios or name in deal.tables:
            return self._once(name, node.at, lambda: self._value(name))
        return None

    def _once(self, name: str, at: int, compile_it: Callable[[], Term]) -> Term:
        """Compile a named value when it is first met; one that leads back to itself is a cycle."""
        if name in self._open:
            chain = " -> ".join([*self._open[self._open.index(name) :], name])
            raise FormulaError(at, f"`{name}` is defined by itself: {chain}", "break the circle; `previous(NAME)` reads last period's value")
        values = self.terms.values
        if name not in values:
            self._open.append(name)
            try:
                values[name] = compile_it()
            finally:
                self._open.pop()
        return values[name]

    def _value(self, name: str) -> Term:
        deal = self.deal
        if name in deal.amounts:
            return Term(MONEY, self.money(("amounts", name), deal.amounts[name]))
        if name in deal.ratios:
            return self.formula(("ratios", name), deal.ratios[name], NUMBER)
        return self._table(name, deal.tables[name])

    def rate_of(self, subject: str, at: int) -> None:
        rate = self.deal.tranches[subject].rate
        path = ("tranches", subject, "rate")
        self._once(f"{subject}.rate", at, lambda: self.formula(path, rate, NUMBER) if rate else Term(NUMBER, lambda _run: 0))

    def basis_of(self, tranche: str) -> Read:
        of = self.deal.tranches[tranche].of
        if of is not None:
            return self.money(("tranches", tranche, "of"), of)
        key = posting.principal(tranche)
        return lambda run: -run.opening[key]

    # Tables --------------------------------------------------------------------------------------------------------

    def _table(self, name: str, table: Table) -> Term:
        path = ("tables", name)
        key_type, present = self._table_key(path, table.by)
        rows = [(self._key(path, key, key_type), self._cell((*path, key), cell)) for key, cell in table.rows.items()]
        rows.sort(key=lambda row: row[0])
        for (key, _), (following, _) in pairwise(rows):
            if key == following:
                self.problem(path, f"the table has two rows for {format_exact(key[0]) if isinstance(key[0], Fraction) else key[0]}", "keep one of them")
        if not rows:
            self.problem(path, "the table has no rows", "give at least one `key: value`")
            return Term(NUMBER, lambda _run: 0)
        kinds = {term.type for _, term in rows} - {OPEN}
        if len(kinds) > 1:
            self.problem(path, f"the table mixes {' and '.join(sorted(map(str, kinds)))}", "give every row the same type")
        keys, values = [key for key, _ in rows], [term.constant for _, term in rows]
        return Term(kinds.pop() if kinds else OPEN, _lookup(name, keys, values, present))

    def _table_key(self, path: Path, by: str) -> tuple[Type, Read]:
        if by == "date":
            return DATE, BARE["distribution_date"][1]
        try:
            term = self.names.name(Name(by, 0))
        except FormulaError as error:
            self.problem((*path, "by"), error.fact, error.remedy)
            return NUMBER, lambda _run: 0
        return term.type, term.read

    def _key(self, path: Path, text: str, kind: Type) -> tuple[object, ...]:
        """The key as a value that sorts with its like; a wrong one is noted."""
        try:
            if kind == DATE:
                return (date.fromisoformat(text),)
            return (parse_number(text) * (10**self.terms.scale if kind == MONEY else 1),)
        except ValueError:
            self.problem((*path, text), f"`{text}` is not {kind}", "the keys of a table are values of what it is `by`")
            return (date.min if kind == DATE else Fraction(0),)

    def open_formula(self, path: Path, formula: Formula) -> Term:
        """Compile a formula as whatever type it has; one that is wrong is noted and read as zero."""
        outer, self._formula = self._formula, formula
        try:
            return compile_open(formula, self.names)
        except FormulaError as error:
            self.problem(path, error.fact, error.remedy, error.at)
            return Term(OPEN, lambda _run: 0, 0)
        finally:
            self._formula = outer

    def _cell(self, path: Path, cell: Formula) -> Term:
        term = self.open_formula(path, cell)
        if term.constant is None:
            self.problem(path, f"`{cell.text}` is not a constant", "a table holds constants; put the formula under `amounts` or `ratios`")
        return term

    # Sections ------------------------------------------------------------------------------------------------------

    def compile(self) -> None:
        deal, terms = self.deal, self.terms
        terms.components = {**COMPONENTS, **{name: by_effects(kind.cash, kind.pool, kind.loss) for name, kind in deal.events.items()}}
        terms.places = {name: place for place, name in enumerate(terms.components)}
        signs = {name: 1 if component.loss == "up" else -1 for name, component in terms.components.items() if component.loss}
        terms.loss_items = {pool: {f"{pool}.{name}": sign for name, sign in signs.items()} for pool in deal.all_pools}
        for name, fee in deal.fees.items():
            self._owed_by(name, fee)
        for name in (*deal.amounts, *deal.ratios, *deal.tables):
            self.named(Name(name, 0))
        for name, tranche in deal.tranches.items():
            self._tranche(name, tranche)
        for name, fee in deal.fees.items():
            self._fee(name, fee)
        for name, account in deal.accounts.items():
            if account.target is not None:
                terms.targets[name] = self.money(("accounts", name, "target"), account.target)
        for name, pool in deal.all_pools.items():
            if pool.balance is not None:
                terms.pool_balances[name] = self.money(("pool", "balance") if deal.pool else ("pools", name, "balance"), pool.balance)
        self._reported()
        self._triggers()
        self._collections()
        if deal.call is not None:
            terms.call_allowed = self.formula(("call", "allowed_when"), deal.call.allowed_when, BOOLEAN).read
        terms.steps = StepCompiler(self).compile(deal.waterfall)

    def _accrual(self, path: Path, subject: str, item: Tranche | Fee, rate: Read, basis: Read) -> None:
        dates = self.deal.dates
        alike = (item.day_count or dates.day_count, item.accrual or dates.accrual)
        clock = self._clocks.setdefault(alike, Clock(*alike, dates.distribution.months))
        self.terms.accruals[subject] = AccrualTerms(rate, basis, clock)

    def _tranche(self, name: str, tranche: Tranche) -> None:
        path = ("tranches", name)
        if tranche.kind == "note" and tranche.original_balance is None and tranche.of is None:
            self.problem(path, f"class {name} has neither a balance nor anything it accrues on", "give `original_balance`, or `of`, or `kind: residual`")
        for field in ("of", "interest_on_unpaid") if tranche.rate is None else ():
            if getattr(tranche, field) is not None:
                self.problem((*path, field), f"class {name} has `{field}` and accrues nothing", "give it a `rate`")
        if tranche.rate is not None:
            self._percent((*path, "rate"), tranche.rate)
            self.rate_of(name, 0)
            self._accrual(path, name, tranche, self.terms.values[f"{name}.rate"].read, self.basis_of(name))
        if tranche.interest_on_unpaid is not None:
            self.terms.on_unpaid[name] = self.formula((*path, "interest_on_unpaid"), tranche.interest_on_unpaid, NUMBER).read

    def _percent(self, path: Path, rate: Formula) -> None:
        """A year's rate of 1 or more that is written without `%` is a percentage whose sign was forgotten."""
        if isinstance(rate.root, Number) and rate.root.bare and rate.root.value >= 1:
            fact = f"{rate.text} is a rate of {format_exact(rate.root.value * 100)}% a year"
            self.problem(path, fact, f"write {rate.text}%, or {format_exact(rate.root.value * 100)}% where that is meant")

    def _fee(self, name: str, fee: Fee) -> None:
        path = ("fees", name)
        if fee.amount is not None and (fee.rate is not None or fee.of is not None):
            self.problem(path, f"fee {name} has `amount` and `rate`", "a fee is an amount, or a rate `of` something")
        elif fee.amount is not None:
            self.terms.fee_amounts[name] = self.money((*path, "amount"), fee.amount)
        elif fee.rate is not None and fee.of is not None:
            self._percent((*path, "rate"), fee.rate)
            rate = self.formula((*path, "rate"), fee.rate, NUMBER).read
            self._accrual(path, name, fee, rate, self.money((*path, "of"), fee.of))
        elif fee.rate is not None or fee.of is not None:
            self.problem(path, f"fee {name} has only one of `rate` and `of`", "a rate needs what it is a rate of, for example `of: pool.opening_balance`")

    def _owed_by(self, name: str, fee: Fee) -> None:
        """Let the kinds that a fee is owed by post to what it is owed: the claim as a source is raised, as a destination it is paid back."""
        components, owed, claim = dict(self.terms.components), self.terms.owed_by, posting.fee(name)
        for index, kind in enumerate(fee.owed_by):
            path = ("fees", name, "owed_by", index)
            other = next((payee for payee, kinds in owed.items() if kind in kinds), None)
            if kind not in components:
                self.problem(path, f"`{kind}` is not a kind of event", nearest(kind, components) or "see the kinds in docs/deal-file.md")
            elif other is not None:
                self.problem(path, f"`{kind}` is owed to {other} already", "each kind is owed to one payee, once; take it out of one of them")
            elif (component := owed_to(components[kind], claim)) is None:
                self.problem(path, f"`{kind}` is principal of the pool, which no payee is owed", "name a kind that is income, cost or an advance")
            else:
                components[kind] = component
                owed.setdefault(name, {})[kind] = 1 if any(source == claim for source, _ in component.legs) else -1
        self.terms.components = components

    def _reported(self) -> None:
        for name, reported in self.deal.reported.items():
            if reported.missing is None:
                continue
            if isinstance(reported.missing.root, Name) and reported.missing.root.name == "previous":
                self.keep(name, 1)
                self.terms.missing[name] = _previous(name)
            else:
                self.terms.missing[name] = self.formula(("reported", name, "missing"), reported.missing, REPORTED_TYPES[reported.type]).read

    def _triggers(self) -> None:
        for name, trigger in self.deal.triggers.items():
            read = self.formula(("triggers", name, "fails_when"), trigger.fails_when, BOOLEAN).read
            compared = tuple(self._comparisons(trigger.fails_when))
            self.terms.triggers.append(CompiledTrigger(name, read, trigger.curable, trigger.tested == "closing", compared))

    def _comparisons(self, formula: Formula) -> Iterator[Comparison]:
        """What a test compares, each side ready to be read alone; what is wrong with the formula was noted when it was compiled whole."""
        for text, node in comparisons(formula):
            with suppress(FormulaError):
                actual, threshold = compile_sides(formula.text, node, self.names)
                yield Comparison(text, actual, node.operator, threshold)

    # What accounts collect -------------------------------------------------------------------------------------------

    def _collections(self) -> None:
        for account, section in self.deal.accounts.items():
            for index, word in enumerate(section.collects):
                self._collects(("accounts", account, "collects", index), account, word)
        collected = {component for _, component in self.terms.collecting}
        for pool, component in product(("pool", *self.deal.all_pools), self.terms.components):
            with suppress(ProblemsFound):  # what no account collects is refused when it comes
                self.terms.legs[pool, component] = legs_of(self.terms, pool, component)
        for name, kind in self.deal.events.items():
            if not (kind.cash or kind.of_a_pool or any(name in owed for owed in self.terms.owed_by.values())):
                remedy = "give it `cash`, `pool` or `loss`, name it under `owed_by` of a fee, or let it be `reported`"
                self.problem(("events", name), f"an event `{name}` would do nothing", remedy)
            if kind.cash and name not in collected:
                self.problem(("events", name), f"no account collects `{name}`", f"add {name} to the `collects` of an account")

    def _collects(self, path: Path, account: str, word: str) -> None:
        deal, terms = self.deal, self.terms
        pool, _, component = word.rpartition(".")
        if component in terms.components and (not pool or pool == "pool" or pool in deal.all_pools):
            pools = (pool,) if pool in deal.all_pools else terms.pools_of(component)
            for name in PREPAYMENTS if component == "prepayment" else (component,):
                self._collect(path, account, pools, name)
        elif word in deal.amounts or (word in deal.reported and deal.reported[word].type == "money"):
            term = self.named(Name(word, 0))
            assert term is not None
            terms.named_collections.append((account, word, term.read))
        else:
            known = [*terms.components, *deal.amounts, *deal.reported]
            self.problem(path, f"`{word}` is not a kind of event, an amount or a reported amount", nearest(word, known) or "see the kinds in docs/deal-file.md")

    def _collect(self, path: Path, account: str, pools: Iterable[str], component: str) -> None:
        if self.terms.components[component].cash is None:
            self.problem(path, f"`{component}` brings no cash", "only kinds that come in or go out as cash are collected")
            return
        for pool in pools:
            other = self.terms.collecting.setdefault((pool, component), account)
            if other != account:
                self.problem(
                    path, f"`{component}` is collected by {other} and by {account}", "each kind of cash goes to one account; take it out of one of them"
                )


def _previous(name: str) -> Read:
    def read(run: Running) -> object:
        return run.past(name)[-1]

    return read


def _lookup(name: str, keys: Sequence[tuple[object, ...]], values: Sequence[object], present: Read) -> Read:
    """The value of the row with the greatest key that is not above the present one."""

    def read(run: Running) -> object:
        key = present(run)
        index = bisect_right(keys, (key,)) - 1
        if index < 0:
            raise ProblemsFound([Problem(f"table {name} has no row for {key}", "add a row with a key at or below it")])
        return values[index]

    return read
