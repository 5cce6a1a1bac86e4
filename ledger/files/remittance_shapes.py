"""What a row of a remittance says apart from its loan, its figures and its note: when, what kind of fact, of what, and which cells it fills.

That is a row's shape. A month of a million loans has a handful of shapes, so each is judged once, with everything that is wrong with it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from ledger.core import schedule
from ledger.core.events import ALIASES, AMOUNTS, FACTS, KINDS, LOAN_FACTS, OF_BUCKETS, OF_ONE_LOAN, WITHOUT_VALUE, Column
from ledger.core.problems import Problem, ProblemsFound, nearest
from ledger.core.receipts import adjusted_accounts
from ledger.core.settlement import SERVICER
from ledger.core.terms import Terms
from ledger.files import cells
from ledger.files.cells import Parse

MONEY: tuple[Column, ...] = (*AMOUNTS, "balance")
FIGURES: tuple[Column, ...] = (*MONEY, "rate", "delinquency", "code", "effective_on")
"""The log's own columns, in its order."""
REASONED = ("adjustment", "pool_adjustment")
"""Kinds that have no cause in the loans: the note says why, and is part of the record."""
SAYS_ENOUGH: Mapping[str, Column] = {"status": "code", "modification": "effective_on"}
"""Of kinds that may leave their value out, the column that says enough alone."""
REPORTED: Mapping[str, tuple[Column, Parse | None]] = {
    "money": ("amount", None),
    "rate": ("rate", cells.percentage),
    "number": ("rate", cells.rate),
    "date": ("effective_on", cells.day),
    "flag": ("code", cells.flag),
}
"""Of each type of reported value: the column of the log that holds it, and how `value` is understood (None: as money of the deal)."""


TermsAt = Callable[[date], Terms]
"""The terms in force for the period of a day."""


class Head(NamedTuple):
    """The texts that make a shape, and the names of the other columns that the row fills."""

    deal: str
    distribution_date: str
    kind: str
    subject: str
    applies_to: str
    filled: frozenset[str]


@dataclass(frozen=True, slots=True)
class Shape:
    """How rows are read. `subject` is that of a row without a loan; `pool` stands before a loan's id.

    `value_column` is the column that the cell `value` fills, by `parse`; None where the row has none. `keeps_note`: the note is the event's `code`.
    """

    period: date
    kind: str
    subject: str | None
    pool: str
    origin: date | None
    value_column: Column | None
    parse: Parse
    keeps_note: bool

    @property
    def is_plain(self) -> bool:
        """Whether the figures of the row are those of the event, and nothing else is to be done."""
        return self.value_column is None and self.origin is None and not self.keeps_note


class _Layout(NamedTuple):
    """Of a kind: the event's kind, the column that `value` fills and how it is understood, and the columns of which a row must fill one."""

    kind: str
    value: Column
    columns: Collection[str]
    parse: Parse | None = None


def shape_of(head: Head, terms_at: TermsAt) -> Shape | tuple[Problem, ...]:
    """The shape of the rows with this head, or everything that is wrong with it: nothing with a row of blank cells, as spreadsheets leave them at the end."""
    if not any(head):
        return ()
    day = cells.parsed("distribution_date", head.distribution_date, cells.day)
    judge = _Judge(head, terms_at(date.max if isinstance(day, Problem) else day))
    period = judge.period(day)
    layout = judge.layout()
    judge.deal()
    if layout is None:
        return tuple(judge.found)
    subject = judge.subject(layout.kind)
    origin = judge.origin(layout.kind, period)
    judge.cells(layout)
    value = layout.value if "value" in head.filled else None
    shape = Shape(
        period=period,
        kind=layout.kind,
        subject=subject,
        pool=f"{subject}/" if judge.terms.deal.pools else "",
        origin=origin,
        value_column=value,
        parse=layout.parse or _parse(layout.value, judge.terms.scale),
        keeps_note="note" in head.filled and judge.keeps_note(layout.kind) and "code" not in (value, *head.filled),
    )
    return tuple(judge.found) or shape


def _parse(column: Column, scale: int) -> Parse:
    match column:
        case "rate":
            return cells.rate
        case "delinquency":
            return cells.days
        case "effective_on":
            return cells.day
        case "code":
            return str
        case _:
            return cells.amount_of(scale)


@dataclass(frozen=True, slots=True)
class _Judge:
    """Judges one head. Each method notes in `found` what is wrong, and gives a stand-in where nothing can be said."""

    head: Head
    terms: Terms
    found: list[Problem] = field(default_factory=list)

    def _note(self, fact: str, remedy: str) -> None:
        self.found.append(Problem(fact, remedy))

    # When, for which deal, and what kind ------------------------------------------------------------------------------

    def period(self, day: date | Problem) -> date:
        """The period's key; the last day of all where it is none, which lies after every other."""
        deal = self.terms.deal
        if isinstance(day, Problem):
            self.found.append(day)
            return date.max
        if schedule.number_of(deal, day) is not None:
            return day
        near = schedule.nearest_keys(deal, day)
        remedy = f"write the scheduled day, before it is moved off a holiday: {' or '.join(map(str, near))}"
        self._note(f"`distribution_date` {day} is not on the deal's schedule", remedy)
        return date.max

    def deal(self) -> None:
        text, deal = self.head.deal, self.terms.deal
        if text and text not in (deal.deal, *deal.aliases):
            self._note(f"`deal` is `{text}`, this deal is {deal.deal}", "remit the file to its own deal, or list the name under `aliases`")

    def layout(self) -> _Layout | None:
        kind, subject, deal = self.head.kind, self.head.subject, self.terms.deal
        if kind == "reported":
            column, parse = REPORTED[deal.reported[subject].type] if subject in deal.reported else REPORTED["money"]
            return _Layout(kind, column, (column,), parse)
        if kind in ALIASES:
            kind, column = ALIASES[kind]
            return _Layout(kind, column, (column,))
        if kind in KINDS:
            return _Layout(kind, KINDS[kind].value, tuple(KINDS[kind].components))
        if kind in FACTS:
            return _Layout(kind, FACTS[kind], (FACTS[kind],))
        if kind in deal.events:
            return _Layout(kind, "amount", ("amount",))
        known = [*KINDS, *ALIASES, *FACTS, *deal.events]
        if not kind:
            self._note("`kind` is blank", "say what the row reports, or remove it")
        elif kind in deal.reported:
            self._note(f"`kind` is `{kind}`, which is a reported value", f"write the kind `reported` and the subject {kind}")
        else:
            remedy = nearest(kind, known) or "see the kinds in docs/remittance.md, or define it under `events` in the deal file"
            self._note(f"`kind` is `{kind}`, which is not a kind of event", remedy)
        return None

    # Of what ----------------------------------------------------------------------------------------------------------

    def subject(self, kind: str) -> str | None:
        """What a row without a loan names: a pool (None: the only one), an account, a reported name, or what an adjustment changes."""
        subject, has_loan, deal = self.head.subject, "loan" in self.head.filled, self.terms.deal
        if has_loan and (kind in FACTS and kind not in LOAN_FACTS):
            self._note(f"`{kind}` has a loan", "leave `loan` blank: it is not a fact of one loan")
        if not has_loan and (kind in OF_ONE_LOAN or (kind in KINDS and KINDS[kind].loan_level_only)):
            self._note(f"`{kind}` names no loan", "write its id in `loan`")
        match kind:
            case "reported":
                self._known(kind, deal.reported, "a reported value")
            case "wire" | "account_earnings" | "settlement":
                self._of_cash(kind)
            case "adjustment":
                self._adjusted()
            case _ if kind in WITHOUT_VALUE:
                if subject:
                    self._note(f"`{kind}` has a subject, `{subject}`", "leave `subject` blank")
            case "closing_balance" if subject in deal.accounts and not has_loan:
                pass
            case _:
                return self._pool()
        return subject or None

    def _known(self, kind: str, known: Collection[str], what: str) -> None:
        subject = self.head.subject
        if subject not in known:
            remedy = nearest(subject, known) or (f"known are {', '.join(known)}" if known else "the deal file has none")
            self._note(f"`subject` of `{kind}` is `{subject}`, which is not {what}", remedy)

    def _of_cash(self, kind: str) -> None:
        """A movement of cash names an account, or a payee that settles what is owed."""
        deal = self.terms.deal
        if kind == "settlement":
            self._known(kind, (*deal.tranches, *deal.fees, SERVICER), "a payee")
            return
        self._known(kind, deal.accounts, "an account")
        if kind == "wire" and deal.settlement == "assumed":
            self._note("`wire` is reported, and the deal takes all that was collected as wired", "leave it out, or write `settlement: wired` in the deal file")

    def _adjusted(self) -> None:
        try:
            adjusted_accounts(self.terms, self.head.subject)
        except ProblemsFound as found:
            self.found.extend(found.problems)

    def _pool(self) -> str | None:
        subject, pools, kind = self.head.subject, self.terms.deal.pools, self.terms.deal.events.get(self.head.kind)
        if not pools:
            if subject not in ("", "pool"):
                self._note(f"`subject` is `{subject}`, which is no pool", "leave it blank, the deal has one pool; a loan's id goes into `loan`")
            return None
        if not subject and "loan" not in self.head.filled and kind is not None and not kind.of_a_pool:
            return None
        if subject not in pools:
            self._note(f"`subject` is `{subject}`, which is no pool", nearest(subject, pools) or f"the pools are {', '.join(pools)}")
        return subject

    def origin(self, kind: str, period: date) -> date | None:
        """The earlier period that a row belongs to. Only what is summed, or adjusts a balance, can be booked late; other facts are read in their own month."""
        if not self.head.applies_to:
            return None
        day: date | Problem = cells.parsed("applies_to", self.head.applies_to, cells.day)
        if isinstance(day, Problem):
            self.found.append(day)
            return None
        if kind in FACTS and kind != "adjustment":
            self._note(f"`{kind}` has a date in `applies_to`", "leave it blank; to change what an earlier month said, use `tranche correct`")
        elif schedule.number_of(self.terms.deal, day) is None or day >= period:
            self._note(
                f"`applies_to` {day} is not an earlier period", f"write the scheduled distribution date of a period before {self.head.distribution_date}"
            )
        for column in ("balance", "effective_on"):
            if column in self.head.filled:
                self._note(f"`{column}` is filled beside `applies_to`", f"leave `{column}` blank: what is booked late is a movement of this month")
        return day

    # How much ---------------------------------------------------------------------------------------------------------

    def cells(self, layout: _Layout) -> None:
        """Cells that the kind does not have, that are filled twice, or that are missing."""
        kind, filled = layout.kind, self.head.filled
        if "value" in filled and kind in WITHOUT_VALUE:
            self._note(f"`{kind}` has a value", "leave it blank: the row alone says it")
        elif "value" in filled and layout.value in filled:
            self._note(f"`value` and `{layout.value}` of `{kind}` are both filled", "fill one of them")
        for column in MONEY:
            if column in filled and column not in layout.columns and not (column == "balance" and self._may_state_balance(kind)):
                self._note(f"`{column}` of `{kind}` is filled", f"`{kind}` has {' and '.join(layout.columns)} only")
        if kind == "reported" and "code" in filled.intersection(layout.columns):
            self._note("a flag is reported in `code`", "write it in `value`, where only yes and no are taken")
        self._reason(kind)
        beside = SAYS_ENOUGH.get(kind, "balance" if self._may_state_balance(kind) else layout.value)
        says_something = {"value", beside, *layout.columns}
        if kind not in WITHOUT_VALUE and not filled & says_something:
            self._note(f"`{self.head.kind}` has no value", "write 0 where it is nil, or leave the row out where it is not reported")

    def _may_state_balance(self, kind: str) -> bool:
        """A row of a loan may say with what balance the loan closes; a purchase brings one, and is no close."""
        return "loan" in self.head.filled and kind not in FACTS and kind != "purchase"

    def _reason(self, kind: str) -> None:
        filled = self.head.filled
        if kind in REASONED and "note" not in filled:
            self._note(f"`{kind}` has no note", "say why in `note`: the reason is part of the record")
        if kind in REASONED and "code" in filled:
            self._note(f"`code` of `{kind}` is filled", "write the reason in `note`, which is kept there")

    def keeps_note(self, kind: str) -> bool:
        """A note about a loan is not kept, since nobody can vouch that it names no borrower; a reason is asked for, and is."""
        return kind in REASONED or ("loan" not in self.head.filled and kind not in OF_BUCKETS)  # whose code names the bucket
