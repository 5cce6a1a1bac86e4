"""The use cases: what each command does, in a few lines. Files and the database on one side, the pure core on the other.

Every function takes the `Store` first. Those that write take the actor and answer only after the database has committed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from ledger.core import schedule
from ledger.core.collections import Collections, collect
from ledger.core.compiler import compile_deal
from ledger.core.deal import Deal
from ledger.core.distribution import RULES, Distribution, decode_state, encode_state
from ledger.core.events import FACTS, KINDS, Event
from ledger.core.names import pool_balance
from ledger.core.opening import open_books
from ledger.core.problems import Problem, ProblemsFound, stop_on
from ledger.core.processor import distribute as run_period
from ledger.core.schedule import PeriodDates
from ledger.core.state import State
from ledger.core.statement import Received, Statement, draw, received
from ledger.core.terms import Terms
from ledger.files import calendars, deal_file, remittance, remittance_checks
from ledger.reports import reconcile as reconciliation
from ledger.reports.published import read_published, read_tolerated
from ledger.store import seal
from ledger.store.engine import Store
from ledger.store.log import Draft, Receipt, Writer
from ledger.store.projections import Reader
from ledger.store.verify import verify as verify_books
from ledger.store.verify_books import orphans

PERIOD_DATES: tuple[str, ...] = tuple(PeriodDates.__slots__)
SUMMED = (*KINDS,)
READ_ONE_BY_ONE = (*FACTS,)


# ----------------------------------------------------------------------------------------------------------- deals


class Opened(NamedTuple):
    """A deal that was opened: its id in the books, the log's position, and the hash of that commit."""

    deal: str
    position: int
    head: str


def check_deal(source: bytes, name: str) -> Terms:
    """Everything that a deal file says, checked. Raises ProblemsFound with all that is wrong."""
    return deal_file.load(source, name)


def open_deal(
    store: Store, source: bytes, name: str, *, boarding: tuple[bytes, str] | None = None, called: str | None = None, actor: str, reason: str = ""
) -> Opened:
    """Open a deal in the books, at closing or as a boarding file states it, under its own id or `called`. Raises ProblemsFound; then nothing was written."""
    terms = named(deal_file.load(source, name), called)
    boarded = deal_file.load_boarding(boarding[0], boarding[1]) if boarding else None
    try:
        opening = open_books(terms, boarded)
    except ProblemsFound as found:
        raise ProblemsFound(deal_file.placed(found.problems, *boarding) if boarding else found.problems) from None
    documents = {"deal": source.decode()} | ({"boarding": boarding[0].decode()} if boarding else {})
    with store.writing(terms.deal.deal) as writer:
        writer.open_deal()
        events = []
        for subject, body in documents.items():
            writer.add_document(seal.digest(body), body)
            events.append(Event(0, "terms", subject, code=seal.digest(body)))
        receipt = _record(writer, terms, opening, 0, None, events, actor, reason or "opened", seal.digest(documents["deal"]))
    return Opened(terms.deal.deal, receipt.position, receipt.hash)


def named(terms: Terms, called: str | None) -> Terms:
    """The same terms under another id, for a run of a trust that is opened beside others."""
    if called is None or called == terms.deal.deal:
        return terms
    return compile_deal(Deal.model_validate(terms.deal.model_copy(update={"deal": called})))


@lru_cache(maxsize=64)
def _load(body: str, called: str) -> Terms:
    return named(deal_file.load(body.encode(), f"{called} deal file"), called)


def terms_of(reader: Reader, deal: str) -> tuple[Terms, str]:
    """The terms of a deal in the books, and the digest of the file that states them."""
    digest = next(event.code for _, event in reader.terms(deal) if event.subject == "deal")
    assert digest is not None
    return _load(reader.document(deal, digest), deal), digest


def document(store: Store, deal: str, subject: str = "deal") -> str:
    """The text of the deal file that a deal runs on, or of its boarding file. Raises ProblemsFound where it has none."""
    with store.reading() as reader:
        digests = [event.code for _, event in reader.terms(deal) if event.subject == subject]
        if not digests:
            raise ProblemsFound([Problem(f"{deal} has no {subject} file: it was opened at closing", "leave out --boarding", place=deal)])
        return reader.document(deal, digests[-1] or "")


# ---------------------------------------------------------------------------------------------------------- periods


def recorded_dates(reader: Reader, deal: str, key: date, known_at: int | None = None) -> PeriodDates | None:
    """The dates of a period as they were recorded when it opened; None where it has not."""
    days = {event.subject: event.effective_on for _, event in reader.facts(deal, key, ["period_date"], known_at)}
    return PeriodDates(**{name: days[name] for name in PERIOD_DATES}) if days else None  # type: ignore[arg-type]  # each was recorded with its day


def _dates_to_record(reader: Reader, terms: Terms, key: date, number: int, opening: Stored) -> list[Event]:
    """The events that record a period's dates, where it is new; the previous distribution is the one on record."""
    deal = terms.deal
    if recorded_dates(reader, deal.deal, key) is not None:
        return []
    if number == opening.distribution.number + 1:
        previous = opening.distribution.closing.last_distribution
    else:
        before = recorded_dates(reader, deal.deal, schedule.key_of(deal, number - 1))
        assert before is not None  # no month is left out, so the one before is open
        previous = before.distribution
    dates = schedule.resolve(deal, number, calendars.is_open(deal.dates.distribution.calendar), previous)
    return [Event(0, "period_date", name, effective_on=getattr(dates, name)) for name in PERIOD_DATES]


# -------------------------------------------------------------------------------------------------------- remittance


@dataclass(frozen=True, slots=True)
class Remitted:
    """A period of a file: what became of it, and the events it brought."""

    period: date
    receipt: Receipt | None
    events: int


def remit(
    store: Store, deal: str, source: bytes, name: str, *, format_: str = "csv", source_name: str | None = None, accept: Iterable[str] = (), actor: str,
    reason: str = "", dry_run: bool = False,
) -> list[Remitted]:  # fmt: skip
    """Append the months of a remittance file: a commit each, in order, all or none. Raises ProblemsFound with everything that is wrong."""
    digest = hashlib.sha256(source).hexdigest()
    with store.reading() as reader:
        terms, _ = terms_of(reader, deal)
        months = _read_months(reader, terms, source, name, digest, frozenset(accept))
    if dry_run:
        return [Remitted(month.period, None, len(month.events)) for month in months]
    with store.writing(deal) as writer:
        opening = stored(writer, terms, 0)
        return [_append_month(writer, terms, month, opening, format_, source_name or format_, name, digest, actor, reason) for month in months]


def _read_months(reader: Reader, terms: Terms, source: bytes, name: str, digest: str, accept: frozenset[str]) -> list[remittance.Month]:
    """The file's months, each checked against the one before it; a file that was appended before needs no second look."""
    deal = terms.deal
    months = remittance.read(source, name, terms)
    known = {period for other, period, _ in reader.digest_seen(digest) if other == deal.deal}
    if known >= {month.period for month in months}:
        return months
    stop_on(problem.at(name) for problem in [*_order_problems(reader, terms, months), *_seen_problems(reader, deal.deal, digest, months, accept)])
    remittance.stop_on_listed(_month_problems(reader, terms, months, name))
    return months


def _month_problems(reader: Reader, terms: Terms, months: list[remittance.Month], name: str) -> Iterator[Problem]:
    """What does not agree in each month; its loans open as the month before left them, in the log or in the same file."""
    deal = terms.deal
    first_positions = {row.period: row.first_position for row in reader.periods(deal.deal)}
    before = first_positions.get(months[0].period)
    loans = reader.loan_balances(deal.deal, None if before is None else before - 1, not_loans={"pool", *deal.pools, *deal.accounts})
    closing = latest(reader, terms).distribution.closing.balances
    pools = {pool: pool_balance(closing, terms, pool) for pool in deal.all_pools}
    arrived = set[str]()
    for month in months:
        is_first = month.period not in first_positions
        context = remittance_checks.Context(month, terms, loans, lambda loan: loan in arrived or reader.loan_known(deal.deal, loan), pools, is_first)
        for row, problem in remittance_checks.check(context):
            yield problem.at(f"{name}:{row}")
        loans = remittance_checks.closing_loans(context)
        arrived.update(context.by_loan)


def _order_problems(reader: Reader, terms: Terms, months: list[remittance.Month]) -> Iterator[Problem]:
    """A month may follow the last one remitted, or add another source to one not yet distributed; nothing may be jumped over."""
    deal = terms.deal
    last = latest(reader, terms)
    known = [number for row in reader.periods(deal.deal) if (number := schedule.number_of(deal, row.period)) is not None]
    expected = max([last.distribution.number, *known]) + 1
    for month in months:
        number = schedule.number_of(deal, month.period) or 0
        if number <= last.distribution.number:
            remedy = f"correct it with `tranche correct {deal.deal} FILE --reason TEXT`"
            yield Problem(f"the period {month.period} is already distributed (the next is {schedule.key_of(deal, last.distribution.number + 1)})", remedy)
        elif number > expected:
            missing = schedule.key_of(deal, expected)
            yield Problem(f"{month.period} leaves out {missing}", f"append {missing} first; where nothing came, a `nil_month` or `missing_month` row says so")
        expected = max(expected, number + 1)


def _seen_problems(reader: Reader, deal: str, digest: str, months: list[remittance.Month], accept: frozenset[str]) -> Iterator[Problem]:
    """The same file for another period or deal is a mistake, unless it is accepted by name."""
    periods = {month.period for month in months}
    for other, period, position in reader.digest_seen(digest):
        if (other != deal or period not in periods) and "same-file" not in accept:
            yield Problem(f"this very file was appended to {other} for {period} (position {position})", "if that is meant, repeat with --accept same-file")


def _append_month(
    writer: Writer, terms: Terms, month: remittance.Month, opening: Stored, format_: str, source: str, name: str, digest: str, actor: str, reason: str
) -> Remitted:
    """One month as one commit: what was received, the period's dates where it is new, then the file's events."""
    number = schedule.number_of(terms.deal, month.period) or 0
    received = Event(0, "received", source, amount=1, code=format_)
    events = [received, *_dates_to_record(writer, terms, month.period, number, opening), *_with_origins(writer, terms, month)]
    draft = Draft(_numbered(events), month.period, actor, reason or f"remittance {name}", source=source, attempt=1, source_name=name, source_digest=digest)
    return Remitted(month.period, writer.append(draft), len(month.events))


def _with_origins(reader: Reader, terms: Terms, month: remittance.Month) -> Iterator[Event]:
    """The file's events; one that applies to an earlier period names that period's first commit (the first of the log, before boarding)."""
    if not month.applies_to:
        yield from month.events
        return
    first = {row.period: row.first_position for row in reader.periods(terms.deal.deal)}
    for event in month.events:
        origin = month.applies_to.get(event.line)
        yield event if origin is None else event._replace(corrects_position=first.get(origin, 1), effective_on=origin)


def _numbered(events: Iterable[Event]) -> list[Event]:
    return [event._replace(line=line) for line, event in enumerate(events, 1)]


# ------------------------------------------------------------------------------------------------------ distribution


@dataclass(frozen=True, slots=True)
class Stored:
    """A distribution as the books hold it: its number in the store, the position of its commit, and what that commit sealed of it."""

    row: int
    position: int
    distribution: Distribution
    header: seal.DistributionHeader
    digest: str

    @property
    def period(self) -> date:
        """The period's key."""
        return self.header.period


def stored(reader: Reader, terms: Terms, number: int) -> Stored:
    """A distribution by its number in the store."""
    deal = terms.deal.deal
    row = reader.distribution(deal, number)
    opening = State(0, terms.deal.closing_date, {})
    if row.previous is not None:
        before = reader.distribution(deal, row.previous)
        opening, _, _ = decode_state(before.state, _closing(reader, deal, row.previous))
    state, dates, readings = decode_state(row.state, _closing(reader, deal, number))
    distribution = Distribution(state.number, dates, opening, state, tuple(reader.postings(deal, number)), readings)
    return Stored(number, row.known_at, distribution, row.header, row.digest)


def _closing(reader: Reader, deal: str, number: int) -> dict[str, int]:
    return {account: row.closing for account, row in reader.balances(deal, number).items() if row.closing}


def latest(reader: Reader, terms: Terms, on: date | None = None, known_at: int | None = None) -> Stored:
    """The last distribution on or before a day, as known at a position; before the first, the position at closing or boarding."""
    row = reader.latest_distribution(terms.deal.deal, on_or_before=on, known_at=known_at)
    return stored(reader, terms, row.number if row is not None else 0)


def collections(reader: Reader, terms: Terms, key: date, known_at: int | None = None) -> Collections:
    """What is known of a period at a position."""
    deal = terms.deal
    kinds = (*SUMMED, *deal.events)
    totals = reader.collections(deal.deal, key, kinds, by_pool=bool(deal.pools), known_at=known_at)
    facts = [event for _, event in reader.facts(deal.deal, key, READ_ONE_BY_ONE, known_at)]
    return collect(totals, facts, {name: terms.components[name] for name in deal.events}, {})


Progress = Callable[[date], None]


@dataclass(frozen=True, slots=True)
class Distributed:
    """The periods that were distributed, and what stopped the next one, if anything did."""

    terms: Terms
    distributions: list[Distribution]
    problems: tuple[Problem, ...]


def distribute(
    store: Store, deal: str, *, through: date | None = None, draft: bool = False, actor: str, reason: str = "", progress: Progress = lambda _key: None
) -> Distributed:
    """Run the waterfall for each period that was remitted and not yet distributed, in order. A draft records nothing.

    `progress` is told the key of each period that is done. What went well before a problem is kept: each period is whole by itself.
    """
    if draft:
        with store.reading() as reader:
            return _distribute(reader, deal, through, lambda _terms, distribution, _previous: progress(distribution.dates.scheduled))
    with store.writing(deal) as writer:
        head: list[int] = []

        def close(terms: Terms, distribution: Distribution, previous: int) -> None:
            number = head[-1] + 1 if head else previous + 1
            head.append(number)
            _record(writer, terms, distribution, number, number - 1, [], actor, reason or "distribution", terms_of(writer, deal)[1])
            progress(distribution.dates.scheduled)

        return _distribute(writer, deal, through, close)


def _distribute(reader: Reader, deal: str, through: date | None, close: Callable[[Terms, Distribution, int], None]) -> Distributed:
    terms, _ = terms_of(reader, deal)
    last = latest(reader, terms)
    state, done = last.distribution.closing, list[Distribution]()
    while through is None or schedule.key_of(terms.deal, state.number + 1) <= through:
        key = schedule.key_of(terms.deal, state.number + 1)
        dates = recorded_dates(reader, deal, key)
        if dates is None:
            break
        try:
            distribution = run_period(terms, state, dates, collections(reader, terms, key))
        except ProblemsFound as found:
            return Distributed(terms, done, found.problems)
        close(terms, distribution, last.row)
        done.append(distribution)
        state = distribution.closing
    return Distributed(terms, done, ())


def _record(
    writer: Writer, terms: Terms, distribution: Distribution, number: int, previous: int | None, events: list[Event], actor: str, reason: str, terms_digest: str
) -> Receipt:
    """Append the commit that says what was distributed, then its postings and balances, sealed by the database."""
    dates = distribution.dates
    header = seal.DistributionHeader(number, previous, dates.scheduled, dates.distribution, 1, terms_digest, RULES, encode_state(distribution))
    digest = seal.distribution_digest(header, distribution.postings)
    events = _numbered([*events, Event(0, "distribution", code=digest, amount=number)])
    receipt = writer.append(Draft(events, dates.scheduled if number else None, actor, reason))
    writer.record_distribution(header, receipt.position, distribution.postings, distribution.balance_rows())
    return receipt


# --------------------------------------------------------------------------------------------------------- statements


def statement(store: Store, deal: str, *, on: date | str | None = None, known_at: int | None = None) -> Statement:
    """The statement of the last distribution on or before a day (by default the last), as the books knew it at a position.

    `on` may be text: a whole date, or the beginning of one that names a single distributed period, such as 2025-04. Raises ProblemsFound.
    """
    with store.reading() as reader:
        terms, _ = terms_of(reader, deal)
        position = position_of(reader, deal, known_at)
        day = _day_of(reader, terms, on, position) if isinstance(on, str) else on
        shown, last = latest(reader, terms, day, known_at), reader.latest_distribution(deal, known_at=known_at)
        pending = _received_since(reader, terms, last.period, known_at) if last is not None and shown.row == last.number else ()
        head = next(commit.hash for commit in reader.commits(deal, after=position - 1, up_to=position))
        return draw(terms, shown.distribution, received=pending, as_of=day, position=position, head=head)


def period(store: Store, deal: str, text: str) -> date:
    """The key of the one period whose scheduled date begins with `text`; a whole date stands for itself. Raises ProblemsFound."""
    with store.reading() as reader:
        return schedule.named(terms_of(reader, deal)[0].deal, text)


def _day_of(reader: Reader, terms: Terms, text: str, position: int) -> date:
    """The day to look up: a whole date as it is, a period's by the day on which it was paid. Raises ProblemsFound where it is not distributed yet."""
    key = schedule.named(terms.deal, text)
    if text == str(key):
        return key
    paid = [row.distribution_date for row in reader.distributions(terms.deal.deal) if row.period == key and row.known_at <= position]
    if not paid:
        remedy = "run `tranche distribute`, or name an earlier period"
        raise ProblemsFound([Problem(f"the period {key} is not distributed as of position {position}", remedy, place=terms.deal.deal)])
    return paid[-1]


def position_of(reader: Reader, deal: str, known_at: int | None) -> int:
    """The position that a read is made at: the one asked for, or the last. Raises ProblemsFound for one that the deal does not have."""
    last = reader.head(deal).position
    if known_at is not None and not 1 <= known_at <= last:
        raise ProblemsFound([Problem(f"{deal} has positions 1 to {last}, not {known_at}", "see `tranche events`", place=deal)])
    return known_at or last


def _received_since(reader: Reader, terms: Terms, last: date, known_at: int | None) -> Iterator[Received]:
    """What is reported for the periods after the last one that is distributed."""
    for row in reader.periods(terms.deal.deal, known_at):
        if row.period > last:
            yield from received(row.period, collections(reader, terms, row.period, known_at).flows)


def reconcile(
    store: Store, deal: str, published: tuple[bytes, str], tolerated: tuple[bytes, str] | None = None, known_at: int | None = None
) -> reconciliation.Reconciliation:
    """Each published figure beside ours."""
    rows = read_published(*published)
    allowed = read_tolerated(*tolerated) if tolerated else []
    with store.reading() as reader:
        terms, _ = terms_of(reader, deal)
        position = position_of(reader, deal, known_at)
        numbers = {row.period: row.number for row in reader.distributions(deal) if row.number and row.known_at <= position}

        def of(key: date) -> Statement | None:
            return draw(terms, stored(reader, terms, numbers[key]).distribution) if key in numbers else None

        return reconciliation.reconcile(rows, allowed, of)


# -------------------------------------------------------------------------------------------------------------- proof


@dataclass(frozen=True, slots=True)
class Verified:
    """What `verify` found of one deal: commits and events whose hashes agree, periods that replayed the same, and all that does not."""

    deal: str
    position: int
    head: str
    periods: int
    problems: tuple[Problem, ...]


def verify(store: Store, deal: str) -> Verified:
    """Recompute the chain, then every distribution from the log, and compare; look at the triggers that forbid change, and for rows of no deal."""
    with store.reading() as reader:
        problems = [*store.check(), *orphans(reader.connection), *verify_books(reader, deal)]
        if problems:
            return Verified(deal, 0, "", 0, tuple(problems))
        head = reader.head(deal)
        terms, _ = terms_of(reader, deal)
        rows = [row.number for row in reader.distributions(deal)]
        problems = [problem for number in rows for problem in _replay(reader, terms, number)]
    return Verified(deal, head.position, head.hash, len(rows) - 1, tuple(problems))


def _replay(reader: Reader, terms: Terms, number: int) -> Iterator[Problem]:
    """Run one period again from the log and compare it with what its commit sealed. The postings of opening are the terms' own, not run again."""
    kept = stored(reader, terms, number)
    if not number:
        return
    place = f"{terms.deal.deal} {kept.period}, distribution {number}"
    dates = recorded_dates(reader, terms.deal.deal, kept.period, kept.position)
    try:
        assert dates is not None
        again = run_period(terms, kept.distribution.opening, dates, collections(reader, terms, kept.period, kept.position))
    except ProblemsFound as found:
        yield from found.problems
        return
    if seal.distribution_digest(kept.header._replace(state=encode_state(again)), again.postings) != kept.digest:
        verdict = "differs" if kept.header.rules == RULES else f"differs under rules {RULES} (distributed under {kept.header.rules})"
        yield Problem(f"replaying the log gives other postings: {verdict}", "report it, with `tranche events`", place=place)


# -------------------------------------------------------------------------------------------------------- worked deals


@dataclass(frozen=True, slots=True)
class WorkedDeal:
    """A folder of a worked deal: its deal file, and what makes one run of it."""

    deal_file: Path
    run: Path
    called: str | None

    @property
    def boarding(self) -> Path | None:
        path = self.run / "boarding.yaml"
        return path if path.exists() else None

    @property
    def remittances(self) -> list[Path]:
        return sorted((self.run / "remittances").glob("*.csv"))


def worked_folders() -> list[Path]:
    """The folders of the deals that ship with the product, by name."""
    return sorted(file.parent for file in (Path(__file__).parent / "deals").glob("*/deal.yaml"))


def worked_deals(folder: Path) -> Iterator[WorkedDeal]:
    """The runs of a worked deal: the folder itself, or a sub-folder each, opened as DEAL.FOLDER."""
    file = folder / "deal.yaml"
    if (folder / "remittances").is_dir():
        yield WorkedDeal(file, folder, None)
    deal = deal_file.load(file.read_bytes(), file.name).deal.deal
    for run in sorted(path.parent for path in folder.glob("*/remittances")):
        yield WorkedDeal(file, run, f"{deal}.{run.name}")


def board(store: Store, worked: WorkedDeal, *, actor: str) -> Opened:
    """Open a worked deal as its folder says."""
    boarding = worked.boarding
    return open_deal(
        store, worked.deal_file.read_bytes(), worked.deal_file.name, boarding=(boarding.read_bytes(), boarding.name) if boarding else None,
        called=worked.called, actor=actor,
    )  # fmt: skip
