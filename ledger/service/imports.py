"""A servicer's own file as a month of events: what it says, compared with what the books know of the loans."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from ledger.core import schedule
from ledger.core.events import SET_UP, Event
from ledger.core.loan_months import NOT_REPORTED, PREMIUM, LoanMonth, LoansBefore, Outcome, arriving, changes, days_past_due, not_reported, purchase
from ledger.core.mapping_report import DIFFERENCES, MISSING_LOANS, NEW_LOANS, RESTATED_OPENINGS, Control, KindTotals, MappingReport, Warned
from ledger.core.money import Money, format_money
from ledger.core.problems import Problem, ProblemsFound, stop_on
from ledger.core.terms import Terms
from ledger.files import calendars, sources
from ledger.files.importers import Imported, Importer
from ledger.files.remittance import MOST_FOUND, RemittedMonth, spooled, stop_on_listed
from ledger.files.sources import Source
from ledger.files.spool import Spool
from ledger.service.ledgers import Opening, known_before, not_loans
from ledger.service.terms import Versions
from ledger.store.projections import Reader

ACCEPTABLE = (DIFFERENCES, RESTATED_OPENINGS, MISSING_LOANS, NEW_LOANS)
"""Warnings of a servicer's file that stop it unless they are accepted by name."""
_EXAMPLES = 5
_MEANT: Mapping[str, str] = {
    DIFFERENCES: "loans close at balances that their movements do not lead to",
    RESTATED_OPENINGS: "loans open at other balances than the books closed them at",
    MISSING_LOANS: "live loans are not in the file: they stand as they stood",
    NEW_LOANS: "loans are not of the pool: they are bought at their opening balances",
}


class Refused(ProblemsFound):
    """A servicer's file that can be read and is not appended; `report` says what it comes to. Nothing was written."""

    def __init__(self, problems: Iterable[Problem], report: MappingReport | None) -> None:
        super().__init__(problems)
        self.report = report


@dataclass(slots=True)
class _Noted:
    """How often a warning was given, and of what."""

    loans: int = 0
    total: Money = 0
    most: Money = 0
    examples: list[str] = field(default_factory=list)

    def add(self, loan: str, amount: Money) -> None:
        self.loans += 1
        self.total += abs(amount)
        self.most = max(self.most, abs(amount))
        if len(self.examples) < _EXAMPLES:
            self.examples.append(loan)


@dataclass(slots=True)
class _Totals:
    """Units at carry scale: what the rows open and close with, and what the events set up, state, and state of loans that the file left out."""

    opening: Money = 0
    closing: Money = 0
    arrived: Money = 0
    stated: Money = 0
    missing: Money = 0

    def add_row(self, said: LoanMonth) -> None:
        self.opening += said.opening_balance or 0
        self.closing += max(said.closing_balance or 0, 0)

    def add_event(self, event: Event) -> None:
        if event.kind in SET_UP:
            self.arrived += event.balance or event.amount or 0
        elif event.kind == "payment":
            self.stated += event.balance or 0
            self.missing += event.balance or 0 if event.code == NOT_REPORTED else 0


@dataclass
class Import:
    """A file of an importer, read for one period of a deal. `period` is the one that was asked for, if any was; `accept` are the warnings that are meant."""

    reader: Reader
    versions: Versions
    importer: Importer
    source: Source
    name: str
    period: date | None
    pool: str | None
    accept: Collection[str]
    _asked: bool = field(init=False)
    _periods: dict[date, date] = field(default_factory=dict)
    _other: Counter[date] = field(default_factory=Counter)
    _outcomes: Counter[Outcome] = field(default_factory=Counter)
    _noted: dict[str, _Noted] = field(default_factory=dict)
    _kinds: KindTotals = field(default_factory=KindTotals)
    _totals: _Totals = field(default_factory=_Totals)
    _appended: Spool[Event] = field(default_factory=spooled)
    _premium: int | None = None
    _seen: dict[str, int] = field(default_factory=dict)
    _before: LoansBefore | None = None

    def __post_init__(self) -> None:
        self._asked = self.period is not None
        pools = self.versions.at()[0].deal.pools
        stop_on([] if self.pool in (pools or (None,)) else [_pool_problem(self.pool, list(pools))])

    def month(self) -> tuple[RemittedMonth, MappingReport]:
        """The month's events and the report on them. Raises ProblemsFound with everything that is wrong, unaccepted warnings among it."""
        imported = Imported(self.importer, self.versions.at()[0].scale)
        with sources.opened(self.source) as stream:
            for block in imported.months(stream, self.name):
                for said in self._of_period(block, imported):
                    self._totals.add_row(said)
                    self._append(self._events(said, imported))
                if len(imported.found) > MOST_FOUND:
                    break
        self._stop_on_found(imported)
        assert self.period is not None  # without rows it would have stopped
        self._append(self._missing())
        report = self._report(imported, self.period)
        unaccepted = list(self._unaccepted())
        if unaccepted:
            raise Refused(unaccepted, report)
        return RemittedMonth(self.period, self._appended), report

    def _append(self, events: Iterable[Event]) -> None:
        for event in events:
            self._appended.append(Event._make((len(self._appended) + 1, *event[1:])))
            self._kinds.add(event)
            self._totals.add_event(event)
            if event.kind == PREMIUM and self._premium is None:
                self._premium = event.source_row

    # Which rows -------------------------------------------------------------------------------------------------------

    def _of_period(self, block: list[LoanMonth], imported: Imported) -> Iterator[LoanMonth]:
        """The rows of the period that is read: the one that was asked for, or the only one of the file."""
        for said in block:
            period = self.period if said.period_end is None else self._period_of(said.period_end)
            if period is None:
                self._outcomes["without figures"] += 1
                continue
            if self.period is None:
                self.period = period
            if period != self.period:
                self._other[period] += 1
            elif said.loan in self._seen:
                problem = Problem(f"loan {said.loan} stands twice, first in row {self._seen[said.loan]}", "ask for the file as it was sent")
                imported.found.append((said.row, problem))
            else:
                self._seen[said.loan] = said.row
                for whole in imported.completed(said):
                    yield whole if self.pool is None else whole._replace(loan=f"{self.pool}/{whole.loan}")

    def _period_of(self, day: date) -> date:
        """The period that a file's date belongs to: the one that pays on that day, or the first that pays after the collections end."""
        known = self._periods.get(day)
        if known is None:
            deal = self.versions.at(day)[0].deal
            is_open = calendars.is_open(deal.dates.distribution.calendar)
            last = -1 if self.importer.dated == "distribution" else 0
            number = max(schedule.number_before(deal, day) - 1, 1)
            while (schedule.paid_on(deal, schedule.key_of(deal, number), is_open) - day).days <= last:
                number += 1
            known = self._periods[day] = schedule.key_of(deal, number)
        return known

    # What they come to ------------------------------------------------------------------------------------------------

    @property
    def _terms(self) -> Terms:
        assert self.period is not None
        return self.versions.at(self.period)[0]

    def _events(self, said: LoanMonth, imported: Imported) -> Iterator[Event]:
        if self._before is None:
            self._before = self._loans_before(self._terms)
        if said.next_due is not None and said.delinquency is None:
            said = said._replace(delinquency=self._past_due(said))
        change = changes(said, self._before, self._terms.deal.rounding.minor_unit)
        events = change.events
        if change.outcome == "unknown" and arriving(said) and NEW_LOANS in self.accept:
            self._note(NEW_LOANS, said.loan, arriving(said))
            change, events = change._replace(outcome="new"), (purchase(said), *events)
        self._outcomes[change.outcome] += 1
        for warning, amount in ((RESTATED_OPENINGS, change.restated), (DIFFERENCES, change.difference)):
            if amount:
                self._note(warning, said.loan, amount)
        yield from events

    def _past_due(self, said: LoanMonth) -> int:
        """By the method of the loan's pool, that of the Mortgage Bankers Association where the deal file names none."""
        deal = self._terms.deal
        assert self.period is not None
        assert said.next_due is not None
        return days_past_due(said.next_due, schedule.collection_end(deal, self.period), deal.all_pools[self.pool or "pool"].delinquency or "MBA")

    def _note(self, warning: str, loan: str, amount: Money) -> None:
        self._noted.setdefault(warning, _Noted()).add(loan, amount)

    def _loans_before(self, terms: Terms) -> LoansBefore:
        assert self.period is not None
        balances, deal = Opening(self.reader, self.versions, self.period).of(), self.versions.deal
        known_at = known_before(self.reader, deal, self.period)
        ever = self.reader.loans_ever(deal, known_at)
        losses = self.reader.losses_so_far(deal, known_at, not_loans=not_loans(terms))
        return LoansBefore(balances, losses, ever.__contains__, is_empty=not ever)

    def _missing(self) -> Iterator[Event]:
        """A row for each live loan that the file leaves out, where that is accepted; what another file of the period says of a loan is said."""
        assert self._before is not None
        assert self.period is not None
        prefix = "" if self.pool is None else f"{self.pool}/"
        live = (loan for loan, balance in self._before.balances.items() if balance and loan.startswith(prefix))
        missing = [loan for loan in live if loan.removeprefix(prefix) not in self._seen]
        elsewhere = self.reader.loans_reported(self.versions.deal, self.period) if missing else set()
        for loan in [loan for loan in missing if loan not in elsewhere]:
            self._note(MISSING_LOANS, loan, self._before.balances[loan])
            yield not_reported(loan, self._before.balances[loan])

    # What is wrong ----------------------------------------------------------------------------------------------------

    def _stop_on_found(self, imported: Imported) -> None:
        stop_on_listed(problem.at(f"{self.name}:{row}") for row, problem in sorted(imported.found, key=lambda found: found[0]))
        deal = self.versions.at()[0].deal
        others = imported.deals - {"", deal.deal, *deal.aliases}
        if others:
            remedy = "remit the file to its own deal, or list the name under `aliases`"
            raise ProblemsFound([Problem(f"the file is of {', '.join(sorted(others))}, this deal is {deal.deal}", remedy, place=self.name)])
        if self._other and not self._asked:
            stop_on([self._several().at(self.name)])
        if self._premium is not None and PREMIUM not in deal.events:
            fact, remedy = "a premium or penalty of prepayment came, and the deal has no kind for it", f"add `{PREMIUM}` to the `events` of the deal file"
            raise ProblemsFound([Problem(fact, remedy, place=f"{self.name}:{self._premium}")])
        if self.period is None or not self._outcomes.keys() - {"without figures"}:
            fact = "no row of the file states a balance of a period" if imported.rows else "the file has no rows"
            raise ProblemsFound([Problem(fact, "ask for the month's file, or say with --period which one it is", place=self.name)])

    def _several(self) -> Problem:
        periods = sorted({self.period, *self._other} - {None})  # type: ignore[type-var]  # what is left are dates
        fact = f"the file holds {len(periods)} periods, {', '.join(map(str, periods[:_EXAMPLES]))}{' ...' if len(periods) > _EXAMPLES else ''}"
        return Problem(fact, "say with --period which one to read")

    def _unaccepted(self) -> Iterator[Problem]:
        for name, noted in self._noted.items():
            if name not in self.accept:
                first = ", ".join(noted.examples) + (" ..." if noted.loans > len(noted.examples) else "")
                fact = f"{noted.loans:,} {_MEANT[name]} ({self._money(noted.total)} in all, {self._money(noted.most)} at most: {first})"
                yield Problem(fact, f"ask the servicer; where it is known and meant, repeat with --accept {name}", place=self.name)

    def _money(self, amount: Money) -> str:
        return format_money(amount, self._terms.scale)

    # The report -------------------------------------------------------------------------------------------------------

    def _report(self, imported: Imported, period: date) -> MappingReport:
        assert self._before is not None
        totals = self._totals
        known = {loan: balance for loan, balance in self._before.balances.items() if self.pool is None or loan.startswith(f"{self.pool}/")}
        controls = [Control("closing balance", totals.closing + totals.missing, totals.stated)]
        if any(one.to == "opening_balance" for one in self.importer.fields):
            controls.insert(0, Control("opening balance", totals.opening + totals.missing, sum(known.values()) + totals.arrived))
        warnings = [
            Warned(name, noted.loans, noted.total, noted.most, tuple(noted.examples), name in self.accept) for name, noted in sorted(self._noted.items())
        ]
        unknown = {name: times for name, times in sorted(imported.columns.items()) if name not in self.importer.mapped | self.importer.ignored}
        ignored = {name: times for name, times in sorted(imported.columns.items()) if name in self.importer.ignored}
        return MappingReport(
            f"{self.importer.name}/{self.importer.version}",
            imported.scale,
            period,
            imported.rows,
            dict(self._outcomes),
            self._kinds.totals(),
            controls,
            warnings,
            unknown,
            ignored,
            dict(self._other),
        )


def _pool_problem(pool: str | None, pools: list[str]) -> Problem:
    if pool is None:
        return Problem("the deal has several pools, and the file does not say which one it is of", f"name it with --pool: {', '.join(pools)}")
    return Problem(f"`{pool}` is no pool of the deal", f"the pools are {', '.join(pools)}" if pools else "leave out --pool: the deal has one", place="--pool")
