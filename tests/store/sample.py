"""A small set of books, the same on every run: a deal, its months of six loans, a correction, distributions, published statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.core.distribution import BalanceRow
from ledger.core.events import Event
from ledger.core.money import Money
from ledger.core.posting import Posting
from ledger.store import evidence, seal
from ledger.store.engine import Store
from ledger.store.keys import Signer
from ledger.store.lives import KeptLives, add_lives
from ledger.store.log import CommitTreatment, Draft, Receipt, Writer

DEAL = "MERIDIAN-2025-1"
LOANS = 6
SCHEDULED, CURTAILED = 100_00, 7_00
EARLY = datetime(2025, 1, 1, tzinfo=UTC)
ACTOR, CHECKER = "m.okafor", "a.lindqvist"


class Ticking:
    """A clock that moves on by a second each time it is read."""

    def __init__(self, start: datetime = datetime(2025, 1, 2, 9, tzinfo=UTC)) -> None:
        self.now = start

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


def period(month: int) -> date:
    """The scheduled distribution date of a month counted from 1, the 25th."""
    return date(2025 + (month - 1) // 12, (month - 1) % 12 + 1, 25)


def numbered(events: Iterable[Event]) -> list[Event]:
    return [event._replace(line=line) for line, event in enumerate(events, 1)]


def draft(events: Iterable[Event], key: date | None = None, *, treatment: CommitTreatment = "original") -> Draft:
    """A commit without a file."""
    return Draft(numbered(events), key, ACTOR, "a reason", treatment)


def remittance(events: Iterable[Event], key: date, *, text: str = "", source: str = "csv", attempt: int = 1, treatment: CommitTreatment = "original") -> Draft:
    """A commit from a file whose text is told apart by `text`; its first event says what was received."""
    received = Event(0, "received", source, amount=attempt, code="csv")
    digest = seal.digest(file_text(key, source, attempt, text))
    return Draft(
        numbered([received, *events]), key, ACTOR, "a month", treatment, source=source, attempt=attempt,
        source_name=f"{key:%Y-%m}.csv", source_digest=digest,
    )  # fmt: skip


def file_text(key: date, source: str = "csv", attempt: int = 1, text: str = "") -> str:
    """What stands in the file of a remittance, as far as anything asks."""
    return f"{key} {source} {attempt} {text}"


def keep_file(writer: Writer, key: date) -> None:
    """Keep the file of a period's usual remittance, as the service does."""
    body = file_text(key)
    evidence.write(writer, seal.digest(body), [body.encode()], None)
    evidence.add_arrival(writer, evidence.Arrival(0, seal.digest(body), writer.tip.recorded_at or EARLY, ACTOR, f"{key:%Y-%m}.csv", "csv/1", key, "appended"))


def month_events(month: int, loans: int = LOANS) -> list[Event]:
    """Each loan's usual row, and a curtailment of the first. The balance falls by a hundred a month."""
    balance = (1000 - month) * SCHEDULED
    rows = [
        Event(0, "payment", f"L-{loan:04d}", principal=SCHEDULED, interest=41_67 + loan, fee=2_08, balance=balance, rate="0.05", source_row=loan)
        for loan in range(1, loans + 1)
    ]
    return [*rows, Event(0, "curtailment", "L-0001", principal=CURTAILED, effective_on=period(month).replace(day=3), source_row=loans + 1)]


def reversal(position: int, line: int, of: Event) -> Event:
    """The exact negative of a line."""
    amounts: dict[str, Any] = {
        name: None if getattr(of, name) is None else -getattr(of, name) for name in ("principal", "interest", "fee", "amount", "balance")
    }
    return of._replace(line=0, effect=-1, corrects_position=position, corrects_line=line, **amounts)


def restatement(position: int, line: int, new: Event) -> Event:
    return new._replace(line=0, corrects_position=position, corrects_line=line)


def balances(before: Mapping[str, Money], postings: Sequence[Posting]) -> list[BalanceRow]:
    """The balance rows that follow from the previous closing and the postings."""
    received: dict[str, Money] = defaultdict(int)
    paid: dict[str, Money] = defaultdict(int)
    for posting in postings:
        paid[posting.source] += posting.amount
        received[posting.destination] += posting.amount
    rows = []
    for account in sorted({*before, *received, *paid}):
        opening = before.get(account, 0)
        row = BalanceRow(account, opening, received[account], paid[account], opening + received[account] - paid[account])
        if any(row[1:]):
            rows.append(row)
    return rows


def closing(rows: Iterable[BalanceRow]) -> dict[str, Money]:
    return {row.account: row.closing for row in rows}


def opening_postings() -> list[Posting]:
    return [Posting("opening", "", "opening", "A.principal", "pool", 600_000_00)]


def month_postings(amount: Money) -> list[Posting]:
    return [
        Posting("scheduled_principal", "", "events", "pool", "cash.funds", amount),
        Posting("A principal", "A.principal_paid", "1", "cash.funds", "A.principal", amount - 100, None),
        Posting("prior month", "A.principal_paid", "2", "cash.funds", "A.principal", 100, date(2024, 12, 25)),
    ]


def distribute(writer: Writer, number: int, key: date, postings: Sequence[Posting], before: Mapping[str, Money], events: Iterable[Event] = ()) -> Receipt:
    """Record a distribution as the service does: the commit that seals it, then postings, balances, and the row."""
    state = f'{{"number":{number}}}'
    header = seal.DistributionHeader(number, number - 1 if number else None, key, key + timedelta(days=number % 3), 1, "0" * 64, 1, state)
    sealed = Event(0, "distribution", code=seal.distribution_digest(header, postings), amount=number)
    receipt = writer.append(draft([*events, sealed], key if number else None))
    writer.record_distribution(header, receipt.position, postings, balances(before, postings))
    return receipt


def publish(writer: Writer, number: int, key: date, body: str) -> Receipt:
    receipt = writer.append(draft([Event(0, "publication", str(number), amount=1, code=seal.digest(body))], key))
    writer.record_statement(number, 1, receipt.position, body)
    return receipt


def open_deal(store: Store, name: str = DEAL) -> Receipt:
    """Position 1: the deal file and the opening balances."""
    body = f"deal: {name}\n"
    with store.writing(name) as writer:
        writer.open_deal()
        writer.add_document(seal.digest(body), body)
        terms = Event(0, "terms", "deal", code=seal.digest(body))
        return distribute(writer, 0, date(2024, 12, 25), opening_postings(), {}, [terms])


def add_month(store: Store, month: int, before: Mapping[str, Money], name: str = DEAL) -> dict[str, Money]:
    """Remit, correct one line, distribute, publish; four commits in four transactions. Returns the closing balances."""
    key, events = period(month), month_events(month)
    with store.writing(name) as writer:
        first = writer.append(remittance(events, key))
        keep_file(writer, key)
    with store.writing(name) as writer:
        wrong = events[0]._replace(line=0)
        right = wrong._replace(interest=50_00)
        writer.append(draft([reversal(first.position, 2, wrong), restatement(first.position, 2, right)], key, treatment="supersede"))
    postings = month_postings(LOANS * SCHEDULED + CURTAILED)
    with store.writing(name) as writer:
        distribute(writer, month, key, postings, before)
        add_lives(writer, [KeptLives(month, "[]", "{}")])
    with store.writing(name) as writer:
        publish(writer, month, key, f'{{"period":"{key}"}}')
    return closing(balances(before, postings))


def signer(seed: int = 1) -> Signer:
    """A key that is the same on every run."""
    key = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    return Signer(key.public_key().public_bytes_raw().hex(), key.sign)


def list_actors(store: Store) -> None:
    """Three acts: the maker's key, the checker's, and that approval is asked for. From then on the maker's key signs."""
    with store.acting() as writer:
        writer.record("add", ACTOR, signer().key, "root")
    store.signer = signer()
    with store.acting() as writer:
        writer.record("add", CHECKER, signer(2).key, ACTOR)
        writer.record("set", "approval", "asked", ACTOR)


def build(store: Store, months: int = 3, name: str = DEAL) -> None:
    """The whole sample: position 1, then four commits a month."""
    open_deal(store, name)
    before = closing(balances({}, opening_postings()))
    for month in range(1, months + 1):
        before = add_month(store, month, before, name)
