"""Why a figure is what it is: its period run once more from the log, under its own terms, with a recorder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from ledger.core.events import Event
from ledger.core.evidence import Evidence, Line, Log, position, rerun
from ledger.core.explain_figures import Explainer
from ledger.core.explanation import Explanation, folded, given
from ledger.core.formula import MONEY, NUMBER
from ledger.core.problems import Problem, ProblemsFound, nearest
from ledger.core.statement import BALANCE, Statement
from ledger.core.terms import Terms
from ledger.service.books import READ_ONE_BY_ONE, SUMMED, Stored, collections, latest
from ledger.service.known_at import KnownAt, position_of
from ledger.service.loans import drill_down
from ledger.service.statements import day_of, drawn
from ledger.service.terms import Versions, terms_stated
from ledger.store.engine import Store
from ledger.store.projections import Commit, Reader

MAIN = {
    "classes": ("interest_due", "interest_paid", "other_paid", BALANCE), "groups": ("interest_due", "interest_paid", "other_paid", BALANCE),
    "fees": ("due", "paid", "unpaid"), "accounts": (BALANCE, "target"), "pools": (BALANCE, "loss"),
}  # fmt: skip
"""What is explained of a subject where no item is named; every other figure is a part of these or is asked for by its name."""


@dataclass(frozen=True, slots=True)
class Explained:
    """Figures of one subject of a statement, each with its explanation. `drill_down` is the command that lists the loans behind one item; blank without."""

    statement: Statement
    subject: str
    figures: dict[str, Explanation]
    drill_down: str = ""


def explain(store: Store, deal: str, subject: str, *, item: str | None = None, on: date | str | None = None, known_at: KnownAt = None) -> Explained:
    """Explain the figures of a class, group, fee, account or pool, or of `deal` or a value of its own by its bare name.

    One item is explained down to each line of the log; without one the main items are, with the lines of each kind counted. Raises ProblemsFound
    for a subject or an item that the statement does not have, and where the log no longer gives what was distributed.
    """
    with store.reading() as reader:
        versions = Versions(reader, deal)
        at = position_of(reader, deal, known_at, store.clock())
        day = day_of(reader, versions.at()[0], on, at) if isinstance(on, str) else on
        kept = latest(reader, versions.at()[0], day, at)
        shown = drawn(reader, versions, kept, at, day)
        of, items = _asked(shown, subject, item)
        explainer = Explainer(evidence(reader, deal, kept))
        explained = {name: explainer.explain(of, name) or _of_loans(shown, of, name) for name in items}
        found = {name: one for name, one in explained.items() if one is not None}
        under = terms_stated(reader, deal, kept.header.terms_digest)
        loans = drill_down(reader, under, kept, of, items[0]) if item else ""
        return Explained(shown, of, found if item or of != subject else {name: folded(one) for name, one in found.items()}, loans)


def _asked(statement: Statement, subject: str, item: str | None) -> tuple[str, list[str]]:
    """The subject and the items that are asked for. A bare name that is no subject is a value of the deal. Raises ProblemsFound for unknown ones."""
    of_deal = statement.items("deal")
    if subject not in statement.subjects() and subject in of_deal and item is None:
        subject, item = "deal", subject
    if subject not in statement.subjects():
        remedy = nearest(subject, [*statement.subjects(), *of_deal]) or f"the statement has {', '.join(sorted(statement.subjects()))}"
        raise ProblemsFound([Problem(f"the statement has no `{subject}`", remedy, place=statement.deal)])
    known = statement.items(subject)
    if item is None:
        main = next((MAIN[section] for section in MAIN if subject in statement.sections.get(section, {})), tuple(known))
        return subject, [name for name in main if name in known and (known[name].value or name == BALANCE)]
    item = BALANCE if item == "balance" else item
    if item not in known:
        remedy = nearest(item, known) or f"it has {', '.join(known)}"
        raise ProblemsFound([Problem(f"{subject} has no `{item}`", remedy, place=statement.deal)])
    return subject, [item]


OF_LOANS: Mapping[str, str] = {
    "collateral": "of the loans at the end of the period, as reported; see `tranche events`",
    "delinquency": "of the loans at the end of the period, as reported; see `tranche events`",
    "performance": "of the months of the pool; docs/statements.md has the formula",
}
"""Why figures that are statistics of loans are what they are: no posting stands behind them."""


def _of_loans(statement: Statement, subject: str, item: str) -> Explanation | None:
    for section, why in OF_LOANS.items():
        figure = statement.sections.get(section, {}).get(subject, {}).get(item)
        if figure is not None:
            return given(f"{subject} {item}, {why}", MONEY if figure.kind == "money" else NUMBER, figure.value)
    return None


def evidence(reader: Reader, deal: str, kept: Stored, *, after: int = 0) -> Evidence:
    """What a distribution is explained from, with the lines that were appended `after` a position.

    Raises ProblemsFound where running it again gives other postings than were recorded.
    """
    terms = terms_stated(reader, deal, kept.header.terms_digest)
    if kept.header.previous is None:
        return position(terms.deal, kept.distribution)
    return rerun(terms.deal, kept.distribution, collections(reader, terms, kept.period, kept.position), _log(reader, terms, kept, after))


def _log(reader: Reader, terms: Terms, kept: Stored, after: int) -> Log:
    """The lines of the period as they were known when it was distributed."""
    deal = terms.deal.deal
    commits = {commit.position: commit for commit in reader.commits(deal, up_to=kept.position) if commit.period == kept.period}
    summed = reader.events(deal, period=kept.period, kinds=(*SUMMED, *terms.deal.events), known_at=kept.position)
    facts = reader.facts(deal, kept.period, READ_ONE_BY_ONE, kept.position)
    return Log(tuple(_lines(summed, commits, after)), tuple(_lines(facts, commits, after)))


def _lines(events: Iterable[tuple[int, Event]], commits: dict[int, Commit], after: int) -> Iterator[Line]:
    for at, event in events:
        if at <= after:
            continue
        commit = commits[at]
        of_earlier = event.corrects_position is not None and (event.corrects_line is None or commit.treatment == "adjust")
        yield Line(at, event, commit.source_name, commit.source_digest, event.effective_on if of_earlier else None)
